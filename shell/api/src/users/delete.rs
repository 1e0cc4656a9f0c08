//! `DELETE /v3/users/{user_id}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::body::UserInPath;
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn delete(
    State(state): State<ApiState>,
    by: Caller,
    UserInPath(user_id): UserInPath,
) -> Result<Json<Value>, ApiError> {
    let _lock = state.lock_user(&by.app.app_id, user_id.as_str()).await;
    if !state.store().delete_user(&by.app.app_id, user_id.as_str()).await? {
        return Err(ApiError::no_user());
    }
    state.control.sign_out_user(&by.app_id, &user_id).await;
    Ok(Json(json!({})))
}
