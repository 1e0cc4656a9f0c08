//! Rules 1 to 9 of the design, each as the people on the line see it.

use curlew_base::EndResult::{
    Canceled, Completed, ConnectionLost, Declined, NoAnswer, NotConnected, OtherDeviceAccepted,
    TimedOut,
};
use curlew_base::Role;
use curlew_call::{Answer, Call, Input, ItemsChange, MediaSettings, Path, Refusal, ViewState};

use crate::story::{ON, Story, party};

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
    story.wait(20).restart().wait(29).arrive("a1").arrive("b1").wait(5);
    story.sees("b1", ViewState::Ringing).accept("b1").sees("a1", ViewState::Established);
    let mut story = Story::dial("b1");
    story.connect("b1").restart().wait(30).ended("a1 b1", ConnectionLost, 30);
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
    assert!(Story::dial("b1").call.view(&party("a2")).is_none());
}

#[test]
fn a_call_survives_being_written_and_read() {
    let mut story = Story::dial("b1 b2");
    story.decline_busy("b1").accept("b2");
    let text = serde_json::to_string(&story.call).unwrap();
    assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), story.call);
}

#[test]
fn the_caller_learns_how_many_devices_really_ring() {
    Story::dial("b1 b2")
        .reaches(0)
        .rung("b1")
        .refreshed("a1")
        .reaches(1)
        .rung("b1")
        .refreshed("")
        .rung("b2")
        .refreshed("a1")
        .reaches(2)
        .lose("b1")
        .refreshed("a1")
        .reaches(1)
        .arrive("b1")
        .refreshed("a1")
        .reaches(2)
        .decline_busy("b2")
        .refreshed("a1")
        .reaches(1)
        .accept("b1")
        .refreshed("")
        .reaches(0);
}

#[test]
fn settings_are_told_once_and_late_ones_never() {
    let muted = |revision| MediaSettings { audio_enabled: false, revision, ..ON };
    let mut story = Story::dial("b1");
    story.connect("b1").shown("b1 a1 a1");
    story.handle(Input::Settings(party("b1"), muted(2))).shown("a1");
    story.handle(Input::Settings(party("b1"), muted(2))).shown("");
    story.handle(Input::Settings(party("b1"), MediaSettings { revision: 1, ..ON })).shown("");
    let hold = MediaSettings { on_hold: true, ..muted(3) };
    story.handle(Input::Settings(party("b1"), hold)).shown("a1");
    assert_eq!(story.call.settings().1, hold);
}

#[test]
fn an_end_passed_on_counts_for_the_side_that_hung_up() {
    let mut story = Story::dial("b1");
    story.connect("b1").shown("b1 a1 a1").wait(4).handle(Input::PeerEnded(party("b1")));
    story.shown("a1").ended("a1 b1", Completed, 4).ended_by(Some(Role::Caller));
    story.end("a1").shown("").ended_by(Some(Role::Caller));
    Story::dial("b1").handle(Input::PeerEnded(party("b1"))).refused(Refusal::WrongState);
}

#[test]
fn custom_items_change_from_either_side_and_after_the_end() {
    let set = |items: &[(&str, &str)]| {
        let pair = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        ItemsChange::Update(items.iter().map(pair).collect())
    };
    let mut story = Story::dial("b1 b2");
    story.shown("b1 b2").handle(Input::Items(party("a1"), set(&[("a", "1")]))).shown("b1 b2");
    story.handle(Input::Items(party("b1"), set(&[("a", "1")]))).shown("");
    story.handle(Input::Items(party("b1"), set(&[("b", "2")]))).shown("a1 b2");
    story.accept("b1").end("a1").shown("a1 b2 b1");
    let gone = ItemsChange::Delete(["a".to_owned()].into());
    story.handle(Input::Items(party("b9"), gone)).shown("a1 b1 b2");
    assert_eq!(story.call.custom_items().keys().collect::<Vec<_>>(), ["b"]);
    let many: Vec<_> = (0..10).map(|n| format!("k{n}")).collect();
    let many: Vec<_> = many.iter().map(|k| (k.as_str(), "v")).collect();
    story.handle(Input::Items(party("a1"), set(&many))).refused(Refusal::TooManyItems).shown("");
    story.handle(Input::Items(party("a1"), ItemsChange::DeleteAll)).shown("b1 b2");
    assert!(story.call.custom_items().is_empty());
}

#[test]
fn signals_find_the_leg_they_mean() {
    let mut story = Story::dial("b1 b2");
    let to = |story: &Story, from: &str, leg| {
        story.call.signal_peer(&party(from), leg).map(|(p, leg)| (p.device.to_string(), leg))
    };
    let is = |device: &str, leg: u32| Some((device.to_owned(), leg));
    assert_eq!(to(&story, "b1", None), is("a1", 0));
    assert_eq!(to(&story, "b2", None), is("a1", 1));
    assert_eq!(to(&story, "a1", Some(1)), is("b2", 1));
    assert_eq!(to(&story, "a1", None), None);
    assert_eq!(to(&story, "b3", None), None);
    story.decline_busy("b1");
    assert_eq!(to(&story, "a1", Some(0)), None);
    assert_eq!(to(&story, "b1", None), None);
    story.accept("b2");
    assert_eq!(to(&story, "a1", None), is("b2", 1));
    assert_eq!(to(&story, "a1", Some(0)), None);
    assert_eq!(to(&story, "b2", None), is("a1", 1));
    assert_eq!(story.call.answered_leg(), Some(1));
}

#[test]
fn a_dial_that_answers_keeps_its_key() {
    let mut story = Story::dial("b1");
    let answer = Answer { settings: ON, dial_key: Some("own".to_owned()) };
    // A device that was not rung yet gets a leg of its own.
    story.handle(Input::Accept(party("b2"), answer)).shown("b1 a1 b1");
    story.over_for("b1", OtherDeviceAccepted).sees("b2", ViewState::Established);
    assert_eq!(story.call.answer_key(), Some("own"));
    assert_eq!(story.call.answered_leg(), Some(1));
}

#[test]
fn who_asks_is_told_by_the_reply_alone() {
    let mut story = Story::dial("b1");
    story.connect("b1").shown("b1 a1 a1").path("b1", Path::Failed).shown("a1");
    story.ended("a1 b1", ConnectionLost, 0);
    let mut story = Story::dial("b1");
    story.connect("b1").shown("b1 a1 a1").lose("a1").wait(30).path("b1", Path::Down).shown("a1");
    story.ended("a1 b1", ConnectionLost, 30);
    // The deadline has passed, and its tick comes after the accept.
    let mut story = Story::dial("b1 b2");
    story.shown("b1 b2").late(60).accept("b1").refused(Refusal::Over).shown("a1 b2");
    story.ended("a1 b1 b2", NoAnswer, 0);
}

#[test]
fn ending_what_is_over_for_oneself_is_no_mistake() {
    let mut story = Story::dial("b1 b2 b3");
    story.decline_busy("b3").accept("b1").end("b2").granted().end("b3").granted();
    story.handle(Input::PeerEnded(party("b2"))).granted().sees("a1", ViewState::Established);
    story.over_for("b2", OtherDeviceAccepted).end("a2").refused(Refusal::NotAParty);
}

/// A device that was never rung, or whose ring has expired, is not in the call either.
#[test]
fn who_was_not_rung_is_not_told_that_it_is_in_the_call() {
    let mut story = Story::dial("b1 b2");
    story.lose("b2").wait(30).accept("b1").over_for("b2", OtherDeviceAccepted);
    story.over_for("b9", OtherDeviceAccepted).end("b9").granted();
    story.accept("b9").refused(Refusal::Over).sees("b1", ViewState::Established);
}
