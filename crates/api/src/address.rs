//! Where a request comes from: the connection, or what a trusted proxy says.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;
use thiserror::Error;

/// The other end of the connection; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// A range of addresses, `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u32,
}

/// Text that is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a range of addresses of the form 10.0.0.0/8")]
pub struct NetworkError;

impl Network {
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = 128 - self.bits;
        let differ = number(address) ^ self.address;
        shift == 128 || differ >> shift == 0
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let own = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(own), |bits| bits.parse::<u32>().map_err(|_| NetworkError))?;
        if bits > own {
            return Err(NetworkError);
        }
        Ok(Self { address: number(address), bits: 128 - own + bits })
    }
}

/// Where the request comes from: the peer, unless that is a trusted proxy; then the last address of `X-Forwarded-For`
/// that is not a trusted proxy itself. What stands before it anybody may have written.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let values = headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or(""));
    let said = values.flat_map(|value| value.split(',')).map(str::trim).collect::<Vec<_>>();
    let mut address = peer;
    for text in said.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Ok(next) = text.parse() else { break };
        address = next;
    }
    address
}

/// What is counted as one sender: an IPv4 address, or the /64 that one IPv6 customer has at least.
pub fn sender(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(_) => number(address),
        IpAddr::V6(_) => number(address) >> 64,
    }
}

/// IPv4 in its mapped form (RFC 4291 section 2.5.5.2).
fn number(address: IpAddr) -> u128 {
    let mapped: Ipv6Addr = match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    mapped.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let trusted: Vec<Network> = ["10.0.0.0/8", "fd00::1"].iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let found = client(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("10.1.1.1", &["198.51.100.7"], "198.51.100.7");
        check("::ffff:10.1.1.1", &["198.51.100.7"], "198.51.100.7");
        check("10.1.1.1", &["203.0.113.9, 198.51.100.7, 10.2.2.2"], "198.51.100.7");
        check("10.1.1.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7");
        check("10.1.1.1", &["203.0.113.9, unknown"], "10.1.1.1");
        check("fd00::1", &["2001:db8::7"], "2001:db8::7");
        check("10.1.1.1", &[], "10.1.1.1");
    }

    #[test]
    fn networks() {
        for bad in ["", "10.0.0.0/33", "x/8", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1") && contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("192.0.2.0/24", "192.0.3.1"));
    }

    #[test]
    fn one_customer_is_one_sender() {
        let of = |text: &str| sender(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
