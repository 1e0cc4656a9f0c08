//! The log of calls of the user who is signed in.

use axum::body::Body;
use axum::http::Request;
use curlew_base::{AppId, DeviceId, UserId};
use curlew_control::DeviceKey;
use curlew_store::{CallRecord, fixture};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const PATH: &str = "/v1/sessions/current/direct_calls";

fn user(id: &str) -> Value {
    json!({
        "userId": id, "nickname": format!("nick {id}"), "profileUrl": "", "isActive": true,
        "metadata": {"of": id},
    })
}

/// A call of application A that `caller` ended.
fn call(world: &World, id: &str, sides: (&str, &str), started_at_ms: i64) -> CallRecord {
    let (caller, callee) = sides;
    let machine = json!({
        "state": "ended", "customItems": {"k": id}, "caller": user(caller), "callee": user(callee),
    });
    CallRecord {
        caller_id: caller.into(),
        callee_id: callee.into(),
        machine_json: machine.to_string(),
        ended_by: Some(caller.into()),
        started_at_ms,
        ended_at_ms: Some(started_at_ms + 900),
        duration_ms: 500,
        ..fixture::ended(&fixture::call(&world.a.0, id))
    }
}

async fn put(world: &World, record: CallRecord) {
    world.store.commit_call(fixture::inserting(&record)).await.unwrap();
}

/// Signs a user of an application in and gives the session key.
async fn key_of(world: &World, app_id: &str, user: &str) -> String {
    let body = json!({"appId": app_id, "userId": user, "deviceId": "d1"});
    world.ask_as("", "POST /v1/sessions", body).await.text("sessionKey")
}

async fn ask(world: &World, authorization: Option<&str>, query: &str) -> Answer {
    let mut request = Request::get(format!("{PATH}{query}"));
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn log(world: &World, key: &str, query: &str) -> Answer {
    ask(world, Some(&format!("Bearer {key}")), query).await
}

fn ids(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let calls = answer.body["calls"].as_array().unwrap();
    calls.iter().map(|call| call["callId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_call_that_is_over_stands_in_the_log_of_both_sides() {
    let world = World::new().await;
    put(&world, call(&world, "c1", ("ann", "bob"), 1000)).await;
    let ghost = CallRecord {
        end_result: Some("no_answer".into()),
        ended_by: None,
        duration_ms: 0,
        is_video_call: false,
        ..call(&world, "c2", ("bob", "ann"), 2000)
    };
    put(&world, ghost).await;
    let rings = CallRecord {
        ringing: true,
        ended: false,
        end_result: None,
        ended_at_ms: None,
        ..call(&world, "c3", ("ann", "bob"), 3000)
    };
    put(&world, rings).await;

    let (ann, bob) = (user("ann"), user("bob"));
    let mut first = json!({
        "callId": "c1", "isVideoCall": true, "startedAt": 1000, "endedAt": 1900,
        "durationMs": 500, "caller": ann, "callee": bob, "endedBy": "dc_caller",
        "endResult": "completed", "customItems": {"k": "c1"}, "myRole": "dc_caller",
    });
    let mut second = json!({
        "callId": "c2", "isVideoCall": false, "startedAt": 2000, "endedAt": 2900,
        "durationMs": 0, "caller": bob, "callee": ann, "endResult": "no_answer",
        "customItems": {"k": "c2"}, "myRole": "dc_callee",
    });
    let key = key_of(&world, &world.a.0, "ann").await;
    let answer = log(&world, &key, "").await;
    assert_eq!(answer.body, json!({"calls": [second, first], "next": ""}));
    assert_eq!(answer.headers["cache-control"], "no-store");

    first["myRole"] = "dc_callee".into();
    second["myRole"] = "dc_caller".into();
    let key = key_of(&world, &world.a.0, "bob").await;
    let answer = log(&world, &key, "").await;
    assert_eq!(answer.body, json!({"calls": [second, first], "next": ""}));
}

/// The other tests write rows; this one reads what the server itself writes.
#[tokio::test]
async fn a_call_that_was_made_is_shown_with_the_items_it_has_at_last() {
    let world = World::new().await;
    let device = |user: &str| DeviceKey {
        app: AppId::new(world.a.0.as_str()).unwrap(),
        user: UserId::new(user).unwrap(),
        device: DeviceId::new("d1").unwrap(),
    };
    let mut keys = Vec::new();
    for user in ["ann", "bob"] {
        keys.push(key_of(&world, &world.a.0, user).await);
        world.control.arrived(&device(user)).await;
    }
    let dial = json!({
        "dialKey": "k", "calleeId": "bob", "isVideoCall": true, "customItems": {"ticket": "7"},
        "settings": {"audioEnabled": true, "videoEnabled": true, "onHold": false, "revision": 0},
    });
    let dial = serde_json::from_value(dial).unwrap();
    let made = world.control.dial(&device("ann"), dial).await.unwrap();
    assert_eq!(ids(&log(&world, &keys[0], "").await), Vec::<&str>::new(), "it rings");
    world.pass(1_500);
    let id = made.call_id.as_str();
    let end = serde_json::from_value(json!({"callId": id})).unwrap();
    world.control.end(&device("bob"), end).await.unwrap();
    let items = json!({"callId": id, "items": {"rating": "5"}});
    let items = serde_json::from_value(items).unwrap();
    world.control.update_items(&device("ann"), items).await.unwrap();

    let side = |id: &str| {
        json!({
            "userId": id, "nickname": "", "profileUrl": "", "isActive": true, "metadata": {},
        })
    };
    let started_at = 1_700_000_000_000_u64;
    let expected = |role: &str| {
        json!({"calls": [{
            "callId": id, "isVideoCall": true, "startedAt": started_at,
            "endedAt": started_at + 1_500, "durationMs": 0, "caller": side("ann"),
            "callee": side("bob"), "endedBy": "dc_callee", "endResult": "declined",
            "customItems": {"rating": "5", "ticket": "7"}, "myRole": role,
        }], "next": ""})
    };
    assert_eq!(log(&world, &keys[0], "").await.body, expected("dc_caller"));
    assert_eq!(log(&world, &keys[1], "").await.body, expected("dc_callee"));
}

#[tokio::test]
async fn filters_hold_together_and_end_results_come_in_either_case() {
    let world = World::new().await;
    let results = ["completed", "declined", "no_answer", "canceled"];
    for (number, end_result) in results.into_iter().enumerate() {
        for (side, sides) in [("out", ("ann", "bob")), ("in", ("cat", "ann"))] {
            let at = 1000 + i64::try_from(number).unwrap();
            let record = CallRecord {
                end_result: Some(end_result.into()),
                ..call(&world, &format!("{side}-{end_result}"), sides, at)
            };
            put(&world, record).await;
        }
    }
    let key = key_of(&world, &world.a.0, "ann").await;
    let all = [
        "out-canceled",
        "in-canceled",
        "out-no_answer",
        "in-no_answer",
        "out-declined",
        "in-declined",
        "out-completed",
        "in-completed",
    ];
    for (query, expected) in [
        ("", &all[..]),
        ("?my_role=&end_results=&next=", &all[..]),
        ("?my_role=dc_caller", &[all[0], all[2], all[4], all[6]]),
        ("?my_role=dc_callee", &[all[1], all[3], all[5], all[7]]),
        ("?end_results=DECLINED", &all[4..6]),
        ("?end_results=declined", &all[4..6]),
        ("?end_results=NO_ANSWER,declined,%20Canceled", &all[..6]),
        ("?end_results=connection_lost,TIMED_OUT,not_connected,other_device_accepted", &[]),
        ("?started_from=1001", &all[..6]),
        ("?started_to=1001", &all[4..]),
        ("?started_from=1001&started_to=1002", &all[2..6]),
        ("?started_from=1002&started_to=1001", &[]),
        ("?started_from=0&started_to=18446744073709551615", &all[..]),
        ("?my_role=dc_callee&end_results=DECLINED,COMPLETED&started_from=1001", &all[5..6]),
        ("?limit=1", &all[..1]),
    ] {
        assert_eq!(ids(&log(&world, &key, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_no_value_of_a_parameter_is_refused_by_its_name() {
    let world = World::new().await;
    let key = key_of(&world, &world.a.0, "ann").await;
    for (query, words) in [
        ("my_role=caller", ["my_role:", "dc_callee", "\"caller\""]),
        ("my_role=DC_CALLER", ["my_role:", "dc_caller", "\"DC_CALLER\""]),
        ("end_results=completed,won", ["end_results:", "between commas", "\"won\""]),
        ("end_results=completed,", ["end_results:", "between commas", "blank"]),
        ("end_results=no%20answer", ["end_results:", "between commas", "\"no answer\""]),
        ("limit=0", ["limit:", "1", "100"]),
        ("limit=101", ["limit:", "1", "100"]),
        ("limit=", ["limit:", "1", "100"]),
        ("started_from=yesterday", ["started_from:", "Unix", "milliseconds"]),
        ("started_to=-1", ["started_to:", "Unix", "milliseconds"]),
        ("next=x", ["next:", "`next`", "earlier page"]),
    ] {
        let answer = log(&world, &key, &format!("?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, 400_100), "{query}");
        for word in words {
            assert!(answer.message().contains(word), "{query}: {}", answer.message());
        }
    }
}

#[tokio::test]
async fn eleven_calls_are_a_page_of_ten_and_a_page_of_one() {
    let world = World::new().await;
    for n in 0..11 {
        put(&world, call(&world, &format!("c{n:02}"), ("ann", "bob"), 1000)).await;
    }
    let key = key_of(&world, &world.a.0, "bob").await;
    let first = log(&world, &key, "?limit=10").await;
    let expected: Vec<_> = (1..11).rev().map(|n| format!("c{n:02}")).collect();
    assert_eq!(ids(&first), expected);
    let second = log(&world, &key, &format!("?limit=10&next={}", first.text("next"))).await;
    assert_eq!(ids(&second), ["c00"]);
    assert_eq!(second.text("next"), "");
    let whole = log(&world, &key, "?limit=11").await;
    assert_eq!((ids(&whole).len(), whole.text("next")), (11, String::new()));
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_calls_are_added() {
    let world = World::new().await;
    let ways = [("ann", "bob"), ("bob", "ann"), ("cat", "ann")];
    for limit in [1, 2, 7] {
        let world = if limit == 1 { &world } else { &World::new().await };
        for n in 0..25_u8 {
            let sides = ways[usize::from(n) % 3];
            put(world, call(world, &format!("c{n:02}"), sides, 1000 + i64::from(n) / 4)).await;
        }
        let key = key_of(world, &world.a.0, "ann").await;
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let answer = log(world, &key, &format!("?limit={limit}&next={next}")).await;
            seen.extend(ids(&answer).into_iter().map(str::to_owned));
            next = answer.text("next");
            if next.is_empty() {
                break;
            }
            for (way, sides) in ways.into_iter().enumerate() {
                let id = format!("new-{}-{way}", seen.len());
                put(world, call(world, &id, sides, 5000)).await;
            }
        }
        let expected: Vec<_> = (0..25).rev().map(|n| format!("c{n:02}")).collect();
        assert_eq!(seen, expected, "pages of {limit}");
    }
    let key = key_of(&world, &world.a.0, "ann").await;
    assert_eq!(ids(&log(&world, &key, "").await).len(), 20, "a page unless a number is named");
}

#[tokio::test]
async fn nothing_of_others_is_in_it() {
    let world = World::new().await;
    put(&world, call(&world, "theirs", ("bob", "cat"), 1000)).await;
    let elsewhere =
        CallRecord { app_id: world.b.0.clone(), ..call(&world, "elsewhere", ("ann", "bob"), 1000) };
    put(&world, elsewhere).await;
    put(&world, call(&world, "mine", ("ann", "bob"), 1000)).await;
    let key = key_of(&world, &world.a.0, "ann").await;
    for query in ["", "?my_role=dc_caller", "?end_results=completed", "?started_from=0"] {
        assert_eq!(ids(&log(&world, &key, query).await), ["mine"], "{query}");
    }
    // A place taken from another user's list moves the beginning, and opens nothing.
    let bob = key_of(&world, &world.a.0, "bob").await;
    let place = log(&world, &bob, "?limit=1").await.text("next");
    let ids_of = ids(&log(&world, &key, &format!("?next={place}")).await).join(" ");
    assert!(ids_of.is_empty() || ids_of == "mine", "{ids_of}");
    let same_name = key_of(&world, &world.b.0, "ann").await;
    assert_eq!(ids(&log(&world, &same_name, "").await), ["elsewhere"]);
    let stranger = key_of(&world, &world.a.0, "dan").await;
    assert_eq!(log(&world, &stranger, "").await.body, json!({"calls": [], "next": ""}));
}

#[tokio::test]
async fn only_the_key_of_a_session_opens_it() {
    let world = World::new().await;
    put(&world, call(&world, "c1", ("ann", "bob"), 1000)).await;
    for (authorization, word) in [
        (None, "no `Authorization: Bearer`"),
        (Some("Bearer"), "no `Authorization: Bearer`"),
        (Some("Bearer "), "no `Authorization: Bearer`"),
        (Some("Basic abc"), "no `Authorization: Bearer`"),
        (Some("Bearer nobody's"), "it is over"),
    ] {
        let answer = ask(&world, authorization, "").await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, 401_121), "{authorization:?}");
        assert!(answer.message().contains(word), "{}", answer.message());
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "a page can read why");
    }
    // The token of a back end is no key of a session.
    let answer = world.ask(&format!("GET {PATH}"), Value::Null).await;
    assert_eq!(answer.code(), 401_121);
    assert_eq!(ask(&world, Some(&format!("Bearer {}", world.a.1)), "").await.code(), 401_121);

    let key = key_of(&world, &world.a.0, "ann").await;
    assert_eq!(ids(&ask(&world, Some(&format!("bearer {key}")), "").await), ["c1"]);
    let sign_out = Request::delete("/v1/sessions/current");
    let sign_out = sign_out.header("Authorization", format!("Bearer {key}"));
    assert_eq!(world.send(sign_out.body(Body::empty()).unwrap()).await.code(), 0);
    assert_eq!(log(&world, &key, "").await.code(), 401_121, "signed out");

    let key = key_of(&world, &world.a.0, "ann").await;
    world.ask("PUT /v3/users/ann", json!({"is_active": false})).await;
    assert_eq!(log(&world, &key, "").await.code(), 401_121, "no longer active");
    let key = key_of(&world, &world.a.0, "bob").await;
    world.ask("DELETE /v3/users/bob", Value::Null).await;
    assert_eq!(log(&world, &key, "").await.code(), 401_121, "removed");
}

#[tokio::test]
async fn a_page_of_every_origin_may_ask() {
    let world = World::new().await;
    let key = key_of(&world, &world.a.0, "ann").await;
    let preflight = Request::options(PATH)
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "authorization");
    let preflight = world.send(preflight.body(Body::empty()).unwrap()).await;
    let answer = log(&world, &key, "").await;
    assert_eq!((preflight.status.as_u16(), answer.status.as_u16()), (204, 200));
    for headers in [&preflight.headers, &answer.headers] {
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("GET"));
        let allowed = headers["access-control-allow-headers"].to_str().unwrap();
        assert!(allowed.contains("authorization"));
    }
}
