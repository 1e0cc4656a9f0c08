//! What devices ask of a call: accept, end, media, settings, custom items, signal, snapshot.

use curlew_base::{CallId, ErrorCode, Instant, limits};
use curlew_call::{Answer, Busy, Input, ItemsChange, Party, Refusal as CallRefusal};
use curlew_wire::call::CallView;
use curlew_wire::client::{Accept, DeleteItems, End, Media, Settings, SignalTo, UpdateItems};
use curlew_wire::server::{EventBody, SignalFrom};
use std::sync::Arc;

use crate::control::Control;
use crate::ports::{DeviceKey, PeerNews, Refusal};
use crate::record::Record;
use crate::to_wire;

impl Control {
    /// Answers a call.
    ///
    /// # Errors
    /// The call is over (with the call), is not the device's, or the store failed.
    pub async fn accept(&self, from: &DeviceKey, accept: Accept) -> Result<CallView, Refusal> {
        let settings = to_wire::from_settings(accept.settings);
        let answer = |party| Input::Accept(party, Answer { settings, dial_key: None });
        self.ask(from, &accept.call_id, answer).await
    }

    /// The device has told its person that the call rings.
    ///
    /// # Errors
    /// The call is not the device's, or the store failed.
    pub async fn ringing(&self, from: &DeviceKey, id: &CallId) -> Result<CallView, Refusal> {
        let view = self.ask(from, id, Input::Rung).await?;
        self.tell_peers(|| PeerNews::Rung { device: from.clone(), call: id.clone() });
        Ok(view)
    }

    /// Cancels, declines or hangs up, or passes on that the other side did.
    ///
    /// # Errors
    /// The call is not the device's, or the store failed.
    pub async fn end(&self, from: &DeviceKey, end: End) -> Result<CallView, Refusal> {
        let id = &end.call_id;
        if end.ended_by_peer {
            return self.ask(from, id, Input::PeerEnded).await;
        }
        let elsewhere = self.index().seats_of(from).iter().any(|seat| seat != id);
        let busy = if elsewhere { Busy::InAnotherCall } else { Busy::Free };
        self.ask(from, id, |party| Input::End(party, busy)).await
    }

    /// Tells whether the device's media flows.
    ///
    /// # Errors
    /// The call is not the device's, or the store failed.
    pub async fn media(&self, from: &DeviceKey, media: Media) -> Result<CallView, Refusal> {
        let path = to_wire::from_path(media.path);
        self.ask(from, &media.call_id, |party| Input::Media(party, path)).await
    }

    /// Tells what the device sends.
    ///
    /// # Errors
    /// The call is not the device's, or the store failed.
    pub async fn settings(&self, from: &DeviceKey, to: Settings) -> Result<CallView, Refusal> {
        let settings = to_wire::from_settings(to.settings);
        self.ask(from, &to.call_id, |party| Input::Settings(party, settings)).await
    }

    /// Sets custom items, of a call that may be over.
    ///
    /// # Errors
    /// Too many items, the call is not the user's, or the store failed.
    pub async fn update_items(
        &self,
        from: &DeviceKey,
        update: UpdateItems,
    ) -> Result<CallView, Refusal> {
        self.change_items(from, &update.call_id, &ItemsChange::Update(update.items)).await
    }

    /// Removes custom items, of a call that may be over.
    ///
    /// # Errors
    /// The call is not the user's, or the store failed.
    pub async fn delete_items(
        &self,
        from: &DeviceKey,
        delete: DeleteItems,
    ) -> Result<CallView, Refusal> {
        let change = match delete.keys {
            Some(keys) => ItemsChange::Delete(keys.into_iter().collect()),
            None => ItemsChange::DeleteAll,
        };
        self.change_items(from, &delete.call_id, &change).await
    }

    /// Any device of either user may ask, also one that was not in the call.
    async fn change_items(
        &self,
        from: &DeviceKey,
        id: &CallId,
        change: &ItemsChange,
    ) -> Result<CallView, Refusal> {
        let input =
            |record: &Record| record.party(from).map(|party| Input::Items(party, change.clone()));
        let (record, refusal) = self.step(&from.app, id, input).await?;
        let party = record.party(from).ok_or_else(Refusal::no_such_call)?;
        let now = self.clock.now();
        match refusal {
            Some(refusal) => Err(refuse(&record, &party, refusal, now)),
            None => Ok(to_wire::view(&record, &party, now)
                .unwrap_or_else(|| to_wire::view_for_user(&record, party.role, now))),
        }
    }

    /// Hands negotiation state to the other device, while it rings or afterwards. Nothing is
    /// stored.
    ///
    /// # Errors
    /// The call is over (with the call), the device meant does not ring, or the call is not the
    /// device's.
    pub async fn signal(&self, from: &DeviceKey, to: SignalTo) -> Result<(), Refusal> {
        let (mut record, _) = self.step(&from.app, &to.call_id, |_| None).await?;
        let party = record.party(from).ok_or_else(Refusal::no_such_call)?;
        let mut found = record.call.signal_peer(&party, to.leg);
        if found.is_none() && self.is_behind(&from.app, &to.call_id, record.version).await? {
            let row = self.store.call(from.app.as_str(), to.call_id.as_str()).await?;
            record = Arc::new(Record::from_row(row.ok_or_else(Refusal::no_such_call)?)?);
            found = record.call.signal_peer(&party, to.leg);
        }
        let Some((peer, leg)) = found else {
            let over = record.call.ended().is_some();
            let refusal = if over { CallRefusal::Over } else { CallRefusal::WrongState };
            return Err(refuse(&record, &party, refusal, self.clock.now()));
        };
        let body = SignalFrom { call_id: to.call_id, leg, signal: to.signal };
        self.send(&record.key(&peer), EventBody::Signal(body));
        Ok(())
    }

    /// Every live call of the device, and how the calls it knows of ended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn snapshot(
        &self,
        device: &DeviceKey,
        known: &[CallId],
    ) -> Result<Vec<CallView>, Refusal> {
        let mut ids = self.index().calls_of(&device.app, &device.user);
        ids.extend(known.iter().take(limits::KNOWN_CALLS).cloned());
        ids.sort();
        ids.dedup();
        let mut views = Vec::new();
        for id in ids {
            self.catch_up(&device.app, &id).await?;
            let record = match self.step(&device.app, &id, |_| None).await {
                Ok((record, _)) => record,
                Err(refusal) if refusal.code == ErrorCode::CallDoesNotExist => continue,
                Err(refusal) => return Err(refusal),
            };
            let Some(party) = record.party(device) else { continue };
            let view = to_wire::view(&record, &party, self.clock.now());
            views.extend(view.filter(|view| view.ended.is_none() || known.contains(&id)));
        }
        Ok(views)
    }

    async fn ask(
        &self,
        from: &DeviceKey,
        id: &CallId,
        input: impl Fn(Party) -> Input,
    ) -> Result<CallView, Refusal> {
        let (record, refusal) =
            self.step(&from.app, id, |record| record.party(from).map(&input)).await?;
        let party = record.party(from).ok_or_else(Refusal::no_such_call)?;
        match refusal {
            Some(refusal) => Err(refuse(&record, &party, refusal, self.clock.now())),
            None => show(&record, from, self.clock.now()),
        }
    }
}

pub(crate) fn show(record: &Record, device: &DeviceKey, now: Instant) -> Result<CallView, Refusal> {
    let party = record.party(device).ok_or_else(Refusal::no_such_call)?;
    to_wire::view(record, &party, now)
        .ok_or_else(|| Refusal::new(ErrorCode::NoPermission, "another device is in this call"))
}

fn refuse(record: &Record, party: &Party, refusal: CallRefusal, now: Instant) -> Refusal {
    let call = to_wire::view(record, party, now).map(Box::new);
    let (code, message) = match refusal {
        CallRefusal::Over => {
            let result = call.as_ref().and_then(|call| call.ended.as_ref()).map(|e| e.result);
            let result = result.map_or("ended", |result| result.as_str());
            (ErrorCode::InvalidCallStatus, format!("the call is over for this device: {result}"))
        }
        CallRefusal::WrongState => {
            (ErrorCode::InvalidCallStatus, "the call is not in a state for that".to_owned())
        }
        CallRefusal::NotAParty => {
            (ErrorCode::NoPermission, "another device is in this call".to_owned())
        }
        CallRefusal::TooManyItems => {
            let text = format!("a call may have {} custom items", limits::CUSTOM_ITEMS);
            (ErrorCode::InvalidParams, text)
        }
        CallRefusal::TooManyDevices => {
            (ErrorCode::RateLimited, "the call rings on as many devices as it may".to_owned())
        }
    };
    Refusal { code, message, call }
}
