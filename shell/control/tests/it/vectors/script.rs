//! The files of `tests/vectors`: how a script is read, filled in and written. The format is
//! described in its `README.md`.

use curlew_base::{CallId, Role};
use curlew_wire::call::{CallView, MediaSettings};
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A story, told once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// A sentence: what it shows.
    pub name: String,
    pub steps: Vec<Step>,
    /// By device and call: the result that stands in the end, where it is not the one of `onEnded`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrected: BTreeMap<String, BTreeMap<CallId, String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(rename = "do")]
    pub act: String,
    /// The code of the refusal, if the request was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u32>,
    /// What each device is told by this step, in order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub told: Written,
    /// The application's events that it means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
}

/// What a device is told, as the file has it: views are patches of the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Written {
    View(Value),
    Reply(Value),
    Again(usize),
    Snapshot { named: Vec<CallId>, views: Vec<Value> },
    Settings { call: CallId, side: Role, settings: MediaSettings },
    EndHere { call: CallId, result: String, by: Option<Role> },
}

/// What a device is told, as it happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// By an event, or by the reply to a request about a call that it takes part in.
    View(CallView),
    /// By the reply to a request that it may make about a call it takes no part in.
    Reply(CallView),
    Again(usize),
    Snapshot(Vec<CallId>, Vec<CallView>),
    Settings(CallId, Role, MediaSettings),
    EndHere(CallId, String, Option<Role>),
}

/// Writes what happened in the words of the file.
pub struct Writer {
    first: Value,
    /// The last view of each call that each device was told.
    last: BTreeMap<(String, CallId), Value>,
}

impl Writer {
    pub fn new() -> Self {
        let text = std::fs::read_to_string(folder().join("first-view.json")).unwrap();
        Self { first: serde_json::from_str(&text).unwrap(), last: BTreeMap::new() }
    }

    pub fn write(&mut self, device: &str, told: Told) -> Written {
        match told {
            Told::View(view) => Written::View(self.patch(device, &view)),
            Told::Reply(view) => Written::Reply(self.patch(device, &view)),
            Told::Again(number) => Written::Again(number),
            Told::Snapshot(named, views) => {
                let views = views.iter().map(|view| self.patch(device, view)).collect();
                Written::Snapshot { named, views }
            }
            Told::Settings(call, side, settings) => Written::Settings { call, side, settings },
            Told::EndHere(call, result, by) => Written::EndHere { call, result, by },
        }
    }

    fn patch(&mut self, device: &str, view: &CallView) -> Value {
        let next = serde_json::to_value(view).unwrap();
        let key = (device.to_owned(), view.call_id.clone());
        let last = self.last.get(&key).unwrap_or(&self.first);
        let mut patch = merge_patch(last, &next).unwrap_or_else(|| Value::Object(Map::new()));
        // A patch names its call unless it is the first.
        if view.call_id.as_str() != "call-1" {
            patch["callId"] = Value::from(view.call_id.as_str());
        }
        self.last.insert(key, next);
        patch
    }
}

/// The JSON Merge Patch (RFC 7396) that makes `next` of `last`; `None` if they are the same.
fn merge_patch(last: &Value, next: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (last, next) else {
        return (last != next).then(|| next.clone());
    };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        let change = match old.get(key) {
            Some(before) => merge_patch(before, value),
            None => Some(value.clone()),
        };
        patch.extend(change.map(|change| (key.clone(), change)));
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Where the vectors are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

/// Every script with its file, in order of names.
pub fn all() -> Vec<(PathBuf, Script)> {
    let entries = std::fs::read_dir(folder().join("scripts")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let script = serde_json::from_str(&text);
        let script = script.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (file, script)
    };
    files.into_iter().map(read).collect()
}

impl Script {
    /// The text of the file: a step a line, and under it a device a line.
    pub fn text(&self) -> String {
        let mut out = format!("{{\n  \"name\": {},\n  \"steps\": [\n", line(&self.name));
        for (n, step) in self.steps.iter().enumerate() {
            let bare = Step { told: BTreeMap::new(), ..step.clone() };
            let mut text = line(&bare);
            if !step.told.is_empty() {
                text.pop();
                let told = step.told.iter().map(|(device, entries)| {
                    format!("\n      {}: {}", line(device), line(entries))
                });
                let told: Vec<_> = told.collect();
                text.push_str(&format!(", \"told\": {{{}}}}}", told.join(",")));
            }
            let comma = if n + 1 < self.steps.len() { "," } else { "" };
            out.push_str(&format!("    {text}{comma}\n"));
        }
        if self.corrected.is_empty() {
            return out + "  ]\n}\n";
        }
        out + &format!("  ],\n  \"corrected\": {}\n}}\n", line(&self.corrected))
    }
}

fn line(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// JSON on one line, with a space after each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }
}
