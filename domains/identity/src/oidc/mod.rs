//! Logging in with an account elsewhere (spec A1): Google, GitHub, any provider of OpenID Connect.
//!
//! Authorization code with PKCE (RFC 7636); state, nonce and verifier are sealed into a cookie of the browser that began,
//! so that a flow can be finished by no other one. An account elsewhere is known by (issuer, subject), never by its
//! address (ASVS 6.8.1): an address joins it to an account once, and only if both sides have verified it.
//!
//! [`protocol`] talks to providers and knows nothing of accounts; organisations use it for their own providers.

pub mod flow;
mod github;
pub mod keys;
mod organisations;
pub mod protocol;
mod provider;
pub mod routes;
pub(crate) mod service;
pub(crate) mod store;
pub mod views;

pub use flow::{Flow, Purpose};
pub use organisations::Gate;
pub use protocol::Protocol;
pub use provider::{Kind, Provider};

use jiff::Timestamp;
use kernel_core::{Code, Error, LinkedId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whom a provider has recognised.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    /// The provider: the issuer, or where GitHub is.
    pub issuer: String,
    /// The person's stable id there.
    pub subject: String,
    /// Whether that id is an e-mail address, which may be another person's later.
    #[serde(default)]
    pub subject_is_address: bool,
    /// The address, if the provider tells it.
    pub email: Option<String>,
    /// Whether the provider has verified the address.
    pub email_verified: bool,
    /// Whether the provider can know who owns the address today, and not only at some time.
    pub email_theirs: bool,
    /// What to call the person.
    pub name: Option<String>,
    /// Whether the provider says that more than one factor was given (RFC 8176).
    pub several_factors: bool,
    /// Everything the provider said, for mapping roles.
    pub claims: Map<String, Value>,
}

/// An account elsewhere that leads to a person's account here.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The row's id.
    pub id: LinkedId,
    /// What the provider is called.
    pub provider: String,
    /// The address there at the last log-in.
    pub email: String,
    /// Since when.
    pub created_at: Timestamp,
    /// The last log-in.
    pub last_used_at: Option<Timestamp>,
}

/// A provider that does not do what it should; the sentence is for the person.
pub(crate) fn failed(why: impl Into<String>) -> Error {
    Error::new(Code::ProviderFailed).detail(why.into())
}
