//! What one person may reach, computed once when it is loaded: a check is a look-up in memory.
//!
//! One rule decides every question: a refusal wins (`none`, `hidden`, "not allowed"), whoever says it; else what the person
//! was given; else the most that one of their groups was given; else what their role's own exceptions say; else the wider
//! place (a field's table, a table's base, all bases); else the role. A base that is not there closes what is in it. Owners
//! can't be limited, so that nobody is locked out of an organisation. [`Access::explain`] tells the chain.

mod explain;
mod grants;

pub use explain::{Explanation, Question, Reason};
pub use grants::{Ability, FieldKey, FieldLevel, Grants, Level, TableGrant};

use crate::{Capability, Role, SiteId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// Who says something about somebody's access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The exceptions of a role of the organisation's own.
    Role(String),
    /// A group.
    Group(String),
    /// The person's own exceptions.
    Person,
}

impl Source {
    const fn rank(&self) -> usize {
        match self {
            Self::Role(_) => 0,
            Self::Group(_) => 1,
            Self::Person => 2,
        }
    }
}

/// A table's settings after all sources were heard.
#[derive(Clone, Debug, Default)]
struct TableAccess {
    level: Option<Level>,
    delete: Option<bool>,
    rows: Option<Arc<str>>,
}

/// What one person may reach.
#[derive(Clone, Debug)]
pub struct Access {
    role: Role,
    sources: Vec<(Source, Grants)>,
    bases: Level,
    base: BTreeMap<u64, Level>,
    table: BTreeMap<u64, TableAccess>,
    field: BTreeMap<FieldKey, FieldLevel>,
    sites: Level,
    site: BTreeMap<SiteId, Level>,
    may: BTreeSet<Ability>,
}

/// The rule of the module. `None`: nobody says anything.
fn decide<T: Copy + Ord>(said: impl Iterator<Item = (usize, T)>, refusal: T) -> Option<T> {
    let mut best: Option<(usize, T)> = None;
    for (rank, value) in said {
        if value == refusal {
            return Some(refusal);
        }
        if best.is_none_or(|known| (rank, value) > known) {
            best = Some((rank, value));
        }
    }
    best.map(|(_, value)| value)
}

static PLAIN: LazyLock<[Arc<Access>; 6]> = LazyLock::new(|| {
    [Role::Client, Role::Viewer, Role::Commenter, Role::Editor, Role::Admin, Role::Owner]
        .map(|role| Arc::new(Access::new(role, Vec::new())))
});

impl Access {
    /// A role without any exception.
    #[must_use]
    pub fn of(role: Role) -> Arc<Self> {
        let [client, viewer, commenter, editor, admin, owner] = &*PLAIN;
        Arc::clone(match role {
            Role::Client => client,
            Role::Viewer => viewer,
            Role::Commenter => commenter,
            Role::Editor => editor,
            Role::Admin => admin,
            Role::Owner => owner,
        })
    }

    /// A role with what is said beyond it.
    #[must_use]
    pub fn new(role: Role, sources: Vec<(Source, Grants)>) -> Self {
        let sources = if role == Role::Owner { Vec::new() } else { sources };
        let heard = || sources.iter().map(|(source, grants)| (source.rank(), grants));
        let bases = decide(heard().filter_map(|(rank, g)| Some((rank, g.bases?))), Level::None);
        let sites = decide(heard().filter_map(|(rank, g)| Some((rank, g.sites?))), Level::None);
        let mut made = Self {
            role,
            bases: bases.unwrap_or(role.bases()),
            sites: sites.unwrap_or(role.sites()),
            base: BTreeMap::new(),
            table: BTreeMap::new(),
            field: BTreeMap::new(),
            site: BTreeMap::new(),
            may: BTreeSet::new(),
            sources: Vec::new(),
        };
        for (_, grants) in heard() {
            for base in grants.base.keys() {
                let said = heard().filter_map(|(rank, g)| Some((rank, *g.base.get(base)?)));
                made.base.extend(decide(said, Level::None).map(|level| (*base, level)));
            }
            for site in grants.site.keys() {
                let said = heard().filter_map(|(rank, g)| Some((rank, *g.site.get(site)?)));
                made.site.extend(decide(said, Level::None).map(|level| (*site, level)));
            }
            for field in grants.field.keys() {
                let said = heard().filter_map(|(rank, g)| Some((rank, *g.field.get(field)?)));
                made.field.extend(decide(said, FieldLevel::Hidden).map(|level| (*field, level)));
            }
            for table in grants.table.keys() {
                let said = || heard().filter_map(|(rank, g)| Some((rank, g.table.get(table)?)));
                let rows: Vec<&str> = said().filter_map(|(_, grant)| grant.rows.as_deref()).collect();
                let access = TableAccess {
                    level: decide(said().filter_map(|(rank, grant)| Some((rank, grant.level?))), Level::None),
                    delete: decide(said().filter_map(|(rank, grant)| Some((rank, grant.delete?))), false),
                    rows: (!rows.is_empty()).then(|| Arc::from(all_of(&rows))),
                };
                made.table.insert(*table, access);
            }
        }
        made.may = Ability::ALL
            .into_iter()
            .filter(|ability| {
                let said = heard().filter_map(|(rank, g)| Some((rank, *g.may.get(ability)?)));
                decide(said, false).unwrap_or(role.able(*ability))
            })
            .collect();
        made.sources = sources;
        made
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// How far in a base.
    #[must_use]
    pub fn base(&self, base: u64) -> Level {
        self.base.get(&base).copied().unwrap_or(self.bases)
    }

    /// How far in a table of a base.
    #[must_use]
    pub fn table(&self, base: u64, table: u64) -> Level {
        match self.base(base) {
            Level::None => Level::None,
            level => self.table.get(&table).and_then(|access| access.level).unwrap_or(level),
        }
    }

    /// What may be done with a field's values, in a table in which somebody may go as far as `table`.
    #[must_use]
    pub fn field(&self, table: Level, field: FieldKey) -> FieldLevel {
        let most = match table {
            Level::None => return FieldLevel::Hidden,
            Level::Read | Level::Comment => FieldLevel::Read,
            Level::Edit | Level::Publish | Level::Manage => FieldLevel::Write,
        };
        self.field.get(&field).copied().unwrap_or(most).min(most)
    }

    /// Whether any field of the table has an exception.
    #[must_use]
    pub fn limits_fields(&self, table: u64) -> bool {
        let from = FieldKey { table, field: 0 };
        self.field.range(from..).next().is_some_and(|(key, _)| key.table == table)
    }

    /// What must hold for a row of the table to be there; `None`: all rows are.
    #[must_use]
    pub fn rows(&self, table: u64) -> Option<&str> {
        self.table.get(&table)?.rows.as_deref()
    }

    /// Whether records of a table of a base may be deleted.
    #[must_use]
    pub fn deletes(&self, base: u64, table: u64) -> bool {
        self.table(base, table) >= Level::Edit
            && self.may.contains(&Ability::DeleteRecords)
            && self.table.get(&table).and_then(|access| access.delete).unwrap_or(true)
    }

    /// How far in a site.
    #[must_use]
    pub fn site(&self, site: SiteId) -> Level {
        self.site.get(&site).copied().unwrap_or(self.sites)
    }

    /// Whether an ability is there.
    #[must_use]
    pub fn able(&self, ability: Ability) -> bool {
        self.may.contains(&ability)
    }

    /// Whether nothing limits what is seen within the bases: no table, field or row has an exception.
    #[must_use]
    pub fn sees_whole_bases(&self) -> bool {
        self.table.is_empty() && self.field.is_empty()
    }

    /// Whether there is no exception to the role at all.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.sources.iter().all(|(_, grants)| grants.is_empty())
    }

    /// Who says something, with what.
    #[must_use]
    pub fn sources(&self) -> &[(Source, Grants)] {
        &self.sources
    }

    /// Whether `capability` is there for anything at all. Whoever acts on one base, table, field or site asks about that.
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        let in_bases = || {
            let tables = self.table.values().filter_map(|access| access.level);
            let named = self.base.values().copied().max().unwrap_or(Level::None).max(self.bases);
            // A table reaches further than its base only where the base is there.
            if named == Level::None { named } else { tables.max().unwrap_or(named).max(named) }
        };
        let in_sites = || self.site.values().copied().max().unwrap_or(Level::None).max(self.sites);
        match capability {
            Capability::ReadRecords => in_bases() >= Level::Read,
            Capability::CommentRecords => in_bases() >= Level::Comment,
            Capability::WriteRecords | Capability::EditViews => in_bases() >= Level::Edit,
            Capability::DeleteRecords => in_bases() >= Level::Edit && self.able(Ability::DeleteRecords),
            Capability::EditSchema => in_bases() >= Level::Manage,
            Capability::ManageBases => in_bases() >= Level::Manage || self.able(Ability::CreateBases),
            Capability::CreateBases => self.able(Ability::CreateBases),
            Capability::ExportData => in_bases() >= Level::Read && self.able(Ability::ExportData),
            Capability::ReadSites => in_sites() >= Level::Read,
            Capability::EditPages => in_sites() >= Level::Edit,
            Capability::Publish => in_sites() >= Level::Publish,
            Capability::ManageSites => in_sites() >= Level::Manage || self.able(Ability::CreateSites),
            Capability::CreateSites => self.able(Ability::CreateSites),
            Capability::ManageOwnTokens => self.able(Ability::MakeTokens),
            Capability::ReadAudit => self.able(Ability::ReadAudit),
            Capability::ReadMembers
            | Capability::ManageMembers
            | Capability::ManageTenant
            | Capability::ManageOwners => self.role.may(capability),
        }
    }
}

/// One condition of several, each of which must hold.
fn all_of(conditions: &[&str]) -> String {
    match conditions {
        [one] => (*one).to_owned(),
        all => all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" and "),
    }
}

#[cfg(test)]
mod tests;
