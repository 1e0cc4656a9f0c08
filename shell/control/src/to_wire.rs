//! From the machine's words to the wire's.

use curlew_base::{Instant, Role};
use curlew_call::{DeviceView, MediaSettings, News, Party, Path, ViewState};
use curlew_store::UserRecord;
use curlew_wire::call as wire;
use curlew_wire::webhook::{Category, DirectCallWebhook, WebhookCall};

use crate::record::Record;

/// The call as a party sees it; `None` if it has no part in it.
pub(crate) fn view(record: &Record, party: &Party, now: Instant) -> Option<wire::CallView> {
    record.call.view(party).map(|seen| view_of(record, seen, now))
}

/// The call as its user sees it, for a device of theirs that has no part in it.
pub(crate) fn view_for_user(record: &Record, role: Role, now: Instant) -> wire::CallView {
    view_of(record, DeviceView { role, state: record.call.seated_state() }, now)
}

fn view_of(record: &Record, seen: DeviceView, now: Instant) -> wire::CallView {
    let terms = record.call.terms();
    let (caller_settings, callee_settings) = record.call.settings();
    let (state, ended) = match seen.state {
        ViewState::Ringing => (wire::CallState::Ringing, None),
        ViewState::Established => (wire::CallState::Established, None),
        ViewState::Connected => (wire::CallState::Connected, None),
        ViewState::Ended { result, by, at, duration } => {
            let ended = wire::EndView { result, by, at: at.unix_ms(), duration_ms: duration.0 };
            (wire::CallState::Ended, Some(ended))
        }
    };
    let running = record.call.accepted_at().filter(|_| ended.is_none());
    // No push goes out yet, so none is counted.
    let reach = wire::Reach { devices: record.call.ringing_devices(), pushes: 0 };
    let told = seen.role == Role::Caller && state == wire::CallState::Ringing;
    wire::CallView {
        call_id: terms.call_id.clone(),
        version: record.version,
        state,
        is_video_call: terms.is_video_call,
        caller: record.caller.clone(),
        callee: record.callee.clone(),
        my_role: seen.role,
        custom_items: record.call.custom_items().clone(),
        callee_candidates: record.callee_candidates,
        answered_leg: record.call.answered_leg(),
        reach: told.then_some(reach),
        caller_settings: settings(caller_settings),
        callee_settings: settings(callee_settings),
        started_at: record.call.started_at().unix_ms(),
        elapsed_ms: running.map(|at| now.since(at).0),
        ended,
    }
}

pub(crate) const fn settings(from: MediaSettings) -> wire::MediaSettings {
    let MediaSettings { audio_enabled, video_enabled, on_hold, revision } = from;
    wire::MediaSettings { audio_enabled, video_enabled, on_hold, revision }
}

pub(crate) const fn from_settings(from: wire::MediaSettings) -> MediaSettings {
    let wire::MediaSettings { audio_enabled, video_enabled, on_hold, revision } = from;
    MediaSettings { audio_enabled, video_enabled, on_hold, revision }
}

pub(crate) const fn from_path(path: wire::MediaPath) -> Path {
    match path {
        wire::MediaPath::Up => Path::Up,
        wire::MediaPath::Down => Path::Down,
        wire::MediaPath::Failed => Path::Failed,
    }
}

/// A user as the other side sees them; `None` if the stored id is not one.
pub(crate) fn user(record: &UserRecord) -> Option<wire::UserView> {
    Some(wire::UserView {
        user_id: curlew_base::UserId::new(record.user_id.as_str()).ok()?,
        nickname: record.nickname.clone(),
        profile_url: record.profile_url.clone(),
        is_active: record.is_active,
        metadata: serde_json::from_str(&record.metadata_json).unwrap_or_default(),
    })
}

pub(crate) fn webhook(record: &Record, news: News, now: Instant) -> DirectCallWebhook {
    let terms = record.call.terms();
    let ended = record.call.ended().filter(|_| news == News::Ended);
    DirectCallWebhook {
        category: match news {
            News::Dialled => Category::Dial,
            News::Accepted => Category::Accept,
            News::Ended => Category::End,
        },
        application_id: record.app.clone(),
        occurred_at: now.unix_ms(),
        direct_call: WebhookCall {
            call_id: terms.call_id.clone(),
            caller_id: terms.caller.clone(),
            callee_id: terms.callee.clone(),
            is_video_call: terms.is_video_call,
            custom_items: record.call.custom_items().clone(),
            result: ended.map(|e| e.result),
            duration: ended.map(|e| e.duration.0),
        },
    }
}
