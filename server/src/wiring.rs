//! Puts the parts together, from the store at the bottom to the routes at the top.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use curlew_api::ApiState;
use curlew_control::Control;
use curlew_gateway::Gateway;
use curlew_store::{Store, StoreError};
use curlew_telemetry::MetricsPage;
use tokio::task::JoinSet;

use crate::chance::{RandomIds, SystemClock};
use crate::pages;

/// The running parts. Dropping it ends its tasks.
pub struct App {
    /// Every route.
    pub router: Router,
    store: Arc<dyn Store>,
    gateway: Arc<Gateway>,
    tasks: JoinSet<()>,
}

/// When clients that were told goodbye should try again: long enough for a restart to begin, and
/// short enough to be back before a lost device counts as gone.
const RETRY_AFTER_MS: u64 = 1_000;

/// Wires everything over this store and takes up the calls that were alive when the last process
/// ended. `first_app` is the application that the page speaks for.
///
/// # Errors
/// If the live calls cannot be read.
pub async fn app(
    store: Arc<dyn Store>,
    first_app: String,
    metrics: Option<MetricsPage>,
) -> Result<App, StoreError> {
    let clock = Arc::new(SystemClock::start());
    let control = Control::new(Arc::clone(&store), clock, Arc::new(RandomIds));
    let gateway = Gateway::new(Arc::clone(&control));
    control.recover().await?;

    let mut tasks = JoinSet::new();
    let (deadlines, expiry) = (Arc::clone(&control), Arc::clone(&gateway));
    tasks.spawn(async move { deadlines.run_deadlines().await });
    tasks.spawn(async move { expiry.run().await });

    let router = Router::new()
        .merge(health(Arc::clone(&store)))
        .merge(metrics.map(metrics_page).unwrap_or_default())
        .merge(gateway.router())
        .merge(curlew_api::router(ApiState::new(control)))
        .merge(pages::router(first_app));
    Ok(App { router, store, gateway, tasks })
}

impl App {
    /// Tells every client to come back, and waits until its connection is closed.
    pub async fn say_goodbye(&self) {
        self.gateway.say_goodbye(RETRY_AFTER_MS);
        self.gateway.closed().await;
    }

    /// Ends the tasks and waits until every write that was begun is on disk.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.tasks.shutdown().await;
        self.store.ping().await
    }
}

/// `/healthz`: the process lives. `/readyz`: it can also serve.
fn health(store: Arc<dyn Store>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(store)
}

async fn ready(State(store): State<Arc<dyn Store>>) -> Response {
    match store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

fn metrics_page(page: MetricsPage) -> Router {
    let text = "text/plain; version=0.0.4; charset=utf-8";
    Router::new().route("/metrics", get(async move || ([(CONTENT_TYPE, text)], page.text())))
}
