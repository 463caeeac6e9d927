//! What visitors get: pages from memory, rendered anew only when something that they depend on changed (spec C9, C20).

mod cache;
mod entry;
pub(crate) mod files;
pub(crate) mod kept;
mod render;
pub(crate) mod routes;
mod shown;
mod store;

pub use cache::SiteCache;

use crate::service::Sites;
use bytes::Bytes;
use http::{HeaderValue, Response};
use kernel_web::KeptRequest;
use tenancy::TenantState;

/// Pages are revalidated every time: what is saved is seen at once.
const REVALIDATE: &str = "public, no-cache";

impl Sites {
    /// A page from memory, if it is there and its organisation is known to be at work; without any waiting.
    pub(crate) fn kept(&self, request: &KeptRequest<'_>) -> Option<Response<Bytes>> {
        let (tenant, rendered) = self.0.cache.find(request.slug, request.path, || self.clock().now())?;
        let tenant = self.0.tenancy.known_tenant(tenant)?;
        (tenant.state == TenantState::Active).then(|| rendered.kept.answer(request.headers))
    }
}

/// The Content-Security-Policy of tenants' pages: no script at all; pictures also from elsewhere by https.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; connect-src 'none'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The same for a preview in a frame of the app.
pub(crate) const FRAMED_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; object-src 'none'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
);
