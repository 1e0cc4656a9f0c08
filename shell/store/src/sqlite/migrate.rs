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
    use super::super::{apps, calls};
    use super::*;
    use crate::fixture::{app, call, ended};
    use crate::{CallFilter, CallRecord};

    /// The statements of the release that made layout 1.
    const ROWS_OF_LAYOUT_1: &str = r#"
        INSERT INTO apps (app_id, name, token_required, api_token_hash, session_token_key,
            created_at_ms) VALUES ('old', 'The old', 0, CAST('api token of old' AS BLOB),
                x'00ff07', 1000);
        INSERT INTO calls (call_id, app_id, caller_id, callee_id, dial_key, is_video_call,
            machine_json, version, deadline_ms, ended, end_result, ended_by, started_at_ms,
            ended_at_ms, duration_ms)
            VALUES ('live', 'old', 'ann', 'bob', 'live', 1, '{"state":"ringing"}', 1, 60000, 0,
                NULL, NULL, 100, NULL, 0),
            ('over', 'old', 'ann', 'bob', 'over', 1, '{"state":"ended"}', 2, NULL, 1,
                'completed', 'bob', 100, 9000, 4321)"#;

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
    fn what_layout_1_held_is_kept_with_the_defaults_of_later_layouts() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection.execute_batch(ROWS_OF_LAYOUT_1).unwrap();
        run(&mut connection).unwrap();

        assert_eq!(apps::by_id(&connection, "old").unwrap(), Some(app("old")));
        let live = CallRecord { ringing: false, ..call("old", "live") };
        let over = ended(&call("old", "over"));
        let log = calls::list(&connection, "old", None, 10, &CallFilter::default()).unwrap();
        assert_eq!(log, [over.clone(), live.clone()]);
        assert_eq!(calls::live(&connection).unwrap(), [live]);
        let of_bob = CallFilter { user: Some("bob".to_owned()), ..CallFilter::default() };
        assert_eq!(calls::list(&connection, "old", None, 1, &of_bob).unwrap(), [over]);

        // A next step says that it rings.
        let rings = CallRecord { version: 2, ..call("old", "live") };
        calls::update(&connection, &rings, 1).unwrap();
        assert_eq!(calls::ringing(&connection, "old", "ann", "bob").unwrap(), [rings]);
    }

    /// Two releases may share the file while one replaces the other.
    #[test]
    fn the_release_of_layout_1_can_write_on_the_newest_layout() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        connection.execute_batch(ROWS_OF_LAYOUT_1).unwrap();
        let answered = CallRecord {
            version: 2,
            ringing: false,
            answer_key: Some("bob's dial".to_owned()),
            ..call("old", "live")
        };
        calls::update(&connection, &answered, 1).unwrap();
        let step = "UPDATE calls SET version = 3 WHERE call_id = 'live' AND version = 2";
        assert_eq!(connection.execute(step, []).unwrap(), 1);
        let found = calls::by_dial_key(&connection, "old", "bob", "bob's dial").unwrap();
        assert_eq!(found, Some(CallRecord { version: 3, ..answered }));
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
