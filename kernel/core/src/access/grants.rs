//! Exceptions to a role, as stored in JSON for a person, a group or a role of the organisation's own.
//!
//! Invariants: an exception names its target by a number or id and never by a name, so that renaming changes no right; what
//! can't be read is refused as a whole, because leaving out an unknown refusal would grant.

use crate::{Error, Result, SiteId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// How far somebody may go in a base, a table or a site, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not there.
    None,
    /// Look.
    Read,
    /// Look and comment; in a site the same as `Read`.
    Comment,
    /// Change records and views; drafts of pages.
    Edit,
    /// Publish pages; in a base the same as `Edit`.
    Publish,
    /// Change tables, fields, settings; delete it.
    Manage,
}

impl Level {
    /// All levels, weakest first.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Read, Self::Comment, Self::Edit, Self::Publish, Self::Manage];
    /// What a base or a table may be set to.
    pub const OF_BASES: [Self; 5] = [Self::None, Self::Read, Self::Comment, Self::Edit, Self::Manage];
    /// What a site may be set to.
    pub const OF_SITES: [Self; 5] = [Self::None, Self::Read, Self::Edit, Self::Publish, Self::Manage];

    /// The name as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Comment => "comment",
            Self::Edit => "edit",
            Self::Publish => "publish",
            Self::Manage => "manage",
        }
    }

    /// The level of a stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What somebody may do with a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldLevel {
    /// The field is not there: not in the schema, not in records, not in filters, sorts, totals, searches.
    Hidden,
    /// Look.
    Read,
    /// Look and change.
    Write,
}

impl FieldLevel {
    /// All, weakest first.
    pub const ALL: [Self; 3] = [Self::Hidden, Self::Read, Self::Write];

    /// The name as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The level of a stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Something that is allowed or not, wherever it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Delete records.
    DeleteRecords,
    /// Take data out as a file.
    ExportData,
    /// Make API tokens.
    MakeTokens,
    /// Make bases.
    CreateBases,
    /// Make sites.
    CreateSites,
    /// Read the audit trail.
    ReadAudit,
}

impl Ability {
    /// All, in the order of the page.
    pub const ALL: [Self; 6] = [
        Self::DeleteRecords,
        Self::ExportData,
        Self::MakeTokens,
        Self::CreateBases,
        Self::CreateSites,
        Self::ReadAudit,
    ];

    /// The name as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeleteRecords => "delete_records",
            Self::ExportData => "export_data",
            Self::MakeTokens => "make_tokens",
            Self::CreateBases => "create_bases",
            Self::CreateSites => "create_sites",
            Self::ReadAudit => "read_audit",
        }
    }

    /// The ability of a stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ability| ability.name() == name)
    }
}

/// A field: its table's number and its own within the table. Stored as `table.field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey {
    /// The table's number.
    pub table: u64,
    /// The field's number.
    pub field: u32,
}

impl Serialize for FieldKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{}.{}", self.table, self.field))
    }
}

impl<'de> Deserialize<'de> for FieldKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let parts = text
            .split_once('.')
            .and_then(|(table, field)| Some(Self { table: table.parse().ok()?, field: field.parse().ok()? }));
        parts.ok_or_else(|| D::Error::custom("a field is named by table.field"))
    }
}

/// What is said of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableGrant {
    /// How far; `None`: as the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Only rows for which this holds, in the expression language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// Whether records may be deleted; `None`: as everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<bool>,
}

/// Exceptions to a role. Empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// Every base that is not named, also future ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bases: Option<Level>,
    /// By base number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub base: BTreeMap<u64, Level>,
    /// By table number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub table: BTreeMap<u64, TableGrant>,
    /// By field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub field: BTreeMap<FieldKey, FieldLevel>,
    /// Every site that is not named, also future ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sites: Option<Level>,
    /// By site.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub site: BTreeMap<SiteId, Level>,
    /// By ability.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub may: BTreeMap<Ability, bool>,
}

impl Grants {
    /// Reads what is stored.
    ///
    /// # Errors
    /// `internal`: a newer process wrote what this one does not know.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(Error::internal)
    }

    /// As stored.
    #[must_use]
    pub fn write(&self) -> String {
        // Maps with text keys, numbers, booleans: writing it can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How many exceptions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.bases.is_some())
            + self.base.len()
            + self.table.len()
            + self.field.len()
            + usize::from(self.sites.is_some())
            + self.site.len()
            + self.may.len()
    }

    /// Whether there is no exception.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
