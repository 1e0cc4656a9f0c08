//! One request: asked of control, answered to the device.

use curlew_base::ErrorCode;
use curlew_control::{Control, DeviceKey, Refusal};
use curlew_wire::BadField;
use curlew_wire::client::{Request, Verb};
use curlew_wire::server::{Reply, ServerMessage, WireError, WireErrorMessage};

/// Asks control, and gives the reply.
pub(crate) async fn perform(control: &Control, from: &DeviceKey, request: Request) -> Reply {
    let Request { id, body } = request;
    metrics::counter!("curlew_requests_total", "verb" => name(&body)).increment(1);
    let answer = match body {
        Verb::Dial(dial) => control.dial(from, dial).await.map(Some),
        Verb::Accept(accept) => control.accept(from, accept).await.map(Some),
        Verb::Ringing(call) => control.ringing(from, &call.call_id).await.map(Some),
        Verb::End(end) => control.end(from, end).await.map(Some),
        Verb::Media(media) => control.media(from, media).await.map(Some),
        Verb::Settings(settings) => control.settings(from, settings).await.map(Some),
        Verb::Signal(to) => control.signal(from, to).await.map(|()| None),
        Verb::UpdateItems(update) => control.update_items(from, update).await.map(Some),
        Verb::DeleteItems(delete) => control.delete_items(from, delete).await.map(Some),
    };
    match answer {
        Ok(call) => Reply { id, call: call.map(Box::new), error: None },
        Err(Refusal { code, message, call }) => {
            Reply { id, call, error: Some(refusal(code, message)) }
        }
    }
}

/// A counted refusal.
pub(crate) fn refusal(code: ErrorCode, message: impl Into<String>) -> WireError {
    let number = code.number().to_string();
    metrics::counter!("curlew_refusals_total", "code" => number).increment(1);
    WireError::new(code, message)
}

/// A refusal that names the field at fault.
pub(crate) fn bad_field(bad: BadField) -> WireError {
    let missing = bad.reason.starts_with("missing field");
    let code = if missing { ErrorCode::MissingParams } else { ErrorCode::InvalidParams };
    let mut error = refusal(code, bad.to_string());
    error.field = Some(bad.field);
    error
}

/// Refuses a request, or a message that had no id.
pub(crate) fn refused(id: Option<u64>, error: WireError) -> ServerMessage {
    match id {
        Some(id) => ServerMessage::Reply(Reply { id, call: None, error: Some(error) }),
        None => ServerMessage::Error(WireErrorMessage { error }),
    }
}

const fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Dial(_) => "dial",
        Verb::Accept(_) => "accept",
        Verb::End(_) => "end",
        Verb::Media(_) => "media",
        Verb::Settings(_) => "settings",
        Verb::Signal(_) => "signal",
        Verb::Ringing(_) => "ringing",
        Verb::UpdateItems(_) => "update_items",
        Verb::DeleteItems(_) => "delete_items",
    }
}
