//! The statements of the table of calls, with the compare-and-set that every call rests on.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{CallRecord, StoreError};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT call_id, app_id, caller_id, callee_id, dial_key, is_video_call, \
             machine_json, version, deadline_ms, ended, end_result, ended_by, started_at_ms, \
             ended_at_ms, duration_ms FROM calls ",
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
        is_video_call: row.get("is_video_call")?,
        machine_json: row.get("machine_json")?,
        version: row.get("version")?,
        deadline_ms: row.get("deadline_ms")?,
        ended: row.get("ended")?,
        end_result: row.get("end_result")?,
        ended_by: row.get("ended_by")?,
        started_at_ms: row.get("started_at_ms")?,
        ended_at_ms: row.get("ended_at_ms")?,
        duration_ms: row.get("duration_ms")?,
    })
}

pub(super) fn insert(db: &Connection, call: &CallRecord) -> Result<(), StoreError> {
    rows::execute(
        db,
        "INSERT INTO calls (call_id, app_id, caller_id, callee_id, dial_key, is_video_call, \
         machine_json, version, deadline_ms, ended, end_result, ended_by, started_at_ms, \
         ended_at_ms, duration_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            call.call_id,
            call.app_id,
            call.caller_id,
            call.callee_id,
            call.dial_key,
            call.is_video_call,
            call.machine_json,
            call.version,
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

/// Writes only if the stored version is the expected one: of two steps computed from the same
/// version, the second finds no row.
pub(super) fn update(db: &Connection, call: &CallRecord, expected: i64) -> Result<(), StoreError> {
    let touched = rows::execute(
        db,
        "UPDATE calls SET machine_json = ?4, version = ?5, deadline_ms = ?6, ended = ?7, \
         end_result = ?8, ended_by = ?9, ended_at_ms = ?10, duration_ms = ?11 \
         WHERE call_id = ?1 AND app_id = ?2 AND version = ?3",
        params![
            call.call_id,
            call.app_id,
            expected,
            call.machine_json,
            call.version,
            call.deadline_ms,
            call.ended,
            call.end_result,
            call.ended_by,
            call.ended_at_ms,
            call.duration_ms,
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

pub(super) fn by_dial_key(
    db: &Connection,
    app_id: &str,
    caller_id: &str,
    dial_key: &str,
) -> Result<Option<CallRecord>, StoreError> {
    rows::one(
        db,
        select!("WHERE app_id = ?1 AND caller_id = ?2 AND dial_key = ?3"),
        [app_id, caller_id, dial_key],
        record,
    )
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

pub(super) const LATEST: &str =
    select!("WHERE app_id = ?1 ORDER BY started_at_ms DESC, call_id DESC LIMIT ?2");

pub(super) const EARLIER: &str = select!(
    "WHERE app_id = ?1 AND (started_at_ms, call_id) < (?3, ?4) \
     ORDER BY started_at_ms DESC, call_id DESC LIMIT ?2"
);

pub(super) fn list(
    db: &Connection,
    app_id: &str,
    before: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<CallRecord>, StoreError> {
    match before {
        None => rows::all(db, LATEST, params![app_id, limit], record),
        Some((at_ms, call_id)) => {
            rows::all(db, EARLIER, params![app_id, limit, at_ms, call_id], record)
        }
    }
}
