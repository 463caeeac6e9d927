//! The client's address: the socket's peer, or what trusted proxies say in `X-Forwarded-For`.

use crate::Exchange;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use std::convert::Infallible;
use std::net::IpAddr;

/// The address of the client, for rate limits and the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(Exchange::of(parts).client()))
    }
}

/// Walks `X-Forwarded-For` from the right as long as the speaker is a trusted proxy: whatever stands further left was
/// written by the client and is worth nothing.
#[must_use]
pub fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|proxy| proxy.to_canonical() == client) {
            break;
        }
        match hop.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// The key for limits per address: an IPv6 client owns its whole /64.
#[must_use]
pub fn limit_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// A list of networks, `address` or `address/bits`.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// Reads the list. An entry that is none matches nothing (closed, not open).
    #[must_use]
    pub fn parse(entries: &[String]) -> Self {
        Self(entries.iter().filter_map(|entry| Self::entry(entry)).collect())
    }

    fn entry(text: &str) -> Option<(IpAddr, u8)> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim().parse::<IpAddr>().ok()?, None),
        };
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        (bits <= width).then_some((address, bits))
    }

    /// Whether the address is in one of the networks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(peer: &str, forwarded: &[&str], trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let found = resolve(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?} {trusted:?}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("203.0.113.9", &["1.1.1.1"], &[], "203.0.113.9");
        check("203.0.113.9", &["1.1.1.1"], &["10.0.0.1"], "203.0.113.9");
        check("10.0.0.1", &["1.1.1.1"], &["10.0.0.1"], "1.1.1.1");
        // A client that invents a hop: the proxy appended the true one at the right.
        check("10.0.0.1", &["127.0.0.1, 1.1.1.1"], &["10.0.0.1"], "1.1.1.1");
        check("10.0.0.1", &["127.0.0.1", "1.1.1.1"], &["10.0.0.1"], "1.1.1.1");
        check("10.0.0.1", &["1.1.1.1, 10.0.0.2"], &["10.0.0.1", "10.0.0.2"], "1.1.1.1");
        check("10.0.0.1", &["nonsense"], &["10.0.0.1"], "10.0.0.1");
        check("::ffff:10.0.0.1", &["2001:db8::1"], &["10.0.0.1"], "2001:db8::1");
    }

    #[test]
    fn networks_hold_addresses_by_prefix() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "11.0.0.1", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("::1/128", "::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/33", "10.0.0.0", false),
            ("", "10.0.0.0", false),
        ] {
            let networks = Networks::parse(&[network.to_owned()]);
            assert_eq!(networks.contains(address.parse().unwrap()), expected, "{network} {address}");
        }
    }

    #[test]
    fn an_ipv6_client_is_limited_by_its_network() {
        let key = |text: &str| limit_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:aaaa::1"), key("2001:db8:1:2:bbbb::2"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("192.0.2.1"), "192.0.2.1");
    }
}
