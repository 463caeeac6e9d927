//! A real socket: the peer's address, the drain at the end, event streams that end with the process.

use super::*;
use crate::{ClientAddr, Shutdown, sse};
use axum::extract::State;
use axum::response::sse::Event;
use axum::routing::get as route_get;
use futures_util::stream;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn started(web: &Web, routes: Router) -> (SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hosts = crate::Hosts::new(web, Portals { www: Some(routes), ..Portals::default() });
    let web = web.clone();
    (address, tokio::spawn(async move { crate::serve(listener, hosts, &web).await }))
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: www.nclc.localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("an answer within 20 s").unwrap();
    text
}

#[tokio::test]
async fn a_request_in_hand_is_answered_after_the_end_has_begun() {
    let web = web();
    let (entered, wait_entered) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let slot = std::sync::Arc::new(parking_lot::Mutex::new(Some((entered, released))));
    let slow = route_get(move || async move {
        let (entered, released) = slot.lock().take().expect("asked once");
        entered.send(()).unwrap();
        released.await.unwrap();
        "done"
    });
    let address_of = route_get(|ClientAddr(client): ClientAddr| async move { client.to_string() });
    let routes = Router::new().route("/slow", slow).route("/who", address_of);
    let (address, server) = started(&web, routes).await;
    assert!(rest(ask(address, "/who").await).await.ends_with("127.0.0.1"));
    let waiting = ask(address, "/slow").await;
    wait_entered.await.unwrap();
    web.shutdown().begin();
    release.send(()).unwrap();
    assert!(rest(waiting).await.ends_with("done"));
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn event_streams_end_with_the_process() {
    let web = web();
    let events = |State(web): State<Web>| async move {
        let first = stream::iter([Event::default().event("change").id("7").data("{}")]);
        sse::answer(&web, futures_util::StreamExt::chain(first, stream::pending()))
    };
    let (address, server) =
        started(&web, Router::new().route("/events", route_get(events)).with_state(web.clone())).await;
    let mut stream = ask(address, "/events").await;
    let mut text = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&text).contains("data: {}") {
            let mut chunk = [0; 1024];
            let count = stream.read(&mut chunk).await.unwrap();
            assert_ne!(count, 0, "{}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&chunk[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the first event within 20 s");
    let head = String::from_utf8_lossy(&text).to_ascii_lowercase();
    assert!(head.contains("text/event-stream") && head.contains("x-accel-buffering: no"), "{head}");
    assert!(String::from_utf8_lossy(&text).contains("id: 7"));
    web.shutdown().begin();
    rest(stream).await;
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn every_clone_of_the_shutdown_sees_it() {
    let shutdown = Shutdown::new();
    let waiting = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.begun().await }
    });
    assert!(!shutdown.has_begun());
    shutdown.begin();
    waiting.await.unwrap();
    assert!(shutdown.has_begun());
}
