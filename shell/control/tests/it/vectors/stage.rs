//! The scripts on the real thing: `Control` over a store in memory, in pretended time.

use curlew_base::CallId;
use curlew_control::{Clock, Control, Deliver, Ids, Refusal};
use curlew_store::fixture;
use curlew_store::memory::MemoryStore;
use curlew_wire::call::CallView;
use curlew_wire::client::{Accept, DeleteItems, Dial, End, Media, Settings, UpdateItems};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

use super::deed::{Act, Deed, ON};
use super::script::Told;
use crate::world::{self, CountedIds, PausedClock, key};

/// What came of one step.
#[derive(Debug, Default)]
pub struct Outcome {
    pub told: BTreeMap<String, Vec<Told>>,
    /// The code of the refusal.
    pub refused: Option<u32>,
}

impl Outcome {
    pub fn tell(&mut self, device: &str, told: Told) {
        self.told.entry(device.to_owned()).or_default().push(told);
    }
}

/// A running server.
pub struct Stage {
    store: MemoryStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    events: Arc<world::Told>,
    control: Arc<Control>,
    deadlines: JoinHandle<()>,
    dials: usize,
}

impl Stage {
    pub async fn new() -> Self {
        let store = fixture::house("APP", &["alice", "bob", "carol"]);
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::start());
        Self::start(store, clock, Arc::new(CountedIds::default()), 0).await
    }

    async fn start(
        store: MemoryStore,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        dials: usize,
    ) -> Self {
        let control = Control::new(Arc::new(store.clone()), Arc::clone(&clock), Arc::clone(&ids));
        let events = Arc::new(world::Told::default());
        let deliver: Arc<dyn Deliver> = events.clone();
        control.set_deliver(&deliver);
        control.recover().await.unwrap();
        let runner = Arc::clone(&control);
        let deadlines = tokio::spawn(async move { runner.run_deadlines().await });
        Self { store, clock, ids, events, control, deadlines, dials }
    }

    /// Ends what runs beside the script.
    pub async fn stop(self) {
        self.deadlines.abort();
        assert!(self.deadlines.await.unwrap_err().is_cancelled());
    }

    pub async fn perform(mut self, act: &Act) -> (Self, Outcome) {
        let mut outcome = Outcome::default();
        match act {
            Act::Wait(secs) => tokio::time::sleep(Duration::from_secs(*secs)).await,
            Act::Restart => {
                let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
                let (ids, dials) = (Arc::clone(&self.ids), self.dials);
                self.stop().await;
                self = Self::start(store, clock, ids, dials).await;
            }
            Act::Deed { who, call_id, deed } => {
                outcome = self.deed(who, call_id, deed).await;
            }
        }
        let events = std::mem::take(&mut *self.events.0.lock().unwrap());
        for (device, views) in events {
            let replies = outcome.told.entry(device).or_default();
            replies.splice(..0, views.into_iter().map(Told::View));
        }
        (self, outcome)
    }

    async fn deed(&mut self, who: &str, call_id: &CallId, deed: &Deed) -> Outcome {
        let mut outcome = Outcome::default();
        let past_the_server = match deed {
            Deed::HearSettings(side, settings) => Told::Settings(call_id.clone(), *side, *settings),
            Deed::EndHere(result, by) => Told::EndHere(call_id.clone(), result.clone(), *by),
            Deed::HearAgain(number) => Told::Again(*number),
            Deed::Snapshot(named) => {
                let views = self.control.snapshot(&key(who), named).await.unwrap();
                Told::Snapshot(named.clone(), views)
            }
            other => {
                self.ask(who, call_id, other, &mut outcome).await;
                return outcome;
            }
        };
        outcome.tell(who, past_the_server);
        outcome
    }

    async fn ask(&mut self, who: &str, call_id: &CallId, deed: &Deed, outcome: &mut Outcome) {
        let Some(reply) = self.request(who, call_id.clone(), deed).await else { return };
        let is_items = matches!(deed, Deed::SetItems(_) | Deed::DeleteItems(_));
        let view = match reply {
            Ok(view) => Some(view),
            Err(refusal) => {
                outcome.refused = Some(refusal.code.number());
                refusal.call.map(|call| *call)
            }
        };
        if let Some(view) = view {
            outcome.tell(who, if is_items { Told::Reply(view) } else { Told::View(view) });
        }
    }

    async fn request(
        &mut self,
        who: &str,
        call_id: CallId,
        deed: &Deed,
    ) -> Option<Result<CallView, Refusal>> {
        let (control, device) = (&self.control, key(who));
        Some(match deed.clone() {
            Deed::Arrive => {
                control.arrived(&device).await;
                return None;
            }
            Deed::Lose => {
                control.lost(&device, control.clock().now()).await;
                return None;
            }
            Deed::SignOut => {
                control.sign_out(&device).await;
                return None;
            }
            Deed::Dial { callee, items } => {
                self.dials += 1;
                let dial = Dial {
                    dial_key: format!("key-{}", self.dials),
                    callee_id: callee,
                    is_video_call: true,
                    settings: ON,
                    ringing_timeout_secs: None,
                    connection_timeout_secs: None,
                    custom_items: items,
                };
                control.dial(&device, dial).await
            }
            Deed::Ring => control.ringing(&device, &call_id).await,
            Deed::Accept => control.accept(&device, Accept { call_id, settings: ON }).await,
            Deed::End => control.end(&device, End { call_id, ended_by_peer: false }).await,
            Deed::PassEndOn => control.end(&device, End { call_id, ended_by_peer: true }).await,
            Deed::Media(path) => control.media(&device, Media { call_id, path }).await,
            Deed::Settings(settings) => {
                control.settings(&device, Settings { call_id, settings }).await
            }
            Deed::SetItems(items) => {
                control.update_items(&device, UpdateItems { call_id, items }).await
            }
            Deed::DeleteItems(keys) => {
                control.delete_items(&device, DeleteItems { call_id, keys }).await
            }
            Deed::Snapshot(_) | Deed::HearSettings(..) | Deed::EndHere(..) | Deed::HearAgain(_) => {
                return None;
            }
        })
    }
}
