//! `DELETE /v3/users/{user_id}/token`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{load, save, sign_out};
use crate::auth::Caller;
use crate::body::UserInPath;
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn revoke(
    State(state): State<ApiState>,
    by: Caller,
    UserInPath(user_id): UserInPath,
) -> Result<Json<Value>, ApiError> {
    let _lock = state.lock_user(&by.app.app_id, user_id.as_str()).await;
    let mut user = load(&state, &by, &user_id).await?;
    user.tokens_valid_from_ms = state.now_ms();
    save(&state, user).await?;
    sign_out(&state, &by, &user_id).await?;
    Ok(Json(json!({})))
}
