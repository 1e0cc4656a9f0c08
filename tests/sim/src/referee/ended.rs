//! P2: all name the same end, once; rule 6: the duration is the true one.

use curlew_base::EndResult;
use curlew_store::Store;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::Ledger;
use crate::referee::record::Case;
use crate::referee::{case, is_callee};
use crate::world::World;

/// Rows that one run can have.
const ROWS: u32 = 1_000_000;
/// How far two nodes' clocks may be apart: the offsets, and the drift of a run.
const CLOCKS_APART: Duration = Duration::from_millis(2_600);

/// The world is told of each call's dial and end once, and of its accept at most once.
pub async fn outbox_tells_once(world: &World, cases: &[Case]) -> Vec<String> {
    let outbox = match world.store.outbox_after(0, ROWS).await {
        Ok(outbox) => outbox,
        Err(error) => return vec![format!("the store failed: {error}")],
    };
    let mut told: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (_, row) in &outbox {
        *told.entry((row.call_id.as_str(), row.kind.as_str())).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for case in cases {
        let count = |kind| told.get(&(case.id.as_str(), kind)).copied().unwrap_or(0);
        let counts =
            [count("direct_call:dial"), count("direct_call:accept"), count("direct_call:end")];
        let accepted = usize::from(case.accept().is_some());
        if counts != [1, accepted, 1] {
            wrong.push(format!("P2: dial, accept and end of {} were told {counts:?}", case.id));
        }
        let end = outbox
            .iter()
            .find(|(_, row)| row.call_id == case.id.as_str() && row.kind == "direct_call:end");
        let row = &case.last().record;
        if let Some((_, end)) = end {
            let body: serde_json::Value = serde_json::from_str(&end.body).unwrap_or_default();
            let call = &body["direct_call"];
            let result = call["result"].as_str();
            if result != row.end_result.as_deref()
                || call["duration"].as_i64() != Some(row.duration_ms)
            {
                wrong.push(format!("P2: the outbox ends {} as {call}", case.id));
            }
        }
    }
    wrong
}

/// Every device that was told of an end was told the one in the row, or one of its own.
pub fn all_name_the_same_end(cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let mut wrong = Vec::new();
    for told in &ledger.told {
        let Some(ended) = &told.view.ended else { continue };
        let Some(case) = case(cases, told.view.call_id.as_str()) else {
            wrong.push(format!("P2: {} ended, and there is no such call", told.view.call_id));
            continue;
        };
        let row = &case.last().record;
        // A device that did not answer, or declined for itself, has its own end.
        let alone = match ended.result {
            EndResult::OtherDeviceAccepted | EndResult::Declined => {
                is_callee(ledger, &told.device, case)
            }
            EndResult::NoAnswer
            | EndResult::Canceled
            | EndResult::Completed
            | EndResult::TimedOut
            | EndResult::ConnectionLost
            | EndResult::NotConnected => false,
        };
        let same = row.end_result.as_deref() == Some(ended.result.as_str())
            && u64::try_from(row.duration_ms).ok() == Some(ended.duration_ms);
        if !same && !alone {
            let (id, device, log) = (&case.id, &told.device, &row.end_result);
            let (result, ms) = (ended.result, ended.duration_ms);
            wrong.push(format!("P2: {id} ended {result:?} ({ms} ms) for {device}, {log:?} in log"));
        }
    }
    wrong
}

/// A duration counts from accept to end; calls never accepted have none.
pub fn durations_are_true(world: &World, cases: &[Case]) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let row = &case.last().record;
        let told = Duration::from_millis(u64::try_from(row.duration_ms).unwrap_or(0));
        let (Some((accept, _)), Some(end)) = (case.accept(), case.end()) else {
            if row.duration_ms != 0 {
                wrong.push(format!("rule 6: {} lasted {told:?}, unanswered", case.id));
            }
            continue;
        };
        let one_node = case.commits.iter().all(|(commit, _)| commit.node == end.node);
        let clocks = if one_node { Duration::ZERO } else { CLOCKS_APART };
        let slack = world.store_takes() + clocks + Duration::from_millis(500);
        let truth = end.at - accept.at;
        if told.abs_diff(truth) > slack {
            wrong.push(format!("rule 6: {} lasted {truth:?}, not {told:?}", case.id));
        }
    }
    wrong
}
