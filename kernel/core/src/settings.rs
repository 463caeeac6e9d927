//! Settings: one typed struct per section, from a TOML file and `NCLC_*` environment variables (spec O1).
//!
//! `NCLC_SECTION_NAME` overrides `section.name` of the file. Every mistake names the setting, what was wrong and an
//! example. Reading the file and the environment is the caller's business; this is pure.

mod database;
mod files;
mod logs;
mod sign_in;
mod tls;

use crate::Secret;
use std::collections::BTreeMap;

pub use database::{Database, DatabaseUrls};
pub use files::{FileSettings, ScannerPlace};
pub use logs::{Logs, SyslogSettings};
pub use sign_in::{ClientSecret, ClientSettings, SignInSettings};
pub use tls::TlsSettings;

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {name}: {problem}; for example: {example}")]
pub struct SettingError {
    /// The setting as written in the environment, e.g. `NCLC_HTTP_LISTEN`.
    pub name: String,
    /// What is wrong.
    pub problem: String,
    /// A value that would do.
    pub example: &'static str,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names and addresses that people see.
    pub site: Brand,
    /// The listening side.
    pub http: Http,
    /// Where data is kept.
    pub database: Database,
    /// Outgoing mail.
    pub mail: MailSettings,
    /// Keys and access.
    pub security: Security,
    /// Memory and work limits of bases.
    pub bases: Bases,
    /// Files of cells.
    pub files: FileSettings,
    /// Published sites.
    pub sites: Sites,
    /// Logging in with an account elsewhere.
    pub sign_in: SignInSettings,
    /// Where the log goes besides standard error.
    pub logs: Logs,
    /// Development conveniences: mailbox page, templates from disk, staff from any address.
    pub development: bool,
}

/// Names and addresses that people see.
#[derive(Debug, Clone)]
pub struct Brand {
    /// The product's name.
    pub brand: String,
    /// Domain below which the portals live, e.g. `nclc.localhost`.
    pub base_domain: String,
    /// Domain below which published sites live, e.g. `sites.nclc.localhost`.
    pub sites_domain: String,
    /// `http` or `https`, as the browser sees it.
    pub scheme: String,
    /// Port as the browser sees it; `None` for the scheme's own.
    pub public_port: Option<u16>,
}

impl Brand {
    /// The origin of a portal, e.g. `http://app.nclc.localhost:8080`.
    #[must_use]
    pub fn origin(&self, portal: &str) -> String {
        format!("{}://{portal}.{}{}", self.scheme, self.base_domain, self.port_suffix())
    }
    /// The origin of a published site by its slug.
    #[must_use]
    pub fn site_origin(&self, slug: &str) -> String {
        format!("{}://{slug}.{}{}", self.scheme, self.sites_domain, self.port_suffix())
    }
    /// What an origin has after its host: empty, or `:` and the port.
    #[must_use]
    pub fn port_suffix(&self) -> String {
        // Browsers leave the port of the scheme out (RFC 6454): an origin with it is another text.
        let own = if self.scheme == "https" { 443 } else { 80 };
        self.public_port.filter(|port| *port != own).map_or_else(String::new, |port| format!(":{port}"))
    }
}

/// The listening side.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port, e.g. `127.0.0.1:8080`.
    pub listen: std::net::SocketAddr,
    /// Portals that this process serves, among `www app api admin sites`.
    pub portals: Vec<String>,
    /// Largest body of an ordinary request, in bytes; uploads have their own limit.
    pub body_limit: usize,
    /// Largest upload, in bytes.
    pub upload_limit: usize,
    /// API calls a minute of one organisation, by all its tokens and people together; a sixth of it at once.
    pub tenant_calls_per_minute: u32,
    /// Seconds until a request is given up.
    pub timeout_seconds: u64,
    /// Seconds that a client may take to send the head of a request that it has begun.
    pub head_seconds: u64,
    /// Seconds that a connection may be idle between two requests; no connection is ended earlier for being idle.
    pub keep_alive_seconds: u64,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// TLS by the program itself; `None`: what listens speaks plainly, and a proxy in front of it does TLS.
    pub tls: Option<TlsSettings>,
}

/// Outgoing mail.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `smtp://user:password@host:port`; `None`: the development mailbox.
    pub smtp_url: Option<Secret>,
    /// The sender, e.g. `NCLC <hello@nclcdbaas.com>`.
    pub from: String,
}

/// Keys and access.
#[derive(Debug, Clone)]
pub struct Security {
    /// 64 hex digits from which all signing keys derive; `None`: made once and kept in the data folder.
    pub secret_key: Option<Secret>,
    /// Keys that were `secret_key` before: what was encrypted under them still opens.
    pub former_secret_keys: Vec<Secret>,
    /// Networks that may reach `admin.`, as `address` or `address/bits`.
    pub staff_networks: Vec<String>,
    /// Password hashes computed at once, at most (each takes 19 MiB): half the processors, so that others find one free.
    pub password_hashes_at_once: usize,
    /// Where people report weaknesses, as `mailto:` or `https:` addresses: `/.well-known/security.txt` says so.
    pub contacts: Vec<String>,
    /// Hosts and networks that requests to other servers may reach although they are not public, or by plain http, or on
    /// other ports: `host`, `host:port`, `address` or `address/bits`.
    pub outgoing_allow: Vec<String>,
    /// Name server that is asked for TXT records; `None`: those of the machine.
    pub dns_server: Option<std::net::SocketAddr>,
}

/// Memory and work limits of bases.
#[derive(Debug, Clone)]
pub struct Bases {
    /// Bytes that bases in memory may take together before the least used are unloaded.
    pub memory_budget: u64,
    /// Seconds after which an unused base is unloaded.
    pub idle_seconds: u64,
}

/// Published sites.
#[derive(Debug, Clone)]
pub struct Sites {
    /// Bytes of finished pages that are kept in memory; 0: every visit renders its page anew.
    pub page_memory: usize,
}

/// Values by `section.name`, environment over file.
#[derive(Debug)]
struct Source(BTreeMap<String, String>);

impl Source {
    fn take<T>(
        &mut self,
        name: &str,
        default: T,
        example: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SettingError> {
        match self.0.remove(name) {
            None => Ok(default),
            Some(text) => parse(&text).ok_or_else(|| SettingError {
                name: environment_name(name),
                problem: format!("can't use {text:?}"),
                example,
            }),
        }
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }
}

fn environment_name(name: &str) -> String {
    format!("NCLC_{}", name.replace('.', "_").to_uppercase())
}

/// 32 bytes as hex digits.
fn is_key(text: &str) -> bool {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
}

fn list(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn positive(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

/// At least one; where their number is not told, one.
fn half_the_processors() -> usize {
    std::thread::available_parallelism().map_or(1, |all| (all.get() / 2).max(1))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

impl Settings {
    /// Reads settings from the text of a TOML file and from `(name, value)` pairs of the environment.
    ///
    /// # Errors
    /// The first setting that can't be used, or is not known.
    pub fn load(
        file: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingError> {
        let mut values = flatten(file)?;
        let known: Vec<&str> = NAMES.to_vec();
        for (name, value) in environment {
            if let Some(rest) = name.strip_prefix("NCLC_") {
                let found = known.iter().find(|known| environment_name(known) == name);
                let Some(found) = found else {
                    return Err(SettingError {
                        name: name.clone(),
                        problem: format!("is not a setting (nothing is called {})", rest.to_lowercase()),
                        example: "NCLC_HTTP_LISTEN=127.0.0.1:8080",
                    });
                };
                values.insert((*found).to_owned(), value);
            }
        }
        if let Some(name) = values.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(SettingError {
                name: name.clone(),
                problem: "is not a setting".into(),
                example: "http.listen = \"127.0.0.1:8080\"",
            });
        }
        Self::from_source(Source(values))
    }

    fn from_source(mut s: Source) -> Result<Self, SettingError> {
        let development = s.take("development", true, "development = false", boolean)?;
        let base_domain = s.optional("site.base_domain").unwrap_or_else(|| "nclc.localhost".into());
        let sites_domain = s.optional("site.sites_domain").unwrap_or_else(|| format!("sites.{base_domain}"));
        let scheme = s.take("site.scheme", "http".to_owned(), "https", |text| {
            matches!(text, "http" | "https").then(|| text.to_owned())
        })?;
        let listen = s.take(
            "http.listen",
            std::net::SocketAddr::from(([127, 0, 0, 1], 8080)),
            "127.0.0.1:8080",
            |text| text.parse().ok(),
        )?;
        let default_port = (!matches!((scheme.as_str(), listen.port()), ("http", 80) | ("https", 443)))
            .then_some(listen.port());
        let public_port =
            s.take("site.public_port", default_port, "443", |text| text.parse().ok().map(Some))?;
        let tls = s.tls(&scheme)?;
        let secret_key = s.optional("security.secret_key");
        let former_keys = s.optional("security.former_secret_keys").map_or_else(Vec::new, |text| list(&text));
        let damaged = [
            ("security.secret_key", secret_key.as_ref().is_some_and(|key| !is_key(key))),
            ("security.former_secret_keys", !former_keys.iter().all(|key| is_key(key))),
        ];
        // The message never shows the value: it is a secret with a slip of the pen.
        if let Some((name, _)) = damaged.iter().find(|(_, damaged)| *damaged) {
            return Err(SettingError {
                name: environment_name(name),
                problem: "is not 64 hex digits".into(),
                example: "the output of: openssl rand -hex 32",
            });
        }
        Ok(Self {
            site: Brand {
                brand: s.optional("site.brand").unwrap_or_else(|| "NCLC".into()),
                base_domain,
                sites_domain,
                scheme,
                public_port,
            },
            http: Http {
                listen,
                portals: s.take("http.portals", list("www,app,api,admin,sites"), "www,app", |text| {
                    let portals = list(text);
                    let known = ["www", "app", "api", "admin", "sites"];
                    (!portals.is_empty() && portals.iter().all(|portal| known.contains(&portal.as_str())))
                        .then_some(portals)
                })?,
                body_limit: s.take("http.body_limit", 2 << 20, "2097152", |text| text.parse().ok())?,
                upload_limit: s
                    .take("http.upload_limit", 512 << 20, "536870912", |text| text.parse().ok())?,
                tenant_calls_per_minute: s.take(
                    "http.tenant_calls_per_minute",
                    240_000,
                    "240000",
                    |text| text.parse().ok().filter(|calls| *calls >= 6),
                )?,
                timeout_seconds: s.take("http.timeout_seconds", 30, "30", |text| text.parse().ok())?,
                head_seconds: s.take("http.head_seconds", 10, "10", positive)?,
                keep_alive_seconds: s.take("http.keep_alive_seconds", 75, "75", positive)?,
                trusted_proxies: s.take("http.trusted_proxies", Vec::new(), "10.0.0.1,10.0.0.2", |text| {
                    list(text).iter().map(|item| item.parse().ok()).collect()
                })?,
                tls,
            },
            database: s.database()?,
            mail: MailSettings {
                smtp_url: s.smtp_url(development)?,
                from: s.optional("mail.from").unwrap_or_else(|| "NCLC <hello@nclcdbaas.com>".into()),
            },
            security: Security {
                secret_key: secret_key.map(Secret::new),
                former_secret_keys: former_keys.into_iter().map(Secret::new).collect(),
                staff_networks: s.take(
                    "security.staff_networks",
                    list("127.0.0.1/32,::1/128"),
                    "10.0.0.0/8",
                    |text| Some(list(text)),
                )?,
                password_hashes_at_once: s.take(
                    "security.password_hashes_at_once",
                    half_the_processors(),
                    "2",
                    |text| text.parse().ok().filter(|count| *count > 0),
                )?,
                contacts: s.take(
                    "security.contacts",
                    Vec::new(),
                    "mailto:security@acme.example",
                    |text| {
                        let contacts = list(text);
                        let fine = |contact: &String| {
                            ["mailto:", "https://", "tel:"].iter().any(|scheme| contact.starts_with(scheme))
                                && contact.chars().all(|character| character.is_ascii_graphic())
                        };
                        contacts.iter().all(fine).then_some(contacts)
                    },
                )?,
                outgoing_allow: s
                    .optional("security.outgoing_allow")
                    .map_or_else(Vec::new, |text| list(&text)),
                dns_server: s
                    .take("security.dns_server", None, "127.0.0.1:53", |text| text.parse().ok().map(Some))?,
            },
            files: s.files()?,
            sign_in: s.sign_in()?,
            logs: s.logs()?,
            bases: Bases {
                memory_budget: s
                    .take("bases.memory_budget", 4 << 30, "4294967296", |text| text.parse().ok())?,
                idle_seconds: s.take("bases.idle_seconds", 900, "900", |text| text.parse().ok())?,
            },
            sites: Sites {
                page_memory: s.take("sites.page_memory", 96 << 20, "100663296", |text| text.parse().ok())?,
            },
            development,
        })
    }
}

/// Every setting's name, for the check of unknown ones and for the reference in `docs/operations.md`.
pub const NAMES: &[&str] = &[
    "development",
    "site.brand",
    "site.base_domain",
    "site.sites_domain",
    "site.scheme",
    "site.public_port",
    "http.listen",
    "http.portals",
    "http.body_limit",
    "http.upload_limit",
    "http.tenant_calls_per_minute",
    "http.timeout_seconds",
    "http.head_seconds",
    "http.keep_alive_seconds",
    "http.trusted_proxies",
    "http.tls_certificate",
    "http.tls_key",
    "http.tls_private_authority",
    "http.redirect_listen",
    "database.data_folder",
    "database.control_url",
    "database.billing_url",
    "database.data_url",
    "database.logs_url",
    "database.postgres_folder",
    "database.pool_size",
    "mail.smtp_url",
    "mail.from",
    "security.secret_key",
    "security.former_secret_keys",
    "security.staff_networks",
    "security.password_hashes_at_once",
    "security.contacts",
    "security.outgoing_allow",
    "security.dns_server",
    "sign_in.google_client_id",
    "sign_in.google_client_secret",
    "sign_in.google_client_secret_file",
    "sign_in.github_client_id",
    "sign_in.github_client_secret",
    "sign_in.github_client_secret_file",
    "sign_in.github_url",
    "sign_in.oidc_client_id",
    "sign_in.oidc_client_secret",
    "sign_in.oidc_client_secret_file",
    "sign_in.oidc_issuer",
    "sign_in.oidc_name",
    "files.scanner",
    "files.scanner_required",
    "bases.memory_budget",
    "bases.idle_seconds",
    "sites.page_memory",
    "logs.syslog",
    "logs.syslog_authority",
];

fn flatten(file: &str) -> Result<BTreeMap<String, String>, SettingError> {
    let table: toml::Table = file.parse().map_err(|error: toml::de::Error| SettingError {
        name: "the settings file".into(),
        problem: error.message().to_owned(),
        example: "[http]\nlisten = \"127.0.0.1:8080\"",
    })?;
    let mut out = BTreeMap::new();
    for (section, value) in table {
        match value {
            toml::Value::Table(entries) => {
                for (name, value) in entries {
                    out.insert(format!("{section}.{name}"), scalar(&value));
                }
            }
            value => {
                out.insert(section, scalar(&value));
            }
        }
    }
    Ok(out)
}

fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
