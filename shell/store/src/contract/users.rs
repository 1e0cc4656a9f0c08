//! The cases about users and their sessions.

use super::{ODD_IDS, app, assert_conflict, session, user};
use crate::{Store, UserFilter, UserRecord};

pub(super) async fn run(store: &dyn Store) {
    users_live_and_die(store).await;
    odd_ids_survive_byte_for_byte(store).await;
    lists_neither_repeat_nor_skip(store).await;
    lists_are_filtered(store).await;
    a_device_has_one_session(store).await;
    sessions_end_with_their_user(store).await;
    applications_are_walls(store).await;
}

async fn users_live_and_die(store: &dyn Store) {
    store.create_app(app("users")).await.unwrap();
    let first = user("users", "ann", 10);
    store.create_user(first.clone()).await.unwrap();
    assert_conflict(store.create_user(UserRecord { created_at_ms: 11, ..first.clone() }).await);
    assert_conflict(store.create_user(user("no such app", "ann", 10)).await);
    assert_eq!(store.user("users", "ann").await.unwrap(), Some(first.clone()));
    assert_eq!(store.user("users", "Ann").await.unwrap(), None);

    let changed = UserRecord {
        nickname: String::new(),
        profile_url: "p".to_owned(),
        metadata_json: "{}".to_owned(),
        is_active: false,
        access_token_hash: Some(vec![0, 1, 255]),
        has_token_ever: true,
        has_ever_logged_in: true,
        tokens_valid_from_ms: 77,
        last_seen_at_ms: i64::MAX,
        ..first
    };
    // The place in lists is fixed at creation, whatever an update says.
    let misdated = UserRecord { created_at_ms: 999, ..changed.clone() };
    assert!(store.update_user(misdated).await.unwrap());
    assert_eq!(store.user("users", "ann").await.unwrap(), Some(changed));
    assert!(!store.update_user(user("users", "nobody", 1)).await.unwrap());
    assert_eq!(store.user("users", "nobody").await.unwrap(), None);

    assert!(store.delete_user("users", "ann").await.unwrap());
    assert!(!store.delete_user("users", "ann").await.unwrap());
    assert_eq!(store.user("users", "ann").await.unwrap(), None);
}

async fn odd_ids_survive_byte_for_byte(store: &dyn Store) {
    store.create_app(app("odd")).await.unwrap();
    for id in ODD_IDS {
        store.create_user(user("odd", id, 3)).await.unwrap();
        store.put_session(session("odd", id, id, &format!("odd key {id}"))).await.unwrap();
    }
    for id in ODD_IDS {
        assert_eq!(store.user("odd", id).await.unwrap(), Some(user("odd", id, 3)));
        let key = format!("odd key {id}");
        let found = store.session_by_key_hash(key.as_bytes()).await.unwrap();
        assert_eq!(found, Some(session("odd", id, id, &key)));
    }
    let listed = store.list_users("odd", None, 100, UserFilter::default()).await.unwrap();
    let mut expected = ODD_IDS;
    expected.sort_unstable();
    assert_eq!(listed.iter().map(|user| user.user_id.as_str()).collect::<Vec<_>>(), expected);
}

/// Eleven users of three moments, read in pages of every length, while users before and after
/// the place of reading come and go.
async fn lists_neither_repeat_nor_skip(store: &dyn Store) {
    store.create_app(app("pages")).await.unwrap();
    for number in (0..11).rev() {
        store.create_user(user("pages", &format!("u{number:02}"), number / 4)).await.unwrap();
    }
    let all = store.list_users("pages", None, 100, UserFilter::default()).await.unwrap();
    let expected: Vec<String> = (0..11).map(|number| format!("u{number:02}")).collect();
    assert_eq!(all.iter().map(|user| user.user_id.clone()).collect::<Vec<_>>(), expected);
    assert!(store.list_users("pages", None, 0, UserFilter::default()).await.unwrap().is_empty());

    for limit in 1..=12_u32 {
        let mut read = Vec::new();
        let mut after = None;
        loop {
            let filter = UserFilter::default();
            let page = store.list_users("pages", after, limit, filter).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= usize::try_from(limit).unwrap());
            after = Some((last.created_at_ms, last.user_id.clone()));
            read.extend(page.into_iter().map(|user| user.user_id));
            // Come and go behind the place of reading: no later page may notice.
            store.create_user(user("pages", "early", -1)).await.unwrap();
            store.delete_user("pages", "early").await.unwrap();
        }
        assert_eq!(read, expected, "pages of {limit}");
    }
}

async fn lists_are_filtered(store: &dyn Store) {
    store.create_app(app("filters")).await.unwrap();
    let nicknames = ["Zoë", "zoë", "Zo%", "Zoo", "_", ""];
    for (at_ms, nickname) in (0..).zip(nicknames) {
        let nickname = nickname.to_owned();
        let is_active = at_ms % 2 == 0;
        let user = user("filters", &format!("f{at_ms}"), at_ms);
        store.create_user(UserRecord { nickname, is_active, ..user }).await.unwrap();
    }
    let some = |text: &str| Some(text.to_owned());
    let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
    let none = UserFilter::default;
    let cases: [(UserFilter, &[&str]); 13] = [
        (UserFilter { active: Some(true), ..none() }, &["f0", "f2", "f4"]),
        (UserFilter { active: Some(false), ..none() }, &["f1", "f3", "f5"]),
        (UserFilter { nickname: some("Zoë"), ..none() }, &["f0"]),
        (UserFilter { nickname: some("Zo"), ..none() }, &[]),
        (UserFilter { nickname: some(""), ..none() }, &["f5"]),
        (UserFilter { nickname_startswith: some("Zo"), ..none() }, &["f0", "f2", "f3"]),
        (UserFilter { nickname_startswith: some("Zo%"), ..none() }, &["f2"]),
        (UserFilter { nickname_startswith: some("_"), ..none() }, &["f4"]),
        (
            UserFilter { nickname_startswith: some(""), ..none() },
            &["f0", "f1", "f2", "f3", "f4", "f5"],
        ),
        (UserFilter { user_ids: ids(&["f3", "f0", "f3", "none"]), ..none() }, &["f0", "f3"]),
        (UserFilter { user_ids: ids(&[]), ..none() }, &[]),
        (
            UserFilter {
                user_ids: ids(&["f0", "f1", "f2", "f3"]),
                active: Some(true),
                nickname_startswith: some("Zo"),
                ..none()
            },
            &["f0", "f2"],
        ),
        (none(), &["f0", "f1", "f2", "f3", "f4", "f5"]),
    ];
    for (filter, expected) in cases {
        let mut read = Vec::new();
        let mut after = None;
        loop {
            // Pages of two: a filter must not lose its place between them.
            let page = store.list_users("filters", after, 2, filter.clone()).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.created_at_ms, last.user_id.clone()));
            read.extend(page.into_iter().map(|user| user.user_id));
        }
        assert_eq!(read, expected, "{filter:?}");
    }
}

async fn a_device_has_one_session(store: &dyn Store) {
    store.create_app(app("devices")).await.unwrap();
    for user_id in ["ann", "bob"] {
        store.create_user(user("devices", user_id, 1)).await.unwrap();
    }
    let old = session("devices", "ann", "phone", "dev old");
    let new = session("devices", "ann", "phone", "dev new");
    let others = [
        session("devices", "ann", "desk", "dev desk"),
        session("devices", "bob", "phone", "dev bob"),
    ];
    for put in [&old, &others[0], &others[1], &new] {
        store.put_session(put.clone()).await.unwrap();
    }
    assert_eq!(store.session_by_key_hash(b"dev old").await.unwrap(), None);
    assert_eq!(store.session_by_key_hash(b"dev new").await.unwrap(), Some(new.clone()));
    for other in &others {
        let found = store.session_by_key_hash(&other.key_hash).await.unwrap();
        assert_eq!(found.as_ref(), Some(other));
    }
    // The same key again is no theft by itself; another device's key is.
    store.put_session(new.clone()).await.unwrap();
    assert_conflict(store.put_session(session("devices", "ann", "desk", "dev bob")).await);
    assert_eq!(store.session_by_key_hash(b"dev desk").await.unwrap().as_ref(), Some(&others[0]));

    assert_eq!(store.delete_session(b"dev new").await.unwrap(), Some(new));
    assert_eq!(store.delete_session(b"dev new").await.unwrap(), None);
    assert_eq!(store.session_by_key_hash(b"dev new").await.unwrap(), None);
}

async fn sessions_end_with_their_user(store: &dyn Store) {
    store.create_app(app("leaving")).await.unwrap();
    assert_conflict(store.put_session(session("leaving", "ann", "x", "leave x")).await);
    for user_id in ["ann", "ann2", "an"] {
        store.create_user(user("leaving", user_id, 1)).await.unwrap();
        for device in ["tv", "desk", "phone"] {
            let key = format!("leave {user_id} {device}");
            store.put_session(session("leaving", user_id, device, &key)).await.unwrap();
        }
    }
    let gone = store.delete_sessions_of("leaving", "ann").await.unwrap();
    let devices: Vec<_> = gone.iter().map(|session| session.device_id.as_str()).collect();
    assert_eq!(devices, ["desk", "phone", "tv"]);
    assert!(gone.iter().all(|session| session.user_id == "ann"));
    assert!(store.delete_sessions_of("leaving", "ann").await.unwrap().is_empty());
    assert_eq!(store.session_by_key_hash(b"leave ann tv").await.unwrap(), None);

    assert!(store.delete_user("leaving", "ann2").await.unwrap());
    assert_eq!(store.session_by_key_hash(b"leave ann2 tv").await.unwrap(), None);
    assert_conflict(store.put_session(session("leaving", "ann2", "tv", "leave late")).await);
    assert!(store.session_by_key_hash(b"leave an tv").await.unwrap().is_some());

    // Whoever comes back under the same id starts without the old sessions.
    store.create_user(user("leaving", "ann2", 2)).await.unwrap();
    assert!(store.delete_sessions_of("leaving", "ann2").await.unwrap().is_empty());
}

async fn applications_are_walls(store: &dyn Store) {
    for app_id in ["wall-1", "wall-2"] {
        store.create_app(app(app_id)).await.unwrap();
        store.create_user(user(app_id, "ann", 1)).await.unwrap();
        let key = format!("key {app_id}");
        store.put_session(session(app_id, "ann", "phone", &key)).await.unwrap();
    }
    assert!(store.delete_user("wall-1", "ann").await.unwrap());
    assert!(store.user("wall-2", "ann").await.unwrap().is_some());
    assert!(store.session_by_key_hash(b"key wall-2").await.unwrap().is_some());
    let page = store.list_users("wall-1", None, 9, UserFilter::default()).await.unwrap();
    assert!(page.is_empty());
}
