//! `GET /v3/users/{user_id}`.

use axum::Json;
use axum::extract::State;
use curlew_wire::rest::UserBody;

use super::{load, shown};
use crate::auth::Caller;
use crate::body::UserInPath;
use crate::error::ApiError;
use crate::state::ApiState;

pub(crate) async fn view(
    State(state): State<ApiState>,
    by: Caller,
    UserInPath(user_id): UserInPath,
) -> Result<Json<UserBody>, ApiError> {
    let user = load(&state, &by, &user_id).await?;
    shown(&state, &by.app_id, user, None).map(Json)
}
