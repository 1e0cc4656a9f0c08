//! Each rule of a session as a small story.

use curlew_base::{Instant, limits};
use curlew_session::{Attached, CloseReason, Effect, Session, State};

fn at(ms: u64) -> Instant {
    Instant::from_unix_ms(1_000_000 + ms)
}

fn drain(session: &mut Session) -> Vec<Effect> {
    std::iter::from_fn(|| session.poll()).collect()
}

fn numbers(session: &mut Session) -> Vec<u64> {
    let effects = drain(session);
    effects
        .iter()
        .filter_map(|e| if let Effect::Send { number, .. } = e { Some(*number) } else { None })
        .collect()
}

/// A session whose device got its snapshot, and has not acknowledged it.
fn open() -> Session {
    let mut session = Session::new(at(0));
    assert_eq!(session.attach(at(0), None), Attached::NeedsSnapshot);
    session.handle_snapshot("snapshot".into());
    assert_eq!(drain(&mut session), [Effect::Send { number: 1, text: "snapshot".into() }]);
    session
}

#[test]
fn the_snapshot_is_event_1_and_what_overtook_it_follows() {
    let mut session = Session::new(at(0));
    session.attach(at(0), Some(7));
    session.push("early".into());
    assert_eq!(drain(&mut session), []);
    session.handle_snapshot("all".into());
    let texts: Vec<_> = drain(&mut session);
    assert_eq!(
        texts,
        [
            Effect::Send { number: 1, text: "all".into() },
            Effect::Send { number: 2, text: "early".into() }
        ]
    );
}

#[test]
fn a_resume_replays_what_was_not_handled() {
    let mut session = open();
    for text in ["a", "b", "c"] {
        session.push(text.into());
    }
    assert_eq!(numbers(&mut session), [2, 3, 4]);
    session.handle_ack(at(1), 2);
    session.detach(at(2));
    session.push("d".into());
    assert_eq!(session.attach(at(3), Some(3)), Attached::Resumed);
    assert_eq!(numbers(&mut session), [4, 5]);
    // The acknowledged past cannot be had again, the future cannot be claimed.
    session.detach(at(4));
    assert_eq!(session.attach(at(5), Some(2)), Attached::NeedsSnapshot);
    let mut session = open();
    session.detach(at(4));
    assert_eq!(session.attach(at(5), Some(2)), Attached::NeedsSnapshot);
}

#[test]
fn an_ack_of_what_was_not_sent_is_ignored() {
    let mut session = open();
    session.push("a".into());
    session.handle_ack(at(1), 9);
    assert_eq!(session.unacked(), 2);
    assert_eq!(numbers(&mut session), [2]);
    session.handle_ack(at(1), 2);
    assert_eq!(session.unacked(), 0);
}

#[test]
fn an_attached_device_that_does_not_acknowledge_is_closed_at_the_limit() {
    let mut session = open();
    for _ in 1..limits::UNACKED_EVENTS {
        session.push("x".into());
    }
    assert_eq!(session.state(), State::Attached);
    session.push("one too many".into());
    assert_eq!(drain(&mut session), [Effect::Close(CloseReason::Behind)]);
    assert_eq!(session.state(), State::Detached);
    assert_eq!(session.attach(at(1), Some(200)), Attached::NeedsSnapshot);
}

#[test]
fn the_bytes_are_bounded_too_and_a_detached_session_survives_the_overflow() {
    let mut session = open();
    session.detach(at(1));
    session.push("x".repeat(limits::UNACKED_BYTES - "snapshot".len()));
    assert_eq!(session.unacked(), 2);
    session.push("y".into());
    assert_eq!(session.unacked(), 0);
    assert_eq!(drain(&mut session), []);
    assert_eq!(session.attach(at(2), Some(1)), Attached::NeedsSnapshot);
}

#[test]
fn quiet_is_pinged_and_silence_closed() {
    let mut session = open();
    assert_eq!(session.wake_at(), Some(at(15_000)));
    session.handle_wake(at(14_999));
    assert_eq!(drain(&mut session), []);
    session.handle_wake(at(15_000));
    assert_eq!(drain(&mut session), [Effect::Ping]);
    session.handle_heard(at(16_000));
    assert_eq!(session.wake_at(), Some(at(31_000)));
    session.handle_wake(at(31_000));
    assert_eq!(drain(&mut session), [Effect::Ping]);
    assert_eq!(session.wake_at(), Some(at(41_000)));
    session.handle_wake(at(41_000));
    assert_eq!(drain(&mut session), [Effect::Close(CloseReason::Silent)]);
    assert_eq!((session.state(), session.last_heard()), (State::Detached, at(16_000)));
}

#[test]
fn a_detached_session_expires_a_grace_after_it_was_last_heard() {
    let mut session = open();
    session.handle_heard(at(500));
    session.detach(at(2_000));
    assert_eq!(session.wake_at(), Some(at(30_500)));
    session.handle_wake(at(30_499));
    assert_eq!(session.state(), State::Detached);
    session.handle_wake(at(30_500));
    assert_eq!(drain(&mut session), [Effect::Expired]);
    assert_eq!((session.state(), session.wake_at()), (State::Closed, None));
    assert_eq!(session.attach(at(31_000), Some(1)), Attached::NeedsSnapshot);
    assert_eq!(session.state(), State::Closed);
}

#[test]
fn a_connection_that_dies_before_its_snapshot_needs_one_again() {
    let mut session = Session::new(at(0));
    session.attach(at(0), None);
    session.push("early".into());
    session.detach(at(1));
    session.handle_snapshot("too late".into());
    assert_eq!(session.attach(at(2), Some(0)), Attached::NeedsSnapshot);
    session.handle_snapshot("all".into());
    assert_eq!(numbers(&mut session), [1]);
}

#[test]
fn an_ended_session_says_nothing() {
    let mut session = open();
    session.push("a".into());
    session.end();
    session.push("b".into());
    session.detach(at(1));
    assert_eq!(drain(&mut session), []);
    assert_eq!(session.wake_at(), None);
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Session>() <= 128, "{}", size_of::<Session>());
}
