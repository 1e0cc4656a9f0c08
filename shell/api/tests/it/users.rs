//! Users and their tokens.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_request_without_a_known_api_token_is_refused() {
    let world = World::new().await;
    let long = "x".repeat(5000);
    for (token, code) in [("", 401_121), ("wrong", 401_120), (long.as_str(), 401_120)] {
        for path in ["/v3/users", "/v3/users/u", "/v1/direct_calls", "/v1/direct_calls/c"] {
            let answer = world.ask_as(token, &format!("GET {path}"), Value::Null).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, code), "{path}");
        }
    }
}

#[tokio::test]
async fn users_are_made_seen_changed_and_removed() {
    let world = World::new().await;
    let made = json!({"user_id": "u", "nickname": "U", "metadata": {"k": "v"}});
    let answer = world.ask("POST /v3/users", made.clone()).await;
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.body["metadata"], json!({"k": "v"}));
    assert_eq!(answer.body["created_at"], 1_700_000_000);
    assert_eq!(answer.body["access_token"], "");
    assert_eq!(world.ask("POST /v3/users", made).await.code(), 400_202);
    let answer = world.ask("PUT /v3/users/u", json!({"nickname": "V"})).await;
    assert_eq!((answer.code(), answer.text("nickname")), (0, "V".into()));
    let answer = world.ask("GET /v3/users/u", Value::Null).await;
    assert_eq!(answer.text("nickname"), "V");
    assert_eq!(answer.body["metadata"], json!({"k": "v"}));
    let answer = world.ask("DELETE /v3/users/u", Value::Null).await;
    assert_eq!(answer.body, json!({}));
    for request in ["GET", "PUT", "DELETE"] {
        let answer = world.ask(&format!("{request} /v3/users/u"), json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, 400_201), "{request}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_body_names_the_field() {
    let world = World::new().await;
    for (body, code, field) in [
        (json!({"user_id": 5}), 400_100, "user_id"),
        (json!({"user_id": ""}), 400_100, "user_id"),
        (json!({"user_id": "é".repeat(81)}), 400_100, "user_id"),
        (json!({"nickname": "x"}), 400_111, "user_id"),
        (json!({"user_id": "u", "nickname": "x".repeat(81)}), 400_100, "nickname"),
        (json!({"user_id": "u", "profile_url": "x".repeat(2049)}), 400_100, "profile_url"),
        (json!({"user_id": "u", "metadata": {"k": 1}}), 400_100, "metadata.k"),
        (json!({"user_id": "u", "issue_access_token": "yes"}), 400_100, "issue_access_token"),
        (json!("text"), 400_100, "body"),
    ] {
        let answer = world.ask("POST /v3/users", body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code), "{body}");
        assert!(answer.message().starts_with(field), "{body}: {}", answer.message());
    }
    let answer = world.ask("POST /v3/users", json!({"user_id": "x".repeat(65_536)})).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, 400_100));
    let answer = world.ask("GET /v3/users", Value::Null).await;
    assert_eq!(answer.body["users"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn f66_ids_in_paths_are_kept_byte_for_byte() {
    let world = World::new().await;
    let long = "é".repeat(80);
    let long_path = "%C3%A9".repeat(80);
    let ids = [
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("a%252Fb", "a%25252Fb"),
        ("a b", "a%20b"),
        ("a+b", "a+b"),
        ("a#b?c", "a%23b%3Fc"),
        ("__", "__"),
        ("..", "%2E%2E"),
        ("😀", "%F0%9F%98%80"),
        ("مرحبا", "%D9%85%D8%B1%D8%AD%D8%A8%D8%A7"),
        (long.as_str(), long_path.as_str()),
    ];
    for (id, _) in ids {
        assert_eq!(world.ask("POST /v3/users", json!({"user_id": id})).await.code(), 0, "{id}");
    }
    for (id, path) in ids {
        let answer = world.ask(&format!("GET /v3/users/{path}"), Value::Null).await;
        assert_eq!((answer.code(), answer.text("user_id")), (0, id.into()), "{path}");
        let answer = world.sign_in(id, None).await;
        assert_eq!(answer.body["user"]["userId"], id);
    }
    for path in ["%C3%A9".repeat(81), "a%00b".into(), "%FF".into()] {
        let answer = world.ask(&format!("GET /v3/users/{path}"), Value::Null).await;
        assert_eq!(answer.code(), 400_100, "{path}");
        assert!(answer.message().starts_with("user_id: "), "{}", answer.message());
    }
    let answer = world.ask("GET /v3/users/a/b", Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, 400_200));
    let answer = world.ask("PATCH /v3/users/a", Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (405, 400_200));
}

#[tokio::test]
async fn lists_page_through_everyone_once() {
    let world = World::new().await;
    for n in 0..25 {
        let user = json!({"user_id": format!("u{n:02}"), "nickname": format!("n{}", n % 2)});
        world.ask("POST /v3/users", user).await;
    }
    world.ask("PUT /v3/users/u03", json!({"is_active": false})).await;
    for (query, count) in [
        ("limit=7", 24),
        ("limit=24", 24),
        ("", 24),
        ("active_mode=all&limit=1", 25),
        ("active_mode=deactivated", 1),
        ("user_ids=u01,u02,u03,nobody", 2),
        ("nickname=n1", 11),
        ("nickname_startswith=n&limit=100", 24),
        ("nickname_startswith=x", 0),
    ] {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = format!("GET /v3/users?{query}&token={token}");
            let answer = world.ask(&page, Value::Null).await;
            let users = answer.body["users"].as_array().unwrap();
            seen.extend(users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()));
            token = answer.text("next");
            if token.is_empty() {
                break;
            }
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!((once.len(), seen.len()), (count, count), "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("token=%21", "token"),
        ("token=e30", "token"),
        ("active_mode=both", "active_mode"),
        ("limit=1&limit=2", "query"),
    ] {
        let answer = world.ask(&format!("GET /v3/users?{query}"), Value::Null).await;
        assert_eq!(answer.code(), 400_100, "{query}");
        assert!(answer.message().starts_with(field), "{query}: {}", answer.message());
    }
}

#[tokio::test]
async fn p11_nothing_of_one_application_is_reached_with_the_token_of_another() {
    let world = World::new().await;
    let user = json!({"user_id": "u", "nickname": "of A", "issue_access_token": true});
    let token = world.ask("POST /v3/users", user).await.text("access_token");
    let key = world.sign_in("u", Some(&token)).await.text("sessionKey");
    for request in [
        "GET /v3/users/u",
        "PUT /v3/users/u",
        "DELETE /v3/users/u",
        "POST /v3/users/u/token",
        "DELETE /v3/users/u/token",
    ] {
        let answer = world.ask_as(&world.b.1, request, json!({"is_active": false})).await;
        assert_eq!(answer.code(), 400_201, "{request}");
    }
    let answer = world.ask_as(&world.b.1, "GET /v3/users?active_mode=all", Value::Null).await;
    assert_eq!(answer.body["users"], json!([]));
    // The same id in B is another user, and what happens to it leaves A's alone.
    world.ask_as(&world.b.1, "POST /v3/users", json!({"user_id": "u"})).await;
    let of_b = world.ask_as(&world.b.1, "POST /v3/users/u/token", json!({})).await.text("token");
    assert_eq!(world.sign_in("u", Some(&of_b)).await.code(), 401_121);
    world.ask_as(&world.b.1, "DELETE /v3/users/u", Value::Null).await;
    let answer = world.ask("GET /v3/users/u", Value::Null).await;
    assert_eq!(answer.text("nickname"), "of A");
    let found = world.store.session_by_key_hash(&crate::sessions::hash(&key)).await.unwrap();
    assert!(found.is_some(), "A's session lives on");
}
