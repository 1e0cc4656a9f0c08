//! The handle: what it is made of, its route, its start and its stop.

use axum::Router;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use curlew_base::Instant;
use curlew_control::{Control, Deliver, DeviceKey};
use curlew_wire::close::CloseCode;
use curlew_wire::server::EventBody;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

use crate::axum_socket::{AxumSocket, bounded};
use crate::desk::{Desk, Order};

/// Serves the connections of all devices of this node.
pub struct Gateway {
    pub(crate) control: Arc<Control>,
    desk: Mutex<Desk>,
    /// Wakes `run` when a session lost its connection.
    pub(crate) sooner: Notify,
    /// Set once the server is about to stop.
    pub(crate) goodbye: watch::Sender<Option<u64>>,
    /// How many connections there are, those before their `hello` included.
    pub(crate) open: watch::Sender<usize>,
}

impl Gateway {
    /// One of several gateways: a bus carries the events of all controls to it.
    #[must_use]
    pub fn behind_bus(control: Arc<Control>) -> Arc<Self> {
        Arc::new(Self {
            control,
            desk: Mutex::new(Desk::default()),
            sooner: Notify::new(),
            goodbye: watch::Sender::new(None),
            open: watch::Sender::new(0),
        })
    }

    /// The only gateway: it carries this control's events to devices.
    #[must_use]
    pub fn new(control: Arc<Control>) -> Arc<Self> {
        let gateway = Self::behind_bus(control);
        let deliver: Arc<dyn Deliver> = Arc::<Self>::clone(&gateway);
        gateway.control.set_deliver(&deliver);
        gateway
    }

    /// The route of the WebSocket.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/v1/socket", get(upgrade)).with_state(Arc::clone(self))
    }

    /// Ends the sessions whose devices stay away. Never returns.
    pub async fn run(&self) {
        loop {
            let over = self.desk().expire(self.now());
            for (key, turn) in over {
                self.control.gone(&key).await;
                self.desk().remove_closed(&key);
                drop(turn);
            }
            let next = self.desk().wake_at();
            match next {
                Some(at) => {
                    let wait = at.since(self.now()).duration();
                    tokio::select! {
                        biased;
                        () = self.sooner.notified() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                None => self.sooner.notified().await,
            }
        }
    }

    /// Tells every device to come back later, and closes. Those that connect from here on hear the
    /// same.
    pub fn say_goodbye(&self, retry_after_ms: u64) {
        self.goodbye.send_replace(Some(retry_after_ms));
        for line in self.desk().lines() {
            line.order(Order::Goodbye { retry_after_ms });
        }
    }

    /// Waits until no connection is left.
    pub async fn closed(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(self.open.subscribe().wait_for(|open| *open == 0).await);
    }

    /// How many sessions there are, those whose device is away included.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.desk().len()
    }

    pub(crate) fn now(&self) -> Instant {
        self.control.clock().now()
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        // A panic while it was held has cost one device; the maps are whole after every statement.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for Gateway {
    fn deliver(&self, to: &DeviceKey, event: EventBody) {
        let text = match serde_json::to_string(&event) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "an event could not be written");
                return;
            }
        };
        let mut desk = self.desk();
        let Some(seat) = desk.seat(to) else { return };
        seat.session.push(text);
        if let Some(line) = &seat.line {
            line.wake.notify_one();
        }
    }

    fn close(&self, to: &DeviceKey, code: CloseCode) {
        let line = self.desk().end(self.now(), to);
        if let Some(line) = line {
            line.order(Order::Close(code));
        }
        self.sooner.notify_one();
    }
}

async fn upgrade(State(gateway): State<Arc<Gateway>>, ws: WebSocketUpgrade) -> Response {
    bounded(ws).on_upgrade(async move |socket| gateway.serve(AxumSocket(socket)).await)
}
