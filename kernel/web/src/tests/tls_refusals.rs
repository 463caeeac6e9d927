//! What TLS does not do: old versions, weak suites, plain requests on its port, certificates that browsers would refuse.

use super::tls::{NAMES, Secure, settings_of, web_of};
use crate::Tls;
use kernel_tls::testing::{Authority, Good};
use rustls::{CipherSuite, ProtocolVersion};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: one that is good.
const GOOD: u16 = 0xc02b;
/// Descriptions of alerts (RFC 5246 section 7.2).
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// A ClientHello by hand: a version of the message (nothing newer is offered) and suites.
fn hello_of(version: u16, suites: &[u16]) -> Vec<u8> {
    let extension = |number: u16, body: &[u8]| {
        [&number.to_be_bytes()[..], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
    };
    let name = b"www.acme.example";
    let length = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let server_name = [&length(name.len() + 3)[..], &[0], &length(name.len()), name].concat();
    let extensions = [
        extension(0, &server_name),
        // Groups: x25519, P-256; points as they are; signatures: ECDSA and RSA with SHA-256, also SHA-1.
        extension(10, &[0, 4, 0, 29, 0, 23]),
        extension(11, &[1, 0]),
        extension(13, &[0, 6, 4, 3, 4, 1, 2, 1]),
    ]
    .concat();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let body = [
        &version.to_be_bytes()[..],
        &[7; 32],
        &[0],
        &length(suites.len()),
        &suites,
        &[1, 0],
        &length(extensions.len()),
        &extensions,
    ]
    .concat();
    let message = [&[1, 0][..], &length(body.len()), &body].concat();
    [&[0x16, 3, 1][..], &length(message.len()), &message].concat()
}

/// All that comes back until the server is silent or closes.
async fn answer_to(server: &Secure, bytes: &[u8], whole: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut out = vec![0; 7];
    let reading = async {
        if whole {
            out.clear();
            // A reset is an end as well.
            let _end = stream.read_to_end(&mut out).await;
        } else {
            stream.read_exact(&mut out).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_and_weak_suites_are_refused() {
    let server = Secure::start("").await;
    // The greeting by hand is a good one: with a good suite it is answered by a greeting (22) of TLS 1.2.
    let answer = answer_to(&server, &hello_of(0x0303, &[GOOD]), false).await;
    assert_eq!((answer[0], answer[5]), (22, 2), "{answer:?}");
    for version in [0x0300, 0x0301, 0x0302] {
        let answer = answer_to(&server, &hello_of(version, &[GOOD, 0xc009, 0x002f]), true).await;
        assert_eq!((answer[0], answer[6]), (21, PROTOCOL_VERSION), "{version:#x}: {answer:?}");
        assert_eq!(answer.len(), 7, "an alert and the end");
    }
    for (suite, what) in [
        (0x0000, "no encryption"),
        (0x0005, "RC4"),
        (0x000a, "3DES"),
        (0x002f, "RSA for the key, CBC"),
        (0x009c, "RSA for the key, GCM"),
        (0x0067, "DHE with CBC"),
        (0x009e, "DHE with GCM"),
        (0x0034, "nobody in particular"),
        (0xc007, "ECDHE with RC4"),
        (0xc009, "ECDHE with CBC and SHA-1"),
        (0xc023, "ECDHE with CBC and SHA-256"),
        (0xc0ac, "ECDHE with CCM"),
    ] {
        let answer = answer_to(&server, &hello_of(0x0303, &[suite]), true).await;
        assert_eq!((answer[0], answer[6]), (21, HANDSHAKE_FAILURE), "{what}: {answer:?}");
        assert_eq!(answer.len(), 7, "{what}: an alert and the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strongest_suite_is_ours_to_choose() {
    let server = Secure::start("").await;
    for suite in kernel_tls::provider().cipher_suites.iter().map(|suite| format!("{:?}", suite.suite())) {
        let sealed = suite.contains("_GCM_") || suite.contains("_CHACHA20_POLY1305");
        let secret = suite.starts_with("TLS13_") || suite.starts_with("TLS_ECDHE_");
        assert!(sealed && secret, "{suite}");
    }
    // A client that would rather have the others, of each version.
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.reverse();
    let provider = Arc::new(provider);
    for (version, suite) in [
        (&rustls::version::TLS13, CipherSuite::TLS13_AES_256_GCM_SHA384),
        (&rustls::version::TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ] {
        let config = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(server.authority.roots().unwrap())
            .with_no_client_auth();
        let stream = server.connect(config).await.unwrap();
        let connection = stream.get_ref().1;
        assert_eq!(connection.negotiated_cipher_suite().unwrap().suite(), suite);
        let spoken = connection.protocol_version();
        assert!(matches!(spoken, Some(ProtocolVersion::TLSv1_3 | ProtocolVersion::TLSv1_2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_on_the_port_of_tls_gets_an_end_and_nothing_else() {
    let server = Secure::start("").await;
    for request in [
        "GET /form HTTP/1.1\r\nhost: www.acme.example\r\n\r\n",
        "POST /take HTTP/1.1\r\nhost: www.acme.example\r\ncontent-length: 4\r\n\r\nabcd",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\r\n",
    ] {
        let answer = answer_to(&server, format!("{request}\r\n\r\n").as_bytes(), true).await;
        // An alert of TLS (21) or nothing: no answer of the product, and none of a server by name.
        assert!(answer.is_empty() || answer[0] == 21 && answer.len() == 7, "{request:?}: {answer:?}");
    }
}

#[tokio::test]
async fn certificates_that_will_not_do_are_refused_at_the_start() {
    let (authority, folder) = (Authority::new("ours").unwrap(), tempfile::tempdir().unwrap());
    let said = |names: &[&str], good: Good, development: bool, more: &str| {
        authority.certificate(names, good).unwrap().write(folder.path()).unwrap();
        let mut settings = settings_of(folder.path(), more);
        settings.development = development;
        let error = Tls::open(&settings, web_of(&settings).clock().clone()).err();
        error.map(|error| error.to_string())
    };
    let ours = "tls_private_authority = true";
    assert_eq!(said(NAMES, Good::Now, true, ""), None);
    assert_eq!(said(NAMES, Good::Now, false, ours), None);
    let strange = said(NAMES, Good::Now, false, "").expect("nobody trusts it");
    assert!(strange.contains("NCLC_HTTP_TLS_CERTIFICATE"), "{strange}");
    assert!(
        strange.contains("no public authority") && strange.contains("tls_private_authority"),
        "{strange}"
    );
    for (development, more) in [(true, ""), (false, ours), (false, "")] {
        let ended = said(NAMES, Good::Past, development, more).expect("it has ended");
        assert!(ended.contains("NCLC_HTTP_TLS_CERTIFICATE") && ended.contains("has ended"), "{ended}");
    }
    for (names, missing) in [
        (&["acme.example"][..], "www.acme.example, app.acme.example, api.acme.example, admin.acme.example"),
        (&["*.acme.example"], "not good for acme.example"),
        (&["acme.example", "www.acme.example", "app.acme.example", "api.acme.example"], "admin.acme.example"),
        (&["other.example", "*.other.example"], "acme.example"),
    ] {
        let foreign = said(names, Good::Now, false, ours).expect("names are missing");
        assert!(foreign.contains(missing), "{names:?}: {foreign}");
    }
    // Who does not serve a portal needs no certificate for it.
    let few = format!("{ours}\nportals = \"www,sites\"");
    assert_eq!(said(&["acme.example", "www.acme.example"], Good::Now, false, &few), None);
}
