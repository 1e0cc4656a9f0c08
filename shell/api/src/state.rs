//! What the operations share.

use curlew_control::Control;
use curlew_store::Store;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// Locks that users share by hash; enough that two users rarely wait for each other.
const STRIPES: usize = 64;

/// What the operations share; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// Runs the calls, and owns the store, the clock and the dice.
    pub control: Arc<Control>,
    users: Arc<Vec<Mutex<()>>>,
}

impl ApiState {
    /// The state of one server.
    #[must_use]
    pub fn new(control: Arc<Control>) -> Self {
        let users = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self { control, users: Arc::new(users) }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.control.store()
    }

    /// Unix milliseconds, as the store keeps them.
    pub(crate) fn now_ms(&self) -> i64 {
        stored_ms(self.control.clock().now().unix_ms())
    }

    /// Held from reading a user to writing it back. The store replaces whole rows, so without
    /// it a log-in could write back the `is_active` that an update has just taken away.
    pub(crate) async fn lock_user(&self, app_id: &str, user_id: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (app_id, user_id).hash(&mut hasher);
        let stripe = hasher.finish() % self.users.len() as u64;
        self.users[usize::try_from(stripe).unwrap_or(0)].lock().await
    }
}

/// Unix milliseconds as the store's signed integer.
pub(crate) fn stored_ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// The store's signed integer as Unix milliseconds.
pub(crate) fn shown_ms(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}
