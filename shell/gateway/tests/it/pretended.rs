//! The rules of a connection, one by one, over pretended sockets and a paused clock.

use curlew_base::{AppId, DeviceId, UserId, limits};
use curlew_control::DeviceKey;
use curlew_gateway::Frame;
use curlew_wire::close::CloseCode;
use serde_json::{Value, json};
use std::time::Duration;

use crate::world::{World, dial, hello, resume};

fn bob(device: &str) -> DeviceKey {
    DeviceKey {
        app: AppId::new("APP").unwrap(),
        user: UserId::new("bob").unwrap(),
        device: DeviceId::new(device).unwrap(),
    }
}

/// What a connection that says this first comes to.
async fn first(message: &str) -> (Vec<Value>, Option<CloseCode>) {
    let world = World::new().await;
    let mut device = world.connect();
    device.to_server.send(Frame::Text(message.to_owned())).unwrap();
    device.closed().await
}

#[tokio::test(start_paused = true)]
async fn hello_is_welcomed_with_the_user() {
    let world = World::new().await;
    let mut device = world.connect();
    device.say(&hello("a1"));
    let welcome = device.hear().await;
    assert_eq!(welcome["user"]["nickname"], "nick alice");
    assert_eq!(welcome["user"]["metadata"], json!({"team": "blue"}));
    assert_eq!(welcome["heartbeatMs"], 25_000);
    assert_eq!(device.hear().await["body"], json!({"event": "snapshot", "calls": []}));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_known_is_refused() {
    let (before, code) = first(&hello("a9").to_string()).await;
    assert_eq!(before[0]["error"]["code"], 401_121);
    assert_eq!(code, Some(CloseCode::NotAuthenticated));
    let (before, code) = first(&dial(3).to_string()).await;
    assert_eq!((&before[0]["type"], &before[0]["id"]), (&json!("reply"), &json!(3)));
    assert_eq!(before[0]["error"]["code"], 401_121);
    assert_eq!(code, Some(CloseCode::NotAuthenticated));
    let (_, code) = first(r#"{"type":"hello","versions":[2],"sessionKey":"key-a1"}"#).await;
    assert_eq!(code, Some(CloseCode::VersionUnsupported));
    let (before, code) = first(r#"{"type":"hello","versions":[1]}"#).await;
    assert_eq!(before[0]["error"]["code"], 400_111);
    assert_eq!(before[0]["error"]["field"], "sessionKey");
    assert_eq!(code, Some(CloseCode::BrokenFrame));
    assert_eq!(first("{").await.1, Some(CloseCode::BrokenFrame));
}

#[tokio::test(start_paused = true)]
async fn an_inactive_user_is_refused() {
    let world = World::new().await;
    let mut alice = curlew_store::Store::user(&world.store, "APP", "alice").await.unwrap().unwrap();
    alice.is_active = false;
    curlew_store::Store::update_user(&world.store, alice).await.unwrap();
    let mut device = world.connect();
    device.say(&hello("a1"));
    assert_eq!(device.closed().await.1, Some(CloseCode::NotAuthenticated));
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed() {
    let world = World::new().await;
    let mut device = world.connect();
    let started = tokio::time::Instant::now();
    assert_eq!(device.closed().await.1, Some(CloseCode::TimedOut));
    assert_eq!(started.elapsed().as_secs(), 10);
    let (mut device, _) = world.open("a1").await;
    let started = tokio::time::Instant::now();
    let (before, code) = device.closed().await;
    assert_eq!((before, code), (vec![json!({"type": "ping"})], Some(CloseCode::TimedOut)));
    assert_eq!(started.elapsed().as_secs(), 25);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_answers_pings_stays_and_one_that_leaves_for_long_is_gone() {
    let world = World::new().await;
    let (mut device, session) = world.open("b1").await;
    for _ in 0..10 {
        assert_eq!(device.hear().await["type"], "ping");
        device.say(&json!({"type": "pong"}));
    }
    assert!(world.control.is_online(&bob("b1").app, &bob("b1").user));
    drop(device);
    tokio::time::sleep(Duration::from_secs(31)).await;
    let mut device = world.connect();
    device.say(&resume("b1", &session, 1));
    assert_eq!(device.hear().await["resumed"], false);
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_is_answered_and_the_socket_stays() {
    let world = World::new().await;
    let (mut device, _) = world.open("a1").await;
    device.say(&json!({"type": "request", "id": 5, "body": {"verb": "dance"}}));
    let reply = device.hear().await;
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(5), &json!(400_100)));
    device.say(&json!({"type": "dance"}));
    assert_eq!(device.hear().await["type"], "error");
    device.say(&json!({"type": "request", "id": 6, "body": {"verb": "end"}}));
    let reply = device.hear().await;
    assert_eq!(reply["error"]["code"], 400_111);
    assert!(reply["error"]["field"].as_str().unwrap().ends_with("callId"), "{reply}");
    device.say(&hello("a1"));
    assert_eq!(device.hear().await["error"]["code"], 400_100);
    device.say(&json!({"type": "ping"}));
    assert_eq!(device.hear().await["type"], "pong");
}

#[tokio::test(start_paused = true)]
async fn broken_and_big_frames_close() {
    let world = World::new().await;
    let big = Frame::Text(" ".repeat(limits::MESSAGE_BYTES + 1));
    for (frame, expected) in [
        (Frame::Broken, CloseCode::BrokenFrame),
        (Frame::Text("[]".into()), CloseCode::BrokenFrame),
        (Frame::TooBig, CloseCode::TooBig),
        (big, CloseCode::TooBig),
    ] {
        let (mut device, _) = world.open("a1").await;
        device.to_server.send(frame).unwrap();
        assert_eq!(device.closed().await.1, Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_resume_brings_what_was_missed_once_and_in_order() {
    let world = World::new().await;
    let (caller, _) = world.open("a1").await;
    let (callee, session) = world.open("b1").await;
    drop(callee);
    let mut caller = caller;
    caller.say(&dial(1));
    let call = caller.hear().await["call"]["callId"].clone();
    caller.say(&json!({"type": "request", "id": 2, "body": {"verb": "end", "callId": call}}));
    while caller.hear().await["id"] != 2 {}
    let mut callee = world.connect();
    callee.say(&resume("b1", &session, 1));
    assert_eq!(callee.hear().await["resumed"], true);
    let (ring, end) = (callee.hear().await, callee.hear().await);
    assert_eq!((&ring["number"], &ring["body"]["call"]["state"]), (&json!(2), &json!("ringing")));
    assert_eq!((&end["number"], &end["body"]["call"]["state"]), (&json!(3), &json!("ended")));
    assert_eq!(end["body"]["call"]["ended"]["result"], "canceled");
    callee.say(&json!({"type": "ack", "number": 3}));
    callee.say(&json!({"type": "ping"}));
    assert_eq!(callee.hear().await["type"], "pong");
    drop(callee);
    let mut callee = world.connect();
    callee.say(&resume("b1", &session, 3));
    assert_eq!(callee.hear().await["resumed"], true);
    callee.say(&json!({"type": "ping"}));
    assert_eq!(callee.hear().await["type"], "pong");
}

#[tokio::test(start_paused = true)]
async fn a_newer_connection_of_the_device_replaces_the_older() {
    let world = World::new().await;
    let (mut older, session) = world.open("b1").await;
    let mut newer = world.connect();
    newer.say(&resume("b1", &session, 1));
    assert_eq!(newer.hear().await["resumed"], true);
    assert_eq!(older.closed().await.1, Some(CloseCode::Replaced));
    let (caller, _) = world.open("a1").await;
    caller.say(&dial(1));
    assert_eq!(newer.hear().await["body"]["call"]["state"], "ringing");
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_closes_and_forgets() {
    let world = World::new().await;
    let (mut device, session) = world.open("b1").await;
    world.control.sign_out(&bob("b1")).await;
    assert_eq!(device.closed().await.1, Some(CloseCode::SessionEnded));
    let mut again = world.connect();
    again.say(&resume("b1", &session, 1));
    assert_eq!(again.hear().await["resumed"], false);
    assert!(world.control.is_online(&bob("b1").app, &bob("b1").user));
}

#[tokio::test(start_paused = true)]
async fn goodbye_reaches_those_who_are_here_and_those_who_come() {
    let world = World::new().await;
    let (mut device, _) = world.open("a1").await;
    let mut silent = world.connect();
    tokio::task::yield_now().await;
    world.gateway.say_goodbye(700);
    world.gateway.closed().await;
    let mut late = world.connect();
    for device in [&mut device, &mut silent, &mut late] {
        let (before, code) = device.closed().await;
        assert_eq!(before, [json!({"type": "goodbye", "retryAfterMs": 700})]);
        assert_eq!(code, Some(CloseCode::Restarting));
    }
}

#[tokio::test(start_paused = true)]
async fn one_device_too_many_is_told_so() {
    let world = World::new().await;
    let mut open = Vec::new();
    for n in 0..limits::DEVICES_PER_USER {
        let device = format!("a-{n}");
        world.sign_in(&device).await;
        open.push(world.open(&device).await);
    }
    let mut device = world.connect();
    device.say(&hello("a1"));
    let (before, code) = device.closed().await;
    assert_eq!(before[0]["error"]["code"], 429_100);
    assert_eq!(code, Some(CloseCode::ServerFailed));
    // Another user is not touched, and a known device may come again.
    world.open("b1").await;
    world.open("a-0").await;
    // A device that stays away for the grace makes room.
    open.clear();
    tokio::time::sleep(Duration::from_secs(31)).await;
    world.open("a1").await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_refused_and_then_closed() {
    let world = World::new().await;
    let (mut device, _) = world.open("a1").await;
    let end =
        |id: u64| json!({"type": "request", "id": id, "body": {"verb": "end", "callId": "x"}});
    (1..=401).for_each(|id| device.say(&end(id)));
    let (before, code) = device.closed().await;
    assert_eq!(code, Some(CloseCode::ServerFailed));
    let codes: Vec<_> = before.iter().map(|m| m["error"]["code"].as_u64().unwrap()).collect();
    assert!(codes[..200].iter().all(|code| *code == 1_400_102), "{codes:?}");
    assert!(codes[200..].iter().all(|code| *code == 429_100), "{codes:?}");
    assert_eq!(codes.len(), 401);
}
