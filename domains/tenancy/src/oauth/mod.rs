//! The OAuth 2.0 provider (spec P2; RFC 6749 with the rules of RFC 9700): programs of an organisation act for its members,
//! who agree to it, or for themselves.
//!
//! - An *app* belongs to one organisation and works in that organisation alone. A *connection* is what one app may do for
//!   one person (or for itself): scopes, bases, an end. Every code, refresh token and access token leads to a connection;
//!   ending it ends them all, on every process, as fast as a revoked API token.
//! - Authorization code with PKCE (S256) for all, exact redirect addresses, `iss` in answers (RFC 9207), refresh tokens that
//!   change with each use; a code or refresh token that comes twice ends the connection.
//! - Access tokens are JWTs of ten minutes (RFC 9068, ES256). What they may do is looked up in the connection when they are
//!   used. Metadata: RFC 8414; revocation: RFC 7009; introspection: RFC 7662.

mod access_token;
mod account_routes;
mod api;
mod apps;
mod connections;
mod consent_routes;
mod form;
mod grants;
pub(crate) mod keys;
mod mails;
pub mod model;
mod refused;
mod routes;
pub(crate) mod store;
mod token;
mod views;

pub(crate) use access_token::is_one;
pub use api::api;
pub use apps::{AppRow, CreatedApp};
pub use connections::ConnectionRow;
pub use grants::{Asked, Consent};
pub use model::{AppText, NewApp};

use crate::{BaseDirectory, Tenancy, with_switcher};
use axum::Router;
use std::sync::Arc;

/// The pages on `app.`.
pub(crate) fn pages(tenancy: &Tenancy, bases: Arc<dyn BaseDirectory>) -> Router {
    let account = account_routes::routes().with_state(form::Pages::new(tenancy, Arc::clone(&bases)));
    routes::routes(tenancy)
        .merge(consent_routes::routes(tenancy))
        .with_state(form::Pages::new(tenancy, bases))
        .merge(with_switcher(account, tenancy))
}
