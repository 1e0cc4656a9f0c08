//! What devices ask for: dial, accept, end, media, settings, signal, snapshot.

use curlew_base::{CallId, ErrorCode, Instant, Millis, limits};
use curlew_call::{Busy, Call, Input, Party, Refusal as CallRefusal};
use curlew_store::StoreError;
use curlew_wire::call::CallView;
use curlew_wire::client::{Accept, Dial, Media, Settings, SignalTo};
use curlew_wire::server::{EventBody, SignalFrom};
use std::sync::Arc;

use crate::control::Control;
use crate::ports::{DeviceKey, Refusal};
use crate::record::Record;
use crate::step::drain;
use crate::to_wire;

impl Control {
    /// Starts a call; the same dial key gives the same call again.
    ///
    /// # Errors
    /// Dialling oneself, an unknown or inactive callee, too many calls, a failed store.
    pub async fn dial(&self, from: &DeviceKey, dial: Dial) -> Result<CallView, Refusal> {
        if dial.callee_id == from.user {
            return Err(Refusal::new(ErrorCode::DialMyself, "you cannot call yourself"));
        }
        let (app, now) = (from.app.as_str(), self.clock.now());
        let caller = self.store.user(app, from.user.as_str()).await?;
        let caller = caller.as_ref().and_then(to_wire::user).ok_or_else(|| {
            Refusal::new(ErrorCode::NotAuthorized, "the signed-in user does not exist any more")
        })?;
        let callee = self.store.user(app, dial.callee_id.as_str()).await?;
        let callee = callee.filter(|user| user.is_active).as_ref().and_then(to_wire::user);
        let callee = callee.ok_or_else(|| {
            let text = format!("there is no user {:?} to call", dial.callee_id.as_str());
            Refusal::new(ErrorCode::CalleeDoesNotExist, text)
        })?;
        if self.index().seats_of(from).len() >= limits::CALLS_PER_DEVICE {
            let text = format!("a device may have {} calls at a time", limits::CALLS_PER_DEVICE);
            return Err(Refusal::new(ErrorCode::RateLimited, text));
        }
        let terms = terms(self.ids.call_id(), from, &dial);
        let id = terms.call_id.clone();
        let slot = Arc::new(tokio::sync::Mutex::new(None));
        let mut guard = slot.lock().await;
        // In the index before the devices are read: a device that arrives meanwhile waits for the
        // lock and is rung after the commit, so none falls between.
        let devices = {
            let mut index = self.index();
            index.open(&id, Arc::clone(&slot), &from.app, [&from.user, &dial.callee_id]);
            index.devices_of(&from.app, &dial.callee_id)
        };
        let mut call = Call::dial(now, terms, &devices.keys().cloned().collect());
        for (device, lost_since) in devices {
            if let Some(since) = lost_since {
                call.handle(now, Input::Lost(Party::callee(device), since));
            }
        }
        let (app, dial_key) = (from.app.clone(), dial.dial_key);
        let mut record = Record { app, dial_key, version: 1, caller, callee, call };
        let effects = drain(&mut record);
        if let Err(error) = self.commit(&record, None, &effects.news, now).await {
            self.index().close(&id, &from.app, [&from.user, &dial.callee_id]);
            return self.dialled_before(from, &record.dial_key, error).await;
        }
        self.perform(&record, &effects, now);
        *guard = Some(record.clone());
        show(&record, from, now)
    }

    /// The answer to a repeated dial: the call of that key, as it stands.
    async fn dialled_before(
        &self,
        from: &DeviceKey,
        dial_key: &str,
        error: StoreError,
    ) -> Result<CallView, Refusal> {
        let StoreError::Conflict = error else { return Err(error.into()) };
        let (app, user) = (from.app.as_str(), from.user.as_str());
        let row = self.store.call_by_dial_key(app, user, dial_key).await?;
        let row = row.ok_or_else(|| Refusal::from(StoreError::Conflict))?;
        let id = CallId::new(row.call_id).map_err(|_| Refusal::no_such_call())?;
        let (record, _) = self.step(&from.app, &id, |_| None).await?;
        show(&record, from, self.clock.now())
    }

    /// Answers a call.
    ///
    /// # Errors
    /// The call is over (with the call), is not the device's, or the store failed.
    pub async fn accept(&self, from: &DeviceKey, accept: Accept) -> Result<CallView, Refusal> {
        let settings = to_wire::from_settings(accept.settings);
        self.ask(from, &accept.call_id, |party| Input::Accept(party, settings)).await
    }

    /// Cancels, declines or hangs up.
    ///
    /// # Errors
    /// The call is not the device's, or the store failed.
    pub async fn end(&self, from: &DeviceKey, id: &CallId) -> Result<CallView, Refusal> {
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

    /// Hands negotiation state to the other device. Nothing is stored.
    ///
    /// # Errors
    /// The call is over (with the call), not accepted yet, or not the device's.
    pub async fn signal(&self, from: &DeviceKey, to: SignalTo) -> Result<(), Refusal> {
        let (record, _) = self.step(&from.app, &to.call_id, |_| None).await?;
        let party = record.party(from).ok_or_else(Refusal::no_such_call)?;
        let Some(peer) = record.call.peer_of(&party) else {
            let over = record.call.ended().is_some();
            let refusal = if over { CallRefusal::Over } else { CallRefusal::WrongState };
            return Err(refuse(&record, &party, refusal, self.clock.now()));
        };
        let body = SignalFrom { call_id: to.call_id, signal: to.signal };
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

fn terms(call_id: CallId, from: &DeviceKey, dial: &Dial) -> curlew_call::Dial {
    let secs = |secs: Option<u32>, unset| secs.map_or(unset, |s| Millis::from_secs(s.into()));
    curlew_call::Dial {
        call_id,
        caller: from.user.clone(),
        caller_device: from.device.clone(),
        callee: dial.callee_id.clone(),
        is_video_call: dial.is_video_call,
        custom_items: dial.custom_items.clone(),
        settings: to_wire::from_settings(dial.settings),
        ringing_timeout: secs(dial.ringing_timeout_secs, limits::RINGING_TIMEOUT),
        connection_timeout: secs(dial.connection_timeout_secs, limits::CONNECTION_TIMEOUT),
    }
}

fn show(record: &Record, device: &DeviceKey, now: Instant) -> Result<CallView, Refusal> {
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
        CallRefusal::TooManyDevices => {
            (ErrorCode::RateLimited, "the call rings on as many devices as it may".to_owned())
        }
    };
    Refusal { code, message, call }
}
