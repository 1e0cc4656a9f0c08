//! The rows a store keeps, as plain values; ids are strings and times are Unix milliseconds.

use curlew_base::Role;

/// One application: the wall that nothing of another application passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRecord {
    /// The public id, unique in the store.
    pub app_id: String,
    /// The name an operator reads.
    pub name: String,
    /// Whether every log-in must present a token.
    pub token_required: bool,
    /// Digest of the token of the application's back end; the token itself is never kept.
    pub api_token_hash: Vec<u8>,
    /// The key that signs the application's session tokens.
    pub session_token_key: Vec<u8>,
    /// Whether a dial to someone who is just dialling back answers their call (rule 4); otherwise
    /// the two users are in two calls.
    pub glare_answers: bool,
    /// Whether a callee's device names its network addresses while it rings; otherwise only once
    /// it has accepted.
    pub early_candidates: bool,
    /// When it was created.
    pub created_at_ms: i64,
}

/// What an application decides about its direct calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSettings {
    /// See [`AppRecord::glare_answers`].
    pub glare_answers: bool,
    /// See [`AppRecord::early_candidates`].
    pub early_candidates: bool,
}

/// One user of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The application it belongs to.
    pub app_id: String,
    /// The id the application chose, kept byte for byte.
    pub user_id: String,
    /// The name shown to others.
    pub nickname: String,
    /// Where its picture is.
    pub profile_url: String,
    /// The application's own data, as a JSON object in text.
    pub metadata_json: String,
    /// Whether it may log in.
    pub is_active: bool,
    /// Digest of its access token, if it has one.
    pub access_token_hash: Option<Vec<u8>>,
    /// Whether it was ever given a token; from then on it must present one.
    pub has_token_ever: bool,
    /// Whether it ever logged in.
    pub has_ever_logged_in: bool,
    /// Session tokens issued before this moment are void.
    pub tokens_valid_from_ms: i64,
    /// When it was created; the first half of the order of lists.
    pub created_at_ms: i64,
    /// When one of its devices was last connected; 0 if never.
    pub last_seen_at_ms: i64,
}

/// The session of one device; there is one row per application, user and device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Digest of the session key, unique in the store; the key itself is never kept.
    pub key_hash: Vec<u8>,
    /// The application.
    pub app_id: String,
    /// The user who logged in.
    pub user_id: String,
    /// The device they logged in on.
    pub device_id: String,
    /// When they logged in.
    pub created_at_ms: i64,
}

/// One direct call, live or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The id, unique in the store.
    pub call_id: String,
    /// The application.
    pub app_id: String,
    /// The user who dialled.
    pub caller_id: String,
    /// The user who is rung.
    pub callee_id: String,
    /// The caller's own name for this dial, so that a repeated dial finds the same call.
    pub dial_key: String,
    /// The callee's own name for the dial that answered this call by glare (rule 4), so that a
    /// repeated dial finds this call. No other call of the application has the same callee and
    /// answer key.
    pub answer_key: Option<String>,
    /// Whether it was dialled with video.
    pub is_video_call: bool,
    /// The serialised machine, opaque to the store.
    pub machine_json: String,
    /// Counts the commits; the compare-and-set compares it.
    pub version: i64,
    /// Whether it rings: dialled, neither answered nor over.
    pub ringing: bool,
    /// When the machine wants to be woken; `None` once the call has ended.
    pub deadline_ms: Option<i64>,
    /// Whether the call is over.
    pub ended: bool,
    /// How it ended, in the words of the wire.
    pub end_result: Option<String>,
    /// The user who ended it, if one did.
    pub ended_by: Option<String>,
    /// When it was dialled; the first half of the order of lists.
    pub started_at_ms: i64,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// From accept to end; 0 for a call never accepted.
    pub duration_ms: i64,
}

/// A message for the world outside, kept in the transaction that caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRecord {
    /// The application.
    pub app_id: String,
    /// The call it tells about.
    pub call_id: String,
    /// What happened, in the words of the wire.
    pub kind: String,
    /// The exact bytes to deliver.
    pub body: String,
    /// When it was written.
    pub created_at_ms: i64,
}

/// One step of a call: the row after it, and what the world is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCommit {
    /// The row to write; its `version` is the new one.
    pub record: CallRecord,
    /// The version the step was computed from; `None` inserts a call that must not exist yet.
    pub expected_version: Option<i64>,
    /// Refuses an insert while a call of the same application rings from this callee to this
    /// caller; an update does not look at it.
    pub unless_crossed: bool,
    /// Written in the same transaction, in this order.
    pub outbox: Vec<OutboxRecord>,
}

/// Which users a list shows; every given condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only those whose `is_active` is this.
    pub active: Option<bool>,
    /// Only these ids; an empty list shows no one.
    pub user_ids: Option<Vec<String>>,
    /// Only those with exactly this nickname.
    pub nickname: Option<String>,
    /// Only those whose nickname begins with these bytes.
    pub nickname_startswith: Option<String>,
}

/// Which calls a list shows; every given condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only those in which this user is the caller or the callee.
    pub user: Option<String>,
    /// Only those in which `user` is this side; without a user it restricts nothing.
    pub role: Option<Role>,
    /// Only those that ended with one of these; an empty list shows no call.
    pub end_results: Option<Vec<String>>,
    /// Only those dialled at this moment or later.
    pub started_from_ms: Option<i64>,
    /// Only those dialled at this moment or earlier.
    pub started_to_ms: Option<i64>,
    /// Only those whose `ended` is this.
    pub ended: Option<bool>,
}

impl UserRecord {
    /// Where the user stands in lists; unique within its application.
    pub fn place(&self) -> (i64, &str) {
        (self.created_at_ms, &self.user_id)
    }
}

impl CallRecord {
    /// Where the call stands in lists; unique within its application.
    pub fn place(&self) -> (i64, &str) {
        (self.started_at_ms, &self.call_id)
    }
}

impl UserFilter {
    /// Whether a list with this filter shows the user.
    pub fn admits(&self, user: &UserRecord) -> bool {
        let starts = |start: &String| user.nickname.starts_with(start.as_str());
        self.active.is_none_or(|active| user.is_active == active)
            && self.user_ids.as_ref().is_none_or(|ids| ids.contains(&user.user_id))
            && self.nickname.as_ref().is_none_or(|nickname| user.nickname == *nickname)
            && self.nickname_startswith.as_ref().is_none_or(starts)
    }
}

impl CallFilter {
    /// Whether a list with this filter shows the call.
    pub fn admits(&self, call: &CallRecord) -> bool {
        let took_part = |user: &String| match self.role {
            Some(Role::Caller) => call.caller_id == *user,
            Some(Role::Callee) => call.callee_id == *user,
            None => call.caller_id == *user || call.callee_id == *user,
        };
        let ended_so = |results: &Vec<String>| {
            call.end_result.as_ref().is_some_and(|result| results.contains(result))
        };
        self.user.as_ref().is_none_or(took_part)
            && self.end_results.as_ref().is_none_or(ended_so)
            && self.started_from_ms.is_none_or(|from_ms| call.started_at_ms >= from_ms)
            && self.started_to_ms.is_none_or(|to_ms| call.started_at_ms <= to_ms)
            && self.ended.is_none_or(|ended| call.ended == ended)
    }
}
