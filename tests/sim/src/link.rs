//! A pretended socket: each frame takes its time, and some are lost, doubled or overtaken.

use async_trait::async_trait;
use curlew_gateway::{Frame, Socket};
use curlew_wire::close::CloseCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use crate::dice::Dice;

/// How a network behaves.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// The longest one-way delay, in milliseconds.
    pub delay_ms: u64,
    /// Frames in a hundred after which the connection is cut: they and all later ones are lost.
    pub cut_percent: u64,
    /// Frames in a hundred that arrive twice.
    pub double_percent: u64,
    /// Frames in a hundred that may be overtaken.
    pub overtake_percent: u64,
}

/// One direction of a connection.
struct Way {
    to: UnboundedSender<(Instant, String)>,
    last: Instant,
    dice: Dice,
    weather: Weather,
    cut: Arc<AtomicBool>,
}

impl Way {
    fn send(&mut self, text: String) -> bool {
        if self.cut.load(Ordering::Relaxed) {
            return true;
        }
        if self.dice.chance(self.weather.cut_percent) {
            self.cut.store(true, Ordering::Relaxed);
            return true;
        }
        let delay = Duration::from_millis(self.dice.below(self.weather.delay_ms));
        let arrival = Instant::now() + delay;
        let at = if self.dice.chance(self.weather.overtake_percent) {
            arrival
        } else {
            arrival.max(self.last)
        };
        self.last = self.last.max(at);
        if self.dice.chance(self.weather.double_percent) {
            let _ = self.to.send((at, text.clone()));
        }
        self.to.send((at, text)).is_ok()
    }
}

/// Frames on their way, handed out by time of arrival.
struct Arrivals {
    from: UnboundedReceiver<(Instant, String)>,
    waiting: Vec<(Instant, u64, String)>,
    order: u64,
}

impl Arrivals {
    /// The next frame; `None` when the other end is gone and nothing is on its way.
    async fn next(&mut self) -> Option<String> {
        loop {
            let first = self.waiting.iter().map(|(at, order, _)| (*at, *order)).min();
            let received = match first {
                None => self.from.recv().await,
                Some((at, order)) => tokio::select! {
                    biased;
                    received = self.from.recv(), if !self.from.is_closed() => match received {
                        Some(frame) => Some(frame),
                        None => continue,
                    },
                    () = sleep_until(at) => {
                        let due = self.waiting.iter().position(|(_, o, _)| *o == order)?;
                        return Some(self.waiting.remove(due).2);
                    }
                },
            };
            let (at, text) = received?;
            self.order += 1;
            self.waiting.push((at, self.order, text));
        }
    }
}

/// The server's end.
pub struct ServerEnd {
    out: Way,
    arrivals: Arrivals,
    closed: Arc<Mutex<Option<CloseCode>>>,
}

/// The device's end. Dropping it closes the connection.
pub struct DeviceEnd {
    out: Way,
    arrivals: Arrivals,
    closed: Arc<Mutex<Option<CloseCode>>>,
    cut: Arc<AtomicBool>,
}

/// A connection over a network of that weather.
#[must_use]
pub fn connect(dice: &mut Dice, weather: Weather) -> (DeviceEnd, ServerEnd) {
    let (to_server, at_server) = unbounded_channel();
    let (to_device, at_device) = unbounded_channel();
    let cut = Arc::new(AtomicBool::new(false));
    let closed = Arc::new(Mutex::new(None));
    let mut way =
        |to| Way { to, last: Instant::now(), dice: dice.fork(), weather, cut: Arc::clone(&cut) };
    let arrivals = |from| Arrivals { from, waiting: Vec::new(), order: 0 };
    let server = ServerEnd {
        out: way(to_device),
        arrivals: arrivals(at_server),
        closed: Arc::clone(&closed),
    };
    let out = way(to_server);
    (DeviceEnd { out, arrivals: arrivals(at_device), closed, cut }, server)
}

#[async_trait]
impl Socket for ServerEnd {
    async fn recv(&mut self) -> Option<Frame> {
        self.arrivals.next().await.map(Frame::Text)
    }

    async fn send(&mut self, text: String) -> Result<(), curlew_gateway::SocketGone> {
        if self.out.send(text) { Ok(()) } else { Err(curlew_gateway::SocketGone) }
    }

    async fn close(&mut self, code: CloseCode) {
        *self.closed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(code);
        let (nowhere, _) = unbounded_channel();
        self.out.to = nowhere;
    }
}

impl DeviceEnd {
    /// Sends a frame; false when the server's end is gone.
    pub fn send(&mut self, text: String) -> bool {
        self.out.send(text)
    }

    /// The next frame; `None` when the server closed. Safe to drop while waiting.
    pub async fn recv(&mut self) -> Option<String> {
        self.arrivals.next().await
    }

    /// Whether frames are lost by now, unknown to either end.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// How the server closed, if it did.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        *self.closed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
