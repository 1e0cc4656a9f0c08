//! Fuzz targets of every decoder in `wire/`: each takes any bytes and checks what must hold.
//!
//! A target is a plain function, so that one set serves libFuzzer and the replay of the committed
//! corpus in the test command. To add one: a function here, its line in [`TARGETS`], a folder of
//! the same name under `corpus/`.

use curlew_base::limits;
use curlew_wire::client::{ClientMessage, Verb};
use curlew_wire::rest::{CreateSession, CreateUser, IssueToken, UpdateUser};
use curlew_wire::{DecodeError, decode_body, decode_client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A target: any bytes in, a panic if a promise is broken.
pub type Target = fn(&[u8]);

/// Every target with its name, which is also its folder under `corpus/`.
pub const TARGETS: &[(&str, Target)] =
    &[("client", client), ("session", session), ("user", user), ("token", token)];

/// A device's message: what is understood keeps its caps and survives being written again.
pub fn client(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match decode_client(text) {
        Ok(message) => {
            keeps_caps(&message);
            let again = serde_json::to_string(&message).expect("messages can be written");
            assert_eq!(decode_client(&again).as_ref(), Ok(&message));
        }
        Err(DecodeError::Bad { bad, .. }) => {
            assert!(!bad.field.is_empty() && !bad.reason.is_empty());
        }
        Err(DecodeError::Broken(reason)) => assert!(!reason.is_empty()),
    }
}

fn keeps_caps(message: &ClientMessage) {
    match message {
        ClientMessage::Hello(hello) => assert!(hello.calls.len() <= limits::KNOWN_CALLS),
        ClientMessage::Request(request) => match &request.body {
            Verb::Dial(dial) => {
                assert!(dial.callee_id.as_str().chars().count() <= limits::USER_ID_CHARS);
                assert!(dial.custom_items.len() <= limits::CUSTOM_ITEMS);
            }
            Verb::Signal(to) => {
                assert!(to.signal.candidates.len() <= limits::SIGNAL_CANDIDATES);
            }
            Verb::UpdateItems(update) => assert!(update.items.len() <= limits::CUSTOM_ITEMS),
            Verb::DeleteItems(delete) => {
                let keys = delete.keys.as_ref().map_or(0, Vec::len);
                assert!(keys <= limits::CUSTOM_ITEMS);
            }
            Verb::Accept(_)
            | Verb::Ringing(_)
            | Verb::End(_)
            | Verb::Media(_)
            | Verb::Settings(_) => {}
        },
        ClientMessage::Ack(_) | ClientMessage::Ping | ClientMessage::Pong => {}
    }
}

/// The body of `POST /v1/sessions`.
pub fn session(data: &[u8]) {
    body::<CreateSession>(data);
}

/// The bodies of `POST` and `PUT` on users.
pub fn user(data: &[u8]) {
    body::<CreateUser>(data);
    body::<UpdateUser>(data);
}

/// The body of `POST /v3/users/{user_id}/token`.
pub fn token(data: &[u8]) {
    body::<IssueToken>(data);
}

fn body<T: DeserializeOwned + Serialize + PartialEq + Debug>(data: &[u8]) {
    match decode_body::<T>(data) {
        Ok(value) => {
            let again = serde_json::to_vec(&value).expect("bodies can be written");
            assert_eq!(decode_body::<T>(&again).as_ref(), Ok(&value));
        }
        Err(bad) => assert!(!bad.field.is_empty() && !bad.reason.is_empty()),
    }
}
