//! The machine.

use curlew_base::{Instant, limits};

use crate::buffer::Buffer;

/// Whether a connection serves the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A connection serves it.
    Attached,
    /// No connection serves it; it waits to be resumed.
    Detached,
    /// It is over; nothing revives it.
    Closed,
}

/// What an attach came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The missed events follow.
    Resumed,
    /// Numbering starts anew: give [`Session::handle_snapshot`] the snapshot, which is event 1.
    NeedsSnapshot,
}

/// Why the connection has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// No sign of life.
    Silent,
    /// The device did not acknowledge; its events are dropped and cannot be resumed.
    Behind,
}

/// What the host has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this event.
    Send {
        /// Its number.
        number: u64,
        /// Its payload.
        text: String,
    },
    /// Ask for a sign of life.
    Ping,
    /// Close the connection; the session is detached already.
    Close(CloseReason),
    /// The session is over: forget it.
    Expired,
}

/// What is known of event numbers below the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// Every event after the last acknowledged one is in the buffer.
    Kept,
    /// Event 1 is awaited from the host; later ones are kept, and held back until it is there.
    AwaitsSnapshot,
    /// Events were dropped; only a snapshot tells the truth.
    Lost,
}

/// An effect other than an event, not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    Ping,
    Close(CloseReason),
    Expired,
}

/// One device's session.
#[derive(Debug)]
pub struct Session {
    state: State,
    past: Past,
    due: Due,
    /// The last event the device acknowledged.
    acked: u64,
    /// The last event handed out for the connection of the moment.
    sent: u64,
    /// The events after `acked` (while a snapshot is awaited: those after it).
    buffer: Buffer,
    /// When the device was last heard.
    last_heard: Instant,
    /// When it was asked for a sign of life that it still owes.
    pinged: Option<Instant>,
}

impl Session {
    /// A session that waits for its first connection, which will need a snapshot.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            state: State::Detached,
            past: Past::Lost,
            due: Due::Nothing,
            acked: 0,
            sent: 0,
            buffer: Buffer::default(),
            last_heard: now,
            pinged: None,
        }
    }

    /// Whether a connection serves it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// When the device was last heard.
    #[must_use]
    pub const fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// How many events the device still has to acknowledge.
    #[must_use]
    pub fn unacked(&self) -> usize {
        self.buffer.len()
    }

    /// When [`Session::handle_wake`] has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        match self.state {
            State::Attached => Some(match self.pinged {
                Some(at) => at + limits::HEARTBEAT_TIMEOUT,
                None => self.last_heard + limits::HEARTBEAT_INTERVAL,
            }),
            State::Detached => Some(self.last_heard + limits::LOST_GRACE),
            State::Closed => None,
        }
    }

    /// A connection took the session up, in place of an earlier one if there was one. `last_event`
    /// is the last one the device handled, if it asked to resume this very session.
    pub fn attach(&mut self, now: Instant, last_event: Option<u64>) -> Attached {
        if self.state == State::Closed {
            return Attached::NeedsSnapshot;
        }
        self.state = State::Attached;
        self.due = Due::Nothing;
        self.hear(now);
        match last_event {
            Some(last) if self.past == Past::Kept && self.knows(last) => {
                self.forget_up_to(last);
                self.sent = last;
                self.check();
                Attached::Resumed
            }
            Some(_) | None => {
                self.drop_events(Past::AwaitsSnapshot);
                self.check();
                Attached::NeedsSnapshot
            }
        }
    }

    /// The connection is gone.
    pub fn detach(&mut self, now: Instant) {
        match self.state {
            State::Attached => self.leave(),
            State::Detached | State::Closed => {}
        }
        self.handle_wake(now);
    }

    /// The host ends the session; nothing more comes out of it.
    pub fn end(&mut self) {
        self.state = State::Closed;
        self.due = Due::Nothing;
        self.pinged = None;
        self.drop_events(Past::Lost);
    }

    /// Something came from the device.
    pub fn handle_heard(&mut self, now: Instant) {
        match self.state {
            State::Attached => self.hear(now),
            State::Detached | State::Closed => {}
        }
    }

    /// The device handled all events up to `number`. A number that was never sent is ignored.
    pub fn handle_ack(&mut self, now: Instant, number: u64) {
        self.handle_heard(now);
        if self.state == State::Attached && self.past == Past::Kept && number <= self.sent {
            self.forget_up_to(number);
        }
        self.check();
    }

    /// The snapshot that the attach asked for. Ignored when none is awaited.
    pub fn handle_snapshot(&mut self, text: String) {
        if self.past != Past::AwaitsSnapshot || self.state != State::Attached {
            return;
        }
        match self.buffer.push_front(text) {
            Ok(()) => self.past = Past::Kept,
            Err(_) => self.overflow(),
        }
        self.check();
    }

    /// Something happened that the device has to learn.
    pub fn push(&mut self, text: String) {
        if self.state == State::Closed || self.past == Past::Lost {
            // The snapshot of the next attach tells it.
            return;
        }
        if self.buffer.push_back(text).is_err() {
            self.overflow();
        }
        self.check();
    }

    /// Time passed.
    pub fn handle_wake(&mut self, now: Instant) {
        if self.wake_at().is_none_or(|at| now < at) {
            return;
        }
        match (self.state, self.pinged) {
            (State::Attached, None) => {
                self.pinged = Some(now);
                self.due = Due::Ping;
            }
            (State::Attached, Some(_)) => {
                self.leave();
                self.due = Due::Close(CloseReason::Silent);
            }
            (State::Detached, _) => {
                self.end();
                self.due = Due::Expired;
            }
            (State::Closed, _) => {}
        }
        self.check();
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        match std::mem::replace(&mut self.due, Due::Nothing) {
            Due::Ping => return Some(Effect::Ping),
            Due::Close(reason) => return Some(Effect::Close(reason)),
            Due::Expired => return Some(Effect::Expired),
            Due::Nothing => {}
        }
        if self.state != State::Attached || self.past != Past::Kept {
            return None;
        }
        let index = usize::try_from(self.sent.saturating_sub(self.acked)).ok()?;
        let text = self.buffer.get(index)?.clone();
        self.sent = self.sent.saturating_add(1);
        Some(Effect::Send { number: self.sent, text })
    }

    /// Asserts the invariants in debug builds.
    fn check(&self) {
        debug_assert!(self.acked <= self.sent, "acknowledged before it was sent");
        debug_assert!(self.unacked() <= limits::UNACKED_EVENTS, "too many events kept");
        debug_assert!(
            self.buffer.bytes() <= limits::UNACKED_BYTES || self.unacked() == 1,
            "too many bytes kept"
        );
        debug_assert!(self.past != Past::Lost || self.unacked() == 0, "lost events are kept");
        debug_assert!(self.past != Past::AwaitsSnapshot || self.sent == 0, "sent too early");
        debug_assert!(self.pinged.is_none() || self.state == State::Attached, "pinged nobody");
    }

    fn hear(&mut self, now: Instant) {
        self.last_heard = self.last_heard.max(now);
        self.pinged = None;
        if self.due == Due::Ping {
            self.due = Due::Nothing;
        }
    }

    fn leave(&mut self) {
        self.state = State::Detached;
        self.pinged = None;
        self.due = Due::Nothing;
        if self.past == Past::AwaitsSnapshot {
            self.drop_events(Past::Lost);
        }
    }

    fn overflow(&mut self) {
        let was = self.state;
        self.drop_events(Past::Lost);
        if was == State::Attached {
            self.leave();
            self.due = Due::Close(CloseReason::Behind);
        }
    }

    /// Whether every event after `last` is kept, and `last` was one that the device could have.
    fn knows(&self, last: u64) -> bool {
        let newest = self.acked.saturating_add(self.buffer.len() as u64);
        self.acked <= last && last <= newest
    }

    fn forget_up_to(&mut self, number: u64) {
        let count = number.saturating_sub(self.acked);
        self.buffer.drop_first(usize::try_from(count).unwrap_or(usize::MAX));
        self.acked = self.acked.max(number);
        self.sent = self.sent.max(self.acked);
    }

    fn drop_events(&mut self, past: Past) {
        self.buffer = Buffer::default();
        self.past = past;
        self.acked = 0;
        self.sent = 0;
    }
}
