//! Addresses that must not be asked, in every spelling, as data.

use super::{Table, client, get};
use crate::Guard;
use crate::guard::is_public;
use kernel_core::outgoing::{Failure, Outgoing as _};

/// Refused whatever the name system says, without a connection.
const EVIL: &[&str] = &[
    // This machine.
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.255.255.254/",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://127%2e0%2e0%2e1/",
    // Private networks.
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://192.168.1.1:443/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[::ffff:192.168.0.1]/",
    "https://[::ffff:10.1.2.3]/",
    // Link-local, metadata of clouds.
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://[fe80::1]/",
    "https://[fd00:ec2::254]/latest",
    "https://metadata.test/computeMetadata/v1/",
    // Carriers, protocols, documentation, benchmarks, multicast, reserved.
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    // IPv4 inside IPv6.
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    // Names that lead there.
    "https://inside.test/",
    "https://inside.test./",
    "https://INSIDE.test/",
    "https://six.test/",
    "https://nat64.test/",
    "https://both.test/",
    // Ourselves.
    "https://app.nclc.example/",
    "https://APP.NCLC.EXAMPLE./",
    "https://nclc.example/",
    "https://bakery.sites.nclc.example/",
    // Not https, other ports, other kinds.
    "http://public.test/",
    "http://93.184.216.34/",
    "https://public.test:22/",
    "https://public.test:25/",
    "https://public.test:5432/",
    "https://public.test:8080/",
    "https://93.184.216.34:6379/",
    "ftp://public.test/",
    "file:///etc/passwd",
    "gopher://public.test/",
    "dict://public.test:11211/stat",
    "data:text/html,x",
    "javascript:alert(1)",
    "ws://public.test/",
    "unix:/run/x.sock",
    // Credentials and tricks of parsers.
    "https://user@public.test/",
    "https://user:password@public.test/",
    "https://public.test@127.0.0.1/",
    "https://127.0.0.1@public.test/",
    "https://public.test\\@127.0.0.1/",
    "https://127.0.0.1\t/",
    "https:\\\\127.0.0.1/",
    " https://public.test/",
    "https://public.test/\r\nHost: evil",
    "https://",
    "https:///path",
    "https://.",
    "//public.test/",
    "public.test",
    "",
];

#[tokio::test]
async fn evil_addresses_are_refused() {
    let names = Table::of(&[
        ("public.test", &["93.184.216.34"]),
        ("metadata.test", &["169.254.169.254"]),
        ("inside.test", &["10.0.0.1"]),
        ("six.test", &["fd00::1"]),
        ("nat64.test", &["64:ff9b::a00:1"]),
        ("both.test", &["93.184.216.34 ::1"]),
        ("nclc.example", &["93.184.216.34"]),
        ("app.nclc.example", &["93.184.216.34"]),
        ("bakery.sites.nclc.example", &["93.184.216.34"]),
    ]);
    let http = client(&[], names);
    for url in EVIL {
        let failure = http.send(&get(*url)).await.expect_err(url);
        assert!(matches!(failure, Failure::Refused(_)), "{url}: {failure}");
    }
    let long = format!("https://public.test/{}", "x".repeat(4_000));
    assert!(matches!(http.send(&get(long)).await, Err(Failure::Refused(_))));
    assert_eq!(
        http.send(&get("https://nobody.test/")).await.unwrap_err(),
        Failure::Name("nobody.test".into())
    );
}

#[test]
fn good_addresses_are_not() {
    let guard = Guard::new(&[], &["nclc.example"]).unwrap();
    for (url, addresses) in [
        ("https://public.test/", "93.184.216.34"),
        ("https://public.test:443/a?b=c#d", "2606:2800:220:1:248:1893:25c8:1946"),
        ("https://public.test#@127.0.0.1:99999/", "93.184.216.34"),
        ("https://bücher.test/", "1.1.1.1 2606:4700::1111"),
        ("https://notnclc.example/", "93.184.216.34"),
        ("https://nclc.example.evil.test/", "93.184.216.34"),
        ("https://172.15.255.255/", "172.15.255.255"),
        ("https://172.32.0.1/", "172.32.0.1"),
        ("https://100.63.255.255/", "100.63.255.255"),
        ("https://[2606:4700::1111]/", "2606:4700::1111"),
    ] {
        let addresses: Vec<_> = addresses.split(' ').map(|address| address.parse().unwrap()).collect();
        let target = guard.target(url).unwrap();
        assert_eq!(guard.judge(&target, &addresses).unwrap().len(), addresses.len(), "{url}");
    }
}

#[test]
fn what_is_allowed_by_the_operator_may_be_anything() {
    let allowed =
        ["idp.internal", "hooks.internal:8443", "10.1.0.0/16", "127.0.0.1:9999", "fd00::/8", "[::1]:80"];
    let allowed: Vec<String> = allowed.iter().map(|entry| (*entry).to_owned()).collect();
    let guard = Guard::new(&allowed, &["nclc.example"]).unwrap();
    for (url, address, fine) in [
        ("http://idp.internal:8080/", "192.168.0.1", true),
        ("https://IDP.internal./", "192.168.0.1", true),
        ("https://x.idp.internal/", "192.168.0.1", false),
        ("https://hooks.internal:8443/", "192.168.0.1", true),
        ("https://hooks.internal/", "192.168.0.1", false),
        ("http://10.1.255.255:81/", "10.1.255.255", true),
        ("http://10.2.0.0/", "10.2.0.0", false),
        ("http://127.0.0.1:9999/", "127.0.0.1", true),
        ("http://127.0.0.1:9998/", "127.0.0.1", false),
        ("http://[fd12::1]/", "fd12::1", true),
        ("http://[::1]/", "::1", true),
        ("http://[::1]:81/", "::1", false),
        // An IPv4 rule says nothing about the same address in IPv6 clothes.
        ("http://[::ffff:10.1.0.1]/", "::ffff:10.1.0.1", false),
    ] {
        let target = guard.target(url).unwrap();
        assert_eq!(guard.judge(&target, &[address.parse().unwrap()]).is_ok(), fine, "{url}");
    }
    for wrong in ["", "a b", "10.0.0.0/33", "::/129", "host:port", "host:70000", "*"] {
        assert_eq!(Guard::new(&[wrong.to_owned()], &[]).unwrap_err(), wrong);
    }
}

#[test]
fn every_edge_of_every_range() {
    for (first, last) in [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("224.0.0.0", "255.255.255.255"),
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] {
        for edge in [first, last] {
            assert!(!is_public(edge.parse().unwrap()), "{edge}");
        }
    }
    for public in ["1.0.0.0", "9.255.255.255", "11.0.0.0", "223.255.255.255", "2400::", "2a00::1", "3ffe::1"]
    {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}
