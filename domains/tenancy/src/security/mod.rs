//! The rules of an organisation about how its members log in (spec A9): a second factor for everybody. Whoever has none is
//! led to set one up before anything else in the organisation; API tokens are not people and are not asked.

pub mod routes;
mod service;
mod store;
pub mod views;

use crate::model::TenantSummary;
use http::request::Parts;
use http::{Method, header};
use kernel_core::{Code, Error};
use kernel_web::WebError;

/// Why somebody without a second factor is kept out.
pub(crate) fn factor_needed(tenant: &TenantSummary) -> Error {
    Error::new(Code::Forbidden)
        .detail(format!("{} asks for a second factor. Set one up in your account first.", tenant.name))
}

/// Leads a person to the page that says what is missing; programs get the refusal.
pub(crate) fn lead_to_factor(parts: &Parts, tenant: &TenantSummary) -> WebError {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if parts.method != Method::GET || !accept.contains("text/html") {
        return factor_needed(tenant).into();
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    WebError::redirect(&format!("/o/{}/second-factor?next={next}", tenant.slug))
}
