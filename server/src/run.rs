//! From the command line to the deed.

use std::io::Write;
use std::time::Duration;

use curlew_store::sqlite::SqliteStore;
use curlew_store::{AppRecord, Store, StoreError};

use crate::cli::{AppDeed, CalleeCandidates, Cli, Deed, Glare, UserDeed};
use crate::config::{Config, Problems};
use crate::folder::{Folder, FolderError};
use crate::people::{self, PeopleError};
use crate::serve::{self, ServeError};

/// How long the runtime waits for blocking work once the server is done.
const RUNTIME_END: Duration = Duration::from_secs(2);

/// Why the deed was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is not usable.
    #[error(transparent)]
    Config(#[from] Problems),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An application or a user is not as asked.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The server did not start or did not stop well.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Something of the operating system failed.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The configuration cannot be shown.
    #[error("the configuration cannot be shown: {0}")]
    Show(#[from] toml::ser::Error),
}

/// Does what the command line says.
///
/// # Errors
/// Why it was not done, for the person at the terminal.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let config = cli.flags.load()?;
    if matches!(cli.deed, Deed::Check) {
        let shown = toml::to_string(&config)?;
        return say(&format!("# The configuration is good. In force:\n{shown}"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(perform(cli.deed, config));
    runtime.shutdown_timeout(RUNTIME_END);
    done
}

async fn perform(deed: Deed, config: Config) -> Result<(), Failure> {
    match deed {
        Deed::Serve { print_json } => Ok(serve::serve(config, print_json).await?),
        Deed::Check => Ok(()),
        Deed::App { deed } => apps(deed, &open(&config)?).await,
        Deed::User { deed } => users(deed, &open(&config)?).await,
    }
}

fn open(config: &Config) -> Result<SqliteStore, Failure> {
    let folder = Folder::prepare(&config.data_dir)?;
    Ok(SqliteStore::open(folder.database())?)
}

async fn apps(deed: AppDeed, store: &dyn Store) -> Result<(), Failure> {
    match deed {
        AppDeed::Create { name, token_required } => {
            let (app_id, api_token) = people::create_app(store, &name, token_required).await?;
            say(&format!("app id:    {app_id}\nAPI token: {api_token}  (shown once)\n"))
        }
        AppDeed::List => {
            let mut text = String::new();
            for app in store.apps().await? {
                text.push_str(&line(&app));
            }
            say(if text.is_empty() { "there is no application\n" } else { &text })
        }
        AppDeed::RotateToken { app_id } => {
            let token = people::rotate_api_token(store, &app_id).await?;
            say(&format!("API token: {token}  (shown once; the old one is void)\n"))
        }
        AppDeed::Set { app_id, glare, callee_candidates } => {
            let glare_answers = glare.map(|glare| glare == Glare::Answer);
            let early = callee_candidates.map(|when| when == CalleeCandidates::Early);
            let app = people::set_call_settings(store, &app_id, glare_answers, early).await?;
            say(&line(&app))
        }
    }
}

/// An application as the list shows it.
fn line(app: &AppRecord) -> String {
    let policy = if app.token_required { "token required" } else { "token optional" };
    let glare = if app.glare_answers { "answer" } else { "two-calls" };
    let candidates = if app.early_candidates { "early" } else { "after-accept" };
    let (app_id, name) = (&app.app_id, &app.name);
    format!("{app_id}  {policy}  glare {glare}  callee candidates {candidates}  {name}\n")
}

async fn users(deed: UserDeed, store: &dyn Store) -> Result<(), Failure> {
    match deed {
        UserDeed::Create { user_id, nickname, app, issue_token } => {
            let app_id = people::which_app(store, app).await?;
            let token = people::create_user(store, app_id, &user_id, nickname, issue_token).await?;
            let token = token.map(|token| format!("access token: {token}  (shown once)\n"));
            say(&format!("user id: {user_id}\n{}", token.unwrap_or_default()))
        }
        UserDeed::Token { user_id, app } => {
            let app_id = people::which_app(store, app).await?;
            let token = people::issue_user_token(store, &app_id, &user_id).await?;
            say(&format!("access token: {token}  (shown once; the old one is void)\n"))
        }
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
