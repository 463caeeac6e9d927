//! The listening side: HTTP/1 and HTTP/2 connections, and an end that loses no request in hand.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// How long connections may finish after the end has begun.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to send its request's head (slowloris).
const HEAD: Duration = Duration::from_secs(10);

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

/// Serves `router` until `shutdown` begins, then takes no new connection, lets requests in hand finish (10 s at most) and
/// returns.
///
/// # Errors
/// The listener's address can't be read.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let graceful = GracefulShutdown::new();
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
            () = shutdown.begun() => break,
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request.map(axum::body::Body::new))
        });
        let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
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
