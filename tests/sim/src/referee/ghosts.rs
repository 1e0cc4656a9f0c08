//! P3: nothing outlives its last live device.

use std::time::Duration;

use crate::ledger::Ledger;
use crate::referee::record::Case;
use crate::world::World;

/// The grace, the sweep for overdue calls, clocks that differ, and a store that is slow or fails.
const OUTLIVES: Duration = Duration::from_secs(30 + 5 + 8);

/// Once every device is gone: no call, no session, no busy state, on any node.
pub fn nothing_left(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, versions) in world.history.calls() {
        if versions.last().is_some_and(|last| !last.record.ended) {
            wrong.push(format!("P3: {id} is a ghost"));
        }
    }
    let cluster = world.cluster();
    for (node, control) in cluster.controls().enumerate() {
        let left = [control.live_calls(), control.busy_devices(), control.known_devices()];
        if left != [0, 0, 0] {
            let text = "P3: calls, busy and present devices that outlive all";
            wrong.push(format!("{text}, on node {node}: {left:?}"));
        }
    }
    let left: usize = cluster.gateways().map(|gateway| gateway.sessions()).sum();
    if left > 0 {
        wrong.push(format!("P3: {left} sessions outlive every device"));
    }
    wrong
}

/// No call ends later than the grace after its last device could be heard. A node that starts
/// counts everyone as lost from then on.
pub fn no_call_outlives_its_devices(cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let Some(end) = case.end() else { continue };
        let answered = case.answered_on();
        let devices =
            std::iter::once(case.caller_device()).chain(answered.iter().map(|d| d.as_str()));
        let heard = devices.filter_map(|device| ledger.last_heard(device, end.at)).max();
        let Some(last) = heard.max(ledger.last_upheaval(end.at)) else { continue };
        let outlived = end.at - last;
        if outlived > OUTLIVES {
            wrong.push(format!("P3: {} outlived its devices by {outlived:?}", case.id));
        }
    }
    wrong
}
