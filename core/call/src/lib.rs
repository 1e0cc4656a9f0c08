//! The state machine of one direct call: rules 1 to 9 of the design.
//!
//! ```text
//!            accept                both paths up
//!  Ringing ----------> Established -------------> Connected
//!     |                     |                         |
//!     | cancel, decline,    | end: NOT_CONNECTED      | end: COMPLETED
//!     | NO_ANSWER           | time-out: TIMED_OUT     | lost: CONNECTION_LOST
//!     +---------------------+-----------> Ended <-----+
//! ```
//!
//! Calling order: [`Call::dial`], then any number of [`Call::handle`], each followed by
//! [`Call::poll`] until `None`; [`Call::wake_at`] says when to hand in [`Input::Tick`].
//! Glare (rule 4) is decided before a second call exists: that dial comes here as an answer.

mod answered;
mod devices;
mod input;
mod machine;
mod output;
mod ringing;
mod state;
mod view;

pub use input::{Answer, Busy, Devices, Dial, Input, ItemsChange, Party};
pub use machine::Call;
pub use output::{Effect, News, Refusal};
pub use state::{Ended, MediaSettings, Path};
pub use view::{DeviceView, ViewState};
