//! The TCP connections that pass the router, known well enough to reset them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::packet::{End, Segment, reset};

/// More connections than any test has; the first ones are forgotten beyond it.
const MAX_FLOWS: usize = 4_096;

/// What one end last said.
#[derive(Debug, Clone, Copy)]
struct Said {
    next_sequence: u32,
    acknowledgment: Option<u32>,
}

/// One direction of each connection, by sender and receiver.
#[derive(Default)]
pub struct Flows(BTreeMap<(End, End), Said>);

impl Flows {
    /// Notes a segment that passes.
    pub fn note(&mut self, from: End, to: End, segment: &Segment) {
        if segment.is_reset {
            self.0.remove(&(from, to));
            self.0.remove(&(to, from));
            return;
        }
        if self.0.len() >= MAX_FLOWS && !self.0.contains_key(&(from, to)) {
            self.0.pop_first();
        }
        let said =
            Said { next_sequence: segment.next_sequence(), acknowledgment: segment.acknowledgment };
        self.0.insert((from, to), said);
    }

    /// Whether a segment begins a connection or belongs to one that passed.
    pub fn knows(&self, from: End, to: End, segment: &Segment) -> bool {
        segment.is_first || self.0.contains_key(&(from, to)) || self.0.contains_key(&(to, from))
    }

    /// Forgets every connection of an address.
    pub fn forget(&mut self, address: Ipv4Addr) {
        self.0.retain(|(from, to), _| from.address != address && to.address != address);
    }

    /// Resets for both ends of every connection of an address; they are forgotten.
    pub fn resets(&mut self, address: Ipv4Addr) -> Vec<Vec<u8>> {
        let touches = |from: End, to: End| from.address == address || to.address == address;
        let known: Vec<_> = self.0.iter().map(|(key, said)| (*key, *said)).collect();
        self.forget(address);
        let cut = known.into_iter().filter(|((from, to), _)| touches(*from, *to));
        let to_speaker = cut.filter_map(|((from, to), said)| {
            // What the speaker acknowledged last is what it expects next.
            Some(reset(to, from, said.acknowledgment?, Some(said.next_sequence)))
        });
        to_speaker.collect()
    }
}

/// The answer to a segment for a connection that is refused (RFC 9293, section 3.10.7.1).
pub fn refusal(from: End, to: End, segment: &Segment) -> Option<Vec<u8>> {
    if segment.is_reset {
        return None;
    }
    Some(match segment.acknowledgment {
        Some(expected) => reset(to, from, expected, None),
        None => reset(to, from, 0, Some(segment.next_sequence())),
    })
}
