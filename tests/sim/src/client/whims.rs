//! What a person does of their own accord, and what a device finds of its media.

use curlew_wire::call::{CallState, MediaPath};
use std::sync::PoisonError;
use std::time::Duration;

use super::{Client, LOOK_EVERY, Life};
use crate::people::{Deed, whim};

impl Client {
    pub(super) fn whim(&mut self) -> Life {
        let Some(mood) = self.world.mood.filter(|_| !self.world.rests()) else { return Life::On };
        let deed = {
            let device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
            whim(&device, &mut self.dice, &self.world.users, mood)
        };
        let pause = self.dice.span(50, mood.pause_ms);
        self.plan(pause, Deed::Whim);
        if let Some(deed) = deed {
            self.plan(Duration::ZERO, deed);
        }
        Life::On
    }

    /// A device whose peer is gone finds its media broken; one whose peer is back, mended.
    pub(super) fn look(&mut self) {
        self.plan(LOOK_EVERY, Deed::Look);
        let calls: Vec<_> = {
            let device = self.device();
            let inside = |state| matches!(state, CallState::Established | CallState::Connected);
            let live = device.live().filter(|view| inside(view.state));
            let told = live.map(|v| (v.call_id.clone(), device.paths.get(&v.call_id).copied()));
            told.collect()
        };
        for (call, told) in calls {
            let flows = self.world.ledger().flows(&call);
            let path = match (told, flows) {
                (Some(MediaPath::Up), false) => MediaPath::Down,
                (Some(MediaPath::Down), true) => MediaPath::Up,
                (Some(MediaPath::Up | MediaPath::Failed) | None, _)
                | (Some(MediaPath::Down), false) => continue,
            };
            self.ask(&Deed::Media(call, path));
        }
    }
}
