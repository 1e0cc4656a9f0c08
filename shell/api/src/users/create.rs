//! `POST /v3/users`.

use axum::Json;
use axum::extract::State;
use curlew_base::ErrorCode;
use curlew_store::{StoreError, UserRecord};
use curlew_wire::rest::{CreateUser, UserBody};

use super::{check_profile, new_user, shown};
use crate::auth::{Caller, hash_of};
use crate::body::JsonBody;
use crate::error::ApiError;
use crate::state::ApiState;
use crate::token;

pub(crate) async fn create(
    State(state): State<ApiState>,
    by: Caller,
    JsonBody(body): JsonBody<CreateUser>,
) -> Result<Json<UserBody>, ApiError> {
    check_profile(Some(&body.nickname), Some(&body.profile_url))?;
    let token = body.issue_access_token.then(|| token::access_token(state.control.ids().as_ref()));
    let user = UserRecord {
        nickname: body.nickname,
        profile_url: body.profile_url,
        metadata_json: serde_json::json!(body.metadata).to_string(),
        access_token_hash: token.as_ref().map(|token| hash_of(token.as_bytes())),
        has_token_ever: token.is_some(),
        ..new_user(&by.app, &body.user_id, state.now_ms())
    };
    match state.store().create_user(user.clone()).await {
        Ok(()) => shown(&state, &by.app_id, user, token).map(Json),
        Err(StoreError::Conflict) => {
            let message = "user_id: the application has a user of this id already";
            Err(ApiError::new(ErrorCode::UserExists, message))
        }
        Err(error) => Err(error.into()),
    }
}
