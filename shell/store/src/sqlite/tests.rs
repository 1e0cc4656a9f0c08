//! Tests of what only SQLite can promise: durability, group commit, and one job's failure.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::failure::from_sqlite;
use super::{SqliteOptions, SqliteStore, apps, calls, sessions, users};
use crate::contract::{self, assert_conflict};
use crate::fixture::{app, call, ended, from_version, inserting, message, session, user};
use crate::{CallCommit, CallRecord, Store, StoreError, UserRecord};

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("curlew.db")
}

/// A store that the tests can share with spawned tasks, and the folder that keeps it.
fn store() -> (TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(file(&folder)).unwrap();
    (folder, Arc::new(store))
}

/// Occupies the writer until the sender is used or dropped; returns once it is occupied, so
/// that whatever is queued from then on comes in batches of its own.
async fn hold(store: &Arc<SqliteStore>) -> (Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (release, held) = mpsc::channel();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let store = Arc::clone(store);
    let holder = tokio::spawn(async move {
        store
            .writer
            .write(move |_| {
                started.send(()).unwrap();
                // A dropped sender releases too.
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    has_started.await.unwrap();
    (release, holder)
}

/// Queues one write and returns once it stands in the queue: spawned tasks of this
/// single-threaded runtime run in order, up to their first wait, which is the reply.
async fn queue<W>(store: &Arc<SqliteStore>, work: W) -> JoinHandle<Result<(), StoreError>>
where
    W: FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
{
    let store = Arc::clone(store);
    let waiting = tokio::spawn(async move { store.writer.write(work).await });
    tokio::task::yield_now().await;
    waiting
}

#[tokio::test]
async fn keeps_the_contract() {
    let (_folder, store) = store();
    contract::run(&*store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_on_a_runtime_of_many_threads() {
    let (_folder, store) = store();
    contract::run(&*store).await;
}

#[tokio::test]
async fn everything_is_there_after_a_reopen() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(file(&folder)).unwrap();
    write_one_of_each(&store).await;
    store.close();
    assert!(!folder.path().join("curlew.db-wal").exists(), "close folds the log into the file");
    read_one_of_each(&SqliteStore::open(file(&folder)).unwrap()).await;
}

/// A copy of the files at the moment of the answer is what a killed process leaves behind.
#[tokio::test]
async fn what_was_answered_survives_a_kill_at_that_instant() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(file(&folder)).unwrap();
    write_one_of_each(&store).await;

    let left_behind = tempfile::tempdir().unwrap();
    for name in ["curlew.db", "curlew.db-wal"] {
        std::fs::copy(folder.path().join(name), left_behind.path().join(name)).unwrap();
    }
    read_one_of_each(&SqliteStore::open(file(&left_behind)).unwrap()).await;
}

async fn write_one_of_each(store: &SqliteStore) {
    store.create_app(app("kept")).await.unwrap();
    for id in contract::ODD_IDS {
        store.create_user(user("kept", id, 1)).await.unwrap();
    }
    store.put_session(session("kept", "a/b", "phone", "key")).await.unwrap();
    let record = call("kept", "k1");
    let outbox = vec![message(&record, "dial", 1)];
    let dial = CallCommit { outbox, ..inserting(&record) };
    store.commit_call(dial).await.unwrap();
    let outbox = vec![message(&record, "end", 2)];
    let end = CallCommit { outbox, ..from_version(1, &ended(&record)) };
    store.commit_call(end).await.unwrap();
    store.commit_call(inserting(&call("kept", "k2"))).await.unwrap();
}

async fn read_one_of_each(store: &SqliteStore) {
    assert_eq!(store.apps().await.unwrap(), [app("kept")]);
    for id in contract::ODD_IDS {
        assert_eq!(store.user("kept", id).await.unwrap(), Some(user("kept", id, 1)));
    }
    let found = store.session_by_key_hash(b"key").await.unwrap();
    assert_eq!(found, Some(session("kept", "a/b", "phone", "key")));
    let over = ended(&call("kept", "k1"));
    assert_eq!(store.call("kept", "k1").await.unwrap().as_ref(), Some(&over));
    assert_eq!(store.live_calls().await.unwrap(), [call("kept", "k2")]);
    let rows = store.outbox_after(0, 10).await.unwrap();
    assert_eq!(rows, [(1, message(&over, "dial", 1)), (2, message(&over, "end", 2))]);
}

#[tokio::test]
async fn a_failing_job_takes_back_its_own_writes_and_no_others() {
    let (_folder, store) = store();
    let (release, holder) = hold(&store).await;
    let good = queue(&store, |db| apps::insert(db, &app("good"))).await;
    let refused = queue(&store, |db| {
        apps::insert(db, &app("half"))?;
        apps::insert(db, &app("good"))
    })
    .await;
    let panicked = queue(&store, |db| {
        apps::insert(db, &app("panicked"))?;
        panic!("a fault of ours")
    })
    .await;
    let after = queue(&store, |db| apps::insert(db, &app("after"))).await;
    release.send(()).unwrap();

    holder.await.unwrap().unwrap();
    good.await.unwrap().unwrap();
    assert_conflict(refused.await.unwrap());
    let panicked = panicked.await.unwrap();
    assert!(
        matches!(&panicked, Err(StoreError::Unavailable(why)) if why.contains("a fault of ours")),
        "{panicked:?}"
    );
    after.await.unwrap().unwrap();
    assert_eq!(store.apps().await.unwrap(), [app("after"), app("good")]);
}

/// A deferred foreign key is found broken only by COMMIT, as a full disk might be.
#[tokio::test]
async fn a_commit_that_fails_is_told_to_every_job_of_the_batch() {
    let (_folder, store) = store();
    let (release, holder) = hold(&store).await;
    let good = queue(&store, |db| apps::insert(db, &app("lost"))).await;
    let refused = queue(&store, |db| apps::insert(db, &app("lost"))).await;
    let orphan = queue(&store, |db| {
        db.pragma_update(None, "defer_foreign_keys", true).unwrap();
        sessions::put(db, &session("nowhere", "no one", "phone", "orphan"))
    })
    .await;
    release.send(()).unwrap();

    holder.await.unwrap().unwrap();
    for told in [good, refused, orphan] {
        let told = told.await.unwrap();
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    assert!(store.apps().await.unwrap().is_empty());
    store.create_app(app("next")).await.unwrap();
}

/// The only way from outside to see who shares a commit: who shares its failure.
#[tokio::test]
async fn without_grouping_a_commit_that_fails_is_told_to_its_own_job_only() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { group_commits: false };
    let store = Arc::new(SqliteStore::open_with(file(&folder), options).unwrap());
    let (release, holder) = hold(&store).await;
    let before = queue(&store, |db| apps::insert(db, &app("before"))).await;
    let orphan = queue(&store, |db| {
        db.pragma_update(None, "defer_foreign_keys", true).unwrap();
        sessions::put(db, &session("nowhere", "no one", "phone", "orphan"))
    })
    .await;
    let behind = queue(&store, |db| apps::insert(db, &app("behind"))).await;
    release.send(()).unwrap();

    for told in [holder, before, behind] {
        told.await.unwrap().unwrap();
    }
    let told = orphan.await.unwrap();
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    assert_eq!(store.apps().await.unwrap(), [app("before"), app("behind")]);
}

#[tokio::test]
async fn without_grouping_the_contract_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { group_commits: false };
    contract::run(&SqliteStore::open_with(file(&folder), options).unwrap()).await;
}

#[tokio::test]
async fn a_transaction_that_the_database_rolls_back_is_told_to_every_job() {
    let (_folder, store) = store();
    let (release, holder) = hold(&store).await;
    let before = queue(&store, |db| apps::insert(db, &app("before"))).await;
    // What SQLite does by itself when the disk is full.
    let rollback = |db: &Connection| db.execute_batch("ROLLBACK").map_err(from_sqlite);
    let full = queue(&store, rollback).await;
    let behind = queue(&store, |db| apps::insert(db, &app("behind"))).await;
    release.send(()).unwrap();

    holder.await.unwrap().unwrap();
    for told in [before, full, behind] {
        let told = told.await.unwrap();
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    assert!(store.apps().await.unwrap().is_empty());
    store.create_app(app("next")).await.unwrap();
}

/// Of 16 devices that accept at once, one wins, whatever shares a batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_steps_from_one_version_one_is_committed() {
    let (_folder, store) = store();
    let ringing = call("race", "r");
    store.commit_call(inserting(&ringing)).await.unwrap();

    let accepts: Vec<_> = (0..16)
        .map(|device| {
            let mut record = ringing.clone();
            record.version = 2;
            record.machine_json = format!("accepted by {device}");
            let outbox = vec![message(&record, "accept", device)];
            let store = Arc::clone(&store);
            let step = CallCommit { outbox, ..from_version(1, &record) };
            tokio::spawn(async move { store.commit_call(step).await.map(|()| device) })
        })
        .collect();
    let mut winners = Vec::new();
    for accept in accepts {
        match accept.await.unwrap() {
            Ok(device) => winners.push(device),
            lost => assert_conflict(lost),
        }
    }
    let [winner] = winners[..] else { panic!("exactly one wins, not {winners:?}") };
    let stored = store.call("race", "r").await.unwrap().unwrap();
    assert_eq!(stored.machine_json, format!("accepted by {winner}"));
    let rows = store.outbox_after(0, 10).await.unwrap();
    assert_eq!(rows, [(1, message(&stored, "accept", winner))]);
}

/// Of 16 dials that cross one another at once, those of one side are all there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_dials_that_cross_only_one_direction_is_committed() {
    let (_folder, store) = store();
    let dials: Vec<_> = (0..16)
        .map(|number| {
            let (caller, callee) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
            let record = CallRecord {
                caller_id: caller.to_owned(),
                callee_id: callee.to_owned(),
                ..call("cross", &format!("x{number}"))
            };
            let dial = CallCommit { unless_crossed: true, ..inserting(&record) };
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.commit_call(dial).await.map(|()| caller) })
        })
        .collect();
    let mut callers = Vec::new();
    for dial in dials {
        match dial.await.unwrap() {
            Ok(caller) => callers.push(caller),
            crossed => assert_conflict(crossed),
        }
    }
    assert_eq!(callers, [callers[0]; 8]);
}

/// 1,024 jobs stand in the queue; the next one waits to enter, and all are committed.
#[tokio::test]
async fn a_full_queue_makes_the_next_write_wait_and_loses_none() {
    let (_folder, store) = store();
    store.create_app(app("many")).await.unwrap();
    let (release, holder) = hold(&store).await;
    let mut waiting = Vec::new();
    for number in 0..1025 {
        assert_eq!(store.writer.room(), 1024_usize.saturating_sub(number), "after {number}");
        let user = user("many", &format!("u{number}"), 1);
        waiting.push(queue(&store, move |db| users::insert(db, &user)).await);
    }
    assert_eq!(store.writer.room(), 0);
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    let users = store.list_users("many", None, 2000, crate::UserFilter::default()).await.unwrap();
    assert_eq!(users.len(), 1025);
}

/// Dropping the store right after the writes were queued loses none of them.
#[tokio::test]
async fn closing_finishes_the_queued_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(file(&folder)).unwrap());
    let (release, holder) = hold(&store).await;
    let mut queued = Vec::new();
    for number in 0..300 {
        let name = format!("a{number:03}");
        queued.push(queue(&store, move |db| apps::insert(db, &app(&name))).await);
    }
    // Whoever asked goes away; the queued work does not.
    for task in queued.into_iter().chain([holder]) {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    release.send(()).unwrap();
    Arc::into_inner(store).unwrap().close();

    let reopened = SqliteStore::open(file(&folder)).unwrap();
    assert_eq!(reopened.apps().await.unwrap().len(), 300);
}

#[tokio::test]
async fn readers_go_home_after_a_panic_and_cannot_write() {
    let (_folder, store) = store();
    for _ in 0..10 {
        let answer = store.readers.read(|_| -> Result<(), _> { panic!("a fault of ours") }).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))));
    }
    let answer = store.readers.read(|db| apps::insert(db, &app("by a reader"))).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(store.apps().await.unwrap().is_empty());
}

#[tokio::test]
async fn connections_are_set_for_durability() {
    let (_folder, store) = store();
    let pragma = |db: &Connection, name: &str| -> String {
        db.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    let names = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"];
    let set = store.writer.write(move |db| Ok(names.map(|name| pragma(db, name)))).await.unwrap();
    assert_eq!(set, ["Text(\"wal\")", "Integer(2)", "Integer(1)", "Integer(5000)"]);
}

#[test]
fn what_is_no_database_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(file(&folder), "this is a letter, not a database. ".repeat(100)).unwrap();
    let refusal = SqliteStore::open(file(&folder)).err().unwrap();
    assert!(matches!(refusal, StoreError::Corrupt(_)), "{refusal:?}");

    let refusal = SqliteStore::open(folder.path().join("missing").join("x.db")).err().unwrap();
    assert!(matches!(&refusal, StoreError::Unavailable(why) if why.contains("x.db")));
}

#[tokio::test]
async fn a_damaged_row_is_called_corrupt() {
    let (_folder, store) = store();
    store.create_app(app("damaged")).await.unwrap();
    let damage = "UPDATE apps SET name = CAST(x'ff' AS TEXT)";
    store.writer.write(|db| db.execute(damage, []).map_err(from_sqlite)).await.unwrap();
    let answer = store.app("damaged").await;
    assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
}

/// The tables grow for years: what runs at each start, sweep, step and page walks an index.
#[tokio::test]
async fn no_frequent_statement_walks_a_whole_table() {
    let (_folder, store) = store();
    let cases = [
        (calls::LIVE, "USING INDEX calls_live"),
        (calls::DUE, "SEARCH calls USING INDEX calls_live"),
        (calls::UPDATE, "SEARCH calls USING INDEX sqlite_autoindex_calls_1"),
        (calls::RINGING, "SEARCH calls USING INDEX calls_ringing"),
        (calls::PAGE, "SEARCH calls USING INDEX calls_by_start"),
        (calls::PAGE_OF_CALLER, "SEARCH calls USING INDEX calls_by_caller"),
        (calls::PAGE_OF_CALLEE, "SEARCH calls USING INDEX calls_by_callee"),
        (users::FIRST, "SEARCH users USING INDEX users_by_age"),
        (users::LATER, "SEARCH users USING INDEX users_by_age"),
    ];
    for (sql, expected) in cases {
        let plan = plan(&store, sql).await;
        assert!(plan[0].contains(expected), "{sql}: {plan:?}");
    }
    let step = plan(&store, calls::UPDATE).await;
    let look = "SEARCH dialled USING INDEX sqlite_autoindex_calls_2";
    assert!(step.iter().any(|step| step.starts_with(look)), "{step:?}");
}

/// The steps by which SQLite would run the statement.
async fn plan(store: &SqliteStore, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = store.readers.read(move |db| {
        let mut statement = db.prepare(&explain).map_err(from_sqlite)?;
        // The plan does not depend on the values; parameters that are not bound are NULL.
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            steps.push(row.get::<_, String>("detail").map_err(from_sqlite)?);
        }
        Ok(steps)
    });
    steps.await.unwrap()
}

/// Both halves of a user's calls begin at the place of the page and end with its length.
#[tokio::test]
async fn the_calls_of_a_user_are_read_from_two_indexes_in_order() {
    let (_folder, store) = store();
    for sql in [calls::PAGE, calls::PAGE_OF_CALLER, calls::PAGE_OF_CALLEE] {
        let plan = plan(&store, sql).await;
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
    }
    let plans = [
        (
            calls::PAGE_OF_EITHER,
            [
                "calls_by_caller (app_id=? AND caller_id=? AND started_at_ms>? \
          AND (started_at_ms,call_id)<(?,?))",
                "calls_by_callee",
            ],
        ),
        (calls::BY_DIAL_KEY, ["sqlite_autoindex_calls_2", "calls_by_answer_key"]),
    ];
    for (sql, indexes) in plans {
        let plan = plan(&store, sql).await;
        let searches: Vec<_> = plan.iter().filter(|step| step.contains(" calls ")).collect();
        assert_eq!(searches.len(), 2, "{sql}: {plan:?}");
        for index in indexes {
            let search = format!("SEARCH calls USING INDEX {index}");
            assert!(plan.iter().any(|step| step.starts_with(&search)), "{search}: {plan:?}");
        }
    }
}

/// Another process, such as a subcommand, may write beside the server and is seen by it.
#[tokio::test]
async fn two_processes_share_the_file() {
    let (folder, server) = store();
    let command = SqliteStore::open(file(&folder)).unwrap();
    command.create_app(app("by-command")).await.unwrap();
    assert_eq!(server.app("by-command").await.unwrap(), Some(app("by-command")));
    server.create_user(user("by-command", "ann", 1)).await.unwrap();
    command.close();
    server.ping().await.unwrap();
    let seen = UserRecord { last_seen_at_ms: 5, ..user("by-command", "ann", 1) };
    assert!(server.update_user(seen).await.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = store();
    store.create_app(app("secret")).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["curlew.db", "curlew.db-wal"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
}
