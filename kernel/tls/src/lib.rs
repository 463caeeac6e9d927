//! TLS for every part that speaks it: one provider of cryptography, the versions, who is trusted, PEM files; and the
//! certificate that we show ([`Shown`]), which is read anew while the program runs.
//!
//! Invariants: TLS 1.2 and 1.3, nothing older; the suites are those of rustls with aws-lc-rs: authenticated encryption with
//! forward secrecy and no other. What is wrong with a file is said in words that name the file, never its content.

mod shown;
#[cfg(feature = "testing")]
pub mod testing;

pub use shown::{Rules, Shown};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore, SupportedProtocolVersion};
use std::path::Path;
use std::sync::Arc;

/// The versions that are spoken; of two that a peer offers, the newer one is taken.
pub const VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The side that connects: it trusts these roots, and whom it connects to must have the name it was looked up by.
///
/// # Errors
/// A sentence: TLS can't be set up.
pub fn client(roots: RootCertStore) -> Result<ClientConfig, String> {
    let versions = ClientConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS);
    let builder = versions.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The authorities that this machine trusts (`SSL_CERT_FILE` names others): those that browsers trust as well, unless its
/// administrator has added some.
#[must_use]
pub fn machine_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        tracing::warn!(errors = ?found.errors, "no trusted certificates on this machine");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

/// The authorities in a PEM file, and no others.
///
/// # Errors
/// A sentence without the file's name: it can't be read, or has no certificate, or one that is damaged.
pub fn roots_of(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&read(file)?)? {
        roots.add(certificate).map_err(|error| format!("has a damaged certificate ({error})"))?;
    }
    Ok(roots)
}

/// The bytes of a file.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{} can't be read: {error}", file.display()))
}

/// The certificates of a PEM text, in its order; at least one.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err("the file has no certificate (-----BEGIN CERTIFICATE-----)".into())
        }
        Ok(found) => Ok(found),
        Err(error) => Err(format!("the file is damaged: {}", damage(&error))),
    }
}

/// The first private key of a PEM text.
fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            "the file has no private key (-----BEGIN PRIVATE KEY-----, without a password)".to_owned()
        }
        error => format!("the file is damaged: {}", damage(&error)),
    })
}

/// What is wrong with a PEM file. Its lines are not repeated: one could be of a key.
fn damage(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section begins in a way that none does",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it is not PEM",
    }
}

/// Why a peer's certificate was not taken, for a person.
#[must_use]
pub fn why(error: &Error) -> String {
    let Error::InvalidCertificate(found) = error else {
        return match error {
            Error::AlertReceived(alert) => format!("the other side refused: {alert:?}"),
            _ => format!("TLS failed: {error}"),
        };
    };
    match found {
        CertificateError::UnknownIssuer => {
            "its certificate is not of an authority that is trusted here".into()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has ended".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name than the one it was asked by".into()
        }
        other => format!("its certificate is not good ({other})"),
    }
}
