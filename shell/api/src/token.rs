//! Access tokens, which are kept as digests, and session tokens, which are signed and not kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curlew_control::Ids;
use curlew_store::{AppRecord, UserRecord};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

use crate::auth::{hash_of, same_hash};
use crate::error::ApiError;
use crate::state::{shown_ms, stored_ms};

/// How far the clocks of servers may be apart, in seconds.
const LEEWAY_SECS: u64 = 60;
/// Bytes of an access token; it is shown in hex.
const ACCESS_TOKEN_BYTES: usize = 20;

/// What a session token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    sub: String,
    app: String,
    iat: u64,
    /// The same in milliseconds, so that a token of the second of a revocation is judged right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat_ms: Option<u64>,
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
}

/// A new access token, in 40 hex digits.
pub(crate) fn access_token(ids: &dyn Ids) -> String {
    hex(&ids.secret()[..ACCESS_TOKEN_BYTES])
}

/// A new session key.
pub(crate) fn session_key(ids: &dyn Ids) -> String {
    URL_SAFE_NO_PAD.encode(ids.secret())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Signs a session token of the user.
pub(crate) fn issue(
    app: &AppRecord,
    user_id: &str,
    now_ms: i64,
    expires_at_ms: u64,
) -> Result<String, ApiError> {
    let now = shown_ms(now_ms);
    let claims = Claims {
        sub: user_id.to_owned(),
        app: app.app_id.clone(),
        iat: now / 1000,
        iat_ms: Some(now),
        exp: expires_at_ms / 1000,
        nbf: None,
    };
    let key = EncodingKey::from_secret(&app.session_token_key);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|error| {
        tracing::error!(%error, app_id = app.app_id, "a session token could not be signed");
        ApiError::new(curlew_base::ErrorCode::Internal, "the server could not sign the token")
    })
}

/// Checks what a device presents as the user's token, of either kind.
pub(crate) fn check(
    app: &AppRecord,
    user: &UserRecord,
    token: &str,
    now_ms: i64,
) -> Result<(), ApiError> {
    if token.contains('.') {
        return check_session_token(app, user, token, now_ms);
    }
    let hash = hash_of(token.as_bytes());
    match &user.access_token_hash {
        Some(kept) if same_hash(kept, &hash) => Ok(()),
        Some(_) => Err(ApiError::not_authorized(
            "the access token is not this user's; the newest one issued is the only valid one",
        )),
        None => Err(ApiError::not_authorized(
            "the user has no access token; a back end issues one with PUT /v3/users/{user_id} \
             and issue_access_token, or a session token with POST /v3/users/{user_id}/token",
        )),
    }
}

fn check_session_token(
    app: &AppRecord,
    user: &UserRecord,
    token: &str,
    now_ms: i64,
) -> Result<(), ApiError> {
    // Times are checked below, against the server's own clock and with words that help.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(&app.session_token_key);
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map_err(|_| {
            ApiError::not_authorized("the session token was not signed for this application")
        })?
        .claims;
    if claims.app != app.app_id {
        return Err(ApiError::not_authorized("the session token is of another application"));
    }
    if claims.sub != user.user_id {
        return Err(ApiError::not_authorized("the session token is of another user"));
    }
    check_times(&claims, shown_ms(now_ms) / 1000)?;
    let issued_ms = claims.iat_ms.unwrap_or_else(|| claims.iat.saturating_mul(1000));
    // A token of the very millisecond of a revocation may be older than it: refused.
    if stored_ms(issued_ms) <= user.tokens_valid_from_ms {
        let message = "the user's session tokens were revoked after this one was issued; \
            issue a new one";
        return Err(ApiError::not_authorized(message));
    }
    Ok(())
}

fn check_times(claims: &Claims, now: u64) -> Result<(), ApiError> {
    let latest = now.saturating_add(LEEWAY_SECS);
    for (name, at) in [("nbf", claims.nbf), ("iat", Some(claims.iat))] {
        if let Some(at) = at.filter(|at| *at > latest) {
            return Err(ApiError::not_authorized(format!(
                "the session token is not valid yet: its {name} is {} s ahead of this server's \
                 clock, and {LEEWAY_SECS} s are allowed; set the clock of the machine that made it",
                at - now
            )));
        }
    }
    if claims.exp.saturating_add(LEEWAY_SECS) < now {
        return Err(ApiError::not_authorized(format!(
            "the session token ended {} s ago by this server's clock; issue a new one, or set \
             the clock of the machine that made it",
            now - claims.exp
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curlew_store::fixture;

    const NOW: u64 = 1_700_000_000;

    fn app() -> AppRecord {
        AppRecord { session_token_key: vec![9; 32], ..fixture::app("A") }
    }

    fn user(id: &str) -> UserRecord {
        UserRecord { has_token_ever: true, ..fixture::user("A", id, 0) }
    }

    fn verdict(claims: &Claims, key: &[u8], valid_from_ms: i64) -> Result<(), String> {
        let key = EncodingKey::from_secret(key);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap();
        let user = UserRecord { tokens_valid_from_ms: valid_from_ms, ..user("u") };
        check(&app(), &user, &token, stored_ms(NOW * 1000)).map_err(|e| e.to_string())
    }

    fn fine() -> Claims {
        let app = "A".to_owned();
        Claims { sub: "u".into(), app, iat: NOW, iat_ms: None, exp: NOW + 9, nbf: None }
    }

    #[test]
    fn f04_small_skew_passes_and_ten_minutes_are_refused_with_a_word_about_the_clock() {
        for (claims, passes) in [
            (Claims { iat: NOW + 30, nbf: Some(NOW + 30), ..fine() }, true),
            (Claims { exp: NOW - 30, ..fine() }, true),
            (Claims { iat: NOW + 600, ..fine() }, false),
            (Claims { nbf: Some(NOW + 600), ..fine() }, false),
            (Claims { exp: NOW - 600, ..fine() }, false),
            (Claims { exp: u64::MAX, ..fine() }, true),
        ] {
            let verdict = verdict(&claims, &[9; 32], 0);
            assert_eq!(verdict.is_ok(), passes, "{claims:?}");
            assert!(passes || verdict.unwrap_err().contains("clock"), "{claims:?}");
        }
    }

    #[test]
    fn a_token_of_another_user_app_key_or_time_before_a_revocation_is_refused() {
        let ms = stored_ms(NOW * 1000);
        for (claims, key, valid_from, word) in [
            (Claims { sub: "v".into(), ..fine() }, 9, 0, "another user"),
            (Claims { app: "B".into(), ..fine() }, 9, 0, "another application"),
            (fine(), 8, 0, "not signed"),
            (fine(), 9, ms, "revoked"),
            (Claims { iat_ms: Some(NOW * 1000 + 499), ..fine() }, 9, ms + 500, "revoked"),
        ] {
            let message = verdict(&claims, &[key; 32], valid_from).unwrap_err();
            assert!(message.contains(word), "{claims:?}: {message}");
        }
        let after = Claims { iat_ms: Some(NOW * 1000 + 501), ..fine() };
        assert_eq!(verdict(&after, &[9; 32], ms + 500), Ok(()));
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = serde_json::to_string(&fine()).unwrap();
        let token = format!("{}.{}.", part(r#"{"alg":"none","typ":"JWT"}"#), part(&claims));
        assert!(check(&app(), &user("u"), &token, stored_ms(NOW * 1000)).is_err());
    }
}
