//! What people do with their devices, on purpose or on a whim.

use curlew_base::{CallId, UserId};
use curlew_wire::call::{CallState, CallView, Candidate, MediaPath, MediaSettings, Signal};
use curlew_wire::client::{
    Accept, CallRef, DeleteItems, Dial, End, Media, Settings, SignalTo, UpdateItems, Verb,
};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::device::Device;
use crate::dice::Dice;

/// Something that a person, a device or its network does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Calls someone, for so many seconds of ringing.
    Dial(String, u32),
    /// Sends the newest dial once more, with its key.
    Redial,
    /// Answers.
    Accept(CallId),
    /// Cancels, declines or hangs up.
    End(CallId),
    /// Passes on that the other side ended the call, as it said over the data channel.
    PassOnEnd(CallId),
    /// Acknowledges a ring.
    Ring(CallId),
    /// Tells how its media is.
    Media(CallId, MediaPath),
    /// Mutes, unmutes, holds or unholds.
    Settings(CallId),
    /// Speaks to the other side; a caller while it rings, to one leg.
    Signal(CallId, Option<u32>),
    /// Sets a custom item.
    SetItem(CallId),
    /// Deletes a custom item, or all.
    DropItems(CallId),
    /// Looks whether media flows, and tells if that has changed.
    Look,
    /// Does whatever comes to mind, and again a little later.
    Whim,
    /// Does no more of that.
    Rest,
    /// Closes the connection; it will be opened anew.
    HangUpLine,
    /// Loses the connection without noticing.
    CutLine,
    /// Sleeps: hears and says nothing, and notices nothing.
    Sleep(Duration),
    /// Wakes up early.
    Wake,
    /// Logs out.
    SignOut,
    /// Reloads the page: a new device takes its place. True: it signs out on the way.
    Reload(bool),
    /// Is gone for ever. True: without its connection being closed.
    Die(bool),
    /// Does something after a while.
    In(Duration, Box<Deed>),
}

/// How restless people are.
#[derive(Debug, Clone, Copy)]
pub struct Mood {
    /// The longest pause between two whims, in milliseconds.
    pub pause_ms: u64,
    /// Chances in a thousand whims of a mishap: a cut, a reload, a sleep, a log-out.
    pub mishap_permille: u64,
}

/// Something that a person might do, or nothing.
pub fn whim(device: &Device, dice: &mut Dice, users: &[String], mood: Mood) -> Option<Deed> {
    if dice.rare(mood.mishap_permille) {
        return Some(mishap(dice));
    }
    if dice.chance(3) {
        return about_the_past(device, dice);
    }
    let live: Vec<CallView> = device.live().cloned().collect();
    let Some(view) = live.get(usize::try_from(dice.below(3)).unwrap_or(0)) else {
        return dice
            .chance(if live.is_empty() { 40 } else { 6 })
            .then(|| dial(device, dice, users))?;
    };
    let id = view.call_id.clone();
    match view.state {
        CallState::Ringing if device.is_callee_of(view) => match dice.below(100) {
            0..35 => Some(Deed::Accept(id)),
            35..50 => Some(Deed::End(id)),
            50..54 => Some(Deed::SetItem(id)),
            54..58 => Some(Deed::Signal(id, None)),
            // Impatient: calls back instead of answering.
            58..64 => Some(Deed::Dial(view.caller.user_id.to_string(), ringing_secs(dice))),
            _ => None,
        },
        CallState::Ringing => match dice.below(100) {
            0..10 => Some(Deed::End(id)),
            10..16 => Some(Deed::Settings(id)),
            16..20 => Some(Deed::SetItem(id)),
            20..22 => Some(Deed::Redial),
            22..24 => Some(Deed::Accept(id)),
            _ => None,
        },
        CallState::Established => match dice.below(100) {
            0..8 => Some(Deed::End(id)),
            8..14 => Some(Deed::Settings(id)),
            14..16 => Some(Deed::Media(id, MediaPath::Failed)),
            16..18 => Some(Deed::Accept(id)),
            _ => None,
        },
        CallState::Connected => match dice.below(100) {
            0..20 => Some(Deed::End(id)),
            20..32 => Some(Deed::Settings(id)),
            32..38 => Some(Deed::SetItem(id)),
            38..42 => Some(Deed::DropItems(id)),
            42..46 => Some(Deed::Media(id, MediaPath::Down)),
            46..48 => Some(Deed::Media(id, MediaPath::Failed)),
            48..58 => Some(Deed::Signal(id, None)),
            _ => None,
        },
        CallState::Ended => None,
    }
}

fn mishap(dice: &mut Dice) -> Deed {
    match dice.below(100) {
        0..25 => Deed::HangUpLine,
        25..45 => Deed::CutLine,
        45..60 => Deed::Sleep(dice.span(500, 8_000)),
        60..70 => Deed::Sleep(dice.span(8_000, 90_000)),
        70..85 => Deed::Reload(dice.chance(50)),
        85..95 => Deed::SignOut,
        _ => Deed::Die(dice.chance(50)),
    }
}

/// Asks for something of a call that is over, or repeats a dial.
fn about_the_past(device: &Device, dice: &mut Dice) -> Option<Deed> {
    let past: Vec<_> = device.calls.values().filter(|view| view.ended.is_some()).collect();
    let id = dice.pick(&past)?.call_id.clone();
    Some(match dice.below(9) {
        0 => Deed::Accept(id),
        1 => Deed::End(id),
        2 => Deed::Media(id, MediaPath::Up),
        3 => Deed::Settings(id),
        4 => Deed::Signal(id, None),
        5 => Deed::SetItem(id),
        6 => Deed::DropItems(id),
        7 => Deed::PassOnEnd(id),
        _ => Deed::Redial,
    })
}

fn dial(device: &Device, dice: &mut Dice, users: &[String]) -> Option<Deed> {
    let others: Vec<_> = users.iter().filter(|user| **user != device.user).cloned().collect();
    let callee = match dice.below(100) {
        0 => "nobody-of-that-name".to_owned(),
        1 => device.user.clone(),
        _ => dice.pick(&others)?,
    };
    Some(Deed::Dial(callee, ringing_secs(dice)))
}

fn ringing_secs(dice: &mut Dice) -> u32 {
    4 + u32::try_from(dice.below(20)).unwrap_or(0)
}

impl Device {
    /// What the device asks the server for a deed; `None` if the deed asks it nothing.
    pub fn verb(&mut self, deed: &Deed, dice: &mut Dice) -> Option<Verb> {
        Some(match deed {
            Deed::Dial(callee, secs) => Verb::Dial(self.dial(callee, *secs, dice)?),
            Deed::Redial => {
                let (key, call) = self.dials.last_key_value()?;
                let callee = self.calls.get(call.as_ref()?)?.callee.user_id.to_string();
                let dial_key = key.clone();
                Verb::Dial(Dial { dial_key, ..self.dial(&callee, 10, dice)? })
            }
            Deed::Accept(call_id) => {
                let settings = self.change_settings(call_id, dice);
                Verb::Accept(Accept { call_id: call_id.clone(), settings })
            }
            Deed::End(call_id) => Verb::End(End { call_id: call_id.clone(), ended_by_peer: false }),
            Deed::PassOnEnd(call_id) => {
                Verb::End(End { call_id: call_id.clone(), ended_by_peer: true })
            }
            Deed::Ring(call_id) => Verb::Ringing(CallRef { call_id: call_id.clone() }),
            Deed::Media(call_id, path) => {
                Verb::Media(Media { call_id: call_id.clone(), path: *path })
            }
            Deed::Settings(call_id) => {
                let settings = self.change_settings(call_id, dice);
                Verb::Settings(Settings { call_id: call_id.clone(), settings })
            }
            Deed::Signal(call_id, leg) => {
                let signal = self.mark();
                Verb::Signal(SignalTo { call_id: call_id.clone(), leg: *leg, signal })
            }
            Deed::SetItem(call_id) => {
                let item = (format!("k{}", dice.below(12)), format!("{}", dice.below(1_000)));
                Verb::UpdateItems(UpdateItems { call_id: call_id.clone(), items: [item].into() })
            }
            Deed::DropItems(call_id) => {
                let keys = dice.chance(60).then(|| vec![format!("k{}", dice.below(12))]);
                Verb::DeleteItems(DeleteItems { call_id: call_id.clone(), keys })
            }
            Deed::Look
            | Deed::Whim
            | Deed::Rest
            | Deed::HangUpLine
            | Deed::CutLine
            | Deed::Sleep(_)
            | Deed::Wake
            | Deed::SignOut
            | Deed::Reload(_)
            | Deed::Die(_)
            | Deed::In(..) => return None,
        })
    }

    fn dial(&self, callee: &str, ringing_secs: u32, dice: &mut Dice) -> Option<Dial> {
        let key = |n| format!("{}-{n:04}", self.name);
        let settings = MediaSettings {
            audio_enabled: true,
            video_enabled: dice.chance(50),
            on_hold: false,
            revision: 0,
        };
        let item = dice.chance(30).then(|| ("k0".to_owned(), "dialled".to_owned()));
        Some(Dial {
            dial_key: key(self.dials.len()),
            callee_id: UserId::new(callee).ok()?,
            is_video_call: settings.video_enabled,
            settings,
            ringing_timeout_secs: Some(ringing_secs),
            connection_timeout_secs: Some(20),
            custom_items: item.into_iter().collect::<BTreeMap<_, _>>(),
        })
    }

    fn change_settings(&mut self, call: &CallId, dice: &mut Dice) -> MediaSettings {
        let revision = self.settings.get(call).map_or(0, |settings| settings.revision);
        let settings = MediaSettings {
            audio_enabled: dice.chance(70),
            video_enabled: dice.chance(50),
            on_hold: dice.chance(20),
            revision: revision + 1,
        };
        self.settings.insert(call.clone(), settings);
        settings
    }

    /// Negotiation state that names its sender, so that the referees can follow it.
    fn mark(&mut self) -> Signal {
        self.signals_sent += 1;
        let candidate = Candidate {
            candidate: format!("{}#{}", self.name, self.signals_sent),
            sdp_mid: None,
            sdp_m_line_index: None,
            username_fragment: None,
        };
        Signal { revision: 1, description: None, candidates: vec![candidate] }
    }
}
