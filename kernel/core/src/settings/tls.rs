//! Settings of TLS: of what comes in, and of mail that goes out.

use super::{SettingError, Source, boolean, environment_name};
use crate::Secret;
use std::net::SocketAddr;
use std::path::PathBuf;

/// TLS of what comes in, by the program itself.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificate and those between it and its authority, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// Whether the authority may be one of one's own, which browsers of strangers do not trust.
    pub private_authority: bool,
    /// A second, plain address that does nothing but lead to https.
    pub redirect_listen: Option<SocketAddr>,
}

impl Source {
    pub(super) fn tls(&mut self, scheme: &str) -> Result<Option<TlsSettings>, SettingError> {
        let certificate = self.optional("http.tls_certificate");
        let key = self.optional("http.tls_key");
        let private_authority = self.take("http.tls_private_authority", false, "true", boolean)?;
        let redirect_listen =
            self.take("http.redirect_listen", None, "0.0.0.0:80", |text| text.parse().ok().map(Some))?;
        let wrong = |name: &str, problem: &str| {
            Err(SettingError {
                name: environment_name(name),
                problem: problem.to_owned(),
                example: "NCLC_HTTP_TLS_CERTIFICATE=/etc/nclc/tls/fullchain.pem NCLC_HTTP_TLS_KEY=/etc/nclc/tls/privkey.pem \
                          NCLC_SITE_SCHEME=https",
            })
        };
        match (certificate, key) {
            (None, None) if private_authority => {
                wrong("http.tls_private_authority", "there is no certificate that it could be of")
            }
            (None, None) if redirect_listen.is_some() => {
                wrong("http.redirect_listen", "without http.tls_certificate there is nothing to lead to")
            }
            (None, None) => Ok(None),
            (Some(_), None) => wrong("http.tls_key", "http.tls_certificate is set, and its key is not"),
            (None, Some(_)) => {
                wrong("http.tls_certificate", "http.tls_key is set, and its certificate is not")
            }
            (Some(_), Some(_)) if scheme != "https" => {
                wrong("http.tls_certificate", "browsers come by https then: say site.scheme = https")
            }
            (Some(certificate), Some(key)) => Ok(Some(TlsSettings {
                certificate: certificate.into(),
                key: key.into(),
                private_authority,
                redirect_listen,
            })),
        }
    }

    /// Mail leaves the machine encrypted, but in development. The message never shows the address: a password is in it.
    pub(super) fn smtp_url(&mut self, development: bool) -> Result<Option<Secret>, SettingError> {
        let Some(url) = self.optional("mail.smtp_url") else { return Ok(None) };
        let (scheme, rest) = url.split_once("://").unwrap_or(("smtp", &url));
        let query = rest.split('#').next().and_then(|rest| rest.split_once('?')).map(|(_, query)| query);
        let said: Vec<&str> = query.into_iter().flat_map(|query| query.split('&')).collect();
        let tls = || said.iter().filter(|pair| pair.split('=').next() == Some("tls"));
        let required = tls().count() == 1 && tls().all(|pair| *pair == "tls=required");
        let plain = !scheme.eq_ignore_ascii_case("smtps") && !required;
        let place = plain.then(|| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let host = place.map(|place| place.rsplit_once('@').map_or(place, |(_, host)| host));
        if !development && host.is_some_and(|host| !is_here(host)) {
            return Err(SettingError {
                name: environment_name("mail.smtp_url"),
                problem: "mail would leave this machine in the clear".into(),
                example: "smtps://user:password@mail.example, or smtp://user:password@mail.example:587?tls=required",
            });
        }
        Ok(Some(Secret::new(url)))
    }
}

/// Whether `host:port` is this machine.
fn is_here(place: &str) -> bool {
    let host = match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
