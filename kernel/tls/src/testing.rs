//! Authorities and certificates for tests, made anew in every run.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};

/// Somebody who stands behind certificates.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// A certificate with its key, as texts.
#[derive(Clone, Debug)]
pub struct Made {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// From the first to the last day of which year a certificate is good.
#[derive(Clone, Copy, Debug)]
pub enum Good {
    /// Now.
    Now,
    /// No more since 2020.
    Past,
    /// From 2090.
    Later,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { params, key, pem })
    }

    /// Its own certificate, as text.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Trust in it and in nobody else.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn roots(&self) -> Result<RootCertStore, Box<dyn std::error::Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes())?)?;
        Ok(roots)
    }

    /// A certificate for these names, or addresses.
    ///
    /// # Errors
    /// A name can't be one.
    pub fn certificate(&self, names: &[&str], good: Good) -> Result<Made, rcgen::Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "made for a test");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = match good {
            Good::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1)),
            Good::Past => (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1)),
            Good::Later => (date_time_ymd(2090, 1, 1), date_time_ymd(2099, 1, 1)),
        };
        let key = KeyPair::generate()?;
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer)?.pem();
        Ok(Made { certificate, key: key.serialize_pem() })
    }
}

impl Made {
    /// The certificate and its key, as rustls takes them.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn parts(
        &self,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rustls::pki_types::pem::Error> {
        Ok((
            CertificateDer::from_pem_slice(self.certificate.as_bytes())?,
            PrivateKeyDer::from_pem_slice(self.key.as_bytes())?,
        ))
    }

    /// Writes `tls.crt` and `tls.key` into a folder.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<(PathBuf, PathBuf)> {
        use std::os::unix::fs::PermissionsExt as _;
        let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
        std::fs::write(&certificate, &self.certificate)?;
        std::fs::write(&key, &self.key)?;
        // PostgreSQL refuses a key that others may read.
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?;
        Ok((certificate, key))
    }
}
