//! One device's signalling session: numbering, acknowledgement, resume, heartbeat, expiry.
//!
//! ```text
//!             attach                    overflow, silence, detach
//! Detached ------------> Attached -------------------------------> Detached
//!     | LOST_GRACE after last heard             any state, end()
//!     +-----------------> Closed <------------------------------------+
//! ```
//!
//! Calling order: `handle_*`, `push`, `attach` and `detach` take what happened, then
//! [`Session::poll`] until it gives `None`, then wait until [`Session::wake_at`]. An idle session
//! owns no heap.

mod buffer;
mod session;

pub use session::{Attached, CloseReason, Effect, Session, State};
