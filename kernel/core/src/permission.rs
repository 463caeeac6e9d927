//! Roles of members, scopes of tokens, and what each may do. Services ask [`crate::Caller`], which knows the exceptions of its
//! person as well ([`crate::access`]); nothing else decides.

use crate::access::{Ability, Level};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A member's role in a tenant, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reaches only what was assigned, usually sites: a customer, a guest.
    Client,
    /// Reads everything in the tenant.
    Viewer,
    /// Reads and comments.
    Commenter,
    /// Edits records, views and pages.
    Editor,
    /// Everything but ownership: members, schema, sites, tokens.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// All roles, strongest first, as menus show them.
    pub const ALL: [Self; 6] =
        [Self::Owner, Self::Admin, Self::Editor, Self::Commenter, Self::Viewer, Self::Client];

    /// The name as stored and as the API says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Viewer => "viewer",
            Self::Commenter => "commenter",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The weakest role that has `capability`.
    #[must_use]
    pub const fn needed_for(capability: Capability) -> Self {
        match capability {
            Capability::ReadRecords
            | Capability::ReadSites
            | Capability::ReadMembers
            | Capability::ExportData => Self::Viewer,
            Capability::CommentRecords => Self::Commenter,
            Capability::WriteRecords
            | Capability::DeleteRecords
            | Capability::EditViews
            | Capability::EditPages
            | Capability::ManageOwnTokens => Self::Editor,
            Capability::EditSchema
            | Capability::ManageBases
            | Capability::CreateBases
            | Capability::ManageSites
            | Capability::CreateSites
            | Capability::Publish
            | Capability::ReadAudit
            | Capability::ManageMembers
            | Capability::ManageTenant => Self::Admin,
            Capability::ManageOwners => Self::Owner,
        }
    }

    /// Whether this role may do `capability`, exceptions apart.
    #[must_use]
    pub fn may(self, capability: Capability) -> bool {
        self >= Self::needed_for(capability)
    }

    /// How far in every base, exceptions apart.
    #[must_use]
    pub const fn bases(self) -> Level {
        match self {
            Self::Client => Level::None,
            Self::Viewer => Level::Read,
            Self::Commenter => Level::Comment,
            Self::Editor => Level::Edit,
            Self::Admin | Self::Owner => Level::Manage,
        }
    }

    /// How far in every site, exceptions apart.
    #[must_use]
    pub const fn sites(self) -> Level {
        match self {
            Self::Client => Level::None,
            Self::Viewer | Self::Commenter => Level::Read,
            Self::Editor => Level::Edit,
            Self::Admin | Self::Owner => Level::Manage,
        }
    }

    /// Whether an ability is there, exceptions apart.
    #[must_use]
    pub fn able(self, ability: Ability) -> bool {
        self.may(match ability {
            Ability::DeleteRecords => Capability::DeleteRecords,
            Ability::ExportData => Capability::ExportData,
            Ability::MakeTokens => Capability::ManageOwnTokens,
            Ability::CreateBases => Capability::CreateBases,
            Ability::CreateSites => Capability::CreateSites,
            Ability::ReadAudit => Capability::ReadAudit,
        })
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
                "is not one of owner, admin, editor, commenter, viewer, client",
            )
        })
    }
}

/// Something a caller wants to do; the one vocabulary of authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// See bases, tables, records, views.
    ReadRecords,
    /// Comment on records.
    CommentRecords,
    /// Create and change records.
    WriteRecords,
    /// Delete records.
    DeleteRecords,
    /// Change views.
    EditViews,
    /// Add, change, remove tables and fields.
    EditSchema,
    /// Rename, delete, restore bases.
    ManageBases,
    /// Create bases.
    CreateBases,
    /// Take data out as a file.
    ExportData,
    /// See sites and pages in the builder.
    ReadSites,
    /// Change drafts of pages.
    EditPages,
    /// Publish pages.
    Publish,
    /// Change, delete, restore sites.
    ManageSites,
    /// Create sites.
    CreateSites,
    /// See who is a member.
    ReadMembers,
    /// Invite, change, remove members.
    ManageMembers,
    /// Create and revoke one's own API tokens.
    ManageOwnTokens,
    /// Read the audit trail.
    ReadAudit,
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
            Self::ReadRecords | Self::ReadSites | Self::ExportData => Some(Scope::Read),
            Self::WriteRecords | Self::CommentRecords => Some(Scope::Write),
            Self::DeleteRecords => Some(Scope::Delete),
            Self::EditSchema | Self::ManageBases | Self::CreateBases | Self::EditViews => Some(Scope::Schema),
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

    /// As the documentation says it. A capability without a phrase does not compile.
    const fn phrase(capability: Capability) -> &'static str {
        match capability {
            Capability::ReadRecords => "see records, tables, views",
            Capability::ReadSites => "see sites and drafts of pages",
            Capability::ReadMembers => "see who is a member",
            Capability::ExportData => "export",
            Capability::CommentRecords => "comment",
            Capability::WriteRecords => "make and change records",
            Capability::DeleteRecords => "delete records",
            Capability::EditViews => "change views",
            Capability::EditPages => "edit pages",
            Capability::ManageOwnTokens => "make API tokens",
            Capability::EditSchema => "change tables and fields",
            Capability::ManageBases => "rename and delete bases",
            Capability::CreateBases => "make bases",
            Capability::ManageSites => "change and delete sites",
            Capability::CreateSites => "make sites",
            Capability::Publish => "publish pages",
            Capability::ReadAudit => "read the audit trail",
            Capability::ManageMembers => "invite, change, log out and remove members",
            Capability::ManageTenant => "change the organisation's settings",
            Capability::ManageOwners => "make owners, and touch them",
        }
    }

    const ALL: [Capability; 20] = [
        Capability::ReadRecords,
        Capability::ReadSites,
        Capability::ReadMembers,
        Capability::ExportData,
        Capability::CommentRecords,
        Capability::WriteRecords,
        Capability::DeleteRecords,
        Capability::EditViews,
        Capability::EditPages,
        Capability::ManageOwnTokens,
        Capability::EditSchema,
        Capability::ManageBases,
        Capability::CreateBases,
        Capability::ManageSites,
        Capability::CreateSites,
        Capability::Publish,
        Capability::ReadAudit,
        Capability::ManageMembers,
        Capability::ManageTenant,
        Capability::ManageOwners,
    ];

    #[test]
    fn the_documentation_says_what_roles_may() {
        let document = include_str!("../../../content/docs/permissions.md");
        let (_, rest) = document.split_once("## What the roles may").unwrap();
        let rows: Vec<Vec<&str>> = rest
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let roles: Vec<Role> = rows[0][1..].iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(roles, Role::ALL);
        assert_eq!(rows.len(), ALL.len() + 2, "a line for each, below the heads");
        for capability in ALL {
            let row = rows.iter().find(|row| row[0] == phrase(capability));
            let row = row.unwrap_or_else(|| panic!("{} is not documented", phrase(capability)));
            for (role, said) in roles.iter().zip(&row[1..]) {
                assert_eq!(*said == "yes", role.may(capability), "{role}: {}", row[0]);
            }
        }
        // What may be set beyond the roles, in the words of the page.
        let (_, rest) = document.split_once("## What can be set").unwrap();
        for level in Level::ALL {
            let word = if level == Level::None { "no access" } else { level.name() };
            assert!(rest.contains(word), "{word}");
        }
        for level in crate::access::FieldLevel::ALL {
            let word = if level == crate::access::FieldLevel::Write { "edit" } else { level.name() };
            assert!(rest.contains("| a field | hidden, read, edit |") && rest.contains(word), "{word}");
        }
    }

    #[test]
    fn roles_grow() {
        let roles = [Role::Client, Role::Viewer, Role::Commenter, Role::Editor, Role::Admin, Role::Owner];
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
