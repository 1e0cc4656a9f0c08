//! The statements of the table of users.

use std::collections::BTreeSet;

use rusqlite::{Connection, Params, Row, params};

use super::failure::from_sqlite;
use super::rows;
use crate::{StoreError, UserFilter, UserRecord};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT app_id, user_id, nickname, profile_url, metadata_json, is_active, \
             access_token_hash, has_token_ever, has_ever_logged_in, tokens_valid_from_ms, \
             created_at_ms, last_seen_at_ms FROM users ",
            $tail
        )
    };
}

fn record(row: &Row<'_>) -> rusqlite::Result<UserRecord> {
    Ok(UserRecord {
        app_id: row.get("app_id")?,
        user_id: row.get("user_id")?,
        nickname: row.get("nickname")?,
        profile_url: row.get("profile_url")?,
        metadata_json: row.get("metadata_json")?,
        is_active: row.get("is_active")?,
        access_token_hash: row.get("access_token_hash")?,
        has_token_ever: row.get("has_token_ever")?,
        has_ever_logged_in: row.get("has_ever_logged_in")?,
        tokens_valid_from_ms: row.get("tokens_valid_from_ms")?,
        created_at_ms: row.get("created_at_ms")?,
        last_seen_at_ms: row.get("last_seen_at_ms")?,
    })
}

pub(super) fn insert(db: &Connection, user: &UserRecord) -> Result<(), StoreError> {
    rows::execute(
        db,
        "INSERT INTO users (app_id, user_id, nickname, profile_url, metadata_json, is_active, \
         access_token_hash, has_token_ever, has_ever_logged_in, tokens_valid_from_ms, \
         created_at_ms, last_seen_at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            user.app_id,
            user.user_id,
            user.nickname,
            user.profile_url,
            user.metadata_json,
            user.is_active,
            user.access_token_hash,
            user.has_token_ever,
            user.has_ever_logged_in,
            user.tokens_valid_from_ms,
            user.created_at_ms,
            user.last_seen_at_ms,
        ],
    )
    .map(drop)
}

pub(super) fn update(db: &Connection, user: &UserRecord) -> Result<bool, StoreError> {
    let touched = rows::execute(
        db,
        "UPDATE users SET nickname = ?3, profile_url = ?4, metadata_json = ?5, is_active = ?6, \
         access_token_hash = ?7, has_token_ever = ?8, has_ever_logged_in = ?9, \
         tokens_valid_from_ms = ?10, last_seen_at_ms = ?11 WHERE app_id = ?1 AND user_id = ?2",
        params![
            user.app_id,
            user.user_id,
            user.nickname,
            user.profile_url,
            user.metadata_json,
            user.is_active,
            user.access_token_hash,
            user.has_token_ever,
            user.has_ever_logged_in,
            user.tokens_valid_from_ms,
            user.last_seen_at_ms,
        ],
    )?;
    Ok(touched > 0)
}

/// The sessions go with the user: their foreign key cascades.
pub(super) fn delete(db: &Connection, app_id: &str, user_id: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM users WHERE app_id = ?1 AND user_id = ?2";
    Ok(rows::execute(db, sql, [app_id, user_id])? > 0)
}

pub(super) fn by_id(
    db: &Connection,
    app_id: &str,
    user_id: &str,
) -> Result<Option<UserRecord>, StoreError> {
    rows::one(db, select!("WHERE app_id = ?1 AND user_id = ?2"), [app_id, user_id], record)
}

pub(super) const FIRST: &str = select!("WHERE app_id = ?1 ORDER BY created_at_ms, user_id");

pub(super) const LATER: &str = select!(
    "WHERE app_id = ?1 AND (created_at_ms, user_id) > (?2, ?3) ORDER BY created_at_ms, user_id"
);

/// Named ids are looked up one by one; otherwise the list is walked in its order and filtered
/// here, by the same words as in memory, until the page is full.
pub(super) fn list(
    db: &Connection,
    app_id: &str,
    after: Option<(i64, String)>,
    limit: u32,
    mut filter: UserFilter,
) -> Result<Vec<UserRecord>, StoreError> {
    if let Some(user_ids) = filter.user_ids.take() {
        let user_ids: BTreeSet<String> = user_ids.into_iter().collect();
        return list_named(db, app_id, after, limit, &filter, &user_ids);
    }
    match after {
        None => walk(db, FIRST, [app_id], limit, &filter),
        Some((at_ms, user_id)) => walk(db, LATER, params![app_id, at_ms, user_id], limit, &filter),
    }
}

fn walk(
    db: &Connection,
    sql: &str,
    params: impl Params,
    limit: u32,
    filter: &UserFilter,
) -> Result<Vec<UserRecord>, StoreError> {
    let mut statement = db.prepare_cached(sql).map_err(from_sqlite)?;
    let users = statement.query_map(params, record).map_err(from_sqlite)?;
    users
        .filter(|user| user.as_ref().map_or(true, |user| filter.admits(user)))
        .take(page(limit))
        .collect::<Result<_, _>>()
        .map_err(from_sqlite)
}

fn list_named(
    db: &Connection,
    app_id: &str,
    after: Option<(i64, String)>,
    limit: u32,
    filter: &UserFilter,
    user_ids: &BTreeSet<String>,
) -> Result<Vec<UserRecord>, StoreError> {
    // One transaction, so that all look-ups see the same moment.
    let moment = db.unchecked_transaction().map_err(from_sqlite)?;
    let after = after.as_ref().map(|(at_ms, user_id)| (*at_ms, user_id.as_str()));
    let mut users = Vec::new();
    for user_id in user_ids {
        let user = by_id(&moment, app_id, user_id)?;
        users.extend(
            user.filter(|user| {
                after.is_none_or(|after| user.place() > after) && filter.admits(user)
            }),
        );
    }
    moment.finish().map_err(from_sqlite)?;
    users.sort_by(|left, right| left.place().cmp(&right.place()));
    users.truncate(page(limit));
    Ok(users)
}

/// A page length as a count of items; a `u32` fits `usize` wherever this runs.
fn page(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
