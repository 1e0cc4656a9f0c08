//! Applications and users from the command line, and the first application of a new server.

use curlew_api::apps;
use curlew_base::{AppId, IdError, UserId, limits};
use curlew_control::Clock;
use curlew_store::{AppRecord, CallSettings, Store, StoreError, UserRecord};

use crate::chance::{self, RandomIds, SystemClock};

/// Why an application or a user is not as asked.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The id is not one.
    #[error("the {what} id {cause}")]
    Id {
        /// Whose id.
        what: &'static str,
        /// Which rule it breaks.
        #[source]
        cause: IdError,
    },
    /// The text is too long.
    #[error("the {what} must be at most {max} characters")]
    TooLong {
        /// What text.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// There is no such application.
    #[error("there is no application {0}; `curlew app list` shows them")]
    NoApp(String),
    /// It must be said which application is meant.
    #[error("there is more than one application; name it with --app")]
    WhichApp,
    /// There is no application yet.
    #[error("there is no application yet; `curlew serve` or `curlew app create` makes one")]
    NoneYet,
    /// The user exists.
    #[error("the user exists; `curlew user token` gives it a new token")]
    UserExists,
    /// There is no such user.
    #[error("the application has no such user; `curlew user create` adds it")]
    NoUser,
}

/// Adds an application; answers with its id and its API token, which can be seen this once.
///
/// # Errors
/// If the name is too long or the store fails.
pub async fn create_app(
    store: &dyn Store,
    name: &str,
    token_required: bool,
) -> Result<(String, String), PeopleError> {
    check_length("name", name, limits::NICKNAME_CHARS)?;
    let (app, api_token) = apps::create_app(store, &RandomIds, name, now_ms()).await?;
    if token_required {
        store.set_token_required(&app.app_id, true).await?;
    }
    Ok((app.app_id, api_token))
}

/// The oldest application's id; makes one if there is none, and then its token is there too.
///
/// # Errors
/// If the store fails.
pub async fn first_app(store: &dyn Store) -> Result<(String, Option<String>), PeopleError> {
    if let Some(app) = store.apps().await?.into_iter().next() {
        return Ok((app.app_id, None));
    }
    let (app_id, api_token) = create_app(store, "first", false).await?;
    Ok((app_id, Some(api_token)))
}

/// Replaces an application's API token.
///
/// # Errors
/// If there is no such application or the store fails.
pub async fn rotate_api_token(store: &dyn Store, app_id: &str) -> Result<String, PeopleError> {
    AppId::new(app_id).map_err(|cause| PeopleError::Id { what: "application", cause })?;
    let token = apps::rotate_token(store, &RandomIds, app_id).await?;
    token.ok_or_else(|| PeopleError::NoApp(app_id.to_owned()))
}

/// Changes what an application decides about its calls; `None` leaves it as it is. Answers with
/// the application after it.
///
/// # Errors
/// If there is no such application or the store fails.
pub async fn set_call_settings(
    store: &dyn Store,
    app_id: &str,
    glare_answers: Option<bool>,
    early_candidates: Option<bool>,
) -> Result<AppRecord, PeopleError> {
    AppId::new(app_id).map_err(|cause| PeopleError::Id { what: "application", cause })?;
    let missing = || PeopleError::NoApp(app_id.to_owned());
    let app = store.app(app_id).await?.ok_or_else(missing)?;
    let glare_answers = glare_answers.unwrap_or(app.glare_answers);
    let early_candidates = early_candidates.unwrap_or(app.early_candidates);
    let settings = CallSettings { glare_answers, early_candidates };
    if !store.set_call_settings(app_id, settings).await? {
        return Err(missing());
    }
    Ok(AppRecord { glare_answers, early_candidates, ..app })
}

/// The application that is meant: the one named, or the only one.
///
/// # Errors
/// If it is not there, or it must be named.
pub async fn which_app(store: &dyn Store, named: Option<String>) -> Result<String, PeopleError> {
    let mut apps = store.apps().await?;
    match named {
        Some(app_id) if apps.iter().any(|app| app.app_id == app_id) => Ok(app_id),
        Some(app_id) => Err(PeopleError::NoApp(app_id)),
        None if apps.len() > 1 => Err(PeopleError::WhichApp),
        None => match apps.pop() {
            Some(app) => Ok(app.app_id),
            None => Err(PeopleError::NoneYet),
        },
    }
}

/// Adds a user, with an access token if one is wanted.
///
/// # Errors
/// If an id is not one, the user exists, or the store fails.
pub async fn create_user(
    store: &dyn Store,
    app_id: String,
    user_id: &str,
    nickname: String,
    issue_token: bool,
) -> Result<Option<String>, PeopleError> {
    let user_id = checked_user(user_id)?;
    check_length("nickname", &nickname, limits::NICKNAME_CHARS)?;
    let token = issue_token.then(chance::token);
    let user = UserRecord {
        app_id,
        user_id: user_id.as_str().to_owned(),
        nickname,
        profile_url: String::new(),
        metadata_json: "{}".to_owned(),
        is_active: true,
        access_token_hash: token.as_deref().map(chance::hash),
        has_token_ever: issue_token,
        has_ever_logged_in: false,
        tokens_valid_from_ms: now_ms() - 1,
        created_at_ms: now_ms(),
        last_seen_at_ms: 0,
    };
    match store.create_user(user).await {
        Ok(()) => Ok(token),
        Err(StoreError::Conflict) => Err(PeopleError::UserExists),
        Err(error) => Err(error.into()),
    }
}

/// Replaces a user's access token.
///
/// # Errors
/// If there is no such user or the store fails.
pub async fn issue_user_token(
    store: &dyn Store,
    app_id: &str,
    user_id: &str,
) -> Result<String, PeopleError> {
    let user_id = checked_user(user_id)?;
    let mut user = store.user(app_id, user_id.as_str()).await?.ok_or(PeopleError::NoUser)?;
    let token = chance::token();
    user.access_token_hash = Some(chance::hash(&token));
    user.has_token_ever = true;
    if store.update_user(user).await? { Ok(token) } else { Err(PeopleError::NoUser) }
}

fn checked_user(user_id: &str) -> Result<UserId, PeopleError> {
    UserId::new(user_id).map_err(|cause| PeopleError::Id { what: "user", cause })
}

fn check_length(what: &'static str, text: &str, max: usize) -> Result<(), PeopleError> {
    if text.chars().count() > max { Err(PeopleError::TooLong { what, max }) } else { Ok(()) }
}

fn now_ms() -> i64 {
    i64::try_from(SystemClock::start().now().unix_ms()).unwrap_or(i64::MAX)
}
