//! A call as one device sees it.

use curlew_base::{EndResult, Instant, Millis, Role};
use serde::{Deserialize, Serialize};

use crate::devices::Ring;
use crate::input::Party;
use crate::machine::Call;
use crate::state::State;

/// The state that a device sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ViewState {
    /// It rings here, or is being dialled from here.
    Ringing,
    /// Accepted; this device is in it.
    Established,
    /// Media is up on both sides.
    Connected,
    /// Over for this device.
    Ended {
        /// The end result for this device.
        result: EndResult,
        /// The side that ended it.
        by: Option<Role>,
        /// When.
        at: Instant,
        /// From accept to end.
        duration: Millis,
    },
}

/// A device's part in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its side.
    pub role: Role,
    /// What it sees.
    pub state: ViewState,
}

impl Call {
    /// What a device sees; `None` if it has no part in the call.
    #[must_use]
    pub fn view(&self, party: &Party) -> Option<DeviceView> {
        let state = match party.role {
            Role::Caller if self.is_caller(party) => Some(self.seated_state()),
            Role::Caller => None,
            Role::Callee => self.callee_state(party),
        };
        state.map(|state| DeviceView { role: party.role, state })
    }

    /// What those who are in the call see.
    #[must_use]
    pub fn seated_state(&self) -> ViewState {
        match &self.state {
            State::Ringing => ViewState::Ringing,
            State::Established(_) => ViewState::Established,
            State::Connected(_) => ViewState::Connected,
            State::Ended(e) => {
                ViewState::Ended { result: e.result, by: e.by, at: e.at, duration: e.duration }
            }
        }
    }

    fn callee_state(&self, party: &Party) -> Option<ViewState> {
        let ring = self.rings.get(&party.device);
        if let Some(Ring::Declined(at)) = ring {
            return Some(over(EndResult::Declined, *at));
        }
        match &self.state {
            State::Ringing => ring.map(|_| ViewState::Ringing),
            State::Established(answered) | State::Connected(answered) => {
                if answered.callee.device == party.device {
                    return Some(self.seated_state());
                }
                // Also for one that was never rung, or whose ring has expired: it is not in the
                // call, and must not be told that it is.
                Some(over(EndResult::OtherDeviceAccepted, answered.at))
            }
            State::Ended(ended) => match &ended.answered_on {
                Some(device) if *device != party.device => {
                    // The same moment as while the call lived.
                    Some(over(EndResult::OtherDeviceAccepted, ended.accepted_at()))
                }
                Some(_) | None => Some(self.seated_state()),
            },
        }
    }
}

/// Over for a device that did not answer; its user did.
const fn over(result: EndResult, at: Instant) -> ViewState {
    ViewState::Ended { result, by: Some(Role::Callee), at, duration: Millis(0) }
}
