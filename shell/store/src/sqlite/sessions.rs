//! The statements of the table of sessions.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{SessionRecord, StoreError};

macro_rules! columns {
    ($head:literal, $tail:literal) => {
        concat!($head, " key_hash, app_id, user_id, device_id, created_at_ms ", $tail)
    };
}

fn record(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        key_hash: row.get("key_hash")?,
        app_id: row.get("app_id")?,
        user_id: row.get("user_id")?,
        device_id: row.get("device_id")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}

/// Only the device's own row gives way; another device's key stays and the write is refused.
pub(super) fn put(db: &Connection, session: &SessionRecord) -> Result<(), StoreError> {
    rows::execute(
        db,
        columns!(
            "INSERT INTO sessions (",
            ") VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (app_id, user_id, device_id) \
             DO UPDATE SET key_hash = excluded.key_hash, created_at_ms = excluded.created_at_ms"
        ),
        params![
            session.key_hash,
            session.app_id,
            session.user_id,
            session.device_id,
            session.created_at_ms,
        ],
    )
    .map(drop)
}

pub(super) fn by_key_hash(
    db: &Connection,
    key_hash: &[u8],
) -> Result<Option<SessionRecord>, StoreError> {
    rows::one(db, columns!("SELECT", "FROM sessions WHERE key_hash = ?1"), [key_hash], record)
}

pub(super) fn delete(
    db: &Connection,
    key_hash: &[u8],
) -> Result<Option<SessionRecord>, StoreError> {
    let sql = columns!("DELETE FROM sessions WHERE key_hash = ?1 RETURNING", "");
    // Read to its end, so that the deletion is complete; the key is unique.
    Ok(rows::all(db, sql, [key_hash], record)?.pop())
}

pub(super) fn delete_of_user(
    db: &Connection,
    app_id: &str,
    user_id: &str,
) -> Result<Vec<SessionRecord>, StoreError> {
    let sql = columns!("DELETE FROM sessions WHERE app_id = ?1 AND user_id = ?2 RETURNING", "");
    let mut sessions = rows::all(db, sql, [app_id, user_id], record)?;
    // RETURNING promises no order.
    sessions.sort_by(|left, right| left.device_id.cmp(&right.device_id));
    Ok(sessions)
}
