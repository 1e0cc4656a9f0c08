//! Rules 1 to 3 and 5 to 9 of the design, each as the people on the line see it.

use curlew_base::EndResult::{
    Canceled, Completed, ConnectionLost, Declined, NoAnswer, NotConnected, OtherDeviceAccepted,
    TimedOut,
};
use curlew_base::Role;
use curlew_call::{Call, Input, Path, Refusal, ViewState};

use crate::story::Story;

#[test]
fn it_rings_on_every_device_and_on_those_that_come_later() {
    Story::dial("b1 b2")
        .shown("b1 b2")
        .arrive("b3")
        .shown("b3")
        .arrive("b3")
        .shown("")
        .sees("b3", ViewState::Ringing);
}

#[test]
fn a_callee_without_a_device_rings_until_the_time_out() {
    Story::dial("").wait(59).arrive("b1").sees("b1", ViewState::Ringing);
    Story::dial("").wait(60).ended("a1", NoAnswer, 0).ended_by(None);
}

#[test]
fn the_first_accept_wins_and_the_others_stop() {
    Story::dial("b1 b2 b3")
        .shown("b1 b2 b3")
        .accept("b2")
        .shown("a1 b1 b3")
        .over_for("b1", OtherDeviceAccepted)
        .over_for("b3", OtherDeviceAccepted)
        .accept("b1")
        .refused(Refusal::Over)
        .sees("a1", ViewState::Established)
        .sees("b2", ViewState::Established)
        .shown("");
}

#[test]
fn an_accept_may_be_repeated_by_the_winner() {
    Story::dial("b1").accept("b1").accept("b1").sees("b1", ViewState::Established);
}

#[test]
fn connected_when_media_is_up_on_both_sides() {
    Story::dial("b1")
        .accept("b1")
        .path("b1", Path::Up)
        .sees("a1", ViewState::Established)
        .path("a1", Path::Up)
        .sees("a1", ViewState::Connected)
        .sees("b1", ViewState::Connected);
}

#[test]
fn each_way_to_end_has_its_result() {
    Story::dial("b1").wait(3).end("a1").ended("a1 b1", Canceled, 0).ended_by(Some(Role::Caller));
    Story::dial("b1 b2").end("b2").ended("a1 b1 b2", Declined, 0).ended_by(Some(Role::Callee));
    Story::dial("b1").accept("b1").wait(2).end("a1").ended("a1 b1", NotConnected, 2);
    Story::dial("b1").wait(10).connect("b1").wait(5).end("b1").ended("a1 b1", Completed, 5);
    Story::dial("b1").accept("b1").wait(60).ended("a1 b1", TimedOut, 60).ended_by(None);
}

#[test]
fn a_busy_decline_counts_for_its_device_alone() {
    Story::dial("b1 b2")
        .decline_busy("b1")
        .over_for("b1", Declined)
        .sees("b2", ViewState::Ringing)
        .accept("b1")
        .refused(Refusal::Over)
        .accept("b2")
        .sees("a1", ViewState::Established)
        .over_for("b1", Declined);
}

#[test]
fn declined_when_no_device_is_left_that_could_answer() {
    Story::dial("b1 b2").decline_busy("b1").decline_busy("b2").ended("a1 b1 b2", Declined, 0);
    Story::dial("b1 b2").decline_busy("b1").leave("b2").ended("a1 b1", Declined, 0);
    Story::dial("b1 b2").decline_busy("b1").lose("b2").wait(30).ended("a1 b1", Declined, 0);
}

#[test]
fn signing_out_ends_the_devices_calls() {
    Story::dial("b1").leave("a1").ended("a1 b1", Canceled, 0);
    Story::dial("b1").connect("b1").leave("b1").ended("a1 b1", Completed, 0);
    Story::dial("b1").leave("b1").wait(59).sees("a1", ViewState::Ringing);
}

#[test]
fn a_lost_connection_that_returns_changes_nothing() {
    Story::dial("b1")
        .connect("b1")
        .lose("a1")
        .wait(300)
        .sees("b1", ViewState::Connected)
        .arrive("a1")
        .path("b1", Path::Down)
        .wait(300)
        .sees("a1", ViewState::Connected);
}

#[test]
fn a_side_that_vanishes_ends_the_call() {
    Story::dial("b1").connect("b1").lose("a1").path("b1", Path::Down).wait(30).ended(
        "a1 b1",
        ConnectionLost,
        30,
    );
    Story::dial("b1").connect("b1").lose("a1").wait(10).lose("b1").wait(30).ended(
        "a1 b1",
        ConnectionLost,
        40,
    );
    Story::dial("b1").connect("b1").lose("a1").wait(45).path("b1", Path::Down).ended(
        "a1 b1",
        ConnectionLost,
        45,
    );
}

#[test]
fn a_caller_who_vanishes_stops_ringing_after_the_grace() {
    Story::dial("b1").lose("a1").wait(29).sees("b1", ViewState::Ringing);
    Story::dial("b1").lose("a1").wait(30).ended("a1 b1", NoAnswer, 0);
}

#[test]
fn a_restart_gives_everyone_the_whole_grace() {
    let mut story = Story::dial("b1");
    story.wait(20).handle(Input::Restarted).wait(29).arrive("a1").arrive("b1").wait(5);
    story.sees("b1", ViewState::Ringing).accept("b1").sees("a1", ViewState::Established);
    let mut story = Story::dial("b1");
    story.connect("b1").handle(Input::Restarted).wait(30).ended("a1 b1", ConnectionLost, 30);
}

#[test]
fn a_call_that_is_over_still_answers() {
    Story::dial("b1").end("a1").accept("b1").refused(Refusal::Over).ended("b1", Canceled, 0);
    Story::dial("b1").end("a1").shown("b1 b1").end("b1").shown("").ended("a1 b1", Canceled, 0);
}

#[test]
fn strangers_have_no_part() {
    Story::dial("b1").end("a2").refused(Refusal::NotAParty);
    Story::dial("b1").accept("a1").refused(Refusal::WrongState);
    assert!(Story::dial("b1").call.view(&crate::story::party("a2")).is_none());
}

#[test]
fn a_call_survives_being_written_and_read() {
    let mut story = Story::dial("b1 b2");
    story.decline_busy("b1").accept("b2");
    let text = serde_json::to_string(&story.call).unwrap();
    assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), story.call);
}
