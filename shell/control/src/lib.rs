//! Runs the calls: load, handle, commit by compare-and-set, and only then perform.
//!
//! Look first at [`Control`] (`control.rs`), then `step.rs`, the one place where a call changes.

mod control;
mod deadlines;
mod devices;
mod dialling;
mod index;
mod peers;
mod ports;
mod presence;
mod record;
mod requests;
mod step;
mod take_up;
mod to_wire;

pub use control::Control;
pub use ports::{Clock, Deliver, DeviceKey, Ids, PeerNews, Peers, Refusal};
