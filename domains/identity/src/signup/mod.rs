//! Signing up with e-mail and password, and the confirmation of the address (spec A1).

mod direct;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use crate::model::NewSession;
use jiff::SignedDuration;
use kernel_core::UserId;

/// A confirmation link works so long (ASVS 6.4.1).
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What a person types to sign up.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// What to call the person.
    pub name: String,
    /// The address.
    pub email: String,
    /// The password as typed.
    pub password: String,
    /// A path of this portal to go on with afterwards.
    pub next: Option<String>,
}

/// A confirmed account.
#[derive(Debug)]
pub struct Confirmed {
    /// The new person.
    pub user: UserId,
    /// The confirmed address.
    pub email: String,
    /// Present when the link was used in the browser that signed up.
    pub session: Option<NewSession>,
    /// Where the person wanted to go.
    pub next: Option<String>,
}
