//! Field reports of other systems, each as a story in the whole cluster with the outcome that is
//! right here; those that need a browser are told in `tests/e2e`.

use curlew_base::EndResult::{
    self, Canceled, Completed, ConnectionLost, Declined, NoAnswer, NotConnected,
    OtherDeviceAccepted,
};
use curlew_base::{CallId, ErrorCode};
use curlew_sim::people::Deed;
use curlew_sim::stage::Stage;
use curlew_store::Store;
use curlew_wire::call::CallState;
use std::time::Duration;

/// Ends with that result after that time, to within what a network takes.
#[track_caller]
fn over(stage: &Stage, device: &str, call: &CallId, result: EndResult) {
    assert_eq!(stage.ended(device, call).map(|(result, _)| result), Some(result), "{device}");
    assert_eq!(stage.told(device, call).1, 1, "{device} is told once");
}

/// How many sessions all gateways hold, and how many calls all nodes.
fn held(stage: &Stage) -> (usize, usize) {
    let cluster = stage.world.cluster();
    let sessions = cluster.gateways().map(|gateway| gateway.sessions()).sum();
    (sessions, cluster.live_calls().iter().sum())
}

/// Logged out, a device is rung no more.
#[tokio::test(start_paused = true)]
async fn f06_a_device_that_logged_out_is_not_rung() {
    let stage = Stage::new(2).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    stage.act(&b, Deed::SignOut).await;
    let call = stage.dial(&a, "b", 5).await;
    stage.wait(5_500).await;
    over(&stage, &a, &call, NoAnswer);
    assert_eq!(stage.view(&b, &call), None);
    stage.close().await;
}

/// Declined on one of three devices, it stops on all, and for the caller.
#[tokio::test(start_paused = true)]
async fn f10_a_decline_on_one_device_ends_the_call_on_all() {
    let stage = Stage::new(2).await;
    let a = stage.device("a").await;
    let tabs = [stage.device("b").await, stage.device("b").await, stage.device("b").await];
    let call = stage.dial(&a, "b", 60).await;
    for tab in &tabs {
        assert_eq!(stage.told(tab, &call).0, 1, "it rings at {tab}");
    }
    stage.act(&tabs[1], Deed::End(call.clone())).await;
    for device in tabs.iter().chain([&a]) {
        over(&stage, device, &call, Declined);
    }
    stage.close().await;
}

/// A busy device that hangs up a second ring speaks for itself; whichever tab answers first.
#[tokio::test(start_paused = true)]
async fn f11_a_busy_devices_hang_up_does_not_silence_idle_ones() {
    for busy_first in [true, false] {
        let stage = Stage::new(2).await;
        let (a, c) = (stage.device("a").await, stage.device("c").await);
        let (busy, idle) = (stage.device("b").await, stage.device("b").await);
        let first = stage.connect(&a, &busy).await;
        let second = stage.dial(&c, "b", 60).await;
        if busy_first {
            stage.act(&busy, Deed::End(second.clone())).await;
            over(&stage, &busy, &second, Declined);
            assert_eq!(stage.state(&idle, &second), Some(CallState::Ringing));
            assert_eq!(stage.state(&c, &second), Some(CallState::Ringing));
        }
        stage.act(&idle, Deed::Accept(second.clone())).await;
        stage.act(&busy, Deed::End(second.clone())).await;
        stage.wait(2_000).await;
        let expected = if busy_first { Declined } else { OtherDeviceAccepted };
        over(&stage, &busy, &second, expected);
        assert_eq!(stage.state(&c, &second), Some(CallState::Connected), "it goes on");
        assert_eq!(stage.state(&a, &first), Some(CallState::Connected), "the other one too");
        stage.close().await;
    }
}

/// Four ways a ring can stop have four results.
#[tokio::test(start_paused = true)]
async fn f12_each_way_a_ring_stops_has_its_own_result() {
    let stage = Stage::new(1).await;
    let a = stage.device("a").await;
    let (b, other) = (stage.device("b").await, stage.device("b").await);
    let call = stage.dial(&a, "b", 60).await;
    stage.act(&a, Deed::End(call.clone())).await;
    over(&stage, &b, &call, Canceled);
    let call = stage.dial(&a, "b", 60).await;
    stage.act(&other, Deed::End(call.clone())).await;
    over(&stage, &b, &call, Declined);
    let call = stage.dial(&a, "b", 5).await;
    stage.wait(5_500).await;
    over(&stage, &b, &call, NoAnswer);
    let call = stage.dial(&a, "b", 60).await;
    stage.act(&other, Deed::Accept(call.clone())).await;
    over(&stage, &b, &call, OtherDeviceAccepted);
    stage.close().await;
}

/// Missed on three devices, a call is one entry in the log and one end for the world.
#[tokio::test(start_paused = true)]
async fn f13_a_missed_call_is_told_once() {
    let stage = Stage::new(3).await;
    let a = stage.device("a").await;
    let tabs = [stage.device("b").await, stage.device("b").await, stage.device("b").await];
    let call = stage.dial(&a, "b", 5).await;
    stage.wait(6_000).await;
    for tab in &tabs {
        assert_eq!(stage.told(tab, &call), (1, 1));
    }
    assert_eq!(stage.log().await.len(), 1);
    let outbox = stage.world.store.outbox_after(0, 100).await.unwrap();
    let kinds: Vec<_> = outbox.iter().map(|(_, row)| row.kind.as_str()).collect();
    assert_eq!(kinds, ["direct_call:dial", "direct_call:end"]);
    stage.close().await;
}

/// Accepted while the caller's cancel was on its way: it ends for the callee, and never connects.
#[tokio::test(start_paused = true)]
async fn f15_an_accept_of_a_cancelled_call_ends_at_once() {
    for head_start_ms in [0, 5, 10, 15, 20, 30] {
        let stage = Stage::with(2, true, head_start_ms).await;
        let (a, b) = (stage.device("a").await, stage.device("b").await);
        let call = stage.dial(&a, "b", 60).await;
        stage.order(&a, Deed::End(call.clone()));
        stage.wait(head_start_ms).await;
        stage.order(&b, Deed::Accept(call.clone()));
        stage.wait(2_000).await;
        let (one, other) = (stage.ended(&a, &call), stage.ended(&b, &call));
        assert_eq!(one.map(|(result, _)| result), other.map(|(result, _)| result));
        let result = one.expect("it is over").0;
        assert!(result == Canceled || result == NotConnected, "{result:?}");
        assert_eq!(stage.told(&b, &call).1, 1);
        assert_ne!(stage.state(&b, &call), Some(CallState::Connected));
        stage.close().await;
    }
}

/// Hung up right after the dial, the callee's device stops within a second or never rings.
#[tokio::test(start_paused = true)]
async fn f16_a_hang_up_right_after_the_dial_stops_the_ring() {
    for pause_ms in [0, 50, 500] {
        let stage = Stage::with(2, true, pause_ms).await;
        let (a, b) = (stage.device("a").await, stage.device("b").await);
        stage.order(&a, Deed::Dial("b".into(), 60));
        stage.wait(pause_ms).await;
        // The SDK holds an end back until the dial has its id; so does this person.
        while stage.dialled(&a).is_none() {
            stage.wait(1).await;
        }
        let call = stage.dialled(&a).unwrap();
        stage.order(&a, Deed::End(call.clone()));
        stage.wait(1_000).await;
        over(&stage, &a, &call, Canceled);
        let state = stage.state(&b, &call);
        assert!(state.is_none_or(|state| state == CallState::Ended), "{state:?}");
        stage.close().await;
    }
}

/// A dial that is sent again after the hang-up rings nobody.
#[tokio::test(start_paused = true)]
async fn f17_a_repeated_dial_of_an_ended_call_rings_nobody() {
    let stage = Stage::new(2).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let call = stage.dial(&a, "b", 60).await;
    stage.act(&a, Deed::End(call.clone())).await;
    stage.act(&a, Deed::Redial).await;
    assert_eq!(stage.dialled(&a), Some(call.clone()));
    assert_eq!(stage.log().await.len(), 1);
    assert_eq!(stage.told(&b, &call), (1, 1));
    assert_eq!(stage.look(&b, |b| b.calls.len()), 1);
    stage.close().await;
}

/// The socket drops just before the accept: it is sent after the reconnect, and counts if it rings.
#[tokio::test(start_paused = true)]
async fn f18_an_accept_survives_a_dropped_socket() {
    for cancelled in [false, true] {
        let stage = Stage::new(1).await;
        let (a, b) = (stage.device("a").await, stage.device("b").await);
        let call = stage.dial(&a, "b", 60).await;
        stage.order(&b, Deed::HangUpLine);
        stage.order(&b, Deed::Accept(call.clone()));
        if cancelled {
            stage.order(&a, Deed::End(call.clone()));
        }
        stage.wait(5_000).await;
        if cancelled {
            over(&stage, &b, &call, Canceled);
        } else {
            assert_eq!(stage.state(&a, &call), Some(CallState::Connected));
            assert_eq!(stage.state(&b, &call), Some(CallState::Connected));
        }
        stage.close().await;
    }
}

/// A device that connects after the end is not rung.
#[tokio::test(start_paused = true)]
async fn f19_a_call_that_is_over_does_not_ring() {
    let stage = Stage::new(2).await;
    let (a, earlier) = (stage.device("a").await, stage.device("b").await);
    stage.act(&earlier, Deed::SignOut).await;
    let call = stage.dial(&a, "b", 60).await;
    stage.act(&a, Deed::End(call.clone())).await;
    stage.wait(1_000).await;
    let b = stage.device("b").await;
    stage.wait(1_000).await;
    assert_eq!(stage.view(&b, &call), None);
    stage.close().await;
}

/// Two who dial each other within 100 ms are in one call, whichever message arrives first.
#[tokio::test(start_paused = true)]
async fn f20_crossing_dials_become_one_call() {
    for nodes in [1, 3] {
        for seed in 0..24 {
            let stage = Stage::with(nodes, true, seed).await;
            let (a, b) = (stage.device("a").await, stage.device("b").await);
            let (first, second) = if seed % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let callee = |name: &str| if name == a { "b" } else { "a" };
            stage.order(first, Deed::Dial(callee(first).into(), 60));
            stage.wait(seed / 2 * 9).await;
            stage.order(second, Deed::Dial(callee(second).into(), 60));
            stage.wait(4_000).await;
            let log = stage.log().await;
            assert_eq!(log.len(), 1, "seed {seed}, {nodes} nodes");
            let call = CallId::new(log[0].call_id.clone()).unwrap();
            for device in [&a, &b] {
                assert_eq!(stage.dialled(device), Some(call.clone()), "seed {seed}: {device}");
                assert_eq!(stage.state(device, &call), Some(CallState::Connected), "seed {seed}");
            }
            stage.act(&a, Deed::End(call.clone())).await;
            over(&stage, &b, &call, Completed);
            stage.close().await;
        }
    }
}

/// Where an application wants two calls, ending one leaves the other as it is.
#[tokio::test(start_paused = true)]
async fn f21_with_two_crossing_calls_one_end_ends_one() {
    let stage = Stage::with(2, false, 1).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let one = stage.dial(&a, "b", 60).await;
    let other = stage.dial(&b, "a", 60).await;
    assert_ne!(one, other);
    stage.act(&a, Deed::End(one.clone())).await;
    over(&stage, &b, &one, Canceled);
    assert_eq!(stage.state(&a, &other), Some(CallState::Ringing));
    assert_eq!(stage.state(&b, &other), Some(CallState::Ringing));
    stage.act(&a, Deed::Accept(other.clone())).await;
    stage.wait(2_000).await;
    assert_eq!(stage.state(&b, &other), Some(CallState::Connected));
    stage.close().await;
}

/// Nobody is there: `NO_ANSWER` at the time-out, by the server's clock, also if the caller died.
#[tokio::test(start_paused = true)]
async fn f23_a_call_to_nobody_ends_at_its_time_out() {
    let stage = Stage::new(2).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    stage.act(&b, Deed::SignOut).await;
    for secs in [5, 60] {
        let call = stage.dial(&a, "b", secs).await;
        stage.wait(u64::from(secs) * 1_000 - 300).await;
        assert_eq!(stage.state(&a, &call), Some(CallState::Ringing));
        stage.wait(300).await;
        over(&stage, &a, &call, NoAnswer);
    }
    let call = stage.dial(&a, "b", 10).await;
    stage.act(&a, Deed::Die(true)).await;
    stage.wait(10_000).await;
    assert_eq!(stage.row(&call).await.end_result.as_deref(), Some("no_answer"));
    stage.close().await;
}

/// A device that connects 10 s into the ring is rung, by the same call, and can accept.
#[tokio::test(start_paused = true)]
async fn f24_a_device_that_connects_while_it_rings_is_rung() {
    let stage = Stage::new(2).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    stage.act(&b, Deed::Die(false)).await;
    let call = stage.dial(&a, "b", 60).await;
    stage.wait(10_000).await;
    let late = stage.device("b").await;
    stage.wait(200).await;
    assert_eq!(stage.told(&late, &call).0, 1);
    stage.act(&late, Deed::Accept(call.clone())).await;
    stage.wait(2_000).await;
    assert_eq!(stage.state(&a, &call), Some(CallState::Connected));
    stage.close().await;
}

/// The callee's only socket closes and returns while it rings; an accept after the time-out is
/// answered with how the call ended.
#[tokio::test(start_paused = true)]
async fn f25_a_late_accept_is_told_that_nobody_answered() {
    let stage = Stage::new(1).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let call = stage.dial(&a, "b", 20).await;
    stage.act(&b, Deed::HangUpLine).await;
    stage.wait(4_000).await;
    assert_eq!(stage.state(&b, &call), Some(CallState::Ringing));
    stage.act(&b, Deed::CutLine).await;
    stage.order(&b, Deed::In(Duration::from_secs(16), Box::new(Deed::Accept(call.clone()))));
    stage.wait(45_000).await;
    over(&stage, &a, &call, NoAnswer);
    over(&stage, &b, &call, NoAnswer);
    assert_eq!(stage.look(&b, |b| b.refused.clone()), [ErrorCode::InvalidCallStatus.number()]);
    stage.close().await;
}

/// A call to a user who does not exist fails with its code, and is no call.
#[tokio::test(start_paused = true)]
async fn f26_a_call_to_an_unknown_user_is_refused_and_never_was() {
    let stage = Stage::new(1).await;
    let a = stage.device("a").await;
    stage.act(&a, Deed::Dial("no-such-user".into(), 60)).await;
    assert_eq!(stage.look(&a, |a| a.refused.clone()), [ErrorCode::CalleeDoesNotExist.number()]);
    assert_eq!(stage.log().await, []);
    assert_eq!(stage.world.cluster().live_calls(), [0]);
    stage.close().await;
}

/// One's own id is refused with its own code, digits or not.
#[tokio::test(start_paused = true)]
async fn f27_nobody_can_call_themselves() {
    let stage = Stage::new(1).await;
    for user in ["a", "208"] {
        let device = stage.device(user).await;
        stage.act(&device, Deed::Dial(user.into(), 60)).await;
        assert_eq!(stage.look(&device, |d| d.refused.clone()), [ErrorCode::DialMyself.number()]);
    }
    assert_eq!(stage.log().await, []);
    stage.close().await;
}

/// Killed in a call, a device does not leave its user busy: the call ends, and a new one rings.
#[tokio::test(start_paused = true)]
async fn f28_a_killed_device_leaves_nobody_busy() {
    let stage = Stage::new(2).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let call = stage.connect(&a, &b).await;
    stage.act(&b, Deed::Die(true)).await;
    stage.wait(60_000).await;
    over(&stage, &a, &call, ConnectionLost);
    let busy: usize = stage.world.cluster().controls().map(|node| node.busy_devices()).sum();
    assert_eq!(busy, 0);
    let again = stage.device("b").await;
    let call = stage.dial(&a, "b", 60).await;
    assert_eq!(stage.told(&again, &call).0, 1);
    stage.act(&again, Deed::End(call.clone())).await;
    over(&stage, &a, &call, Declined);
    stage.close().await;
}

/// A call is not tied to a socket: 90 s after one was lost it is up, and still told of.
#[tokio::test(start_paused = true)]
async fn f35_a_call_outlives_its_sockets() {
    for nodes in [1, 3] {
        let stage = Stage::new(nodes).await;
        let (a, b) = (stage.device("a").await, stage.device("b").await);
        let call = stage.connect(&a, &b).await;
        stage.act(&a, Deed::CutLine).await;
        stage.act(&b, Deed::HangUpLine).await;
        stage.wait(90_000).await;
        assert_eq!(stage.state(&a, &call), Some(CallState::Connected));
        stage.act(&a, Deed::Settings(call.clone())).await;
        let told = stage.view(&b, &call).expect("a call").caller_settings;
        assert_eq!(Some(&told), stage.look(&a, |a| a.settings.get(&call).copied()).as_ref());
        stage.act(&b, Deed::End(call.clone())).await;
        over(&stage, &a, &call, Completed);
        stage.close().await;
    }
}

/// The callee's socket drops during the ring: it rang once, and can be answered.
#[tokio::test(start_paused = true)]
async fn f36_a_reconnect_during_the_ring_rings_once() {
    for nodes in [1, 3] {
        let stage = Stage::new(nodes).await;
        let (a, b) = (stage.device("a").await, stage.device("b").await);
        stage.order(&a, Deed::Dial("b".into(), 60));
        stage.order(&b, Deed::HangUpLine);
        stage.wait(5_000).await;
        let call = stage.dialled(&a).expect("dialled");
        stage.act(&b, Deed::HangUpLine).await;
        stage.wait(5_000).await;
        assert_eq!(stage.told(&b, &call), (1, 0));
        stage.act(&b, Deed::Accept(call.clone())).await;
        stage.wait(2_000).await;
        assert_eq!(stage.state(&a, &call), Some(CallState::Connected));
        stage.close().await;
    }
}

/// The server dies in the middle of calls and starts again: those whose devices return go on, the
/// others are over within two minutes, and the nodes hold what is.
#[tokio::test(start_paused = true)]
async fn f39_no_call_of_an_earlier_run_stays_open() {
    let stage = Stage::new(1).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let (c, d) = (stage.device("c").await, stage.device("d").await);
    let (goes_on, dies) = (stage.connect(&a, &b).await, stage.connect(&c, &d).await);
    stage.world.cluster().kill(0, true);
    for gone in [&c, &d] {
        stage.order(gone, Deed::Die(true));
    }
    stage.wait(1_000).await;
    stage.world.start_node(0);
    stage.wait(120_000).await;
    assert_eq!(stage.state(&a, &goes_on), Some(CallState::Connected));
    assert_eq!(stage.state(&b, &goes_on), Some(CallState::Connected));
    assert_eq!(stage.row(&dies).await.end_result.as_deref(), Some("connection_lost"));
    assert_eq!(stage.world.cluster().live_calls(), [1]);
    stage.close().await;
}

/// A thousand clients in calls are killed without a word: no session and no call is left.
#[tokio::test(start_paused = true)]
async fn f42_a_thousand_killed_clients_leave_nothing() {
    let stage = Stage::new(2).await;
    let mut calls = Vec::new();
    for pair in 0..500 {
        let (caller, callee) = (format!("a{pair}"), format!("b{pair}"));
        let a = stage.world.add_device(&caller).await.expect("a store that works");
        let b = stage.world.add_device(&callee).await.expect("a store that works");
        calls.push((a, b, callee));
    }
    stage.wait(1_000).await;
    for (a, _, callee) in &calls {
        stage.order(a, Deed::Dial(callee.clone(), 60));
    }
    stage.wait(1_000).await;
    for (a, b, _) in &calls {
        stage.order(b, Deed::Accept(stage.dialled(a).expect("dialled")));
    }
    stage.wait(3_000).await;
    let (sessions, calls) = held(&stage);
    assert_eq!(sessions, 1_000);
    assert!(calls >= 500, "each call is known to a node at least: {calls}");
    stage.world.order_all(&Deed::Die(true));
    // A heartbeat's interval until it is missed, then the grace.
    stage.wait(60_000).await;
    assert_eq!(held(&stage), (0, 0));
    stage.close().await;
}
