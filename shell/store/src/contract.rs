//! The one suite that every back end passes.
//!
//! To add a case: an async function over `&dyn Store` with an application of its own, called
//! in [`run`]. Cases share one store, so each must bear the rows of the others.

mod calls;
mod glare;
mod log;
mod outbox;
mod users;

use crate::{
    AppRecord, CallCommit, CallRecord, CallSettings, OutboxRecord, SessionRecord, Store,
    StoreError, UserRecord,
};

/// Ids that a careless layer would fold, escape, cut or normalise.
pub(crate) const ODD_IDS: [&str; 9] = [
    "a/b",
    "50%",
    "%2F",
    "😀👩‍👧",
    "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "e\u{301}",
    "\u{e9}",
    "nul\0inside",
    " Case ",
];

/// Runs every case against one empty store.
pub(crate) async fn run(store: &dyn Store) {
    calls::run(store).await;
    glare::run(store).await;
    log::run(store).await;
    outbox::run(store).await;
    users::run(store).await;
    apps_are_told_apart(store).await;
    call_settings_are_kept(store).await;
    store.ping().await.unwrap();
}

/// An application with this id and fixed other fields.
pub(crate) fn app(app_id: &str) -> AppRecord {
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
pub(crate) fn user(app_id: &str, user_id: &str, created_at_ms: i64) -> UserRecord {
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
pub(crate) fn session(app_id: &str, user_id: &str, device_id: &str, key: &str) -> SessionRecord {
    SessionRecord {
        key_hash: key.as_bytes().to_vec(),
        app_id: app_id.to_owned(),
        user_id: user_id.to_owned(),
        device_id: device_id.to_owned(),
        created_at_ms: 5,
    }
}

/// A ringing call at version 1, whose dial key is its id.
pub(crate) fn call(app_id: &str, call_id: &str) -> CallRecord {
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
pub(crate) fn ended(call: &CallRecord) -> CallRecord {
    CallRecord {
        machine_json: r#"{"state":"ended"}"#.to_owned(),
        version: call.version + 1,
        ringing: false,
        deadline_ms: None,
        ended: true,
        end_result: Some("COMPLETED".to_owned()),
        ended_by: Some("bob".to_owned()),
        ended_at_ms: Some(9_000),
        duration_ms: 4_321,
        ..call.clone()
    }
}

/// A commit that inserts this call.
pub(crate) fn inserting(record: &CallRecord) -> CallCommit {
    CallCommit {
        record: record.clone(),
        expected_version: None,
        unless_crossed: false,
        outbox: Vec::new(),
    }
}

/// A commit that moves the call on from this version.
pub(crate) fn from_version(expected: i64, record: &CallRecord) -> CallCommit {
    CallCommit { expected_version: Some(expected), ..inserting(record) }
}

/// A message about this call.
pub(crate) fn message(call: &CallRecord, kind: &str, created_at_ms: i64) -> OutboxRecord {
    OutboxRecord {
        app_id: call.app_id.clone(),
        call_id: call.call_id.clone(),
        kind: kind.to_owned(),
        body: format!("{{\"kind\":\"{kind}\"}}\n"),
        created_at_ms,
    }
}

/// Fails the test unless the write was refused because its premise does not hold.
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict)), "expected Conflict, got {result:?}");
}

async fn apps_are_told_apart(store: &dyn Store) {
    let (first, second) = (app("apps-1"), app("apps-2"));
    store.create_app(second.clone()).await.unwrap();
    store.create_app(first.clone()).await.unwrap();
    assert_conflict(store.create_app(first.clone()).await);
    let thief = AppRecord { app_id: "apps-3".to_owned(), ..first.clone() };
    assert_conflict(store.create_app(thief).await);
    assert_eq!(store.app("apps-3").await.unwrap(), None);
    assert_eq!(store.app("APPS-1").await.unwrap(), None);

    let older = AppRecord { created_at_ms: -1, ..app("apps-older") };
    store.create_app(older.clone()).await.unwrap();
    let apps = store.apps().await.unwrap();
    let ours: Vec<_> = apps.into_iter().filter(|app| app.app_id.starts_with("apps-")).collect();
    assert_eq!(ours, [older, first.clone(), second.clone()]);

    assert!(store.set_token_required("apps-1", true).await.unwrap());
    assert!(store.set_api_token_hash("apps-1", vec![9; 32]).await.unwrap());
    let first = AppRecord { token_required: true, api_token_hash: vec![9; 32], ..first };
    assert_eq!(store.app("apps-1").await.unwrap(), Some(first.clone()));
    assert_eq!(store.app("apps-2").await.unwrap(), Some(second.clone()));
    assert_eq!(store.app_by_api_token_hash(&[9; 32]).await.unwrap(), Some(first));
    assert_eq!(store.app_by_api_token_hash(b"api token of apps-1").await.unwrap(), None);

    assert_conflict(store.set_api_token_hash("apps-1", second.api_token_hash.clone()).await);
    assert!(!store.set_token_required("nowhere", true).await.unwrap());
    assert!(!store.set_api_token_hash("nowhere", vec![1]).await.unwrap());
}

async fn call_settings_are_kept(store: &dyn Store) {
    let (first, second) = (app("settings-1"), app("settings-2"));
    store.create_app(first.clone()).await.unwrap();
    store.create_app(second.clone()).await.unwrap();
    for (glare_answers, early_candidates) in [(false, true), (true, false), (false, false)] {
        let settings = CallSettings { glare_answers, early_candidates };
        assert!(store.set_call_settings("settings-1", settings).await.unwrap());
        let expected = AppRecord { glare_answers, early_candidates, ..first.clone() };
        assert_eq!(store.app("settings-1").await.unwrap(), Some(expected));
    }
    assert_eq!(store.app("settings-2").await.unwrap(), Some(second));
    let settings = CallSettings { glare_answers: false, early_candidates: false };
    assert!(!store.set_call_settings("nowhere", settings).await.unwrap());
}
