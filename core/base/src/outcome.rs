//! How a call ended, and who is who in it.

use serde::{Deserialize, Serialize};

/// The side of a direct call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Who dialled.
    #[serde(rename = "dc_caller")]
    Caller,
    /// Who is rung.
    #[serde(rename = "dc_callee")]
    Callee,
}

impl Role {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// The end result of a direct call, with the lower-case values of the documented REST API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndResult {
    /// The callee neither accepted nor declined in time.
    NoAnswer,
    /// The caller ended before an answer.
    Canceled,
    /// The callee refused.
    Declined,
    /// Ended by either side after media was connected.
    Completed,
    /// Media was not up in time after accept.
    TimedOut,
    /// A side vanished and did not come back.
    ConnectionLost,
    /// Answered on another device of the callee; seen by the devices that did not answer.
    OtherDeviceAccepted,
    /// Ended after accept, before media was connected.
    NotConnected,
}

impl EndResult {
    /// The documented lower-case value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Canceled => "canceled",
            Self::Declined => "declined",
            Self::Completed => "completed",
            Self::TimedOut => "timed_out",
            Self::ConnectionLost => "connection_lost",
            Self::OtherDeviceAccepted => "other_device_accepted",
            Self::NotConnected => "not_connected",
        }
    }
}
