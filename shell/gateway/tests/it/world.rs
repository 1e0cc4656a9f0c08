//! A gateway over a memory store, and a device with a pretended socket.

use async_trait::async_trait;
use aws_lc_rs::digest;
use curlew_base::{CallId, Instant, SessionId};
use curlew_control::{Clock, Control, Ids};
use curlew_gateway::{Frame, Gateway, Socket, SocketGone};
use curlew_store::memory::MemoryStore;
use curlew_store::{SessionRecord, Store, fixture};
use curlew_wire::close::CloseCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        let ms = u64::try_from(self.0.elapsed().as_millis()).unwrap();
        Instant::from_unix_ms(1_000_000 + ms)
    }
}

#[derive(Default)]
struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn call_id(&self) -> CallId {
        CallId::new(format!("call-{}", self.0.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
    fn session_id(&self) -> SessionId {
        SessionId::new(format!("session-{}", self.0.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

pub struct World {
    pub control: Arc<Control>,
    pub gateway: Arc<Gateway>,
    pub store: MemoryStore,
}

impl World {
    pub async fn new() -> Self {
        let store = fixture::house("APP", &["alice", "bob"]);
        let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let control = Control::new(shared, clock, Arc::new(CountedIds::default()));
        let gateway = Gateway::new(Arc::clone(&control));
        let (deadlines, expiry) = (Arc::clone(&control), Arc::clone(&gateway));
        tokio::spawn(async move { deadlines.run_deadlines().await });
        tokio::spawn(async move { expiry.run().await });
        let world = Self { control, gateway, store };
        for device in ["a1", "a2", "b1", "b2"] {
            world.sign_in(device).await;
        }
        world
    }

    /// Devices `a…` belong to alice, `b…` to bob; the key of `a1` is `key-a1`.
    pub async fn sign_in(&self, device: &str) {
        let user = if device.starts_with('a') { "alice" } else { "bob" };
        let key = format!("key-{device}");
        let session = SessionRecord {
            key_hash: digest::digest(&digest::SHA256, key.as_bytes()).as_ref().to_vec(),
            app_id: "APP".into(),
            user_id: user.into(),
            device_id: device.into(),
            created_at_ms: 1,
        };
        self.store.put_session(session).await.unwrap();
    }

    /// A connection that said nothing yet.
    pub fn connect(&self) -> Device {
        let (to_server, inbox) = unbounded_channel();
        let (outbox, from_server) = unbounded_channel();
        let gateway = Arc::clone(&self.gateway);
        tokio::spawn(async move { gateway.serve(Pretended { inbox, outbox }).await });
        Device { to_server, from_server }
    }

    /// A connection that said hello and got its snapshot; with the session's id.
    pub async fn open(&self, device: &str) -> (Device, String) {
        let mut open = self.connect();
        open.say(&hello(device));
        let welcome = open.hear().await;
        assert_eq!((&welcome["type"], &welcome["resumed"]), (&json!("welcome"), &json!(false)));
        let snapshot = open.hear().await;
        assert_eq!(
            (&snapshot["number"], &snapshot["body"]["event"]),
            (&json!(1), &json!("snapshot"))
        );
        (open, welcome["session"].as_str().unwrap().to_owned())
    }
}

pub fn hello(device: &str) -> Value {
    json!({"type": "hello", "versions": [1], "sessionKey": format!("key-{device}")})
}

pub fn resume(device: &str, session: &str, last: u64) -> Value {
    let mut hello = hello(device);
    hello["resume"] = json!({"session": session, "lastEvent": last});
    hello
}

pub fn dial(id: u64) -> Value {
    json!({"type": "request", "id": id, "body": {"verb": "dial", "dialKey": "k", "calleeId": "bob",
        "isVideoCall": false, "settings": {"audioEnabled": true, "videoEnabled": false}}})
}

/// What the server did to a pretended socket.
#[derive(Debug)]
pub enum Heard {
    Text(String),
    Close(CloseCode),
}

pub struct Pretended {
    inbox: UnboundedReceiver<Frame>,
    outbox: UnboundedSender<Heard>,
}

#[async_trait]
impl Socket for Pretended {
    async fn recv(&mut self) -> Option<Frame> {
        self.inbox.recv().await
    }
    async fn send(&mut self, text: String) -> Result<(), SocketGone> {
        self.outbox.send(Heard::Text(text)).map_err(|_| SocketGone)
    }
    async fn close(&mut self, code: CloseCode) {
        drop(self.outbox.send(Heard::Close(code)));
    }
}

/// The device's end; dropping it breaks the connection.
pub struct Device {
    pub to_server: UnboundedSender<Frame>,
    from_server: UnboundedReceiver<Heard>,
}

impl Device {
    pub fn say(&self, message: &Value) {
        self.to_server.send(Frame::Text(message.to_string())).unwrap();
    }

    #[track_caller]
    pub fn hear(&mut self) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        async move {
            match self.from_server.recv().await {
                Some(Heard::Text(text)) => serde_json::from_str(&text).unwrap(),
                other => panic!("{at}: expected a message, heard {other:?}"),
            }
        }
    }

    /// The close code, after messages that are given with it.
    pub async fn closed(&mut self) -> (Vec<Value>, Option<CloseCode>) {
        let mut before = Vec::new();
        loop {
            match self.from_server.recv().await {
                Some(Heard::Text(text)) => before.push(serde_json::from_str(&text).unwrap()),
                Some(Heard::Close(code)) => return (before, Some(code)),
                None => return (before, None),
            }
        }
    }
}
