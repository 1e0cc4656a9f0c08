//! Live calls that this node does not know yet, taken up from the store.

use curlew_base::{AppId, CallId, Instant};
use curlew_call::{Input, Party, ViewState};
use curlew_store::{CallFilter, CallRecord, StoreError};
use curlew_wire::server::{CallEvent, EventBody};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

use crate::control::Control;
use crate::index::{Index, Slot};
use crate::ports::{DeviceKey, PeerNews};
use crate::record::Record;
use crate::to_wire;

/// Live calls of one user that a node takes up when a device comes; nobody has more.
const LIVE_CALLS: u32 = 256;

impl Control {
    /// Takes up the live calls of an earlier run. Every device counts as lost from now on, so that
    /// each has the whole grace to come back (P5); other nodes tell which are connected there.
    ///
    /// # Errors
    /// If the store cannot be read. A call in it that cannot be is logged and left as it lies.
    pub async fn recover(&self) -> Result<(), StoreError> {
        self.tell_peers(|| PeerNews::Started);
        let count = self.take_up_all().await?;
        if count > 0 {
            tracing::info!(calls = count, "took up the live calls of the earlier run");
        }
        Ok(())
    }

    /// Takes up every live call of the store; gives how many there are.
    pub(crate) async fn take_up_all(&self) -> Result<usize, StoreError> {
        let rows = self.store.live_calls().await?;
        let count = rows.len();
        for row in rows {
            match Record::from_row(row) {
                Ok(record) => drop(self.take_up(record)),
                // One call that cannot be read must not keep all the others from being made.
                Err(error) => tracing::error!(%error, "a live call is left as it lies"),
            }
        }
        Ok(count)
    }

    /// The calls of the device's user that other nodes made.
    pub(crate) async fn take_up_calls_of(&self, device: &DeviceKey) {
        if self.peers().is_none() {
            return;
        }
        let filter = CallFilter {
            user: Some(device.user.to_string()),
            ended: Some(false),
            ..CallFilter::default()
        };
        let rows = self.store.list_calls(device.app.as_str(), None, LIVE_CALLS, filter).await;
        let taken: Result<Vec<Record>, StoreError> =
            rows.and_then(|rows| rows.into_iter().map(Record::from_row).collect());
        match taken {
            Ok(records) => records.into_iter().for_each(|record| drop(self.take_up(record))),
            Err(error) => tracing::warn!(%error, "could not look for calls of other nodes"),
        }
    }

    /// Takes up a live call if a device of this node may have a part in it.
    pub(crate) async fn take_up_if_ours(&self, app: &AppId, id: &CallId) -> Result<(), StoreError> {
        let row = self.store.call(app.as_str(), id.as_str()).await?;
        let Some(row) = row.filter(|row| !row.ended) else { return Ok(()) };
        let record = Record::from_row(row)?;
        let ours = {
            let index = self.index();
            let mut users = [&record.caller.user_id, &record.callee.user_id].into_iter();
            users.any(|user| index.presence.is_here(app, user))
        };
        if ours {
            self.take_up(record);
        }
        Ok(())
    }

    /// The call's slot: the one in the index, else one made of its row. A call that is over gets a
    /// slot of its own for the moment.
    pub(crate) async fn find(&self, app: &AppId, id: &CallId) -> Result<Option<Slot>, StoreError> {
        if let Some(slot) = self.slot(id) {
            return Ok(Some(slot));
        }
        let Some(row) = self.store.call(app.as_str(), id.as_str()).await? else { return Ok(None) };
        self.slot_of(row).map(Some)
    }

    fn slot_of(&self, row: CallRecord) -> Result<Slot, StoreError> {
        let ended = row.ended;
        let record = Record::from_row(row)?;
        Ok(if ended { Arc::new(Mutex::new(Some(Arc::new(record)))) } else { self.take_up(record) })
    }

    /// Puts a live call into the index, unless it is there.
    fn take_up(&self, mut record: Record) -> Slot {
        let now = self.clock.now();
        let id = record.call.terms().call_id.clone();
        let mut index = self.index();
        if let Some(slot) = index.slot(&id) {
            return slot;
        }
        settle(&mut record, &index, None, now);
        let record = Arc::new(record);
        let slot: Slot = Arc::new(Mutex::new(Some(Arc::clone(&record))));
        let users = [&record.caller.user_id, &record.callee.user_id];
        index.open(&id, Arc::clone(&slot), &record.app, users);
        index.refresh(&record);
        drop(index);
        self.tell_peers(|| PeerNews::TookUp { app: record.app.clone(), call: id });
        self.sooner.notify_one();
        slot
    }

    /// Reads a call again that another node has changed.
    pub(crate) async fn read_again(
        &self,
        app: &AppId,
        id: &CallId,
        guard: &mut MutexGuard<'_, Option<Arc<Record>>>,
    ) -> Result<(), StoreError> {
        let row = self.store.call(app.as_str(), id.as_str()).await?;
        let record = row.map(Record::from_row).transpose()?;
        **guard = record.map(|mut record| {
            settle(&mut record, &self.index(), guard.as_deref(), self.clock.now());
            self.keep(&record);
            // Whoever wrote that it is over may have died before it told anyone.
            self.show_here(guard.as_deref(), &record, |seen| {
                matches!(seen, ViewState::Ended { .. })
            });
            Arc::new(record)
        });
        Ok(())
    }

    /// Reads a call again and shows it to the devices here: the node that changed it may have died
    /// before it told anyone.
    pub(crate) async fn read_again_and_show(
        &self,
        app: &AppId,
        id: &CallId,
        guard: &mut MutexGuard<'_, Option<Arc<Record>>>,
    ) -> Result<(), StoreError> {
        let before = guard.clone();
        self.read_again(app, id, guard).await?;
        if let Some(record) = guard.as_ref() {
            self.show_here(before.as_deref(), record, |_| true);
        }
        Ok(())
    }

    /// Shows a call to the devices of this node that have a part in it or had one before, where
    /// `wanted` of what they see. A device may ring here while its ring has expired at the node
    /// that took the accept: that one cannot tell it that another device was faster.
    pub(crate) fn show_here(
        &self,
        before: Option<&Record>,
        record: &Record,
        wanted: impl Fn(ViewState) -> bool,
    ) {
        let mut parties = record.call.presence();
        parties.extend(before.map(|before| before.call.presence()).unwrap_or_default());
        let now = self.clock.now();
        for party in parties.keys() {
            let seen = record.call.view(party).map(|view| view.state);
            if !seen.is_some_and(&wanted) {
                continue;
            }
            let key = record.key(party);
            if !self.index().presence.is_told_here(&key) {
                continue;
            }
            if let Some(call) = to_wire::view(record, party, now).map(Box::new) {
                self.send(&key, EventBody::Call(CallEvent { call }));
            }
        }
    }
}

/// Comings and goings are not in a call's row. Who is not known to be connected counts as lost:
/// since the time that was known `before`, else from now on.
fn settle(record: &mut Record, index: &Index, before: Option<&Record>, now: Instant) {
    let present = before.map(|before| before.call.presence()).unwrap_or_default();
    let known = |party: &Party| {
        let here = index.presence.of(&record.key(party));
        let lost = present.get(party).filter(|lost| lost.is_some());
        here.or_else(|| lost.copied())
    };
    let parties = record.call.presence().into_keys();
    let known = parties.filter_map(|party| known(&party).map(|lost| (party, lost))).collect();
    record.call.handle(now, Input::Presence(known));
    // Nor is which of them have said that they ring, until something else is written.
    let rung: Vec<_> = before.into_iter().flat_map(|b| b.call.confirmed_devices()).collect();
    for device in rung {
        record.call.handle(now, Input::Rung(Party::callee(device.clone())));
    }
    // How far the ring reaches is told with the next change; nothing else comes of presence.
    while record.call.poll().is_some() {}
}
