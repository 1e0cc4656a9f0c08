//! A pretended socket: each frame takes its time, and some are lost, doubled or overtaken.

use async_trait::async_trait;
use curlew_gateway::{Frame, Socket, SocketGone};
use curlew_wire::close::CloseCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use crate::dice::Dice;

/// How a network behaves.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// The longest one-way delay, in milliseconds.
    pub delay_ms: u64,
    /// Frames in a thousand after which the connection is cut: they and all later ones are lost.
    pub cut_permille: u64,
    /// Frames in a thousand that are lost alone, as no TCP would.
    pub lose_permille: u64,
    /// Frames in a hundred that arrive twice.
    pub double_percent: u64,
    /// Frames in a hundred that may be overtaken.
    pub overtake_percent: u64,
}

impl Weather {
    /// Nothing goes wrong, and everything takes up to 20 ms.
    pub const CALM: Self = Self {
        delay_ms: 20,
        cut_permille: 0,
        lose_permille: 0,
        double_percent: 0,
        overtake_percent: 0,
    };
}

/// What has befallen a connection, unknown to either end.
#[derive(Debug, Default)]
pub struct Fate(Mutex<Harm>);

#[derive(Debug, Default, Clone, Copy)]
struct Harm {
    cut_at: Option<Instant>,
    lost_at: Option<Instant>,
    disordered: bool,
}

impl Fate {
    /// From here on frames vanish, and not even a close is heard.
    pub fn cut(&self) {
        let mut harm = self.harm();
        harm.cut_at.get_or_insert(Instant::now());
        harm.lost_at.get_or_insert(Instant::now());
    }

    fn lose(&self) {
        self.harm().lost_at.get_or_insert(Instant::now());
    }

    fn disorder(&self) {
        self.harm().disordered = true;
    }

    /// Whether frames vanish.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut_at().is_some()
    }

    /// From when on frames vanish.
    #[must_use]
    pub fn cut_at(&self) -> Option<Instant> {
        self.harm().cut_at
    }

    /// When the first frame was lost.
    #[must_use]
    pub fn lost_at(&self) -> Option<Instant> {
        self.harm().lost_at
    }

    /// Whether every frame has arrived, and none was overtaken.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let harm = self.harm();
        harm.lost_at.is_none() && !harm.disordered
    }

    fn harm(&self) -> MutexGuard<'_, Harm> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One direction of a connection.
struct Way {
    to: UnboundedSender<(Instant, String)>,
    last: Instant,
    dice: Dice,
    weather: Weather,
    fate: Arc<Fate>,
}

impl Way {
    fn send(&mut self, text: String) -> bool {
        if self.fate.is_cut() {
            return true;
        }
        if self.dice.rare(self.weather.cut_permille) {
            self.fate.cut();
            return true;
        }
        if self.dice.rare(self.weather.lose_permille) {
            self.fate.lose();
            return true;
        }
        let delay = Duration::from_millis(self.dice.below(self.weather.delay_ms));
        let arrival = Instant::now() + delay;
        let mut at = arrival.max(self.last);
        if at > arrival && self.dice.chance(self.weather.overtake_percent) {
            self.fate.disorder();
            at = arrival;
        }
        self.last = self.last.max(at);
        if self.dice.chance(self.weather.double_percent) {
            let _ = self.to.send((at, text.clone()));
        }
        self.to.send((at, text)).is_ok()
    }
}

impl Drop for Way {
    /// The end of a cut connection is not heard: the other end finds out by itself.
    fn drop(&mut self) {
        if self.fate.is_cut()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let silent = self.to.clone();
            runtime.spawn(async move { silent.closed().await });
        }
    }
}

/// Frames on their way, handed out by time of arrival.
struct Arrivals {
    from: UnboundedReceiver<(Instant, String)>,
    waiting: Vec<(Instant, u64, String)>,
    order: u64,
}

impl Arrivals {
    const fn new(from: UnboundedReceiver<(Instant, String)>) -> Self {
        Self { from, waiting: Vec::new(), order: 0 }
    }

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
    fate: Arc<Fate>,
}

/// A connection over a network of that weather.
#[must_use]
pub fn connect(dice: &mut Dice, weather: Weather) -> (DeviceEnd, ServerEnd) {
    let (to_server, at_server) = unbounded_channel();
    let (to_device, at_device) = unbounded_channel();
    let fate = Arc::<Fate>::default();
    let closed = Arc::new(Mutex::new(None));
    let mut way =
        |to| Way { to, last: Instant::now(), dice: dice.fork(), weather, fate: Arc::clone(&fate) };
    let out = way(to_device);
    let arrivals = Arrivals::new(at_server);
    let server = ServerEnd { out, arrivals, closed: Arc::clone(&closed) };
    let out = way(to_server);
    let arrivals = Arrivals::new(at_device);
    (DeviceEnd { out, arrivals, closed, fate }, server)
}

#[async_trait]
impl Socket for ServerEnd {
    async fn recv(&mut self) -> Option<Frame> {
        self.arrivals.next().await.map(Frame::Text)
    }

    async fn send(&mut self, text: String) -> Result<(), SocketGone> {
        if self.out.send(text) { Ok(()) } else { Err(SocketGone) }
    }

    async fn close(&mut self, code: CloseCode) {
        if !self.out.fate.is_cut() {
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        }
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

    /// What has befallen the connection.
    #[must_use]
    pub const fn fate(&self) -> &Arc<Fate> {
        &self.fate
    }

    /// How the server closed, if it did.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
