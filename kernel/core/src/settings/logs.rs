//! Settings of the log: another system that is sent every line.

use super::{SettingError, Source, environment_name};
use std::path::PathBuf;

/// Where the log goes besides standard error.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    /// A receiver of syslog over TLS (RFC 5425).
    pub syslog: Option<SyslogSettings>,
}

/// A receiver of syslog.
#[derive(Debug, Clone)]
pub struct SyslogSettings {
    /// The name that its certificate is for, or its address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// PEM file of the authority behind its certificate; `None`: those that the machine trusts.
    pub authority: Option<PathBuf>,
}

/// The port of syslog over TLS (RFC 5425 section 4.1).
const PORT: u16 = 6514;

impl Source {
    pub(super) fn logs(&mut self) -> Result<Logs, SettingError> {
        let place = self.take("logs.syslog", None, "tls://logs.example.com:6514", |text| {
            let place = text.strip_prefix("tls://")?.trim_end_matches('/');
            place_of(place).map(Some)
        })?;
        let authority = self.optional("logs.syslog_authority").map(PathBuf::from);
        match place {
            Some((host, port)) => Ok(Logs { syslog: Some(SyslogSettings { host, port, authority }) }),
            None if authority.is_some() => Err(SettingError {
                name: environment_name("logs.syslog_authority"),
                problem: "logs.syslog is not set".into(),
                example: "NCLC_LOGS_SYSLOG=tls://logs.example.com:6514",
            }),
            None => Ok(Logs::default()),
        }
    }
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
fn place_of(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(""))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = if port.is_empty() { PORT } else { port.parse().ok()? };
    let fine = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    (!host.is_empty() && fine && port > 0).then(|| (host.to_owned(), port))
}
