//! A new password by a link in a mail: single use, an hour long (spec A1).

pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use jiff::SignedDuration;

/// A reset link works so long (ASVS 6.4.1).
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(1);
