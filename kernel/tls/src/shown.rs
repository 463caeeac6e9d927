//! The certificate that we show to those who connect: chain and key from two PEM files, judged before they are taken, and
//! read anew while the program runs.
//!
//! Invariant: what is shown was good when it was read. Files that have become bad are said once and change nothing.

use crate::{certificates, private_key, provider, read};
use kernel_core::Clock;
use kernel_core::secret::sha256;
use kernel_core::settings::{SettingError, TlsSettings};
use parking_lot::Mutex;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore, ServerConfig};
use std::sync::Arc;
use std::time::Duration;

const CERTIFICATE: &str = "NCLC_HTTP_TLS_CERTIFICATE";
const KEY: &str = "NCLC_HTTP_TLS_KEY";
/// Days before its end from which a certificate is complained about.
const SOON: Duration = Duration::from_secs(7 * 86_400);

/// What a certificate must be.
#[derive(Debug)]
pub struct Rules {
    /// Names that it must be good for.
    pub names: Vec<String>,
    /// Authorities of which one must stand behind it; `None`: any may, also itself.
    pub trusted: Option<RootCertStore>,
}

/// The certificate in use. Cheap to clone; clones see what [`Shown::look`] reads.
#[derive(Clone, Debug)]
pub struct Shown(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: TlsSettings,
    rules: Rules,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    key: Arc<CertifiedKey>,
    /// Fingerprint of the files as they were last read.
    seen: [u8; 32],
    /// What was wrong with them, if they were bad: said once, and judged again, since a certificate may be good later.
    bad: Option<String>,
}

impl Shown {
    /// Reads the files.
    ///
    /// # Errors
    /// Names the setting whose file can't be used, and says why.
    pub fn open(settings: &TlsSettings, rules: Rules, clock: Clock) -> Result<Self, SettingError> {
        let (seen, texts) = texts(settings)?;
        let key = Arc::new(judged(&texts, &rules, now(&clock))?);
        let state = Mutex::new(State { key, seen, bad: None });
        Ok(Self(Arc::new(Inner { settings: settings.clone(), rules, clock, state })))
    }

    /// Looks whether the files have changed, and takes what they have now if it is good. Says in the log what it found.
    pub fn look(&self) {
        let inner = &self.0;
        let found = texts(&inner.settings);
        let seen = match &found {
            Ok((seen, _)) => *seen,
            Err(problem) => sha256(problem.to_string().as_bytes()),
        };
        {
            let state = inner.state.lock();
            if state.seen == seen && state.bad.is_none() {
                return;
            }
        }
        let judged = found.and_then(|(_, texts)| judged(&texts, &inner.rules, now(&inner.clock)));
        let mut state = inner.state.lock();
        state.seen = seen;
        match judged {
            Ok(key) => {
                state.key = Arc::new(key);
                state.bad = None;
                tracing::info!("a new TLS certificate is in use");
            }
            Err(problem) => {
                let problem = problem.to_string();
                if state.bad.as_ref() != Some(&problem) {
                    tracing::error!(problem, "the new TLS certificate can't be used; the former one stays");
                }
                state.bad = Some(problem);
            }
        }
    }

    /// What is wrong with the certificate in use, or will be within a week.
    #[must_use]
    pub fn worry(&self) -> Option<String> {
        let key = self.0.state.lock().key.clone();
        let soon = UnixTime::since_unix_epoch(Duration::from_secs(now(&self.0.clock).as_secs()) + SOON);
        judge(&key.cert, &self.0.rules, soon).err()
    }

    /// The side that is connected to, speaking one of these protocols (ALPN).
    ///
    /// # Errors
    /// A sentence: TLS can't be set up.
    pub fn server(&self, protocols: &[&[u8]]) -> Result<ServerConfig, String> {
        let versions =
            ServerConfig::builder_with_provider(provider()).with_protocol_versions(crate::VERSIONS);
        let builder = versions.map_err(|error| error.to_string())?.with_no_client_auth();
        let mut config = builder.with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // The order of the list is ours: the strongest suite first.
        config.ignore_client_order = true;
        Ok(config)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // One certificate for all names: a client that asks for another one is shown ours and sees for itself.
        Some(self.0.state.lock().key.clone())
    }
}

struct Texts {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Both files and a fingerprint of them.
fn texts(settings: &TlsSettings) -> Result<([u8; 32], Texts), SettingError> {
    let certificate = read(&settings.certificate).map_err(of(CERTIFICATE))?;
    let key = read(&settings.key).map_err(of(KEY))?;
    let seen = sha256(&[sha256(&certificate), sha256(&key)].concat());
    Ok((seen, Texts { certificate, key }))
}

fn of(name: &'static str) -> impl Fn(String) -> SettingError {
    move |problem| SettingError {
        name: name.to_owned(),
        problem,
        example: if name == KEY { "/etc/nclc/tls/privkey.pem" } else { "/etc/nclc/tls/fullchain.pem" },
    }
}

fn now(clock: &Clock) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(clock.now().as_second()).unwrap_or(0)))
}

/// The chain with its key, if they fit each other and the rules.
fn judged(texts: &Texts, rules: &Rules, now: UnixTime) -> Result<CertifiedKey, SettingError> {
    let chain = certificates(&texts.certificate).map_err(of(CERTIFICATE))?;
    judge(&chain, rules, now).map_err(of(CERTIFICATE))?;
    let key = private_key(&texts.key).map_err(of(KEY))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
        of(KEY)(match error {
            Error::InconsistentKeys(_) => "the key is not the one of the certificate".into(),
            _ => "the key is of a kind that is not supported; ECDSA P-256 or RSA from 2048 bits are".into(),
        })
    })
}

/// What is wrong with a chain.
fn judge(chain: &[CertificateDer<'static>], rules: &Rules, now: UnixTime) -> Result<(), String> {
    let (first, others) = chain.split_first().ok_or("there is no certificate")?;
    let own = ParsedCertificate::try_from(first).map_err(|error| format!("is damaged ({error})"))?;
    // Without authorities of ours the last of the chain stands for them: what is there must fit together.
    let alone = rules.trusted.is_none() && others.is_empty();
    let mut last = RootCertStore::empty();
    let roots = match &rules.trusted {
        Some(roots) => roots,
        None => {
            if let Some(root) = others.last() {
                last.add(root.clone()).map_err(|error| format!("the chain is damaged ({error})"))?;
            }
            &last
        }
    };
    let algorithms = provider().signature_verification_algorithms;
    match verify_server_cert_signed_by_trust_anchor(&own, roots, others, now, algorithms.all) {
        Ok(()) => {}
        // Time and purpose are looked at before the issuer: of one that stands alone they are good.
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)))
            if alone => {}
        Err(error) => return Err(fault(&error, rules.trusted.is_some())),
    }
    let missing: Vec<&str> = rules
        .names
        .iter()
        .filter(|name| {
            let name = ServerName::try_from(name.as_str());
            name.is_ok_and(|name| verify_server_name(&own, &name).is_err())
        })
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("the certificate is not good for {}", missing.join(", ")))
}

fn fault(error: &Error, public: bool) -> String {
    let Error::InvalidCertificate(found) = error else { return error.to_string() };
    match found {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate has ended ({})", date(*not_after))
        }
        CertificateError::Expired => "the certificate has ended".into(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is not valid before {}", date(*not_before))
        }
        CertificateError::UnknownIssuer | CertificateError::Other(_) if public => {
            "no public authority stands behind the certificate, or a certificate between is missing from the file; if it \
             is one of your own, say http.tls_private_authority = true"
                .into()
        }
        CertificateError::UnknownIssuer => {
            "the certificates of the file do not stand for each other, from ours to the authority's".into()
        }
        other => format!("the certificate is not good ({other})"),
    }
}

fn date(at: UnixTime) -> String {
    let at = i64::try_from(at.as_secs()).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    at.map_or_else(String::new, |at| at.to_string())
}

#[cfg(test)]
mod tests;
