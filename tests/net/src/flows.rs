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

    /// Resets for both ends of every connection of an address; they are forgotten.
    pub fn resets(&mut self, address: Ipv4Addr) -> Vec<Vec<u8>> {
        let touches = |(from, to): &(End, End)| from.address == address || to.address == address;
        let cut: Vec<_> = self.0.keys().copied().filter(touches).collect();
        let known: Vec<_> =
            cut.iter().filter_map(|key| Some((*key, self.0.remove(key)?))).collect();
        let to_speaker = known.into_iter().filter_map(|((from, to), said)| {
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
