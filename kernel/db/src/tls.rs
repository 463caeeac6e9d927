//! TLS to PostgreSQL: what `sslmode` and `sslrootcert` of an address say, and the connector that does it.
//!
//! Invariants: nothing falls back to plain. What is not on this machine is reached by TLS with a verified name, unless its
//! address says otherwise. A message never shows an address: a password is in it.

mod address;
mod verifier;

use kernel_tls::{machine_roots, roots_of, why};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::{TlsConnector, client};
use verifier::AnyName;

/// As PostgreSQL's own clients name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Never.
    Disable,
    /// Encrypted, with whoever it is; with `sslrootcert` as [`Mode::VerifyCa`].
    Require,
    /// Encrypted, with a certificate of an authority of `sslrootcert`.
    VerifyCa,
    /// The same, and the certificate is for the host's name.
    VerifyFull,
}

/// How connections to one server are encrypted. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Tls(Option<Arc<ClientConfig>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Tls" } else { "Plain" })
    }
}

/// Reads an address: where and as whom to connect, and how it is encrypted.
///
/// # Errors
/// What is wrong with it, without showing it.
pub(crate) fn read(url: &str) -> Result<(Config, Tls), String> {
    // The driver would take what is behind the first one for the host, and messages name hosts.
    let authority = url.split_once("://").map(|(_, after)| after.split('/').next().unwrap_or_default());
    if authority.is_some_and(|authority| authority.matches('@').count() > 1) {
        return Err("an @ in a user's name or password is written %40".into());
    }
    let address::Parts { rest, mode, roots } = address::split(url);
    // Any public authority gives anybody a certificate for a name of their own: with those only the name says who it is.
    let own_roots = roots.as_deref().is_some_and(|roots| roots != "system");
    let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
    })?;
    let here = is_here(&config);
    let mode = match mode.as_deref() {
        None if here && roots.is_none() => Mode::Disable,
        None | Some("verify-full") => Mode::VerifyFull,
        Some("verify-ca" | "require") if own_roots => Mode::VerifyCa,
        Some("verify-ca") => Mode::VerifyFull,
        Some("require") if roots.is_some() => Mode::VerifyFull,
        Some("require") => Mode::Require,
        Some("disable") => Mode::Disable,
        Some(_) => return Err("sslmode can be disable, require, verify-ca or verify-full".into()),
    };
    if !here && matches!(mode, Mode::Disable | Mode::Require) {
        let host = hosts(&config);
        tracing::warn!(host, "sslmode lets others on the way to the database read or change what is said");
    }
    config.ssl_mode(if mode == Mode::Disable { SslMode::Disable } else { SslMode::Require });
    Ok((config, Tls::of(mode, roots.as_deref())?))
}

impl Tls {
    fn of(mode: Mode, roots: Option<&str>) -> Result<Self, String> {
        if mode == Mode::Disable {
            return Ok(Self(None));
        }
        let trusted = match roots {
            None | Some("system") => machine_roots(),
            Some(file) => roots_of(Path::new(file)).map_err(|problem| format!("sslrootcert: {problem}"))?,
        };
        let any_name = match mode {
            Mode::Require => Some(AnyName::of_anybody()),
            Mode::VerifyCa => Some(AnyName::of(trusted.clone())?),
            Mode::VerifyFull | Mode::Disable => None,
        };
        let mut config = kernel_tls::client(trusted)?;
        if let Some(verifier) = any_name {
            config.dangerous().set_certificate_verifier(Arc::new(verifier));
        }
        // From 17 on PostgreSQL asks for it where TLS comes first (`sslnegotiation=direct`).
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self(Some(Arc::new(config))))
    }
}

/// Whether every server is on this machine: by a socket in the file system, or by its own address.
fn is_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    })
}

fn hosts(config: &Config) -> String {
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Unix(path) => path.display().to_string(),
        Host::Tcp(name) => name.clone(),
    });
    names.collect::<Vec<_>>().join(",")
}

/// Encrypts one connection.
pub(crate) struct Connect {
    config: Option<Arc<ClientConfig>>,
    host: String,
}

/// Why no TLS came about.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Refused {}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Encrypted<S>;
    type TlsConnect = Connect;
    type Error = Failure;
    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, Failure> {
        Ok(Connect { config: self.0.clone(), host: host.to_owned() })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Connect {
    type Stream = Encrypted<S>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted<S>, Failure>> + Send>>;
    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let config = self.config.ok_or_else(|| Refused("TLS is disabled".into()))?;
            let name = ServerName::try_from(self.host)
                .map_err(|_| Refused("the host's name can't be in a certificate".into()))?;
            match TlsConnector::from(config).connect(name, stream).await {
                Ok(stream) => Ok(Encrypted(Box::new(stream))),
                // A certificate that is not good stays so; a socket that broke is worth another try.
                Err(error) => Err(match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                    Some(inner) => Refused(why(inner)).into(),
                    None => error.into(),
                }),
            }
        })
    }
}

/// A connection in TLS.
pub(crate) struct Encrypted<S>(Box<client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
