//! Which devices are connected, at which node, as far as this node knows.

use curlew_base::{AppId, DeviceId, Instant, UserId, limits};
use std::collections::BTreeMap;

use crate::ports::DeviceKey;

/// The name under which a node keeps its own devices.
pub(crate) const HERE: &str = "";

type Person = (AppId, UserId);
/// A device's sessions by node, each with the time since when its connection is gone.
type Places = BTreeMap<String, Option<Instant>>;

/// All devices with a session anywhere.
#[derive(Default)]
pub(crate) struct Presence(BTreeMap<Person, BTreeMap<DeviceId, Places>>);

impl Presence {
    /// A device has a session at a node; `lost_since` if its connection is gone.
    pub fn set(&mut self, node: &str, key: &DeviceKey, lost_since: Option<Instant>) {
        let devices = self.0.entry(person(key)).or_default();
        devices.entry(key.device.clone()).or_default().insert(node.to_owned(), lost_since);
    }

    /// A node has dropped a device's session.
    pub fn remove(&mut self, node: &str, key: &DeviceKey) {
        self.retain(key, |at| at != node);
    }

    /// The device has no session any more, wherever it was.
    pub fn sign_out(&mut self, key: &DeviceKey) {
        self.retain(key, |_| false);
    }

    /// A node has died: its devices are lost since then. Gives them.
    pub fn lose_node(&mut self, node: &str, since: Instant) -> Vec<DeviceKey> {
        let mut lost = Vec::new();
        for ((app, user), devices) in &mut self.0 {
            for (device, places) in devices {
                if let Some(at) = places.get_mut(node) {
                    at.get_or_insert(since);
                    let (app, user, device) = (app.clone(), user.clone(), device.clone());
                    lost.push(DeviceKey { app, user, device });
                }
            }
        }
        lost
    }

    /// The device: `None` if it has no session, else since when it has no connection anywhere.
    pub fn of(&self, key: &DeviceKey) -> Option<Option<Instant>> {
        self.0.get(&person(key))?.get(&key.device).map(lost_since)
    }

    /// The user's devices, each with the time since when it has no connection anywhere.
    pub fn devices_of(&self, app: &AppId, user: &UserId) -> BTreeMap<DeviceId, Option<Instant>> {
        let devices = self.0.get(&(app.clone(), user.clone())).into_iter().flatten();
        devices.map(|(device, places)| (device.clone(), lost_since(places))).collect()
    }

    /// Forgets the sessions at other nodes that have been without a connection for the grace: their
    /// node has dropped them by then, or has died and will never say so.
    pub fn expire(&mut self, now: Instant) {
        let kept = |node: &str, lost: &Option<Instant>| {
            node == HERE || lost.is_none_or(|since| since + limits::LOST_GRACE > now)
        };
        for devices in self.0.values_mut() {
            for places in devices.values_mut() {
                places.retain(|node, lost| kept(node, lost));
            }
            devices.retain(|_, places| !places.is_empty());
        }
        self.0.retain(|_, devices| !devices.is_empty());
    }

    /// Whether this node is the one to tell the device: it is connected here, or it is connected
    /// nowhere and has a session here that keeps what it is told.
    pub fn is_told_here(&self, key: &DeviceKey) -> bool {
        let places = self.0.get(&person(key)).and_then(|devices| devices.get(&key.device));
        places.is_some_and(|places| match places.get(HERE) {
            Some(None) => true,
            Some(Some(_)) => lost_since(places).is_some(),
            None => false,
        })
    }

    /// The devices whose session is at this node, each with the time since when it is lost.
    pub fn here(&self) -> Vec<(DeviceKey, Option<Instant>)> {
        let mut here = Vec::new();
        for ((app, user), devices) in &self.0 {
            for (device, places) in devices {
                let Some(lost_since) = places.get(HERE) else { continue };
                let (app, user, device) = (app.clone(), user.clone(), device.clone());
                here.push((DeviceKey { app, user, device }, *lost_since));
            }
        }
        here
    }

    /// How many devices have a session anywhere.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether a device of the user has its session at this node.
    pub fn is_here(&self, app: &AppId, user: &UserId) -> bool {
        let devices = self.0.get(&(app.clone(), user.clone())).into_iter().flatten();
        devices.into_iter().any(|(_, places)| places.contains_key(HERE))
    }

    fn retain(&mut self, key: &DeviceKey, keep: impl Fn(&str) -> bool) {
        let person = person(key);
        let Some(devices) = self.0.get_mut(&person) else { return };
        if let Some(places) = devices.get_mut(&key.device) {
            places.retain(|node, _| keep(node));
            if places.is_empty() {
                devices.remove(&key.device);
            }
        }
        if devices.is_empty() {
            self.0.remove(&person);
        }
    }
}

/// A device that is connected anywhere is not lost.
fn lost_since(places: &Places) -> Option<Instant> {
    let lost: Option<Vec<Instant>> = places.values().copied().collect();
    lost.and_then(|lost| lost.into_iter().max())
}

fn person(key: &DeviceKey) -> Person {
    (key.app.clone(), key.user.clone())
}
