//! Runs the calls: load, handle, commit by compare-and-set, and only then perform.
//!
//! Look first at [`Control`] (`control.rs`), then `step.rs`, the one place where a call changes.

mod control;
mod deadlines;
mod devices;
mod index;
mod ports;
mod record;
mod requests;
mod step;
mod to_wire;

pub use control::Control;
pub use ports::{Clock, Deliver, DeviceKey, Ids, Refusal};
