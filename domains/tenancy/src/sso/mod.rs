//! Single sign-on of an organisation (spec A8): its own provider of OpenID Connect or SAML 2.0, domains proven by a TXT
//! record, people who become members when they come for the first time, and the rule that they come by no other way.
//!
//! Invariants: the provider of an organisation lets in only accounts whose address is in one of its proven domains, and a
//! domain is proven by one organisation at a time: so nobody's provider can speak for anybody else's people. Owners come in
//! without it (the broken provider is theirs to mend). Who was removed here is not brought back by the provider.

mod domains;
pub(crate) mod enter;
mod gate;
pub mod login_routes;
pub mod model;
pub mod routes;
pub mod saml;
mod saml_routes;
mod saml_service;
mod service;
pub(crate) mod store;
pub mod views;

pub(crate) use gate::{SsoGate, lead_to_provider, method};
pub use model::{Connection, Domain, Way};

use crate::tokens::Later;
use kernel_core::TenantId;
use kernel_core::outgoing::{Outgoing, TxtRecords};
use std::sync::Arc;

/// What plans say about it; their domain stands beside this one, so it is asked through this.
pub trait Entitlements: Send + Sync {
    /// Whether an organisation may set up single sign-on.
    fn single_sign_on(&self, tenant: TenantId) -> Later<'_, bool>;
}

/// What single sign-on needs from outside.
pub struct SsoParts {
    /// For proof of domains.
    pub names: Arc<dyn TxtRecords>,
    /// For metadata at an address.
    pub http: Arc<dyn Outgoing>,
    /// For plans.
    pub plans: Arc<dyn Entitlements>,
}
