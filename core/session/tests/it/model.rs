//! Random life against a model device that must learn everything once, in order, or by snapshot.
//!
//! The truth is a counter; each event carries its value, and a snapshot carries the counter's. The
//! device checks that a value follows the one before, whatever was lost on the way.

use curlew_base::Instant;
use curlew_session::{Attached, CloseReason, Effect, Session, State};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    /// Something happens.
    Push,
    /// Many things happen.
    Burst,
    /// The device takes this many messages from the wire.
    Take(u8),
    /// The device acknowledges all that it handled.
    Ack,
    /// The connection breaks; what is on the wire is lost.
    Break,
    /// The device connects, over an earlier connection if there is one.
    Connect,
    /// The snapshot comes from the host.
    Snapshot,
    /// Time passes.
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Push),
        1 => Just(Step::Burst),
        6 => any::<u8>().prop_map(Step::Take),
        4 => Just(Step::Ack),
        2 => Just(Step::Break),
        3 => Just(Step::Connect),
        3 => Just(Step::Snapshot),
        2 => any::<u16>().prop_map(Step::Wait),
    ]
}

struct World {
    session: Session,
    now: Instant,
    truth: u64,
    wire: std::collections::VecDeque<(u64, String)>,
    /// The last event the device handled, in the numbering of the moment.
    last: Option<u64>,
    /// The truth as the device knows it.
    known: u64,
}

impl World {
    fn new() -> Self {
        let now = Instant::from_unix_ms(1);
        let wire = std::collections::VecDeque::new();
        Self { session: Session::new(now), now, truth: 0, wire, last: None, known: 0 }
    }

    fn push(&mut self) {
        self.truth += 1;
        self.session.push(self.truth.to_string());
    }

    fn take(&mut self) {
        let Some((number, text)) = self.wire.pop_front() else { return };
        let last = self.last.unwrap_or(0);
        assert_eq!(number, last + 1, "a gap, or an event twice");
        self.last = Some(number);
        match text.strip_prefix("all ") {
            // Events that overtook the snapshot repeat what it tells; it is never behind.
            Some(all) => self.known = self.known.max(all.parse().unwrap()),
            None => {
                let value: u64 = text.parse().unwrap();
                assert!(value <= self.known + 1, "the device missed {}", self.known + 1);
                self.known = self.known.max(value);
            }
        }
    }

    fn connect(&mut self) {
        self.wire.clear();
        if self.session.state() == State::Closed {
            self.session = Session::new(self.now);
            self.last = None;
        }
        match self.session.attach(self.now, self.last) {
            Attached::Resumed => assert!(self.last.is_some(), "resumed without a past"),
            Attached::NeedsSnapshot => self.last = None,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Push => self.push(),
            Step::Burst => (0..100).for_each(|_| self.push()),
            Step::Take(count) => (0..*count).for_each(|_| self.take()),
            Step::Ack => {
                if let Some(last) = self.last {
                    self.session.handle_ack(self.now, last);
                }
            }
            Step::Break => {
                self.wire.clear();
                self.session.detach(self.now);
            }
            Step::Connect => self.connect(),
            Step::Snapshot => self.session.handle_snapshot(format!("all {}", self.truth)),
            Step::Wait(ms) => {
                self.now = self.now + curlew_base::Millis(u64::from(*ms));
                self.session.handle_wake(self.now);
            }
        }
        self.perform();
    }

    fn perform(&mut self) {
        while let Some(effect) = self.session.poll() {
            match effect {
                Effect::Send { number, text } => self.wire.push_back((number, text)),
                Effect::Ping => {}
                Effect::Close(CloseReason::Silent | CloseReason::Behind) => self.wire.clear(),
                Effect::Expired => assert_eq!(self.session.state(), State::Closed),
            }
        }
    }
}

proptest! {
    #[test]
    fn a_device_learns_everything_once_in_order_or_by_snapshot(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.step(&Step::Connect);
        world.step(&Step::Snapshot);
        while !world.wire.is_empty() {
            world.take();
        }
        prop_assert_eq!(world.known, world.truth);
    }
}
