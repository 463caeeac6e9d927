//! The one HTTP client: [`kernel_core::outgoing::Outgoing`] over hyper and rustls, HTTP/1.1, a connection a request.
//!
//! Names are looked up here, the addresses are judged ([`guard`]) and connected to: nothing can change in between. Every
//! redirect is judged like the first address. Nothing that could be a credential is logged.

mod connection;
pub mod guard;
pub mod names;

pub use guard::Guard;
pub use names::{Names, SystemNames};

use bytes::Bytes;
use guard::Target;
use http::{HeaderValue, Request as HttpRequest, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use kernel_core::outgoing::{Answer, Failure, Method, Outgoing, Request};
use rustls::pki_types::CertificateDer;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use url::Host;

/// Redirects that are followed at most, whatever a request asks for.
const MOST_REDIRECTS: u8 = 3;
/// Bytes of the head of an answer, about: more may have arrived before it is noticed.
const HEAD: usize = 64 << 10;

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    guard: Guard,
    names: Box<dyn Names>,
    tls: TlsConnector,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("guard", &self.0.guard).finish_non_exhaustive()
    }
}

impl Http {
    /// A client that trusts the certificates the machine trusts (`SSL_CERT_FILE` names others) and looks up names as the
    /// machine does.
    ///
    /// # Errors
    /// A sentence: the machine's certificates can't be read.
    pub fn new(guard: Guard) -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            // Without them every https request fails; the program can do without those.
            tracing::warn!(errors = ?found.errors, "no trusted certificates on this machine: https requests will fail");
        }
        Self::with(guard, Box::new(SystemNames), found.certs)
    }

    /// A client with names and trusted certificates of the caller's.
    ///
    /// # Errors
    /// A sentence: TLS can't be set up.
    pub fn with(
        guard: Guard,
        names: Box<dyn Names>,
        trusted: Vec<CertificateDer<'static>>,
    ) -> Result<Self, String> {
        Ok(Self(Arc::new(Inner { guard, names, tls: connection::tls(trusted)? })))
    }

    async fn follow(&self, request: &Request) -> Result<Answer, Failure> {
        let most = request.redirects.min(MOST_REDIRECTS);
        let first = self.0.guard.target(&request.url)?;
        let (mut target, mut hops) = (first.clone(), 0);
        loop {
            let same = target.same_origin(&first);
            let answer = self.once(&target, request, same).await?;
            // A form is never sent on: it may carry what only the first server should know.
            if most == 0
                || request.method == Method::Post
                || !matches!(answer.status, 301 | 302 | 303 | 307 | 308)
            {
                return Ok(answer);
            }
            if hops == most {
                return Err(Failure::Redirects);
            }
            hops += 1;
            let to = answer.header("location").ok_or(Failure::Redirects)?;
            let url = target.url.join(to).map_err(|_| Failure::Redirects)?;
            let next = self.0.guard.target(url.as_str())?;
            if target.secure() && !next.secure() {
                return Err(Failure::Refused("a secure address leads on to one that is not".into()));
            }
            target = next;
        }
    }

    /// One request to one server. Headers that may be credentials go to the origin they were given for alone.
    async fn once(
        &self,
        target: &Target,
        request: &Request,
        with_credentials: bool,
    ) -> Result<Answer, Failure> {
        let addresses: Vec<IpAddr> = match &target.host {
            Host::Domain(name) => self.0.names.addresses(name).await?,
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        };
        let places = self.0.guard.judge(target, &addresses)?;
        let stream = connection::open(&self.0.tls, target, &places).await?;
        let path = match target.url.query() {
            Some(query) => format!("{}?{query}", target.url.path()),
            None => target.url.path().to_owned(),
        };
        let body = match request.method {
            Method::Get => Bytes::new(),
            Method::Post => Bytes::from(request.body.clone()),
        };
        let method = match request.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        };
        let mut head = HttpRequest::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, target.authority())
            .header(header::USER_AGENT, HeaderValue::from_static("NCLC"));
        for (name, value) in &request.headers {
            if with_credentials || *name == "accept" {
                head = head.header(*name, value);
            }
        }
        let message = head
            .body(Full::new(body))
            .map_err(|_| Failure::Refused("a header has characters that it can't have".into()))?;
        let broken = |error: hyper::Error| Failure::Connection(plain(&error));
        let (mut sender, driver) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEAD)
            .handshake::<_, Full<Bytes>>(stream)
            .await
            .map_err(broken)?;
        let driver = tokio::spawn(driver);
        // Ends the connection on every way out.
        let _end = EndOnDrop(driver.abort_handle());
        let response = sender.send_request(message).await.map_err(broken)?;
        let (parts, body) = response.into_parts();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        Ok(Answer { status: parts.status.as_u16(), headers, body: read(body, request.limit).await? })
    }
}

struct EndOnDrop(tokio::task::AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The body, unless it is longer than the limit; what comes after the limit is not read.
async fn read(mut body: Incoming, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::Connection(plain(&error)))?;
        if let Ok(data) = frame.into_data() {
            if out.len() + data.len() > limit {
                return Err(Failure::TooLarge(limit));
            }
            out.extend_from_slice(&data);
        }
    }
    Ok(out)
}

/// What went wrong with a conversation, without addresses.
fn plain(error: &hyper::Error) -> String {
    if error.is_parse() || error.is_parse_too_large() {
        "what answered does not speak HTTP".to_owned()
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "it was closed before the answer was complete".to_owned()
    } else {
        "it broke".to_owned()
    }
}

impl Outgoing for Http {
    fn send<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>> {
        Box::pin(async move {
            let outcome = match tokio::time::timeout(request.timeout, self.follow(request)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure::Timeout(request.timeout)),
            };
            match &outcome {
                Ok(answer) => tracing::debug!(?request, status = answer.status, "outgoing request"),
                Err(failure) => tracing::info!(?request, %failure, "outgoing request failed"),
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests;
