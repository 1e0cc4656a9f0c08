//! Bytes to messages: every field has a type and a cap, and a violation names the field.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::client::{ClientMessage, Dial, Hello, Request, SignalTo, Verb};
use curlew_base::limits;

/// A field that broke its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct BadField {
    /// The field's path, as in `body.settings.audioEnabled`.
    pub field: String,
    /// The rule that it broke.
    pub reason: String,
}

/// Why a message was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a JSON object; the connection cannot be trusted to be in step.
    #[error("not a JSON object: {0}")]
    Broken(String),
    /// JSON, but not a message; `id` is the request's, if it had one.
    #[error("{bad}")]
    Bad {
        /// The request to answer.
        id: Option<u64>,
        /// The field at fault.
        bad: BadField,
    },
}

/// Decodes a device's message of at most [`limits::MESSAGE_BYTES`].
///
/// # Errors
/// [`DecodeError::Broken`] for what is not a JSON object, [`DecodeError::Bad`] for a field of the
/// wrong type, over its cap, or missing.
pub fn decode_client(text: &str) -> Result<ClientMessage, DecodeError> {
    if text.len() > limits::MESSAGE_BYTES {
        return Err(DecodeError::Broken(format!("over {} bytes", limits::MESSAGE_BYTES)));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|e| DecodeError::Broken(e.to_string()))?;
    if !value.is_object() {
        return Err(DecodeError::Broken("an array or a bare value".into()));
    }
    let id = value.get("id").and_then(Value::as_u64);
    let bad = |bad| DecodeError::Bad { id, bad };
    let message = decode_message(value).map_err(bad)?;
    check(&message).map_err(bad)?;
    Ok(message)
}

/// Decodes a REST body and names the field at fault.
///
/// # Errors
/// The first field of the wrong type, or missing; an empty path means the body as a whole.
pub fn decode_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadField> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(name_field)?;
    match json.end() {
        Ok(()) => Ok(value),
        Err(e) => Err(BadField { field: "body".into(), reason: e.to_string() }),
    }
}

/// Tag first, then the struct behind it: serde's own tagged enums forget at which field it failed.
fn decode_message(mut value: Value) -> Result<ClientMessage, BadField> {
    match tag(&value, "type", "type")?.as_str() {
        "hello" => decode_value(value, "").map(ClientMessage::Hello),
        "ack" => decode_value(value, "").map(ClientMessage::Ack),
        "ping" => Ok(ClientMessage::Ping),
        "pong" => Ok(ClientMessage::Pong),
        "request" => {
            let id = value.get("id").and_then(Value::as_u64);
            let id = id.ok_or_else(|| bad("id", "must be a whole number"))?;
            let body = value.get_mut("body").map(Value::take);
            let body = body.ok_or_else(|| bad("body", "missing field `body`"))?;
            Ok(ClientMessage::Request(Request { id, body: decode_verb(body)? }))
        }
        other => Err(bad("type", &format!("there is no message {other:?}"))),
    }
}

fn decode_verb(body: Value) -> Result<Verb, BadField> {
    const IN: &str = "body.";
    match tag(&body, "verb", "body.verb")?.as_str() {
        "dial" => decode_value(body, IN).map(Verb::Dial),
        "accept" => decode_value(body, IN).map(Verb::Accept),
        "end" => decode_value(body, IN).map(Verb::End),
        "media" => decode_value(body, IN).map(Verb::Media),
        "settings" => decode_value(body, IN).map(Verb::Settings),
        "signal" => decode_value(body, IN).map(Verb::Signal),
        "ringing" => decode_value(body, IN).map(Verb::Ringing),
        "update_items" => decode_value(body, IN).map(Verb::UpdateItems),
        "delete_items" => decode_value(body, IN).map(Verb::DeleteItems),
        other => Err(bad("body.verb", &format!("there is no verb {other:?}"))),
    }
}

fn tag(value: &Value, key: &str, path: &str) -> Result<String, BadField> {
    let tag = value.get(key).and_then(Value::as_str).map(str::to_owned);
    tag.ok_or_else(|| bad(path, "must be a text that names what this is"))
}

fn decode_value<T: DeserializeOwned>(value: Value, prefix: &str) -> Result<T, BadField> {
    serde_path_to_error::deserialize(value).map_err(name_field).map_err(|mut bad| {
        bad.field.insert_str(0, prefix);
        bad
    })
}

fn name_field(e: serde_path_to_error::Error<serde_json::Error>) -> BadField {
    let path = e.path().to_string();
    let reason = e.into_inner().to_string();
    let field = match (path.as_str(), reason.split('`').nth(1)) {
        (".", Some(name)) if reason.starts_with("missing field") => name.to_owned(),
        (".", _) => "body".to_owned(),
        _ => path,
    };
    BadField { field, reason }
}

fn check(message: &ClientMessage) -> Result<(), BadField> {
    match message {
        ClientMessage::Hello(hello) => check_hello(hello),
        ClientMessage::Request(request) => match &request.body {
            Verb::Dial(dial) => check_dial(dial),
            Verb::Signal(to) => check_signal(to),
            Verb::UpdateItems(update) => check_items("body.items", &update.items),
            Verb::DeleteItems(delete) => check_keys(delete.keys.as_deref().unwrap_or_default()),
            Verb::Accept(_)
            | Verb::Ringing(_)
            | Verb::End(_)
            | Verb::Media(_)
            | Verb::Settings(_) => Ok(()),
        },
        ClientMessage::Ack(_) | ClientMessage::Ping | ClientMessage::Pong => Ok(()),
    }
}

fn check_hello(hello: &Hello) -> Result<(), BadField> {
    at_most("versions", hello.versions.len(), 16, "entries")?;
    at_most("sessionKey", hello.session_key.len(), limits::TOKEN_CHARS, "bytes")?;
    at_most("calls", hello.calls.len(), limits::KNOWN_CALLS, "entries")
}

fn check_dial(dial: &Dial) -> Result<(), BadField> {
    at_most("body.dialKey", dial.dial_key.len(), limits::OPAQUE_ID_CHARS, "bytes")?;
    if dial.dial_key.is_empty() {
        return Err(bad("body.dialKey", "must not be empty"));
    }
    check_timeout("body.ringingTimeoutSecs", dial.ringing_timeout_secs)?;
    check_timeout("body.connectionTimeoutSecs", dial.connection_timeout_secs)?;
    check_items("body.customItems", &dial.custom_items)
}

/// The documented limits of custom items.
fn check_items(field: &str, items: &BTreeMap<String, String>) -> Result<(), BadField> {
    at_most(field, items.len(), limits::CUSTOM_ITEMS, "entries")?;
    for (key, value) in items {
        let long = key.chars().count().max(value.chars().count());
        at_most(field, long, limits::CUSTOM_ITEM_CHARS, "characters a key or value")?;
        if key.contains(',') {
            return Err(bad(field, "a key must not contain a comma"));
        }
    }
    Ok(())
}

fn check_keys(keys: &[String]) -> Result<(), BadField> {
    at_most("body.keys", keys.len(), limits::CUSTOM_ITEMS, "entries")?;
    let longest = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
    at_most("body.keys", longest, limits::CUSTOM_ITEM_CHARS, "characters a key")
}

fn check_timeout(field: &str, secs: Option<u32>) -> Result<(), BadField> {
    match secs {
        Some(secs) if secs == 0 || secs > limits::TIMEOUT_MAX_SECS => {
            let max = limits::TIMEOUT_MAX_SECS;
            Err(bad(field, &format!("must be 1 to {max} seconds, but is {secs}")))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_signal(to: &SignalTo) -> Result<(), BadField> {
    if let Some(description) = &to.signal.description {
        let field = "body.signal.description.sdp";
        at_most(field, description.sdp.len(), limits::DESCRIPTION_BYTES, "bytes")?;
    }
    let candidates = &to.signal.candidates;
    at_most("body.signal.candidates", candidates.len(), limits::SIGNAL_CANDIDATES, "entries")?;
    for c in candidates {
        let rest = [c.sdp_mid.as_deref(), c.username_fragment.as_deref()];
        let longest = rest.iter().flatten().map(|s| s.len()).max().unwrap_or(0);
        let len = c.candidate.len().max(longest);
        at_most("body.signal.candidates", len, limits::CANDIDATE_BYTES, "bytes each")?;
    }
    Ok(())
}

fn at_most(field: &str, len: usize, max: usize, unit: &str) -> Result<(), BadField> {
    if len <= max {
        return Ok(());
    }
    Err(bad(field, &format!("must be at most {max} {unit}, but has {len}")))
}

fn bad(field: &str, reason: &str) -> BadField {
    BadField { field: field.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(extra: &str) -> String {
        format!(
            r#"{{"type":"request","id":7,"body":{{"verb":"dial","dialKey":"k","calleeId":"b",
            "isVideoCall":true,"settings":{{"audioEnabled":true,"videoEnabled":true}}{extra}}}}}"#
        )
    }

    #[track_caller]
    fn refused(text: &str) -> (Option<u64>, String) {
        match decode_client(text) {
            Err(DecodeError::Bad { id, bad }) => (id, bad.to_string()),
            other => panic!("expected a bad field, got {other:?}"),
        }
    }

    #[test]
    fn a_dial_is_understood() {
        assert!(matches!(decode_client(&dial("")), Ok(ClientMessage::Request(r)) if r.id == 7));
    }

    #[test]
    fn a_violation_answers_its_request_and_names_the_field() {
        let (id, text) = refused(&dial(r#","ringingTimeoutSecs":601"#));
        assert_eq!(id, Some(7));
        assert_eq!(text, "body.ringingTimeoutSecs: must be 1 to 600 seconds, but is 601");
        let (_, text) = refused(&dial(r#","customItems":{"a":1}"#));
        assert!(text.starts_with("body.customItems") && text.contains("string"), "{text}");
        let (_, text) = refused(&dial("").replace(r#""audioEnabled":true"#, r#""audioEnabled":1"#));
        assert!(text.starts_with("body.settings.audioEnabled: "), "{text}");
        let (_, text) = refused(&dial("").replace(r#""isVideoCall":true,"#, ""));
        assert!(text.starts_with("body.isVideoCall: missing"), "{text}");
        let long = "x".repeat(81);
        let (_, text) =
            refused(&dial("").replace(r#""calleeId":"b""#, &format!(r#""calleeId":"{long}""#)));
        assert!(text.contains("at most 80 characters"), "{text}");
        let (id, _) = refused(r#"{"type":"dance","id":3}"#);
        assert_eq!(id, Some(3));
    }

    #[test]
    fn custom_items_have_their_limits_at_every_entry() {
        let ask = |verb: &str, rest: &str| {
            format!(r#"{{"type":"request","id":1,"body":{{"verb":"{verb}","callId":"c"{rest}}}}}"#)
        };
        let items = |n: usize| {
            let all: Vec<_> = (0..n).map(|i| format!(r#""k{i}":"v""#)).collect();
            format!(r#","items":{{{}}}"#, all.join(","))
        };
        assert!(decode_client(&ask("update_items", &items(10))).is_ok());
        let (_, text) = refused(&ask("update_items", &items(11)));
        assert!(text.contains("at most 10 entries"), "{text}");
        let (_, text) = refused(&ask("update_items", r#","items":{"a":7}"#));
        assert!(text.starts_with("body.items.a: ") && text.contains("string"), "{text}");
        let value = |n: usize| format!(r#","items":{{"a":"{}"}}"#, "\u{fc}".repeat(n));
        assert!(decode_client(&ask("update_items", &value(128))).is_ok());
        let (_, text) = refused(&ask("update_items", &value(129)));
        assert!(text.contains("at most 128 characters"), "{text}");
        let (_, text) = refused(&ask("update_items", r#","items":{"a,b":"c"}"#));
        assert!(text.contains("comma"), "{text}");
        assert!(decode_client(&ask("delete_items", "")).is_ok());
        let keys = ["\"k\""; 11].join(",");
        let (_, text) = refused(&ask("delete_items", &format!(r#","keys":[{keys}]"#)));
        assert!(text.starts_with("body.keys"), "{text}");
    }

    #[test]
    fn what_is_not_an_object_is_broken() {
        for text in ["", "x", "[1]", "7", "{\"type\":"] {
            assert!(matches!(decode_client(text), Err(DecodeError::Broken(_))), "{text}");
        }
    }
}
