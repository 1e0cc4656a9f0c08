//! `POST /v1/sessions`.

use axum::Json;
use axum::extract::State;
use curlew_base::{ErrorCode, limits};
use curlew_store::SessionRecord;
use curlew_wire::call::UserView;
use curlew_wire::rest::{CreateSession, SessionCreated};

use crate::auth::hash_of;
use crate::body::{JsonBody, at_most};
use crate::error::ApiError;
use crate::login;
use crate::state::ApiState;
use crate::token;
use crate::users::metadata_of;

pub(crate) async fn create(
    State(state): State<ApiState>,
    JsonBody(body): JsonBody<CreateSession>,
) -> Result<Json<SessionCreated>, ApiError> {
    let presented = body.access_token.as_deref().filter(|token| !token.is_empty());
    at_most("accessToken", presented.unwrap_or_default(), limits::TOKEN_CHARS)?;
    let Some(app) = state.store().app(body.app_id.as_str()).await? else {
        let message = format!(
            "appId: this server has no application {}; check the id given to init()",
            body.app_id
        );
        return Err(ApiError::new(ErrorCode::NotFound, message));
    };
    let user_id = body.user_id;
    // Held until the session is written, so that whoever deactivates the user finds it.
    let _lock = state.lock_user(&app.app_id, user_id.as_str()).await;
    let mut user = login::admit(&state, &app, &user_id, presented).await?;
    let now_ms = state.now_ms();
    user.has_ever_logged_in = true;
    user.last_seen_at_ms = now_ms;
    if !state.store().update_user(user.clone()).await? {
        return Err(ApiError::no_user());
    }
    let session_key = token::session_key(state.control.ids().as_ref());
    let session = SessionRecord {
        key_hash: hash_of(session_key.as_bytes()),
        app_id: app.app_id,
        user_id: user.user_id.clone(),
        device_id: body.device_id.to_string(),
        created_at_ms: now_ms,
    };
    state.store().put_session(session).await?;
    let metadata = metadata_of(&user)?;
    let user = UserView {
        user_id,
        nickname: user.nickname,
        profile_url: user.profile_url,
        is_active: user.is_active,
        metadata,
    };
    Ok(Json(SessionCreated { session_key, user }))
}
