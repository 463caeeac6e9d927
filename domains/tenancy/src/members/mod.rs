//! Members, roles and invitations (spec A8 simple).

mod invitations;
pub mod links;
pub mod mails;
mod page;
pub mod routes;
pub(crate) mod service;
pub(crate) mod store;
pub mod views;

pub(crate) use page::{events, program};
pub(crate) use service::{allow, current_role, delete_membership, owners};

use jiff::{SignedDuration, Timestamp};
use kernel_core::{Grants, InviteId, InviteLinkId, Role, UserId};

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

/// What people are invited to.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// As what.
    pub role: Role,
    /// What they have beyond the role, e.g. a client's sites.
    pub grants: Grants,
    /// When a guest's access ends.
    pub until: Option<Timestamp>,
}

/// A link by which many may join.
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// The id.
    pub id: InviteLinkId,
    /// As what.
    pub role: Role,
    /// Whose addresses may use it; empty: anybody.
    pub domains: Vec<String>,
    /// How often it was used.
    pub uses: i32,
    /// How often it may be.
    pub most_uses: i32,
    /// Who made it.
    pub made_by: String,
    /// When it ends.
    pub expires_at: Timestamp,
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
