//! The REST operations: users and their tokens, sessions of the SDK, direct calls.
//!
//! Each operation is one file; `login.rs` holds the policy of who may sign in, `auth.rs` the
//! wall between applications.

pub mod apps;
mod auth;
mod body;
mod direct_calls;
mod error;
mod login;
mod page;
mod sessions;
mod state;
mod token;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use curlew_base::limits;

pub use error::ApiError;
pub use state::ApiState;

/// Every operation, ready to be merged with the other routes of the server.
pub fn router(state: ApiState) -> Router {
    let sessions = Router::new()
        .route("/v1/sessions", post(sessions::create::create))
        .route("/v1/sessions/current", axum::routing::delete(sessions::delete::delete))
        .route("/v1/sessions/current/direct_calls", get(sessions::direct_calls::list))
        .method_not_allowed_fallback(error::wrong_method)
        .layer(axum::middleware::from_fn(sessions::cors::open_to_every_origin));
    let user = get(users::view::view).put(users::update::update).delete(users::delete::delete);
    let token = post(users::issue_token::issue).delete(users::revoke_tokens::revoke);
    Router::new()
        .route("/v3/users", get(users::list::list).post(users::create::create))
        .route("/v3/users/{user_id}", user)
        .route("/v3/users/{user_id}/token", token)
        .route("/v3/{*rest}", any(error::no_such_operation))
        .route("/v1/direct_calls", get(direct_calls::list::list))
        .route("/v1/direct_calls/{call_id}", get(direct_calls::view::view))
        .method_not_allowed_fallback(error::wrong_method)
        .merge(sessions)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .with_state(state)
}
