//! A server over a store that outlives it: started, killed at any instant, started again.

use aws_lc_rs::digest::{SHA256, digest};
use curlew_base::{AppId, CallId, DeviceId, Instant, SessionId, UserId};
use curlew_control::{Clock, Control, DeviceKey, Ids};
use curlew_gateway::Gateway;
use curlew_store::memory::MemoryStore;
use curlew_store::{AppRecord, SessionRecord, Store, StoreError, UserRecord};
use curlew_wire::call::CallView;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::link::{DeviceEnd, Weather, connect};

/// The application of every run.
pub const APP: &str = "SIM";

/// Tokio's paused clock as Unix milliseconds.
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Instant {
        let ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        Instant::from_unix_ms(1_700_000_000_000 + ms)
    }
}

/// Ids that count on, also over restarts.
struct CountedIds(Arc<AtomicU64>);

impl CountedIds {
    fn next(&self, kind: &str) -> String {
        format!("{kind}-{:06}", self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Ids for CountedIds {
    fn call_id(&self) -> CallId {
        CallId::new(self.next("call")).expect("letters, digits and dashes")
    }
    fn session_id(&self) -> SessionId {
        SessionId::new(self.next("session")).expect("letters, digits and dashes")
    }
    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
}

/// The server, and what survives it.
pub struct Server {
    store: MemoryStore,
    start: tokio::time::Instant,
    counter: Arc<AtomicU64>,
    running: Option<Running>,
}

struct Running {
    control: Arc<Control>,
    gateway: Arc<Gateway>,
    tasks: JoinSet<()>,
}

impl Server {
    /// A started server whose store knows these devices; a device's session key is its id.
    ///
    /// # Errors
    /// If the store refuses, which is a defect.
    pub async fn new(devices: &[DeviceKey]) -> Result<Self, StoreError> {
        let store = MemoryStore::new();
        store
            .create_app(AppRecord {
                app_id: APP.into(),
                name: APP.into(),
                token_required: false,
                api_token_hash: vec![1],
                session_token_key: vec![2],
                glare_answers: true,
                early_candidates: true,
                created_at_ms: 1,
            })
            .await?;
        for device in devices {
            match store.create_user(user(&device.user)).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
            let session = SessionRecord {
                key_hash: digest(&SHA256, device.device.as_str().as_bytes()).as_ref().to_vec(),
                app_id: APP.into(),
                user_id: device.user.to_string(),
                device_id: device.device.to_string(),
                created_at_ms: 1,
            };
            store.put_session(session).await?;
        }
        let mut server = Self {
            store,
            start: tokio::time::Instant::now(),
            counter: Arc::default(),
            running: None,
        };
        server.start().await?;
        Ok(server)
    }

    /// Starts it on what the store holds.
    ///
    /// # Errors
    /// If the store cannot be read back, which is a defect.
    pub async fn start(&mut self) -> Result<(), StoreError> {
        let store: Arc<dyn Store> = Arc::new(self.store.clone());
        let clock = Arc::new(PausedClock(self.start));
        let control = Control::new(store, clock, Arc::new(CountedIds(Arc::clone(&self.counter))));
        let gateway = Gateway::new(Arc::clone(&control));
        control.recover().await?;
        let mut tasks = JoinSet::new();
        let runner = Arc::clone(&control);
        tasks.spawn(async move { runner.run_deadlines().await });
        let runner = Arc::clone(&gateway);
        tasks.spawn(async move { runner.run().await });
        self.running = Some(Running { control, gateway, tasks });
        Ok(())
    }

    /// Kills it: nothing is finished, nobody is told.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// A new connection; `None` while the server is down.
    pub fn connect(&mut self, dice: &mut Dice, weather: Weather) -> Option<DeviceEnd> {
        let running = self.running.as_mut()?;
        let (device, server) = connect(dice, weather);
        let gateway = Arc::clone(&running.gateway);
        running.tasks.spawn(async move { gateway.serve(server).await });
        Some(device)
    }

    /// How many calls the running server holds alive.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.running.as_ref().map_or(0, |running| running.control.live_calls())
    }

    /// What a snapshot would tell the device about these calls.
    pub async fn truth(&self, device: &DeviceKey, known: &[CallId]) -> Vec<CallView> {
        let Some(running) = &self.running else { return Vec::new() };
        running.control.snapshot(device, known).await.unwrap_or_default()
    }

    /// The store, for the referees.
    #[must_use]
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }
}

/// A device of a user, both by name.
#[must_use]
pub fn device_key(user: &str, device: &str) -> DeviceKey {
    DeviceKey {
        app: AppId::new(APP).expect("a valid id"),
        user: UserId::new(user).expect("a valid id"),
        device: DeviceId::new(device).expect("a valid id"),
    }
}

fn user(id: &UserId) -> UserRecord {
    UserRecord {
        app_id: APP.into(),
        user_id: id.to_string(),
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
