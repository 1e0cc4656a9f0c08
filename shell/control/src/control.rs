//! The handle: what it is made of, and how it starts.

use curlew_base::{AppId, CallId, Instant, UserId};
use curlew_store::Store;
use curlew_wire::server::EventBody;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use tokio::sync::Notify;

use crate::index::{Index, Slot};
use crate::ports::{Clock, Deliver, DeviceKey, Ids, Peers};

/// Runs every call of this node.
pub struct Control {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    /// Weak, as the gateway holds control: neither must keep the other's store open.
    deliver: OnceLock<Weak<dyn Deliver>>,
    /// Not set where there is one node.
    peers: OnceLock<Arc<dyn Peers>>,
    index: Mutex<Index>,
    /// When this node began to hear of devices.
    pub(crate) started_at: Instant,
    /// Wakes `run_deadlines` when an earlier deadline came up.
    pub(crate) sooner: Notify,
}

impl Control {
    /// Wires a control to its store, clock and dice.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Arc<Self> {
        let started_at = clock.now();
        Arc::new(Self {
            started_at,
            store,
            clock,
            ids,
            deliver: OnceLock::new(),
            peers: OnceLock::new(),
            index: Mutex::new(Index::default()),
            sooner: Notify::new(),
        })
    }

    /// Sets who carries events to devices; once, before the first request. The caller keeps it.
    pub fn set_deliver(&self, deliver: &Arc<dyn Deliver>) {
        if self.deliver.set(Arc::downgrade(deliver)).is_err() {
            tracing::error!("control has a deliverer already; the second one is ignored");
        }
    }

    /// Sets who carries news to the other nodes; once, before the first request, and only where
    /// several nodes share a store.
    pub fn set_peers(&self, peers: Arc<dyn Peers>) {
        if self.peers.set(peers).is_err() {
            tracing::error!("control has its peers already; the second ones are ignored");
        }
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The dice.
    #[must_use]
    pub const fn ids(&self) -> &Arc<dyn Ids> {
        &self.ids
    }

    /// Whether a device of the user has a session.
    #[must_use]
    pub fn is_online(&self, app: &AppId, user: &UserId) -> bool {
        self.index().presence.devices_of(app, user).values().any(Option::is_none)
    }

    /// How many calls are alive on this node.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.index().live()
    }

    /// How many devices have a session, at this node or another, as far as this node knows.
    #[must_use]
    pub fn known_devices(&self) -> usize {
        self.index().presence.len()
    }

    /// How many devices are in a call that this node knows, rather than merely rung.
    #[must_use]
    pub fn busy_devices(&self) -> usize {
        self.index().busy()
    }

    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        // A panic while it was held has cost one call; the maps are whole after every statement.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, to: &DeviceKey, event: EventBody) {
        if let Some(deliver) = self.deliverer() {
            deliver.deliver(to, event);
        }
    }

    pub(crate) fn deliverer(&self) -> Option<Arc<dyn Deliver>> {
        self.deliver.get().and_then(Weak::upgrade)
    }

    pub(crate) fn peers(&self) -> Option<&Arc<dyn Peers>> {
        self.peers.get()
    }

    pub(crate) fn slot(&self, id: &CallId) -> Option<Slot> {
        self.index().slot(id)
    }
}
