//! The callee's devices while a call rings.

use curlew_base::{DeviceId, Instant, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One device's ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ring {
    /// It rings; `lost_since` is set while its connection is gone.
    Ringing {
        /// Its number among the rings of the call.
        leg: u32,
        /// When it was last heard, if its connection is gone.
        lost_since: Option<Instant>,
        /// It has said that it rings.
        confirmed: bool,
    },
    /// It declined for itself alone, at that time.
    Declined(Instant),
}

/// All rings of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rings {
    rings: BTreeMap<DeviceId, Ring>,
    /// Numbers are never used again, so that a late signal finds nobody rather than another.
    next_leg: u32,
}

impl Rings {
    /// Starts or refreshes a device's ring. False: no room for one more.
    pub fn ring(&mut self, device: &DeviceId) -> bool {
        let room = self.rings.len() < limits::DEVICES_PER_USER;
        match self.rings.get_mut(device) {
            Some(Ring::Ringing { lost_since, .. }) => *lost_since = None,
            Some(Ring::Declined(_)) => {}
            None if room => {
                let leg = self.take_leg();
                let ring = Ring::Ringing { leg, lost_since: None, confirmed: false };
                self.rings.insert(device.clone(), ring);
            }
            None => return false,
        }
        true
    }

    fn take_leg(&mut self) -> u32 {
        let leg = self.next_leg;
        self.next_leg = leg.saturating_add(1);
        leg
    }

    /// The device has said that it rings. False: it does not ring here, or had said so.
    pub fn confirm(&mut self, device: &DeviceId) -> bool {
        match self.rings.get_mut(device) {
            Some(Ring::Ringing { confirmed, .. }) => !std::mem::replace(confirmed, true),
            Some(Ring::Declined(_)) | None => false,
        }
    }

    /// Whether the device has said that it rings.
    pub fn is_confirmed(&self, device: &DeviceId) -> bool {
        match self.rings.get(device) {
            Some(Ring::Ringing { confirmed, .. }) => *confirmed,
            Some(Ring::Declined(_)) | None => false,
        }
    }

    /// How many devices are connected and have said that they ring.
    pub fn confirmed(&self) -> u32 {
        let count = self.rings.values().filter(|ring| match ring {
            Ring::Ringing { lost_since, confirmed, .. } => *confirmed && lost_since.is_none(),
            Ring::Declined(_) => false,
        });
        u32::try_from(count.count()).unwrap_or(u32::MAX)
    }

    /// The number of a device that rings.
    pub fn leg(&self, device: &DeviceId) -> Option<u32> {
        match self.rings.get(device) {
            Some(Ring::Ringing { leg, .. }) => Some(*leg),
            Some(Ring::Declined(_)) | None => None,
        }
    }

    /// The number of the device that answers, which may not have been rung.
    pub fn leg_to_answer(&mut self, device: &DeviceId) -> u32 {
        self.leg(device).unwrap_or_else(|| self.take_leg())
    }

    /// The device that rings under a number.
    pub fn of_leg(&self, wanted: u32) -> Option<&DeviceId> {
        self.ringing().find(|device| self.leg(device) == Some(wanted))
    }

    pub fn get(&self, device: &DeviceId) -> Option<&Ring> {
        self.rings.get(device)
    }

    pub fn decline(&mut self, device: &DeviceId, now: Instant) {
        self.rings.insert(device.clone(), Ring::Declined(now));
    }

    pub fn lose(&mut self, device: &DeviceId, since: Instant) {
        if let Some(Ring::Ringing { lost_since, .. }) = self.rings.get_mut(device) {
            lost_since.get_or_insert(since);
        }
    }

    /// Says of each device that rings since when it is lost, if it is.
    pub fn set_lost(&mut self, lost: impl Fn(&DeviceId) -> Option<Instant>) {
        for (device, ring) in &mut self.rings {
            if let Ring::Ringing { lost_since, .. } = ring {
                *lost_since = lost(device);
            }
        }
    }

    /// Since when a device that rings is lost, if it is.
    pub fn lost_since(&self, device: &DeviceId) -> Option<Instant> {
        match self.rings.get(device) {
            Some(Ring::Ringing { lost_since, .. }) => *lost_since,
            Some(Ring::Declined(_)) | None => None,
        }
    }

    /// Takes a ringing device out; a decline stays on record.
    pub fn remove(&mut self, device: &DeviceId) {
        if matches!(self.rings.get(device), Some(Ring::Ringing { .. })) {
            self.rings.remove(device);
        }
    }

    /// Takes out the devices that have been away for the whole grace.
    pub fn expire(&mut self, now: Instant) {
        self.rings.retain(|_, ring| match ring {
            Ring::Ringing { lost_since: Some(since), .. } => *since + limits::LOST_GRACE > now,
            Ring::Ringing { lost_since: None, .. } | Ring::Declined(_) => true,
        });
    }

    /// Some device declined for itself and none is left that could answer.
    pub fn nobody_left(&self) -> bool {
        !self.rings.is_empty() && self.rings.values().all(|ring| matches!(ring, Ring::Declined(_)))
    }

    /// The devices that ring, in order.
    pub fn ringing(&self) -> impl Iterator<Item = &DeviceId> {
        self.rings.iter().filter(|(_, ring)| matches!(ring, Ring::Ringing { .. })).map(|(d, _)| d)
    }

    /// Every device that was rung, those that declined too.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.rings.keys()
    }

    /// The next time at which [`Rings::expire`] takes one out.
    pub fn wake_at(&self) -> Option<Instant> {
        let lost = self.rings.values().filter_map(|ring| match ring {
            Ring::Ringing { lost_since, .. } => *lost_since,
            Ring::Declined(_) => None,
        });
        lost.min().map(|since| since + limits::LOST_GRACE)
    }
}
