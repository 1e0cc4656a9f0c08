//! The policy of who may sign in, with a reason for each refusal.

use curlew_base::{ErrorCode, UserId};
use curlew_store::{AppRecord, UserRecord};

use crate::error::ApiError;
use crate::state::ApiState;
use crate::token;
use crate::users::new_user;

/// Decides about a log-in; answers with the user as they are to be written back. An unknown
/// user is created if the application lets anyone in and no token was presented.
///
/// The caller holds the user's lock.
pub(crate) async fn admit(
    state: &ApiState,
    app: &AppRecord,
    user_id: &UserId,
    presented: Option<&str>,
) -> Result<UserRecord, ApiError> {
    let now_ms = state.now_ms();
    let Some(user) = state.store().user(&app.app_id, user_id.as_str()).await? else {
        may_create(app, presented)?;
        let user = new_user(app, user_id, now_ms);
        state.store().create_user(user.clone()).await?;
        return Ok(user);
    };
    match presented {
        Some(presented) => token::check(app, &user, presented, now_ms)?,
        None => may_go_without(app, &user)?,
    }
    if !user.is_active {
        let message = "the user is deactivated; a back end activates it with \
            PUT /v3/users/{user_id} and is_active";
        return Err(ApiError::new(ErrorCode::NotAllowed, message));
    }
    Ok(user)
}

fn may_create(app: &AppRecord, presented: Option<&str>) -> Result<(), ApiError> {
    if presented.is_some() {
        return Err(ApiError::not_authorized(
            "the application has no such user, so the token cannot be theirs",
        ));
    }
    if app.token_required {
        return Err(ApiError::not_authorized(
            "the application has no such user and lets no one in without a token; a back end \
             adds users with POST /v3/users",
        ));
    }
    Ok(())
}

fn may_go_without(app: &AppRecord, user: &UserRecord) -> Result<(), ApiError> {
    if user.has_token_ever {
        return Err(ApiError::not_authorized(
            "the user was given a token once and must present one from then on; a back end \
             issues a new one with POST /v3/users/{user_id}/token",
        ));
    }
    if app.token_required {
        return Err(ApiError::not_authorized(
            "the application lets no one in without a token; a back end issues one with \
             POST /v3/users/{user_id}/token",
        ));
    }
    Ok(())
}
