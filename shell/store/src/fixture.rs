//! Rows with fixed fields, for the tests of every crate above; change what matters by `..`.

use crate::memory::MemoryStore;
use crate::{AppRecord, CallCommit, CallRecord, OutboxRecord, SessionRecord, UserRecord};

/// A store with this application and these users in it.
pub fn house(app_id: &str, user_ids: &[&str]) -> MemoryStore {
    let users = user_ids.iter().map(|user_id| user(app_id, user_id, 1));
    MemoryStore::holding(app(app_id), users)
}

/// An application with this id and fixed other fields.
pub fn app(app_id: &str) -> AppRecord {
    AppRecord {
        app_id: app_id.to_owned(),
        name: format!("The {app_id}"),
        token_required: false,
        api_token_hash: format!("api token of {app_id}").into_bytes(),
        session_token_key: vec![0, 255, 7],
        glare_answers: true,
        early_candidates: true,
        created_at_ms: 1_000,
    }
}

/// A user with these ids and fixed other fields.
pub fn user(app_id: &str, user_id: &str, created_at_ms: i64) -> UserRecord {
    UserRecord {
        app_id: app_id.to_owned(),
        user_id: user_id.to_owned(),
        nickname: format!("nick {user_id}"),
        profile_url: "https://example.com/p.png?a=1&b=%20".to_owned(),
        metadata_json: r#"{"team":"blue"}"#.to_owned(),
        is_active: true,
        access_token_hash: None,
        has_token_ever: false,
        has_ever_logged_in: false,
        tokens_valid_from_ms: 0,
        created_at_ms,
        last_seen_at_ms: 0,
    }
}

/// A session of this device, with a key of its own.
pub fn session(app_id: &str, user_id: &str, device_id: &str, key: &str) -> SessionRecord {
    SessionRecord {
        key_hash: key.as_bytes().to_vec(),
        app_id: app_id.to_owned(),
        user_id: user_id.to_owned(),
        device_id: device_id.to_owned(),
        created_at_ms: 5,
    }
}

/// A ringing call at version 1, whose dial key is its id.
pub fn call(app_id: &str, call_id: &str) -> CallRecord {
    CallRecord {
        call_id: call_id.to_owned(),
        app_id: app_id.to_owned(),
        caller_id: "ann".to_owned(),
        callee_id: "bob".to_owned(),
        dial_key: call_id.to_owned(),
        answer_key: None,
        is_video_call: true,
        machine_json: r#"{"state":"ringing"}"#.to_owned(),
        version: 1,
        ringing: true,
        deadline_ms: Some(60_000),
        ended: false,
        end_result: None,
        ended_by: None,
        started_at_ms: 100,
        ended_at_ms: None,
        duration_ms: 0,
    }
}

/// The same call one version later and over.
pub fn ended(call: &CallRecord) -> CallRecord {
    CallRecord {
        machine_json: r#"{"state":"ended"}"#.to_owned(),
        version: call.version + 1,
        ringing: false,
        deadline_ms: None,
        ended: true,
        end_result: Some("completed".to_owned()),
        ended_by: Some("bob".to_owned()),
        ended_at_ms: Some(9_000),
        duration_ms: 4_321,
        ..call.clone()
    }
}

/// A commit that inserts this call.
pub fn inserting(record: &CallRecord) -> CallCommit {
    CallCommit {
        record: record.clone(),
        expected_version: None,
        unless_crossed: false,
        outbox: Vec::new(),
    }
}

/// A commit that moves the call on from this version.
pub fn from_version(expected: i64, record: &CallRecord) -> CallCommit {
    CallCommit { expected_version: Some(expected), ..inserting(record) }
}

/// A message about this call.
pub fn message(call: &CallRecord, kind: &str, created_at_ms: i64) -> OutboxRecord {
    OutboxRecord {
        app_id: call.app_id.clone(),
        call_id: call.call_id.clone(),
        kind: kind.to_owned(),
        body: format!("{{\"kind\":\"{kind}\"}}\n"),
        created_at_ms,
    }
}
