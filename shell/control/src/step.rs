//! One step of a call: handle on a copy, commit by compare-and-set, then perform.

use curlew_base::{AppId, CallId, ErrorCode, Instant};
use curlew_call::{Effect, Input, News, Party};
use curlew_store::{CallCommit, OutboxRecord, StoreError};
use curlew_wire::server::{CallEvent, EventBody};
use std::sync::Arc;

use crate::control::Control;
use crate::ports::{PeerNews, Refusal};
use crate::record::{Record, millis};
use crate::to_wire;

/// A lost race is tried again this often; more means that the store or another node is ill.
const COMMIT_TRIES: usize = 16;

/// On what a commit rests.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// The version that the step was computed from; `None` for a dial.
    pub expected: Option<i64>,
    /// A dial that is refused if a call rings the other way (rule 4).
    pub unless_crossed: bool,
}

/// What one step wants done.
pub(crate) struct Effects {
    pub shows: Vec<Party>,
    /// Shown too, for what is not durable.
    pub refreshes: Vec<Party>,
    pub news: Vec<News>,
    pub refusal: Option<curlew_call::Refusal>,
}

impl Control {
    /// Hands an input to a call. `input` is asked anew for each try, with the call as it is then;
    /// `None` means that the input does not concern the call. A call that is over still answers
    /// (rule 9).
    pub(crate) async fn step(
        &self,
        app: &AppId,
        id: &CallId,
        input: impl Fn(&Record) -> Option<Input>,
    ) -> Result<(Arc<Record>, Option<curlew_call::Refusal>), Refusal> {
        let slot = self.find(app, id).await?.ok_or_else(Refusal::no_such_call)?;
        let mut guard = slot.lock().await;
        for _ in 0..COMMIT_TRIES {
            let current = guard.as_ref().filter(|record| record.app == *app);
            let current = current.ok_or_else(Refusal::no_such_call)?;
            let now = self.clock.now();
            let Some(input) = input(current) else { return Ok((Arc::clone(current), None)) };
            // Comings and goings alone need not survive: after a restart all count as lost.
            let passing = is_passing(&input);
            let mut next = Record::clone(current);
            next.call.handle(now, input);
            let effects = drain(&mut next);
            let told = !effects.news.is_empty() || !effects.shows.is_empty();
            let durable = told || (!passing && next.call.differs_from(&current.call));
            let base = current.version;
            if durable {
                next.version += 1;
                let written = Written { expected: Some(base), unless_crossed: false };
                match self.commit(&next, written, &effects.news, now).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => {
                        self.read_again_and_show(app, id, &mut guard).await?;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            } else if effects.refusal.is_some() && self.is_behind(app, id, base).await? {
                self.read_again_and_show(app, id, &mut guard).await?;
                continue;
            }
            self.perform(&next, &effects, now);
            let next = Arc::new(next);
            *guard = Some(Arc::clone(&next));
            return Ok((next, effects.refusal));
        }
        Err(Refusal::new(ErrorCode::Internal, "the call changes too fast; try again"))
    }

    /// Whether another node has changed the call since this version. Refusals are rare, so they
    /// are given on the row and never on a copy that may be behind.
    pub(crate) async fn is_behind(
        &self,
        app: &AppId,
        id: &CallId,
        version: i64,
    ) -> Result<bool, StoreError> {
        if self.peers().is_none() {
            return Ok(false);
        }
        let row = self.store.call(app.as_str(), id.as_str()).await?;
        Ok(row.is_some_and(|row| row.version > version))
    }

    /// Writes the call together with its outbox rows.
    pub(crate) async fn commit(
        &self,
        record: &Record,
        written: Written,
        news: &[News],
        now: Instant,
    ) -> Result<(), StoreError> {
        let outbox = news.iter().map(|&news| {
            let webhook = to_wire::webhook(record, news, now);
            OutboxRecord {
                app_id: record.app.to_string(),
                call_id: record.call.terms().call_id.to_string(),
                kind: webhook.category.as_str().to_owned(),
                body: serde_json::to_string(&webhook).expect("maps with text keys only"),
                created_at_ms: millis(now.unix_ms()),
            }
        });
        let outbox = outbox.collect();
        let commit = CallCommit {
            record: record.to_row(),
            expected_version: written.expected,
            unless_crossed: written.unless_crossed,
            outbox,
        };
        self.store.commit_call(commit).await?;
        self.tell_peers(|| PeerNews::Changed {
            app: record.app.clone(),
            call: record.call.terms().call_id.clone(),
            version: record.version,
        });
        Ok(())
    }

    /// Brings the index up to a call's new state.
    pub(crate) fn keep(&self, record: &Record) {
        let id = &record.call.terms().call_id;
        let sooner = {
            let mut index = self.index();
            let before = index.next_deadline();
            if record.call.ended().is_some() {
                let users = [&record.caller.user_id, &record.callee.user_id];
                index.close(id, &record.app, users);
            } else {
                index.refresh(record);
            }
            index.next_deadline() < before || before.is_none()
        };
        if sooner {
            self.sooner.notify_one();
        }
    }

    /// Only after the commit: index, deadlines, events.
    pub(crate) fn perform(&self, record: &Record, effects: &Effects, now: Instant) {
        self.keep(record);
        // Each node counts the rings by itself, and the device's own node alone tells it: numbers
        // of several nodes would overtake each other on the bus within one version.
        let refreshes = effects.refreshes.iter().filter(|party| {
            let told_here =
                self.peers().is_none() || self.index().presence.is_told_here(&record.key(party));
            told_here && !effects.shows.contains(party)
        });
        for party in effects.shows.iter().chain(refreshes) {
            if let Some(call) = to_wire::view(record, party, now).map(Box::new) {
                self.send(&record.key(party), EventBody::Call(CallEvent { call }));
            }
        }
        for news in &effects.news {
            log(record, *news);
        }
    }
}

/// Takes the effects out of a call.
pub(crate) fn drain(record: &mut Record) -> Effects {
    let mut effects =
        Effects { shows: Vec::new(), refreshes: Vec::new(), news: Vec::new(), refusal: None };
    while let Some(effect) = record.call.poll() {
        match effect {
            Effect::Show(party) => effects.shows.push(party),
            Effect::Refresh(party) => effects.refreshes.push(party),
            Effect::Tell(news) => effects.news.push(news),
            Effect::Refuse(refusal) => effects.refusal = Some(refusal),
        }
    }
    effects
}

/// Whether an input by itself changes nothing that must survive.
const fn is_passing(input: &Input) -> bool {
    match input {
        Input::Arrived(_) | Input::Lost(..) | Input::Presence(_) | Input::Rung(_) | Input::Tick => {
            true
        }
        Input::Left(_)
        | Input::Accept(..)
        | Input::End(..)
        | Input::PeerEnded(_)
        | Input::Media(..)
        | Input::Settings(..)
        | Input::Items(..) => false,
    }
}

fn log(record: &Record, news: News) {
    let call_id = record.call.terms().call_id.as_str();
    match news {
        News::Dialled => {
            metrics::counter!("curlew_calls_dialled_total").increment(1);
            tracing::info!(call_id, "call dialled");
        }
        News::Accepted => {
            metrics::counter!("curlew_calls_accepted_total").increment(1);
            tracing::info!(call_id, "call accepted");
        }
        News::Ended => {
            let result = record.call.ended().map_or("", |ended| ended.result.as_str());
            metrics::counter!("curlew_calls_ended_total", "result" => result).increment(1);
            tracing::info!(call_id, result, "call ended");
        }
    }
}
