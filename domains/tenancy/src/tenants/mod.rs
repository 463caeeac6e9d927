//! Organisations: making one at onboarding, the switcher, suspension by staff (spec A1, X2).

pub mod home;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use crate::model::TenantSummary;
use jiff::Timestamp;

/// An organisation as staff see it.
#[derive(Clone, Debug)]
pub struct TenantListing {
    /// The organisation.
    pub tenant: TenantSummary,
    /// How many members it has.
    pub members: i64,
    /// Why it is suspended, if it is.
    pub suspended_reason: Option<String>,
    /// Since when.
    pub suspended_at: Option<Timestamp>,
}
