//! Wakes calls when their deadline comes, and sweeps for overdue ones.

use curlew_base::{AppId, CallId, Instant, Millis};
use curlew_call::Input;
use tokio::time::{sleep, timeout};

use crate::control::Control;
use crate::record::millis;

/// Overdue calls are looked for in the store this often; a deadline known here fires by itself.
const SWEEP_EVERY: Millis = Millis::from_secs(5);
/// Overdue calls taken in one sweep.
const SWEEP_LIMIT: u32 = 256;
/// Outbox rows are kept this long.
const OUTBOX_KEPT: Millis = Millis::from_secs(7 * 24 * 3600);
/// After a failed store, wait this long before the next try.
pub(crate) const RETRY_AFTER: Millis = Millis(200);

impl Control {
    /// Fires deadlines for as long as it is polled.
    pub async fn run_deadlines(&self) {
        let mut swept_at = self.clock.now();
        loop {
            let now = self.clock.now();
            let due = self.index().due(now);
            let mut failed = false;
            for id in due {
                failed |= !self.tick_known(&id).await;
            }
            if failed {
                sleep(RETRY_AFTER.duration()).await;
            }
            if now.since(swept_at) >= SWEEP_EVERY {
                self.sweep(now).await;
                swept_at = now;
            }
            self.wait().await;
        }
    }

    async fn wait(&self) {
        let now = self.clock.now();
        let next = self.index().next_deadline();
        let span = next.map_or(SWEEP_EVERY, |at| at.since(now)).min(SWEEP_EVERY);
        // A clock in milliseconds may wake a little early; never spin.
        let span = span.max(Millis(1));
        let _ = timeout(span.duration(), self.sooner.notified()).await;
    }

    async fn tick_known(&self, id: &CallId) -> bool {
        let Some(slot) = self.slot(id) else { return true };
        let app = slot.lock().await.as_ref().map(|record| record.app.clone());
        let Some(app) = app else { return true };
        match self.step(&app, id, |_| Some(Input::Tick)).await {
            Ok(_) => true,
            Err(refusal) => {
                tracing::warn!(call_id = id.as_str(), %refusal, "a deadline is tried again");
                false
            }
        }
    }

    async fn sweep(&self, now: Instant) {
        if self.peers().is_some() {
            self.index().presence.expire(now);
            self.read_again_of_others().await;
        }
        let now_ms = now.unix_ms();
        match self.store.due_calls(millis(now_ms), SWEEP_LIMIT).await {
            Ok(rows) => {
                for row in rows {
                    if let (Ok(app), Ok(id)) = (AppId::new(row.app_id), CallId::new(row.call_id)) {
                        let _ = self.step(&app, &id, |_| Some(Input::Tick)).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "could not look for overdue calls"),
        }
        let before = millis(now_ms.saturating_sub(OUTBOX_KEPT.0));
        if let Err(error) = self.store.prune_outbox(before).await {
            tracing::warn!(%error, "could not prune the outbox");
        }
    }
}
