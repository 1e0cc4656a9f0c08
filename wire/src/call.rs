//! A call as one device sees it, and what two devices tell each other about media.

use curlew_base::{CallId, EndResult, Role, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A user as the other side sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The user's id.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub user_id: UserId,
    /// The display name, may be empty.
    pub nickname: String,
    /// The picture's address, may be empty.
    pub profile_url: String,
    /// Whether the user is active.
    pub is_active: bool,
    /// The application's own data about the user.
    pub metadata: BTreeMap<String, String>,
}

/// The state of a call, from the first ring to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Dialled, not answered.
    Ringing,
    /// Accepted; media is not up on both sides yet.
    Established,
    /// Media is up on both sides.
    Connected,
    /// Over, for this device.
    Ended,
}

/// What a side sends: state, told by the server and by the data channel between the devices, in
/// whatever order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaSettings {
    /// The microphone is on.
    pub audio_enabled: bool,
    /// The camera is on.
    pub video_enabled: bool,
    /// The side has put the call on hold: it neither sends nor plays.
    #[serde(default)]
    pub on_hold: bool,
    /// Counts the side's own changes in this call: a higher one replaces a lower one.
    #[serde(default)]
    pub revision: u32,
}

/// How far a ring has reached; only the caller is told, while it rings. It is not part of the
/// committed truth: it may change within one `version` of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Devices that are connected and have said that they ring.
    pub devices: u32,
    /// Pushes that went out.
    pub pushes: u32,
}

/// When the callee's device tells its addresses to the caller; an application's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateTiming {
    /// While it rings, so that media is there at once after the accept.
    Early,
    /// Only after its own accept: who merely rings learns no address.
    AfterAccept,
}

/// How a call ended, the same for all who were in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndView {
    /// The end result, lower case as in the REST API.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub result: EndResult,
    /// The side that ended it; absent when a time-out or a loss did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "\"dc_caller\" | \"dc_callee\"", optional)]
    #[schemars(with = "Option<String>")]
    pub by: Option<Role>,
    /// When, in Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// From accept to end, in milliseconds; 0 if never accepted.
    #[ts(type = "number")]
    pub duration_ms: u64,
}

/// The whole truth about a call for one device. A later `version` replaces an earlier one; the same
/// one may come again, and then only `reach` may differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// The call's id.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// Rises with every committed change.
    #[ts(type = "number")]
    pub version: i64,
    /// Where the call stands for this device.
    pub state: CallState,
    /// Fixed when dialled.
    pub is_video_call: bool,
    /// Who dialled.
    pub caller: UserView,
    /// Who is rung.
    pub callee: UserView,
    /// This device's side.
    #[ts(type = "\"dc_caller\" | \"dc_callee\"")]
    #[schemars(with = "String")]
    pub my_role: Role,
    /// The application's data.
    pub custom_items: BTreeMap<String, String>,
    /// What the caller sends.
    pub caller_settings: MediaSettings,
    /// What the callee sends; meaningless before the accept.
    pub callee_settings: MediaSettings,
    /// When the callee tells its ICE candidates.
    pub callee_candidates: CandidateTiming,
    /// The leg that answered, from the accept on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub answered_leg: Option<u32>,
    /// How far the ring has reached; for the caller, while it rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reach: Option<Reach>,
    /// When it was dialled, in Unix milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Milliseconds since the accept when this view was made; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub elapsed_ms: Option<u64>,
    /// Present once the call is over for this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ended: Option<EndView>,
}

/// Whether a device's media path is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaPath {
    /// Media flows.
    Up,
    /// It broke off; the device tries to get it back.
    Down,
    /// The device gave up.
    Failed,
}

/// A session description (RFC 8829).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Description {
    /// `offer` or `answer`.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP.
    pub sdp: String,
}

/// The kind of a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// The answer to one.
    Answer,
}

/// An ICE candidate, in the field names of the browser's `RTCIceCandidateInit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The candidate line; empty at the end of candidates.
    pub candidate: String,
    /// The media section's id.
    #[ts(optional = nullable)]
    pub sdp_mid: Option<String>,
    /// The media section's index.
    #[serde(rename = "sdpMLineIndex")]
    #[ts(optional = nullable)]
    pub sdp_m_line_index: Option<u16>,
    /// The ICE user name fragment it belongs to.
    #[ts(optional = nullable)]
    pub username_fragment: Option<String>,
}

/// Negotiation state that one device publishes to the other. It may come twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// Counts the sender's descriptions; the candidates belong to that one.
    pub revision: u32,
    /// The sender's description of that revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub description: Option<Description>,
    /// Candidates gathered for it.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
}
