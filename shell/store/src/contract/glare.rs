//! The cases about two users who dial each other at once.

use super::{assert_conflict, call, ended, from_version, inserting, message};
use crate::{CallCommit, CallRecord, Store};

pub(super) async fn run(store: &dyn Store) {
    a_crossing_dial_is_refused_while_the_other_call_rings(store).await;
    ringing_calls_are_found_oldest_first(store).await;
    an_answer_key_names_the_call_it_answered(store).await;
    a_key_names_one_call(store).await;
}

/// A call the other way round.
fn back(app_id: &str, call_id: &str) -> CallRecord {
    CallRecord { caller_id: "bob".to_owned(), callee_id: "ann".to_owned(), ..call(app_id, call_id) }
}

/// A commit that inserts this call unless one rings the other way.
fn unless_crossed(record: &CallRecord) -> CallCommit {
    CallCommit { unless_crossed: true, ..inserting(record) }
}

/// The same call one version later and answered by the callee's own dial.
fn answered_with(answer_key: &str, call: &CallRecord) -> CallRecord {
    CallRecord {
        version: call.version + 1,
        ringing: false,
        answer_key: Some(answer_key.to_owned()),
        ..call.clone()
    }
}

async fn a_crossing_dial_is_refused_while_the_other_call_rings(store: &dyn Store) {
    let there = call("cross", "x-there");
    store.commit_call(unless_crossed(&there)).await.unwrap();
    let crossing = back("cross", "x-back");
    let refused =
        CallCommit { outbox: vec![message(&crossing, "dial", 1)], ..unless_crossed(&crossing) };
    let before = store.outbox_after(0, u32::MAX).await.unwrap();
    assert_conflict(store.commit_call(refused).await);
    assert_eq!(store.call("cross", "x-back").await.unwrap(), None);
    assert_eq!(store.outbox_after(0, u32::MAX).await.unwrap(), before);

    // Others are free: the same way, to someone else, in another application, or by choice.
    let to_cat = CallRecord { callee_id: "cat".to_owned(), ..back("cross", "x-cat") };
    for free in [&call("cross", "x-again"), &to_cat, &back("cross-2", "x-elsewhere")] {
        store.commit_call(unless_crossed(free)).await.unwrap();
    }
    store.commit_call(inserting(&back("cross", "x-second"))).await.unwrap();

    // A step of the refused kind is no insert: it is looked at by version only.
    let step = CallRecord { version: 2, ..there.clone() };
    let step = CallCommit { unless_crossed: true, ..from_version(1, &step) };
    store.commit_call(step).await.unwrap();

    // An answered call is not crossed, nor is one that is over.
    let answered = CallRecord { version: 3, ringing: false, ..there };
    store.commit_call(from_version(2, &answered)).await.unwrap();
    assert_conflict(store.commit_call(unless_crossed(&crossing)).await);
    store.commit_call(from_version(1, &ended(&call("cross", "x-again")))).await.unwrap();
    store.commit_call(unless_crossed(&crossing)).await.unwrap();
}

async fn ringing_calls_are_found_oldest_first(store: &dyn Store) {
    assert!(store.ringing_calls("rings", "ann", "bob").await.unwrap().is_empty());
    for (id, started_at_ms) in [("g3", 30), ("g2", 20), ("g1", 20), ("g0", 10)] {
        let record = CallRecord { started_at_ms, ..call("rings", id) };
        store.commit_call(inserting(&record)).await.unwrap();
    }
    for (app_id, caller, callee) in
        [("rings", "bob", "ann"), ("rings", "ann", "cat"), ("rings-2", "ann", "bob")]
    {
        assert!(store.ringing_calls(app_id, caller, callee).await.unwrap().is_empty());
    }
    let mut left = vec!["g0", "g1", "g2", "g3"];
    while !left.is_empty() {
        let found = store.ringing_calls("rings", "ann", "bob").await.unwrap();
        assert_eq!(found.iter().map(|call| call.call_id.as_str()).collect::<Vec<_>>(), left);
        let answered = CallRecord { version: 2, ringing: false, ..found[0].clone() };
        store.commit_call(from_version(1, &answered)).await.unwrap();
        left.remove(0);
    }
    assert!(store.ringing_calls("rings", "ann", "bob").await.unwrap().is_empty());
}

async fn an_answer_key_names_the_call_it_answered(store: &dyn Store) {
    let ringing = call("answer", "a-there");
    store.commit_call(inserting(&ringing)).await.unwrap();
    let answered = answered_with("bob's dial", &ringing);
    store.commit_call(from_version(1, &answered)).await.unwrap();
    let found = store.call_by_dial_key("answer", "bob", "bob's dial").await.unwrap();
    assert_eq!(found.as_ref(), Some(&answered));
    let found = store.call_by_dial_key("answer", "ann", "a-there").await.unwrap();
    assert_eq!(found.as_ref(), Some(&answered));
    for (app_id, user) in [("answer", "ann"), ("answer", "cat"), ("answer-2", "bob")] {
        assert_eq!(store.call_by_dial_key(app_id, user, "bob's dial").await.unwrap(), None);
    }

    // The dial that answered makes no call of its own, whatever its application wants.
    let again = CallRecord { dial_key: "bob's dial".to_owned(), ..back("answer", "a-again") };
    assert_conflict(store.commit_call(inserting(&again)).await);
    assert_conflict(store.commit_call(unless_crossed(&again)).await);
    // Not even after the call is over, nor to someone else.
    let over = CallRecord { answer_key: None, ..ended(&answered) };
    store.commit_call(from_version(2, &over)).await.unwrap();
    let kept = CallRecord { answer_key: Some("bob's dial".to_owned()), ..over };
    assert_eq!(store.call("answer", "a-there").await.unwrap(), Some(kept), "first set, it stays");
    let to_cat = CallRecord { callee_id: "cat".to_owned(), ..again.clone() };
    assert_conflict(store.commit_call(inserting(&to_cat)).await);
    // The key is bob's own: another caller, and another application, may use the same.
    let by_cat = CallRecord { caller_id: "cat".to_owned(), ..again.clone() };
    store.commit_call(inserting(&by_cat)).await.unwrap();
    let elsewhere = CallRecord { app_id: "answer-2".to_owned(), ..again };
    let elsewhere = CallRecord { call_id: "a-elsewhere".to_owned(), ..elsewhere };
    store.commit_call(inserting(&elsewhere)).await.unwrap();
}

async fn a_key_names_one_call(store: &dyn Store) {
    let (first, second) = (call("one", "n1"), call("one", "n2"));
    let own = back("one", "n3");
    for record in [&first, &second, &own] {
        store.commit_call(inserting(record)).await.unwrap();
    }
    store.commit_call(from_version(1, &answered_with("k", &first))).await.unwrap();
    // Taken by the first call, and by bob's own dial.
    for taken in ["k", "n3"] {
        let step = answered_with(taken, &second);
        assert_conflict(store.commit_call(from_version(1, &step)).await);
    }
    assert_eq!(store.call("one", "n2").await.unwrap().as_ref(), Some(&second));
    store.commit_call(from_version(1, &answered_with("k2", &second))).await.unwrap();
    let renamed = CallRecord { version: 3, ..answered_with("k9", &first) };
    store.commit_call(from_version(2, &renamed)).await.unwrap();
    assert_eq!(store.call_by_dial_key("one", "bob", "k9").await.unwrap(), None);
}
