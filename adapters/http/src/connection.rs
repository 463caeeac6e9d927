//! A connection to one of the addresses that were judged, encrypted where the target says so.

use crate::guard::Target;
use hyper_util::rt::TokioIo;
use kernel_core::outgoing::Failure;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// For each of the addresses of a name.
const CONNECT: Duration = Duration::from_secs(5);
/// Addresses of a name that are tried.
const MOST_PLACES: usize = 4;

/// A stream of bytes, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// TLS 1.2 and 1.3 with these roots.
pub(crate) fn tls(trusted: Vec<CertificateDer<'static>>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Opens it.
pub(crate) async fn open(
    tls: &TlsConnector,
    target: &Target,
    places: &[SocketAddr],
) -> Result<TokioIo<Pin<Box<dyn Stream>>>, Failure> {
    let stream = connect(places).await?;
    // A request is written at once and waits for its answer: nothing to gain from collecting bytes.
    let _ = stream.set_nodelay(true);
    if !target.secure() {
        return Ok(TokioIo::new(Box::pin(stream)));
    }
    let name = match &target.host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| Failure::Tls("the name can't be in a certificate".into()))?,
        Host::Ipv4(address) => ServerName::IpAddress(std::net::IpAddr::V4(*address).into()),
        Host::Ipv6(address) => ServerName::IpAddress(std::net::IpAddr::V6(*address).into()),
    };
    let stream = tls.connect(name, stream).await.map_err(|error| Failure::Tls(why(&error)))?;
    Ok(TokioIo::new(Box::pin(stream)))
}

async fn connect(places: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut last = "the name has no address".to_owned();
    for place in places.iter().take(MOST_PLACES) {
        match tokio::time::timeout(CONNECT, TcpStream::connect(place)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                last = "nothing listens there".to_owned();
            }
            Ok(Err(_)) => last = "it can't be reached".to_owned(),
            Err(_) => last = "it does not answer".to_owned(),
        }
    }
    Err(Failure::Connection(last))
}

/// What is wrong with the other side's TLS, for a person.
fn why(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(found)) => format!("the certificate is not good ({found})"),
        Some(_) => "what answered does not speak TLS as it should".to_owned(),
        None => "it was closed during the greeting".to_owned(),
    }
}
