//! Bodies of the HTTP operations: SDK sessions, users and tokens, direct calls.

use curlew_base::{AppId, CallId, DeviceId, EndResult, Role, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

use crate::call::UserView;

/// `POST /v1/sessions`: an SDK signs a user in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateSession {
    /// The application.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub app_id: AppId,
    /// The user.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub user_id: UserId,
    /// An access token or a session token; absent or empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub access_token: Option<String>,
    /// Chosen by the device, kept for its life.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub device_id: DeviceId,
}

/// The answer to `POST /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionCreated {
    /// Opens the WebSocket; a secret.
    pub session_key: String,
    /// The signed-in user.
    pub user: UserView,
}

/// The documented error envelope of every HTTP operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ErrorBody {
    /// Always true.
    pub error: bool,
    /// The documented number.
    pub code: u32,
    /// A short name of the kind of error.
    #[serde(rename = "type")]
    pub kind: String,
    /// For people; names the cause and the cure.
    pub message: String,
}

/// `POST /v3/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreateUser {
    /// The user's id.
    #[schemars(with = "String")]
    pub user_id: UserId,
    /// The display name.
    #[serde(default)]
    pub nickname: String,
    /// The picture's address.
    #[serde(default)]
    pub profile_url: String,
    /// Also make an access token.
    #[serde(default)]
    pub issue_access_token: bool,
    /// The application's own data.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// `PUT /v3/users/{user_id}`; an absent field stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateUser {
    /// The display name.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The picture's address.
    #[serde(default)]
    pub profile_url: Option<String>,
    /// True makes a new access token and ends the old one's life; false revokes it.
    #[serde(default)]
    pub issue_access_token: Option<bool>,
    /// False ends the user's sessions and refuses new ones.
    #[serde(default)]
    pub is_active: Option<bool>,
}

/// `POST /v3/users/{user_id}/token`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssueToken {
    /// When the token ends, in Unix milliseconds; seven days from now unless given.
    #[serde(default)]
    pub expires_at: Option<u64>,
}

/// The answer to `POST /v3/users/{user_id}/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuedToken {
    /// The session token.
    pub token: String,
    /// When it ends, in Unix milliseconds.
    pub expires_at: u64,
}

/// A user in answers, with the documented field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserBody {
    /// The user's id.
    pub user_id: String,
    /// The display name.
    pub nickname: String,
    /// The picture's address.
    pub profile_url: String,
    /// The access token in the one answer that made it, empty elsewhere: only its hash is kept.
    pub access_token: String,
    /// Session tokens are not stored, so this is always empty.
    pub session_tokens: Vec<IssuedToken>,
    /// The user has signed in at least once.
    pub has_ever_logged_in: bool,
    /// The user may sign in.
    pub is_active: bool,
    /// A device of the user is connected.
    pub is_online: bool,
    /// When the last device signed in, in Unix milliseconds; 0 if never.
    pub last_seen_at: u64,
    /// When the user was made, in Unix seconds as documented.
    pub created_at: u64,
    /// Empty; a field of the documented shape.
    pub discovery_keys: Vec<String>,
    /// Empty; a field of the documented shape.
    pub preferred_languages: Vec<String>,
    /// The application's own data.
    pub metadata: BTreeMap<String, String>,
}

/// `GET /v3/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserList {
    /// The page.
    pub users: Vec<UserBody>,
    /// The next page's token; blank at the end.
    pub next: String,
}

/// A direct call in answers, with the documented field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectCallBody {
    /// The call's id.
    pub call_id: String,
    /// Always `direct`.
    pub call_type: String,
    /// A video call.
    pub is_video_call: bool,
    /// `ringing`, `established`, `connected` or `ended`.
    pub state: String,
    /// The end result, once ended.
    pub end_result: Option<String>,
    /// Caller, then callee.
    pub participants: Vec<String>,
    /// Who dialled.
    pub started_by: String,
    /// When, in Unix milliseconds.
    pub started_at: u64,
    /// Who ended it, if one did.
    pub ended_by: Option<String>,
    /// When it ended, in Unix milliseconds.
    pub ended_at: Option<u64>,
    /// From accept to end, in milliseconds.
    pub duration: u64,
    /// The application's data.
    pub custom_items: BTreeMap<String, String>,
}

/// `GET /v1/direct_calls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectCallList {
    /// The page, newest first.
    pub calls: Vec<DirectCallBody>,
    /// The next page's token; blank at the end.
    pub next: String,
}

/// `GET /v1/sessions/current/direct_calls`: the calls of the signed-in user that are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLogPage {
    /// The page, newest first by the time of the dial.
    pub calls: Vec<CallLogEntry>,
    /// The next page's token; blank at the end.
    pub next: String,
}

/// A call that is over, as one of its two users sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLogEntry {
    /// The call's id.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub call_id: CallId,
    /// Dialled with video.
    pub is_video_call: bool,
    /// When it was dialled, in Unix milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// When it ended, in Unix milliseconds.
    #[ts(type = "number")]
    pub ended_at: u64,
    /// From accept to end, in milliseconds; 0 if never accepted.
    #[ts(type = "number")]
    pub duration_ms: u64,
    /// Who dialled, as they were at the dial.
    pub caller: UserView,
    /// Who was rung, as they were at the dial.
    pub callee: UserView,
    /// The side that ended it; absent when a time-out or a loss did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "\"dc_caller\" | \"dc_callee\"", optional)]
    #[schemars(with = "Option<String>")]
    pub ended_by: Option<Role>,
    /// The end result, lower case.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub end_result: EndResult,
    /// The application's data.
    pub custom_items: BTreeMap<String, String>,
    /// The signed-in user's side.
    #[ts(type = "\"dc_caller\" | \"dc_callee\"")]
    #[schemars(with = "String")]
    pub my_role: Role,
}
