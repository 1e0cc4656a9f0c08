//! The cases about calls: compare-and-set, look-ups, deadlines and the log.

use super::{ODD_IDS, app, assert_conflict, call, ended, from_version, inserting, message};
use crate::{CallCommit, CallFilter, CallRecord, Store};

pub(super) async fn run(store: &dyn Store) {
    // First, while no other case has left calls that live or are due.
    live_and_due_calls(store).await;
    a_lost_race_changes_nothing(store).await;
    a_call_is_inserted_once(store).await;
    odd_ids_survive_byte_for_byte(store).await;
    what_a_dial_fixed_stays(store).await;
    applications_are_walls(store).await;
}

async fn live_and_due_calls(store: &dyn Store) {
    store.create_app(app("due")).await.unwrap();
    store.create_app(app("due-2")).await.unwrap();
    let deadlines = [("d1", Some(30)), ("d2", Some(10)), ("d3", None), ("d4", Some(10))];
    for (call_id, deadline_ms) in deadlines {
        let app_id = if call_id == "d4" { "due-2" } else { "due" };
        let record = CallRecord { deadline_ms, ..call(app_id, call_id) };
        store.commit_call(inserting(&record)).await.unwrap();
    }
    let ids = |calls: Vec<CallRecord>| -> Vec<String> {
        calls.into_iter().map(|call| call.call_id).collect()
    };
    assert_eq!(ids(store.live_calls().await.unwrap()), ["d1", "d2", "d3", "d4"]);
    assert!(store.due_calls(9, 10).await.unwrap().is_empty());
    assert_eq!(ids(store.due_calls(10, 10).await.unwrap()), ["d2", "d4"]);
    assert_eq!(ids(store.due_calls(30, 10).await.unwrap()), ["d2", "d4", "d1"]);
    assert_eq!(ids(store.due_calls(30, 1).await.unwrap()), ["d2"]);
    assert!(store.due_calls(30, 0).await.unwrap().is_empty());

    // A step moves the deadline, the end takes it away.
    let later = CallRecord { version: 2, deadline_ms: Some(20), ..call("due", "d2") };
    store.commit_call(from_version(1, &later)).await.unwrap();
    assert_eq!(ids(store.due_calls(19, 10).await.unwrap()), ["d4"]);
    assert_eq!(ids(store.due_calls(20, 10).await.unwrap()), ["d4", "d2"]);
    for (app_id, call_id, version) in [("due", "d1", 1), ("due", "d2", 2), ("due-2", "d4", 1)] {
        let last = ended(&CallRecord { version, ..call(app_id, call_id) });
        store.commit_call(from_version(version, &last)).await.unwrap();
    }
    assert!(store.due_calls(i64::MAX, 10).await.unwrap().is_empty());
    let left = store.live_calls().await.unwrap();
    assert_eq!(left, [CallRecord { deadline_ms: None, ..call("due", "d3") }]);
    store.commit_call(from_version(1, &ended(&left[0]))).await.unwrap();
    assert!(store.live_calls().await.unwrap().is_empty());
}

async fn a_lost_race_changes_nothing(store: &dyn Store) {
    store.create_app(app("race")).await.unwrap();
    let ringing = call("race", "r1");
    store.commit_call(inserting(&ringing)).await.unwrap();
    let mark = last_outbox_id(store).await;

    let first = CallRecord { version: 2, machine_json: "first".to_owned(), ..ringing.clone() };
    let second = CallRecord { version: 2, machine_json: "second".to_owned(), ..ringing.clone() };
    let won =
        CallCommit { outbox: vec![message(&first, "established", 1)], ..from_version(1, &first) };
    let lost =
        CallCommit { outbox: vec![message(&second, "established", 1)], ..from_version(1, &second) };
    store.commit_call(won).await.unwrap();
    assert_conflict(store.commit_call(lost).await);
    assert_eq!(store.call("race", "r1").await.unwrap(), Some(first.clone()));
    let written = store.outbox_after(mark, 10).await.unwrap();
    assert_eq!(written.len(), 1, "the loser told the world nothing: {written:?}");

    for expected in [0, 1, 3, -1, i64::MAX] {
        assert_conflict(store.commit_call(from_version(expected, &second)).await);
    }
    assert_conflict(store.commit_call(from_version(1, &call("race", "unknown"))).await);
    assert_eq!(store.call("race", "unknown").await.unwrap(), None);

    let over = ended(&first);
    store.commit_call(from_version(2, &over)).await.unwrap();
    assert_eq!(store.call("race", "r1").await.unwrap(), Some(over));
}

async fn a_call_is_inserted_once(store: &dyn Store) {
    store.create_app(app("once")).await.unwrap();
    let first = call("once", "o1");
    store.commit_call(inserting(&first)).await.unwrap();
    let mark = last_outbox_id(store).await;

    let same_id = CallRecord { dial_key: "other".to_owned(), ..first.clone() };
    let same_dial = CallRecord { call_id: "o2".to_owned(), ..first.clone() };
    for twin in [&same_id, &same_dial] {
        let outbox = vec![message(twin, "dial", 1)];
        assert_conflict(store.commit_call(CallCommit { outbox, ..inserting(twin) }).await);
    }
    assert_eq!(last_outbox_id(store).await, mark);
    assert_eq!(store.call("once", "o1").await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.call("once", "o2").await.unwrap(), None);
    assert_eq!(store.call_by_dial_key("once", "ann", "other").await.unwrap(), None);

    // The dial key is the caller's own: another caller may use the same.
    let by_bob = CallRecord { caller_id: "bob".to_owned(), ..same_dial };
    store.commit_call(inserting(&by_bob)).await.unwrap();
    let found = store.call_by_dial_key("once", "ann", "o1").await.unwrap();
    assert_eq!(found, Some(first));
    let found = store.call_by_dial_key("once", "bob", "o1").await.unwrap();
    assert_eq!(found, Some(by_bob));
}

async fn odd_ids_survive_byte_for_byte(store: &dyn Store) {
    for id in ODD_IDS {
        let record = CallRecord {
            caller_id: id.to_owned(),
            callee_id: id.to_owned(),
            machine_json: format!("{{\"id\":\"{id}\"}}"),
            ended_by: Some(id.to_owned()),
            ..call("odd-calls", id)
        };
        store.commit_call(inserting(&record)).await.unwrap();
        let found = store.call("odd-calls", id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&record));
        let found = store.call_by_dial_key("odd-calls", id, id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&record));
        store.commit_call(from_version(1, &ended(&record))).await.unwrap();
    }
}

async fn what_a_dial_fixed_stays(store: &dyn Store) {
    let first = call("fixed", "x1");
    store.commit_call(inserting(&first)).await.unwrap();
    let forged = CallRecord {
        caller_id: "eve".to_owned(),
        callee_id: "eve".to_owned(),
        dial_key: "eve".to_owned(),
        is_video_call: false,
        started_at_ms: 1,
        ..ended(&first)
    };
    store.commit_call(from_version(1, &forged)).await.unwrap();
    assert_eq!(store.call("fixed", "x1").await.unwrap(), Some(ended(&first)));
    assert_eq!(store.call_by_dial_key("fixed", "eve", "eve").await.unwrap(), None);
}

async fn applications_are_walls(store: &dyn Store) {
    let record = call("walls-a", "w1");
    store.commit_call(inserting(&record)).await.unwrap();
    assert_eq!(store.call("walls-b", "w1").await.unwrap(), None);
    assert_eq!(store.call_by_dial_key("walls-b", "ann", "w1").await.unwrap(), None);
    assert!(store.list_calls("walls-b", None, 10, CallFilter::default()).await.unwrap().is_empty());
    let stolen = CallRecord { app_id: "walls-b".to_owned(), ..ended(&record) };
    assert_conflict(store.commit_call(from_version(1, &stolen)).await);
    assert_eq!(store.call("walls-a", "w1").await.unwrap(), Some(record));
}

/// The id of the last outbox row, or 0.
async fn last_outbox_id(store: &dyn Store) -> i64 {
    let rows = store.outbox_after(0, u32::MAX).await.unwrap();
    rows.last().map_or(0, |(id, _)| *id)
}
