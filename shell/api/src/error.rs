//! The documented envelope of every refusal.

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use curlew_base::ErrorCode;
use curlew_store::StoreError;
use curlew_wire::BadField;
use curlew_wire::rest::ErrorBody;

/// A refusal: the documented code, and a message that names the cause and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    message: String,
}

impl ApiError {
    /// A refusal with the status that goes with its code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(code.http_status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into() }
    }

    /// A value of a field is not allowed.
    pub(crate) fn field(field: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidParams, format!("{field}: {reason}"))
    }

    pub(crate) fn no_user() -> Self {
        Self::new(ErrorCode::UserNotFound, "\"User\" not found: the application has no such user")
    }

    pub(crate) fn not_authorized(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotAuthorized, message)
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<BadField> for ApiError {
    fn from(bad: BadField) -> Self {
        let missing = bad.reason.starts_with("missing field");
        let code = if missing { ErrorCode::MissingParams } else { ErrorCode::InvalidParams };
        Self::new(code, bad.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        let message = "the server could not read or save what this needs; try again";
        let refusal = Self::new(ErrorCode::Internal, message);
        match error {
            StoreError::Unavailable(_) => refusal.with_status(StatusCode::SERVICE_UNAVAILABLE),
            StoreError::Conflict | StoreError::Corrupt(_) => refusal,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: true,
            code: self.code.number(),
            kind: kind(self.code).to_owned(),
            message: self.message,
        };
        (self.status, Json(body)).into_response()
    }
}

const fn kind(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidParams => "InvalidParams",
        ErrorCode::MissingParams => "MissingParams",
        ErrorCode::NotFound | ErrorCode::UserNotFound | ErrorCode::CallDoesNotExist => "NotFound",
        ErrorCode::AlreadyExists | ErrorCode::UserExists => "AlreadyExists",
        ErrorCode::NotAllowed | ErrorCode::NoPermission => "NotAllowed",
        ErrorCode::NotAuthorized => "NotAuthorized",
        ErrorCode::RateLimited => "RateLimited",
        ErrorCode::Internal => "Internal",
        ErrorCode::InvalidCallStatus => "InvalidCallStatus",
        ErrorCode::CalleeDoesNotExist => "CalleeDoesNotExist",
        ErrorCode::DialMyself => "DialMyself",
    }
}

/// The answer to a path that is no operation.
pub(crate) async fn no_such_operation(method: Method, uri: Uri) -> ApiError {
    let message = format!(
        "there is no operation {method} {}; ids in paths must be \
        percent-encoded",
        uri.path()
    );
    ApiError::new(ErrorCode::NotFound, message).with_status(StatusCode::NOT_FOUND)
}

/// The answer to a method that its path does not have.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("there is no operation {method} {}", uri.path());
    ApiError::new(ErrorCode::NotFound, message).with_status(StatusCode::METHOD_NOT_ALLOWED)
}
