//! The web layer: everything between a socket and a handler that knows nothing of the product.
//!
//! A portal is a plain axum router; [`by_host`] chooses it by host name and wraps it in one stack: request id, time-out,
//! load shedding, panic catcher, error rendering (HTML page or RFC 9457), security headers, CORS, rate-limit headers,
//! compression, metrics and the access log. Handlers take [`Page`] (HTML) or [`ApiJson`]/[`ApiQuery`] (JSON), and answer
//! `Result<Response, WebError>`.

mod body;
pub mod client_addr;
mod connection;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod entrance;
pub mod error;
pub mod exchange;
pub mod format;
pub mod forms;
pub mod hosts;
mod icons;
pub mod json;
pub mod kept;
pub mod limits;
mod log;
pub mod mail;
pub mod metrics;
pub mod page;
pub mod portal;
pub mod reports;
pub mod request_id;
pub mod security_headers;
mod security_txt;
pub mod serve;
pub mod sse;
pub mod static_files;
pub mod templates;
pub mod web;
mod wire;

pub use body::UploadFits;
pub use client_addr::{ClientAddr, Networks, limit_key};
pub use csrf::CsrfForm;
pub use entrance::Tls;
pub use error::WebError;
pub use exchange::{Exchange, Shell, ShellStaff, ShellTenant, ShellUser};
pub use forms::FormState;
pub use hosts::{Hosts, Portals, SiteSlug, by_host};
pub use json::{ApiJson, ApiQuery, RawJson};
pub use kept::{KeptPages, KeptRequest};
pub use limits::{Policy, RateLimits, RateState};
pub use mail::MailView;
pub use page::Page;
pub use portal::Portal;
pub use reports::CspReport;
pub use request_id::RequestId;
pub use serve::{Shutdown, serve, serve_tls, serve_to_https};
pub use templates::{View, inventory};
pub use web::{Theme, Web};

#[cfg(test)]
mod tests;
