//! `GET /v3/users`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use curlew_store::{UserFilter, UserRecord};
use curlew_wire::rest::UserList;
use serde::Deserialize;

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page;
use crate::state::ApiState;

/// Ids that one request may ask for.
const USER_IDS_MAX: usize = 250;

/// Texts only, so that a refusal can name the parameter.
#[derive(Deserialize)]
pub(crate) struct ListUsers {
    token: Option<String>,
    limit: Option<String>,
    active_mode: Option<String>,
    user_ids: Option<String>,
    nickname: Option<String>,
    nickname_startswith: Option<String>,
}

pub(crate) async fn list(
    State(state): State<ApiState>,
    by: Caller,
    query: Result<Query<ListUsers>, QueryRejection>,
) -> Result<Json<UserList>, ApiError> {
    let Query(query) = query.map_err(|e| ApiError::field("query", e.body_text()))?;
    let limit = page::limit(query.limit.as_deref(), page::LIMIT_DEFAULT)?;
    let after = page::read("token", query.token.as_deref())?;
    let filter = filter(query)?;
    let mut rows = state.store().list_users(&by.app.app_id, after, limit + 1, filter).await?;
    let next = page::cut(&mut rows, limit, UserRecord::place);
    let users = rows.into_iter().map(|user| shown(&state, &by.app_id, user, None));
    Ok(Json(UserList { users: users.collect::<Result<_, _>>()?, next }))
}

fn filter(query: ListUsers) -> Result<UserFilter, ApiError> {
    let active = match query.active_mode.as_deref() {
        None | Some("activated") => Some(true),
        Some("deactivated") => Some(false),
        Some("all") => None,
        Some(_) => {
            let reason = "must be activated, deactivated or all";
            return Err(ApiError::field("active_mode", reason));
        }
    };
    let user_ids = query.user_ids.filter(|ids| !ids.is_empty());
    let user_ids: Option<Vec<String>> =
        user_ids.map(|ids| ids.split(',').map(str::to_owned).collect());
    if user_ids.as_ref().is_some_and(|ids| ids.len() > USER_IDS_MAX) {
        return Err(ApiError::field("user_ids", format!("must be at most {USER_IDS_MAX} ids")));
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(UserFilter {
        active,
        user_ids,
        nickname: given(query.nickname),
        nickname_startswith: given(query.nickname_startswith),
    })
}
