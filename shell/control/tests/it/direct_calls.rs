//! What issue-wide promises of direct calls look like from control: glare, reach, items, signals.

use curlew_base::{EndResult, ErrorCode, Role};
use curlew_store::{CallFilter, CallSettings, Store};
use curlew_wire::call::{CallState, CandidateTiming, Signal};
use curlew_wire::client::{Accept, DeleteItems, Dial, End, SignalTo, UpdateItems};
use std::time::Duration;

use crate::world::{ON, World, dial, end_of, key};

async fn with_devices(devices: &[&str]) -> World {
    let world = World::new().await;
    for device in devices {
        world.control.arrived(&key(device)).await;
    }
    world
}

/// F20: the dial committed second is the answer to the first; nothing is left beside it.
#[tokio::test(start_paused = true)]
async fn a_crossing_dial_is_the_answer() {
    let world = with_devices(&["a1", "a2", "b1", "b2"]).await;
    let first = world.control.dial(&key("a1"), dial("ka", "b1", false)).await.unwrap();
    let second = world.control.dial(&key("b1"), dial("kb", "a1", true)).await.unwrap();
    assert_eq!(first.call_id, second.call_id);
    assert_eq!((second.my_role, second.state), (Role::Callee, CallState::Established));
    // The first call's kind stands, and no camera opens in an audio call.
    assert!(!second.is_video_call && !second.callee_settings.video_enabled);
    assert_eq!(world.views("a1").last().unwrap().state, CallState::Established);
    let lost = world.views("b2").last().unwrap().ended.clone().unwrap();
    assert_eq!(lost.result, EndResult::OtherDeviceAccepted);
    assert!(world.views("a2").is_empty());
    assert_eq!(world.control.live_calls(), 1);
    // The reply was lost: the same dial again is the same call, running and over.
    let again = world.control.dial(&key("b1"), dial("kb", "a1", true)).await.unwrap();
    assert_eq!((again.call_id.clone(), again.state), (first.call_id.clone(), second.state));
    world.control.end(&key("a1"), end_of(&first.call_id)).await.unwrap();
    let dead = world.control.dial(&key("b1"), dial("kb", "a1", true)).await.unwrap();
    assert_eq!(dead.call_id, first.call_id);
    assert_eq!(dead.ended.unwrap().result, EndResult::NotConnected);
    let rows = world.store.list_calls("APP", None, 10, CallFilter::default()).await.unwrap();
    assert_eq!(rows.len(), 1);
}

/// F20: truly at once, in any interleaving, one call comes of two dials.
#[tokio::test(start_paused = true)]
async fn dials_at_the_same_moment_meet() {
    let world = with_devices(&["a1", "b1"]).await;
    let (a, b) = (key("a1"), key("b1"));
    let dials = (dial("ka", "b1", true), dial("kb", "a1", true));
    let (one, two) = tokio::join!(world.control.dial(&a, dials.0), world.control.dial(&b, dials.1));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.call_id, two.call_id);
    assert_ne!(one.my_role, two.my_role);
    assert_eq!(world.control.live_calls(), 1);
}

/// F21: with the application's setting, crossing dials are two calls that end apart.
#[tokio::test(start_paused = true)]
async fn two_calls_where_the_application_wants_them() {
    let world = with_devices(&["a1", "b1"]).await;
    let settings = CallSettings { glare_answers: false, early_candidates: false };
    assert!(world.store.set_call_settings("APP", settings).await.unwrap());
    let one = world.control.dial(&key("a1"), dial("ka", "b1", true)).await.unwrap();
    let two = world.control.dial(&key("b1"), dial("kb", "a1", true)).await.unwrap();
    assert_ne!(one.call_id, two.call_id);
    assert_eq!(one.callee_candidates, CandidateTiming::AfterAccept);
    world.control.end(&key("a1"), end_of(&one.call_id)).await.unwrap();
    let left = world.control.snapshot(&key("b1"), &[]).await.unwrap();
    let left: Vec<_> = left.iter().map(|view| (&view.call_id, view.state)).collect();
    assert_eq!(left, [(&two.call_id, CallState::Ringing)]);
}

/// A device that declined for itself, being busy, and then dials back starts a call of its own.
#[tokio::test(start_paused = true)]
async fn who_declined_and_dials_back_starts_anew() {
    let world = with_devices(&["a1", "b1", "b2", "c1"]).await;
    let other = world.control.dial(&key("c1"), dial("kc", "b1", false)).await.unwrap().call_id;
    let accept = Accept { call_id: other, settings: ON };
    world.control.accept(&key("b1"), accept).await.unwrap();
    let first = world.control.dial(&key("a1"), dial("ka", "b1", false)).await.unwrap().call_id;
    world.control.end(&key("b1"), end_of(&first)).await.unwrap();
    let back = world.control.dial(&key("b1"), dial("kb", "a1", false)).await.unwrap();
    assert_ne!(back.call_id, first);
    assert_eq!(back.my_role, Role::Caller);
}

/// Truthful ringing: a device counts once it has said so, and only while it is connected.
#[tokio::test(start_paused = true)]
async fn the_caller_is_told_what_really_rings() {
    let world = with_devices(&["a1", "b1", "b2"]).await;
    let call = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap();
    assert_eq!(call.reach.unwrap().devices, 0);
    world.control.ringing(&key("b1"), &call.call_id).await.unwrap();
    world.control.ringing(&key("b1"), &call.call_id).await.unwrap();
    world.control.ringing(&key("b2"), &call.call_id).await.unwrap();
    world.control.lost(&key("b2"), world.control.clock().now()).await;
    let seen: Vec<_> = world.views("a1").iter().map(|v| (v.version, v.reach)).collect();
    let devices: Vec<_> = seen.iter().map(|(_, reach)| reach.unwrap().devices).collect();
    assert_eq!(devices, [1, 2, 1]);
    // Nothing of it was committed.
    assert!(seen.iter().all(|(version, _)| *version == call.version));
    let callee = world.views("b1");
    assert!(callee.iter().all(|view| view.reach.is_none()));
}

/// F67's limits hold for what is there already, and items change after the end.
#[tokio::test(start_paused = true)]
async fn custom_items_outlive_the_call() {
    let world = with_devices(&["a1", "b1"]).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    world.control.end(&key("a1"), end_of(&call_id)).await.unwrap();
    let items = |n: std::ops::Range<u32>| n.map(|i| (format!("k{i}"), "v".to_owned())).collect();
    let update = UpdateItems { call_id: call_id.clone(), items: items(0..10) };
    let view = world.control.update_items(&key("b1"), update).await.unwrap();
    assert_eq!(view.custom_items.len(), 10);
    assert_eq!(world.views("a1").last().unwrap().custom_items.len(), 10);
    let update = UpdateItems { call_id: call_id.clone(), items: items(10..11) };
    let refused = world.control.update_items(&key("a1"), update).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidParams);
    let row = world.store.call("APP", call_id.as_str()).await.unwrap().unwrap();
    assert!(row.machine_json.contains("\"k9\"") && !row.machine_json.contains("\"k10\""));
    // A device of the user that had no part in the call may ask too; a stranger may not.
    let delete = DeleteItems { call_id: call_id.clone(), keys: None };
    let view = world.control.delete_items(&key("b7"), delete.clone()).await.unwrap();
    assert!(view.custom_items.is_empty());
    let stranger = world.control.delete_items(&key("c1"), delete).await.unwrap_err();
    assert_eq!(stranger.code, ErrorCode::CallDoesNotExist);
}

/// Negotiation goes on while it rings, to the leg that is meant and to no other.
#[tokio::test(start_paused = true)]
async fn signals_pass_while_it_rings() {
    let world = with_devices(&["a1", "b1", "b2"]).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let to = |leg, revision| SignalTo {
        call_id: call_id.clone(),
        leg,
        signal: Signal { revision, description: None, candidates: Vec::new() },
    };
    world.control.signal(&key("b2"), to(None, 0)).await.unwrap();
    let (leg, _) = world.signals("a1").pop().unwrap();
    world.control.signal(&key("a1"), to(Some(leg), 5)).await.unwrap();
    assert_eq!(world.signals("b2"), [(leg, 5)]);
    assert!(world.signals("b1").is_empty());
    let unmeant = world.control.signal(&key("a1"), to(None, 6)).await.unwrap_err();
    assert_eq!(unmeant.code, ErrorCode::InvalidCallStatus);
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    let view = world.control.accept(&key("b1"), accept).await.unwrap();
    assert_ne!(view.answered_leg, Some(leg));
    assert!(world.control.signal(&key("a1"), to(Some(leg), 7)).await.is_err());
    assert!(world.control.signal(&key("b2"), to(None, 7)).await.is_err());
    world.control.signal(&key("a1"), to(None, 8)).await.unwrap();
    assert_eq!(world.signals("b1"), [(view.answered_leg.unwrap(), 8)]);
}

/// An end told directly between the devices: passed on by one, named for the other.
#[tokio::test(start_paused = true)]
async fn an_end_that_is_passed_on_names_who_hung_up() {
    let world = with_devices(&["a1", "b1"]).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    world.control.accept(&key("b1"), accept).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let passed = End { call_id: call_id.clone(), ended_by_peer: true };
    let end = world.control.end(&key("b1"), passed).await.unwrap().ended.unwrap();
    assert_eq!((end.by, end.duration_ms), (Some(Role::Caller), 2_000));
    let own = world.control.end(&key("a1"), end_of(&call_id)).await.unwrap();
    assert_eq!(own.ended, Some(end));
}

/// P1: a device that was not in the call changes its items, and is not told that it is in it.
#[tokio::test(start_paused = true)]
async fn changing_items_puts_no_other_device_into_the_call() {
    let world = with_devices(&["a1", "b1"]).await;
    let call_id = world.control.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    world.control.accept(&key("b1"), accept).await.unwrap();
    let update = UpdateItems { call_id, items: [("k".to_owned(), "v".to_owned())].into() };
    let view = world.control.update_items(&key("b7"), update).await.unwrap();
    assert_eq!(view.ended.unwrap().result, EndResult::OtherDeviceAccepted);
}

/// P1: a dial that meets a ring at the moment of its time-out is another call; its device is told
/// that the ring is over.
#[tokio::test(start_paused = true)]
async fn a_dial_that_comes_too_late_to_answer_ends_the_ring() {
    let world = with_devices(&["a1", "b1"]).await;
    let first = Dial { ringing_timeout_secs: Some(5), ..dial("ka", "b1", false) };
    let first = world.control.dial(&key("a1"), first).await.unwrap().call_id;
    // The deadline has come and its tick has not: time moves without the runtime's timers.
    tokio::time::advance(Duration::from_secs(5)).await;
    let second = world.control.dial(&key("b1"), dial("kb", "a1", false)).await.unwrap();
    assert_ne!(second.call_id, first);
    let told = world.views("b1").into_iter().rfind(|view| view.call_id == first).unwrap();
    assert_eq!(told.ended.unwrap().result, EndResult::NoAnswer);
}
