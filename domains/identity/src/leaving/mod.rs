//! A person's data as a file, and the end of an account (spec A12; GDPR articles 15, 17, 20).
//!
//! A copy is made by a job, part by part, and fetched by a link that only the person's own session opens. An account is
//! closed after a grace of [`GRACE`]; logging in keeps it. What is left then is a pseudonym: the id, in the trails of
//! organisations and under what the person wrote there.

mod close;
mod export;
pub mod mails;
mod purge;
pub mod routes;
pub(crate) mod store;
pub mod views;

pub use export::MakeExport;
pub use purge::{CloseAccounts, ForgetTrail};

use jiff::{SignedDuration, Timestamp};
use kernel_core::{DataExportId, Result, UserId};
use serde_json::Value;
use std::pin::Pin;

/// Between asking for the end and the end.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// A copy can be fetched for so long.
pub const EXPORT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The answer of another domain, later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// An organisation, as far as the end of an account touches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Its name.
    pub name: String,
    /// Its part of addresses.
    pub slug: String,
    /// Whether nobody else owns it.
    pub sole_owner: bool,
}

/// What ties a person to organisations: another domain knows.
pub trait Ties: Send + Sync {
    /// The person's organisations, by name.
    fn of(&self, user: UserId) -> Later<'_, Vec<Tie>>;
    /// Parts for the copy of the person's data, by name.
    fn export(&self, user: UserId) -> Later<'_, Vec<(&'static str, Value)>>;
    /// Leaves every organisation.
    fn leave(&self, user: UserId) -> Later<'_, ()>;
}

/// A copy of a person's data.
#[derive(Clone, Debug)]
pub struct Export {
    /// The id.
    pub id: DataExportId,
    /// Parts done, of how many.
    pub done: i32,
    /// All of them.
    pub parts: i32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was ready; `None`: it is being made.
    pub ready_at: Option<Timestamp>,
    /// Until when it can be fetched.
    pub expires_at: Timestamp,
}
