//! Bodies and path ids, with refusals that name the field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use curlew_base::{ErrorCode, UserId, limits};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::state::ApiState;

/// A JSON body of at most [`limits::BODY_BYTES`].
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ApiState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        Ok(Self(curlew_wire::decode_body(&bytes)?))
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        let absent = bytes.is_empty();
        Ok(Self(if absent { T::default() } else { curlew_wire::decode_body(&bytes)? }))
    }
}

fn unread(rejection: BytesRejection) -> ApiError {
    let status = rejection.into_response().status();
    let message = if status == StatusCode::PAYLOAD_TOO_LARGE {
        format!("body: must be at most {} bytes", limits::BODY_BYTES)
    } else {
        "body: could not be read to its end".to_owned()
    };
    ApiError::new(ErrorCode::InvalidParams, message).with_status(status)
}

/// The user id in the path, percent-decoded exactly once.
pub(crate) struct UserInPath(pub UserId);

impl FromRequestParts<ApiState> for UserInPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| ApiError::field("user_id", "must be UTF-8"))?;
        UserId::new(text).map(Self).map_err(|e| ApiError::field("user_id", e))
    }
}

/// Refuses a text of more than `max` characters.
pub(crate) fn at_most(field: &str, text: &str, max: usize) -> Result<(), ApiError> {
    let len = text.chars().count();
    if len <= max {
        return Ok(());
    }
    Err(ApiError::field(field, format!("must be at most {max} characters, but has {len}")))
}
