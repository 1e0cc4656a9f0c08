//! What can happen to a call.

use curlew_base::{CallId, DeviceId, Instant, Millis, Role, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::state::{MediaSettings, Path};

/// A device in its role. The same device id may appear on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// The side.
    pub role: Role,
    /// The device of that side.
    pub device: DeviceId,
}

impl Party {
    /// A device of the caller.
    #[must_use]
    pub const fn caller(device: DeviceId) -> Self {
        Self { role: Role::Caller, device }
    }

    /// A device of the callee.
    #[must_use]
    pub const fn callee(device: DeviceId) -> Self {
        Self { role: Role::Callee, device }
    }
}

/// The terms of a call, fixed when it is dialled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// The call's id.
    pub call_id: CallId,
    /// Who dials.
    pub caller: UserId,
    /// On which device.
    pub caller_device: DeviceId,
    /// Who is rung; not the caller.
    pub callee: UserId,
    /// A video call.
    pub is_video_call: bool,
    /// The application's data.
    pub custom_items: BTreeMap<String, String>,
    /// What the caller sends.
    pub settings: MediaSettings,
    /// How long it rings.
    pub ringing_timeout: Millis,
    /// How long media may take after the accept.
    pub connection_timeout: Millis,
}

/// Whether a device that declines is in another call (rule 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Busy {
    /// It is free: its decline speaks for the user.
    Free,
    /// It is in another call: its decline speaks for itself alone.
    InAnotherCall,
}

/// How a device answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it sends.
    pub settings: MediaSettings,
    /// The key of its own dial, when that dial is the answer (rule 4).
    pub dial_key: Option<String>,
}

/// A change of the custom items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemsChange {
    /// Sets these; the others stay.
    Update(BTreeMap<String, String>),
    /// Removes these.
    Delete(BTreeSet<String>),
    /// Removes all.
    DeleteAll,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A device has a session: it came, or came back (rule 1).
    Arrived(Party),
    /// A device's connection broke; it was last heard at the instant given (rule 7).
    Lost(Party, Instant),
    /// A device is gone for good: signed out (rule 8).
    Left(Party),
    /// Who is connected, all at once: the call was read from its row, which does not say. Each is
    /// connected, or lost since the instant given; who is not named is lost from now on.
    Presence(BTreeMap<Party, Option<Instant>>),
    /// A device has told its person that it rings.
    Rung(Party),
    /// A device answers (rules 2 and 4).
    Accept(Party, Answer),
    /// A device cancels, declines or hangs up (rule 3).
    End(Party, Busy),
    /// A device passes on that the other side hung up, as it was told directly.
    PeerEnded(Party),
    /// A device tells whether its media flows.
    Media(Party, Path),
    /// A device tells what it sends.
    Settings(Party, MediaSettings),
    /// A device of either side changes the custom items, also of a call that is over.
    Items(Party, ItemsChange),
    /// Time has passed.
    Tick,
}

/// The callee's connected devices at the time of the dial.
pub type Devices = BTreeSet<DeviceId>;
