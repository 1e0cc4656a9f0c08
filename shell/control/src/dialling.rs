//! Starting a call, once for each dial key, or answering the one that comes the other way.

use curlew_base::{CallId, ErrorCode, Millis, limits};
use curlew_call::{Answer, Call, Input, Party};
use curlew_store::{AppRecord, StoreError};
use curlew_wire::call::{CallView, CandidateTiming, UserView};
use curlew_wire::client::Dial;
use curlew_wire::server::{CallEvent, EventBody};
use std::sync::Arc;

use crate::control::Control;
use crate::ports::{DeviceKey, Refusal};
use crate::record::Record;
use crate::requests::show;
use crate::step::{Written, drain};
use crate::to_wire;

/// A dial that meets a call the other way, which is over when it is to be answered, starts anew;
/// this often.
const TRIES: usize = 8;

/// Who takes part, under which settings of the application.
struct Parties {
    app: AppRecord,
    caller: UserView,
    callee: UserView,
}

/// What became of an attempt.
enum Outcome {
    /// A call, dialled or answered.
    Call(Box<CallView>),
    /// A call rang the other way, and does not any more.
    Again,
    /// A call rings the other way that this device has declined for itself: it is another call.
    Apart,
}

impl Control {
    /// Starts a call, or answers the one that rings from the callee to this user (rule 4); the
    /// same dial key gives the same call again.
    ///
    /// # Errors
    /// Dialling oneself, an unknown or inactive callee, too many calls, a failed store.
    pub async fn dial(&self, from: &DeviceKey, dial: Dial) -> Result<CallView, Refusal> {
        if dial.callee_id == from.user {
            return Err(Refusal::new(ErrorCode::DialMyself, "you cannot call yourself"));
        }
        let parties = self.parties(from, &dial).await?;
        if self.index().seats_of(from).len() >= limits::CALLS_PER_DEVICE {
            // A dial that is sent again is not one more.
            return self.of_key(from, &dial).await?.ok_or_else(|| {
                let most = limits::CALLS_PER_DEVICE;
                let text = format!("a device may have {most} calls at a time");
                Refusal::new(ErrorCode::RateLimited, text)
            });
        }
        let mut unless_crossed = parties.app.glare_answers;
        for _ in 0..TRIES {
            let error = match self.start(from, &dial, &parties, unless_crossed).await {
                Ok(view) => return Ok(view),
                Err(error) => error,
            };
            let StoreError::Conflict = error else { return Err(error.into()) };
            match self.dialled_before(from, &dial).await? {
                Outcome::Call(view) => return Ok(*view),
                Outcome::Again => {}
                Outcome::Apart => unless_crossed = false,
            }
        }
        Err(Refusal::new(ErrorCode::Internal, "the calls change too fast; try again"))
    }

    async fn parties(&self, from: &DeviceKey, dial: &Dial) -> Result<Parties, Refusal> {
        let id = from.app.as_str();
        let gone = || {
            let text = "the signed-in user does not exist any more";
            Refusal::new(ErrorCode::NotAuthorized, text)
        };
        let app = self.store.app(id).await?.ok_or_else(gone)?;
        let caller = self.store.user(id, from.user.as_str()).await?;
        let caller = caller.as_ref().and_then(to_wire::user).ok_or_else(gone)?;
        let callee = self.store.user(id, dial.callee_id.as_str()).await?;
        let callee = callee.filter(|user| user.is_active).as_ref().and_then(to_wire::user);
        let callee = callee.ok_or_else(|| {
            let text = format!("there is no user {:?} to call", dial.callee_id.as_str());
            Refusal::new(ErrorCode::CalleeDoesNotExist, text)
        })?;
        Ok(Parties { app, caller, callee })
    }

    async fn start(
        &self,
        from: &DeviceKey,
        dial: &Dial,
        parties: &Parties,
        unless_crossed: bool,
    ) -> Result<CallView, StoreError> {
        let now = self.clock.now();
        let terms = terms(self.ids.call_id(), from, dial);
        let id = terms.call_id.clone();
        let slot = Arc::new(tokio::sync::Mutex::new(None));
        let mut guard = slot.lock().await;
        // In the index before the devices are read: a device that arrives meanwhile waits for the
        // lock and is rung after the commit, so none falls between.
        let devices = {
            let mut index = self.index();
            index.open(&id, Arc::clone(&slot), &from.app, [&from.user, &dial.callee_id]);
            index.presence.devices_of(&from.app, &dial.callee_id)
        };
        let mut call = Call::dial(now, terms, &devices.keys().cloned().collect());
        for (device, lost_since) in devices {
            if let Some(since) = lost_since {
                call.handle(now, Input::Lost(Party::callee(device), since));
            }
        }
        let mut record = Record {
            app: from.app.clone(),
            dial_key: dial.dial_key.clone(),
            version: 1,
            caller: parties.caller.clone(),
            callee: parties.callee.clone(),
            callee_candidates: timing(&parties.app),
            call,
        };
        let effects = drain(&mut record);
        let written = Written { expected: None, unless_crossed };
        if let Err(error) = self.commit(&record, written, &effects.news, now).await {
            self.index().close(&id, &from.app, [&from.user, &dial.callee_id]);
            return Err(error);
        }
        self.perform(&record, &effects, now);
        let record = Arc::new(record);
        *guard = Some(Arc::clone(&record));
        let caller = Party::caller(from.device.clone());
        let view = to_wire::view(&record, &caller, now);
        view.ok_or_else(|| StoreError::Corrupt(format!("call {id} does not know who dialled it")))
    }

    /// The call that this key has already.
    async fn of_key(&self, from: &DeviceKey, dial: &Dial) -> Result<Option<CallView>, Refusal> {
        let (app, user) = (from.app.as_str(), from.user.as_str());
        let row = self.store.call_by_dial_key(app, user, &dial.dial_key).await?;
        let Some(row) = row else { return Ok(None) };
        let id = CallId::new(row.call_id).map_err(|_| Refusal::no_such_call())?;
        let (record, _) = self.step(&from.app, &id, |_| None).await?;
        show(&record, from, self.clock.now()).map(Some)
    }

    /// The store refused the dial: its key has a call already, or a call rings the other way.
    async fn dialled_before(&self, from: &DeviceKey, dial: &Dial) -> Result<Outcome, Refusal> {
        if let Some(view) = self.of_key(from, dial).await? {
            return Ok(Outcome::Call(Box::new(view)));
        }
        let (app, user) = (from.app.as_str(), from.user.as_str());
        // Usually one; two when the other side dials from two devices. One that this device has
        // declined for itself does not stand in the way of answering another.
        let mut outcome = Outcome::Again;
        for row in self.store.ringing_calls(app, dial.callee_id.as_str(), user).await? {
            let id = CallId::new(row.call_id).map_err(|_| Refusal::no_such_call())?;
            match self.answer_by_dial(from, &id, dial).await? {
                Outcome::Call(view) => return Ok(Outcome::Call(view)),
                Outcome::Apart => outcome = Outcome::Apart,
                Outcome::Again => return Ok(Outcome::Again),
            }
        }
        Ok(outcome)
    }

    /// Rule 4: who dials the one that rings them wants to talk.
    async fn answer_by_dial(
        &self,
        from: &DeviceKey,
        id: &CallId,
        dial: &Dial,
    ) -> Result<Outcome, Refusal> {
        let input = |record: &Record| {
            let mut settings = to_wire::from_settings(dial.settings);
            settings.video_enabled &= record.call.terms().is_video_call;
            let dial_key = Some(dial.dial_key.clone());
            record.party(from).map(|party| Input::Accept(party, Answer { settings, dial_key }))
        };
        let (record, refusal) = self.step(&from.app, id, input).await?;
        if refusal.is_none() && record.call.answer_key() == Some(dial.dial_key.as_str()) {
            return show(&record, from, self.clock.now()).map(Box::new).map(Outcome::Call);
        }
        // It may have timed out at this very moment; the reply to the dial is about another call.
        let party = Party::callee(from.device.clone());
        let view = to_wire::view(&record, &party, self.clock.now());
        if let Some(call) = view.filter(|_| record.call.ended().is_some()).map(Box::new) {
            self.send(from, EventBody::Call(CallEvent { call }));
        }
        let apart = record.call.declined_by(&from.device);
        Ok(if apart { Outcome::Apart } else { Outcome::Again })
    }
}

const fn timing(app: &AppRecord) -> CandidateTiming {
    if app.early_candidates { CandidateTiming::Early } else { CandidateTiming::AfterAccept }
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
