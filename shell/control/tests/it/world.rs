//! One control, a few devices, and everything that each of them was told.

use curlew_base::{AppId, CallId, DeviceId, Instant, SessionId, UserId};
use curlew_control::{Clock, Control, Deliver, DeviceKey, Ids};
use curlew_store::memory::MemoryStore;
use curlew_store::{AppRecord, Store, UserRecord};
use curlew_wire::call::{CallView, MediaSettings};
use curlew_wire::client::{Dial, End};
use curlew_wire::close::CloseCode;
use curlew_wire::server::EventBody;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Tokio's paused clock, from a fixed start.
pub struct PausedClock(tokio::time::Instant);

impl PausedClock {
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Instant {
        let ms = self.0.elapsed().as_millis();
        Instant::from_unix_ms(1_000_000 + u64::try_from(ms).unwrap())
    }
}

/// Ids that count.
#[derive(Default)]
pub struct CountedIds(AtomicU64);

impl CountedIds {
    /// Ids that another node does not give.
    pub fn starting_at(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Ids for CountedIds {
    fn call_id(&self) -> CallId {
        CallId::new(format!("call-{}", self.0.fetch_add(1, Ordering::Relaxed) + 1)).unwrap()
    }
    fn session_id(&self) -> SessionId {
        SessionId::new(format!("session-{}", self.0.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Keeps what each device was told: views, and signals as leg and revision.
#[derive(Default)]
pub struct Told(pub Mutex<BTreeMap<String, Vec<CallView>>>, Mutex<Vec<(String, u32, u32)>>);

impl Told {
    pub fn tell(&self, device: &str, view: CallView) {
        self.0.lock().unwrap().entry(device.to_owned()).or_default().push(view);
    }
}

impl Deliver for Told {
    fn deliver(&self, to: &DeviceKey, event: EventBody) {
        let device = to.device.as_str();
        match event {
            EventBody::Call(event) => self.tell(device, *event.call),
            EventBody::Signal(from) => {
                let told = (device.to_owned(), from.leg, from.signal.revision);
                self.1.lock().unwrap().push(told);
            }
            EventBody::Snapshot(_) => {}
        }
    }
    fn close(&self, _: &DeviceKey, _: CloseCode) {}
}

pub struct World {
    pub control: Arc<Control>,
    pub store: MemoryStore,
    pub told: Arc<Told>,
}

/// Devices `a…` belong to alice, `b…` to bob, `c…` to carol.
pub fn key(device: &str) -> DeviceKey {
    let user = match device.as_bytes()[0] {
        b'a' => "alice",
        b'b' => "bob",
        _ => "carol",
    };
    DeviceKey {
        app: AppId::new("APP").unwrap(),
        user: UserId::new(user).unwrap(),
        device: DeviceId::new(device).unwrap(),
    }
}

/// What a device with everything on sends.
pub const ON: MediaSettings =
    MediaSettings { audio_enabled: true, video_enabled: true, on_hold: false, revision: 0 };

/// A dial with this key to the user of that device.
pub fn dial(dial_key: &str, callee: &str, is_video_call: bool) -> Dial {
    Dial {
        dial_key: dial_key.into(),
        callee_id: key(callee).user,
        is_video_call,
        settings: ON,
        ringing_timeout_secs: None,
        connection_timeout_secs: None,
        custom_items: BTreeMap::new(),
    }
}

pub fn end_of(call_id: &CallId) -> End {
    End { call_id: call_id.clone(), ended_by_peer: false }
}

fn user(name: &str) -> UserRecord {
    UserRecord {
        app_id: "APP".into(),
        user_id: name.into(),
        nickname: String::new(),
        profile_url: String::new(),
        metadata_json: "{}".into(),
        is_active: true,
        access_token_hash: None,
        has_token_ever: false,
        has_ever_logged_in: true,
        tokens_valid_from_ms: 0,
        created_at_ms: 1,
        last_seen_at_ms: 1,
    }
}

impl World {
    pub async fn new() -> Self {
        let store = MemoryStore::new();
        let app = AppRecord {
            app_id: "APP".into(),
            name: "app".into(),
            token_required: false,
            api_token_hash: vec![1],
            session_token_key: vec![2],
            glare_answers: true,
            early_candidates: true,
            created_at_ms: 1,
        };
        store.create_app(app).await.unwrap();
        for name in ["alice", "bob", "carol"] {
            store.create_user(user(name)).await.unwrap();
        }
        Self::over(store).await
    }

    /// A server started on what an earlier one left.
    pub async fn over(store: MemoryStore) -> Self {
        let clock = Arc::new(PausedClock::start());
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let control = Control::new(shared, clock, Arc::new(CountedIds::default()));
        let told = Arc::new(Told::default());
        let deliver: Arc<dyn Deliver> = told.clone();
        control.set_deliver(&deliver);
        control.recover().await.unwrap();
        let runner = Arc::clone(&control);
        tokio::spawn(async move { runner.run_deadlines().await });
        Self { control, store, told }
    }

    /// The signals that a device got, as leg and revision.
    pub fn signals(&self, device: &str) -> Vec<(u32, u32)> {
        let all = self.told.1.lock().unwrap();
        all.iter().filter(|(to, ..)| to == device).map(|(_, leg, rev)| (*leg, *rev)).collect()
    }

    pub fn views(&self, device: &str) -> Vec<CallView> {
        self.told.0.lock().unwrap().get(device).cloned().unwrap_or_default()
    }
}
