//! What a device sees of a call, without what only control knows: versions and users.

use curlew_base::{CallId, EndResult, Instant, Role};
use curlew_call::{Call, MediaSettings, Party, ViewState};
use curlew_wire::call::{self as wire, CallState, CallView, EndView};
use std::collections::BTreeMap;

/// A view, from the wire or from a machine.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub call_id: CallId,
    pub role: Role,
    pub state: CallState,
    pub items: BTreeMap<String, String>,
    /// The caller's and the callee's.
    pub settings: (wire::MediaSettings, wire::MediaSettings),
    pub answered_leg: Option<u32>,
    /// How many devices ring, where that is told.
    pub reach: Option<u32>,
    pub elapsed_ms: Option<u64>,
    pub ended: Option<(EndResult, Option<Role>, u64, u64)>,
}

impl Seen {
    pub fn on_the_wire(view: &CallView) -> Self {
        let parts = |ended: &EndView| (ended.result, ended.by, ended.at, ended.duration_ms);
        Self {
            call_id: view.call_id.clone(),
            role: view.my_role,
            state: view.state,
            items: view.custom_items.clone(),
            settings: (view.caller_settings, view.callee_settings),
            answered_leg: view.answered_leg,
            reach: view.reach.map(|reach| reach.devices),
            elapsed_ms: view.elapsed_ms,
            ended: view.ended.as_ref().map(parts),
        }
    }

    /// What the machine shows a party, if it has a part in the call.
    pub fn at_machine(call: &Call, party: &Party, now: Instant) -> Option<Self> {
        call.view(party).map(|view| Self::of(call, view.role, view.state, now))
    }

    /// What is shown to a device of the user that has no part in the call.
    pub fn by_user(call: &Call, role: Role, now: Instant) -> Self {
        Self::of(call, role, call.seated_state(), now)
    }

    fn of(call: &Call, role: Role, state: ViewState, now: Instant) -> Self {
        let (state, ended) = match state {
            ViewState::Ringing => (CallState::Ringing, None),
            ViewState::Established => (CallState::Established, None),
            ViewState::Connected => (CallState::Connected, None),
            ViewState::Ended { result, by, at, duration } => {
                (CallState::Ended, Some((result, by, at.unix_ms(), duration.0)))
            }
        };
        let (callers, callees) = call.settings();
        let is_told_reach = role == Role::Caller && state == CallState::Ringing;
        let elapsed = call.accepted_at().filter(|_| ended.is_none());
        Self {
            call_id: call.terms().call_id.clone(),
            role,
            state,
            items: call.custom_items().clone(),
            settings: (settings(callers), settings(callees)),
            answered_leg: call.answered_leg(),
            reach: is_told_reach.then(|| call.ringing_devices()),
            elapsed_ms: elapsed.map(|at| now.since(at).0),
            ended,
        }
    }
}

const fn settings(from: MediaSettings) -> wire::MediaSettings {
    let MediaSettings { audio_enabled, video_enabled, on_hold, revision } = from;
    wire::MediaSettings { audio_enabled, video_enabled, on_hold, revision }
}
