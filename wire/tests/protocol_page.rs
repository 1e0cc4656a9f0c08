//! The examples on the page of the protocol are messages that this code understands, every field
//! of them, and each verb and each kind of message has one.

use curlew_wire::call::EndView;
use curlew_wire::client::ClientMessage;
use curlew_wire::decode_client;
use curlew_wire::rest::{CallLogPage, CreateSession, ErrorBody, SessionCreated};
use curlew_wire::schema::json_schema;
use curlew_wire::server::ServerMessage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

/// A fenced block: what follows the fence, and its text.
struct Example {
    line: usize,
    kind: String,
    text: String,
}

fn examples() -> Vec<Example> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol/README.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```json") else { continue };
        let text: Vec<_> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let (kind, text) = (kind.trim().to_owned(), text.join("\n"));
        found.push(Example { line: number + 1, kind, text });
    }
    found
}

/// Whether all that the example says came through.
fn holds(told: &Value, understood: &Value) -> bool {
    match (told, understood) {
        (Value::Object(told), Value::Object(understood)) => told.iter().all(|(key, value)| {
            let is_default = matches!(value, Value::Bool(false) | Value::Null);
            understood.get(key).map_or(is_default, |other| holds(value, other))
        }),
        (Value::Array(told), Value::Array(understood)) => {
            told.len() == understood.len()
                && told.iter().zip(understood).all(|(one, other)| holds(one, other))
        }
        _ => told == understood,
    }
}

fn understands<T: DeserializeOwned + Serialize>(told: &Value) -> bool {
    let understood = T::deserialize(told).ok().and_then(|it| serde_json::to_value(it).ok());
    understood.is_some_and(|understood| holds(told, &understood))
}

/// The words that stand under `key` anywhere in a value.
fn words(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|inner| words(inner, key, found));
        }
        Value::Array(all) => all.iter().for_each(|inner| words(inner, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words that the schema allows for a tag.
fn allowed(definition: &str, tag: &str) -> BTreeSet<String> {
    let schema = json_schema();
    let variants = schema["$defs"][definition]["oneOf"].as_array().expect("an enum").clone();
    variants
        .iter()
        .filter_map(|one| one["properties"][tag]["const"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn the_examples_are_understood() {
    for Example { line, kind, text } in examples() {
        let told: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("line {line}: {e}"));
        let understood = match kind.as_str() {
            "client" => decode_client(&text).is_ok() && understands::<ClientMessage>(&told),
            "server" => understands::<ServerMessage>(&told),
            // Between two devices; the SDK's tests hold its codec.
            "peer" => told.is_object(),
            "" => {
                understands::<CreateSession>(&told)
                    || understands::<SessionCreated>(&told)
                    || understands::<ErrorBody>(&told)
                    || understands::<EndView>(&told)
                    || understands::<CallLogPage>(&told)
            }
            other => panic!("line {line}: there is no kind of example {other:?}"),
        };
        assert!(understood, "the example at line {line} is not what the code speaks:\n{text}");
    }
}

#[test]
fn every_word_of_the_protocol_has_an_example() {
    let [mut client, mut server, mut verbs, mut events] = [const { BTreeSet::<String>::new() }; 4];
    for Example { kind, text, .. } in examples() {
        let told: Value = serde_json::from_str(&text).expect("checked by the other test");
        let messages = if kind == "client" { &mut client } else { &mut server };
        messages.extend(told["type"].as_str().map(str::to_owned));
        words(&told, "verb", &mut verbs);
        words(&told, "event", &mut events);
    }
    server.extend(["ping", "pong"].map(str::to_owned));
    assert_eq!(verbs, allowed("Verb", "verb"));
    assert_eq!(events, allowed("EventBody", "event"));
    assert_eq!(client, allowed("ClientMessage", "type"));
    let missing: Vec<_> = allowed("ServerMessage", "type").difference(&server).cloned().collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}
