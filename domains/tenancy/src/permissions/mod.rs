//! Permissions (spec A8): exceptions to a role for a person, a group or a role of the organisation's own, and why somebody may
//! do something. What an exception means is said in [`kernel_core::access`]; here they are kept, changed and shown.

mod form;
mod page;
pub(crate) mod routes;
mod service;
pub(crate) mod store;
pub mod views;
mod why;

use crate::tokens::Later;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_core::{Code, Error, Grants, GroupId, Result, Role, RoleId, TenantId, UserId};
use std::fmt;
use std::str::FromStr;

/// Groups, and roles of its own, that an organisation may have; each.
pub const MOST: i64 = 100;
/// Exceptions that one person, group or role may have.
pub const MOST_GRANTS: usize = 2_000;

/// What plans say about roles of an organisation's own; their domain stands beside this one, so it is asked through this.
pub trait OwnRoles: Send + Sync {
    /// Whether an organisation may make roles of its own.
    fn own_roles(&self, tenant: TenantId) -> Later<'_, bool>;
}

/// Whose exceptions are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A member.
    Person(UserId),
    /// A group.
    Group(GroupId),
    /// A role of the organisation's own.
    Role(RoleId),
}

impl FromStr for Subject {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let person = text.parse().map(Self::Person);
        let group = || text.parse().map(Self::Group);
        let role = || text.parse().map(Self::Role);
        person.or_else(|_| group()).or_else(|_| role()).map_err(|_| Error::not_found())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => id.fmt(f),
            Self::Group(id) => id.fmt(f),
            Self::Role(id) => id.fmt(f),
        }
    }
}

/// Somebody or something that has exceptions.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Who.
    pub subject: Subject,
    /// The name.
    pub name: String,
    /// A person's role.
    pub role: Option<Role>,
    /// The exceptions.
    pub grants: Grants,
    /// A person's role of the organisation's own.
    pub own_role: Option<RoleId>,
    /// When a guest's access ends.
    pub expires_at: Option<Timestamp>,
    /// The members of a group.
    pub members: Vec<UserId>,
    /// Whether the organisation's directory says who is in the group and what it is called.
    pub managed: bool,
}

/// The end of a day in UTC, as a form says it; nothing: never.
///
/// # Errors
/// One at `until`.
pub(crate) fn end_of(day: &str) -> Result<Option<Timestamp>> {
    if day.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || Error::field("until", Code::InvalidValue, "is not a day, as in 2026-12-31");
    let day: Date = day.trim().parse().map_err(|_| wrong())?;
    let end = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(Some(end.timestamp()))
}
