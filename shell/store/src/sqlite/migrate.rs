//! Brings a database file to the newest layout, one numbered step at a time.
//!
//! To add a step: a file `migrations/000N_what.sql`, its line in [`STEPS`]. A step that was
//! released is never edited. Expand, fill, then contract: the release before must still run.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::from_sqlite;
use crate::StoreError;

/// Step number `i + 1` stands at index `i`; `PRAGMA user_version` holds the last one done.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_first_call.sql"),
    include_str!("migrations/0002_direct_calls.sql"),
];

/// Does the missing steps, each in a transaction of its own.
pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    loop {
        // The write lock comes first, so two processes that start together take turns.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(from_sqlite)?;
        let done: i64 = transaction
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(from_sqlite)?;
        let next = usize::try_from(done)
            .ok()
            .filter(|done| *done <= STEPS.len())
            .ok_or_else(|| unknown_layout(done))?;
        let Some(step) = STEPS.get(next) else { return Ok(()) };
        transaction.execute_batch(step).map_err(from_sqlite)?;
        transaction.pragma_update(None, "user_version", done + 1).map_err(from_sqlite)?;
        transaction.commit().map_err(from_sqlite)?;
    }
}

fn unknown_layout(found: i64) -> StoreError {
    StoreError::Corrupt(format!(
        "the database has layout {found}, this program knows layouts up to {}: it was written by \
         a newer release",
        STEPS.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_gets_the_newest_layout_and_a_second_run_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            run(&mut connection).unwrap();
            let version: usize = connection
                .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
                .map(|version| usize::try_from(version).unwrap())
                .unwrap();
            assert_eq!(version, STEPS.len());
        }
    }

    #[test]
    fn a_layout_of_a_newer_release_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refusal = run(&mut connection).unwrap_err();
        assert!(matches!(&refusal, StoreError::Corrupt(why) if why.contains("newer release")));
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
    }
}
