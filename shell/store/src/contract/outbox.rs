//! The cases about the outbox.
use super::{call, ended, from_version, inserting, message};
use crate::{CallCommit, Store};

pub(super) async fn run(store: &dyn Store) {
    rows_come_in_order_of_commit(store).await;
    pruned_ids_are_never_used_again(store).await;
}

async fn rows_come_in_order_of_commit(store: &dyn Store) {
    let mark = last_id(store).await;
    let (first, second) = (call("outbox", "ob1"), call("outbox", "ob2"));
    let steps = [
        CallCommit { outbox: vec![message(&first, "dial", 50)], ..inserting(&first) },
        CallCommit { outbox: vec![message(&second, "dial", 40)], ..inserting(&second) },
        CallCommit {
            outbox: vec![message(&first, "end", 60), message(&first, "log", 60)],
            ..from_version(1, &ended(&first))
        },
    ];
    let expected: Vec<_> = steps.iter().flat_map(|step| step.outbox.clone()).collect();
    for step in steps {
        store.commit_call(step).await.unwrap();
    }
    let rows = store.outbox_after(mark, 100).await.unwrap();
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted_by(|left, right| left < right), "{ids:?}");
    assert!(ids[0] > mark && ids[0] > 0);
    assert_eq!(rows.iter().map(|(_, row)| row.clone()).collect::<Vec<_>>(), expected);

    let page = store.outbox_after(ids[0], 2).await.unwrap();
    assert_eq!(page, rows[1..3]);
    assert!(store.outbox_after(mark, 0).await.unwrap().is_empty());
    assert!(store.outbox_after(ids[3], 100).await.unwrap().is_empty());
}

async fn pruned_ids_are_never_used_again(store: &dyn Store) {
    let highest = last_id(store).await;
    let kept = store.outbox_after(0, u32::MAX).await.unwrap();
    let kept: Vec<_> = kept.into_iter().filter(|(_, row)| row.created_at_ms >= 50).collect();
    assert!(store.prune_outbox(50).await.unwrap() > 0);
    assert_eq!(store.outbox_after(0, u32::MAX).await.unwrap(), kept);
    assert_eq!(store.prune_outbox(50).await.unwrap(), 0);

    assert_eq!(store.prune_outbox(i64::MAX).await.unwrap(), 3);
    let record = call("outbox", "ob3");
    let step = CallCommit { outbox: vec![message(&record, "dial", 1)], ..inserting(&record) };
    store.commit_call(step).await.unwrap();
    assert!(last_id(store).await > highest);
}

async fn last_id(store: &dyn Store) -> i64 {
    let rows = store.outbox_after(0, u32::MAX).await.unwrap();
    rows.last().map_or(0, |(id, _)| *id)
}
