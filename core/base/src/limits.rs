//! Every limit of the house in one place; `docs/protocol/README.md` shows them as a table.

use crate::Millis;

/// Characters of an application id.
pub const APP_ID_CHARS: usize = 64;
/// Characters (Unicode scalar values) of a user id, as documented.
pub const USER_ID_CHARS: usize = 80;
/// Characters of ids that the server or a device makes.
pub const OPAQUE_ID_CHARS: usize = 64;
/// Characters of a nickname.
pub const NICKNAME_CHARS: usize = 80;
/// Characters of a profile URL.
pub const PROFILE_URL_CHARS: usize = 2048;
/// Characters of an access or session token, and of a session key.
pub const TOKEN_CHARS: usize = 2048;
/// Custom items of a call.
pub const CUSTOM_ITEMS: usize = 10;
/// Characters of a custom item's key, and of its value.
pub const CUSTOM_ITEM_CHARS: usize = 128;
/// Bytes of one WebSocket message. A video offer has 6 to 10 kB; higher costs memory for a sender
/// who is not yet trusted.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// Bytes of a REST body.
pub const BODY_BYTES: usize = 64 * 1024;
/// Bytes of one session description.
pub const DESCRIPTION_BYTES: usize = 48 * 1024;
/// ICE candidates in one signal.
pub const SIGNAL_CANDIDATES: usize = 64;
/// Bytes of one ICE candidate line.
pub const CANDIDATE_BYTES: usize = 1024;
/// Calls that a device names when it connects.
pub const KNOWN_CALLS: usize = 32;
/// Events kept for a device until it acknowledges them; past that it gets a snapshot instead.
pub const UNACKED_EVENTS: usize = 256;
/// Bytes of those events.
pub const UNACKED_BYTES: usize = 512 * 1024;
/// Devices of one user at a time.
pub const DEVICES_PER_USER: usize = 32;
/// Calls that one device may have alive at a time.
pub const CALLS_PER_DEVICE: usize = 16;
/// Ringing time-out unless set, and its bounds.
pub const RINGING_TIMEOUT: Millis = Millis::from_secs(60);
/// Connection time-out unless set, and its bounds.
pub const CONNECTION_TIMEOUT: Millis = Millis::from_secs(60);
/// The longest ringing or connection time-out that can be set, in seconds.
pub const TIMEOUT_MAX_SECS: u32 = 600;
/// How long a lost device may stay away before it counts as gone.
pub const LOST_GRACE: Millis = Millis::from_secs(30);
/// A quiet connection is asked for a sign of life after this. Lower finds the dead sooner and wakes
/// radios more often; with `HEARTBEAT_TIMEOUT` it stays under `LOST_GRACE`.
pub const HEARTBEAT_INTERVAL: Millis = Millis::from_secs(15);
/// A connection that does not answer within this is dead.
pub const HEARTBEAT_TIMEOUT: Millis = Millis::from_secs(10);
/// The first message must come within this.
pub const HELLO_TIMEOUT: Millis = Millis::from_secs(10);
