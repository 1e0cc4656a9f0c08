//! The other nodes: what they are told, and what is made of what they tell.

use curlew_base::{AppId, CallId};
use curlew_call::{Input, Party};
use curlew_store::StoreError;
use tokio::time::sleep;

use crate::control::Control;
use crate::deadlines::RETRY_AFTER;
use crate::ports::{DeviceKey, PeerNews};

impl Control {
    /// Takes in what another node tells. `from` names it, the same for all it tells.
    pub async fn hear(&self, from: &str, news: PeerNews) {
        match news {
            PeerNews::Arrived(device) => {
                self.index().presence.set(from, &device, None);
                self.tell_calls(&device).await;
            }
            PeerNews::Lost(device, last_heard) => {
                // Before this node started the device may have been connected at one that is gone:
                // whoever starts counts everyone as lost from then on.
                let last_heard = last_heard.max(self.started_at);
                self.index().presence.set(from, &device, Some(last_heard));
                self.tell_calls(&device).await;
            }
            PeerNews::Gone(device) => self.index().presence.remove(from, &device),
            PeerNews::SignedOut(device) => {
                self.index().presence.sign_out(&device);
                self.tell_calls(&device).await;
            }
            PeerNews::Changed { app, call, version } => {
                self.hear_change(&app, &call, version).await;
            }
            PeerNews::Rung { device, call } => self.hear_ring(&device, &call).await,
            PeerNews::TookUp { app, call } => self.tell_rings(&app, &call).await,
            PeerNews::Started => {
                for (device, lost_since) in self.index().presence.here() {
                    self.tell_peers(|| match lost_since {
                        None => PeerNews::Arrived(device),
                        Some(last_heard) => PeerNews::Lost(device, last_heard),
                    });
                }
            }
            PeerNews::NodeLost => {
                let now = self.clock.now();
                let lost = self.index().presence.lose_node(from, now);
                while let Err(error) = self.take_over().await {
                    tracing::error!(%error, "the calls of a lost node are taken up in a moment");
                    sleep(RETRY_AFTER.duration()).await;
                }
                for device in lost {
                    self.tell_calls(&device).await;
                }
            }
        }
    }

    /// Nobody else wakes for the calls that only the dead node knew, and it may have died between
    /// a commit and the telling of it: every call is read again and shown to the devices here.
    async fn take_over(&self) -> Result<(), StoreError> {
        self.take_up_all().await?;
        let calls = self.index().all_calls();
        for (app, id) in calls {
            let Some(slot) = self.slot(&id) else { continue };
            let mut guard = slot.lock().await;
            let Some(before) = guard.clone() else { continue };
            if self.is_behind(&app, &id, before.version).await? {
                self.read_again_and_show(&app, &id, &mut guard).await?;
            } else {
                self.show_here(None, &before, |_| true);
            }
        }
        Ok(())
    }

    /// The news that such a call is over may have been lost, and no device here would ask.
    pub(crate) async fn read_again_of_others(&self) {
        let calls = self.index().calls_of_others();
        for (app, id) in calls {
            if let Err(error) = self.catch_up(&app, &id).await {
                tracing::warn!(call_id = id.as_str(), %error, "a call could not be read again");
            }
        }
    }

    /// Reads a call again if another node has changed it since.
    pub(crate) async fn catch_up(&self, app: &AppId, id: &CallId) -> Result<(), StoreError> {
        let Some(slot) = self.slot(id).filter(|_| self.peers().is_some()) else { return Ok(()) };
        let mut guard = slot.lock().await;
        let Some(version) = guard.as_ref().map(|record| record.version) else { return Ok(()) };
        if self.is_behind(app, id, version).await? {
            self.read_again_and_show(app, id, &mut guard).await?;
        }
        Ok(())
    }

    /// A call that this node knows is read again if it is behind; one that concerns a device of
    /// this node is taken up.
    async fn hear_change(&self, app: &AppId, id: &CallId, version: i64) {
        let heard = match self.slot(id) {
            Some(slot) => {
                let mut guard = slot.lock().await;
                match guard.as_ref() {
                    Some(record) if record.version < version => {
                        self.read_again(app, id, &mut guard).await
                    }
                    Some(_) | None => Ok(()),
                }
            }
            None => self.take_up_if_ours(app, id).await,
        };
        if let Err(error) = heard {
            tracing::warn!(call_id = id.as_str(), %error, "a change of another node was missed");
        }
    }

    async fn hear_ring(&self, device: &DeviceKey, id: &CallId) {
        if self.slot(id).is_none() {
            return;
        }
        let rung = self.step(&device.app, id, |record| record.party(device).map(Input::Rung));
        if let Err(refusal) = rung.await {
            tracing::debug!(call_id = id.as_str(), %refusal, "a ring was told too late");
        }
    }

    /// Tells which devices of the call have said that they ring.
    async fn tell_rings(&self, app: &AppId, id: &CallId) {
        let Some(slot) = self.slot(id) else { return };
        let guard = slot.lock().await;
        let Some(record) = guard.as_ref().filter(|record| record.app == *app) else { return };
        for device in record.call.confirmed_devices() {
            let device = record.key(&Party::callee(device.clone()));
            self.tell_peers(|| PeerNews::Rung { device, call: id.clone() });
        }
    }

    /// Tells the other nodes, if there are any.
    pub(crate) fn tell_peers(&self, news: impl FnOnce() -> PeerNews) {
        if let Some(peers) = self.peers() {
            peers.tell(news());
        }
    }
}
