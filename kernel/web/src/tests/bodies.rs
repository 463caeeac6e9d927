//! A real socket: bodies that are too large are refused so that the client can read why; slow heads end, idle connections
//! stay.

use super::*;
use crate::{ApiJson, CsrfForm, UploadFits, WebError};
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::{get as route_get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LIMIT: usize = 1 << 20;
const SETTINGS: &str =
    "[http]\nbody_limit = 1048576\nupload_limit = 1048576\nhead_seconds = 1\nkeep_alive_seconds = 2";

async fn take_json(ApiJson(body): ApiJson<Value>) -> String {
    body.to_string().len().to_string()
}
async fn take_form(CsrfForm(_): CsrfForm<HashMap<String, String>>) -> &'static str {
    "taken"
}
async fn take_file(_fits: UploadFits, mut form: Multipart) -> Result<String, WebError> {
    let mut bytes = 0;
    let broken = |_| Error::new(Code::BadRequest);
    while let Some(mut part) = form.next_field().await.map_err(broken)? {
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            bytes += chunk.len();
            if bytes > LIMIT {
                return Err(Error::new(Code::BodyTooLarge).into());
            }
        }
    }
    Ok(bytes.to_string())
}

async fn started() -> SocketAddr {
    let web = web_with(SETTINGS);
    let routes = Router::new()
        .route("/", route_get(hello))
        .route("/csrf", route_get(csrf_of))
        .route("/json", post(take_json))
        .route("/form", post(take_form))
        .route("/file", post(take_file).layer(DefaultBodyLimit::disable()))
        .with_state(web.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hosts = crate::Hosts::new(
        &web,
        Portals { app: Some(routes.clone()), api: Some(routes), ..Portals::default() },
    );
    tokio::spawn(async move { crate::serve(listener, hosts, &web).await });
    address
}

/// Sends everything before it reads anything, as simple clients do; gives the answer's head and body.
async fn exchange(address: SocketAddr, head: &str, body: &[u8], chunked: bool) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = if chunked {
        "transfer-encoding: chunked".to_owned()
    } else {
        format!("content-length: {}", body.len())
    };
    stream.write_all(format!("{head}\r\n{length}\r\n\r\n").as_bytes()).await.unwrap();
    if chunked {
        for piece in body.chunks(100_000) {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
            stream.write_all(piece).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    } else {
        stream.write_all(body).await.unwrap();
    }
    let mut text = Vec::new();
    let reading = stream.read_to_end(&mut text);
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer within 20 s").unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head.to_ascii_lowercase(), body.to_owned())
}

fn head(host: &str, path: &str, kind: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\naccept: text/html")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_readably() {
    let address = started().await;
    let edge = "edge-1";
    let multipart = format!("multipart/form-data; boundary={edge}");
    for size in [1_100_000, 3_000_000, 50_000_000] {
        for chunked in [false, true] {
            let text = "x".repeat(size);
            let api = |path: &str, kind: &str| head(API, path, kind);
            let file = format!(
                "--{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{text}\r\n--{edge}--\r\n"
            );
            for (request, body, kind, says) in [
                (
                    api("/json", "application/json"),
                    json!({ "a": text }).to_string(),
                    "application/problem+json",
                    "\"code\":\"body_too_large\"",
                ),
                (api("/file", &multipart), file, "application/problem+json", "\"code\":\"body_too_large\""),
                (
                    head(APP, "/form", "application/x-www-form-urlencoded"),
                    format!("a={text}"),
                    "text/html; charset=utf-8",
                    "what you typed is still there",
                ),
            ] {
                let (answer, page) = exchange(address, &request, body.as_bytes(), chunked).await;
                let what = format!("{size} {chunked} {request}: {answer}\n{page}");
                assert!(answer.starts_with("http/1.1 413"), "{what}");
                // A reader of parts may have had the whole of the smallest before it counted.
                let whole = size == 1_100_000 && request.contains("/file");
                assert!(whole || answer.contains("\r\nconnection: close"), "{what}");
                assert!(answer.contains(&format!("content-type: {kind}")), "{what}");
                assert!(page.contains(says), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_size_is_refused_before_the_body_comes() {
    let address = started().await;
    for (path, kind) in [("/json", "application/json"), ("/file", "multipart/form-data; boundary=e")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{}\r\ncontent-length: 3000000\r\n\r\n", head(API, path, kind));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        let reading = stream.read_exact(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("within 20 s").unwrap();
        assert_eq!(answer, b"HTTP/1.1 413", "{path}: nothing of the body was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_within_the_limit_and_the_connection_stay() {
    let address = started().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    for size in [10, LIMIT - 8] {
        let body = json!({ "a": "x".repeat(size) }).to_string();
        assert!(body.len() <= LIMIT);
        let request = head(API, "/json", "application/json");
        let whole = format!("{request}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(whole.as_bytes()).await.unwrap();
        let answer = one_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&body.len().to_string()), "{answer}");
    }
}

/// Reads until something came and a moment passed without more.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        let patience = Duration::from_millis(if text.contains("\r\n\r\n") { 100 } else { 20_000 });
        match tokio::time::timeout(patience, stream.read(&mut chunk)).await {
            Ok(Ok(count)) if count > 0 => text.push_str(&String::from_utf8_lossy(&chunk[..count])),
            _ => break,
        }
    }
    text
}

/// How long the connection stays when nothing more is sent.
async fn until_closed(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    let _ =
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("closed");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_outlives_the_patience_with_heads() {
    // Heads: 1 s. Idle: 2 s.
    let address = started().await;
    let whole = format!("GET / HTTP/1.1\r\nhost: {APP}\r\n\r\n");

    let mut idle = TcpStream::connect(address).await.unwrap();
    for _ in 0..2 {
        idle.write_all(whole.as_bytes()).await.unwrap();
        assert!(one_answer(&mut idle).await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    idle.write_all(whole.as_bytes()).await.unwrap();
    assert!(one_answer(&mut idle).await.starts_with("HTTP/1.1 200"), "1.5 s of idleness are fine");
    let stayed = until_closed(&mut idle).await;
    assert!((1_500..6_000).contains(&stayed.as_millis()), "idle for {stayed:?}");

    // A head that has begun and does not end; the first of a connection, and a later one; of a method that only begins like
    // the preface of HTTP/2, too.
    for (before, head) in
        [(0, "GET / HTTP/1.1\r\nho"), (1, "GET / HTTP/1.1\r\nho"), (0, "PRIX / HTTP/1.1\r\nho"), (0, "PRI")]
    {
        let mut slow = TcpStream::connect(address).await.unwrap();
        for _ in 0..before {
            slow.write_all(whole.as_bytes()).await.unwrap();
            one_answer(&mut slow).await;
        }
        slow.write_all(head.as_bytes()).await.unwrap();
        let stayed = until_closed(&mut slow).await;
        assert!((800..1_800).contains(&stayed.as_millis()), "{before}, {head:?}: a slow head for {stayed:?}");
    }
}
