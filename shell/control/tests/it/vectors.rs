//! The scripts of `tests/vectors`: what each device is told must be what stands there, and the
//! browser SDK's reducer must make of it the events that stand there (`sdk/js/test`).

use curlew_base::CallId;
use curlew_control::Refusal;
use curlew_wire::call::{CallView, MediaPath, MediaSettings};
use curlew_wire::client::{Accept, Dial, Media, Settings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::world::{World, end_of, key};

#[derive(Debug, Serialize, Deserialize)]
struct Vector {
    name: String,
    /// Each is `<device> <deed>` or `wait <seconds>`.
    steps: Vec<String>,
    devices: BTreeMap<String, Device>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    /// The application's events, one list for each view.
    expect: Vec<Vec<String>>,
    /// The end result that this device sees, if it sees one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_result: Option<String>,
    /// What the server tells it.
    #[serde(default)]
    views: Vec<CallView>,
}

const fn on(audio_enabled: bool, video_enabled: bool, revision: u32) -> MediaSettings {
    MediaSettings { audio_enabled, video_enabled, on_hold: false, revision }
}

async fn perform(world: &World, step: &str) {
    let (who, deed) = step.split_once(' ').expect("a step is `<device> <deed>`");
    if who == "wait" {
        return tokio::time::sleep(Duration::from_secs(deed.parse().unwrap())).await;
    }
    let control = &world.control;
    let (device, call_id) = (key(who), CallId::new("call-1").unwrap());
    let reply: Result<CallView, Refusal> = match deed {
        "arrive" => return control.arrived(&device).await,
        "lose" => return control.lost(&device, control.clock().now()).await,
        "sign-out" => return control.sign_out(&device).await,
        "dial" => {
            let dial = Dial {
                dial_key: "key".into(),
                callee_id: key("b1").user,
                is_video_call: true,
                settings: on(true, true, 0),
                ringing_timeout_secs: None,
                connection_timeout_secs: None,
                custom_items: BTreeMap::new(),
            };
            control.dial(&device, dial).await
        }
        "accept" => control.accept(&device, Accept { call_id, settings: on(true, true, 0) }).await,
        "end" => control.end(&device, end_of(&call_id)).await,
        "up" => control.media(&device, Media { call_id, path: MediaPath::Up }).await,
        "down" => control.media(&device, Media { call_id, path: MediaPath::Down }).await,
        "mute" => {
            control.settings(&device, Settings { call_id, settings: on(false, true, 1) }).await
        }
        "camera-off" => {
            control.settings(&device, Settings { call_id, settings: on(true, false, 2) }).await
        }
        other => panic!("no such deed: {other}"),
    };
    match reply {
        Ok(view) => world.told.tell(who, view),
        Err(refusal) => {
            if let Some(view) = refusal.call {
                world.told.tell(who, *view);
            }
        }
    }
}

/// Runs one script; says what is wrong, if anything.
async fn run(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut vector: Vector = serde_json::from_str(&text).unwrap();
    let world = World::new().await;
    for step in &vector.steps {
        perform(&world, step).await;
    }
    let mut wrong = Vec::new();
    for (name, device) in &mut vector.devices {
        let views = world.views(name);
        let seen = views.last().and_then(|view| view.ended.as_ref());
        let seen = seen.map(|ended| ended.result.as_str().to_owned());
        if seen != device.end_result {
            wrong.push(format!("{name} sees the end {seen:?}"));
        }
        if views.len() != device.expect.len() {
            wrong.push(format!("{name} is told {} times", views.len()));
        }
        if views != device.views {
            wrong.push(format!("{name} is told something else"));
        }
        device.views = views;
    }
    if wrong.is_empty() {
        return None;
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(path.file_name().unwrap());
    std::fs::write(&out, serde_json::to_string_pretty(&vector).unwrap() + "\n").unwrap();
    Some(format!("{}: {}; as run: {}", vector.name, wrong.join(", "), out.display()))
}

/// To add a vector: write steps and expectations, run this test, look at the file it names, and
/// copy it over the vector if it tells what should be told.
#[tokio::test(start_paused = true)]
async fn devices_are_told_what_the_vectors_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    assert!(!files.is_empty(), "no vectors found");
    let mut wrong = Vec::new();
    for file in files {
        wrong.extend(run(&file).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
