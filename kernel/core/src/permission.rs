//! Roles of members, scopes of tokens, and what each may do. Services ask [`crate::Caller::require`]; nothing else decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A member's role in a tenant, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything in the tenant.
    Viewer,
    /// Edits records, views and pages.
    Editor,
    /// Everything but ownership: members, schema, sites, tokens.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// All roles, strongest first, as menus show them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Editor, Self::Viewer];

    /// The name as stored and as the API says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The weakest role that has `capability`.
    #[must_use]
    pub const fn needed_for(capability: Capability) -> Self {
        match capability {
            Capability::ReadRecords | Capability::ReadSites | Capability::ReadMembers => Self::Viewer,
            Capability::WriteRecords
            | Capability::DeleteRecords
            | Capability::EditViews
            | Capability::EditPages
            | Capability::ManageOwnTokens => Self::Editor,
            Capability::EditSchema
            | Capability::ManageBases
            | Capability::ManageSites
            | Capability::Publish
            | Capability::ManageMembers
            | Capability::ManageTenant => Self::Admin,
            Capability::ManageOwners => Self::Owner,
        }
    }

    /// Whether this role may do `capability`.
    #[must_use]
    pub fn may(self, capability: Capability) -> bool {
        self >= Self::needed_for(capability)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = crate::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
            crate::Error::field(
                "role",
                crate::Code::InvalidValue,
                "is not one of owner, admin, editor, viewer",
            )
        })
    }
}

/// Something a caller wants to do; the one vocabulary of authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// See bases, tables, records, views.
    ReadRecords,
    /// Create and change records.
    WriteRecords,
    /// Delete records.
    DeleteRecords,
    /// Change views.
    EditViews,
    /// Add, change, remove tables and fields.
    EditSchema,
    /// Create, rename, delete bases.
    ManageBases,
    /// See sites and pages in the builder.
    ReadSites,
    /// Change drafts of pages.
    EditPages,
    /// Publish pages.
    Publish,
    /// Create, change, delete sites.
    ManageSites,
    /// See who is a member.
    ReadMembers,
    /// Invite, change, remove members.
    ManageMembers,
    /// Create and revoke one's own API tokens.
    ManageOwnTokens,
    /// Change the tenant's name and settings.
    ManageTenant,
    /// Make and unmake owners, delete the tenant.
    ManageOwners,
}

impl Capability {
    /// The token scope that covers this capability; `None`: no token may do it.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::ReadRecords | Self::ReadSites => Some(Scope::Read),
            Self::WriteRecords => Some(Scope::Write),
            Self::DeleteRecords => Some(Scope::Delete),
            Self::EditSchema | Self::ManageBases | Self::EditViews => Some(Scope::Schema),
            _ => None,
        }
    }
}

/// What an API token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read records and schema.
    Read,
    /// Create and change records.
    Write,
    /// Delete records.
    Delete,
    /// Change tables, fields and views.
    Schema,
}

impl Scope {
    /// All scopes in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Delete, Self::Schema];

    /// The name as stored and as the API says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Schema => "schema",
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }
    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }
    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The names, in menu order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope)).map(Scope::name)
    }
    /// Reads stored names; unknown ones are dropped, so that an older process refuses rather than grants.
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names
            .into_iter()
            .filter_map(|name| Scope::ALL.into_iter().find(|scope| scope.name() == name))
            .collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grow() {
        let roles = [Role::Viewer, Role::Editor, Role::Admin, Role::Owner];
        assert!(roles.is_sorted());
        assert!(Role::Viewer.may(Capability::ReadRecords) && !Role::Viewer.may(Capability::WriteRecords));
        assert!(Role::Editor.may(Capability::DeleteRecords) && !Role::Editor.may(Capability::EditSchema));
        assert!(Role::Admin.may(Capability::ManageMembers) && !Role::Admin.may(Capability::ManageOwners));
    }

    #[test]
    fn scopes_round_trip_and_forget_unknown_names() {
        let set = Scopes::from_names(["read", "delete", "root"]);
        assert_eq!(set.names().collect::<Vec<_>>(), ["read", "delete"]);
        assert!(!set.has(Scope::Write));
    }
}
