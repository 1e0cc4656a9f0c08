//! Starts the server, says where to go next, and stops it: softly, then hard.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use curlew_store::sqlite::{SqliteOptions, SqliteStore};
use curlew_store::{Store, StoreError};
use curlew_telemetry::{LogError, LogFormat, MetricsError, MetricsPage};
use tokio::signal;

use crate::accept::PatientAcceptor;
use crate::config::{Config, Format, TlsMode};
use crate::folder::{Folder, FolderError};
use crate::people::{self, PeopleError};
use crate::tls::{self, TlsError};
use crate::wiring::{self, App};

/// Why the server did not start, or did not stop softly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The logs could not be started.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The metrics could not be started.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first application could not be made.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The port cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}; set `listen` to a free address and port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The listener or a signal failed.
    #[error("the server failed: {0}")]
    System(#[from] std::io::Error),
    /// The soft stop took too long, or a second signal came.
    #[error("stopped hard: {0}; what was confirmed to clients is saved")]
    Hard(&'static str),
}

/// Runs the server until a signal stops it.
///
/// # Errors
/// Why it did not start, or did not stop softly.
pub async fn serve(config: Config, print_json: bool) -> Result<(), ServeError> {
    let format = match config.log.format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    };
    curlew_telemetry::start(&config.log.level, format)?;
    let metrics = if config.metrics { Some(MetricsPage::start()?) } else { None };
    let folder = Folder::prepare(&config.data_dir)?;
    let options = SqliteOptions { group_commits: config.group_commits };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(folder.database(), options)?);
    let (app_id, api_token) = people::first_app(store.as_ref()).await?;
    let tls = tls::listener(&config.tls, &folder).await?;
    let app = wiring::app(store, app_id.clone(), metrics).await?;

    let address = config.listen;
    let failed = |cause| ServeError::Listen { address, cause };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let news = News { url: url(bound, config.tls.mode), app_id, api_token };
    // Before anybody is told that we listen: a signal straight after that must stop us softly.
    let signals = Signals::listen()?;
    announce(&news, &config, &folder, print_json)?;
    tracing::info!(address = %bound, "listening");
    until_stopped(app, listener, tls, signals, config.stop_timeout()).await
}

/// Serves, and on a signal stops: accept nobody, tell clients to come back, finish commits.
async fn until_stopped(
    app: App,
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    mut signals: Signals,
    limit: std::time::Duration,
) -> Result<(), ServeError> {
    let handle = Handle::new();
    let service = app.router.clone().into_make_service();
    let server = axum_server::from_tcp(listener)?.handle(handle.clone());
    let mut serving = match tls {
        None => tokio::spawn(server.acceptor(PatientAcceptor).serve(service)),
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls).acceptor(PatientAcceptor);
            tokio::spawn(server.acceptor(acceptor).serve(service))
        }
    };
    tokio::select! {
        name = signals.next() => tracing::info!(signal = name, "stopping softly"),
        ended = &mut serving => {
            ended.map_err(std::io::Error::other)??;
            return Err(std::io::Error::other("the listener ended by itself").into());
        }
    }
    // Its own limit would race with ours, which also covers the commits.
    handle.graceful_shutdown(None);
    let soft = async {
        app.say_goodbye().await;
        (&mut serving).await.map_err(std::io::Error::other)??;
        Ok::<(), ServeError>(app.finish().await?)
    };
    tokio::select! {
        done = tokio::time::timeout(limit, soft) => match done {
            Ok(done) => done?,
            Err(_) => return Err(ServeError::Hard("the soft stop took too long")),
        },
        _ = signals.next() => return Err(ServeError::Hard("a second signal came")),
    }
    tracing::info!("stopped");
    Ok(())
}

/// The signals that ask for a stop.
struct Signals {
    #[cfg(unix)]
    terminate: signal::unix::Signal,
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
}

impl Signals {
    /// From here on no such signal kills the process; `signal::ctrl_c` would only see to that
    /// once it is awaited.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal::unix::signal(signal::unix::SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal::unix::signal(signal::unix::SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        // An error means that no Ctrl-C can ever come; then the process is stopped from outside.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

/// What a person or a script needs to go on.
struct News {
    url: String,
    app_id: String,
    api_token: Option<String>,
}

/// Where a browser on this machine finds the server.
fn url(bound: SocketAddr, mode: TlsMode) -> String {
    let scheme = if mode == TlsMode::Off { "http" } else { "https" };
    // "localhost" is a secure context for browsers, but `localhost` may mean ::1; an unspecified
    // address is reached by the loopback address of its family.
    let mut address = bound;
    if address.ip().is_unspecified() {
        address.set_ip(match bound {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}")
}

fn announce(
    news: &News,
    config: &Config,
    folder: &Folder,
    print_json: bool,
) -> std::io::Result<()> {
    let lines = lines(news, config, folder);
    if !print_json {
        let mut out = std::io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        return out.flush();
    }
    eprint!("{lines}");
    let line = serde_json::json!({
        "url": news.url, "appId": news.app_id, "apiToken": news.api_token,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn lines(news: &News, config: &Config, folder: &Folder) -> String {
    let token = match &news.api_token {
        Some(token) => format!("{token}  (shown once; `curlew app rotate-token` gives a new one)"),
        None => "was shown at the first start (`curlew app rotate-token` gives a new one)".into(),
    };
    let mut text = format!(
        "Curlew is listening.\n\
         Open in two browser tabs:  {}\n\
         app id:     {}\n\
         API token:  {token}\n\
         Data:       {}\n\
         Operator:   secret in {}\n",
        news.url,
        news.app_id,
        folder.path().display(),
        folder.operator_secret().display(),
    );
    if config.tls.mode == TlsMode::Off && !config.listen.ip().is_loopback() {
        text.push_str(
            "Note: other machines need https for camera and microphone; add `--tls self-signed`.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_one_that_a_browser_here_can_open() {
        let at = |text: &str, mode| url(text.parse().unwrap(), mode);
        assert_eq!(at("127.0.0.1:7450", TlsMode::Off), "http://127.0.0.1:7450");
        assert_eq!(at("0.0.0.0:1", TlsMode::SelfSigned), "https://127.0.0.1:1");
        assert_eq!(at("[::]:1", TlsMode::Files), "https://[::1]:1");
    }
}
