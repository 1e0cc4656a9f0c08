//! `GET /v1/direct_calls/{call_id}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use curlew_base::ErrorCode;
use curlew_wire::rest::DirectCallBody;

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn view(
    State(state): State<ApiState>,
    by: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<DirectCallBody>, ApiError> {
    let Path(call_id) = path.map_err(|_| ApiError::field("call_id", "must be UTF-8"))?;
    let found = state.store().call(&by.app.app_id, &call_id).await?;
    let none = || ApiError::new(ErrorCode::NotFound, "call_id: the application has no such call");
    shown(found.ok_or_else(none)?).map(Json)
}
