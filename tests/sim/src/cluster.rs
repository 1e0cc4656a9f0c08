//! Nodes over one store that outlives them: started, killed at any instant, started again.

use aws_lc_rs::digest::{SHA256, digest};
use curlew_base::{AppId, CallId, DeviceId, SessionId, UserId};
use curlew_control::{Control, Deliver, DeviceKey, Ids};
use curlew_gateway::Gateway;
use curlew_store::memory::MemoryStore;
use curlew_store::{AppRecord, SessionRecord, Store, StoreError, fixture};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::bus::{BusWeather, NodeBus};
use crate::clock::{Drift, NodeClock};
use crate::dice::Dice;
use crate::faulty::{Faults, FaultyStore};
use crate::history::History;
use crate::link::{DeviceEnd, Fate, Weather, connect};

/// The application of every run.
pub const APP: &str = "SIM";

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

/// What a cluster is made of.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many nodes.
    pub nodes: usize,
    /// Whether a crossing dial answers the other one (rule 4).
    pub glare_answers: bool,
    /// How the store fails.
    pub faults: Faults,
    /// How the bus behaves.
    pub bus: BusWeather,
    /// Whether the nodes' clocks differ.
    pub clocks_drift: bool,
}

/// The nodes, and what survives them.
pub struct Cluster {
    terms: Terms,
    start: Instant,
    store: MemoryStore,
    history: History,
    /// Once set, the store fails no more.
    calm: Arc<AtomicBool>,
    counter: Arc<AtomicU64>,
    dice: Dice,
    nodes: Vec<Node>,
}

struct Node {
    drift: Drift,
    starts: usize,
    running: Option<Running>,
}

/// A node that runs. Dropping it kills it.
struct Running {
    name: String,
    control: Arc<Control>,
    gateway: Arc<Gateway>,
    bus: Arc<NodeBus>,
    store: Arc<FaultyStore>,
    ready: Arc<AtomicBool>,
    lines: Vec<Weak<Fate>>,
    tasks: JoinSet<()>,
}

impl Cluster {
    /// A store that knows the application; no node runs yet.
    ///
    /// # Errors
    /// If the store refuses, which is a defect.
    pub async fn new(terms: Terms, mut dice: Dice) -> Result<Self, StoreError> {
        let store = MemoryStore::new();
        store
            .create_app(AppRecord { glare_answers: terms.glare_answers, ..fixture::app(APP) })
            .await?;
        let drift = |dice: &mut Dice| match terms.clocks_drift {
            true => Drift::draw(dice),
            false => Drift::default(),
        };
        let node = |dice: &mut Dice| Node { drift: drift(dice), starts: 0, running: None };
        let nodes = (0..terms.nodes).map(|_| node(&mut dice)).collect();
        Ok(Self {
            terms,
            start: Instant::now(),
            store,
            history: History::default(),
            calm: Arc::default(),
            counter: Arc::default(),
            dice,
            nodes,
        })
    }

    /// Starts a node on what the store holds, unless it runs. The future is done once the node
    /// has crashed, and is then to be followed by a [`Cluster::kill`].
    pub fn start(&mut self, node: usize) -> Option<impl Future<Output = ()> + use<>> {
        if self.nodes[node].running.is_some() {
            return None;
        }
        let shared = (self.store.clone(), self.history.clone());
        let faults = (self.terms.faults, Arc::clone(&self.calm));
        let store = FaultyStore::new(shared, node, faults, self.dice.fork());
        let clock = Arc::new(NodeClock::new(self.start, self.nodes[node].drift));
        let ids = Arc::new(CountedIds(Arc::clone(&self.counter)));
        let control = Control::new(Arc::<FaultyStore>::clone(&store), clock, ids);
        let bus = NodeBus::new(self.dice.fork(), self.terms.bus);
        if self.terms.nodes > 1 {
            // Before the gateway sets itself: what comes first stands.
            let deliver: Arc<dyn Deliver> = Arc::<NodeBus>::clone(&bus);
            control.set_deliver(&deliver);
            control.set_peers(Arc::<NodeBus>::clone(&bus));
        }
        let gateway = Gateway::new(Arc::clone(&control));
        bus.set_gateway(&gateway);
        self.nodes[node].starts += 1;
        let name = format!("node-{node}-{}", self.nodes[node].starts);
        let ready = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let (runner, open) = (Arc::clone(&control), Arc::clone(&ready));
        tasks.spawn(async move {
            while runner.recover().await.is_err() {
                sleep(Duration::from_millis(100)).await;
            }
            open.store(true, Ordering::Relaxed);
            runner.run_deadlines().await;
        });
        let runner = Arc::clone(&gateway);
        tasks.spawn(async move { runner.run().await });
        let lines = Vec::new();
        let watched = Arc::clone(&store);
        let mut running = Running { name, control, gateway, bus, store, ready, lines, tasks };
        for other in self.nodes.iter_mut().filter_map(|node| node.running.as_mut()) {
            join(other, &mut running);
            join(&mut running, other);
        }
        self.nodes[node].running = Some(running);
        Some(async move { watched.crashed().await })
    }

    /// Kills a node: nothing is finished, nobody is told. With `silent` not even its connections
    /// are closed for the devices, as when the power fails.
    pub fn kill(&mut self, node: usize, silent: bool) {
        let Some(running) = self.nodes[node].running.take() else { return };
        running.store.kill();
        if silent {
            running.lines.iter().filter_map(Weak::upgrade).for_each(|fate| fate.cut());
        }
    }

    /// The nodes that are down.
    #[must_use]
    pub fn down(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|n| self.nodes[*n].running.is_none()).collect()
    }

    /// The nodes that take connections.
    #[must_use]
    pub fn ready(&self) -> Vec<usize> {
        let ready = |n: &usize| self.running(*n).is_some();
        (0..self.nodes.len()).filter(ready).collect()
    }

    /// From here on the store does not fail.
    pub fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// A new connection to a node; `None` while it is down.
    pub fn connect(&mut self, node: usize, dice: &mut Dice, weather: Weather) -> Option<DeviceEnd> {
        let running = self.nodes[node].running.as_mut()?;
        if !running.ready.load(Ordering::Relaxed) {
            return None;
        }
        let (device, server) = connect(dice, weather);
        running.lines.retain(|line| line.strong_count() > 0);
        running.lines.push(Arc::downgrade(device.fate()));
        let gateway = Arc::clone(&running.gateway);
        running.tasks.spawn(async move { gateway.serve(server).await });
        Some(device)
    }

    /// Signs a device out over HTTP at a node: its session is removed, then control is told. The
    /// receiver fails if the node fails first.
    pub fn sign_out(
        &mut self,
        node: usize,
        device: &DeviceKey,
    ) -> Option<tokio::sync::oneshot::Receiver<()>> {
        let running = self.nodes[node].running.as_mut()?;
        let (done, hears) = tokio::sync::oneshot::channel();
        let (control, device) = (Arc::clone(&running.control), device.clone());
        running.tasks.spawn(async move {
            let hash = key_hash(device.device.as_str());
            if control.store().delete_session(&hash).await.is_ok() {
                control.sign_out(&device).await;
                let _ = done.send(());
            }
        });
        Some(hears)
    }

    /// How many calls each running node holds alive.
    #[must_use]
    pub fn live_calls(&self) -> Vec<usize> {
        self.controls().map(|control| control.live_calls()).collect()
    }

    /// The controls of the running nodes.
    pub fn controls(&self) -> impl Iterator<Item = &Arc<Control>> {
        self.nodes.iter().filter_map(|node| node.running.as_ref()).map(|node| &node.control)
    }

    /// The gateways of the running nodes.
    pub fn gateways(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.nodes.iter().filter_map(|node| node.running.as_ref()).map(|node| &node.gateway)
    }

    /// The store itself, which does not fail.
    #[must_use]
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// What was committed.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    fn running(&self, node: usize) -> Option<&Running> {
        let running = self.nodes[node].running.as_ref();
        running.filter(|running| running.ready.load(Ordering::Relaxed))
    }
}

/// Lets `to` hear what `from` says.
fn join(from: &mut Running, to: &mut Running) {
    let ends = (Arc::clone(&to.control), Arc::clone(&to.gateway));
    let (hear, bring) = from.bus.route(from.name.clone(), ends);
    to.tasks.spawn(hear);
    to.tasks.spawn(bring);
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

/// Signs a device in, and makes its user if need be; the session key is the device's id.
///
/// # Errors
/// If the store refuses, which is a defect.
pub async fn sign_in(store: &MemoryStore, device: &DeviceKey) -> Result<(), StoreError> {
    match store.create_user(fixture::user(APP, device.user.as_str(), 1)).await {
        Ok(()) | Err(StoreError::Conflict) => {}
        Err(error) => return Err(error),
    }
    store
        .put_session(SessionRecord {
            key_hash: key_hash(device.device.as_str()),
            app_id: APP.into(),
            user_id: device.user.to_string(),
            device_id: device.device.to_string(),
            created_at_ms: 1,
        })
        .await
}

fn key_hash(key: &str) -> Vec<u8> {
    digest(&SHA256, key.as_bytes()).as_ref().to_vec()
}
