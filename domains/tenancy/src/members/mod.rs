//! Members, roles and invitations (spec A8 simple).

mod invitations;
pub mod mails;
mod page;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;

use jiff::{SignedDuration, Timestamp};
use kernel_core::{InviteId, Role, UserId};

/// An invitation works so long.
pub const INVITE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Invitations that may wait at once in an organisation.
pub const MOST_INVITES: i64 = 200;
/// Addresses invited in one go.
pub const MOST_AT_ONCE: usize = 50;

/// A member in the list.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// The person.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// The last use of the app, if there is a session.
    pub seen_at: Option<Timestamp>,
}

/// An invitation that waits.
#[derive(Clone, Debug)]
pub struct InviteRow {
    /// The id.
    pub id: InviteId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Who did.
    pub invited_by: String,
    /// When the last mail was sent.
    pub sent_at: Timestamp,
    /// When the link ends.
    pub expires_at: Timestamp,
}

/// What a link offers, to show before it is accepted.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The organisation's name.
    pub tenant: String,
    /// Its address.
    pub slug: String,
    /// Whom it is for.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Who invites.
    pub invited_by: String,
}
