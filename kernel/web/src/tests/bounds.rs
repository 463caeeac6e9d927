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
        .route("/next", route_get(|| async { "NEXT" }))
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
const NEXT: &str = "GET /next HTTP/1.1\r\nhost: www.nclc.localhost\r\n\r\n";
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

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_the_body_whatever_a_length_says() {
    let address = started().await;
    // What a reader of lengths would take for a request of its own stands in the chunk, and is body.
    let chunk = format!("{:x}\r\n{BEHIND}\r\n0\r\n\r\n", BEHIND.len());
    let size = chunk.find("\r\n").unwrap() + 2;
    let took = format!("took {}", BEHIND.len());
    let lengths = [0, 1, size, BEHIND.len(), chunk.len(), chunk.len() + NEXT.len(), 900_000_000];
    for length in lengths.map(|length| length.to_string()) {
        for fields in [
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            format!("content-length: {length}\r\nTransfer-Encoding: Chunked\r\ncontent-length: {length}\r\n"),
        ] {
            let (answer, closed) = told(address, &format!("{HEAD}{fields}\r\n{chunk}{NEXT}")).await;
            // One answer, to what the chunks bound; and no second one: who said both is not heard again.
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&took), "{fields:?}: {answer}");
            assert!(answer.contains("connection: close") && closed, "{fields:?}: {answer}");
            assert!(!answer.contains("NEXT") && !answer.contains("SMUGGLED"), "{fields:?}: {answer}");
        }
    }
    // A length that is none ends it before anything is taken.
    for length in ["x", "4, 40", "-1"] {
        let fields = format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n");
        let (answer, closed) = told(address, &format!("{HEAD}{fields}\r\n{chunk}{NEXT}")).await;
        assert!(answer.starts_with("HTTP/1.1 400") && closed, "{fields:?}: {answer}");
        assert!(!answer.contains("NEXT") && !answer.contains("SMUGGLED"), "{fields:?}: {answer}");
    }
    // With chunks alone the next request begins where they end: not before, not later, not twice.
    let alone = format!("{HEAD}transfer-encoding: chunked\r\n\r\n{chunk}{NEXT}");
    let (answer, closed) = told(address, &alone).await;
    assert!(answer.contains(&took) && answer.ends_with("NEXT") && !closed, "{answer}");
    assert!(answer.matches("HTTP/1.1 200").count() == 2 && !answer.contains("SMUGGLED"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_http2_a_length_and_the_frames_agree_or_nothing_is_taken() {
    let address = started().await;
    for (length, parts, fits) in
        [(8, 2, true), (7, 2, false), (9, 2, false), (0, 1, false), (4, 2, false), (1_u64 << 40, 1, false)]
    {
        let stream = TcpStream::connect(address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let frames = futures_util::stream::iter((0..parts).map(|_| Ok::<_, std::io::Error>("abcd")));
        let request = Request::post("http://www.nclc.localhost/take")
            .header("content-length", length.to_string())
            .body(Body::from_stream(frames))
            .unwrap();
        let answer =
            tokio::time::timeout(Duration::from_secs(20), sender.send_request(request)).await.unwrap();
        let text = match answer {
            Ok(answer) => answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default(),
            Err(_) => bytes::Bytes::new(),
        };
        assert_eq!(text.starts_with(b"took 8"), fits, "{length} for {parts} frames: {text:?}");
        assert!(fits || !text.starts_with(b"took"), "{length} for {parts} frames: {text:?}");
    }
}
