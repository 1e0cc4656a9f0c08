//! Comings and goings of devices, told to every call that they concern.

use curlew_base::{AppId, CallId, Instant, UserId};
use curlew_call::Input;
use curlew_wire::close::CloseCode;

use crate::control::Control;
use crate::ports::{DeviceKey, PeerNews};
use crate::presence::HERE;

impl Control {
    /// The device's session has a connection: it is rung by calls that ring.
    pub async fn arrived(&self, device: &DeviceKey) {
        self.index().presence.set(HERE, device, None);
        self.tell_peers(|| PeerNews::Arrived(device.clone()));
        self.take_up_calls_of(device).await;
        self.tell_calls(device).await;
    }

    /// The device's connection broke; its session is kept for it to resume.
    pub async fn lost(&self, device: &DeviceKey, last_heard: Instant) {
        self.index().presence.set(HERE, device, Some(last_heard));
        self.tell_peers(|| PeerNews::Lost(device.clone(), last_heard));
        self.tell_calls(device).await;
    }

    /// The device's session was dropped after the grace: it is rung no more. Its calls have
    /// deadlines of their own.
    pub async fn gone(&self, device: &DeviceKey) {
        self.index().presence.remove(HERE, device);
        self.tell_peers(|| PeerNews::Gone(device.clone()));
    }

    /// Rule 8: ends this device's calls for the others to see, and its session.
    pub async fn sign_out(&self, device: &DeviceKey) {
        self.index().presence.sign_out(device);
        self.tell_peers(|| PeerNews::SignedOut(device.clone()));
        self.take_up_calls_of(device).await;
        // Lost at least, should the store refuse what follows: no call waits for it for ever.
        self.tell_calls(device).await;
        let ids = self.index().calls_of(&device.app, &device.user);
        for id in ids {
            let left = self.step(&device.app, &id, |record| record.party(device).map(Input::Left));
            self.warn_of(&id, left.await.err());
        }
        if let Some(deliver) = self.deliverer() {
            deliver.close(device, CloseCode::SessionEnded);
        }
    }

    /// Signs out every device of a user: removed, deactivated, or its tokens revoked.
    pub async fn sign_out_user(&self, app: &AppId, user: &UserId) {
        let devices = self.index().presence.devices_of(app, user);
        for device in devices.into_keys() {
            let key = DeviceKey { app: app.clone(), user: user.clone(), device };
            self.sign_out(&key).await;
        }
    }

    /// Tells the device's calls whether it is connected, anywhere.
    pub(crate) async fn tell_calls(&self, device: &DeviceKey) {
        let ids: Vec<CallId> = self.index().calls_of(&device.app, &device.user);
        for id in ids {
            let told = self.step(&device.app, &id, |record| {
                // As it is now: while this waited for the call, the device may have come or gone.
                let presence = self.index().presence.of(device);
                record.party(device).map(|party| match presence {
                    Some(None) => Input::Arrived(party),
                    Some(Some(since)) => Input::Lost(party, since),
                    None => Input::Lost(party, self.clock.now()),
                })
            });
            self.warn_of(&id, told.await.err());
        }
    }

    fn warn_of(&self, id: &CallId, refusal: Option<crate::Refusal>) {
        if let Some(refusal) = refusal {
            tracing::warn!(call_id = id.as_str(), %refusal, "a call missed a device's news");
        }
    }
}
