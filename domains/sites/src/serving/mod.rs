//! What visitors get: pages from memory, rendered anew only when something that they depend on changed (spec C9, C20).

mod cache;
mod entry;
pub(crate) mod files;
pub(crate) mod kept;
mod render;
pub(crate) mod routes;
mod store;

pub use cache::SiteCache;

use http::HeaderValue;

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
