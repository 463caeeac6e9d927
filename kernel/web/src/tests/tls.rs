//! TLS over real sockets: what a browser gets, certificates that change, the way to https, greetings that never end.

use super::*;
use crate::{ClientAddr, Hosts, Tls};
use axum::routing::{get as route_get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kernel_tls::testing::{Authority, Good, Made};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub const NAMES: &[&str] = &["acme.example", "*.acme.example"];
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of `acme.example` behind TLS; its folder has the certificate's files.
pub struct Secure {
    pub address: SocketAddr,
    pub authority: Authority,
    pub folder: tempfile::TempDir,
    pub web: Web,
    pub hosts: Hosts,
}

impl Secure {
    pub async fn start(more: &str) -> Self {
        let (authority, folder) = (Authority::new("ours").unwrap(), tempfile::tempdir().unwrap());
        authority.certificate(NAMES, Good::Now).unwrap().write(folder.path()).unwrap();
        let settings = settings_of(folder.path(), more);
        let web = web_of(&settings);
        let routes = Router::new()
            .route("/", route_get(hello))
            .route("/form", route_get(csrf_of))
            .route("/who", route_get(|ClientAddr(client): ClientAddr| async move { client.to_string() }))
            .route("/take", post(|body: bytes::Bytes| async move { format!("took {}", body.len()) }))
            .with_state(web.clone());
        let api = Router::new().route("/", route_get(hello));
        let routes =
            Portals { www: Some(routes.clone()), app: Some(routes), api: Some(api), ..Portals::default() };
        let hosts = Hosts::new(&web, routes);
        let tls = Tls::open(&settings, web.clock().clone()).unwrap().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (served, state) = (hosts.clone(), web.clone());
        tokio::spawn(async move { crate::serve_tls(listener, tls, served, &state).await });
        Self { address, authority, folder, web, hosts }
    }

    /// A client that trusts the authority and speaks these protocols.
    pub fn client(&self, protocols: &[&str]) -> ClientConfig {
        let mut config = kernel_tls::client(self.authority.roots().unwrap()).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    }

    pub async fn connect(&self, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("www.acme.example").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    async fn ask(&self, portal: &str, path: &str) -> String {
        let mut stream = self.connect(self.client(&[])).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {portal}.acme.example\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    /// The certificate that is shown now.
    async fn shown(&self) -> Vec<u8> {
        let stream = self.connect(self.client(&[])).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

pub fn settings_of(folder: &std::path::Path, more: &str) -> Settings {
    let file = format!(
        "[site]\nscheme = \"https\"\nbase_domain = \"acme.example\"\npublic_port = 443\n\
         [http]\ntls_certificate = \"{0}/tls.crt\"\ntls_key = \"{0}/tls.key\"\n{more}",
        folder.display()
    );
    Settings::load(&file, []).unwrap()
}

pub fn web_of(settings: &Settings) -> Web {
    let clock = Clock::Fixed(FixedClock::at("2026-11-21T10:00:00Z".parse().unwrap()));
    Web::new(settings, &SigningKey::new([7; 32]), clock, Random::seeded(1))
}

async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an end").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_get_both_protocols_the_newest_version_and_what_https_needs() {
    let server = Secure::start("").await;
    let page = server.ask("app", "/form").await.to_ascii_lowercase();
    assert!(page.starts_with("http/1.1 200"), "{page}");
    assert!(page.contains("strict-transport-security: max-age=31536000"), "{page}");
    let cookie = page.lines().find(|line| line.starts_with("set-cookie:")).expect("a cookie");
    assert!(cookie.contains("__host-") && cookie.contains("secure"), "{cookie}");
    assert!(server.ask("www", "/who").await.ends_with("127.0.0.1"));

    for (offered, chosen) in [(&["http/1.1", "h2"][..], &b"h2"[..]), (&["http/1.1"], b"http/1.1")] {
        let stream = server.connect(server.client(offered)).await.unwrap();
        let connection = stream.get_ref().1;
        assert_eq!(connection.alpn_protocol(), Some(chosen));
        assert_eq!(connection.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    }
    let stream = server.connect(server.client(&["h2"])).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://www.acme.example/").body(Body::empty()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
    // A form that is refused before it was read: the answer arrives, also through TLS.
    let mut stream = server.connect(server.client(&[])).await.unwrap();
    let head = "POST /take HTTP/1.1\r\nhost: www.acme.example\r\ncontent-length: 9000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let sending = tokio::spawn(async move {
        for _ in 0..90 {
            if writing.write_all(&[b'x'; 100_000]).await.is_err() {
                break;
            }
        }
        let _closed = writing.shutdown().await;
    });
    let mut answer = vec![0; 12];
    tokio::time::timeout(PATIENCE, reading.read_exact(&mut answer)).await.expect("an answer").unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_certificate_is_taken_and_a_broken_one_is_not() {
    // Ours first: whoever does not listen to the signal is ended by it.
    let _here = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).unwrap();
    let server = Secure::start("").await;
    let first = server.shown().await;
    let hang_up = || nix::sys::signal::raise(nix::sys::signal::Signal::SIGHUP).unwrap();
    let replaced = async |made: &Made, expected: &[u8]| {
        made.write(server.folder.path()).unwrap();
        hang_up();
        let began = Instant::now();
        loop {
            let shown = server.shown().await;
            if shown == expected {
                return;
            }
            assert_eq!(shown, first, "one of the two");
            assert!(began.elapsed() < PATIENCE, "the new certificate is not taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let second = server.authority.certificate(NAMES, Good::Now).unwrap();
    replaced(&second, &second.parts().unwrap().0).await;
    let ended = server.authority.certificate(NAMES, Good::Past).unwrap();
    for bad in [ended, Made { certificate: "nothing".into(), key: String::new() }] {
        bad.write(server.folder.path()).unwrap();
        hang_up();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(server.shown().await, second.parts().unwrap().0.to_vec(), "the good one stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_address_does_nothing_but_lead_to_https() {
    let server = Secure::start("").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (hosts, web) = (server.hosts.clone(), server.web.clone());
    let serving = tokio::spawn(async move { crate::serve_to_https(listener, hosts, &web).await });
    let ask = async |head: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        rest(&mut stream).await.to_ascii_lowercase()
    };
    let page = ask("GET /form?a=1 HTTP/1.1\r\nhost: www.acme.example").await;
    assert!(page.starts_with("http/1.1 308"), "{page}");
    assert!(page.contains("location: https://www.acme.example/form?a=1\r\n"), "{page}");
    assert!(!page.contains("set-cookie") && page.ends_with("\r\n\r\n"), "{page}");
    let apex = ask("GET / HTTP/1.1\r\nhost: acme.example").await;
    assert!(apex.contains("location: https://www.acme.example\r\n"), "{apex}");
    for head in [
        "POST /take HTTP/1.1\r\nhost: www.acme.example\r\ncontent-length: 0",
        "GET / HTTP/1.1\r\nhost: api.acme.example",
    ] {
        assert!(ask(head).await.starts_with("http/1.1 403"), "{head}");
    }
    // What operators ask by address is not there, and a header that promises https changes nothing.
    for head in ["GET /metrics HTTP/1.1\r\nhost: 127.0.0.1", "GET /healthz HTTP/1.1\r\nhost: localhost"] {
        let answer = ask(head).await;
        assert!(!answer.starts_with("http/1.1 200"), "{head}: {answer}");
    }
    let forged = ask("GET / HTTP/1.1\r\nhost: www.acme.example\r\nx-forwarded-proto: https").await;
    assert!(forged.starts_with("http/1.1 308"), "{forged}");
    server.web.shutdown().begin();
    tokio::time::timeout(PATIENCE, serving).await.expect("it ends").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_has_as_long_as_a_head() {
    let server = Secure::start("head_seconds = 1").await;
    for begun in [&b""[..], &b"\x16\x03\x01\x02\x00\x01\x00"[..]] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let began = Instant::now();
        let mut out = Vec::new();
        let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut out)).await;
        assert!(end.is_ok() && out.is_empty(), "{begun:?}: {out:?}");
        assert!(began.elapsed() >= Duration::from_millis(900), "{begun:?}");
    }
    assert!(server.ask("www", "/").await.ends_with("hello"), "others are served");
}
