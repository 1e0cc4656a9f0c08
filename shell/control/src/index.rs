//! What this node knows of live calls and present devices; derived, never the truth.

use curlew_base::{AppId, CallId, Instant, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Mutex;

use crate::ports::DeviceKey;
use crate::presence::Presence;
use crate::record::Record;

/// A call behind its lock; `None` until its dial is committed.
pub(crate) type Slot = Arc<Mutex<Option<Arc<Record>>>>;
type Person = (AppId, UserId);

/// Look-ups over live calls and devices.
#[derive(Default)]
pub(crate) struct Index {
    calls: BTreeMap<CallId, Slot>,
    by_user: BTreeMap<Person, BTreeSet<CallId>>,
    seats: BTreeMap<DeviceKey, BTreeSet<CallId>>,
    seated: BTreeMap<CallId, Vec<DeviceKey>>,
    deadlines: BTreeSet<(Instant, CallId)>,
    deadline_of: BTreeMap<CallId, Instant>,
    /// Devices with a session.
    pub presence: Presence,
}

impl Index {
    pub fn slot(&self, id: &CallId) -> Option<Slot> {
        self.calls.get(id).cloned()
    }

    pub fn open(&mut self, id: &CallId, slot: Slot, app: &AppId, users: [&UserId; 2]) {
        self.calls.insert(id.clone(), slot);
        for user in users {
            self.by_user.entry((app.clone(), user.clone())).or_default().insert(id.clone());
        }
    }

    /// Brings seats and deadline up to date.
    pub fn refresh(&mut self, record: &Record) {
        let id = &record.call.terms().call_id;
        let seated: Vec<_> = record.call.seated().iter().map(|p| record.key(p)).collect();
        for key in self.seated.insert(id.clone(), seated.clone()).unwrap_or_default() {
            remove_from(&mut self.seats, &key, id);
        }
        for key in seated {
            self.seats.entry(key).or_default().insert(id.clone());
        }
        if let Some(at) = self.deadline_of.remove(id) {
            self.deadlines.remove(&(at, id.clone()));
        }
        if let Some(at) = record.call.wake_at() {
            self.deadline_of.insert(id.clone(), at);
            self.deadlines.insert((at, id.clone()));
        }
    }

    /// Forgets a call that is over, or that never was.
    pub fn close(&mut self, id: &CallId, app: &AppId, users: [&UserId; 2]) {
        self.calls.remove(id);
        for user in users {
            remove_from(&mut self.by_user, &(app.clone(), user.clone()), id);
        }
        for key in self.seated.remove(id).unwrap_or_default() {
            remove_from(&mut self.seats, &key, id);
        }
        if let Some(at) = self.deadline_of.remove(id) {
            self.deadlines.remove(&(at, id.clone()));
        }
    }

    pub fn calls_of(&self, app: &AppId, user: &UserId) -> Vec<CallId> {
        let calls = self.by_user.get(&(app.clone(), user.clone()));
        calls.into_iter().flatten().cloned().collect()
    }

    /// The calls a device is in, rather than merely rung by.
    pub fn seats_of(&self, device: &DeviceKey) -> Vec<CallId> {
        self.seats.get(device).into_iter().flatten().cloned().collect()
    }

    /// Every call.
    pub fn all_calls(&self) -> BTreeSet<(AppId, CallId)> {
        let of = |((app, _), calls): (&Person, &BTreeSet<CallId>)| {
            calls.iter().map(|id| (app.clone(), id.clone())).collect::<Vec<_>>()
        };
        self.by_user.iter().flat_map(of).collect()
    }

    /// The calls in which no user has a session at this node: nobody here is told of their changes.
    pub fn calls_of_others(&self) -> Vec<(AppId, CallId)> {
        let mut others: BTreeMap<&CallId, &AppId> = BTreeMap::new();
        let mut ours = BTreeSet::new();
        for ((app, user), calls) in &self.by_user {
            if self.presence.is_here(app, user) {
                ours.extend(calls);
            } else {
                others.extend(calls.iter().map(|id| (id, app)));
            }
        }
        let others = others.into_iter().filter(|(id, _)| !ours.contains(id));
        others.map(|(id, app)| (app.clone(), id.clone())).collect()
    }

    /// How many devices are in a call.
    pub fn busy(&self) -> usize {
        self.seats.len()
    }

    pub fn live(&self) -> usize {
        self.calls.len()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    pub fn due(&self, now: Instant) -> Vec<CallId> {
        self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| id.clone()).collect()
    }
}

fn remove_from<K: Ord>(map: &mut BTreeMap<K, BTreeSet<CallId>>, key: &K, id: &CallId) {
    if let Some(set) = map.get_mut(key) {
        set.remove(id);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
