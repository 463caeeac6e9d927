//! Logging in by a link in a mail (spec A1): single use, a quarter of an hour. It is bound to the browser that asked, by a
//! cookie; in any other one the person has to say that it was they who asked. A second factor is owed all the same.

pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use jiff::{SignedDuration, Timestamp};
use kernel_jobs::Job;
use serde::{Deserialize, Serialize};

/// A link works so long (ASVS 6.6.3: the mail is the factor, so it must be short).
pub const LINK_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// The job that sends a link if the address has an account. The request leaves it in any case, so that its answer takes
/// the same time for addresses that nobody has; the link's secret is made by the job, and is in the mail alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct LinkAsked {
    email_key: String,
    browser_hash: Vec<u8>,
    next: Option<String>,
    address: String,
    agent: String,
    at: Timestamp,
}

impl Job for LinkAsked {
    const NAME: &'static str = "identity_link_asked";
}

/// What a link would do, to show before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose account.
    pub email: String,
    /// Whether this browser asked for it.
    pub same_browser: bool,
    /// The browser that asked.
    pub device: String,
    /// Its address.
    pub address: String,
    /// When it asked.
    pub at: Timestamp,
}
