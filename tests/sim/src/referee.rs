//! The promises, checked against what devices saw and what the store holds.

use curlew_base::EndResult;
use curlew_store::memory::MemoryStore;
use curlew_store::{CallFilter, CallRecord, Store};
use curlew_wire::call::{CallState, CallView};
use std::collections::BTreeMap;

use crate::device::Device;
use crate::server::APP;

/// Rows that one run can have.
const ROWS: u32 = 100_000;

/// P1 at any moment: of the callee's devices at most one is in a call.
#[must_use]
pub fn at_most_one_answers(devices: &[&Device]) -> Vec<String> {
    let mut seated: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for device in devices {
        for view in device.calls.values() {
            let inside = matches!(view.state, CallState::Established | CallState::Connected);
            if inside && view.callee.user_id.as_str() == device.user {
                seated.entry(view.call_id.as_str()).or_default().push(&device.name);
            }
        }
    }
    seated.retain(|_, names| names.len() > 1);
    seated.iter().map(|(id, names)| format!("P1: {id} was answered on {names:?}")).collect()
}

/// P6 while calls live: the device sees of each call what a snapshot would tell it.
#[must_use]
pub fn in_step(device: &Device, truth: &[CallView]) -> Vec<String> {
    let differs = |seen: &CallView| {
        let now = truth.iter().find(|view| view.call_id == seen.call_id)?;
        let same = seen.state == now.state || seen.ended.is_some() && now.ended.is_some();
        (!same).then(|| {
            let (name, id) = (&device.name, &seen.call_id);
            format!("P6: {name} sees {id} {:?}, but it is {:?}", seen.state, now.state)
        })
    };
    let unknown = truth.iter().filter(|now| !device.calls.contains_key(&now.call_id));
    let unknown = unknown.map(|now| format!("P6: {} missed {}", device.name, now.call_id));
    device.calls.values().filter_map(differs).chain(unknown).collect()
}

/// P1, P2, P3 and P6 when all is quiet: everyone is connected, every call is over.
pub async fn all_agree(store: &MemoryStore, devices: &[&Device]) -> Vec<String> {
    let mut wrong: Vec<String> = devices
        .iter()
        .flat_map(|d| d.complaints.iter().map(move |c| format!("{}: {c}", d.name)))
        .collect();
    let rows = match store.list_calls(APP, None, ROWS, CallFilter::default()).await {
        Ok(rows) => rows,
        Err(error) => return vec![format!("the store failed: {error}")],
    };
    let outbox = store.outbox_after(0, ROWS).await.unwrap_or_default();
    for row in &rows {
        if !row.ended {
            wrong.push(format!("P3: {} is a ghost", row.call_id));
        }
        let count = |kind| {
            outbox.iter().filter(|(_, o)| o.call_id == row.call_id && o.kind == kind).count()
        };
        let told =
            [count("direct_call:dial"), count("direct_call:accept"), count("direct_call:end")];
        if told[0] != 1 || told[1] > 1 || told[2] != 1 {
            wrong.push(format!("P2: {} was told {told:?} times", row.call_id));
        }
        for device in devices {
            wrong.extend(disagrees(row, device));
        }
    }
    wrong
}

/// P2 and P6: what the device believes of the call is what the log says.
fn disagrees(row: &CallRecord, device: &Device) -> Option<String> {
    let view = device.calls.values().find(|view| view.call_id.as_str() == row.call_id)?;
    let Some(ended) = &view.ended else {
        return Some(format!("P6: {} never learned that {} ended", device.name, row.call_id));
    };
    let alone = match ended.result {
        // A device that did not answer, or declined for itself, has its own end.
        EndResult::OtherDeviceAccepted | EndResult::Declined => row.callee_id == device.user,
        _ => false,
    };
    let same = row.end_result.as_deref() == Some(ended.result.as_str())
        && u64::try_from(row.duration_ms).ok() == Some(ended.duration_ms);
    (!same && !alone).then(|| {
        let (id, log) = (&row.call_id, &row.end_result);
        format!("P2: {id} ended {:?} for {}, but {log:?} in the log", ended.result, device.name)
    })
}
