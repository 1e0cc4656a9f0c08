//! `GET /v1/sessions/current/direct_calls`: the signed-in user's log of calls.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use curlew_base::{CallId, EndResult, Role};
use curlew_store::{CallFilter, CallRecord, StoreError};
use curlew_wire::call::UserView;
use curlew_wire::rest::{CallLogEntry, CallLogPage};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;

use crate::auth::SignedIn;
use crate::error::ApiError;
use crate::page;
use crate::state::{ApiState, shown_ms, stored_ms};

/// Calls on a page unless the SDK names a number.
const LIMIT_DEFAULT: u32 = 20;

/// Texts only, so that a refusal can name the parameter.
#[derive(Deserialize)]
pub(crate) struct ListCalls {
    my_role: Option<String>,
    end_results: Option<String>,
    started_from: Option<String>,
    started_to: Option<String>,
    limit: Option<String>,
    next: Option<String>,
}

/// What a call's stored machine shows to those who do not know machines.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    custom_items: BTreeMap<String, String>,
    caller: UserView,
    callee: UserView,
}

/// The page is personal: nothing between the server and the SDK may keep it.
const NOT_KEPT: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

pub(crate) async fn list(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
    query: Result<Query<ListCalls>, QueryRejection>,
) -> Result<([(HeaderName, &'static str); 1], Json<CallLogPage>), ApiError> {
    let Query(query) = query.map_err(|e| ApiError::field("query", e.body_text()))?;
    let limit = page::limit(query.limit.as_deref(), LIMIT_DEFAULT)?;
    let before = page::read("next", query.next.as_deref())?;
    let filter = query.filter(session.user_id.clone())?;
    let mut rows = state.store().list_calls(&session.app_id, before, limit + 1, filter).await?;
    let next = page::cut(&mut rows, limit, CallRecord::place);
    let calls = rows.into_iter().map(|row| entry(row, &session.user_id));
    Ok((NOT_KEPT, Json(CallLogPage { calls: calls.collect::<Result<_, _>>()?, next })))
}

impl ListCalls {
    fn filter(&self, user_id: String) -> Result<CallFilter, ApiError> {
        Ok(CallFilter {
            user: Some(user_id),
            role: word("my_role", self.my_role.as_deref(), "must be dc_caller or dc_callee")?,
            end_results: end_results(self.end_results.as_deref())?,
            started_from_ms: moment("started_from", self.started_from.as_deref())?,
            started_to_ms: moment("started_to", self.started_to.as_deref())?,
            ended: Some(true),
        })
    }
}

/// One of the words of an enum; absent or blank is none.
fn word<'a, T: Deserialize<'a>>(
    field: &str,
    text: Option<&'a str>,
    rule: &str,
) -> Result<Option<T>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let value: Result<T, WordError> = T::deserialize(text.into_deserializer());
    value.map(Some).map_err(|_| ApiError::field(field, format!("{rule}, not {text:?}")))
}

/// Words between commas, in either case; absent or blank is every end result.
fn end_results(text: Option<&str>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let rule = "must be end results between commas, such as completed,no_answer";
    let known = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        let result: Option<EndResult> = word("end_results", Some(&name), rule)?;
        let missing = || ApiError::field("end_results", format!("{rule}, not blank"));
        result.map(|result| result.as_str().to_owned()).ok_or_else(missing)
    };
    text.split(',').map(known).collect::<Result<_, _>>().map(Some)
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let ms: Result<u64, _> = text.parse();
    let wrong = |_| ApiError::field(field, "must be a moment in Unix milliseconds");
    ms.map(|ms| Some(stored_ms(ms))).map_err(wrong)
}

fn entry(row: CallRecord, user_id: &str) -> Result<CallLogEntry, ApiError> {
    let corrupt = |what: &str, why: String| {
        StoreError::Corrupt(format!("{what} of call {}: {why}", row.call_id))
    };
    let shown: Shown = serde_json::from_str(&row.machine_json)
        .map_err(|error| corrupt("the machine", error.to_string()))?;
    let result = row.end_result.as_deref().unwrap_or_default();
    let end_result: Result<EndResult, WordError> =
        EndResult::deserialize(result.into_deserializer());
    let side = |id: &str| if id == row.caller_id { Role::Caller } else { Role::Callee };
    Ok(CallLogEntry {
        call_id: CallId::new(row.call_id.as_str())
            .map_err(|error| corrupt("the id", error.to_string()))?,
        is_video_call: row.is_video_call,
        started_at: shown_ms(row.started_at_ms),
        ended_at: shown_ms(row.ended_at_ms.unwrap_or(row.started_at_ms)),
        duration_ms: shown_ms(row.duration_ms),
        caller: shown.caller,
        callee: shown.callee,
        ended_by: row.ended_by.as_deref().map(side),
        end_result: end_result.map_err(|error| corrupt("the end", error.to_string()))?,
        custom_items: shown.custom_items,
        my_role: side(user_id),
    })
}
