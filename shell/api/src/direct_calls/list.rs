//! `GET /v1/direct_calls`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use curlew_store::{CallFilter, CallRecord};
use curlew_wire::rest::DirectCallList;
use serde::Deserialize;

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page;
use crate::state::ApiState;

/// Texts only, so that a refusal can name the parameter.
#[derive(Deserialize)]
pub(crate) struct ListCalls {
    next: Option<String>,
    limit: Option<String>,
}

pub(crate) async fn list(
    State(state): State<ApiState>,
    by: Caller,
    query: Result<Query<ListCalls>, QueryRejection>,
) -> Result<Json<DirectCallList>, ApiError> {
    let Query(query) = query.map_err(|e| ApiError::field("query", e.body_text()))?;
    let limit = page::limit(query.limit.as_deref(), page::LIMIT_DEFAULT)?;
    let before = page::read("next", query.next.as_deref())?;
    let filter = CallFilter::default();
    let mut rows = state.store().list_calls(&by.app.app_id, before, limit + 1, filter).await?;
    let next = page::cut(&mut rows, limit, CallRecord::place);
    let calls = rows.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Json(DirectCallList { calls, next }))
}
