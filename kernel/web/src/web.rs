//! [`Web`]: what every portal shares, handed from state to state.

use crate::connection::Patience;
use crate::limits::{Policy, RateLimits};
use crate::metrics::Metrics;
use crate::reports::{CspReport, Reports};
use crate::static_files::Assets;
use crate::templates::Templates;
use crate::{Networks, Shutdown};
use kernel_core::secret::SigningKey;
use kernel_core::settings::Brand;
use kernel_core::settings::Settings;
use kernel_core::{Clock, Random};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Requests that one process works on at once before it sheds load.
const IN_FLIGHT_LIMIT: usize = 2_048;

/// Templates, names, keys, limits, clock and randomness. Cheap to clone.
///
/// Each domain's state holds one and implements `FromRef<State> for Web`.
#[derive(Clone)]
pub struct Web(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub brand: Brand,
    pub origins: Origins,
    pub development: bool,
    pub body_limit: usize,
    pub upload_limit: usize,
    pub timeout: Duration,
    pub patience: Patience,
    pub trusted_proxies: Vec<IpAddr>,
    pub staff_networks: Networks,
    pub csrf_key: SigningKey,
    pub clock: Clock,
    pub random: Random,
    pub limits: RateLimits,
    pub tenant_calls: Policy,
    pub templates: Templates,
    pub metrics: Metrics,
    pub shutdown: Shutdown,
    pub in_flight: AtomicUsize,
    pub in_flight_limit: usize,
    pub contacts: Vec<String>,
    pub reports: Reports,
}

/// The portals' origins, e.g. `http://app.nclc.localhost:8080`; `page.origins` in templates.
#[derive(Clone, Debug, Serialize)]
pub struct Origins {
    /// The public website.
    pub www: String,
    /// The application.
    pub app: String,
    /// The API.
    pub api: String,
    /// The staff's portal.
    pub admin: String,
}

impl Web {
    /// Builds the web layer from the settings. `key` is the process's root key; purposes are derived from it.
    #[must_use]
    pub fn new(settings: &Settings, key: &SigningKey, clock: Clock, random: Random) -> Self {
        let brand = settings.site.clone();
        Self(Arc::new(Inner {
            origins: Origins {
                www: brand.origin("www"),
                app: brand.origin("app"),
                api: brand.origin("api"),
                admin: brand.origin("admin"),
            },
            brand,
            development: settings.development,
            body_limit: settings.http.body_limit,
            upload_limit: settings.http.upload_limit,
            timeout: Duration::from_secs(settings.http.timeout_seconds),
            patience: Patience {
                head: Duration::from_secs(settings.http.head_seconds),
                idle: Duration::from_secs(settings.http.keep_alive_seconds),
            },
            trusted_proxies: settings.http.trusted_proxies.clone(),
            staff_networks: Networks::parse(&settings.security.staff_networks),
            csrf_key: key.derive("csrf"),
            limits: RateLimits::new(clock.clone()),
            tenant_calls: Policy::of_tenant(settings.http.tenant_calls_per_minute),
            templates: Templates::new(Assets::load()),
            metrics: Metrics::install(),
            shutdown: Shutdown::new(),
            in_flight: AtomicUsize::new(0),
            in_flight_limit: IN_FLIGHT_LIMIT,
            contacts: settings.security.contacts.clone(),
            reports: Reports::new(),
            clock,
            random,
        }))
    }

    /// Names and addresses that people see.
    #[must_use]
    pub fn brand(&self) -> &Brand {
        &self.0.brand
    }
    /// The portals' origins.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }
    /// Whether development conveniences are on.
    #[must_use]
    pub fn development(&self) -> bool {
        self.0.development
    }
    /// Largest upload, in bytes; an upload route sets `DefaultBodyLimit::max(web.upload_limit())`.
    #[must_use]
    pub fn upload_limit(&self) -> usize {
        self.0.upload_limit
    }
    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
    /// Randomness.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }
    /// The process's rate limits.
    #[must_use]
    pub fn limits(&self) -> &RateLimits {
        &self.0.limits
    }
    /// API calls of one organisation, by all its tokens and people together.
    #[must_use]
    pub fn tenant_calls(&self) -> Policy {
        self.0.tenant_calls
    }
    /// The templates.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        &self.0.templates
    }
    /// Networks from which `admin.` and `/metrics` are reached.
    #[must_use]
    pub fn staff_networks(&self) -> &Networks {
        &self.0.staff_networks
    }
    /// The next reports of browsers about the Content-Security-Policy, at most `most`; waits for the first. For the one
    /// task that keeps them.
    pub async fn csp_reports(&self, most: usize) -> Vec<CspReport> {
        self.0.reports.take(most).await
    }
    /// Begins when the process stops; long answers (SSE) end with it.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }
    /// Whether browsers reach us by https.
    #[must_use]
    pub fn https(&self) -> bool {
        self.0.brand.scheme == "https"
    }
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("brand", &self.0.brand.brand).finish_non_exhaustive()
    }
}

/// Light, dark, or as the device says. The cookie `theme` (set by the browser script, not secret) carries the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Always light.
    Light,
    /// Always dark.
    Dark,
    /// As the device says.
    #[default]
    System,
}

impl Theme {
    /// All of them, as menus show them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Reads the cookie's value; anything else is `System`.
    #[must_use]
    pub fn from_cookie(value: Option<&str>) -> Self {
        match value {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// What the page shows: the choice, or what the device says by client hint (Chromium); other browsers are corrected
    /// by the script of every page.
    #[must_use]
    pub fn shown(self, headers: &http::HeaderMap) -> &'static str {
        let hint = headers.get("sec-ch-prefers-color-scheme").map(http::HeaderValue::as_bytes);
        match (self, hint) {
            (Self::Dark, _) | (Self::System, Some(b"\"dark\"" | b"dark")) => "dark",
            _ => "light",
        }
    }
}
