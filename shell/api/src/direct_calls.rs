//! Direct calls, as back ends see them.

pub(crate) mod list;
pub(crate) mod view;

use curlew_store::{CallRecord, StoreError};
use curlew_wire::rest::DirectCallBody;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::state::shown_ms;

/// What a call's stored machine shows to those who do not know machines.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    state: String,
    custom_items: BTreeMap<String, String>,
}

fn shown(call: CallRecord) -> Result<DirectCallBody, ApiError> {
    let Shown { state, custom_items } = serde_json::from_str(&call.machine_json)
        .map_err(|e| StoreError::Corrupt(format!("call {}: {e}", call.call_id)))?;
    Ok(DirectCallBody {
        call_id: call.call_id,
        call_type: "direct".to_owned(),
        is_video_call: call.is_video_call,
        state,
        end_result: call.end_result,
        participants: vec![call.caller_id.clone(), call.callee_id],
        started_by: call.caller_id,
        started_at: shown_ms(call.started_at_ms),
        ended_by: call.ended_by,
        ended_at: call.ended_at_ms.map(shown_ms),
        duration: shown_ms(call.duration_ms),
        custom_items,
    })
}
