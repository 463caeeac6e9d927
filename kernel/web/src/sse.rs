//! Server-sent events: a stream of events that is kept alive and ends with the process.

use crate::Web;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderName, HeaderValue, header};
use std::convert::Infallible;
use std::time::Duration;

/// Answers with a stream of events. A comment goes out every 15 s, so that proxies keep the line and a vanished client is
/// noticed; the stream ends when the process stops, and the browser connects again elsewhere.
pub fn answer<S>(web: &Web, events: S) -> Response
where
    S: Stream<Item = Event> + Send + 'static,
{
    let shutdown = web.shutdown().clone();
    let ending = Box::pin(async move { shutdown.begun().await });
    let events = events.map(Ok::<_, Infallible>).take_until(ending);
    let alive = KeepAlive::new().interval(Duration::from_secs(15)).text("");
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
