//! The statements of the table of applications.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{AppRecord, CallSettings, StoreError};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT app_id, name, token_required, api_token_hash, session_token_key, \
             glare_answers, early_candidates, created_at_ms FROM apps ",
            $tail
        )
    };
}

fn record(row: &Row<'_>) -> rusqlite::Result<AppRecord> {
    Ok(AppRecord {
        app_id: row.get("app_id")?,
        name: row.get("name")?,
        token_required: row.get("token_required")?,
        api_token_hash: row.get("api_token_hash")?,
        session_token_key: row.get("session_token_key")?,
        glare_answers: row.get("glare_answers")?,
        early_candidates: row.get("early_candidates")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}

pub(super) fn insert(db: &Connection, app: &AppRecord) -> Result<(), StoreError> {
    rows::execute(
        db,
        "INSERT INTO apps (app_id, name, token_required, api_token_hash, session_token_key, \
         glare_answers, early_candidates, created_at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            app.app_id,
            app.name,
            app.token_required,
            app.api_token_hash,
            app.session_token_key,
            app.glare_answers,
            app.early_candidates,
            app.created_at_ms,
        ],
    )
    .map(drop)
}

pub(super) fn by_id(db: &Connection, app_id: &str) -> Result<Option<AppRecord>, StoreError> {
    rows::one(db, select!("WHERE app_id = ?1"), [app_id], record)
}

pub(super) fn by_api_token_hash(
    db: &Connection,
    hash: &[u8],
) -> Result<Option<AppRecord>, StoreError> {
    rows::one(db, select!("WHERE api_token_hash = ?1"), [hash], record)
}

pub(super) fn all(db: &Connection) -> Result<Vec<AppRecord>, StoreError> {
    rows::all(db, select!("ORDER BY created_at_ms, app_id"), [], record)
}

/// Whether there is an application: the cheapest read that touches the file.
pub(super) fn any(db: &Connection) -> Result<bool, StoreError> {
    let found = rows::one(db, "SELECT 1 FROM apps LIMIT 1", [], |_| Ok(()))?;
    Ok(found.is_some())
}

pub(super) fn set_api_token_hash(
    db: &Connection,
    app_id: &str,
    hash: &[u8],
) -> Result<bool, StoreError> {
    let sql = "UPDATE apps SET api_token_hash = ?2 WHERE app_id = ?1";
    Ok(rows::execute(db, sql, params![app_id, hash])? > 0)
}

pub(super) fn set_token_required(
    db: &Connection,
    app_id: &str,
    required: bool,
) -> Result<bool, StoreError> {
    let sql = "UPDATE apps SET token_required = ?2 WHERE app_id = ?1";
    Ok(rows::execute(db, sql, params![app_id, required])? > 0)
}

pub(super) fn set_call_settings(
    db: &Connection,
    app_id: &str,
    settings: CallSettings,
) -> Result<bool, StoreError> {
    let CallSettings { glare_answers, early_candidates } = settings;
    let sql = "UPDATE apps SET glare_answers = ?2, early_candidates = ?3 WHERE app_id = ?1";
    Ok(rows::execute(db, sql, params![app_id, glare_answers, early_candidates])? > 0)
}
