//! Messages from a device to the server.

use curlew_base::{CallId, SessionId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

use crate::call::{MediaPath, MediaSettings, Signal};

/// Any message of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message of a connection.
    Hello(Hello),
    /// All events up to this number were handled.
    Ack(Ack),
    /// The server is asked for a sign of life.
    Ping,
    /// The answer to the server's `ping`.
    Pong,
    /// Something to be done, and answered.
    Request(Request),
}

/// The first message: who, which versions, what is known already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Protocol versions the device speaks, best first.
    pub versions: Vec<u32>,
    /// From `POST /v1/sessions`.
    pub session_key: String,
    /// Where to go on after a lost connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
    /// Calls that the device believes to be alive, so that a snapshot can tell how they ended.
    #[serde(default)]
    #[ts(type = "Array<string>")]
    #[schemars(with = "Vec<String>")]
    pub calls: Vec<CallId>,
}

/// Where a device left off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// From the last `welcome`.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub session: SessionId,
    /// The number of the last event handled.
    #[ts(type = "number")]
    pub last_event: u64,
}

/// Acknowledges events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Ack {
    /// The number of the last event handled.
    #[ts(type = "number")]
    pub number: u64,
}

/// A request. Every verb may be sent again with the same content after a lost connection: doing it
/// twice is doing it once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Request {
    /// Chosen by the device, rising; comes back in the reply.
    #[ts(type = "number")]
    pub id: u64,
    /// What to do.
    pub body: Verb,
}

/// What a device can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// Start a call.
    Dial(Dial),
    /// Answer a call that rings here.
    Accept(Accept),
    /// Tell that the call was handed to the person: this device rings.
    Ringing(CallRef),
    /// Cancel, decline or hang up, by the state of the call.
    End(End),
    /// Tell whether media flows.
    Media(Media),
    /// Tell what this side sends.
    Settings(Settings),
    /// Hand negotiation state to the other device.
    Signal(SignalTo),
    /// Set custom items; those not named stay.
    UpdateItems(UpdateItems),
    /// Remove custom items.
    DeleteItems(DeleteItems),
}

/// Starts a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dial {
    /// A UUID chosen by the device for this call: the same key gives the same call.
    pub dial_key: String,
    /// Whom to ring.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub callee_id: UserId,
    /// A video call.
    pub is_video_call: bool,
    /// What the caller will send.
    pub settings: MediaSettings,
    /// Seconds to ring, 1 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ringing_timeout_secs: Option<u32>,
    /// Seconds from accept to media, 1 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub connection_timeout_secs: Option<u32>,
    /// The application's data.
    #[serde(default)]
    pub custom_items: BTreeMap<String, String>,
}

/// Answers a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accept {
    /// Which.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// What the callee will send.
    pub settings: MediaSettings,
}

/// Ends a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// Which.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The other side ended it and said so over the data channel: this device only passes it on.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub ended_by_peer: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Sets custom items of a call; at most 10 in all, keys and values of at most 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateItems {
    /// Which call; it may be over.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The items to set.
    pub items: BTreeMap<String, String>,
}

/// Removes custom items of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteItems {
    /// Which call; it may be over.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The keys to remove; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub keys: Option<Vec<String>>,
}

/// Names a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallRef {
    /// Which.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
}

/// Tells whether media flows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Media {
    /// Which call.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The path's state.
    pub path: MediaPath,
}

/// Tells what this side sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Which call.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The settings from here on.
    pub settings: MediaSettings,
}

/// Negotiation state for the other device, while it rings or after the accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalTo {
    /// Which call.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// The caller's word for the callee's device it means, as in what came from it; absent for the
    /// one that answered, and always in what a callee sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub leg: Option<u32>,
    /// The state.
    pub signal: Signal,
}
