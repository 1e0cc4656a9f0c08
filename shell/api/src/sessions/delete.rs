//! `DELETE /v1/sessions/current`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use curlew_base::{AppId, DeviceId, IdError, UserId};
use curlew_control::DeviceKey;
use curlew_store::{SessionRecord, StoreError};
use serde_json::{Value, json};

use crate::auth::hash_of;
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn delete(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = value.and_then(bearer) else {
        let message = "the request has no `Authorization: Bearer` header with a session key";
        return Err(ApiError::not_authorized(message));
    };
    let Some(session) = state.store().delete_session(&hash_of(key.as_bytes())).await? else {
        return Err(ApiError::not_authorized("there is no session of this key; it is over"));
    };
    let device =
        device_of(session).map_err(|e| StoreError::Corrupt(format!("an id of a session {e}")))?;
    state.control.sign_out(&device).await;
    Ok(Json(json!({})))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

fn device_of(session: SessionRecord) -> Result<DeviceKey, IdError> {
    Ok(DeviceKey {
        app: AppId::new(session.app_id)?,
        user: UserId::new(session.user_id)?,
        device: DeviceId::new(session.device_id)?,
    })
}
