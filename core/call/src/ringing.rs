//! Inputs while a call rings: rules 1 to 3, and the vanished caller.

use curlew_base::{EndResult, Instant, limits};

use crate::devices::Ring;
use crate::input::{Answer, Busy, Input, Party};
use crate::machine::Call;
use crate::output::{Effect, News, Refusal};
use crate::state::{Answered, Seat, State};

impl Call {
    pub(crate) fn handle_ringing(&mut self, now: Instant, input: Input) {
        match input {
            Input::Arrived(party) => self.ring_arrived(&party),
            Input::Lost(party, since) => self.ring_lost(now, &party, since.min(now)),
            Input::Left(party) => self.ring_left(now, &party),
            Input::Presence(known) => {
                let lost = |party: &Party| known.get(party).copied().unwrap_or(Some(now));
                self.caller.lost_since = lost(&Party::caller(self.caller.device.clone()));
                self.rings.set_lost(|device| lost(&Party::callee(device.clone())));
            }
            Input::Rung(party) => self.rung(&party),
            Input::Accept(party, answer) => self.accept(now, &party, answer),
            Input::End(party, busy) => self.cancel_or_decline(now, &party, busy),
            Input::PeerEnded(party) | Input::Media(party, _) => {
                self.refuse_stranger_or(&party, Refusal::WrongState);
            }
            Input::Items(party, change) => self.change_items(&party, change),
            Input::Settings(party, settings) => {
                if self.is_caller(&party) {
                    self.caller.take(settings);
                } else {
                    self.refuse_stranger_or(&party, Refusal::WrongState);
                }
            }
            Input::Tick => self.ring_tick(now),
        }
    }

    fn ring_arrived(&mut self, party: &Party) {
        if self.is_caller(party) {
            self.caller.lost_since = None;
        } else if let Some(device) = self.callee_device(party) {
            let known = self.rings.get(device).is_some();
            if self.rings.ring(device) && !known {
                self.show(party.clone());
            }
        }
    }

    fn rung(&mut self, party: &Party) {
        match self.callee_device(party) {
            Some(device) => {
                self.rings.confirm(device);
            }
            None => self.refuse_stranger_or(party, Refusal::WrongState),
        }
    }

    fn ring_lost(&mut self, now: Instant, party: &Party, since: Instant) {
        if self.is_caller(party) {
            self.caller.lost_since.get_or_insert(since);
        } else if let Some(device) = self.callee_device(party) {
            self.rings.lose(device, since);
        }
        self.ring_tick(now);
    }

    fn ring_left(&mut self, now: Instant, party: &Party) {
        if self.is_caller(party) {
            self.end(now, EndResult::Canceled, Some(party.role), Some(party));
        } else if let Some(device) = self.callee_device(party) {
            self.rings.remove(device);
            self.end_if_nobody_left(now, None);
        }
    }

    /// Rule 2: the first accept wins.
    fn accept(&mut self, now: Instant, party: &Party, answer: Answer) {
        let Some(device) = self.callee_device(party) else {
            return self.refuse_stranger_or(party, Refusal::WrongState);
        };
        if now >= self.ringing_deadline() {
            self.end(now, EndResult::NoAnswer, None, Some(party));
            return self.refuse(Refusal::Over);
        }
        if matches!(self.rings.get(device), Some(Ring::Declined(_))) {
            return self.refuse(Refusal::Over);
        }
        let losers: Vec<_> =
            self.rings.ringing().filter(|d| *d != device).cloned().map(Party::callee).collect();
        let leg = self.rings.leg_to_answer(device);
        let callee = Seat::new(device.clone(), answer.settings);
        self.answer_key = answer.dial_key;
        self.state = State::Established(Answered { callee, leg, at: now });
        self.show(Party::caller(self.caller.device.clone()));
        losers.into_iter().for_each(|party| self.show(party));
        self.effects.push_back(Effect::Tell(News::Accepted));
    }

    /// Rule 3.
    fn cancel_or_decline(&mut self, now: Instant, party: &Party, busy: Busy) {
        if self.is_caller(party) {
            return self.end(now, EndResult::Canceled, Some(party.role), Some(party));
        }
        let Some(device) = self.callee_device(party) else {
            return self.refuse(Refusal::NotAParty);
        };
        let declined = matches!(self.rings.get(device), Some(Ring::Declined(_)));
        match busy {
            _ if declined => {}
            Busy::Free => self.end(now, EndResult::Declined, Some(party.role), Some(party)),
            Busy::InAnotherCall if !self.rings.ring(device) => {
                self.refuse(Refusal::TooManyDevices);
            }
            Busy::InAnotherCall => {
                self.rings.decline(device, now);
                self.end_if_nobody_left(now, Some(party));
            }
        }
    }

    fn end_if_nobody_left(&mut self, now: Instant, by: Option<&Party>) {
        if self.rings.nobody_left() {
            self.end(now, EndResult::Declined, by.map(|party| party.role), by);
        }
    }

    fn ring_tick(&mut self, now: Instant) {
        let caller_gone =
            self.caller.lost_since.is_some_and(|since| now >= since + limits::LOST_GRACE);
        // Nobody is left to talk to, so the ring stops early; for the callee it is a missed call.
        if now >= self.ringing_deadline() || caller_gone {
            return self.end(now, EndResult::NoAnswer, None, None);
        }
        self.rings.expire(now);
        self.end_if_nobody_left(now, None);
    }

    fn refuse_stranger_or(&mut self, party: &Party, refusal: Refusal) {
        let stranger = !self.is_caller(party) && self.callee_device(party).is_none();
        self.refuse(if stranger { Refusal::NotAParty } else { refusal });
    }
}
