//! One step of a call: handle on a copy, commit by compare-and-set, then perform.

use curlew_base::{AppId, CallId, ErrorCode, Instant};
use curlew_call::{Effect, Input, News, Party};
use curlew_store::{CallCommit, OutboxRecord, StoreError};
use curlew_wire::server::{CallEvent, EventBody};

use crate::control::Control;
use crate::ports::Refusal;
use crate::record::{Record, millis};
use crate::to_wire;

/// A lost race is tried again this often; more means that the store or another node is ill.
const COMMIT_TRIES: usize = 16;

/// What one step wants done.
pub(crate) struct Effects {
    pub shows: Vec<Party>,
    pub news: Vec<News>,
    pub refusal: Option<curlew_call::Refusal>,
}

impl Control {
    /// Hands an input to a call. `input` is asked anew for each try, with the call as it is then;
    /// `None` means that the input does not concern the call.
    pub(crate) async fn step(
        &self,
        app: &AppId,
        id: &CallId,
        input: impl Fn(&Record) -> Option<Input>,
    ) -> Result<(Record, Option<curlew_call::Refusal>), Refusal> {
        let Some(slot) = self.slot(id) else {
            return self.step_ended(app, id, input).await;
        };
        let mut guard = slot.lock().await;
        for _ in 0..COMMIT_TRIES {
            let Some(current) = guard.as_ref().filter(|record| record.app == *app) else {
                drop(guard);
                return self.step_ended(app, id, input).await;
            };
            let now = self.clock.now();
            let Some(input) = input(current) else { return Ok((current.clone(), None)) };
            // Comings and goings alone need not survive: after a restart all count as lost.
            let passing = matches!(input, Input::Arrived(_) | Input::Lost(..) | Input::Tick);
            let mut next = current.clone();
            next.call.handle(now, input);
            let effects = drain(&mut next);
            let told = !effects.news.is_empty() || !effects.shows.is_empty();
            let durable = told || (!passing && next.call.differs_from(&current.call));
            if durable {
                next.version += 1;
                match self.commit(&next, Some(current.version), &effects.news, now).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => {
                        let row = self.store.call(app.as_str(), id.as_str()).await?;
                        *guard = row.map(Record::from_row).transpose()?;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            self.perform(&next, &effects, now);
            *guard = Some(next.clone());
            return Ok((next, effects.refusal));
        }
        Err(Refusal::new(ErrorCode::Internal, "the call changes too fast; try again"))
    }

    /// Rule 9: a call that is over still answers.
    async fn step_ended(
        &self,
        app: &AppId,
        id: &CallId,
        input: impl Fn(&Record) -> Option<Input>,
    ) -> Result<(Record, Option<curlew_call::Refusal>), Refusal> {
        let row = self.store.call(app.as_str(), id.as_str()).await?;
        let row = row.filter(|row| row.ended).ok_or_else(Refusal::no_such_call)?;
        let mut record = Record::from_row(row)?;
        let Some(input) = input(&record) else { return Ok((record, None)) };
        record.call.handle(self.clock.now(), input);
        let refusal = drain(&mut record).refusal;
        Ok((record, refusal))
    }

    /// Writes the call together with its outbox rows.
    pub(crate) async fn commit(
        &self,
        record: &Record,
        expected_version: Option<i64>,
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
        self.store
            .commit_call(CallCommit {
                record: record.to_row(),
                expected_version,
                unless_crossed: false,
                outbox,
            })
            .await
    }

    /// Only after the commit: index, deadlines, events.
    pub(crate) fn perform(&self, record: &Record, effects: &Effects, now: Instant) {
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
        for party in &effects.shows {
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
    let mut effects = Effects { shows: Vec::new(), news: Vec::new(), refusal: None };
    while let Some(effect) = record.call.poll() {
        match effect {
            Effect::Show(party) => effects.shows.push(party),
            Effect::Tell(news) => effects.news.push(news),
            Effect::Refuse(refusal) => effects.refusal = Some(refusal),
        }
    }
    effects
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
