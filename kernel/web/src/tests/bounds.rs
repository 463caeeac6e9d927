//! A real socket: where a request ends is said once, or the request is refused and the connection with it (RFC 9112
//! section 6.3): nothing can be smuggled behind it.

use super::*;
use axum::routing::{get as route_get, post};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn started() -> SocketAddr {
    started_with("").await
}

/// With a site `hot`, whose pages are all kept.
async fn started_with(settings: &str) -> SocketAddr {
    let routes = Router::new()
        .route("/", route_get(hello))
        .route("/smuggled", route_get(|| async { "SMUGGLED" }))
        .route("/take", post(|body: bytes::Bytes| async move { format!("took {}", body.len()) }));
    let web = web_with(settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let kept: crate::KeptPages = std::sync::Arc::new(|request| {
        (request.slug == "hot").then(|| http::Response::new(bytes::Bytes::from_static(b"KEPT")))
    });
    let hosts =
        crate::Hosts::new(&web, Portals { www: Some(routes), kept: Some(kept), ..Portals::default() });
    tokio::spawn(async move { crate::serve(listener, hosts, &web).await });
    address
}

/// Sends it all and reads until the server closes, or is silent for a moment; whether it closed.
async fn told(address: SocketAddr, text: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut out = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // Long after the first answer there is no second one.
        let patience = if out.is_empty() { 20_000 } else { 700 };
        match tokio::time::timeout(Duration::from_millis(patience), stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => return (String::from_utf8_lossy(&out).into_owned(), true),
            Ok(Ok(count)) => out.extend_from_slice(&chunk[..count]),
            Err(_) => return (String::from_utf8_lossy(&out).into_owned(), false),
        }
    }
}

const HEAD: &str = "POST /take HTTP/1.1\r\nhost: www.nclc.localhost\r\n";
const BEHIND: &str = "GET /smuggled HTTP/1.1\r\nhost: www.nclc.localhost\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn two_words_about_the_end_are_refused_with_the_connection() {
    let address = started().await;
    for fields in [
        "content-length: 4\r\ncontent-length: 40\r\n",
        "content-length: 4, 40\r\n",
        "content-length: +4\r\n",
        "content-length: -1\r\n",
        "content-length: 0x4\r\n",
        "content-length: 99999999999999999999\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding : chunked\r\n",
        "content-length: 4\r\n transfer-encoding: chunked\r\n",
    ] {
        let (answer, closed) = told(address, &format!("{HEAD}{fields}\r\n0\r\n\r\n{BEHIND}")).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{fields:?}: {answer}");
        assert!(closed, "{fields:?}: the connection goes on");
        assert!(!answer.contains("SMUGGLED"), "{fields:?}: {answer}");
    }
    let old =
        "POST /take HTTP/1.0\r\nhost: www.nclc.localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let (answer, closed) = told(address, &format!("{old}{BEHIND}")).await;
    assert!(closed && !answer.contains("SMUGGLED") && !answer.contains("took"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_end_where_they_say_or_nothing_is_taken() {
    let address = started().await;
    let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    for body in [
        "zz\r\nabcd\r\n0\r\n\r\n",
        "-1\r\nabcd\r\n0\r\n\r\n",
        "4\nabcd\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nabcd\r\n",
    ] {
        let (answer, closed) = told(address, &format!("{chunked}{body}{BEHIND}")).await;
        assert!(closed && !answer.contains("SMUGGLED") && !answer.contains("took"), "{body:?}: {answer}");
    }
    // With the encoding first, the length that follows has no say: the chunks are the body, what is behind them is a
    // request of its own, as RFC 9112 says.
    let both =
        format!("{HEAD}transfer-encoding: chunked\r\ncontent-length: 900\r\n\r\n4\r\nabcd\r\n0\r\n\r\n");
    let (answer, _) = told(address, &both).await;
    assert!(answer.contains("took 4") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    // And what is well-formed is taken, twice on one connection.
    let fine = format!("{chunked}4\r\nabcd\r\n0\r\n\r\n{HEAD}content-length: 2\r\n\r\nab");
    let (answer, closed) = told(address, &fine).await;
    assert!(answer.contains("took 4") && answer.contains("took 2") && !closed, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_in_memory_are_guarded_as_the_others() {
    let address = started().await;
    let hot = "GET / HTTP/1.1\r\nhost: hot.sites.nclc.localhost\r\n";
    assert!(told(address, &format!("{hot}\r\n")).await.0.ends_with("KEPT"));
    let behind_a_proxy = "[site]\nscheme = \"https\"\npublic_port = 443\nbase_domain = \"acme.example\"\n\
                          [http]\ntrusted_proxies = \"127.0.0.1\"";
    let address = started_with(behind_a_proxy).await;
    let hot = "GET / HTTP/1.1\r\nhost: hot.sites.acme.example\r\nx-forwarded-for: 192.0.2.7\r\n";
    for (said, kept) in [
        ("x-forwarded-proto: https\r\n", true),
        ("x-forwarded-proto: http\r\n", false),
        ("x-forwarded-proto: https\r\nx-forwarded-proto: http\r\n", false),
        ("x-forwarded-proto: http\r\nx-forwarded-proto: https\r\n", true),
    ] {
        let answer = told(address, &format!("{hot}{said}\r\n")).await.0;
        assert_eq!(answer.ends_with("KEPT"), kept, "{said}: {answer}");
    }
}
