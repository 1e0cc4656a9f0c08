//! The cases about the log of calls: its order, its pages and its filters.

use curlew_base::Role;

use super::{call, ended, inserting};
use crate::{CallFilter, CallRecord, Store};

pub(super) async fn run(store: &dyn Store) {
    the_log_is_read_backwards(store).await;
    a_filter_shows_what_it_admits(store).await;
    pages_of_a_filter_neither_repeat_nor_skip(store).await;
}

async fn the_log_is_read_backwards(store: &dyn Store) {
    for limit in 1..=8_u32 {
        let app_id = format!("log-{limit}");
        for number in 0..7_i64 {
            let call_id = format!("{app_id}-{number}");
            let record = CallRecord { started_at_ms: number / 3, ..call(&app_id, &call_id) };
            store.commit_call(inserting(&record)).await.unwrap();
        }
        let mut read = Vec::new();
        let mut before = None;
        loop {
            let page =
                store.list_calls(&app_id, before, limit, CallFilter::default()).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= usize::try_from(limit).unwrap());
            before = Some((last.started_at_ms, last.call_id.clone()));
            read.extend(page.into_iter().map(|call| call.call_id));
            // A newer call stands before the place of reading: no later page may show it.
            let newer = format!("{app_id}-newer-{}", read.len());
            let newer = CallRecord { started_at_ms: 99, ..call(&app_id, &newer) };
            store.commit_call(inserting(&newer)).await.unwrap();
        }
        let expected: Vec<String> =
            (0..7).rev().map(|number| format!("{app_id}-{number}")).collect();
        assert_eq!(read, expected, "pages of {limit}");
        assert!(
            store.list_calls(&app_id, None, 0, CallFilter::default()).await.unwrap().is_empty()
        );
    }
}

/// Calls of one application among three users, of every kind that a filter can tell apart.
fn calls_of_every_kind(app_id: &str) -> Vec<CallRecord> {
    let sides = [("ann", "bob"), ("bob", "ann"), ("ann", "cat"), ("cat", "bob"), ("ann", "ann")];
    let results = [None, Some("completed"), Some("declined"), Some("it's [\"odd\"], \\")];
    let mut calls = Vec::new();
    for (caller, callee) in sides {
        for result in results {
            let number = i64::try_from(calls.len()).unwrap();
            let live = CallRecord {
                caller_id: caller.to_owned(),
                callee_id: callee.to_owned(),
                started_at_ms: 100 + number % 3,
                ..call(app_id, &format!("{app_id}-{number:02}"))
            };
            let end_result = result.map(str::to_owned);
            calls.push(match end_result {
                None => live,
                Some(_) => CallRecord { end_result, ..ended(&live) },
            });
        }
    }
    calls
}

fn filters() -> Vec<CallFilter> {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    let end_results = [
        None,
        words(&[]),
        words(&["completed"]),
        words(&["declined", "it's [\"odd\"], \\"]),
        words(&["COMPLETED"]),
    ];
    let ranges = [(None, None), (Some(101), None), (None, Some(101)), (Some(101), Some(101))];
    let mut filters = Vec::new();
    for user in [None, Some("ann"), Some("bob"), Some("nobody")] {
        for role in [None, Some(Role::Caller), Some(Role::Callee)] {
            for end_results in &end_results {
                for (started_from_ms, started_to_ms) in ranges {
                    for ended in [None, Some(true), Some(false)] {
                        let (user, end_results) = (user.map(str::to_owned), end_results.clone());
                        let filter = CallFilter {
                            user,
                            role,
                            end_results,
                            started_from_ms,
                            started_to_ms,
                            ended,
                        };
                        filters.push(filter);
                    }
                }
            }
        }
    }
    filters
}

/// What the filter says of each call by itself, the list says of all.
async fn a_filter_shows_what_it_admits(store: &dyn Store) {
    let mut calls = calls_of_every_kind("filter");
    for record in calls.iter().chain(&calls_of_every_kind("filter-2")) {
        store.commit_call(inserting(record)).await.unwrap();
    }
    calls.sort_by(|left, right| right.place().cmp(&left.place()));
    let mut sizes = std::collections::BTreeSet::new();
    for filter in filters() {
        let admitted = calls.iter().filter(|call| filter.admits(call)).cloned();
        let expected: Vec<CallRecord> = admitted.collect();
        let shown = store.list_calls("filter", None, 100, filter.clone()).await.unwrap();
        assert_eq!(shown, expected, "{filter:?}");
        sizes.insert(shown.len());
    }
    assert!(sizes.contains(&0) && sizes.contains(&calls.len()), "{sizes:?}");
}

async fn pages_of_a_filter_neither_repeat_nor_skip(store: &dyn Store) {
    for (number, limit) in [1, 2, 3, 7].into_iter().enumerate() {
        let app_id = format!("filter-pages-{number}");
        let calls = calls_of_every_kind(&app_id);
        for record in &calls {
            store.commit_call(inserting(record)).await.unwrap();
        }
        let filter = CallFilter {
            user: Some("ann".to_owned()),
            started_to_ms: Some(101),
            ..CallFilter::default()
        };
        let mut expected: Vec<_> = calls.iter().filter(|call| filter.admits(call)).collect();
        expected.sort_by_key(|call| std::cmp::Reverse(call.place()));
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = store.list_calls(&app_id, before, limit, filter.clone()).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.started_at_ms, last.call_id.clone()));
            read.extend(page);
            // Calls that come while the list is read: one above each half, one too new for it.
            for (caller, callee, started_at_ms) in
                [("ann", "bob", 101), ("bob", "ann", 101), ("ann", "bob", 102)]
            {
                let record = CallRecord {
                    caller_id: caller.to_owned(),
                    callee_id: callee.to_owned(),
                    started_at_ms,
                    ..call(&app_id, &format!("{app_id}-z-{}-{caller}-{started_at_ms}", read.len()))
                };
                store.commit_call(inserting(&record)).await.unwrap();
            }
        }
        assert_eq!(read.iter().collect::<Vec<_>>(), expected, "pages of {limit}");
    }
}
