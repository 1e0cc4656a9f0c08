//! A live call in memory, and its row.

use curlew_base::{AppId, Role};
use curlew_call::{Call, Party, ViewState};
use curlew_store::{CallRecord, StoreError};
use curlew_wire::call::{CandidateTiming, UserView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::ports::DeviceKey;

/// What the row's `machine_json` holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    /// For the REST API, which does not know the machine.
    state: String,
    /// For the REST API.
    custom_items: BTreeMap<String, String>,
    caller: UserView,
    callee: UserView,
    /// Rows of earlier versions do not have it.
    #[serde(default = "early")]
    callee_candidates: CandidateTiming,
    machine: Call,
}

const fn early() -> CandidateTiming {
    CandidateTiming::Early
}

/// A call with all that is needed to show it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub app: AppId,
    pub dial_key: String,
    pub version: i64,
    pub caller: UserView,
    pub callee: UserView,
    pub callee_candidates: CandidateTiming,
    pub call: Call,
}

impl Record {
    /// The device behind a party.
    pub fn key(&self, party: &Party) -> DeviceKey {
        let user = match party.role {
            Role::Caller => &self.caller.user_id,
            Role::Callee => &self.callee.user_id,
        };
        DeviceKey { app: self.app.clone(), user: user.clone(), device: party.device.clone() }
    }

    /// The party that a device is, by its user.
    pub fn party(&self, device: &DeviceKey) -> Option<Party> {
        let of = |role| Party { role, device: device.device.clone() };
        if device.app != self.app {
            None
        } else if device.user == self.caller.user_id {
            Some(of(Role::Caller))
        } else if device.user == self.callee.user_id {
            Some(of(Role::Callee))
        } else {
            None
        }
    }

    pub fn to_row(&self) -> CallRecord {
        let call = &self.call;
        let ended = call.ended();
        let by = |role| match role {
            Role::Caller => self.caller.user_id.to_string(),
            Role::Callee => self.callee.user_id.to_string(),
        };
        let stored = Stored {
            state: state_name(call.seated_state()).to_owned(),
            custom_items: call.custom_items().clone(),
            caller: self.caller.clone(),
            callee: self.callee.clone(),
            callee_candidates: self.callee_candidates,
            machine: call.clone(),
        };
        CallRecord {
            call_id: call.terms().call_id.to_string(),
            app_id: self.app.to_string(),
            caller_id: self.caller.user_id.to_string(),
            callee_id: self.callee.user_id.to_string(),
            dial_key: self.dial_key.clone(),
            answer_key: call.answer_key().map(str::to_owned),
            is_video_call: call.terms().is_video_call,
            machine_json: serde_json::to_string(&stored).expect("maps with text keys only"),
            version: self.version,
            ringing: matches!(call.seated_state(), ViewState::Ringing),
            deadline_ms: call.wake_at().map(|at| millis(at.unix_ms())),
            ended: ended.is_some(),
            end_result: ended.map(|e| e.result.as_str().to_owned()),
            ended_by: ended.and_then(|e| e.by).map(by),
            started_at_ms: millis(call.started_at().unix_ms()),
            ended_at_ms: ended.map(|e| millis(e.at.unix_ms())),
            duration_ms: ended.map_or(0, |e| millis(e.duration.0)),
        }
    }

    pub fn from_row(row: CallRecord) -> Result<Self, StoreError> {
        let corrupt = |e: String| StoreError::Corrupt(format!("call {}: {e}", row.call_id));
        let stored: Stored =
            serde_json::from_str(&row.machine_json).map_err(|e| corrupt(e.to_string()))?;
        Ok(Self {
            app: AppId::new(row.app_id.as_str()).map_err(|e| corrupt(e.to_string()))?,
            dial_key: row.dial_key,
            version: row.version,
            caller: stored.caller,
            callee: stored.callee,
            callee_candidates: stored.callee_candidates,
            call: stored.machine,
        })
    }
}

/// Unix milliseconds as the store's signed integer.
pub(crate) fn millis(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

const fn state_name(state: ViewState) -> &'static str {
    match state {
        ViewState::Ringing => "ringing",
        ViewState::Established => "established",
        ViewState::Connected => "connected",
        ViewState::Ended { .. } => "ended",
    }
}
