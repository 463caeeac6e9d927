//! Sessions: rows with the hash of an opaque 256-bit token; idle and absolute expiry (ASVS 7.3).

pub mod extract;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use crate::model::User;
use jiff::{SignedDuration, Timestamp};
use kernel_core::SessionId;

/// A session not used for so long ends.
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A session ends after so long in any case.
pub const ABSOLUTE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The time of the last use is written at most so often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// NOTIFY channel of the control database: sessions of a person ended; the payload is the person's uuid.
pub const SESSIONS_ENDED: &str = "sessions_ended";

/// Proof that somebody is signed in; as an extractor it sends others to the sign-in page.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The session.
    pub session: SessionId,
}

/// One session in the person's list.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The id.
    pub id: SessionId,
    /// The client's address at the last use.
    pub address: String,
    /// The browser's name for itself.
    pub agent: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// The last use, to the minute.
    pub last_seen_at: Timestamp,
}
