//! Promises about many calls, restarts and repeats.

use curlew_base::{EndResult, ErrorCode};
use curlew_store::{CallCommit, CallFilter, Store};
use curlew_wire::call::{CallState, MediaPath};
use curlew_wire::client::{Accept, Media};
use std::time::Duration;

use crate::world::{ON, World, dial, end_of, key};

/// F17: a repeated dial gives the same call, also when that has ended; nobody is rung again.
#[tokio::test(start_paused = true)]
async fn a_repeated_dial_rings_once() {
    let world = World::new().await;
    world.control.arrived(&key("b1")).await;
    let first = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap();
    let again = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap();
    assert_eq!(first.call_id, again.call_id);
    world.control.end(&key("a1"), end_of(&first.call_id)).await.unwrap();
    let dead = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap();
    assert_eq!(dead.ended.unwrap().result, EndResult::Canceled);
    let states: Vec<_> = world.views("b1").iter().map(|view| view.state).collect();
    assert_eq!(states, [CallState::Ringing, CallState::Ended]);
}

/// Rule 5, F26, F27: a call that never was leaves nothing.
#[tokio::test(start_paused = true)]
async fn a_refused_dial_leaves_nothing() {
    let world = World::new().await;
    let own = world.control.dial(&key("a1"), dial("k", "a1", false)).await.unwrap_err();
    assert_eq!(own.code, ErrorCode::DialMyself);
    let mut ghost = dial("k", "b1", false);
    ghost.callee_id = curlew_base::UserId::new("nobody").unwrap();
    let ghost = world.control.dial(&key("a1"), ghost).await.unwrap_err();
    assert_eq!(ghost.code, ErrorCode::CalleeDoesNotExist);
    let rows = world.store.list_calls("APP", None, 10, CallFilter::default()).await.unwrap();
    assert!(rows.is_empty());
    assert_eq!(world.control.live_calls(), 0);
}

/// P2, P4: the log and the outbox say once what the devices saw.
#[tokio::test(start_paused = true)]
async fn log_and_outbox_agree_with_the_devices() {
    let world = World::new().await;
    let (a, b) = (key("a1"), key("b1"));
    world.control.arrived(&b).await;
    let call_id = world.control.dial(&a, dial("k", "b1", false)).await.unwrap().call_id;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    world.control.accept(&b, accept).await.unwrap();
    for device in [&a, &b] {
        let up = Media { call_id: call_id.clone(), path: MediaPath::Up };
        world.control.media(device, up).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let end = world.control.end(&b, end_of(&call_id)).await.unwrap().ended.unwrap();
    assert_eq!((end.result, end.duration_ms), (EndResult::Completed, 5_000));
    assert_eq!(world.views("a1").last().unwrap().ended, Some(end));
    let row = world.store.call("APP", call_id.as_str()).await.unwrap().unwrap();
    assert_eq!(row.end_result.as_deref(), Some("completed"));
    assert_eq!((row.duration_ms, row.ended_by.as_deref()), (5_000, Some("bob")));
    let outbox = world.store.outbox_after(0, 10).await.unwrap();
    let kinds: Vec<_> = outbox.iter().map(|(_, row)| row.kind.as_str()).collect();
    assert_eq!(kinds, ["direct_call:dial", "direct_call:accept", "direct_call:end"]);
}

/// F13: a call missed on three devices, one of which came late, is one row of the log and one
/// `direct_call:end`, even if every device asks about it afterwards.
#[tokio::test(start_paused = true)]
async fn a_call_missed_on_three_devices_is_missed_once() {
    let world = World::new().await;
    world.control.arrived(&key("b1")).await;
    world.control.arrived(&key("b2")).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    tokio::time::sleep(Duration::from_secs(30)).await;
    world.control.arrived(&key("b3")).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    for device in ["b1", "b2", "b3"] {
        let ends = world.views(device).into_iter().filter_map(|view| view.ended);
        let results: Vec<_> = ends.map(|ended| ended.result).collect();
        assert_eq!(results, [EndResult::NoAnswer], "{device}");
        world.control.end(&key(device), end_of(&call_id)).await.unwrap();
    }
    let rows = world.store.list_calls("APP", None, 10, CallFilter::default()).await.unwrap();
    assert_eq!(rows.len(), 1);
    let outbox = world.store.outbox_after(0, 10).await.unwrap();
    let kinds: Vec<_> = outbox.iter().map(|(_, row)| row.kind.as_str()).collect();
    assert_eq!(kinds, ["direct_call:dial", "direct_call:end"]);
}

/// P4: a new server on the old store rings on, and the call can be accepted.
#[tokio::test(start_paused = true)]
async fn a_restart_loses_no_ringing_call() {
    let world = World::new().await;
    world.control.arrived(&key("b1")).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let world = World::over(world.store.clone()).await;
    for device in ["a1", "b1"] {
        world.control.arrived(&key(device)).await;
        let known = std::slice::from_ref(&call_id);
        let views = world.control.snapshot(&key(device), known).await.unwrap();
        assert_eq!(views.len(), 1);
        assert_eq!(views[0].state, CallState::Ringing);
    }
    let accept = Accept { call_id, settings: ON };
    let view = world.control.accept(&key("b1"), accept).await.unwrap();
    assert_eq!(view.state, CallState::Established);
}

/// F11's rule: a busy device's decline does not silence the idle one.
#[tokio::test(start_paused = true)]
async fn a_busy_device_declines_for_itself() {
    let world = World::new().await;
    for device in ["b1", "b2"] {
        world.control.arrived(&key(device)).await;
    }
    let first = world.control.dial(&key("a1"), dial("k1", "b1", false)).await.unwrap().call_id;
    let accept = Accept { call_id: first, settings: ON };
    world.control.accept(&key("b1"), accept).await.unwrap();
    let second = world.control.dial(&key("c1"), dial("k2", "b1", false)).await.unwrap().call_id;
    let own = world.control.end(&key("b1"), end_of(&second)).await.unwrap();
    assert_eq!(own.ended.unwrap().result, EndResult::Declined);
    let views = world.control.snapshot(&key("b2"), &[]).await.unwrap();
    assert_eq!(views.len(), 1);
    let accept = Accept { call_id: second, settings: ON };
    assert!(world.control.accept(&key("b2"), accept).await.is_ok());
}

/// P11: a user of another application, or a stranger, cannot reach the call.
#[tokio::test(start_paused = true)]
async fn a_call_is_unknown_to_strangers() {
    let world = World::new().await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let stranger = world.control.end(&key("c1"), end_of(&call_id)).await.unwrap_err();
    assert_eq!(stranger.code, ErrorCode::CallDoesNotExist);
    let mut foreign = key("b1");
    foreign.app = curlew_base::AppId::new("OTHER").unwrap();
    let accept = Accept { call_id, settings: ON };
    let refused = world.control.accept(&foreign, accept).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::CallDoesNotExist);
}

/// F50: calls that were never answered have a duration of zero in the log.
#[tokio::test(start_paused = true)]
async fn unanswered_calls_last_zero() {
    let world = World::new().await;
    world.control.arrived(&key("b1")).await;
    let canceled = world.control.dial(&key("a1"), dial("k1", "b1", false)).await.unwrap().call_id;
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.control.end(&key("a1"), end_of(&canceled)).await.unwrap();
    let declined = world.control.dial(&key("a1"), dial("k2", "b1", false)).await.unwrap().call_id;
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.control.end(&key("b1"), end_of(&declined)).await.unwrap();
    world.control.dial(&key("a1"), dial("k3", "b1", false)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    let rows = world.store.list_calls("APP", None, 10, CallFilter::default()).await.unwrap();
    let mut ends: Vec<_> =
        rows.iter().map(|row| (row.end_result.clone().unwrap(), row.duration_ms)).collect();
    ends.sort();
    let expected = ["canceled", "declined", "no_answer"].map(|end| (end.to_owned(), 0));
    assert_eq!(ends, expected);
    assert_eq!(world.control.live_calls(), 0);
}

/// One row that cannot be read, such as a live call of another layout, keeps no server from
/// starting.
#[tokio::test(start_paused = true)]
async fn an_unreadable_call_stops_nobody() {
    let world = World::new().await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let other = world.control.dial(&key("a1"), dial("k2", "c1", false)).await.unwrap().call_id;
    let mut record = world.store.call("APP", other.as_str()).await.unwrap().unwrap();
    record.version += 1;
    record.machine_json = "{}".into();
    let commit = CallCommit {
        expected_version: Some(record.version - 1),
        unless_crossed: false,
        outbox: Vec::new(),
        record,
    };
    world.store.commit_call(commit).await.unwrap();
    let world = World::over(world.store.clone()).await;
    assert_eq!(world.control.live_calls(), 1);
    let accept = Accept { call_id, settings: ON };
    assert!(world.control.accept(&key("b1"), accept).await.is_ok());
}
