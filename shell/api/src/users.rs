//! Users, as back ends see and change them.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod issue_token;
pub(crate) mod list;
pub(crate) mod revoke_tokens;
pub(crate) mod update;
pub(crate) mod view;

use curlew_base::{AppId, UserId, limits};
use curlew_store::{AppRecord, StoreError, UserRecord};
use curlew_wire::rest::UserBody;
use std::collections::BTreeMap;

use crate::auth::Caller;
use crate::body::at_most;
use crate::error::ApiError;
use crate::state::{ApiState, shown_ms};

/// A user that was not there before.
pub(crate) fn new_user(app: &AppRecord, user_id: &UserId, now_ms: i64) -> UserRecord {
    UserRecord {
        app_id: app.app_id.clone(),
        user_id: user_id.to_string(),
        nickname: String::new(),
        profile_url: String::new(),
        metadata_json: "{}".to_owned(),
        is_active: true,
        access_token_hash: None,
        has_token_ever: false,
        has_ever_logged_in: false,
        // Session tokens of an earlier user of this id are not this one's.
        tokens_valid_from_ms: now_ms - 1,
        created_at_ms: now_ms,
        last_seen_at_ms: 0,
    }
}

/// The user as answers show it, with the access token if this request made one.
fn shown(
    state: &ApiState,
    app_id: &AppId,
    user: UserRecord,
    access_token: Option<String>,
) -> Result<UserBody, ApiError> {
    let metadata = metadata_of(&user)?;
    let id = UserId::new(user.user_id.as_str()).map_err(|e| corrupt(&e))?;
    Ok(UserBody {
        is_online: state.control.is_online(app_id, &id),
        user_id: user.user_id,
        nickname: user.nickname,
        profile_url: user.profile_url,
        access_token: access_token.unwrap_or_default(),
        session_tokens: Vec::new(),
        has_ever_logged_in: user.has_ever_logged_in,
        is_active: user.is_active,
        last_seen_at: shown_ms(user.last_seen_at_ms),
        created_at: shown_ms(user.created_at_ms) / 1000,
        discovery_keys: Vec::new(),
        preferred_languages: Vec::new(),
        metadata,
    })
}

pub(crate) fn metadata_of(user: &UserRecord) -> Result<BTreeMap<String, String>, ApiError> {
    serde_json::from_str(&user.metadata_json).map_err(|e| corrupt(&e))
}

fn corrupt(error: &dyn std::fmt::Display) -> ApiError {
    StoreError::Corrupt(format!("a user: {error}")).into()
}

async fn load(state: &ApiState, by: &Caller, id: &UserId) -> Result<UserRecord, ApiError> {
    let found = state.store().user(&by.app.app_id, id.as_str()).await?;
    found.ok_or_else(ApiError::no_user)
}

async fn save(state: &ApiState, user: UserRecord) -> Result<(), ApiError> {
    if state.store().update_user(user).await? { Ok(()) } else { Err(ApiError::no_user()) }
}

/// Ends every session of the user, and with them their calls and connections.
async fn sign_out(state: &ApiState, by: &Caller, user_id: &UserId) -> Result<(), ApiError> {
    state.store().delete_sessions_of(&by.app.app_id, user_id.as_str()).await?;
    state.control.sign_out_user(&by.app_id, user_id).await;
    Ok(())
}

fn check_profile(nickname: Option<&str>, profile_url: Option<&str>) -> Result<(), ApiError> {
    at_most("nickname", nickname.unwrap_or_default(), limits::NICKNAME_CHARS)?;
    at_most("profile_url", profile_url.unwrap_or_default(), limits::PROFILE_URL_CHARS)
}
