//! The listening side: HTTP/1 and HTTP/2 connections, plain or in TLS, and an end that loses no request in hand.

use crate::connection::{Progress, Socket};
use crate::entrance::{Entrance, InTheClear, Tls};
use crate::{Hosts, Web};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::{HeaderValue, Request, Version, header};
use http_body_util::Full;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long connections may finish after the end has begun.
const DRAIN: Duration = Duration::from_secs(10);
/// How often measurements are folded together.
const TIDY: Duration = Duration::from_secs(5);

/// A signal that the process stops; every clone sees it.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// Not begun.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::channel(false).0)
    }
    /// Begins the end.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }
    /// Whether the end has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }
    /// Waits for the end.
    pub async fn begun(&self) {
        let mut seen = self.0.subscribe();
        // The sender lives as long as `self`, so this only returns when the value is set.
        let _ = seen.wait_for(|begun| *begun).await;
    }
}

/// Serves the portals until the process's end begins ([`Web::shutdown`]), then takes no new connection, lets requests in
/// hand finish (10 s at most) and returns.
///
/// # Errors
/// The listener's address can't be read.
pub async fn serve(listener: TcpListener, hosts: Hosts, web: &Web) -> io::Result<()> {
    serve_by(listener, Entrance::Plain, hosts, web).await
}

/// The same behind TLS, whose certificate is read anew when its files change.
///
/// # Errors
/// The listener's address can't be read.
pub async fn serve_tls(listener: TcpListener, tls: Tls, hosts: Hosts, web: &Web) -> io::Result<()> {
    let following = tokio::spawn(tls.clone().follow(web.clone()));
    let served = serve_by(listener, Entrance::Tls(tls), hosts, web).await;
    following.abort();
    served
}

/// The same on a plain address that leads pages to https and refuses everything else.
///
/// # Errors
/// The listener's address can't be read.
pub async fn serve_to_https(listener: TcpListener, hosts: Hosts, web: &Web) -> io::Result<()> {
    serve_by(listener, Entrance::ToHttps, hosts, web).await
}

async fn serve_by(listener: TcpListener, entrance: Entrance, hosts: Hosts, web: &Web) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    let mut server = auto::Builder::new(TokioExecutor::new());
    // The socket itself knows how long to wait (`Socket`): hyper's time-out would end idle connections as well.
    server.http1().timer(TokioTimer::new()).header_read_timeout(None);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let graceful = GracefulShutdown::new();
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the client is gone already: neither is a reason to stop.
                    tracing::warn!("accept failed: {error}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            _ = tidy.tick() => {
                web.0.metrics.tidy();
                continue;
            }
            () = web.shutdown().begun() => break,
        };
        let _ = stream.set_nodelay(true);
        let (server, hosts, web, entrance) = (server.clone(), hosts.clone(), web.clone(), entrance.clone());
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let Some(wire) = entrance.admit(stream, &web).await else { return };
            let progress = Arc::new(Progress::default());
            let socket = Socket::new(wire, progress.clone(), web.0.patience);
            let clear = matches!(entrance, Entrance::ToHttps);
            let service =
                hyper::service::service_fn(move |request| answer(&hosts, &progress, (peer, clear), request));
            let connection = server.serve_connection_with_upgrades(TokioIo::new(socket), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!("connection ended: {error}");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("all requests are done"),
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some connections were cut after {DRAIN:?}"),
    }
    Ok(())
}

type Answer = Result<Response<Sent>, Infallible>;

/// One request. Kept pages are ready at once; everything else is boxed, so that connections stay small.
fn answer(
    hosts: &Hosts,
    progress: &Arc<Progress>,
    (peer, clear): (SocketAddr, bool),
    request: Request<Incoming>,
) -> Either<Ready<Answer>, BoxFuture<'static, Answer>> {
    if !clear && let Some(kept) = hosts.kept(&request, peer) {
        progress.begin_at_once();
        return Either::Left(ready(Ok(kept.map(|bytes| Sent::Kept(Full::new(bytes))))));
    }
    let (hosts, in_hand) = (hosts.clone(), progress.begin());
    Either::Right(Box::pin(async move {
        let version = request.version();
        let (parts, incoming) = request.into_parts();
        let (body, large) = in_hand.body(incoming);
        let mut request = Request::from_parts(parts, body);
        request.extensions_mut().insert(ConnectInfo(peer));
        if clear {
            request.extensions_mut().insert(InTheClear);
        }
        let mut response = hosts.answer(request).await;
        if large && version < Version::HTTP_2 && in_hand.has_unread() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(Sent::Made))
    }))
}

/// An answer's body.
enum Sent {
    /// From memory.
    Kept(Full<Bytes>),
    /// A portal's.
    Made(Body),
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Self::Kept(bytes) => Pin::new(bytes).poll_frame(cx).map_err(|never| match never {}),
            Self::Made(body) => Pin::new(body).poll_frame(cx),
        }
    }
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Kept(bytes) => bytes.is_end_stream(),
            Self::Made(body) => body.is_end_stream(),
        }
    }
    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Kept(bytes) => bytes.size_hint(),
            Self::Made(body) => body.size_hint(),
        }
    }
}
