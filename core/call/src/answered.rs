//! Inputs between accept and end: media, settings, hanging up, vanished sides.

use curlew_base::{EndResult, Instant, Role, limits};

use crate::input::{Input, Party};
use crate::machine::Call;
use crate::output::Refusal;
use crate::state::{Answered, MediaSettings, Path, Seat, State};

impl Call {
    pub(crate) fn handle_answered(&mut self, now: Instant, input: Input) {
        match input {
            Input::Arrived(party) => {
                if let Some(seat) = self.seat(&party) {
                    seat.lost_since = None;
                }
            }
            Input::Lost(party, since) => {
                if let Some(seat) = self.seat(&party) {
                    seat.lost_since.get_or_insert(since.min(now));
                }
                self.answered_tick(now, None);
            }
            Input::Left(party) => {
                if self.seat(&party).is_some() {
                    self.hang_up(now, &party);
                }
            }
            Input::Presence(known) => {
                let lost = |party: &Party| known.get(party).copied().unwrap_or(Some(now));
                self.caller.lost_since = lost(&Party::caller(self.caller.device.clone()));
                if let Some(answered) = self.answered_mut() {
                    let callee = &mut answered.callee;
                    callee.lost_since = lost(&Party::callee(callee.device.clone()));
                }
            }
            // The ring stopped by the accept; a late word about it is of no use to anyone.
            Input::Rung(_) => {}
            Input::Accept(party, _) => self.accept_again(&party),
            Input::End(party, _) => match self.seat(&party) {
                Some(_) => self.hang_up(now, &party),
                None => self.over_for(&party),
            },
            Input::PeerEnded(party) => match self.seat(&party) {
                Some(_) => {
                    self.end(now, self.hang_up_result(), Some(party.role.other()), Some(&party))
                }
                None => self.over_for(&party),
            },
            Input::Items(party, change) => self.change_items(&party, change),
            Input::Media(party, path) => self.media(now, &party, path),
            Input::Settings(party, settings) => self.change_settings(&party, settings),
            Input::Tick => self.answered_tick(now, None),
        }
    }

    /// The winner may repeat its accept; for the others the call is over.
    fn accept_again(&mut self, party: &Party) {
        match party.role {
            Role::Callee if self.seat(party).is_some() => {}
            Role::Callee => self.refuse(Refusal::Over),
            Role::Caller => self.refuse(Refusal::WrongState),
        }
    }

    fn hang_up(&mut self, now: Instant, party: &Party) {
        self.end(now, self.hang_up_result(), Some(party.role), Some(party));
    }

    const fn hang_up_result(&self) -> EndResult {
        match &self.state {
            State::Connected(_) => EndResult::Completed,
            State::Ringing | State::Established(_) | State::Ended(_) => EndResult::NotConnected,
        }
    }

    fn media(&mut self, now: Instant, party: &Party, path: Path) {
        let Some(seat) = self.seat(party) else { return self.refuse_unseated(party) };
        seat.path = path;
        match (&self.state, path) {
            (State::Connected(_), Path::Failed) => {
                self.end(now, EndResult::ConnectionLost, None, Some(party));
            }
            (State::Established(answered), Path::Up)
                if self.caller.path == Path::Up && answered.callee.path == Path::Up =>
            {
                let answered = answered.clone();
                let other = answered.callee.device.clone();
                self.state = State::Connected(answered);
                let parties = [Party::caller(self.caller.device.clone()), Party::callee(other)];
                parties.into_iter().filter(|p| p != party).for_each(|p| self.show(p));
            }
            (State::Ringing | State::Ended(_), _)
            | (State::Connected(_), Path::Pending | Path::Up | Path::Down)
            | (State::Established(_), Path::Pending | Path::Up | Path::Down | Path::Failed) => {
                self.answered_tick(now, Some(party));
            }
        }
    }

    fn change_settings(&mut self, party: &Party, settings: MediaSettings) {
        let Some(seat) = self.seat(party) else { return self.refuse_unseated(party) };
        if !seat.take(settings) {
            return;
        }
        if let Some(peer) = self.peer_of(party) {
            self.show(peer);
        }
    }

    /// `asker` is the party whose request brought the time along.
    fn answered_tick(&mut self, now: Instant, asker: Option<&Party>) {
        let (result, deadline) = match &self.state {
            State::Established(answered) => {
                let timeout = answered.at + self.terms.connection_timeout;
                match self.loss_deadline(answered) {
                    Some(loss) if loss < timeout => (EndResult::ConnectionLost, Some(loss)),
                    Some(_) | None => (EndResult::TimedOut, Some(timeout)),
                }
            }
            State::Connected(answered) => (EndResult::ConnectionLost, self.loss_deadline(answered)),
            State::Ringing | State::Ended(_) => return,
        };
        if deadline.is_some_and(|deadline| now >= deadline) {
            self.end(now, result, None, asker);
        }
    }

    /// Rule 7: both sessions lost for the grace, or one lost and the other without its media.
    pub(crate) fn loss_deadline(&self, answered: &Answered) -> Option<Instant> {
        let (a, b) = (&self.caller, &answered.callee);
        match (a.lost_since, b.lost_since) {
            (Some(one), Some(two)) => Some(one.max(two) + limits::LOST_GRACE),
            (Some(since), None) if without_media(b) => Some(since + limits::LOST_GRACE),
            (None, Some(since)) if without_media(a) => Some(since + limits::LOST_GRACE),
            (Some(_) | None, Some(_) | None) => None,
        }
    }

    fn seat(&mut self, party: &Party) -> Option<&mut Seat> {
        if self.is_caller(party) {
            return Some(&mut self.caller);
        }
        let device = self.callee_device(party)?.clone();
        self.answered_mut().map(|a| &mut a.callee).filter(|seat| seat.device == device)
    }

    const fn answered_mut(&mut self) -> Option<&mut Answered> {
        match &mut self.state {
            State::Established(answered) | State::Connected(answered) => Some(answered),
            State::Ringing | State::Ended(_) => None,
        }
    }

    /// Ending what is over for this device is what was asked for; the reply carries its end.
    fn over_for(&mut self, party: &Party) {
        if self.view(party).is_none() {
            self.refuse(Refusal::NotAParty);
        }
    }

    fn refuse_unseated(&mut self, party: &Party) {
        let over = self.callee_device(party).is_some();
        self.refuse(if over { Refusal::Over } else { Refusal::NotAParty });
    }
}

fn without_media(seat: &Seat) -> bool {
    match seat.path {
        Path::Down | Path::Failed => true,
        Path::Pending | Path::Up => false,
    }
}
