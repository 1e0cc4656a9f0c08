//! The machine: which input is handled where, deadlines, and the end.

use curlew_base::{DeviceId, EndResult, Instant, Millis, Role, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::devices::{Ring, Rings};
use crate::input::{Devices, Dial, Input, ItemsChange, Party};
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
    /// The application's data.
    pub(crate) items: BTreeMap<String, String>,
    /// The key of the dial that was the answer (rule 4).
    pub(crate) answer_key: Option<String>,
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
        let items = terms.custom_items.clone();
        let mut call = Self {
            terms,
            started_at: now,
            latest: now,
            caller,
            rings: Rings::default(),
            items,
            answer_key: None,
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

    /// Who is at the other end of a signal, and the leg that it is about: while it rings, the
    /// caller and the devices that ring; afterwards the two that are in the call.
    #[must_use]
    pub fn signal_peer(&self, party: &Party, leg: Option<u32>) -> Option<(Party, u32)> {
        match &self.state {
            State::Ringing if self.is_caller(party) => {
                let leg = leg?;
                self.rings.of_leg(leg).map(|device| (Party::callee(device.clone()), leg))
            }
            State::Ringing => {
                let leg = self.rings.leg(self.callee_device(party)?)?;
                Some((Party::caller(self.caller.device.clone()), leg))
            }
            State::Established(answered) | State::Connected(answered) => {
                // What the caller meant for a device that did not answer must not reach another.
                let meant = leg.is_none_or(|leg| leg == answered.leg);
                self.peer_of(party).filter(|_| meant).map(|peer| (peer, answered.leg))
            }
            State::Ended(_) => None,
        }
    }

    /// The leg that answered.
    #[must_use]
    pub const fn answered_leg(&self) -> Option<u32> {
        match &self.state {
            State::Established(answered) | State::Connected(answered) => Some(answered.leg),
            State::Ended(ended) => ended.answered_leg,
            State::Ringing => None,
        }
    }

    /// The devices that have said that they ring, connected or not.
    pub fn confirmed_devices(&self) -> impl Iterator<Item = &DeviceId> {
        let ringing = matches!(self.state, State::Ringing);
        self.rings.ringing().filter(move |device| ringing && self.rings.is_confirmed(device))
    }

    /// How many devices are connected and have said that they ring.
    #[must_use]
    pub fn ringing_devices(&self) -> u32 {
        match &self.state {
            State::Ringing => self.rings.confirmed(),
            State::Established(_) | State::Connected(_) | State::Ended(_) => 0,
        }
    }

    /// Whether the device declined for itself alone, so that the call is over for it only.
    #[must_use]
    pub fn declined_by(&self, device: &DeviceId) -> bool {
        matches!(self.rings.get(device), Some(Ring::Declined(_)))
    }

    /// The devices whose connection matters, each with the time since when it is lost, if it is:
    /// those in the call and those that ring.
    #[must_use]
    pub fn presence(&self) -> BTreeMap<Party, Option<Instant>> {
        let caller = (Party::caller(self.caller.device.clone()), self.caller.lost_since);
        match &self.state {
            State::Ringing => {
                let of = |device: &DeviceId| {
                    (Party::callee(device.clone()), self.rings.lost_since(device))
                };
                self.rings.ringing().map(of).chain([caller]).collect()
            }
            State::Established(answered) | State::Connected(answered) => {
                let callee = &answered.callee;
                [caller, (Party::callee(callee.device.clone()), callee.lost_since)].into()
            }
            State::Ended(_) => BTreeMap::new(),
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
        let reach = self.rings.confirmed();
        match &self.state {
            State::Ringing => self.handle_ringing(now, input),
            State::Established(_) | State::Connected(_) => self.handle_answered(now, input),
            State::Ended(_) => self.handle_ended(input),
        }
        if matches!(self.state, State::Ringing) && self.rings.confirmed() != reach {
            let caller = Party::caller(self.caller.device.clone());
            self.effects.push_back(Effect::Refresh(caller));
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
            Input::Items(party, change) => self.change_items(&party, change),
            // Ending what has ended is what was asked for; the reply carries the result.
            Input::End(..)
            | Input::PeerEnded(_)
            | Input::Rung(_)
            | Input::Media(..)
            | Input::Settings(..)
            | Input::Arrived(_)
            | Input::Lost(..)
            | Input::Left(_)
            | Input::Presence(_)
            | Input::Tick => {}
        }
    }

    /// Ends the call. `asker` is told by the reply to what it asked, the others by an event.
    pub(crate) fn end(
        &mut self,
        now: Instant,
        result: EndResult,
        by: Option<Role>,
        asker: Option<&Party>,
    ) {
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
            by,
            at: now,
            duration: answered.as_ref().map_or(Millis(0), |a| now.since(a.at)),
            answered_on: answered.as_ref().map(|a| a.callee.device.clone()),
            answered_leg: answered.as_ref().map(|a| a.leg),
            callee_settings: answered.as_ref().map(|a| a.callee.settings),
        });
        for party in audience.into_iter().filter(|party| Some(party) != asker) {
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
        &self.items
    }

    /// The key of the callee's own dial that was the answer (rule 4).
    #[must_use]
    pub fn answer_key(&self) -> Option<&str> {
        self.answer_key.as_deref()
    }

    /// What each side sends; the callee's is off before the accept.
    #[must_use]
    pub fn settings(&self) -> (MediaSettings, MediaSettings) {
        let off = MediaSettings {
            audio_enabled: false,
            video_enabled: false,
            on_hold: false,
            revision: 0,
        };
        let callee = match &self.state {
            State::Established(answered) | State::Connected(answered) => answered.callee.settings,
            State::Ended(ended) => ended.callee_settings.unwrap_or(off),
            State::Ringing => off,
        };
        (self.caller.settings, callee)
    }

    /// Changes the custom items and shows them to every other device that has a part in the call.
    pub(crate) fn change_items(&mut self, party: &Party, change: ItemsChange) {
        let mut items = self.items.clone();
        match change {
            ItemsChange::Update(more) => items.extend(more),
            ItemsChange::Delete(keys) => items.retain(|key, _| !keys.contains(key)),
            ItemsChange::DeleteAll => items.clear(),
        }
        if items.len() > limits::CUSTOM_ITEMS {
            return self.refuse(Refusal::TooManyItems);
        }
        if items == self.items {
            return;
        }
        self.items = items;
        let callees: BTreeSet<_> =
            self.rings.devices().cloned().chain(self.answered_on()).collect();
        let callees = callees.into_iter().map(Party::callee);
        let all = std::iter::once(Party::caller(self.caller.device.clone())).chain(callees);
        let others: Vec<_> = all.filter(|other| other != party).collect();
        others.into_iter().for_each(|other| self.show(other));
    }

    /// The device that has answered, also of a call that is over.
    fn answered_on(&self) -> Option<DeviceId> {
        match &self.state {
            State::Established(answered) | State::Connected(answered) => {
                Some(answered.callee.device.clone())
            }
            State::Ended(ended) => ended.answered_on.clone(),
            State::Ringing => None,
        }
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
