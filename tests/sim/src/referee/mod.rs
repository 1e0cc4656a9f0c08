//! The promises, held against what was committed and what every device was told.
//!
//! One file a promise. To add one: a file with a function that gives the broken promises as text,
//! and a line in [`after_all`], or in [`quiet`] if it can only be seen while calls live.

mod accepted;
mod consent;
mod durable;
mod ended;
mod ghosts;
mod glare;
mod media;
mod quiet;
mod record;

pub use ghosts::nothing_left;
pub use quiet::in_step;

use crate::device::Device;
use crate::ledger::Ledger;
use crate::referee::record::{Case, cases};
use crate::world::World;

/// Once everything is over: all that was ever told and committed.
pub async fn after_all(world: &World) -> Vec<String> {
    let cases = cases(&world.history);
    let mut wrong = ended::outbox_tells_once(world, &cases).await;
    let ledger = world.ledger();
    wrong.extend(accepted::at_most_one(&cases, &ledger));
    wrong.extend(accepted::rings_stop(world, &cases, &ledger));
    wrong.extend(ended::all_name_the_same_end(&cases, &ledger));
    wrong.extend(ended::durations_are_true(world, &cases));
    wrong.extend(durable::told_is_written(&cases, &ledger));
    wrong.extend(ghosts::no_call_outlives_its_devices(&cases, &ledger));
    wrong.extend(media::no_running_call_is_cut_off(&cases, &ledger, world.news_takes()));
    wrong.extend(glare::one_call(world));
    for device in world.devices() {
        let device = device.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        wrong.extend(consent::was_given(&device, &cases, &ledger));
        wrong.extend(consent::legs_are_true(&device, &cases));
        if world.is_orderly() {
            wrong.extend(in_order(&device, world));
        }
    }
    wrong
}

/// P6: of the signals that were sent once, each came at most once, and in order.
fn in_order(device: &Device, world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last = std::collections::BTreeMap::new();
    for (call, sender, count) in &device.signals {
        let resent = world.device(sender).is_some_and(|sender| {
            let sender = sender.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            sender.resent.contains(count)
        });
        if resent {
            continue;
        }
        let before = last.insert(sender, *count).unwrap_or(0);
        if *count <= before {
            let name = &device.name;
            wrong.push(format!("P6: {name} got {sender}'s {count} of {call} after {before}"));
        }
    }
    wrong
}

/// A case by its call's id.
fn case<'a>(cases: &'a [Case], call_id: &str) -> Option<&'a Case> {
    let at = cases.binary_search_by(|case| case.id.as_str().cmp(call_id)).ok()?;
    cases.get(at)
}

/// Whether a device's view is over for it alone, or for reasons of its own.
fn is_callee(ledger: &Ledger, device: &str, case: &Case) -> bool {
    ledger.users.get(device).is_some_and(|user| *user == case.last().record.callee_id)
}
