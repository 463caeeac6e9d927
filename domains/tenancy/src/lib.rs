//! Organisations: tenants and their switcher, members, roles, invitations, API tokens, and the question of every request:
//! who is this, and may they enter (spec A1, A7 simple, A8 simple, P2 tokens, P6).
//!
//! [`Tenancy`] is the service; [`routes`] are its pages on `app.`; [`Member`] and [`ApiCaller`] are the extractors that
//! other domains build on. The home page's view is [`HomeView`], rendered by the portal, which brings the bases and sites.

pub mod access;
pub mod members;
pub mod model;
pub mod oauth;
pub mod permissions;
pub mod scim;
pub mod security;
pub mod sso;
mod tenancy;
pub mod tenants;
mod ties;
pub mod tokens;
pub mod trail;

pub use access::cache::MemberAccess;
pub use access::extract::{ApiCaller, Member, with_switcher};
pub use model::{Membership, TenantState, TenantSummary};
pub use permissions::OwnRoles;
pub use sso::{Entitlements, SsoParts};
pub use tenancy::{ACCESS_CHANGED, Tenancy};
pub use tenants::TenantListing;
pub use tenants::home::{HomeBase, HomeSite, HomeView};
pub use tokens::{
    BaseDirectory, BaseName, CreatedToken, FieldName, Later, NewToken, SiteDirectory, SiteName, TableName,
    TokenRow, api as token_api, leak_operation,
};

use std::sync::Arc;

/// The pages of this domain on `app.`, except the home page `/o/{slug}/`. `bases` and `sites`: what tokens and permissions
/// may name.
pub fn routes(
    tenancy: &Tenancy,
    bases: Arc<dyn BaseDirectory>,
    sites: Arc<dyn SiteDirectory>,
) -> axum::Router {
    axum::Router::new()
        .merge(tenants::routes::routes())
        .merge(security::routes::routes(tenancy))
        .merge(sso::routes::routes(tenancy))
        .merge(sso::login_routes::routes())
        .merge(scim::routes(tenancy))
        .merge(trail::routes::routes())
        .with_state(tenancy.clone())
        .merge(tokens::routes::routes(tenancy, Arc::clone(&bases)))
        .merge(oauth::pages(tenancy, Arc::clone(&bases)))
        .merge(members::routes::routes(tenancy, Arc::clone(&sites)))
        .merge(permissions::routes::routes(tenancy, bases, sites))
}
