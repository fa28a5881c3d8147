//! Ports that are free just now, below those that the kernel gives to outgoing connections.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use crate::random;

const FIRST: u16 = 15_000;
/// Linux' default for the first port of outgoing connections.
const FIRST_OUTGOING: u16 = 32_768;

/// `N` different ports.
///
/// A client that knocks at the port of a killed server would, by chance, get the same port for itself and talk to itself;
/// and the server that comes back would find its port taken.
pub fn free<const N: usize>() -> [u16; N] {
    let range = range();
    let mut held: Vec<TcpListener> = Vec::new();
    while held.len() < N {
        let draw = u16::from_le_bytes(random::bytes());
        let port = range.start + draw % (range.end - range.start);
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    std::array::from_fn(|at| held[at].local_addr().expect("a bound socket has an address").port())
}

fn range() -> Range<u16> {
    let told = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = told.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(FIRST_OUTGOING);
    // A machine that gives out nearly all ports leaves no room below.
    if first > FIRST + 1_000 { FIRST..first } else { FIRST..FIRST_OUTGOING }
}
