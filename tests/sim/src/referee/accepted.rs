//! P1: at most one device answers, and the other rings stop at once.

use curlew_wire::call::CallState;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

use crate::ledger::{Ledger, Told};
use crate::referee::record::Case;
use crate::referee::{case, is_callee};
use crate::world::World;

/// Of the callee's devices at most one was ever told that it is in the call.
pub fn at_most_one(cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let mut inside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for told in &ledger.told {
        let state = told.view.state;
        if matches!(state, CallState::Established | CallState::Connected)
            && case(cases, told.view.call_id.as_str())
                .is_some_and(|case| is_callee(ledger, &told.device, case))
        {
            inside.entry(told.view.call_id.as_str()).or_default().insert(&told.device);
        }
    }
    inside.retain(|_, devices| devices.len() > 1);
    inside.iter().map(|(id, devices)| format!("P1: {id} was answered on {devices:?}")).collect()
}

/// Every other ring stops within one round trip and 100 ms where its line is healthy.
pub fn rings_stop(world: &World, cases: &[Case], ledger: &Ledger) -> Vec<String> {
    let Some(limit) = world.round_trip() else { return Vec::new() };
    let mut rang: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut newest: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for told in &ledger.told {
        let key = (told.view.call_id.as_str(), told.device.as_str());
        let newest = newest.entry(key).or_default();
        if told.view.version < *newest {
            // An event that the reply to a request has overtaken.
            continue;
        }
        *newest = told.view.version;
        if told.view.state == CallState::Ringing {
            rang.insert(key);
            continue;
        }
        if !rang.remove(&key) {
            continue;
        }
        let stopped = case(cases, key.0).and_then(Case::stop).map(|commit| commit.at);
        let Some(stopped) = stopped.filter(|at| could_hear(told, *at, ledger)) else { continue };
        let took = told.at - stopped;
        if took > limit {
            let (id, name) = key;
            wrong.push(format!("P1: {name} rang for {id} until {took:?} after, limit {limit:?}"));
        }
    }
    wrong
}

/// Whether the line was open and whole from before the ring stopped, and no node died meanwhile.
fn could_hear(told: &Told, stopped: Instant, ledger: &Ledger) -> bool {
    let open = told.whole_since.is_some_and(|since| since < stopped && stopped <= told.at);
    open && !ledger.a_node_died(stopped, told.at)
}
