//! A world for one scripted story: named users, fixed weather, people who do what they are told.

use curlew_base::{CallId, EndResult};
use curlew_store::{CallFilter, CallRecord, Store};
use curlew_wire::call::{CallState, CallView};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

use crate::bus::BusWeather;
use crate::cluster::{APP, Terms};
use crate::dice::Dice;
use crate::faulty::Faults;
use crate::link::Weather;
use crate::people::Deed;
use crate::referee;
use crate::world::{Shared, World};

/// How long a frame takes at most, in milliseconds.
pub const DELAY_MS: u64 = 20;

/// A story's world.
pub struct Stage {
    /// The world behind it.
    pub world: Arc<World>,
}

impl Stage {
    /// A world of so many nodes, whose application wants what rule 4 says by default.
    ///
    /// # Panics
    /// If the store refuses, which is a defect.
    pub async fn new(nodes: usize) -> Self {
        Self::with(nodes, true, 0).await
    }

    /// A world whose application may want two calls for two crossing dials.
    ///
    /// # Panics
    /// If the store refuses, which is a defect.
    pub async fn with(nodes: usize, glare_answers: bool, seed: u64) -> Self {
        let terms = Terms {
            nodes,
            glare_answers,
            faults: Faults::default(),
            bus: BusWeather { delay_ms: 10, notice_ms: 500 },
            clocks_drift: false,
        };
        let weather = Weather { delay_ms: DELAY_MS, ..Weather::CALM };
        let users = (Vec::new(), None);
        let world = World::new(terms, weather, users, Dice::new(seed)).await;
        let stage = Self { world: world.expect("a store that works") };
        stage.wait(10).await;
        stage
    }

    /// A new device of a user, which connects at once.
    ///
    /// # Panics
    /// If the store refuses, which is a defect.
    pub async fn device(&self, user: &str) -> String {
        let name = self.world.add_device(user).await.expect("a store that works");
        self.wait(100).await;
        name
    }

    /// Lets time pass, in milliseconds.
    pub async fn wait(&self, ms: u64) {
        sleep(Duration::from_millis(ms)).await;
    }

    /// Tells a device what to do.
    pub fn order(&self, device: &str, deed: Deed) {
        self.world.order(device, deed);
    }

    /// Tells a device what to do, and gives it the time to be answered.
    pub async fn act(&self, device: &str, deed: Deed) {
        self.order(device, deed);
        self.wait(8 * DELAY_MS).await;
    }

    /// Dials, waits until it rings, and gives the call.
    ///
    /// # Panics
    /// If the dial was not answered.
    pub async fn dial(&self, device: &str, callee: &str, ringing_secs: u32) -> CallId {
        self.act(device, Deed::Dial(callee.into(), ringing_secs)).await;
        self.dialled(device).expect("the dial is answered")
    }

    /// The call of a device's newest dial.
    ///
    /// # Panics
    /// If there is no such device.
    #[must_use]
    pub fn dialled(&self, device: &str) -> Option<CallId> {
        self.look(device, |device| device.dials.last_key_value()?.1.clone())
    }

    /// Dials, accepts, and waits until media flows.
    ///
    /// # Panics
    /// If it does not.
    pub async fn connect(&self, caller: &str, callee: &str) -> CallId {
        let user = self.look(callee, |device| device.user.clone());
        let call = self.dial(caller, &user, 60).await;
        self.act(callee, Deed::Accept(call.clone())).await;
        self.wait(2_000).await;
        assert_eq!(self.state(caller, &call), Some(CallState::Connected));
        assert_eq!(self.state(callee, &call), Some(CallState::Connected));
        call
    }

    /// Looks at a device.
    ///
    /// # Panics
    /// If there is no such device.
    pub fn look<T>(&self, device: &str, look: impl FnOnce(&crate::device::Device) -> T) -> T {
        let device: Shared = self.world.device(device).expect("a device of this name");
        look(&device.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A call as a device sees it.
    #[must_use]
    pub fn view(&self, device: &str, call: &CallId) -> Option<CallView> {
        self.look(device, |device| device.calls.get(call).cloned())
    }

    /// The state of a call as a device sees it.
    #[must_use]
    pub fn state(&self, device: &str, call: &CallId) -> Option<CallState> {
        self.view(device, call).map(|view| view.state)
    }

    /// How a call ended for a device, and its duration in milliseconds.
    #[must_use]
    pub fn ended(&self, device: &str, call: &CallId) -> Option<(EndResult, u64)> {
        self.view(device, call)?.ended.map(|ended| (ended.result, ended.duration_ms))
    }

    /// How often a device's application was told that the call rings, and that it ended.
    #[must_use]
    pub fn told(&self, device: &str, call: &CallId) -> (u32, u32) {
        self.look(device, |device| device.told.get(call).copied().unwrap_or_default())
    }

    /// Every row of the log.
    ///
    /// # Panics
    /// If the store refuses, which is a defect.
    pub async fn log(&self) -> Vec<CallRecord> {
        let rows = self.world.store.list_calls(APP, None, 10_000, CallFilter::default()).await;
        rows.expect("a store that works")
    }

    /// The newest row of a call.
    ///
    /// # Panics
    /// If there is none.
    pub async fn row(&self, call: &CallId) -> CallRecord {
        let row = self.world.store.call(APP, call.as_str()).await.expect("a store that works");
        row.expect("a call of this id")
    }

    /// Everyone goes; then nothing may be left, and no promise may have been broken on the way.
    ///
    /// # Panics
    /// If one was.
    pub async fn close(self) {
        self.world.order_all(&Deed::Die(true));
        self.wait(95_000).await;
        let mut wrong = referee::nothing_left(&self.world);
        wrong.extend(referee::after_all(&self.world).await);
        wrong.extend(self.world.ledger().wrong.iter().cloned());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
