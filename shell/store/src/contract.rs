//! The one suite that every back end passes.
//!
//! To add a case: an async function over `&dyn Store` with an application of its own, called
//! in [`run`]. Cases share one store, so each must bear the rows of the others.

mod calls;
mod glare;
mod log;
mod outbox;
mod users;

use crate::fixture::{app, call, ended, from_version, inserting, message, session, user};
use crate::{AppRecord, CallSettings, Store, StoreError};

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
