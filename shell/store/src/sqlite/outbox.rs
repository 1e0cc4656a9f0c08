//! The statements of the outbox.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{OutboxRecord, StoreError};

fn record(row: &Row<'_>) -> rusqlite::Result<(i64, OutboxRecord)> {
    let message = OutboxRecord {
        app_id: row.get("app_id")?,
        call_id: row.get("call_id")?,
        kind: row.get("kind")?,
        body: row.get("body")?,
        created_at_ms: row.get("created_at_ms")?,
    };
    Ok((row.get("id")?, message))
}

pub(super) fn append(db: &Connection, messages: &[OutboxRecord]) -> Result<(), StoreError> {
    for message in messages {
        rows::execute(
            db,
            "INSERT INTO outbox (app_id, call_id, kind, body, created_at_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                message.app_id,
                message.call_id,
                message.kind,
                message.body,
                message.created_at_ms,
            ],
        )?;
    }
    Ok(())
}

/// No id below one that was read can appear later: writes are serialised, and so are their ids.
pub(super) fn after(
    db: &Connection,
    id: i64,
    limit: u32,
) -> Result<Vec<(i64, OutboxRecord)>, StoreError> {
    rows::all(
        db,
        "SELECT id, app_id, call_id, kind, body, created_at_ms FROM outbox WHERE id > ?1 \
         ORDER BY id LIMIT ?2",
        params![id, limit],
        record,
    )
}

pub(super) fn prune(db: &Connection, before_created_ms: i64) -> Result<u64, StoreError> {
    let gone =
        rows::execute(db, "DELETE FROM outbox WHERE created_at_ms < ?1", [before_created_ms])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}
