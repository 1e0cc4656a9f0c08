//! The statements of the table of calls, with the compare-and-set that every call rests on.

use curlew_base::Role;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{CallFilter, CallRecord, StoreError};

macro_rules! select {
    ($tail:expr) => {
        concat!(
            "SELECT call_id, app_id, caller_id, callee_id, dial_key, answer_key, is_video_call, \
             machine_json, version, ringing, deadline_ms, ended, end_result, ended_by, \
             started_at_ms, ended_at_ms, duration_ms FROM calls ",
            $tail
        )
    };
}

fn record(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    Ok(CallRecord {
        call_id: row.get("call_id")?,
        app_id: row.get("app_id")?,
        caller_id: row.get("caller_id")?,
        callee_id: row.get("callee_id")?,
        dial_key: row.get("dial_key")?,
        answer_key: row.get("answer_key")?,
        is_video_call: row.get("is_video_call")?,
        machine_json: row.get("machine_json")?,
        version: row.get("version")?,
        ringing: row.get("ringing")?,
        deadline_ms: row.get("deadline_ms")?,
        ended: row.get("ended")?,
        end_result: row.get("end_result")?,
        ended_by: row.get("ended_by")?,
        started_at_ms: row.get("started_at_ms")?,
        ended_at_ms: row.get("ended_at_ms")?,
        duration_ms: row.get("duration_ms")?,
    })
}

/// Runs in the one write transaction, so nothing can come between the looks and the insert.
pub(super) fn insert(
    db: &Connection,
    call: &CallRecord,
    unless_crossed: bool,
) -> Result<(), StoreError> {
    let CallRecord { app_id, caller_id, callee_id, .. } = call;
    let mut other = by_dial_key(db, app_id, caller_id, &call.dial_key)?;
    if unless_crossed {
        other = other.or(ringing(db, app_id, callee_id, caller_id)?.pop());
    }
    if let Some(answer_key) = &call.answer_key {
        other = other.or(by_dial_key(db, app_id, callee_id, answer_key)?);
    }
    if other.is_some() {
        return Err(StoreError::Conflict);
    }
    rows::execute(
        db,
        "INSERT INTO calls (call_id, app_id, caller_id, callee_id, dial_key, answer_key, \
         is_video_call, machine_json, version, ringing, deadline_ms, ended, end_result, \
         ended_by, started_at_ms, ended_at_ms, duration_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            call.call_id,
            call.app_id,
            call.caller_id,
            call.callee_id,
            call.dial_key,
            call.answer_key,
            call.is_video_call,
            call.machine_json,
            call.version,
            call.ringing,
            call.deadline_ms,
            call.ended,
            call.end_result,
            call.ended_by,
            call.started_at_ms,
            call.ended_at_ms,
            call.duration_ms,
        ],
    )
    .map(drop)
}

pub(super) const UPDATE: &str = "UPDATE calls \
     SET machine_json = ?4, version = ?5, ringing = ?6, deadline_ms = ?7, \
     ended = ?8, end_result = ?9, ended_by = ?10, ended_at_ms = ?11, duration_ms = ?12, \
     answer_key = coalesce(answer_key, ?13) \
     WHERE call_id = ?1 AND app_id = ?2 AND version = ?3 AND NOT EXISTS ( \
         SELECT 1 FROM calls AS dialled \
         WHERE dialled.app_id = calls.app_id AND dialled.caller_id = calls.callee_id \
         AND dialled.dial_key = coalesce(calls.answer_key, ?13) \
         AND dialled.call_id <> calls.call_id)";

/// Writes only if the stored version is the expected one: of two steps computed from the same
/// version, the second finds no row. That no two calls are answered with one key, the index
/// `calls_by_answer_key` sees to.
pub(super) fn update(db: &Connection, call: &CallRecord, expected: i64) -> Result<(), StoreError> {
    let touched = rows::execute(
        db,
        UPDATE,
        params![
            call.call_id,
            call.app_id,
            expected,
            call.machine_json,
            call.version,
            call.ringing,
            call.deadline_ms,
            call.ended,
            call.end_result,
            call.ended_by,
            call.ended_at_ms,
            call.duration_ms,
            call.answer_key,
        ],
    )?;
    if touched == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}
pub(super) fn by_id(
    db: &Connection,
    app_id: &str,
    call_id: &str,
) -> Result<Option<CallRecord>, StoreError> {
    rows::one(db, select!("WHERE call_id = ?2 AND app_id = ?1"), [app_id, call_id], record)
}

pub(super) const BY_DIAL_KEY: &str = concat!(
    select!("WHERE app_id = ?1 AND caller_id = ?2 AND dial_key = ?3"),
    " UNION ALL ",
    select!("WHERE app_id = ?1 AND callee_id = ?2 AND answer_key = ?3"),
);

pub(super) fn by_dial_key(
    db: &Connection,
    app_id: &str,
    user_id: &str,
    dial_key: &str,
) -> Result<Option<CallRecord>, StoreError> {
    rows::one(db, BY_DIAL_KEY, [app_id, user_id, dial_key], record)
}

pub(super) const RINGING: &str = select!(
    "WHERE app_id = ?1 AND caller_id = ?2 AND callee_id = ?3 AND ringing = 1 \
     ORDER BY started_at_ms, call_id"
);

pub(super) fn ringing(
    db: &Connection,
    app_id: &str,
    caller_id: &str,
    callee_id: &str,
) -> Result<Vec<CallRecord>, StoreError> {
    rows::all(db, RINGING, [app_id, caller_id, callee_id], record)
}

// Named, so that a start after years of calls reads the live ones only.
pub(super) const LIVE: &str = select!("INDEXED BY calls_live WHERE ended = 0 ORDER BY call_id");

pub(super) fn live(db: &Connection) -> Result<Vec<CallRecord>, StoreError> {
    rows::all(db, LIVE, [], record)
}

pub(super) const DUE: &str =
    select!("WHERE ended = 0 AND deadline_ms <= ?1 ORDER BY deadline_ms, call_id LIMIT ?2");

pub(super) fn due(db: &Connection, now_ms: i64, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
    rows::all(db, DUE, params![now_ms, limit], record)
}

/// The newest calls below the place (?3, ?4) that the filter admits. The index is named, so that
/// a page costs the same however long the log is.
macro_rules! page {
    ($index:literal, $whose:literal) => {
        select!(concat!(
            "INDEXED BY ",
            $index,
            " WHERE app_id = ?1 AND ",
            $whose,
            " (started_at_ms, call_id) < (?3, ?4) AND started_at_ms >= ?5 \
             AND (?6 IS NULL OR end_result IN (SELECT value FROM json_each(?6))) \
             AND (?7 IS NULL OR ended = ?7) \
             ORDER BY started_at_ms DESC, call_id DESC LIMIT ?8"
        ))
    };
}

pub(super) const PAGE: &str = page!("calls_by_start", "");

pub(super) const PAGE_OF_CALLER: &str = page!("calls_by_caller", "caller_id = ?2 AND");

pub(super) const PAGE_OF_CALLEE: &str = page!("calls_by_callee", "callee_id = ?2 AND");

/// Each half is as long as a page at most. A call to oneself is in the first half only.
pub(super) const PAGE_OF_EITHER: &str = concat!(
    "SELECT * FROM (",
    page!("calls_by_caller", "caller_id = ?2 AND"),
    ") UNION ALL SELECT * FROM (",
    page!("calls_by_callee", "callee_id = ?2 AND caller_id <> ?2 AND"),
    ") ORDER BY started_at_ms DESC, call_id DESC LIMIT ?8"
);

pub(super) fn list(
    db: &Connection,
    app_id: &str,
    before: Option<(i64, String)>,
    limit: u32,
    filter: &CallFilter,
) -> Result<Vec<CallRecord>, StoreError> {
    let sql = match (&filter.user, filter.role) {
        (None, _) => PAGE,
        (Some(_), None) => PAGE_OF_EITHER,
        (Some(_), Some(Role::Caller)) => PAGE_OF_CALLER,
        (Some(_), Some(Role::Callee)) => PAGE_OF_CALLEE,
    };
    let (before_ms, before_id) = upper_bound(before, filter.started_to_ms);
    let end_results = filter.end_results.as_ref().map(|results| serde_json::json!(results));
    let params = params![
        app_id,
        filter.user,
        before_ms,
        before_id,
        filter.started_from_ms.unwrap_or(i64::MIN),
        end_results.map(|results| results.to_string()),
        filter.ended,
        limit,
    ];
    rows::all(db, sql, params, record)
}

/// The lower of two upper bounds, as one place that the page stays below: one bound is what an
/// index can begin at.
fn upper_bound(before: Option<(i64, String)>, started_to_ms: Option<i64>) -> (i64, Value) {
    let to_ms = started_to_ms.unwrap_or(i64::MAX);
    match before {
        Some((at_ms, call_id)) if at_ms <= to_ms => (at_ms, Value::Text(call_id)),
        // SQLite orders every TEXT below every BLOB: all calls of that moment are below it.
        Some(_) | None => (to_ms, Value::Blob(Vec::new())),
    }
}
