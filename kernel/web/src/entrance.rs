//! How clients come in: plainly, by TLS of our own, or plainly to be led to https.
//!
//! Invariants: a greeting (TLS handshake) takes no longer than the head of a request may, and what is no TLS gets an alert
//! and the end of the connection. The certificate's files are looked at every minute and at SIGHUP.

use crate::Web;
use crate::wire::Wire;
use kernel_core::Clock;
use kernel_core::settings::{SettingError, Settings};
use kernel_tls::{Rules, Shown, machine_roots};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(60);
/// After so many looks it is said again that a certificate ends soon: once a day.
const WORRY: u32 = 1_440;
/// What is spoken behind TLS, the better one first.
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// TLS of what comes in.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Shown,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A request that came over the address that only leads to https.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InTheClear;

/// How clients of a listener come in.
#[derive(Clone, Debug)]
pub(crate) enum Entrance {
    Plain,
    Tls(Tls),
    ToHttps,
}

impl Tls {
    /// Reads the certificate, if there shall be one, and judges it: it must be good for the domain and for every portal
    /// that is served, and in production one that browsers trust, unless the settings say otherwise.
    ///
    /// # Errors
    /// Names the setting whose file can't be used, and says why.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Option<Self>, SettingError> {
        let Some(tls) = &settings.http.tls else { return Ok(None) };
        let domain = &settings.site.base_domain;
        let portals = settings.http.portals.iter().filter(|portal| *portal != "sites");
        let names = [domain.clone()].into_iter().chain(portals.map(|portal| format!("{portal}.{domain}")));
        let anybody = settings.development || tls.private_authority;
        let rules = Rules { names: names.collect(), trusted: (!anybody).then(machine_roots) };
        let shown = Shown::open(tls, rules, clock)?;
        let config = shown.server(PROTOCOLS).map_err(|problem| SettingError {
            name: "NCLC_HTTP_TLS_CERTIFICATE".into(),
            problem,
            example: "/etc/nclc/tls/fullchain.pem",
        })?;
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown }))
    }

    /// Takes new files when they are good.
    pub(crate) async fn follow(self, web: Web) {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(hang_up) => hang_up,
            Err(error) => {
                return tracing::error!(%error, "new TLS certificates will not be taken: no signals");
            }
        };
        let mut looks = 0_u32;
        loop {
            if looks.is_multiple_of(WORRY)
                && let Some(problem) = self.shown.worry()
            {
                tracing::warn!(problem, "the TLS certificate will not do in a week");
            }
            looks = looks.wrapping_add(1);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = hang_up.recv() => {}
                () = web.shutdown().begun() => return,
            }
            let shown = self.shown.clone();
            let _looked = tokio::task::spawn_blocking(move || shown.look()).await;
        }
    }
}

impl Entrance {
    /// What the client's bytes go through; `None`: no greeting came about.
    pub(crate) async fn admit(&self, stream: TcpStream, web: &Web) -> Option<Wire> {
        let Self::Tls(tls) = self else { return Some(Wire::Plain(stream)) };
        // On the heap: its place would otherwise be kept as long as the connection lives.
        let greeting = Box::pin(tokio::time::timeout(web.0.patience.head, tls.acceptor.accept(stream)));
        let outcome = tokio::select! {
            outcome = greeting => outcome,
            () = web.shutdown().begun() => return None,
        };
        let failed = match outcome {
            Ok(Ok(stream)) => return Some(Wire::Tls(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::debug!("no TLS came about: {error}");
                "refused"
            }
            Err(_) => "slow",
        };
        metrics::counter!("tls_greetings_failed_total", "why" => failed).increment(1);
        None
    }
}
