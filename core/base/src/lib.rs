//! Words of the house: ids as types, time without a clock, results, error codes, limits.

mod error;
mod id;
pub mod limits;
mod outcome;
mod redacted;
mod time;

pub use error::ErrorCode;
pub use id::{AppId, CallId, DeviceId, IdError, SessionId, UserId};
pub use outcome::{EndResult, Role};
pub use redacted::Redacted;
pub use time::{Instant, Millis};
