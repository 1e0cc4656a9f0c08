//! Bodies of webhooks, as they lie in the outbox.

use curlew_base::{AppId, CallId, EndResult, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The event names of direct calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Category {
    /// The call was dialled.
    #[serde(rename = "direct_call:dial")]
    Dial,
    /// The call was accepted.
    #[serde(rename = "direct_call:accept")]
    Accept,
    /// The call ended.
    #[serde(rename = "direct_call:end")]
    End,
}

impl Category {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "direct_call:dial",
            Self::Accept => "direct_call:accept",
            Self::End => "direct_call:end",
        }
    }
}

/// A webhook about a direct call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectCallWebhook {
    /// Which event.
    pub category: Category,
    /// The application.
    pub application_id: AppId,
    /// When, in Unix milliseconds.
    pub occurred_at: u64,
    /// The call.
    pub direct_call: WebhookCall,
}

/// The call in a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCall {
    /// The call's id.
    pub call_id: CallId,
    /// Who dialled.
    pub caller_id: UserId,
    /// Who was rung.
    pub callee_id: UserId,
    /// A video call.
    pub is_video_call: bool,
    /// The application's data.
    pub custom_items: BTreeMap<String, String>,
    /// The end result, on end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<EndResult>,
    /// From accept to end, in milliseconds, on end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
}
