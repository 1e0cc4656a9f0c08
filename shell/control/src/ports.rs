//! What control needs from outside, and what it answers with.

use curlew_base::{AppId, CallId, DeviceId, ErrorCode, Instant, SessionId, UserId};
use curlew_wire::call::CallView;
use curlew_wire::close::CloseCode;
use curlew_wire::server::EventBody;

/// One device of one user of one application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceKey {
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// Carries events to devices. Never blocks; a device without a session is skipped.
pub trait Deliver: Send + Sync {
    /// Numbers the event and sends it, now or when the device is back.
    fn deliver(&self, to: &DeviceKey, event: EventBody);
    /// Closes the device's connection and forgets its session.
    fn close(&self, to: &DeviceKey, code: CloseCode);
}

/// What one node tells the others, so that each knows what it has to wake and whom to ring.
/// Carried in order for each sender, perhaps late; what is lost costs time and not truth, because
/// the store decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerNews {
    /// A device has a connection at the sender.
    Arrived(DeviceKey),
    /// A device's connection at the sender broke; it was last heard at the instant given.
    Lost(DeviceKey, Instant),
    /// The sender has dropped a device's session.
    Gone(DeviceKey),
    /// The device was signed out, wherever its session is.
    SignedOut(DeviceKey),
    /// The sender has committed this version of a call.
    Changed {
        /// Whose.
        app: AppId,
        /// Which.
        call: CallId,
        /// The version.
        version: i64,
    },
    /// A device has said that it rings.
    Rung {
        /// The device.
        device: DeviceKey,
        /// Which call.
        call: CallId,
    },
    /// The sender has taken up a call, whose row does not say which devices ring.
    TookUp {
        /// Whose.
        app: AppId,
        /// Which.
        call: CallId,
    },
    /// The sender has started and knows nobody: each tells its own devices again.
    Started,
    /// The sender has died; told by whoever noticed.
    NodeLost,
}

/// Carries news to the other nodes. Never blocks.
pub trait Peers: Send + Sync {
    /// Tells all of them, without waiting.
    fn tell(&self, news: PeerNews);
}

/// The clock: wall-clock milliseconds that never run backwards within a process.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Instant;
}

/// The dice.
pub trait Ids: Send + Sync {
    /// A new call id; ids sort by time.
    fn call_id(&self) -> CallId;
    /// A new session id.
    fn session_id(&self) -> SessionId;
    /// 32 random bytes.
    fn secret(&self) -> [u8; 32];
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The documented code.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The call as it stands, when the refusal is about a call that is over.
    pub call: Option<Box<CallView>>,
}

impl Refusal {
    /// A refusal without a call.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), call: None }
    }

    pub(crate) fn no_such_call() -> Self {
        Self::new(ErrorCode::CallDoesNotExist, "there is no such call")
    }
}

impl From<curlew_store::StoreError> for Refusal {
    fn from(error: curlew_store::StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(ErrorCode::Internal, "the server could not save the change; try again")
    }
}
