//! P6, reach and rule 1, while calls live and nothing moves: everyone sees what is.

use curlew_call::{Call, ViewState};
use curlew_store::CallRecord;
use curlew_wire::call::{CallState, CallView};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::device::Device;
use crate::history::machine;
use crate::referee::record::party;
use crate::world::World;

/// A device that was connected for this long has been told what it missed.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// Every device that lives sees of each call what is written, each callee's device rings, and the
/// caller knows how many do. A deadline may fire at the very moment of the look, so a difference
/// counts only if it stays.
pub async fn in_step(world: &World) -> Vec<String> {
    let mut wrong = look(world);
    for _ in 0..3 {
        if wrong.is_empty() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
        let still = look(world);
        wrong.retain(|difference| still.contains(difference));
    }
    wrong
}

fn look(world: &World) -> Vec<String> {
    let living = world.living();
    let names = living.iter().filter(|name| is_settled(world, name));
    let devices: Vec<_> = names.filter_map(|name| world.device(name)).collect();
    let devices: Vec<_> = devices
        .iter()
        .map(|device| device.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
        .collect();
    let devices: Vec<&Device> = devices.iter().map(|device| &**device).collect();
    let mut wrong = Vec::new();
    for (_, versions) in world.history.calls() {
        let Some(last) = versions.last() else { continue };
        let call = machine(&last.record);
        for device in &devices {
            wrong.extend(differs(&last.record, &call, device));
        }
        // Between nodes the count comes over the bus within one version, so it may be overtaken.
        if world.nodes() == 1 {
            wrong.extend(reach_differs(&call, &devices));
        }
    }
    wrong
}

fn is_settled(world: &World, name: &str) -> bool {
    let since = world.ledger().healthy_since(name);
    since.is_some_and(|since| Instant::now() - since > TOLD_WITHIN)
}

fn differs(row: &CallRecord, call: &Call, device: &Device) -> Option<String> {
    let party = party(row, &device.user, &device.name)?;
    let seen = device.calls.iter().find(|(id, _)| id.as_str() == row.call_id).map(|(_, v)| v);
    let written = call.view(&party).map(|view| view.state);
    let (id, name) = (&row.call_id, &device.name);
    match (written, seen) {
        (Some(ViewState::Ended { .. }) | None, None) => {
            let rings_elsewhere = row.ringing && row.callee_id == device.user;
            rings_elsewhere.then(|| format!("rule 1: {id} does not ring at {name}"))
        }
        (Some(written), None) => Some(format!("P6: {name} missed {id}, which is {written:?}")),
        (written, Some(seen)) => {
            // Who changes the items of a call it had no part in is shown it, and no more.
            let same = match written {
                Some(written) => same_state(written, seen.state) && same_content(call, seen),
                None => seen.ended.is_some() || row.ringing,
            };
            let (items, state) = (&seen.custom_items, seen.state);
            let version = seen.version;
            (!same).then(|| {
                format!(
                    "P6: {name} sees {id} v{version} {state:?} {items:?}, \
                     it is v{} {written:?} {:?}",
                    row.version,
                    call.custom_items()
                )
            })
        }
    }
}

const fn same_state(written: ViewState, seen: CallState) -> bool {
    matches!(
        (written, seen),
        (ViewState::Ringing, CallState::Ringing)
            | (ViewState::Established, CallState::Established)
            | (ViewState::Connected, CallState::Connected)
            | (ViewState::Ended { .. }, CallState::Ended)
    )
}

/// The content of a call that lives; of one that is over it is told to whom it still concerns.
fn same_content(call: &Call, seen: &CallView) -> bool {
    let (caller, callee) = call.settings();
    // A device that rings is told of the settings when it accepts.
    let settings = seen.state == CallState::Ringing
        || seen.caller_settings.revision == caller.revision
            && seen.callee_settings.revision == callee.revision;
    seen.ended.is_some() || seen.custom_items == *call.custom_items() && settings
}

/// The caller was last told of no fewer devices than are connected, ring, and have said so.
fn reach_differs(call: &Call, devices: &[&Device]) -> Option<String> {
    let terms = call.terms();
    if call.seated_state() != ViewState::Ringing {
        return None;
    }
    let rings = |device: &&&Device| {
        device.user == terms.callee.as_str()
            && device.rung.contains(&terms.call_id)
            && device.calls.get(&terms.call_id).is_some_and(|v| v.state == CallState::Ringing)
    };
    let truth = devices.iter().filter(rings).count();
    let caller = devices.iter().find(|device| device.name == terms.caller_device.as_str())?;
    let view = caller.calls.get(&terms.call_id)?;
    let told = view.reach.map_or(0, |reach| reach.devices);
    // One that vanished without a word counts until its silence is noticed, so more may be told.
    usize::try_from(told).is_ok_and(|told| told < truth).then(|| {
        let id = &terms.call_id;
        format!("reach: {} was told that {id} rings at {told}, it is {truth}", caller.name)
    })
}
