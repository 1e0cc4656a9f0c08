//! P4: what a device was told is what was committed.

use curlew_base::Role;
use curlew_call::{Call, ViewState};
use curlew_wire::call::{CallState, CallView};

use crate::ledger::{Ledger, Told};
use crate::referee::case;
use crate::referee::record::{Case, party};

/// Every view that reached a device shows a committed version as it was written. That it was
/// written by then is seen as it happens.
pub fn told_is_written(cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let check = |told: &Told| {
        let id = told.view.call_id.as_str();
        let written = case(cases, id).and_then(|case| {
            let at = case
                .commits
                .binary_search_by_key(&told.view.version, |(commit, _)| commit.record.version);
            case.commits.get(at.ok()?)
        });
        let Some((commit, call)) = written else {
            return Some(format!("P4: {} was told {id}, which is lost", told.device));
        };
        let user = ledger.users.get(&told.device)?;
        let party = party(&commit.record, user, &told.device)?;
        let seen = call.view(&party).map(|view| view.state);
        let same = match seen {
            Some(seen) => shows(&told.view, seen, call),
            // Whoever changes the items of a call they had no part in sees it as their user does.
            None => party.role == Role::Callee || told.view.ended.is_some() || ringing(call),
        };
        (!same).then(|| {
            let (device, view) = (&told.device, &told.view);
            format!("P4: {device} was told {view:?}, but {seen:?} was written")
        })
    };
    ledger.told.iter().filter_map(check).collect()
}

fn ringing(call: &Call) -> bool {
    call.seated_state() == ViewState::Ringing
}

fn shows(view: &CallView, written: ViewState, call: &Call) -> bool {
    let state = match written {
        ViewState::Ringing => CallState::Ringing,
        ViewState::Established => CallState::Established,
        ViewState::Connected => CallState::Connected,
        ViewState::Ended { .. } => CallState::Ended,
    };
    let ended = match written {
        ViewState::Ringing | ViewState::Established | ViewState::Connected => None,
        ViewState::Ended { result, by, at, duration } => {
            Some((result, by, at.unix_ms(), duration.0))
        }
    };
    let told = view.ended.as_ref().map(|e| (e.result, e.by, e.at, e.duration_ms));
    let (caller, callee) = call.settings();
    view.state == state
        && told == ended
        && view.custom_items == *call.custom_items()
        && view.caller_settings.revision == caller.revision
        && view.caller_settings.audio_enabled == caller.audio_enabled
        && view.callee_settings.revision == callee.revision
        && view.callee_settings.on_hold == callee.on_hold
}
