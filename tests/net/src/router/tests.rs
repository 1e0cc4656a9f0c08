//! The router in pretended time: what is delayed, lost, cut and refused.

use std::time::Duration;

use super::*;
use crate::packet::reset;

const A: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 2);
const B: Ipv4Addr = Ipv4Addr::new(10, 77, 2, 2);
const C: Ipv4Addr = Ipv4Addr::new(10, 77, 3, 2);
const SEED: u64 = 5;

/// The smallest UDP packet between two addresses.
fn datagram(from: Ipv4Addr, to: Ipv4Addr, mark: u8) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0];
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend([0, 1, 0, 2, 0, 9, 0, 0, mark]);
    bytes
}

/// A TCP segment of no bytes with ACK, made from a reset by clearing its flag.
fn segment(from: End, to: End, sequence: u32, acknowledgment: u32) -> Vec<u8> {
    let mut bytes = reset(from, to, sequence, Some(acknowledgment));
    bytes[33] = 0x10;
    bytes
}

fn router() -> (Router, Instant) {
    let mut router = Router::new(SEED);
    for address in [A, B, C] {
        router.join(address);
    }
    (router, Instant::now())
}

fn all_due(router: &mut Router, now: Instant) -> Vec<Parcel> {
    std::iter::from_fn(|| router.poll(now)).collect()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn both_interfaces_delay_and_the_order_stays() {
    let (mut router, start) = router();
    for address in [A, B] {
        let faults = Faults { delay_ms: 25, ..Faults::default() };
        assert!(router.set_faults(start, address, faults));
    }
    for mark in 0..3 {
        router.handle_packet(start, A, datagram(A, B, mark));
    }
    assert_eq!(router.wake_at(), Some(start + ms(50)));
    assert_eq!(router.poll(start + ms(49)), None);
    let due = all_due(&mut router, start + ms(50));
    let marks: Vec<_> = due.iter().map(|parcel| parcel.bytes[28]).collect();
    assert_eq!(marks, [0, 1, 2]);
    assert!(due.iter().all(|parcel| parcel.to == B));
    router.handle_packet(start, A, datagram(A, C, 9));
    assert_eq!(router.wake_at(), Some(start + ms(25)), "the other way has its own delay");
}

#[test]
fn datagrams_vanish_in_both_directions_while_segments_pass() {
    let (mut router, now) = router();
    router.set_faults(now, A, Faults { udp: Datagrams::Drop, ..Faults::default() });
    router.handle_packet(now, A, datagram(A, B, 0));
    router.handle_packet(now, B, datagram(B, A, 0));
    router.handle_packet(now, B, datagram(B, C, 7));
    let ends = [End { address: A, port: 1 }, End { address: B, port: 2 }];
    router.handle_packet(now, A, segment(ends[0], ends[1], 1, 1));
    let kinds: Vec<_> = all_due(&mut router, now).iter().map(|parcel| parcel.bytes[9]).collect();
    assert_eq!(kinds, [17, 6]);
    router.set_faults(now, A, Faults { all: Datagrams::Drop, ..Faults::default() });
    router.handle_packet(now, A, segment(ends[0], ends[1], 1, 1));
    assert_eq!(all_due(&mut router, now), []);
}

#[test]
fn a_cut_resets_both_ends_with_the_numbers_they_expect() {
    let (mut router, now) = router();
    let (a, b) = (End { address: A, port: 4000 }, End { address: B, port: 80 });
    router.handle_packet(now, A, segment(a, b, 100, 900));
    router.handle_packet(now, B, segment(b, a, 900, 100));
    all_due(&mut router, now);
    router.set_faults(now, A, Faults { tcp: Segments::Reset, ..Faults::default() });
    let mut told: Vec<_> = all_due(&mut router, now)
        .iter()
        .map(|parcel| match read(&parcel.bytes).unwrap().transport {
            Transport::Tcp(segment) => (parcel.to, segment.sequence, segment.is_reset),
            other => panic!("{other:?}"),
        })
        .collect();
    told.sort();
    assert_eq!(told, [(A, 900, true), (B, 100, true)]);

    // What is still said is refused, but a reset is not answered by a reset.
    router.handle_packet(now, A, segment(a, b, 100, 900));
    let refused = all_due(&mut router, now);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].to, A);
    router.handle_packet(now, A, refused[0].bytes.clone());
    assert_eq!(all_due(&mut router, now), []);
}

#[test]
fn a_stale_connection_vanishes_and_a_new_one_passes() {
    let (mut router, now) = router();
    let (a, b) = (End { address: A, port: 4000 }, End { address: B, port: 80 });
    router.handle_packet(now, A, segment(a, b, 100, 900));
    assert_eq!(all_due(&mut router, now).len(), 1);
    let stale = Faults { tcp: Segments::Stale, ..Faults::default() };
    router.set_faults(now, A, stale);
    router.handle_packet(now, A, segment(a, b, 100, 900));
    router.handle_packet(now, B, segment(b, a, 900, 100));
    assert_eq!(all_due(&mut router, now), []);

    let a = End { port: 4001, ..a };
    let mut first = segment(a, b, 1, 0);
    first[33] = 0x02;
    router.handle_packet(now, A, first);
    router.handle_packet(now, B, segment(b, a, 1, 2));
    router.set_faults(now, A, stale);
    router.handle_packet(now, A, segment(a, b, 2, 2));
    assert_eq!(all_due(&mut router, now).len(), 3, "the same order twice is one order");
}

#[test]
fn losses_are_near_what_was_asked_and_repeat_by_seed() {
    let arrived = || {
        let (mut router, now) = router();
        router.set_faults(now, A, Faults { loss_percent: 10.0, ..Faults::default() });
        for _ in 0..2_000 {
            router.handle_packet(now, A, datagram(A, B, 0));
        }
        all_due(&mut router, now).len()
    };
    assert!((1_740..1_860).contains(&arrived()), "{} of 2000 with seed {SEED}", arrived());
    assert_eq!(arrived(), arrived());
}

#[test]
fn multicast_reaches_all_others_and_strangers_reach_nobody() {
    let (mut router, now) = router();
    router.handle_packet(now, A, datagram(A, Ipv4Addr::new(224, 0, 0, 251), 0));
    let to: Vec<_> = all_due(&mut router, now).into_iter().map(|parcel| parcel.to).collect();
    assert_eq!(to, [B, C]);
    router.handle_packet(now, A, datagram(A, Ipv4Addr::new(8, 8, 8, 8), 0));
    router.handle_packet(now, Ipv4Addr::LOCALHOST, datagram(A, B, 0));
    router.handle_packet(now, A, vec![0x60; 40]);
    assert_eq!(all_due(&mut router, now), []);
}

#[test]
fn beyond_the_limit_packets_are_lost() {
    let (mut router, now) = router();
    router.set_faults(now, A, Faults { delay_ms: 1, ..Faults::default() });
    for _ in 0..MAX_UNDER_WAY + 5 {
        router.handle_packet(now, A, datagram(A, B, 0));
    }
    assert_eq!(all_due(&mut router, now + ms(1)).len(), MAX_UNDER_WAY);
    router.handle_packet(now, A, datagram(A, B, 0));
    router.leave(B);
    assert_eq!(router.wake_at(), None);
}
