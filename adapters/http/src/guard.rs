//! What may be reached (OWASP SSRF prevention; ASVS 1.3.6, 15.3.2): by https, on the usual ports, at public addresses that
//! are not our own. What the operator has allowed by name or address may be anything.
//!
//! A name is judged by the addresses it has, all of them: one that is not public refuses the name. The caller connects to
//! the addresses that were judged, so that a second look-up can't change the answer.

use kernel_core::outgoing::Failure;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// The longest address that is taken.
const LONGEST: usize = 4_000;
/// Ports of servers that are not allowed by name.
const PORTS: [u16; 2] = [443, 80];

/// One entry of `security.outgoing_allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Host(String, Option<u16>),
    Network(IpAddr, u8, Option<u16>),
}

/// The judge. Cheap enough to keep one for the process.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<Allowed>,
    own: Vec<String>,
}

/// An address in its parts.
#[derive(Clone, Debug)]
pub struct Target {
    /// As parsed, without its fragment.
    pub url: Url,
    /// The host without the dot of the root.
    pub host: Host<String>,
    /// The port.
    pub port: u16,
}

impl Target {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The value of `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether both are the same server to a browser (RFC 6454).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

impl Guard {
    /// `allowed` as in the settings; `own`: the domains below which this system itself lives.
    ///
    /// # Errors
    /// The entry that can't be used.
    pub fn new(allowed: &[String], own: &[&str]) -> Result<Self, String> {
        let allowed = allowed
            .iter()
            .map(|entry| parse(entry).ok_or_else(|| entry.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self { allowed, own: own.iter().map(|domain| domain.to_ascii_lowercase()).collect() })
    }

    /// Takes an address apart.
    ///
    /// # Errors
    /// `Refused`: it is none, or its kind is never asked.
    pub fn target(&self, text: &str) -> Result<Target, Failure> {
        let refused = |why: &str| Failure::Refused(why.to_owned());
        if text.len() > LONGEST {
            return Err(refused("the address is too long"));
        }
        if text.chars().any(|character| character.is_control() || character == ' ' || character == '\\') {
            return Err(refused("the address has characters that an address can't have"));
        }
        let mut url = Url::parse(text).map_err(|_| refused("this is no web address"))?;
        // The parser reads `https:example.com` and `https:///example.com` as well: others might read them otherwise.
        let written = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
        if !matches!(url.scheme(), "http" | "https") || !written {
            return Err(refused("the address must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the address must not have a user name or password"));
        }
        url.set_fragment(None);
        let host = match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                if name.is_empty() {
                    return Err(refused("the address has no host"));
                }
                Host::Domain(name.to_owned())
            }
            Some(Host::Ipv4(address)) => Host::Ipv4(address),
            Some(Host::Ipv6(address)) => Host::Ipv6(address),
            None => return Err(refused("the address has no host")),
        };
        let port = url.port_or_known_default().ok_or_else(|| refused("the address has no port"))?;
        Ok(Target { url, host, port })
    }

    /// Whether a target with these addresses may be asked; gives where to connect to.
    ///
    /// # Errors
    /// `Refused` with the reason.
    pub fn judge(&self, target: &Target, addresses: &[IpAddr]) -> Result<Vec<SocketAddr>, Failure> {
        let refused = |why: &str| Err(Failure::Refused(why.to_owned()));
        let places = || addresses.iter().map(|address| SocketAddr::new(*address, target.port)).collect();
        if self.allows_host(target)
            || (!addresses.is_empty()
                && addresses.iter().all(|address| self.allows_address(*address, target.port)))
        {
            return Ok(places());
        }
        if let Host::Domain(name) = &target.host {
            let below = |domain: &String| name == domain || name.ends_with(&format!(".{domain}"));
            if self.own.iter().any(below) {
                return refused("the address is one of this system");
            }
        }
        if !target.secure() {
            return refused("the address must begin with https://");
        }
        if !PORTS.contains(&target.port) {
            return refused("the port of the address is not one of the web");
        }
        if addresses.iter().any(|address| !is_public(*address)) {
            return refused("the address is not on the public internet");
        }
        Ok(places())
    }

    fn allows_host(&self, target: &Target) -> bool {
        let Host::Domain(name) = &target.host else { return false };
        self.allowed.iter().any(|entry| {
            matches!(entry, Allowed::Host(host, port)
                if host == name && port.is_none_or(|port| port == target.port))
        })
    }

    fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        self.allowed.iter().any(|entry| match entry {
            Allowed::Network(network, bits, only) => {
                within(address, *network, *bits) && only.is_none_or(|only| only == port)
            }
            Allowed::Host(..) => false,
        })
    }
}

fn parse(entry: &str) -> Option<Allowed> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(Allowed::Network(address, if address.is_ipv4() { 32 } else { 128 }, None));
    }
    if let Ok(place) = entry.parse::<SocketAddr>() {
        let bits = if place.is_ipv4() { 32 } else { 128 };
        return Some(Allowed::Network(place.ip(), bits, Some(place.port())));
    }
    if let Some((network, bits)) = entry.split_once('/') {
        let (network, bits) = (network.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        let most = if network.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Allowed::Network(network, bits, None));
    }
    let (host, port) = match entry.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    match Host::parse(host).ok()? {
        Host::Domain(name)
            if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) =>
        {
            Some(Allowed::Host(name.trim_end_matches('.').to_owned(), port))
        }
        _ => None,
    }
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (left, right, width) = match (address, network) {
        (IpAddr::V4(left), IpAddr::V4(right)) => {
            (u128::from(left.to_bits()), u128::from(right.to_bits()), 32)
        }
        (IpAddr::V6(left), IpAddr::V6(right)) => (left.to_bits(), right.to_bits(), 128),
        _ => return false,
    };
    let rest = u32::from(width - bits.min(width));
    left.checked_shr(rest).unwrap_or(0) == right.checked_shr(rest).unwrap_or(0)
}

/// Whether an address belongs to somebody on the internet (IANA special-purpose registries, RFC 6890 and successors).
/// Addresses that carry another one inside are refused as a whole: where they lead is decided by somebody else's gateway.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => public_v6(address),
    }
}

fn public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: &[([u8; 4], u8)] = &[
        ([0, 0, 0, 0], 8),       // this network
        ([10, 0, 0, 0], 8),      // private
        ([100, 64, 0, 0], 10),   // carriers' NAT
        ([127, 0, 0, 0], 8),     // this machine
        ([169, 254, 0, 0], 16),  // link-local, and the metadata of clouds
        ([172, 16, 0, 0], 12),   // private
        ([192, 0, 0, 0], 24),    // protocols
        ([192, 0, 2, 0], 24),    // documentation
        ([192, 31, 196, 0], 24), // AS112
        ([192, 52, 193, 0], 24), // AMT
        ([192, 88, 99, 0], 24),  // 6to4 relays
        ([192, 168, 0, 0], 16),  // private
        ([192, 175, 48, 0], 24), // AS112
        ([198, 18, 0, 0], 15),   // benchmarks
        ([198, 51, 100, 0], 24), // documentation
        ([203, 0, 113, 0], 24),  // documentation
        ([224, 0, 0, 0], 4),     // multicast
        ([240, 0, 0, 0], 4),     // reserved, broadcast
    ];
    !SPECIAL
        .iter()
        .any(|(network, bits)| within(IpAddr::V4(address), IpAddr::V4(Ipv4Addr::from(*network)), *bits))
}

fn public_v6(address: Ipv6Addr) -> bool {
    const SPECIAL: &[(Ipv6Addr, u8)] = &[
        (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols, Teredo, ORCHID
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: an IPv4 address inside
        (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112
        (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
    ];
    // Global unicast is 2000::/3 alone. Outside it are ::1, mapped and NAT64 forms of IPv4 addresses, fc00::/7, fe80::/10
    // and ff00::/8.
    address.segments()[0] & 0xe000 == 0x2000
        && !SPECIAL.iter().any(|(network, bits)| within(IpAddr::V6(address), IpAddr::V6(*network), *bits))
}
