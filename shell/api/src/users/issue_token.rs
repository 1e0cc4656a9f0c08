//! `POST /v3/users/{user_id}/token`.

use axum::Json;
use axum::extract::State;
use curlew_base::Millis;
use curlew_wire::rest::{IssueToken, IssuedToken};

use super::{load, save};
use crate::auth::Caller;
use crate::body::{OptionalBody, UserInPath};
use crate::error::ApiError;
use crate::state::{ApiState, shown_ms};
use crate::token;

/// How long a session token lives unless told, as documented.
const LIFE: Millis = Millis::from_secs(7 * 24 * 3600);

pub(crate) async fn issue(
    State(state): State<ApiState>,
    by: Caller,
    UserInPath(user_id): UserInPath,
    OptionalBody(body): OptionalBody<IssueToken>,
) -> Result<Json<IssuedToken>, ApiError> {
    let _lock = state.lock_user(&by.app.app_id, user_id.as_str()).await;
    let now_ms = state.now_ms();
    let now = shown_ms(now_ms);
    let expires_at = body.expires_at.unwrap_or(now.saturating_add(LIFE.0));
    if expires_at <= now {
        let reason = format!("must be after now, {now}, in Unix milliseconds");
        return Err(ApiError::field("expires_at", reason));
    }
    let mut user = load(&state, &by, &user_id).await?;
    let token = token::issue(&by.app, user_id.as_str(), now_ms, expires_at)?;
    if !user.has_token_ever {
        user.has_token_ever = true;
        save(&state, user).await?;
    }
    Ok(Json(IssuedToken { token, expires_at }))
}
