//! `PUT /v3/users/{user_id}`.

use axum::Json;
use axum::extract::State;
use curlew_wire::rest::{UpdateUser, UserBody};

use super::{check_profile, load, save, shown, sign_out};
use crate::auth::{Caller, hash_of};
use crate::body::{JsonBody, UserInPath};
use crate::error::ApiError;
use crate::state::ApiState;
use crate::token;

pub(crate) async fn update(
    State(state): State<ApiState>,
    by: Caller,
    UserInPath(user_id): UserInPath,
    JsonBody(body): JsonBody<UpdateUser>,
) -> Result<Json<UserBody>, ApiError> {
    check_profile(body.nickname.as_deref(), body.profile_url.as_deref())?;
    let _lock = state.lock_user(&by.app.app_id, user_id.as_str()).await;
    let mut user = load(&state, &by, &user_id).await?;
    user.nickname = body.nickname.unwrap_or(user.nickname);
    user.profile_url = body.profile_url.unwrap_or(user.profile_url);
    user.is_active = body.is_active.unwrap_or(user.is_active);
    let issue = body.issue_access_token == Some(true);
    let token = issue.then(|| token::access_token(state.control.ids().as_ref()));
    if body.issue_access_token.is_some() {
        user.access_token_hash = token.as_ref().map(|token| hash_of(token.as_bytes()));
    }
    // It stays true when the token is revoked: until the next one the user is locked out.
    user.has_token_ever |= issue;
    save(&state, user.clone()).await?;
    if body.issue_access_token.is_some() || body.is_active == Some(false) {
        sign_out(&state, &by, &user_id).await?;
    }
    shown(&state, &by.app_id, user, token).map(Json)
}
