//! A store in memory, for the simulator: no threads, no files, the same answers every time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    AppRecord, CallCommit, CallFilter, CallRecord, CallSettings, OutboxRecord, SessionRecord,
    Store, StoreError, UserFilter, UserRecord,
};

/// A store whose clones share one state, so that a simulated server can stop and another can
/// start on what the first one committed.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that holds one application and its users; users of another are left out.
    pub fn holding(app: AppRecord, users: impl IntoIterator<Item = UserRecord>) -> Self {
        let keyed = |user: UserRecord| (user_key(&user.app_id, &user.user_id), user);
        let users = users.into_iter().filter(|user| user.app_id == app.app_id).map(keyed);
        let users = users.collect();
        let apps = BTreeMap::from([(app.app_id.clone(), app)]);
        let state = State { apps, users, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Never held across an await: no method of this store awaits anything.
    fn state(&self) -> MutexGuard<'_, State> {
        // Each method checks before it writes, so a panic elsewhere leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type UserKey = (String, String);
type DeviceKey = (String, String, String);
type DialKey = (String, String, String);

#[derive(Default)]
struct State {
    apps: BTreeMap<String, AppRecord>,
    users: BTreeMap<UserKey, UserRecord>,
    sessions: BTreeMap<DeviceKey, SessionRecord>,
    devices_by_key_hash: BTreeMap<Vec<u8>, DeviceKey>,
    calls: BTreeMap<String, CallRecord>,
    /// The call that a user's dial key names: the one they started or answered with it.
    calls_by_dial_key: BTreeMap<DialKey, String>,
    /// Ids of the calls that have not ended, so that a sweep costs nothing for the others.
    live: BTreeSet<String>,
    outbox: BTreeMap<i64, OutboxRecord>,
    last_outbox_id: i64,
}

impl State {
    fn app_mut(&mut self, app_id: &str) -> Option<&mut AppRecord> {
        self.apps.get_mut(app_id)
    }

    fn app_by_token(&self, hash: &[u8]) -> Option<&AppRecord> {
        self.apps.values().find(|app| app.api_token_hash == hash)
    }

    fn remove_sessions_of(&mut self, app_id: &str, user_id: &str) -> Vec<SessionRecord> {
        let gone: Vec<DeviceKey> = self
            .sessions
            .range((app_id.to_owned(), user_id.to_owned(), String::new())..)
            .take_while(|((app, user, _), _)| app == app_id && user == user_id)
            .map(|(key, _)| key.clone())
            .collect();
        gone.iter().filter_map(|key| self.remove_session(key)).collect()
    }

    fn remove_session(&mut self, key: &DeviceKey) -> Option<SessionRecord> {
        let session = self.sessions.remove(key)?;
        self.devices_by_key_hash.remove(&session.key_hash);
        Some(session)
    }

    fn insert_call(&mut self, record: CallRecord, unless_crossed: bool) -> Result<(), StoreError> {
        let dial_key = dial_key(&record.app_id, &record.caller_id, &record.dial_key);
        let (app_id, caller, callee) = (&record.app_id, &record.caller_id, &record.callee_id);
        if self.calls.contains_key(&record.call_id)
            || self.calls_by_dial_key.contains_key(&dial_key)
            || (unless_crossed && !self.ringing_calls(app_id, callee, caller).is_empty())
        {
            return Err(StoreError::Conflict);
        }
        self.name_by_answer_key(&record)?;
        self.calls_by_dial_key.insert(dial_key, record.call_id.clone());
        self.mark_live(&record);
        self.calls.insert(record.call_id.clone(), record);
        Ok(())
    }

    fn update_call(&mut self, record: CallRecord, expected: i64) -> Result<(), StoreError> {
        let inserted = self
            .calls
            .get(&record.call_id)
            .filter(|stored| stored.app_id == record.app_id && stored.version == expected)
            .cloned()
            .ok_or(StoreError::Conflict)?;
        let record = CallRecord {
            caller_id: inserted.caller_id,
            callee_id: inserted.callee_id,
            dial_key: inserted.dial_key,
            answer_key: inserted.answer_key.or(record.answer_key),
            is_video_call: inserted.is_video_call,
            started_at_ms: inserted.started_at_ms,
            ..record
        };
        self.name_by_answer_key(&record)?;
        self.mark_live(&record);
        self.calls.insert(record.call_id.clone(), record);
        Ok(())
    }

    /// Lets the callee's answer key name the call, unless it names another one.
    fn name_by_answer_key(&mut self, record: &CallRecord) -> Result<(), StoreError> {
        let Some(answer_key) = &record.answer_key else { return Ok(()) };
        let key = dial_key(&record.app_id, &record.callee_id, answer_key);
        let named = self.calls_by_dial_key.entry(key).or_insert_with(|| record.call_id.clone());
        if *named == record.call_id { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn mark_live(&mut self, record: &CallRecord) {
        if record.ended {
            self.live.remove(&record.call_id);
        } else {
            self.live.insert(record.call_id.clone());
        }
    }

    fn live_calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.live.iter().filter_map(|call_id| self.calls.get(call_id))
    }

    fn ringing_calls(&self, app_id: &str, caller_id: &str, callee_id: &str) -> Vec<&CallRecord> {
        let calls = self.live_calls().filter(|call| call.ringing && call.app_id == app_id);
        let mut calls: Vec<_> =
            calls.filter(|c| c.caller_id == caller_id && c.callee_id == callee_id).collect();
        calls.sort_by_key(|call| call.place());
        calls
    }
}

fn user_key(app_id: &str, user_id: &str) -> UserKey {
    (app_id.to_owned(), user_id.to_owned())
}

fn dial_key(app_id: &str, caller_id: &str, dial_key: &str) -> DialKey {
    (app_id.to_owned(), caller_id.to_owned(), dial_key.to_owned())
}

/// A page length as a count of items; a `u32` fits `usize` wherever this runs.
fn page(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_app(&self, app: AppRecord) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.apps.contains_key(&app.app_id) || state.app_by_token(&app.api_token_hash).is_some()
        {
            return Err(StoreError::Conflict);
        }
        state.apps.insert(app.app_id.clone(), app);
        Ok(())
    }

    async fn app(&self, app_id: &str) -> Result<Option<AppRecord>, StoreError> {
        Ok(self.state().apps.get(app_id).cloned())
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        let mut apps: Vec<AppRecord> = self.state().apps.values().cloned().collect();
        // The sort is stable, so equal times stay in order of id.
        apps.sort_by_key(|app| app.created_at_ms);
        Ok(apps)
    }

    async fn set_api_token_hash(&self, app_id: &str, hash: Vec<u8>) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.app_by_token(&hash).is_some_and(|holder| holder.app_id != app_id) {
            return Err(StoreError::Conflict);
        }
        Ok(state.app_mut(app_id).map(|app| app.api_token_hash = hash).is_some())
    }

    async fn set_token_required(&self, app_id: &str, required: bool) -> Result<bool, StoreError> {
        Ok(self.state().app_mut(app_id).map(|app| app.token_required = required).is_some())
    }

    async fn set_call_settings(
        &self,
        app_id: &str,
        settings: CallSettings,
    ) -> Result<bool, StoreError> {
        let CallSettings { glare_answers, early_candidates } = settings;
        let mut state = self.state();
        let Some(app) = state.app_mut(app_id) else { return Ok(false) };
        *app = AppRecord { glare_answers, early_candidates, ..app.clone() };
        Ok(true)
    }

    async fn app_by_api_token_hash(&self, hash: &[u8]) -> Result<Option<AppRecord>, StoreError> {
        Ok(self.state().app_by_token(hash).cloned())
    }

    async fn create_user(&self, user: UserRecord) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = user_key(&user.app_id, &user.user_id);
        if state.users.contains_key(&key) || !state.apps.contains_key(&user.app_id) {
            return Err(StoreError::Conflict);
        }
        state.users.insert(key, user);
        Ok(())
    }

    async fn user(&self, app_id: &str, user_id: &str) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.state().users.get(&user_key(app_id, user_id)).cloned())
    }

    async fn update_user(&self, user: UserRecord) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(stored) = state.users.get_mut(&user_key(&user.app_id, &user.user_id)) else {
            return Ok(false);
        };
        *stored = UserRecord { created_at_ms: stored.created_at_ms, ..user };
        Ok(true)
    }

    async fn delete_user(&self, app_id: &str, user_id: &str) -> Result<bool, StoreError> {
        let mut state = self.state();
        state.remove_sessions_of(app_id, user_id);
        Ok(state.users.remove(&user_key(app_id, user_id)).is_some())
    }

    async fn list_users(
        &self,
        app_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
        filter: UserFilter,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let after = after.as_ref().map(|(at_ms, user_id)| (*at_ms, user_id.as_str()));
        let state = self.state();
        let mut users: Vec<&UserRecord> = state
            .users
            .range(user_key(app_id, "")..)
            .take_while(|((app, _), _)| app == app_id)
            .map(|(_, user)| user)
            .filter(|user| after.is_none_or(|after| user.place() > after) && filter.admits(user))
            .collect();
        users.sort_by_key(|user| user.place());
        Ok(users.into_iter().take(page(limit)).cloned().collect())
    }

    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = (session.app_id.clone(), session.user_id.clone(), session.device_id.clone());
        let taken = state.devices_by_key_hash.get(&session.key_hash).is_some_and(|at| *at != key);
        if taken || !state.users.contains_key(&user_key(&session.app_id, &session.user_id)) {
            return Err(StoreError::Conflict);
        }
        state.remove_session(&key);
        state.devices_by_key_hash.insert(session.key_hash.clone(), key.clone());
        state.sessions.insert(key, session);
        Ok(())
    }

    async fn session_by_key_hash(
        &self,
        key_hash: &[u8],
    ) -> Result<Option<SessionRecord>, StoreError> {
        let state = self.state();
        let key = state.devices_by_key_hash.get(key_hash);
        Ok(key.and_then(|key| state.sessions.get(key)).cloned())
    }

    async fn delete_session(&self, key_hash: &[u8]) -> Result<Option<SessionRecord>, StoreError> {
        let mut state = self.state();
        let key = state.devices_by_key_hash.get(key_hash).cloned();
        Ok(key.and_then(|key| state.remove_session(&key)))
    }

    async fn delete_sessions_of(
        &self,
        app_id: &str,
        user_id: &str,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        Ok(self.state().remove_sessions_of(app_id, user_id))
    }

    async fn commit_call(&self, commit: CallCommit) -> Result<(), StoreError> {
        let mut state = self.state();
        match commit.expected_version {
            None => state.insert_call(commit.record, commit.unless_crossed)?,
            Some(expected) => state.update_call(commit.record, expected)?,
        }
        for message in commit.outbox {
            state.last_outbox_id += 1;
            let id = state.last_outbox_id;
            state.outbox.insert(id, message);
        }
        Ok(())
    }

    async fn call(&self, app_id: &str, call_id: &str) -> Result<Option<CallRecord>, StoreError> {
        Ok(self.state().calls.get(call_id).filter(|call| call.app_id == app_id).cloned())
    }

    async fn call_by_dial_key(
        &self,
        app_id: &str,
        user_id: &str,
        key: &str,
    ) -> Result<Option<CallRecord>, StoreError> {
        let state = self.state();
        let call_id = state.calls_by_dial_key.get(&dial_key(app_id, user_id, key));
        Ok(call_id.and_then(|call_id| state.calls.get(call_id)).cloned())
    }

    async fn ringing_calls(
        &self,
        app_id: &str,
        caller_id: &str,
        callee_id: &str,
    ) -> Result<Vec<CallRecord>, StoreError> {
        Ok(self.state().ringing_calls(app_id, caller_id, callee_id).into_iter().cloned().collect())
    }

    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError> {
        Ok(self.state().live_calls().cloned().collect())
    }

    async fn due_calls(&self, now_ms: i64, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        let state = self.state();
        let mut due: Vec<(i64, &CallRecord)> = state
            .live_calls()
            .filter_map(|call| call.deadline_ms.map(|deadline_ms| (deadline_ms, call)))
            .filter(|(deadline_ms, _)| *deadline_ms <= now_ms)
            .collect();
        // The sort is stable, so equal deadlines stay in order of call id.
        due.sort_by_key(|(deadline_ms, _)| *deadline_ms);
        Ok(due.into_iter().take(page(limit)).map(|(_, call)| call.clone()).collect())
    }

    async fn list_calls(
        &self,
        app_id: &str,
        before: Option<(i64, String)>,
        limit: u32,
        filter: CallFilter,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let before = before.as_ref().map(|(at_ms, call_id)| (*at_ms, call_id.as_str()));
        let state = self.state();
        let mut calls: Vec<&CallRecord> = state
            .calls
            .values()
            .filter(|call| call.app_id == app_id)
            .filter(|call| before.is_none_or(|before| call.place() < before))
            .filter(|call| filter.admits(call))
            .collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.place()));
        Ok(calls.into_iter().take(page(limit)).cloned().collect())
    }

    async fn outbox_after(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<(i64, OutboxRecord)>, StoreError> {
        let state = self.state();
        let later = state.outbox.iter().filter(|(at, _)| **at > id);
        Ok(later.take(page(limit)).map(|(at, message)| (*at, message.clone())).collect())
    }

    async fn prune_outbox(&self, before_created_ms: i64) -> Result<u64, StoreError> {
        let mut state = self.state();
        let before = state.outbox.len();
        state.outbox.retain(|_, message| message.created_at_ms >= before_created_ms);
        Ok(u64::try_from(before - state.outbox.len()).unwrap_or(u64::MAX))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::fixture::{app, house, user};

    #[tokio::test(start_paused = true)]
    async fn keeps_the_contract_under_a_paused_clock() {
        contract::run(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn a_clone_sees_what_the_first_one_committed() {
        let first = MemoryStore::new();
        let second = first.clone();
        first.create_app(app("shared")).await.unwrap();
        drop(first);
        assert_eq!(second.app("shared").await.unwrap(), Some(app("shared")));
    }

    #[tokio::test]
    async fn a_house_holds_what_was_put_into_it_and_goes_on_as_any_store() {
        let store = house("home", &["ann", "bob"]);
        assert_eq!(store.apps().await.unwrap(), [app("home")]);
        assert_eq!(store.user("home", "ann").await.unwrap(), Some(user("home", "ann", 1)));
        let all = store.list_users("home", None, 10, UserFilter::default()).await.unwrap();
        assert_eq!(all, [user("home", "ann", 1), user("home", "bob", 1)]);
        contract::assert_conflict(store.create_app(app("home")).await);
        contract::assert_conflict(store.create_user(user("home", "bob", 1)).await);
        contract::run(&store).await;
    }
}
