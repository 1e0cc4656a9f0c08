//! A store that fails on purpose: conflicts, delays, refusals, and a crash between write and
//! answer.

use async_trait::async_trait;
use curlew_store::memory::MemoryStore;
use curlew_store::{
    AppRecord, CallCommit, CallFilter, CallRecord, CallSettings, OutboxRecord, SessionRecord,
    Store, StoreError, UserFilter, UserRecord,
};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::history::History;

/// How a store fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Commits in a thousand that are told `Conflict` and not written.
    pub conflict_permille: u64,
    /// Operations in a thousand that are told `Unavailable` and not done.
    pub unavailable_permille: u64,
    /// Operations in a hundred that take their time.
    pub slow_percent: u64,
    /// How long such an operation takes at most, in milliseconds.
    pub slow_ms: u64,
    /// Writes in a hundred thousand after which the node dies before it hears of them.
    pub crash_per_100_000: u64,
}

/// One node's way to the store that all nodes share.
pub struct FaultyStore {
    inner: MemoryStore,
    node: usize,
    history: History,
    faults: Faults,
    calm: Arc<AtomicBool>,
    dice: Mutex<Dice>,
    dead: AtomicBool,
    crashed: Notify,
}

impl FaultyStore {
    /// A way for the node of that number; it fails until `calm` is set.
    #[must_use]
    pub fn new(
        (inner, history): (MemoryStore, History),
        node: usize,
        (faults, calm): (Faults, Arc<AtomicBool>),
        dice: Dice,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            node,
            history,
            faults,
            calm,
            dice: Mutex::new(dice),
            dead: AtomicBool::new(false),
            crashed: Notify::new(),
        })
    }

    /// The node is dead from here on: nothing it still does reaches the store.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    /// Waits for a write whose answer never comes: the node is to be killed at that instant.
    pub async fn crashed(&self) {
        self.crashed.notified().await;
    }

    fn roll<T: Default>(&self, roll: impl FnOnce(&mut Dice, &Faults) -> T) -> T {
        if self.calm.load(Ordering::Relaxed) {
            return T::default();
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        roll(&mut dice, &self.faults)
    }

    async fn live(&self) {
        if self.dead.load(Ordering::Relaxed) {
            pending().await
        }
    }

    async fn before(&self) -> Result<(), StoreError> {
        let slow = self.roll(|dice, faults| {
            dice.chance(faults.slow_percent).then(|| dice.span(1, faults.slow_ms))
        });
        if let Some(slow) = slow {
            sleep(slow).await;
        }
        self.live().await;
        if self.roll(|dice, faults| dice.rare(faults.unavailable_permille)) {
            return Err(StoreError::Unavailable("as the dice would have it".into()));
        }
        Ok(())
    }

    /// After a write: gives what was done, or never.
    async fn after<T>(&self, done: T) -> T {
        if self.roll(|dice, faults| dice.below(100_000) < faults.crash_per_100_000) {
            self.kill();
            self.crashed.notify_one();
        }
        self.live().await;
        done
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn create_app(&self, app: AppRecord) -> Result<(), StoreError> {
        self.before().await?;
        self.inner.create_app(app).await?;
        self.after(()).await;
        Ok(())
    }

    async fn app(&self, app_id: &str) -> Result<Option<AppRecord>, StoreError> {
        self.before().await?;
        self.inner.app(app_id).await
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        self.before().await?;
        self.inner.apps().await
    }

    async fn set_api_token_hash(&self, app_id: &str, hash: Vec<u8>) -> Result<bool, StoreError> {
        self.before().await?;
        let done = self.inner.set_api_token_hash(app_id, hash).await?;
        Ok(self.after(done).await)
    }

    async fn set_token_required(&self, app_id: &str, required: bool) -> Result<bool, StoreError> {
        self.before().await?;
        let done = self.inner.set_token_required(app_id, required).await?;
        Ok(self.after(done).await)
    }

    async fn set_call_settings(
        &self,
        app_id: &str,
        settings: CallSettings,
    ) -> Result<bool, StoreError> {
        self.before().await?;
        let done = self.inner.set_call_settings(app_id, settings).await?;
        Ok(self.after(done).await)
    }

    async fn app_by_api_token_hash(&self, hash: &[u8]) -> Result<Option<AppRecord>, StoreError> {
        self.before().await?;
        self.inner.app_by_api_token_hash(hash).await
    }

    async fn create_user(&self, user: UserRecord) -> Result<(), StoreError> {
        self.before().await?;
        self.inner.create_user(user).await?;
        self.after(()).await;
        Ok(())
    }

    async fn user(&self, app_id: &str, user_id: &str) -> Result<Option<UserRecord>, StoreError> {
        self.before().await?;
        self.inner.user(app_id, user_id).await
    }

    async fn update_user(&self, user: UserRecord) -> Result<bool, StoreError> {
        self.before().await?;
        let done = self.inner.update_user(user).await?;
        Ok(self.after(done).await)
    }

    async fn delete_user(&self, app_id: &str, user_id: &str) -> Result<bool, StoreError> {
        self.before().await?;
        let done = self.inner.delete_user(app_id, user_id).await?;
        Ok(self.after(done).await)
    }

    async fn list_users(
        &self,
        app_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
        filter: UserFilter,
    ) -> Result<Vec<UserRecord>, StoreError> {
        self.before().await?;
        self.inner.list_users(app_id, after, limit, filter).await
    }

    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
        self.before().await?;
        self.inner.put_session(session).await?;
        self.after(()).await;
        Ok(())
    }

    async fn session_by_key_hash(
        &self,
        key_hash: &[u8],
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.before().await?;
        self.inner.session_by_key_hash(key_hash).await
    }

    async fn delete_session(&self, key_hash: &[u8]) -> Result<Option<SessionRecord>, StoreError> {
        self.before().await?;
        let done = self.inner.delete_session(key_hash).await?;
        Ok(self.after(done).await)
    }

    async fn delete_sessions_of(
        &self,
        app_id: &str,
        user_id: &str,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.before().await?;
        let done = self.inner.delete_sessions_of(app_id, user_id).await?;
        Ok(self.after(done).await)
    }

    async fn commit_call(&self, commit: CallCommit) -> Result<(), StoreError> {
        self.before().await?;
        if self.roll(|dice, faults| dice.rare(faults.conflict_permille)) {
            return Err(StoreError::Conflict);
        }
        self.inner.commit_call(commit.clone()).await?;
        self.history.note(self.node, &commit);
        self.after(()).await;
        Ok(())
    }

    async fn call(&self, app_id: &str, call_id: &str) -> Result<Option<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.call(app_id, call_id).await
    }

    async fn call_by_dial_key(
        &self,
        app_id: &str,
        user_id: &str,
        dial_key: &str,
    ) -> Result<Option<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.call_by_dial_key(app_id, user_id, dial_key).await
    }

    async fn ringing_calls(
        &self,
        app_id: &str,
        caller_id: &str,
        callee_id: &str,
    ) -> Result<Vec<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.ringing_calls(app_id, caller_id, callee_id).await
    }

    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.live_calls().await
    }

    async fn due_calls(&self, now_ms: i64, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.due_calls(now_ms, limit).await
    }

    async fn list_calls(
        &self,
        app_id: &str,
        before: Option<(i64, String)>,
        limit: u32,
        filter: CallFilter,
    ) -> Result<Vec<CallRecord>, StoreError> {
        self.before().await?;
        self.inner.list_calls(app_id, before, limit, filter).await
    }

    async fn outbox_after(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<(i64, OutboxRecord)>, StoreError> {
        self.before().await?;
        self.inner.outbox_after(id, limit).await
    }

    async fn prune_outbox(&self, before_created_ms: i64) -> Result<u64, StoreError> {
        self.before().await?;
        let done = self.inner.prune_outbox(before_created_ms).await?;
        Ok(self.after(done).await)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.before().await?;
        self.inner.ping().await
    }
}
