//! `DELETE /v1/sessions/current`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use curlew_base::{AppId, DeviceId, IdError, UserId};
use curlew_control::DeviceKey;
use curlew_store::{SessionRecord, StoreError};
use serde_json::{Value, json};

use crate::auth::{no_session, session_key_hash};
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn delete(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let hash = session_key_hash(&headers)?;
    let session = state.store().delete_session(&hash).await?.ok_or_else(no_session)?;
    let device =
        device_of(session).map_err(|e| StoreError::Corrupt(format!("an id of a session {e}")))?;
    state.control.sign_out(&device).await;
    Ok(Json(json!({})))
}

fn device_of(session: SessionRecord) -> Result<DeviceKey, IdError> {
    Ok(DeviceKey {
        app: AppId::new(session.app_id)?,
        user: UserId::new(session.user_id)?,
        device: DeviceId::new(session.device_id)?,
    })
}
