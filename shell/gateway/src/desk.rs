//! The sessions of all devices, and which connection serves which.

use curlew_base::{DeviceId, Instant, Millis, SessionId, limits};
use curlew_control::DeviceKey;
use curlew_session::{Session, State};
use curlew_wire::close::CloseCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, OwnedMutexGuard};

/// When to look again after an ended session whose connection is on its way out.
const RETRY: Millis = Millis::from_secs(1);
/// No device id sorts before it.
const FIRST_DEVICE: &str = "-";

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Close with this code.
    Close(CloseCode),
    /// Say goodbye first.
    Goodbye {
        /// When to come back.
        retry_after_ms: u64,
    },
}

/// The gateway's end of a connection.
#[derive(Debug, Default)]
pub(crate) struct Line {
    order: Mutex<Option<Order>>,
    /// Wakes the connection for an order or an event.
    pub(crate) wake: Notify,
}

impl Line {
    /// Ends the connection; the first order stands.
    pub(crate) fn order(&self, order: Order) {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(order);
        self.wake.notify_one();
    }

    /// The order, if there is one.
    pub(crate) fn ordered(&self) -> Option<Order> {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an order. It may eat the wake-up of an event, so look for events afterwards.
    pub(crate) async fn until_ordered(&self) -> Order {
        loop {
            if let Some(order) = self.ordered() {
                return order;
            }
            self.wake.notified().await;
        }
    }
}

/// Held by whoever tells control about a device, so that control hears comings and goings in the
/// order in which they happened.
pub(crate) type Turn = Arc<tokio::sync::Mutex<()>>;

/// One device's place.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Known to the device, for a resume.
    pub(crate) id: SessionId,
    /// The machine.
    pub(crate) session: Session,
    /// The connection that serves it, or waits for its turn to.
    pub(crate) line: Option<Arc<Line>>,
    turn: Turn,
}

impl Seat {
    pub(crate) fn is_served_by(&self, line: &Arc<Line>) -> bool {
        self.line.as_ref().is_some_and(|own| Arc::ptr_eq(own, line))
    }
}

/// The user has too many devices.
pub(crate) struct TooMany;

/// All places, in order of application, user and device.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    seats: BTreeMap<DeviceKey, Seat>,
    /// Places without a connection, by the time at which they may be over.
    waiting: BTreeSet<(Instant, DeviceKey)>,
}

impl Desk {
    /// Gives the device's place to a new connection and orders an earlier one off. `id` is for a
    /// place that is not there yet.
    pub(crate) fn claim(
        &mut self,
        now: Instant,
        key: &DeviceKey,
        line: &Arc<Line>,
        id: SessionId,
    ) -> Result<Turn, TooMany> {
        if !self.seats.contains_key(key) && self.devices(key) >= limits::DEVICES_PER_USER {
            return Err(TooMany);
        }
        let seat = self.seats.entry(key.clone()).or_insert_with(|| Seat {
            id,
            session: Session::new(now),
            line: None,
            turn: Turn::default(),
        });
        if let Some(earlier) = seat.line.replace(Arc::clone(line)) {
            earlier.order(Order::Close(CloseCode::Replaced));
        }
        if seat.session.state() == State::Closed {
            seat.session = Session::new(now);
        }
        Ok(Arc::clone(&seat.turn))
    }

    /// The place, if this connection serves it.
    pub(crate) fn served(&mut self, key: &DeviceKey, line: &Arc<Line>) -> Option<&mut Seat> {
        self.seats.get_mut(key).filter(|seat| seat.is_served_by(line))
    }

    pub(crate) fn seat(&mut self, key: &DeviceKey) -> Option<&mut Seat> {
        self.seats.get_mut(key)
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.seats.len()
    }

    /// Every connection that has a place.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.seats.values().filter_map(|seat| seat.line.as_ref())
    }

    /// The connection leaves its place, which waits for the device to come back. Gives when the
    /// device was last heard, or `None` if the place is not this connection's any more.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        key: &DeviceKey,
        line: &Arc<Line>,
    ) -> Option<Instant> {
        let seat = self.served(key, line)?;
        seat.line = None;
        seat.session.detach(now);
        let at = seat.session.wake_at().unwrap_or(now);
        let last_heard = seat.session.last_heard();
        self.waiting.insert((at, key.clone()));
        Some(last_heard)
    }

    /// Ends the device's session and gives the connection to order off.
    pub(crate) fn end(&mut self, now: Instant, key: &DeviceKey) -> Option<Arc<Line>> {
        let seat = self.seats.get_mut(key)?;
        seat.session.end();
        self.waiting.insert((now, key.clone()));
        seat.line.take()
    }

    /// Lets time pass for the places without a connection; gives those whose session is over,
    /// with their turns.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(DeviceKey, OwnedMutexGuard<()>)> {
        let mut over = Vec::new();
        while self.waiting.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.waiting.pop_first() else { break };
            let Some(seat) = self.seats.get_mut(&key).filter(|seat| seat.line.is_none()) else {
                continue;
            };
            seat.session.handle_wake(now);
            if seat.session.state() != State::Closed {
                // It was resumed and left again meanwhile, and waits under a later time.
                continue;
            }
            match Arc::clone(&seat.turn).try_lock_owned() {
                Ok(turn) => over.push((key, turn)),
                // An earlier connection is still on its way out.
                Err(_) => drop(self.waiting.insert((now + RETRY, key))),
            }
        }
        over
    }

    /// When [`Desk::expire`] has something to do.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// Removes a place whose session is over, unless a connection has taken it.
    pub(crate) fn remove_closed(&mut self, key: &DeviceKey) {
        let closed = |seat: &Seat| seat.line.is_none() && seat.session.state() == State::Closed;
        if self.seats.get(key).is_some_and(closed) {
            self.seats.remove(key);
        }
    }

    fn devices(&self, key: &DeviceKey) -> usize {
        let same = |k: &&DeviceKey| k.app == key.app && k.user == key.user;
        let Ok(first) = DeviceId::new(FIRST_DEVICE) else { return 0 };
        let from = DeviceKey { device: first, ..key.clone() };
        self.seats.range(from..).map(|(k, _)| k).take_while(same).count()
    }
}
