//! Messages from the server to a device.

use curlew_base::{CallId, ErrorCode, SessionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::call::{CallView, Signal, UserView};

/// Any message of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to `hello`.
    Welcome(Welcome),
    /// The answer to a request.
    Reply(Reply),
    /// A numbered event, to be acknowledged.
    Event(Event),
    /// A message that could not be understood, when it had no request id to answer.
    Error(WireErrorMessage),
    /// Asks for a `pong`.
    Ping,
    /// The answer to the device's `ping`.
    Pong,
    /// The server is about to close; come back later.
    Goodbye(Goodbye),
}

/// The session is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The protocol version of this connection.
    pub version: u32,
    /// The session's id, for `resume`.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub session: SessionId,
    /// True: missed events follow, in order. False: numbering starts anew, event 1 is a snapshot.
    pub resumed: bool,
    /// The signed-in user.
    pub user: UserView,
    /// A connection on which nothing came for this long is dead.
    #[ts(type = "number")]
    pub heartbeat_ms: u64,
}

/// A request's answer: exactly one of `call`, `error` or neither (done).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Reply {
    /// The request's id.
    #[ts(type = "number")]
    pub id: u64,
    /// The call after the request; also beside an error about a call that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub call: Option<Box<CallView>>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<WireError>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct WireError {
    /// The documented number.
    pub code: u32,
    /// For people; names the cause and the cure.
    pub message: String,
    /// The path of the field at fault, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
}

impl WireError {
    /// A refusal with a code and its reason.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code.number(), message: message.into(), field: None }
    }
}

/// Wraps a refusal that answers no request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct WireErrorMessage {
    /// The refusal.
    pub error: WireError,
}

/// A numbered event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Event {
    /// Rises by one; a gap means that the connection must be resumed.
    #[ts(type = "number")]
    pub number: u64,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventBody {
    /// A call as it stands for this device.
    Call(CallEvent),
    /// Negotiation state from the other device.
    Signal(SignalFrom),
    /// The whole truth: every live call of this device, and how the calls it named ended. A call
    /// the device knows and that is not in it does not exist.
    Snapshot(Snapshot),
}

/// A call as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CallEvent {
    /// The call.
    pub call: Box<CallView>,
}

/// Negotiation state from the other device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalFrom {
    /// Which call.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The callee's device that it is about: each device that rings has a number of its own.
    pub leg: u32,
    /// The state.
    pub signal: Signal,
}

/// Every call that concerns the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Snapshot {
    /// The calls.
    pub calls: Vec<CallView>,
}

/// The server is about to close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Goodbye {
    /// Come back after this, plus a random part of the same length or more.
    #[ts(type = "number")]
    pub retry_after_ms: u64,
}
