//! The scripts of `tests/vectors`: what each device is told must be what stands there, by control
//! and by the bare machine, and the scripts must reach every pair of state and input. What the
//! browser SDK's reducer makes of it is tested in `sdk/js/test/vectors.test.ts`.

mod coverage;
mod deed;
mod model;
mod script;
mod seen;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::model::Model;
use self::script::{Entry, Script, Step, Told, Writer};
use self::seen::Seen;
use self::stage::{Outcome, Stage};

/// Runs one script; gives it as it was run, and what is wrong.
async fn run(script: &Script) -> (Script, Vec<String>) {
    let (mut stage, mut model, mut writer) = (Stage::new().await, Model::new(), Writer::new());
    let (mut steps, mut wrong) = (Vec::new(), Vec::new());
    for step in &script.steps {
        let act = deed::parse(&step.act).unwrap_or_else(|error| panic!("{error}"));
        let (next, outcome) = stage.perform(&act).await;
        stage = next;
        let bare = model.perform(&act);
        let (told, refused) = (seen(&outcome), outcome.refused);
        if (&told, refused) != (&bare.told, bare.refused) {
            let machine = (bare.refused, bare.told);
            wrong.push(format!("at {:?} the machine says {machine:#?}", step.act));
            wrong.push(format!("and control {:#?}", (refused, told)));
        }
        let ran = written(step, outcome, &mut writer);
        if ran != *step {
            wrong.push(format!("{:?} is told otherwise", step.act));
        }
        steps.push(ran);
    }
    stage.stop().await;
    (Script { steps, ..script.clone() }, wrong)
}

/// What the devices saw by way of the server.
fn seen(outcome: &Outcome) -> BTreeMap<String, Vec<Seen>> {
    let mut all = BTreeMap::new();
    for (device, told) in &outcome.told {
        let views = told.iter().flat_map(|told| match told {
            Told::View(view) | Told::Reply(view) => std::slice::from_ref(view),
            Told::Snapshot(_, views) => views,
            Told::Again(_) | Told::Settings(..) | Told::EndHere(..) => &[],
        });
        let views: Vec<_> = views.map(Seen::on_the_wire).collect();
        if !views.is_empty() {
            all.insert(device.clone(), views);
        }
    }
    all
}

/// The step as it was run. What it means to the application is not for the server to say: that
/// stays as it is in the file.
fn written(step: &Step, outcome: Outcome, writer: &mut Writer) -> Step {
    let mut told = BTreeMap::new();
    for (device, list) in outcome.told {
        let expected = step.told.get(&device);
        let entries = list.into_iter().enumerate().map(|(n, told)| {
            let expected = expected.and_then(|entries| entries.get(n));
            let expect = expected.map(|entry| entry.expect.clone()).unwrap_or_default();
            Entry { told: writer.write(&device, told), expect }
        });
        let entries: Vec<_> = entries.collect();
        if !entries.is_empty() {
            told.insert(device, entries);
        }
    }
    Step { act: step.act.clone(), refused: outcome.refused, told }
}

/// To add a vector: write its steps and run this test; it names a file that has the script as it
/// was run. Copy that over the vector if it tells what should be told, and write what each of it
/// means to the application: that is what the SDK's test compares.
#[tokio::test(start_paused = true)]
async fn devices_are_told_what_the_vectors_say() {
    let scripts = script::all();
    assert!(!scripts.is_empty(), "no vectors found");
    let mut wrong = Vec::new();
    for (file, script) in scripts {
        let (ran, faults) = run(&script).await;
        let text = std::fs::read_to_string(&file).unwrap();
        if faults.is_empty() && text == ran.text() {
            continue;
        }
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file.file_name().unwrap());
        std::fs::write(&out, ran.text()).unwrap();
        wrong.push(format!("{}: as run: {}", script.name, out.display()));
        wrong.extend(faults);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No pair of state and input is left to chance, for any role of a device.
#[test]
fn the_scripts_reach_every_pair_of_state_and_input() {
    let mut reached = BTreeSet::new();
    for (_, script) in script::all() {
        let mut model = Model::new();
        for step in &script.steps {
            model.perform(&deed::parse(&step.act).unwrap());
        }
        reached.extend(model.reached);
    }
    let wanted = coverage::wanted();
    let missing: Vec<_> = wanted.difference(&reached).map(|pair| format!("{pair:?}")).collect();
    assert!(missing.is_empty(), "{} not reached:\n{}", missing.len(), missing.join("\n"));
    let odd: Vec<_> = reached.difference(&wanted).collect();
    assert!(odd.is_empty(), "held to be impossible, but reached: {odd:?}");
}
