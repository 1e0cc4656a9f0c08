//! Where a call stands.

use curlew_base::{DeviceId, EndResult, Instant, Millis, Role};
use serde::{Deserialize, Serialize};

/// What a side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSettings {
    /// The microphone is on.
    pub audio_enabled: bool,
    /// The camera is on.
    pub video_enabled: bool,
    /// The side has put the call on hold.
    pub on_hold: bool,
    /// Counts the side's own changes: a report that is not higher than the last one is late.
    pub revision: u32,
}

/// A device's media path to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Path {
    /// Not up yet.
    Pending,
    /// Media flows.
    Up,
    /// It broke off.
    Down,
    /// The device gave up.
    Failed,
}

/// A side's device in the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Which device.
    pub device: DeviceId,
    /// When it was last heard, if its connection is gone.
    pub lost_since: Option<Instant>,
    /// Its media path.
    pub path: Path,
    /// What it sends.
    pub settings: MediaSettings,
}

impl Seat {
    pub const fn new(device: DeviceId, settings: MediaSettings) -> Self {
        Self { device, lost_since: None, path: Path::Pending, settings }
    }

    /// Takes settings in, unless they are late. False: nothing changed.
    pub const fn take(&mut self, settings: MediaSettings) -> bool {
        let newer = settings.revision > self.settings.revision;
        if newer {
            self.settings = settings;
        }
        newer
    }
}

/// An accepted call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The device that answered.
    pub callee: Seat,
    /// The number of its ring.
    pub leg: u32,
    /// When; duration counts from here (rule 6).
    pub at: Instant,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The end result.
    pub result: EndResult,
    /// The side that ended it, if one did.
    pub by: Option<Role>,
    /// When.
    pub at: Instant,
    /// From accept to end; zero if never accepted.
    pub duration: Millis,
    /// The callee's device that had answered.
    pub answered_on: Option<DeviceId>,
    /// The number of that device's ring.
    pub answered_leg: Option<u32>,
    /// What the callee sent last.
    pub callee_settings: Option<MediaSettings>,
}

impl Ended {
    /// When it was accepted; when it ended, if it never was.
    pub(crate) const fn accepted_at(&self) -> Instant {
        Instant::from_unix_ms(self.at.unix_ms().saturating_sub(self.duration.0))
    }
}

/// The state; see the picture in the crate's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Dialled, not answered.
    Ringing,
    /// Accepted, media not up on both sides.
    Established(Answered),
    /// Media was up on both sides.
    Connected(Answered),
    /// Over.
    Ended(Ended),
}
