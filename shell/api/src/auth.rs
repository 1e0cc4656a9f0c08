//! The wall between applications: which one a request of a back end speaks for.

use aws_lc_rs::{constant_time, digest};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use curlew_base::{AppId, ErrorCode};
use curlew_store::{AppRecord, StoreError};

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

/// The digest under which the store keeps a secret.
pub(crate) fn hash_of(secret: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret).as_ref().to_vec()
}

/// Compares without telling by its time where two digests part.
pub(crate) fn same_hash(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
