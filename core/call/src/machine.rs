//! The machine: which input is handled where, deadlines, and the end.

use curlew_base::{DeviceId, EndResult, Instant, Millis, Role, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

use crate::devices::Rings;
use crate::input::{Devices, Dial, Input, Party};
use crate::output::{Effect, News, Refusal};
use crate::state::{Answered, Ended, MediaSettings, Seat, State};

/// One direct call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What was agreed when it was dialled.
    pub(crate) terms: Dial,
    /// When it was dialled.
    pub(crate) started_at: Instant,
    /// The latest time seen; time never runs backwards in here.
    pub(crate) latest: Instant,
    /// The caller's device.
    pub(crate) caller: Seat,
    /// The callee's devices.
    pub(crate) rings: Rings,
    /// Where it stands.
    pub(crate) state: State,
    /// Effects not polled yet.
    #[serde(skip)]
    pub(crate) effects: VecDeque<Effect>,
}

impl Call {
    /// Starts a call and rings the callee's connected devices.
    #[must_use]
    pub fn dial(now: Instant, terms: Dial, devices: &Devices) -> Self {
        let caller = Seat::new(terms.caller_device.clone(), terms.settings);
        let mut call = Self {
            terms,
            started_at: now,
            latest: now,
            caller,
            rings: Rings::default(),
            state: State::Ringing,
            effects: VecDeque::new(),
        };
        call.effects.push_back(Effect::Tell(News::Dialled));
        for device in devices.iter().take(limits::DEVICES_PER_USER) {
            call.rings.ring(device);
            call.show(Party::callee(device.clone()));
        }
        call
    }

    /// The terms.
    #[must_use]
    pub const fn terms(&self) -> &Dial {
        &self.terms
    }

    /// When it was dialled.
    #[must_use]
    pub const fn started_at(&self) -> Instant {
        self.started_at
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            State::Ringing | State::Established(_) | State::Connected(_) => None,
        }
    }

    /// When it was accepted, while it lives.
    #[must_use]
    pub const fn accepted_at(&self) -> Option<Instant> {
        match &self.state {
            State::Established(answered) | State::Connected(answered) => Some(answered.at),
            State::Ringing | State::Ended(_) => None,
        }
    }

    /// The device at the other end of an accepted call.
    #[must_use]
    pub fn peer_of(&self, party: &Party) -> Option<Party> {
        let (State::Established(answered) | State::Connected(answered)) = &self.state else {
            return None;
        };
        match party.role {
            Role::Caller if party.device == self.caller.device => {
                Some(Party::callee(answered.callee.device.clone()))
            }
            Role::Callee if party.device == answered.callee.device => {
                Some(Party::caller(self.caller.device.clone()))
            }
            Role::Caller | Role::Callee => None,
        }
    }

    /// The devices that are in the call, not merely rung by it: the caller's, and the one that
    /// answered.
    #[must_use]
    pub fn seated(&self) -> Vec<Party> {
        match &self.state {
            State::Ringing => vec![Party::caller(self.caller.device.clone())],
            State::Established(answered) | State::Connected(answered) => vec![
                Party::caller(self.caller.device.clone()),
                Party::callee(answered.callee.device.clone()),
            ],
            State::Ended(_) => Vec::new(),
        }
    }

    /// Handles one input. Bounded work; a refusal is an effect.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.latest = self.latest.max(now);
        let now = self.latest;
        match &self.state {
            State::Ringing => self.handle_ringing(now, input),
            State::Established(_) | State::Connected(_) => self.handle_answered(now, input),
            State::Ended(_) => self.handle_ended(input),
        }
        self.check();
    }

    /// The next effect.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to hand in [`Input::Tick`], if ever.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        match &self.state {
            State::Ringing => {
                let caller = self.caller.lost_since.map(|since| since + limits::LOST_GRACE);
                let others = [caller, self.rings.wake_at()].into_iter().flatten();
                Some(others.fold(self.ringing_deadline(), Instant::min))
            }
            State::Established(answered) => {
                let deadline = answered.at + self.terms.connection_timeout;
                Some(self.loss_deadline(answered).map_or(deadline, |loss| loss.min(deadline)))
            }
            State::Connected(answered) => self.loss_deadline(answered),
            State::Ended(_) => None,
        }
    }

    pub(crate) fn ringing_deadline(&self) -> Instant {
        self.started_at + self.terms.ringing_timeout
    }

    /// Rule 9: a message for a call that is over is answered, never ignored.
    fn handle_ended(&mut self, input: Input) {
        match input {
            Input::Accept(..) => self.refuse(Refusal::Over),
            // Ending what has ended is what was asked for; the reply carries the result.
            Input::End(..)
            | Input::Media(..)
            | Input::Settings(..)
            | Input::Arrived(_)
            | Input::Lost(..)
            | Input::Left(_)
            | Input::Restarted
            | Input::Tick => {}
        }
    }

    pub(crate) fn end(&mut self, now: Instant, result: EndResult, by: Option<&Party>) {
        let answered = match &self.state {
            State::Established(answered) | State::Connected(answered) => Some(answered.clone()),
            State::Ringing => None,
            State::Ended(_) => return,
        };
        let ringing: Vec<_> = self.rings.ringing().cloned().map(Party::callee).collect();
        let mut audience = vec![Party::caller(self.caller.device.clone())];
        match &answered {
            Some(answered) => audience.push(Party::callee(answered.callee.device.clone())),
            None => audience.extend(ringing),
        }
        self.state = State::Ended(Ended {
            result,
            by: by.map(|party| party.role),
            at: now,
            duration: answered.as_ref().map_or(Millis(0), |a| now.since(a.at)),
            answered_on: answered.as_ref().map(|a| a.callee.device.clone()),
            callee_settings: answered.as_ref().map(|a| a.callee.settings),
        });
        for party in audience.into_iter().filter(|party| Some(party) != by) {
            self.show(party);
        }
        self.effects.push_back(Effect::Tell(News::Ended));
    }

    pub(crate) fn show(&mut self, party: Party) {
        self.effects.push_back(Effect::Show(party));
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.effects.push_back(Effect::Refuse(refusal));
    }

    /// Whether anything but the time differs.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        let at_the_same_time = Self { latest: other.latest, ..self.clone() };
        at_the_same_time != *other
    }

    /// The application's data.
    #[must_use]
    pub const fn custom_items(&self) -> &BTreeMap<String, String> {
        &self.terms.custom_items
    }

    /// What each side sends; the callee's is off before the accept.
    #[must_use]
    pub fn settings(&self) -> (MediaSettings, MediaSettings) {
        let off = MediaSettings { audio_enabled: false, video_enabled: false };
        let callee = match &self.state {
            State::Established(answered) | State::Connected(answered) => answered.callee.settings,
            State::Ended(ended) => ended.callee_settings.unwrap_or(off),
            State::Ringing => off,
        };
        (self.caller.settings, callee)
    }

    /// The invariants; asserted after every step in debug builds and in simulation.
    fn check(&self) {
        if let State::Ended(ended) = &self.state {
            debug_assert!(ended.answered_on.is_some() || ended.duration == Millis(0));
            debug_assert!(ended.result != EndResult::OtherDeviceAccepted);
        }
        if let Some(answered) = self.answered() {
            debug_assert!(answered.at >= self.started_at);
        }
    }

    pub(crate) const fn answered(&self) -> Option<&Answered> {
        match &self.state {
            State::Established(answered) | State::Connected(answered) => Some(answered),
            State::Ringing | State::Ended(_) => None,
        }
    }

    pub(crate) fn is_caller(&self, party: &Party) -> bool {
        party.role == Role::Caller && party.device == self.caller.device
    }

    pub(crate) fn callee_device<'a>(&self, party: &'a Party) -> Option<&'a DeviceId> {
        (party.role == Role::Callee).then_some(&party.device)
    }
}
