//! What the router reads in an IPv4 packet (RFC 791, RFC 9293), and the TCP reset it can write.

use std::net::Ipv4Addr;

const TIME_TO_LIVE: u8 = 64;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const IP_HEADER: usize = 20;
const TCP_HEADER: usize = 20;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// Where a packet comes from and goes, and what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The sender.
    pub source: Ipv4Addr,
    /// The receiver; may be a multicast group.
    pub destination: Ipv4Addr,
    /// The protocol above.
    pub transport: Transport,
}

/// The protocol that an IPv4 packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram or a fragment of one.
    Udp,
    /// A segment with its header whole.
    Tcp(Segment),
    /// ICMP, IGMP and the rest.
    Other,
}

/// The parts of a TCP header that a reset needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The number of the first byte.
    pub sequence: u32,
    /// What the sender expects next from the other; `None` before it knows (ACK not set).
    pub acknowledgment: Option<u32>,
    /// What it takes of the sequence space: its bytes, and one each for SYN and FIN.
    pub length: u32,
    /// It asks for a connection.
    pub is_first: bool,
    /// It ends the connection at once.
    pub is_reset: bool,
}

impl Segment {
    /// The number of the first byte after this segment.
    pub fn next_sequence(&self) -> u32 {
        self.sequence.wrapping_add(self.length)
    }
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// The address.
    pub address: Ipv4Addr,
    /// The port.
    pub port: u16,
}

/// Reads a packet; `None` for what is not whole IPv4.
pub fn read(bytes: &[u8]) -> Option<Head> {
    let first = *bytes.first()?;
    let header = usize::from(first & 0x0F) * 4;
    if first >> 4 != 4 || header < IP_HEADER || bytes.len() < header {
        return None;
    }
    let total = usize::from(word(bytes, 2)?);
    let payload = bytes.get(header..total)?;
    let is_later_fragment = word(bytes, 6)? & 0x1FFF != 0;
    let transport = match bytes[9] {
        PROTOCOL_UDP => Transport::Udp,
        PROTOCOL_TCP if !is_later_fragment => Transport::Tcp(segment(payload)?),
        _ => Transport::Other,
    };
    Some(Head { source: address(bytes, 12)?, destination: address(bytes, 16)?, transport })
}

fn segment(payload: &[u8]) -> Option<Segment> {
    let header = usize::from(*payload.get(12)? >> 4) * 4;
    if header < TCP_HEADER || payload.len() < header {
        return None;
    }
    let flags = payload[13];
    let phantom = u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
    Some(Segment {
        source_port: word(payload, 0)?,
        destination_port: word(payload, 2)?,
        sequence: long(payload, 4)?,
        acknowledgment: if flags & ACK == 0 { None } else { Some(long(payload, 8)?) },
        length: u32::try_from(payload.len() - header).ok()? + phantom,
        is_first: flags & (SYN | ACK) == SYN,
        is_reset: flags & RST != 0,
    })
}

/// A reset from one end to the other. `sequence` must be what the receiver expects next, or it
/// does not believe it (RFC 5961, section 3.2).
pub fn reset(from: End, to: End, sequence: u32, acknowledgment: Option<u32>) -> Vec<u8> {
    let mut tcp = Vec::with_capacity(TCP_HEADER);
    tcp.extend(from.port.to_be_bytes());
    tcp.extend(to.port.to_be_bytes());
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(acknowledgment.unwrap_or(0).to_be_bytes());
    tcp.push(((TCP_HEADER / 4) << 4) as u8);
    tcp.push(if acknowledgment.is_some() { RST | ACK } else { RST });
    tcp.extend([0; 6]);
    let mut pseudo = Vec::with_capacity(12 + TCP_HEADER);
    pseudo.extend(from.address.octets());
    pseudo.extend(to.address.octets());
    pseudo.extend([0, PROTOCOL_TCP, 0, TCP_HEADER as u8]);
    pseudo.extend(&tcp);
    tcp[16..18].copy_from_slice(&checksum(&pseudo).to_be_bytes());

    let total = (IP_HEADER + TCP_HEADER) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, TIME_TO_LIVE, PROTOCOL_TCP, 0, 0]);
    packet.extend(from.address.octets());
    packet.extend(to.address.octets());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(tcp);
    packet
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(long(bytes, at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: End = End { address: Ipv4Addr::new(10, 77, 1, 2), port: 5000 };
    const B: End = End { address: Ipv4Addr::new(10, 77, 0, 1), port: 80 };

    #[test]
    fn a_reset_is_read_back_and_its_checksums_hold() {
        let bytes = reset(A, B, 0xDEAD_BEEF, Some(7));
        assert_eq!(checksum(&bytes[..IP_HEADER]), 0);
        let mut pseudo = Vec::new();
        pseudo.extend(A.address.octets());
        pseudo.extend(B.address.octets());
        pseudo.extend([0, PROTOCOL_TCP, 0, TCP_HEADER as u8]);
        pseudo.extend(&bytes[IP_HEADER..]);
        assert_eq!(checksum(&pseudo), 0);
        let head = read(&bytes).unwrap();
        assert_eq!((head.source, head.destination), (A.address, B.address));
        let Transport::Tcp(segment) = head.transport else { panic!("{head:?}") };
        assert_eq!((segment.source_port, segment.destination_port), (A.port, B.port));
        assert_eq!((segment.sequence, segment.acknowledgment), (0xDEAD_BEEF, Some(7)));
        assert!(segment.is_reset);
        assert_eq!(segment.length, 0);
    }

    #[test]
    fn no_cut_or_flipped_packet_panics() {
        let whole = reset(A, B, 1, None);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "cut at {end}");
        }
        for at in 0..whole.len() {
            for value in 0..=u8::MAX {
                let mut bent = whole.clone();
                bent[at] = value;
                // Whatever it says is fine; a panic is not.
                let _ = read(&bent);
            }
        }
    }
}
