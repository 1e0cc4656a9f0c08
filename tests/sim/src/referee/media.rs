//! P5: a call whose media flows is not ended by lost sockets alone.

use curlew_base::EndResult;
use std::time::Duration;
use tokio::time::Instant;

use crate::ledger::Ledger;
use crate::referee::record::Case;

/// The grace counts from when a device was last heard, which may be a heartbeat's interval before
/// it fell silent; less what clocks may differ.
const GRACE: Duration = Duration::from_secs(30 - 15 - 3);

/// A call ends `CONNECTION_LOST` only if both devices were out of reach for the grace, or one was
/// and the other told that its media is gone, or one gave up. That a device came back to another
/// node is known `news_takes` later.
pub fn no_running_call_is_cut_off(
    cases: &[Case],
    ledger: &Ledger,
    news_takes: Duration,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let (Some(end), Some(answered)) = (case.end(), case.answered_on()) else { continue };
        if end.record.end_result.as_deref() != Some(EndResult::ConnectionLost.as_str()) {
            continue;
        }
        let sides = [case.caller_device(), answered.as_str()];
        let heard = end.at.checked_sub(news_takes).unwrap_or(end.at);
        let silent = sides.map(|device| {
            ledger.silent_for(device, end.at).max(ledger.silent_for(device, heard)) >= GRACE
        });
        let without = sides.map(|device| without_media(ledger, case, device, end.at));
        let failed = sides.map(|device| gave_up(ledger, case, device));
        let lost = silent == [true, true]
            || silent[0] && without[1]
            || silent[1] && without[0]
            || failed.contains(&true);
        if !lost {
            let silent = sides.map(|device| ledger.silent_for(device, end.at));
            let id = &case.id;
            wrong.push(format!("P5: {id} was lost, {sides:?} silent {silent:?}, {without:?}"));
        }
    }
    wrong
}

fn without_media(ledger: &Ledger, case: &Case, device: &str, at: Instant) -> bool {
    let told = ledger.paths.get(&(case.id.clone(), device.to_owned()));
    told.is_some_and(|told| told.failed || told.down_since.is_some_and(|since| since <= at))
}

fn gave_up(ledger: &Ledger, case: &Case, device: &str) -> bool {
    ledger.paths.get(&(case.id.clone(), device.to_owned())).is_some_and(|told| told.failed)
}
