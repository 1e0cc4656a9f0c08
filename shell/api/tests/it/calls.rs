//! Direct calls, as the store keeps them and back ends see them.

use curlew_store::{CallRecord, fixture};
use serde_json::{Value, json};

use crate::world::World;

fn call(world: &World, id: &str, started_at_ms: i64) -> CallRecord {
    CallRecord {
        caller_id: "alice".into(),
        machine_json: json!({"state": "ended", "customItems": {"k": "v"}}).to_string(),
        started_at_ms,
        ended_at_ms: Some(started_at_ms + 900),
        duration_ms: 500,
        ..fixture::ended(&fixture::call(&world.a.0, id))
    }
}

async fn put(world: &World, record: CallRecord) {
    world.store.commit_call(fixture::inserting(&record)).await.unwrap();
}

#[tokio::test]
async fn a_call_is_seen_by_its_own_application_only() {
    let world = World::new().await;
    put(&world, call(&world, "c1", 1000)).await;
    let answer = world.ask("GET /v1/direct_calls/c1", Value::Null).await;
    let expected = json!({
        "call_id": "c1", "call_type": "direct", "is_video_call": true, "state": "ended",
        "end_result": "completed", "participants": ["alice", "bob"], "started_by": "alice",
        "started_at": 1000, "ended_by": "bob", "ended_at": 1900, "duration": 500,
        "custom_items": {"k": "v"},
    });
    assert_eq!(answer.body, expected);
    assert_eq!(world.ask("GET /v1/direct_calls/c2", Value::Null).await.code(), 400_200);
    let other = world.b.1.clone();
    let answer = world.ask_as(&other, "GET /v1/direct_calls/c1", Value::Null).await;
    assert_eq!(answer.code(), 400_200);
    let answer = world.ask_as(&other, "GET /v1/direct_calls", Value::Null).await;
    assert_eq!(answer.body, json!({"calls": [], "next": ""}));
}

#[tokio::test]
async fn calls_are_listed_newest_first_and_once() {
    let world = World::new().await;
    for n in 0..25 {
        put(&world, call(&world, &format!("c{n:02}"), 1000 + n / 2)).await;
    }
    for limit in [1, 7, 25, 100] {
        let mut seen: Vec<String> = Vec::new();
        let mut next = String::new();
        loop {
            let request = format!("GET /v1/direct_calls?limit={limit}&next={next}");
            let answer = world.ask(&request, Value::Null).await;
            let calls = answer.body["calls"].as_array().unwrap();
            seen.extend(calls.iter().map(|call| call["call_id"].as_str().unwrap().to_owned()));
            next = answer.text("next");
            if next.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = (0..25).rev().map(|n| format!("c{n:02}")).collect();
        assert_eq!(seen, expected, "limit {limit}");
    }
    let answer = world.ask("GET /v1/direct_calls", Value::Null).await;
    assert_eq!(answer.body["calls"].as_array().unwrap().len(), 10);
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("next=x", "next")] {
        let answer = world.ask(&format!("GET /v1/direct_calls?{query}"), Value::Null).await;
        assert_eq!(answer.code(), 400_100, "{query}");
        assert!(answer.message().starts_with(field), "{}", answer.message());
    }
}
