//! The world of a run: its cluster, its devices, its weather and its ledger.

use curlew_store::StoreError;
use curlew_store::memory::MemoryStore;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::cluster::{self, Cluster, Terms, device_key};
use crate::device::Device;
use crate::dice::Dice;
use crate::history::History;
use crate::ledger::Ledger;
use crate::link::Weather;
use crate::people::{Deed, Mood};

/// A device that all may look at.
pub type Shared = Arc<Mutex<Device>>;

/// Everything there is.
pub struct World {
    /// The nodes.
    cluster: Mutex<Cluster>,
    ledger: Mutex<Ledger>,
    /// What the cluster is made of.
    pub terms: Terms,
    /// The weather at the start.
    first_weather: Weather,
    /// What was committed.
    pub history: History,
    /// The store itself, which does not fail.
    pub store: MemoryStore,
    /// When it began.
    pub start: Instant,
    /// Everyone who can be called.
    pub users: Vec<String>,
    /// How restless people are; `None`: they do only what they are told.
    pub mood: Option<Mood>,
    weather: Mutex<Weather>,
    devices: Mutex<BTreeMap<String, Shared>>,
    orders: Mutex<BTreeMap<String, UnboundedSender<Deed>>>,
    resting: AtomicBool,
    dice: Mutex<Dice>,
    count: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A world whose nodes all start now.
    ///
    /// # Errors
    /// If the store refuses, which is a defect.
    pub async fn new(
        terms: Terms,
        weather: Weather,
        (users, mood): (Vec<String>, Option<Mood>),
        mut dice: Dice,
    ) -> Result<Arc<Self>, StoreError> {
        let cluster = Cluster::new(terms, dice.fork()).await?;
        let world = Arc::new(Self {
            terms,
            first_weather: weather,
            history: cluster.history().clone(),
            store: cluster.store().clone(),
            cluster: Mutex::new(cluster),
            ledger: Mutex::default(),
            start: Instant::now(),
            users,
            mood,
            weather: Mutex::new(weather),
            devices: Mutex::default(),
            orders: Mutex::default(),
            resting: AtomicBool::new(false),
            dice: Mutex::new(dice),
            count: AtomicU64::new(0),
        });
        (0..terms.nodes).for_each(|node| world.start_node(node));
        Ok(world)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.terms.nodes
    }

    /// The nodes.
    pub fn cluster(&self) -> MutexGuard<'_, Cluster> {
        lock(&self.cluster)
    }

    /// The ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// The weather.
    #[must_use]
    pub fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    /// Dice of its own for a part of the world.
    #[must_use]
    pub fn dice(&self) -> Dice {
        lock(&self.dice).fork()
    }

    /// How long an operation of the store may take.
    #[must_use]
    pub const fn store_takes(&self) -> Duration {
        Duration::from_millis(self.terms.faults.slow_ms)
    }

    /// One round trip, the bus between the nodes, and 100 ms; `None` if the store is slow, because
    /// then a device's earlier requests may hold up what it is told.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        let frames = Duration::from_millis(2 * self.first_weather.delay_ms + 100);
        (self.terms.faults.slow_percent == 0).then(|| frames + self.news_takes())
    }

    /// How long one node may not know what another one does.
    #[must_use]
    pub fn news_takes(&self) -> Duration {
        let ms = if self.terms.nodes > 1 { self.terms.bus.delay_ms } else { 0 };
        Duration::from_millis(ms)
    }

    /// Whether every message arrives once and in the order in which it was sent.
    #[must_use]
    pub const fn is_orderly(&self) -> bool {
        let weather = &self.first_weather;
        self.terms.nodes == 1 && weather.double_percent == 0 && weather.overtake_percent == 0
    }

    /// Whether people have stopped acting on whims.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.resting.load(Ordering::Relaxed)
    }

    /// Starts a node; should it crash, it is killed and comes back after a while.
    pub fn start_node(self: &Arc<Self>, node: usize) {
        let Some(crashed) = self.cluster().start(node) else { return };
        self.ledger().upheaval(|| format!("node {node} starts"));
        let world = Arc::clone(self);
        let mut dice = self.dice();
        tokio::spawn(async move {
            crashed.await;
            world.ledger().upheaval(|| format!("node {node} crashes"));
            world.cluster().kill(node, dice.chance(50));
            sleep(dice.span(0, 8_000)).await;
            world.start_node(node);
        });
    }

    /// A device of a user signs in and lives from now on; gives its name.
    ///
    /// # Errors
    /// If the store refuses, which is a defect.
    pub async fn add_device(self: &Arc<Self>, user: &str) -> Result<String, StoreError> {
        let name = format!("device-{:03}", self.count.fetch_add(1, Ordering::Relaxed));
        cluster::sign_in(&self.store, &device_key(user, &name)).await?;
        let device = Arc::new(Mutex::new(Device::new(user, &name)));
        let (orders, obeyed) = unbounded_channel();
        lock(&self.devices).insert(name.clone(), Arc::clone(&device));
        lock(&self.orders).insert(name.clone(), orders);
        {
            let mut ledger = self.ledger();
            ledger.awake.insert(name.clone());
            ledger.users.insert(name.clone(), user.to_owned());
        }
        let client = Client::new(Arc::clone(self), device, obeyed, self.dice());
        tokio::spawn(client.live());
        Ok(name)
    }

    /// How many devices there have been.
    #[must_use]
    pub fn devices_ever(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// A device is no more.
    pub fn remove_device(&self, name: &str) {
        lock(&self.orders).remove(name);
        let mut ledger = self.ledger();
        ledger.awake.remove(name);
        ledger.close(name);
    }

    /// Tells a device what to do, if it lives.
    pub fn order(&self, device: &str, deed: Deed) {
        if let Some(orders) = lock(&self.orders).get(device) {
            let _ = orders.send(deed);
        }
    }

    /// Tells every living device what to do.
    pub fn order_all(&self, deed: &Deed) {
        lock(&self.orders).values().for_each(|orders| drop(orders.send(deed.clone())));
    }

    /// The devices that live, by name.
    #[must_use]
    pub fn living(&self) -> Vec<String> {
        lock(&self.orders).keys().cloned().collect()
    }

    /// A device, living or not.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<Shared> {
        lock(&self.devices).get(name).cloned()
    }

    /// Every device there ever was.
    #[must_use]
    pub fn devices(&self) -> Vec<Shared> {
        lock(&self.devices).values().cloned().collect()
    }

    /// From here on nothing goes wrong by itself: people rest, networks and store work, every node
    /// runs, and every device connects anew.
    pub fn calm(self: &Arc<Self>) {
        self.resting.store(true, Ordering::Relaxed);
        *lock(&self.weather) = Weather::CALM;
        let down = {
            let cluster = self.cluster();
            cluster.calm();
            cluster.down()
        };
        down.into_iter().for_each(|node| self.start_node(node));
        for deed in [Deed::Rest, Deed::Wake, Deed::HangUpLine] {
            self.order_all(&deed);
        }
    }
}
