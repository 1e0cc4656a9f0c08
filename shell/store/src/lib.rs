//! Durable state: one trait, its back ends, and the one suite they all pass.
//!
//! The store is the truth (`ARCHITECTURE.md`): a change is told to no one before the method
//! that writes it has returned `Ok`. It has no clock: every time is given by the caller.
//!
//! To add a method: the trait here, its answer in every back end, and a case in `contract`.

#[cfg(test)]
mod contract;
pub mod fixture;
pub mod memory;
mod records;
pub mod sqlite;

use async_trait::async_trait;

pub use records::{
    AppRecord, CallCommit, CallFilter, CallRecord, CallSettings, OutboxRecord, SessionRecord,
    UserFilter, UserRecord,
};

/// Why a store did not do what it was asked; "not found" is `None` or `false`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The premise of the write does not hold: the version moved on, the unique key exists, or
    /// the row it belongs to (the user of a session, the application of a user) is gone.
    /// Read again and decide anew.
    #[error("the stored state is not the one this write was based on")]
    Conflict,
    /// The store cannot work at this moment; nothing was written; trying again may help.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store holds something it must not hold; trying again does not help.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
}

/// What every back end gives. A write is durable once its method has returned `Ok`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds an application; `Conflict` if its id or its API token exists.
    async fn create_app(&self, app: AppRecord) -> Result<(), StoreError>;
    /// The application of this id.
    async fn app(&self, app_id: &str) -> Result<Option<AppRecord>, StoreError>;
    /// Every application, by time of creation, then id.
    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError>;
    /// Replaces the API token; `false` if there is no such application, `Conflict` if another
    /// application holds this token.
    async fn set_api_token_hash(&self, app_id: &str, hash: Vec<u8>) -> Result<bool, StoreError>;
    /// Sets the access-token policy; `false` if there is no such application.
    async fn set_token_required(&self, app_id: &str, required: bool) -> Result<bool, StoreError>;
    /// Sets what the application decides about its calls; `false` if there is no such
    /// application.
    async fn set_call_settings(
        &self,
        app_id: &str,
        settings: CallSettings,
    ) -> Result<bool, StoreError>;
    /// The application whose back end holds this token.
    async fn app_by_api_token_hash(&self, hash: &[u8]) -> Result<Option<AppRecord>, StoreError>;

    /// Adds a user; `Conflict` if it exists or the application does not.
    async fn create_user(&self, user: UserRecord) -> Result<(), StoreError>;
    /// The user of this id.
    async fn user(&self, app_id: &str, user_id: &str) -> Result<Option<UserRecord>, StoreError>;
    /// Replaces the whole row except `created_at_ms`; `false` if there is no such user.
    async fn update_user(&self, user: UserRecord) -> Result<bool, StoreError>;
    /// Removes a user and its sessions together; `false` if there is no such user.
    async fn delete_user(&self, app_id: &str, user_id: &str) -> Result<bool, StoreError>;
    /// Up to `limit` users in ascending order of (`created_at_ms`, `user_id`), after the given
    /// place; following the last row of each page never repeats a user and never skips one
    /// that stays.
    async fn list_users(
        &self,
        app_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
        filter: UserFilter,
    ) -> Result<Vec<UserRecord>, StoreError>;

    /// Adds a session in place of an earlier one of the same application, user and device;
    /// `Conflict` if there is no such user or another device has this key.
    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError>;
    /// The session of this key.
    async fn session_by_key_hash(
        &self,
        key_hash: &[u8],
    ) -> Result<Option<SessionRecord>, StoreError>;
    /// Removes one session and returns it.
    async fn delete_session(&self, key_hash: &[u8]) -> Result<Option<SessionRecord>, StoreError>;
    /// Removes every session of a user and returns them by device id.
    async fn delete_sessions_of(
        &self,
        app_id: &str,
        user_id: &str,
    ) -> Result<Vec<SessionRecord>, StoreError>;

    /// Writes one step of a call and its outbox rows together, or neither. `Conflict` if:
    /// - the stored version is not the expected one;
    /// - on insert, the call id or the (application, caller, dial key) exists, or the caller
    ///   answered a call of this application with this dial key;
    /// - on insert with `unless_crossed`, a call rings from the callee to the caller;
    /// - the callee dialled or answered another call with this answer key.
    ///
    /// An update leaves the ids, the dial key, `is_video_call` and `started_at_ms` as they were
    /// inserted, and the answer key as it was first set.
    async fn commit_call(&self, commit: CallCommit) -> Result<(), StoreError>;
    /// The call of this id, if it belongs to this application.
    async fn call(&self, app_id: &str, call_id: &str) -> Result<Option<CallRecord>, StoreError>;
    /// The call that this user started, or answered by glare, with this dial key of theirs.
    async fn call_by_dial_key(
        &self,
        app_id: &str,
        user_id: &str,
        dial_key: &str,
    ) -> Result<Option<CallRecord>, StoreError>;
    /// The calls that ring from this caller to this callee, in ascending order of
    /// (`started_at_ms`, `call_id`); as many as the caller's devices may have dialled.
    async fn ringing_calls(
        &self,
        app_id: &str,
        caller_id: &str,
        callee_id: &str,
    ) -> Result<Vec<CallRecord>, StoreError>;
    /// Every call that has not ended, of all applications, by call id; read once at start.
    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError>;
    /// Up to `limit` calls that have not ended and whose deadline is not after `now_ms`, the
    /// most overdue first.
    async fn due_calls(&self, now_ms: i64, limit: u32) -> Result<Vec<CallRecord>, StoreError>;
    /// Up to `limit` calls in descending order of (`started_at_ms`, `call_id`), before the
    /// given place; following the last row of each page never repeats a call and never skips
    /// one that was in the list when the first page was read.
    async fn list_calls(
        &self,
        app_id: &str,
        before: Option<(i64, String)>,
        limit: u32,
        filter: CallFilter,
    ) -> Result<Vec<CallRecord>, StoreError>;

    /// Up to `limit` outbox rows whose id is greater than `id`, ascending. Ids start at 1,
    /// ascend in order of commit and are never used twice.
    async fn outbox_after(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<(i64, OutboxRecord)>, StoreError>;
    /// Removes the outbox rows created before this moment and says how many.
    async fn prune_outbox(&self, before_created_ms: i64) -> Result<u64, StoreError>;

    /// Succeeds if the store answers a read and could begin a write at this moment. Writes
    /// nothing, so that whoever may ask for readiness cannot keep the disk busy.
    async fn ping(&self) -> Result<(), StoreError>;
}
