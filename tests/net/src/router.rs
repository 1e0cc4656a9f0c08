//! The router: packets in with a time, packets out when they are due. No socket, no clock.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Instant;

use crate::dice::Dice;
use crate::faults::{Datagrams, Faults, Segments};
use crate::flows::{Flows, refusal};
use crate::packet::{End, Head, Segment, Transport, read};

/// Packets under way at once; beyond it they are lost, as in any router. Ten seconds of delay for
/// two video calls fit.
const MAX_UNDER_WAY: usize = 20_000;

/// A packet that is due at the interface of an address.
#[derive(Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The interface that it leaves by.
    pub to: Ipv4Addr,
    /// The whole packet.
    pub bytes: Vec<u8>,
}

/// Interfaces known by their address, and what is under way between them.
pub struct Router {
    interfaces: BTreeMap<Ipv4Addr, Faults>,
    /// By time, then by order of coming: equal delays keep the order.
    under_way: BTreeMap<(Instant, u64), Parcel>,
    flows: Flows,
    dice: Dice,
    count: u64,
}

impl Router {
    /// A router without interfaces.
    pub fn new(seed: u64) -> Self {
        Self {
            interfaces: BTreeMap::new(),
            under_way: BTreeMap::new(),
            flows: Flows::default(),
            dice: Dice::new(seed),
            count: 0,
        }
    }

    /// Adds an interface, without faults.
    pub fn join(&mut self, address: Ipv4Addr) {
        self.interfaces.insert(address, Faults::default());
    }

    /// Forgets an interface; what is under way to it is lost.
    pub fn leave(&mut self, address: Ipv4Addr) {
        self.interfaces.remove(&address);
        self.under_way.retain(|_, parcel| parcel.to != address);
    }

    /// Sets the faults of an interface; false if there is none with this address.
    pub fn set_faults(&mut self, now: Instant, address: Ipv4Addr, faults: Faults) -> bool {
        let Some(before) = self.interfaces.get_mut(&address) else { return false };
        let is_new = before.tcp != faults.tcp;
        *before = faults;
        match faults.tcp {
            Segments::Reset if is_new => {
                for bytes in self.flows.resets(address) {
                    self.send_own(now, bytes);
                }
            }
            Segments::Stale if is_new => self.flows.forget(address),
            Segments::Pass | Segments::Drop | Segments::Reset | Segments::Stale => {}
        }
        true
    }

    /// Takes a packet that came in by an interface.
    pub fn handle_packet(&mut self, now: Instant, from: Ipv4Addr, bytes: Vec<u8>) {
        let Some(entry) = self.interfaces.get(&from).copied() else { return };
        let Some(head) = read(&bytes) else { return };
        if head.destination.is_multicast() {
            // One segment: names of local candidates are asked for by multicast DNS (RFC 6762).
            let others: Vec<_> = self.interfaces.keys().copied().filter(|to| *to != from).collect();
            for to in others {
                self.pass(now, (entry, to), head, bytes.clone());
            }
        } else {
            self.pass(now, (entry, head.destination), head, bytes);
        }
    }

    /// When the next packet is due.
    pub fn wake_at(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((due, _), _)| *due)
    }

    /// A packet that is due, in order; `None` when there is no more.
    pub fn poll(&mut self, now: Instant) -> Option<Parcel> {
        let entry = self.under_way.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    fn pass(&mut self, now: Instant, way: (Faults, Ipv4Addr), head: Head, bytes: Vec<u8>) {
        let (entry, to) = way;
        let Some(exit) = self.interfaces.get(&to).copied() else { return };
        for faults in [entry, exit] {
            if faults.all == Datagrams::Drop || self.dice.hits(faults.loss_percent) {
                return;
            }
        }
        let passes = match head.transport {
            Transport::Udp => [entry, exit].iter().all(|one| one.udp == Datagrams::Pass),
            Transport::Tcp(segment) => self.passes_tcp(now, [entry, exit], &head, &segment),
            Transport::Other => true,
        };
        if passes {
            self.queue(now + entry.delay() + exit.delay(), Parcel { to, bytes });
        }
    }

    fn passes_tcp(
        &mut self,
        now: Instant,
        way: [Faults; 2],
        head: &Head,
        segment: &Segment,
    ) -> bool {
        let from = End { address: head.source, port: segment.source_port };
        let to = End { address: head.destination, port: segment.destination_port };
        let is = |wanted| way.iter().any(|faults| faults.tcp == wanted);
        if is(Segments::Reset) {
            if let Some(bytes) = refusal(from, to, segment) {
                self.send_own(now, bytes);
            }
            return false;
        }
        if is(Segments::Drop) || (is(Segments::Stale) && !self.flows.knows(from, to, segment)) {
            return false;
        }
        self.flows.note(from, to, segment);
        true
    }

    /// Sends a packet that the router made itself.
    fn send_own(&mut self, now: Instant, bytes: Vec<u8>) {
        let Some(to) = read(&bytes).map(|head| head.destination) else { return };
        let Some(exit) = self.interfaces.get(&to) else { return };
        self.queue(now + exit.delay(), Parcel { to, bytes });
    }

    fn queue(&mut self, due: Instant, parcel: Parcel) {
        if self.under_way.len() >= MAX_UNDER_WAY {
            return;
        }
        self.count += 1;
        self.under_way.insert((due, self.count), parcel);
    }
}

#[cfg(test)]
mod tests;
