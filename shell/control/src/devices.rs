//! Comings and goings of devices, told to every call that they concern.

use curlew_base::{AppId, CallId, Instant, UserId};
use curlew_call::{Input, Party};
use curlew_wire::close::CloseCode;

use crate::control::Control;
use crate::ports::DeviceKey;

impl Control {
    /// The device's session has a connection: it is rung by calls that ring.
    pub async fn arrived(&self, device: &DeviceKey) {
        self.index().set_device(device, None);
        self.tell_calls(device, Input::Arrived).await;
    }

    /// The device's connection broke; its session is kept for it to resume.
    pub async fn lost(&self, device: &DeviceKey, last_heard: Instant) {
        self.index().set_device(device, Some(last_heard));
        self.tell_calls(device, |party| Input::Lost(party, last_heard)).await;
    }

    /// The device's session was dropped after the grace: it is rung no more. Its calls have
    /// deadlines of their own.
    pub async fn gone(&self, device: &DeviceKey) {
        self.index().remove_device(device);
    }

    /// Rule 8: ends this device's calls for the others to see, and its session.
    pub async fn sign_out(&self, device: &DeviceKey) {
        self.index().remove_device(device);
        self.tell_calls(device, Input::Left).await;
        if let Some(deliver) = self.deliverer() {
            deliver.close(device, CloseCode::SessionEnded);
        }
    }

    /// Signs out every device of a user: removed, deactivated, or its tokens revoked.
    pub async fn sign_out_user(&self, app: &AppId, user: &UserId) {
        let devices = self.index().devices_of(app, user);
        for device in devices.into_keys() {
            let key = DeviceKey { app: app.clone(), user: user.clone(), device };
            self.sign_out(&key).await;
        }
    }

    async fn tell_calls(&self, device: &DeviceKey, input: impl Fn(Party) -> Input) {
        let ids: Vec<CallId> = self.index().calls_of(&device.app, &device.user);
        for id in ids {
            let told = self.step(&device.app, &id, |record| record.party(device).map(&input));
            if let Err(refusal) = told.await {
                tracing::warn!(call_id = id.as_str(), %refusal, "a call missed a device's news");
            }
        }
    }
}
