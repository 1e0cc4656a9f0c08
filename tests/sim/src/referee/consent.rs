//! P7: no device is in a call without its own accept; the leg that answered is the one it was.

use curlew_wire::call::CallState;

use crate::device::Device;
use crate::ledger::Ledger;
use crate::referee::case;
use crate::referee::record::Case;

/// A callee's device that was told it is in a call has accepted it, or dialled across it.
pub fn was_given(device: &Device, cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let mut wrong = Vec::new();
    for told in ledger.told.iter().filter(|told| told.device == device.name) {
        let inside = matches!(told.view.state, CallState::Established | CallState::Connected);
        if !inside || !device.is_callee_of(&told.view) {
            continue;
        }
        let id = &told.view.call_id;
        let answered = case(cases, id.as_str()).and_then(|case| {
            let crossed = case.last().record.answer_key.as_ref()?;
            device.dials.contains_key(crossed).then_some(())
        });
        if !device.accepted.contains(id) && answered.is_none() {
            wrong.push(format!("P7: {} is in {id} without having accepted", device.name));
        }
    }
    wrong.dedup();
    wrong
}

/// As the caller's device knows who speaks for which leg, the one that answered is that one.
pub fn legs_are_true(device: &Device, cases: &[Case]) -> Vec<String> {
    let mut wrong = Vec::new();
    for view in device.calls.values().filter(|view| !device.is_callee_of(view)) {
        let Some(case) = case(cases, view.call_id.as_str()) else { continue };
        let Some(leg) = view.answered_leg else { continue };
        let speaks = device.legs.get(&(view.call_id.clone(), leg));
        let answered = case.answered_on();
        if speaks.is_some_and(|name| answered.as_ref().is_none_or(|a| a.as_str() != name)) {
            let id = &view.call_id;
            wrong.push(format!("legs: {id} was answered by {answered:?}, leg {leg} is {speaks:?}"));
        }
    }
    wrong
}
