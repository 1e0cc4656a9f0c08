//! Two applications over one store, and a way to ask and read.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use curlew_api::{ApiState, apps};
use curlew_base::{CallId, Instant, SessionId};
use curlew_control::{Clock, Control, Deliver, DeviceKey, Ids};
use curlew_store::Store;
use curlew_store::memory::MemoryStore;
use curlew_wire::close::CloseCode;
use curlew_wire::server::EventBody;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// A clock that stands until it is put forward.
pub struct HandClock(pub AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(self.0.load(Ordering::Relaxed))
    }
}

/// Dice that count.
struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn call_id(&self) -> CallId {
        CallId::new("call").unwrap()
    }
    fn session_id(&self) -> SessionId {
        SessionId::new("session").unwrap()
    }
    fn secret(&self) -> [u8; 32] {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut secret = [0xAB; 32];
        secret[..8].copy_from_slice(&count);
        secret
    }
}

/// Keeps which devices were signed out.
#[derive(Default)]
pub struct Closed(pub Mutex<Vec<String>>);

impl Deliver for Closed {
    fn deliver(&self, _: &DeviceKey, _: EventBody) {}
    fn close(&self, to: &DeviceKey, _: CloseCode) {
        self.0.lock().unwrap().push(to.device.to_string());
    }
}

pub struct World {
    pub router: Router,
    pub store: Arc<dyn Store>,
    pub control: Arc<Control>,
    pub clock: Arc<HandClock>,
    pub closed: Arc<Closed>,
    /// (application id, API token)
    pub a: (String, String),
    pub b: (String, String),
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The code, or 0 for success; a refusal must be a whole envelope with words in it.
    pub fn code(&self) -> u64 {
        if self.body["error"] != json!(true) {
            assert!(self.status.is_success(), "{} {}", self.status, self.body);
            return 0;
        }
        assert!(!self.status.is_success());
        assert!(!self.body["type"].as_str().unwrap().is_empty());
        assert!(!self.message().is_empty());
        self.body["code"].as_u64().unwrap()
    }

    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap()
    }

    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap().to_owned()
    }
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(HandClock(AtomicU64::new(1_700_000_000_000)));
        let ids = Arc::new(CountedIds(AtomicU64::new(1)));
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let make = |name| apps::create_app(store.as_ref(), ids.as_ref(), name, 0);
        let (a, a_token) = make("A").await.unwrap();
        let (b, b_token) = make("B").await.unwrap();
        let control = Control::new(store.clone(), clock.clone(), ids.clone());
        let closed = Arc::new(Closed::default());
        let deliver: Arc<dyn curlew_control::Deliver> = closed.clone();
        control.set_deliver(&deliver);
        Self {
            router: curlew_api::router(ApiState::new(control.clone())),
            store,
            control,
            clock,
            closed,
            a: (a.app_id, a_token),
            b: (b.app_id, b_token),
        }
    }

    pub fn pass(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks as the back end of A; `request` is a method and a path.
    pub async fn ask(&self, request: &str, body: Value) -> Answer {
        self.ask_as(&self.a.1, request, body).await
    }

    pub async fn ask_as(&self, token: &str, request: &str, body: Value) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path).header("Api-Token", token);
        self.send(request.body(body).unwrap()).await
    }

    /// Signs a user of A in on device `d1`.
    pub async fn sign_in(&self, user: &str, token: Option<&str>) -> Answer {
        let body = json!({
            "appId": self.a.0, "userId": user, "accessToken": token, "deviceId": "d1",
        });
        self.ask_as("", "POST /v1/sessions", body).await
    }
}
