//! The callee's devices while a call rings.

use curlew_base::{DeviceId, Instant, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One device's ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ring {
    /// It rings; `lost_since` is set while its connection is gone.
    Ringing {
        /// When it was last heard, if its connection is gone.
        lost_since: Option<Instant>,
    },
    /// It declined for itself alone, at that time.
    Declined(Instant),
}

/// All rings of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rings(BTreeMap<DeviceId, Ring>);

impl Rings {
    /// Starts or refreshes a device's ring. False: no room for one more.
    pub fn ring(&mut self, device: &DeviceId) -> bool {
        let room = self.0.len() < limits::DEVICES_PER_USER;
        match self.0.get_mut(device) {
            Some(Ring::Ringing { lost_since }) => *lost_since = None,
            Some(Ring::Declined(_)) => {}
            None if room => {
                self.0.insert(device.clone(), Ring::Ringing { lost_since: None });
            }
            None => return false,
        }
        true
    }

    pub fn get(&self, device: &DeviceId) -> Option<&Ring> {
        self.0.get(device)
    }

    pub fn decline(&mut self, device: &DeviceId, now: Instant) {
        self.0.insert(device.clone(), Ring::Declined(now));
    }

    pub fn lose(&mut self, device: &DeviceId, since: Instant) {
        if let Some(Ring::Ringing { lost_since }) = self.0.get_mut(device) {
            lost_since.get_or_insert(since);
        }
    }

    pub fn lose_all(&mut self, since: Instant) {
        for ring in self.0.values_mut() {
            if let Ring::Ringing { lost_since } = ring {
                *lost_since = Some(since);
            }
        }
    }

    /// Takes a ringing device out; a decline stays on record.
    pub fn remove(&mut self, device: &DeviceId) {
        if matches!(self.0.get(device), Some(Ring::Ringing { .. })) {
            self.0.remove(device);
        }
    }

    /// Takes out the devices that have been away for the whole grace.
    pub fn expire(&mut self, now: Instant) {
        self.0.retain(|_, ring| match ring {
            Ring::Ringing { lost_since: Some(since) } => *since + limits::LOST_GRACE > now,
            Ring::Ringing { lost_since: None } | Ring::Declined(_) => true,
        });
    }

    /// Some device declined for itself and none is left that could answer.
    pub fn nobody_left(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(|ring| matches!(ring, Ring::Declined(_)))
    }

    /// The devices that ring, in order.
    pub fn ringing(&self) -> impl Iterator<Item = &DeviceId> {
        self.0.iter().filter(|(_, ring)| matches!(ring, Ring::Ringing { .. })).map(|(d, _)| d)
    }

    /// The next time at which [`Rings::expire`] takes one out.
    pub fn wake_at(&self) -> Option<Instant> {
        let lost = self.0.values().filter_map(|ring| match ring {
            Ring::Ringing { lost_since } => *lost_since,
            Ring::Declined(_) => None,
        });
        lost.min().map(|since| since + limits::LOST_GRACE)
    }
}
