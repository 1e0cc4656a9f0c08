//! The wall between applications: which one a request of a back end, or of an SDK, speaks for.

use aws_lc_rs::{constant_time, digest};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use curlew_base::{AppId, ErrorCode};
use curlew_store::{AppRecord, SessionRecord, StoreError};

use crate::error::ApiError;
use crate::state::ApiState;

/// The application whose `Api-Token` came with the request. An operation has no other way to
/// name an application, so it cannot reach into another one.
pub(crate) struct Caller {
    pub app: AppRecord,
    pub app_id: AppId,
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let token = parts.headers.get("api-token").map_or(&[][..], |value| value.as_bytes());
        if token.is_empty() {
            let message = "the request has no Api-Token header; `curlew app create` and \
                `curlew app rotate-token` show the application's token once";
            return Err(ApiError::not_authorized(message));
        }
        let hash = hash_of(token);
        let found = state.store().app_by_api_token_hash(&hash).await?;
        let Some(app) = found.filter(|app| same_hash(&app.api_token_hash, &hash)) else {
            let message = "no application has this Api-Token; `curlew app rotate-token` makes \
                a new one and ends the old one";
            return Err(ApiError::new(ErrorCode::NotAllowed, message));
        };
        let app_id = AppId::new(app.app_id.as_str())
            .map_err(|e| StoreError::Corrupt(format!("the id of an application {e}")))?;
        Ok(Self { app, app_id })
    }
}

/// The session whose key came with the request: what an SDK may ask for, it asks for its user.
pub(crate) struct SignedIn(pub SessionRecord);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let hash = session_key_hash(&parts.headers)?;
        let session = state.store().session_by_key_hash(&hash).await?;
        session.map(Self).ok_or_else(no_session)
    }
}

/// The digest of the session key in the `Authorization` header.
pub(crate) fn session_key_hash(headers: &HeaderMap) -> Result<Vec<u8>, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = value.and_then(bearer) else {
        let message = "the request has no `Authorization: Bearer` header with a session key";
        return Err(ApiError::not_authorized(message));
    };
    Ok(hash_of(key.as_bytes()))
}

/// The refusal of a key that opens nothing.
pub(crate) fn no_session() -> ApiError {
    ApiError::not_authorized("there is no session of this key; it is over")
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// The digest under which the store keeps a secret.
pub(crate) fn hash_of(secret: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret).as_ref().to_vec()
}

/// Compares without telling by its time where two digests part.
pub(crate) fn same_hash(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
