//! The store in one SQLite file: one writer with group commit, a few readers beside it.
//!
//! Look here first: `writer` for durability, `calls` for the compare-and-set,
//! `migrations/` for the layout. Each of the other modules holds the statements of one table.

mod apps;
mod calls;
mod connect;
mod failure;
mod migrate;
mod outbox;
mod readers;
mod rows;
mod sessions;
mod users;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AppRecord, CallCommit, CallFilter, CallRecord, CallSettings, OutboxRecord, SessionRecord,
    Store, StoreError, UserFilter, UserRecord,
};
use readers::Readers;
use writer::Writer;

/// A store in one SQLite file. Needs a tokio runtime; dropping it waits for the queued writes.
pub struct SqliteStore {
    // Declared first: the writer ends, then the last reader folds the log into the file.
    writer: Writer,
    readers: Arc<Readers>,
}

/// How a [`SqliteStore`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Whether writes that wait together share one commit. `false` flushes the disk for each
    /// write; it is there to measure what the sharing gains.
    pub group_commits: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { group_commits: true }
    }
}

impl SqliteStore {
    /// [`Self::open_with`] the default options.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens the database of this path, creates it if there is none, and brings its layout up
    /// to date. Blocks for as long as that takes.
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let mut connection = connect::writer(path.as_ref())?;
        migrate::run(&mut connection)?;
        let readers = Readers::open(path.as_ref())?;
        Ok(Self { writer: Writer::start(connection, options.group_commits)?, readers })
    }

    /// Finishes the queued writes and closes the file. Blocks for as long as that takes.
    pub fn close(self) {
        drop(self);
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_app(&self, app: AppRecord) -> Result<(), StoreError> {
        self.writer.write(move |db| apps::insert(db, &app)).await
    }

    async fn app(&self, app_id: &str) -> Result<Option<AppRecord>, StoreError> {
        let app_id = app_id.to_owned();
        self.readers.read(move |db| apps::by_id(db, &app_id)).await
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        self.readers.read(apps::all).await
    }

    async fn set_api_token_hash(&self, app_id: &str, hash: Vec<u8>) -> Result<bool, StoreError> {
        let app_id = app_id.to_owned();
        self.writer.write(move |db| apps::set_api_token_hash(db, &app_id, &hash)).await
    }

    async fn set_token_required(&self, app_id: &str, required: bool) -> Result<bool, StoreError> {
        let app_id = app_id.to_owned();
        self.writer.write(move |db| apps::set_token_required(db, &app_id, required)).await
    }

    async fn set_call_settings(
        &self,
        app_id: &str,
        settings: CallSettings,
    ) -> Result<bool, StoreError> {
        let app_id = app_id.to_owned();
        self.writer.write(move |db| apps::set_call_settings(db, &app_id, settings)).await
    }

    async fn app_by_api_token_hash(&self, hash: &[u8]) -> Result<Option<AppRecord>, StoreError> {
        let hash = hash.to_vec();
        self.readers.read(move |db| apps::by_api_token_hash(db, &hash)).await
    }

    async fn create_user(&self, user: UserRecord) -> Result<(), StoreError> {
        self.writer.write(move |db| users::insert(db, &user)).await
    }

    async fn user(&self, app_id: &str, user_id: &str) -> Result<Option<UserRecord>, StoreError> {
        let (app_id, user_id) = (app_id.to_owned(), user_id.to_owned());
        self.readers.read(move |db| users::by_id(db, &app_id, &user_id)).await
    }

    async fn update_user(&self, user: UserRecord) -> Result<bool, StoreError> {
        self.writer.write(move |db| users::update(db, &user)).await
    }

    async fn delete_user(&self, app_id: &str, user_id: &str) -> Result<bool, StoreError> {
        let (app_id, user_id) = (app_id.to_owned(), user_id.to_owned());
        self.writer.write(move |db| users::delete(db, &app_id, &user_id)).await
    }

    async fn list_users(
        &self,
        app_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
        filter: UserFilter,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let app_id = app_id.to_owned();
        self.readers.read(move |db| users::list(db, &app_id, after, limit, filter)).await
    }

    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
        self.writer.write(move |db| sessions::put(db, &session)).await
    }

    async fn session_by_key_hash(
        &self,
        key_hash: &[u8],
    ) -> Result<Option<SessionRecord>, StoreError> {
        let key_hash = key_hash.to_vec();
        self.readers.read(move |db| sessions::by_key_hash(db, &key_hash)).await
    }

    async fn delete_session(&self, key_hash: &[u8]) -> Result<Option<SessionRecord>, StoreError> {
        let key_hash = key_hash.to_vec();
        self.writer.write(move |db| sessions::delete(db, &key_hash)).await
    }

    async fn delete_sessions_of(
        &self,
        app_id: &str,
        user_id: &str,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let (app_id, user_id) = (app_id.to_owned(), user_id.to_owned());
        self.writer.write(move |db| sessions::delete_of_user(db, &app_id, &user_id)).await
    }

    async fn commit_call(&self, commit: CallCommit) -> Result<(), StoreError> {
        self.writer
            .write(move |db| {
                match commit.expected_version {
                    None => calls::insert(db, &commit.record, commit.unless_crossed)?,
                    Some(expected) => calls::update(db, &commit.record, expected)?,
                }
                outbox::append(db, &commit.outbox)
            })
            .await
    }

    async fn call(&self, app_id: &str, call_id: &str) -> Result<Option<CallRecord>, StoreError> {
        let (app_id, call_id) = (app_id.to_owned(), call_id.to_owned());
        self.readers.read(move |db| calls::by_id(db, &app_id, &call_id)).await
    }

    async fn call_by_dial_key(
        &self,
        app_id: &str,
        user_id: &str,
        dial_key: &str,
    ) -> Result<Option<CallRecord>, StoreError> {
        let (app_id, user_id) = (app_id.to_owned(), user_id.to_owned());
        let dial_key = dial_key.to_owned();
        self.readers.read(move |db| calls::by_dial_key(db, &app_id, &user_id, &dial_key)).await
    }

    async fn ringing_calls(
        &self,
        app_id: &str,
        caller_id: &str,
        callee_id: &str,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let (app_id, caller_id) = (app_id.to_owned(), caller_id.to_owned());
        let callee_id = callee_id.to_owned();
        self.readers.read(move |db| calls::ringing(db, &app_id, &caller_id, &callee_id)).await
    }

    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError> {
        self.readers.read(calls::live).await
    }

    async fn due_calls(&self, now_ms: i64, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        self.readers.read(move |db| calls::due(db, now_ms, limit)).await
    }

    async fn list_calls(
        &self,
        app_id: &str,
        before: Option<(i64, String)>,
        limit: u32,
        filter: CallFilter,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let app_id = app_id.to_owned();
        self.readers.read(move |db| calls::list(db, &app_id, before, limit, &filter)).await
    }

    async fn outbox_after(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<(i64, OutboxRecord)>, StoreError> {
        self.readers.read(move |db| outbox::after(db, id, limit)).await
    }

    async fn prune_outbox(&self, before_created_ms: i64) -> Result<u64, StoreError> {
        self.writer.write(move |db| outbox::prune(db, before_created_ms)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // The empty write proves that the writer lives and the write lock can be had.
        self.writer.write(|_| Ok(())).await?;
        self.readers.read(|db| apps::any(db).map(drop)).await
    }
}
