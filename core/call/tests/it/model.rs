//! What a call is by the rules 1 to 9, told once more: not as a machine that moves on, but as
//! questions put to the log of everything that happened.

use curlew_base::{DeviceId, EndResult, Role};
use curlew_call::{Busy, Input, ItemsChange, MediaSettings, Party, Path, Refusal, ViewState};
use std::collections::BTreeMap;

use crate::story::party;

/// Rule 7's grace, in milliseconds.
const GRACE: u64 = 30_000;

/// One entry: when, and what.
pub type Entry = (u64, Input);

/// The log of a call that `a1` dialled.
pub struct Model {
    /// When it was dialled, in milliseconds.
    pub start: u64,
    /// How long it may ring, and how long media may take.
    pub timeouts: (u64, u64),
    /// The callee's devices that were connected.
    pub devices: Vec<&'static str>,
    /// What the caller sent at first.
    pub settings: MediaSettings,
    /// What happened, in order.
    pub log: Vec<Entry>,
}

/// An end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The result.
    pub result: EndResult,
    /// Whose doing.
    pub by: Option<Role>,
    /// When.
    pub at: u64,
}

/// One device's ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ring {
    No,
    Rings { lost: Option<u64>, said_so: bool },
    Declined(u64),
}

impl Model {
    fn before(&self, n: usize) -> impl Iterator<Item = &Entry> {
        self.log.iter().take(n)
    }

    /// Rule 2: the first accept of a callee's device that has not declined for itself wins. Asked
    /// of the first `n` entries, in which the call did not end.
    fn winner(&self, n: usize) -> Option<(usize, &DeviceId)> {
        self.before(n).enumerate().find_map(|(i, (at, input))| match input {
            Input::Accept(by, _) if by.role == Role::Callee => {
                let declined = matches!(self.ring(&by.device, i, *at), Ring::Declined(_));
                (!declined).then_some((i, &by.device))
            }
            _ => None,
        })
    }

    /// Rules 1 and 3 for one device of the callee: what its ring is after `n` entries, at `t`.
    fn ring(&self, device: &DeviceId, n: usize, t: u64) -> Ring {
        let fresh = Ring::Rings { lost: None, said_so: false };
        let first = self.devices.iter().any(|name| *name == device.as_str());
        let mut ring = if first { fresh } else { Ring::No };
        let me = Party::callee(device.clone());
        for (at, input) in self.before(n) {
            ring = gone_by(ring, *at);
            ring = match (ring, input) {
                (Ring::No, Input::Arrived(by)) if *by == me => fresh,
                (Ring::Rings { said_so, .. }, Input::Arrived(by)) if *by == me => {
                    Ring::Rings { lost: None, said_so }
                }
                (Ring::Rings { lost: None, said_so }, Input::Lost(by, since)) if *by == me => {
                    Ring::Rings { lost: Some(since.unix_ms().min(*at)), said_so }
                }
                (Ring::Rings { said_so, .. }, Input::Presence(known)) => {
                    Ring::Rings { lost: lost_in(known, &me, *at), said_so }
                }
                (Ring::Rings { lost, .. }, Input::Rung(by)) if *by == me => {
                    Ring::Rings { lost, said_so: true }
                }
                (Ring::Rings { .. }, Input::Left(by)) if *by == me => Ring::No,
                (Ring::No | Ring::Rings { .. }, Input::End(by, Busy::InAnotherCall))
                    if *by == me =>
                {
                    Ring::Declined(*at)
                }
                (ring, _) => ring,
            };
        }
        gone_by(ring, t)
    }

    fn callees(&self, n: usize) -> Vec<DeviceId> {
        let named = self.before(n).flat_map(|(_, input)| match input {
            Input::Arrived(by) | Input::End(by, _) => Some(by.device.clone()),
            _ => None,
        });
        let first = self.devices.iter().map(|name| party(name).device);
        let mut all: Vec<_> = first.chain(named).filter(|d| d.as_str().starts_with('b')).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Rule 3: some device declined for itself, and none is left that could answer.
    fn nobody_left(&self, n: usize, t: u64) -> bool {
        let rings: Vec<_> = self.callees(n).iter().map(|d| self.ring(d, n, t)).collect();
        rings.iter().any(|ring| matches!(ring, Ring::Declined(_)))
            && !rings.iter().any(|ring| matches!(ring, Ring::Rings { .. }))
    }

    /// Since when a party's connection is gone, by what was said of it from entry `from` on.
    fn lost(&self, who: &Party, from: usize, n: usize) -> Option<u64> {
        let mut lost = None;
        for (at, input) in self.before(n).skip(from) {
            match input {
                Input::Arrived(by) if by == who => lost = None,
                Input::Lost(by, since) if by == who => {
                    lost = lost.or(Some(since.unix_ms().min(*at)));
                }
                Input::Presence(known) => lost = lost_in(known, who, *at),
                _ => {}
            }
        }
        lost
    }

    /// What a party last told of its media since it is in the call.
    fn path(&self, who: &Party, accepted: usize, n: usize) -> Path {
        let told = self.before(n).skip(accepted).filter_map(|(_, input)| match input {
            Input::Media(by, path) if by == who => Some(*path),
            _ => None,
        });
        told.last().unwrap_or(Path::Pending)
    }

    /// Whether media was up on both sides at any time (rule 2).
    fn connected(&self, accepted: usize, n: usize) -> bool {
        let Some((_, device)) = self.winner(n) else { return false };
        let sides = [party("a1"), Party::callee(device.clone())];
        let both_up = |n| sides.iter().all(|side| self.path(side, accepted, n) == Path::Up);
        (accepted..=n).any(both_up)
    }

    /// The end that time alone brings to what stands after `n` entries, if it came by `t`.
    fn end_by_time(&self, n: usize, t: u64) -> Option<End> {
        let said_at = self.before(n).last().map_or(self.start, |(at, _)| *at);
        let due = |at: u64, result| (at <= t).then(|| (at.max(said_at), result));
        let caller = party("a1");
        let Some((accepted, device)) = self.winner(n) else {
            let timeout = due(self.start + self.timeouts.0, EndResult::NoAnswer);
            let gone = self.lost(&caller, 0, n).and_then(|s| due(s + GRACE, EndResult::NoAnswer));
            let moments = self.callees(n).into_iter().filter_map(|d| match self.ring(&d, n, 0) {
                Ring::Rings { lost, .. } => lost.map(|since| since + GRACE),
                Ring::No | Ring::Declined(_) => None,
            });
            let alone = moments.filter(|at| *at <= t && self.nobody_left(n, *at)).min();
            let alone = alone.map(|at| (at.max(said_at), EndResult::Declined));
            // Where two fall together, the call went unanswered.
            let ends = [timeout, gone, alone].into_iter().flatten();
            let (at, result) = ends.min_by_key(|(at, _)| *at)?;
            return Some(End { result, by: None, at });
        };
        let callee = Party::callee(device.clone());
        let lost = (self.lost(&caller, 0, n), self.lost(&callee, accepted + 1, n));
        let without =
            |side: &Party| matches!(self.path(side, accepted, n), Path::Down | Path::Failed);
        let loss = match lost {
            (Some(one), Some(two)) => Some(one.max(two) + GRACE),
            (Some(since), None) if without(&callee) => Some(since + GRACE),
            (None, Some(since)) if without(&caller) => Some(since + GRACE),
            _ => None,
        };
        let timeout = self.log[accepted].0 + self.timeouts.1;
        let timeout = (!self.connected(accepted, n)).then_some(timeout);
        let (at, result) = match (loss, timeout) {
            (Some(loss), Some(timeout)) if loss < timeout => (loss, EndResult::ConnectionLost),
            (_, Some(timeout)) => (timeout, EndResult::TimedOut),
            (Some(loss), None) => (loss, EndResult::ConnectionLost),
            (None, None) => return None,
        };
        due(at, result).map(|(at, result)| End { result, by: None, at })
    }

    /// The end that entry `i` itself brings to a call that lives.
    fn end_by_deed(&self, i: usize) -> Option<End> {
        let (at, input) = &self.log[i];
        let end = |result, by| Some(End { result, by, at: *at });
        let Some((accepted, device)) = self.winner(i) else {
            return match input {
                Input::End(by, _) | Input::Left(by) if *by == party("a1") => {
                    end(EndResult::Canceled, Some(Role::Caller))
                }
                Input::End(by, Busy::Free) if by.role == Role::Callee => {
                    let declined = matches!(self.ring(&by.device, i, *at), Ring::Declined(_));
                    if declined { None } else { end(EndResult::Declined, Some(Role::Callee)) }
                }
                Input::End(by, Busy::InAnotherCall) if by.role == Role::Callee => {
                    let alone = self.nobody_left(i + 1, *at) && !self.nobody_left(i, *at);
                    if alone { end(EndResult::Declined, Some(Role::Callee)) } else { None }
                }
                Input::Left(by) if by.role == Role::Callee && self.nobody_left(i + 1, *at) => {
                    end(EndResult::Declined, None)
                }
                _ => None,
            };
        };
        let sits = |by: &Party| *by == party("a1") || *by == Party::callee(device.clone());
        let connected = self.connected(accepted, i);
        let hung_up = if connected { EndResult::Completed } else { EndResult::NotConnected };
        match input {
            Input::End(by, _) | Input::Left(by) if sits(by) => end(hung_up, Some(by.role)),
            Input::PeerEnded(by) if sits(by) => end(hung_up, Some(by.role.other())),
            Input::Media(by, Path::Failed) if sits(by) && connected => {
                end(EndResult::ConnectionLost, None)
            }
            _ => None,
        }
    }

    /// How the call ended by `t`, and after how many entries.
    pub fn end(&self, t: u64) -> Option<(usize, End)> {
        for i in 0..self.log.len() {
            if let Some(end) = self.end_by_time(i, self.log[i].0) {
                return Some((i, end));
            }
            if let Some(end) = self.end_by_deed(i) {
                return Some((i + 1, end));
            }
        }
        self.end_by_time(self.log.len(), t).map(|end| (self.log.len(), end))
    }

    /// What a party sees at `t`.
    pub fn sees(&self, who: &Party, t: u64) -> Option<ViewState> {
        let over = self.end(t);
        let n = over.map_or(self.log.len(), |(n, _)| n);
        let winner = self.winner(n);
        // The rings are as they were when the call was answered.
        let (rings, rung_at) =
            winner.map_or((n, t), |(accepted, _)| (accepted, self.log[accepted].0));
        let ring = self.ring(&who.device, rings, over.map_or(rung_at, |(_, e)| e.at.min(rung_at)));
        let ended = |end: End, at: u64, duration: u64| ViewState::Ended {
            result: end.result,
            by: end.by,
            at: curlew_base::Instant::from_unix_ms(at),
            duration: curlew_base::Millis(duration),
        };
        let alone = |result, at| ended(End { result, by: Some(Role::Callee), at }, at, 0);
        let in_it = match (&winner, over) {
            (None, None) => ViewState::Ringing,
            (Some((accepted, _)), None) if self.connected(*accepted, n) => ViewState::Connected,
            (Some(_), None) => ViewState::Established,
            (winner, Some((_, end))) => {
                let since = winner.map_or(end.at, |(accepted, _)| self.log[accepted].0);
                ended(end, end.at, end.at - since)
            }
        };
        match (who.role, ring, &winner) {
            (Role::Caller, _, _) => (*who == party("a1")).then_some(in_it),
            (Role::Callee, Ring::Declined(at), _) => Some(alone(EndResult::Declined, at)),
            (Role::Callee, _, Some((_, device))) if **device == who.device => Some(in_it),
            (Role::Callee, Ring::No | Ring::Rings { .. }, Some((accepted, _))) => {
                Some(alone(EndResult::OtherDeviceAccepted, self.log[*accepted].0))
            }
            (Role::Callee, Ring::Rings { .. }, None) => Some(in_it),
            (Role::Callee, Ring::No, None) => over.map(|_| in_it),
        }
    }

    /// How many devices ring, are connected, and have said so.
    pub fn reach(&self, t: u64) -> usize {
        let n = self.log.len();
        if self.end(t).is_some() || self.winner(n).is_some() {
            return 0;
        }
        let said = |d: &DeviceId| self.ring(d, n, t) == Ring::Rings { lost: None, said_so: true };
        self.callees(n).iter().filter(|device| said(device)).count()
    }

    /// What a side sends: the newest of its own settings that came while it had a part.
    pub fn settings(&self, role: Role, t: u64) -> Option<MediaSettings> {
        let n = self.end(t).map_or(self.log.len(), |(n, _)| n);
        let winner = self.winner(n);
        let (who, from, mut newest) = match (role, winner) {
            (Role::Caller, _) => (party("a1"), 0, self.settings),
            (Role::Callee, None) => return None,
            (Role::Callee, Some((accepted, device))) => {
                let Input::Accept(_, answer) = &self.log[accepted].1 else { return None };
                (Party::callee(device.clone()), accepted + 1, answer.settings)
            }
        };
        for (_, input) in self.before(n).skip(from) {
            match input {
                Input::Settings(by, to) if *by == who && to.revision > newest.revision => {
                    newest = *to
                }
                _ => {}
            }
        }
        Some(newest)
    }

    /// The custom items: whoever changes them last is right, unless there would be over ten.
    pub fn items(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        for (_, input) in &self.log {
            let Input::Items(_, change) = input else { continue };
            items = changed(&items, change).unwrap_or(items);
        }
        items
    }

    /// What the last entry is refused with.
    pub fn refusal(&self) -> Option<Refusal> {
        let n = self.log.len() - 1;
        let (at, input) = self.log.last()?;
        if let Input::Items(_, change) = input {
            let before =
                Self { log: self.log[..n].to_vec(), devices: self.devices.clone(), ..*self };
            let refused = changed(&before.items(), change).is_none();
            return refused.then_some(Refusal::TooManyItems);
        }
        let over = self.end(*at).is_some_and(|(ended, _)| ended <= n);
        if over {
            return matches!(input, Input::Accept(..)).then_some(Refusal::Over);
        }
        match self.winner(n) {
            None => self.refusal_while_it_rings(n),
            Some((_, device)) => self.refusal_once_answered(n, device),
        }
    }

    fn refusal_while_it_rings(&self, n: usize) -> Option<Refusal> {
        let (at, input) = &self.log[n];
        let caller = |by: &Party| *by == party("a1");
        let stranger = |by: &Party| by.role == Role::Caller && !caller(by);
        match input {
            Input::Accept(by, _)
            | Input::End(by, _)
            | Input::PeerEnded(by)
            | Input::Media(by, _)
            | Input::Settings(by, _)
            | Input::Rung(by)
                if stranger(by) =>
            {
                Some(Refusal::NotAParty)
            }
            Input::Accept(by, _) if caller(by) => Some(Refusal::WrongState),
            Input::Accept(by, _) => {
                matches!(self.ring(&by.device, n, *at), Ring::Declined(_)).then_some(Refusal::Over)
            }
            Input::PeerEnded(_) | Input::Media(..) => Some(Refusal::WrongState),
            Input::Settings(by, _) => (!caller(by)).then_some(Refusal::WrongState),
            Input::Rung(by) => caller(by).then_some(Refusal::WrongState),
            Input::End(..)
            | Input::Arrived(_)
            | Input::Lost(..)
            | Input::Left(_)
            | Input::Presence(_)
            | Input::Items(..)
            | Input::Tick => None,
        }
    }

    fn refusal_once_answered(&self, n: usize, device: &DeviceId) -> Option<Refusal> {
        let (_, input) = &self.log[n];
        let sits = |by: &Party| *by == party("a1") || *by == Party::callee(device.clone());
        match input {
            Input::Accept(by, _) if by.role == Role::Caller => Some(Refusal::WrongState),
            Input::Accept(by, _) if !sits(by) => Some(Refusal::Over),
            Input::Media(by, _) | Input::Settings(by, _) if !sits(by) => Some(match by.role {
                Role::Caller => Refusal::NotAParty,
                Role::Callee => Refusal::Over,
            }),
            Input::End(by, _) | Input::PeerEnded(by) if !sits(by) => {
                let before = self.before(n).last().map_or(self.start, |(at, _)| *at);
                let history = self.log[..n].to_vec();
                let then = Self { log: history, devices: self.devices.clone(), ..*self };
                then.sees(by, before).is_none().then_some(Refusal::NotAParty)
            }
            _ => None,
        }
    }
}

/// A ring whose device has been away for the grace is none.
const fn gone_by(ring: Ring, t: u64) -> Ring {
    match ring {
        Ring::Rings { lost: Some(since), .. } if since + GRACE <= t => Ring::No,
        Ring::Rings { .. } | Ring::No | Ring::Declined(_) => ring,
    }
}

fn lost_in(
    known: &BTreeMap<Party, Option<curlew_base::Instant>>,
    who: &Party,
    at: u64,
) -> Option<u64> {
    match known.get(who) {
        Some(lost) => lost.map(curlew_base::Instant::unix_ms),
        None => Some(at),
    }
}

fn changed(
    items: &BTreeMap<String, String>,
    change: &ItemsChange,
) -> Option<BTreeMap<String, String>> {
    let mut items = items.clone();
    match change {
        ItemsChange::Update(more) => items.extend(more.clone()),
        ItemsChange::Delete(keys) => items.retain(|key, _| !keys.contains(key)),
        ItemsChange::DeleteAll => items.clear(),
    }
    (items.len() <= 10).then_some(items)
}
