//! Signing in and out.

use axum::body::Body;
use axum::http::Request;
use curlew_base::{AppId, DeviceId, UserId};
use curlew_control::DeviceKey;
use serde_json::{Value, json};

use crate::world::{Answer, World};

pub fn hash(key: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes()).as_ref().to_vec()
}

async fn arrive(world: &World, user: &str) {
    let key = DeviceKey {
        app: AppId::new(world.a.0.as_str()).unwrap(),
        user: UserId::new(user).unwrap(),
        device: DeviceId::new("d1").unwrap(),
    };
    world.control.arrived(&key).await;
}

async fn sign_out(world: &World, authorization: &str) -> Answer {
    let request = Request::delete("/v1/sessions/current").header("Authorization", authorization);
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn f03_each_reason_has_its_code_and_its_words() {
    let world = World::new().await;
    let user = json!({"user_id": "u", "issue_access_token": true});
    let token = world.ask("POST /v3/users", user).await.text("access_token");
    let app = world.a.0.clone();
    let body = |app: &str, user: &str, token: &str| {
        let mut body = json!({"appId": app, "userId": user, "deviceId": "d"});
        body["accessToken"] = token.into();
        body
    };
    for (body, status, code, word) in [
        (body(&app, "u", "wrong"), 401, 401_121, "not this user's"),
        (body("NO-APP", "u", ""), 400, 400_200, "no application"),
        (body(&app, "", ""), 400, 400_100, "userId"),
        (body(&app, "u", ""), 401, 401_121, "must present one"),
        (body(&app, "u", "a.b.c"), 401, 401_121, "not signed"),
        (body(&app, "new", &token), 401, 401_121, "no such user"),
        (json!({"appId": app, "userId": "u"}), 400, 400_111, "deviceId"),
    ] {
        let answer = world.ask_as("", "POST /v1/sessions", body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{body}");
        assert!(answer.message().contains(word), "{body}: {}", answer.message());
    }
    assert_eq!(world.sign_in("u", Some(&token)).await.code(), 0);
}

#[tokio::test]
async fn an_unknown_user_is_made_only_where_no_token_is_required() {
    let world = World::new().await;
    for token in [None, Some("")] {
        assert_eq!(world.sign_in("u", token).await.code(), 0);
    }
    let user = world.ask("GET /v3/users/u", Value::Null).await;
    assert_eq!(user.body["has_ever_logged_in"], true);
    assert_eq!(user.body["last_seen_at"], 1_700_000_000_000_u64);
    world.store.set_token_required(&world.a.0, true).await.unwrap();
    for user in ["u", "v"] {
        assert_eq!(world.sign_in(user, None).await.code(), 401_121, "{user}");
    }
    assert_eq!(world.ask("GET /v3/users/v", Value::Null).await.code(), 400_201);
}

#[tokio::test]
async fn a_user_once_given_a_token_is_locked_out_when_it_is_revoked_until_the_next() {
    let world = World::new().await;
    world.ask("POST /v3/users", json!({"user_id": "u"})).await;
    let issue = |yes: bool| world.ask("PUT /v3/users/u", json!({"issue_access_token": yes}));
    let first = issue(true).await.text("access_token");
    assert_eq!(first.len(), 40);
    assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let key = world.sign_in("u", Some(&first)).await.text("sessionKey");
    arrive(&world, "u").await;
    assert_eq!(issue(false).await.text("access_token"), "");
    assert_eq!(*world.closed.0.lock().unwrap(), ["d1"]);
    assert!(world.store.session_by_key_hash(&hash(&key)).await.unwrap().is_none());
    for token in [None, Some(first.as_str())] {
        assert_eq!(world.sign_in("u", token).await.code(), 401_121, "{token:?}");
    }
    let second = issue(true).await.text("access_token");
    assert_eq!(world.sign_in("u", Some(&first)).await.code(), 401_121);
    assert_eq!(world.sign_in("u", Some(&second)).await.code(), 0);
}

#[tokio::test]
async fn session_tokens_work_until_they_end_or_are_revoked() {
    let world = World::new().await;
    for user in ["u", "v"] {
        world.ask("POST /v3/users", json!({"user_id": user})).await;
    }
    let answer = world.ask("POST /v3/users/u/token", Value::Null).await;
    assert_eq!(answer.body["expires_at"], 1_700_604_800_000_u64, "seven days");
    let token = answer.text("token");
    assert_eq!(world.sign_in("u", None).await.code(), 401_121, "from now on a token is due");
    assert_eq!(world.sign_in("v", Some(&token)).await.code(), 401_121, "not v's");
    let key = world.sign_in("u", Some(&token)).await.text("sessionKey");
    arrive(&world, "u").await;
    assert_eq!(world.ask("DELETE /v3/users/u/token", Value::Null).await.body, json!({}));
    assert_eq!(*world.closed.0.lock().unwrap(), ["d1"]);
    assert!(world.store.session_by_key_hash(&hash(&key)).await.unwrap().is_none());
    assert!(world.sign_in("u", Some(&token)).await.message().contains("revoked"));
    world.pass(1);
    let soon = json!({"expires_at": 1_700_000_060_000_u64});
    let token = world.ask("POST /v3/users/u/token", soon).await.text("token");
    assert_eq!(world.sign_in("u", Some(&token)).await.code(), 0);
    world.pass(90_000);
    assert_eq!(world.sign_in("u", Some(&token)).await.code(), 0, "30 s late");
    world.pass(600_000);
    assert!(world.sign_in("u", Some(&token)).await.message().contains("clock"));
    let past = json!({"expires_at": 1_700_000_000});
    let answer = world.ask("POST /v3/users/u/token", past).await;
    assert_eq!(answer.code(), 400_100);
    assert!(answer.message().starts_with("expires_at"));
}

#[tokio::test]
async fn the_tokens_of_a_removed_user_are_not_those_of_the_next_of_that_id() {
    let world = World::new().await;
    world.ask("POST /v3/users", json!({"user_id": "u"})).await;
    let token = world.ask("POST /v3/users/u/token", json!({})).await.text("token");
    world.pass(1000);
    world.ask("DELETE /v3/users/u", Value::Null).await;
    world.ask("POST /v3/users", json!({"user_id": "u"})).await;
    assert_eq!(world.sign_in("u", Some(&token)).await.code(), 401_121);
}

#[tokio::test]
async fn a_deactivated_or_removed_user_is_signed_out_and_refused() {
    let world = World::new().await;
    for (request, body, code) in [
        ("PUT /v3/users/u", json!({"is_active": false}), 401_120),
        ("DELETE /v3/users/u", Value::Null, 0),
    ] {
        world.ask("PUT /v3/users/u", json!({"is_active": true})).await;
        let key = world.sign_in("u", None).await.text("sessionKey");
        arrive(&world, "u").await;
        assert!(world.control.is_online(&app(&world), &UserId::new("u").unwrap()));
        assert_eq!(world.ask(request, body).await.code(), 0);
        assert_eq!(std::mem::take(&mut *world.closed.0.lock().unwrap()), ["d1"], "{request}");
        assert!(world.store.session_by_key_hash(&hash(&key)).await.unwrap().is_none());
        assert_eq!(world.sign_in("u", None).await.code(), code, "{request}");
    }
}

fn app(world: &World) -> AppId {
    AppId::new(world.a.0.as_str()).unwrap()
}

#[tokio::test]
async fn signing_out_ends_the_session_and_closes_the_socket() {
    let world = World::new().await;
    let key = world.sign_in("u", None).await.text("sessionKey");
    assert_eq!(key.len(), 43);
    arrive(&world, "u").await;
    for wrong in ["", "Bearer", "Bearer ", "Bearer nothing", &key, &format!("Basic {key}")] {
        assert_eq!(sign_out(&world, wrong).await.code(), 401_121, "{wrong}");
    }
    assert_eq!(sign_out(&world, &format!("Bearer {key}")).await.body, json!({}));
    assert_eq!(*world.closed.0.lock().unwrap(), ["d1"]);
    assert_eq!(sign_out(&world, &format!("Bearer {key}")).await.code(), 401_121, "it is over");
}

#[tokio::test]
async fn pages_of_every_origin_may_sign_in_and_read_refusals() {
    let world = World::new().await;
    for path in ["/v1/sessions", "/v1/sessions/current"] {
        for method in ["OPTIONS", "POST", "DELETE", "PATCH"] {
            let request = Request::builder().method(method).uri(path);
            let request = request.header("Origin", "https://app.example");
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            let header = |name: &str| answer.headers[name].to_str().unwrap();
            assert_eq!(header("access-control-allow-origin"), "*", "{method} {path}");
            assert_eq!(header("access-control-allow-methods"), "GET, POST, DELETE");
            let allowed = header("access-control-allow-headers");
            assert_eq!(allowed, "content-type, authorization");
            assert_eq!(answer.status.as_u16() == 204, method == "OPTIONS");
        }
    }
    let answer = world.ask("GET /v3/users", Value::Null).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "not for back ends");
}
