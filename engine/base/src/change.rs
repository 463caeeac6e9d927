//! A change is facts: what was and what is now, exact, without anything left to decide. It is what history keeps, what
//! other processes replay and what an undo turns around.
//!
//! Invariants: a row occurs at most once among `created`, `updated` and `deleted`; both sides of every link that changed
//! are in it; `before` is what the base held. Applying needs no check and can't fail.

use crate::cell::Cell;
use crate::command::CellError;
use crate::ids::{FieldId, FieldNo, RowNo, TableNo, ViewNo};
use crate::schema::{BaseInfo, Field, FieldKind, FieldRules, TableHead, View};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the JSON form that is written. 1, which is read as well, repeated times and actors in every new record.
pub const CHANGE_VERSION: u32 = 2;

/// What a person would call the change; the `kind` column of `data.changes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Records were created.
    Create,
    /// Cells were changed.
    Update,
    /// Records were deleted.
    Delete,
    /// Deleted records came back.
    Restore,
    /// Tables, fields, views or the base itself were changed.
    Schema,
    /// Several kinds at once, or the inverse of another change.
    Mixed,
}

impl ChangeKind {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Schema => "schema",
            Self::Mixed => "mixed",
        }
    }
}

/// Who made a record and who touched it last, when. Times are microseconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMeta {
    /// When it was created.
    #[serde(rename = "ca")]
    pub created_us: i64,
    /// When a cell was last changed.
    #[serde(rename = "ua")]
    pub updated_us: i64,
    /// Actor text, e.g. `usr_…`.
    #[serde(rename = "cb")]
    pub created_by: String,
    /// Actor text.
    #[serde(rename = "ub")]
    pub updated_by: String,
}

impl RowMeta {
    /// Of a record that is made now.
    pub(crate) fn made(at_us: i64, actor: &str) -> Self {
        Self {
            created_us: at_us,
            updated_us: at_us,
            created_by: actor.to_owned(),
            updated_by: actor.to_owned(),
        }
    }
}

/// A whole record: created, restored or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowFacts {
    /// The table.
    #[serde(rename = "t")]
    pub table: TableNo,
    /// The row.
    #[serde(rename = "r")]
    pub row: RowNo,
    /// Values that are not empty, by field number.
    #[serde(rename = "c")]
    pub cells: BTreeMap<FieldNo, Cell>,
    /// Times and actors. The JSON of a change leaves out those of a record that it makes itself.
    #[serde(rename = "m", default)]
    pub meta: RowMeta,
}

/// One cell, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellEdit {
    /// The field.
    #[serde(rename = "f")]
    pub field: FieldNo,
    /// What it was.
    #[serde(rename = "b", default)]
    pub before: Cell,
    /// What it is now.
    #[serde(rename = "a", default)]
    pub after: Cell,
}

/// Changed cells of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowEdit {
    /// The table.
    #[serde(rename = "t")]
    pub table: TableNo,
    /// The row.
    #[serde(rename = "r")]
    pub row: RowNo,
    /// Each field once, ascending, before ≠ after.
    #[serde(rename = "c")]
    pub cells: Vec<CellEdit>,
    /// When, in microseconds since 1970 UTC, and by whom the record was changed last before this. The JSON leaves out an actor
    /// who is the change's; changes of before there was this member don't say it.
    #[serde(rename = "s", default)]
    pub stamp: Option<(i64, String)>,
}

/// A part of the schema before and after; `None` is "does not exist". What is deleted exists, with the time of it, until it
/// is purged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a change has a handful of them; a box would be in every caller's way"
)]
pub enum SchemaEdit {
    /// Name and look of the base.
    Base {
        /// Before.
        before: BaseInfo,
        /// After.
        after: BaseInfo,
    },
    /// Name, counters and so on of a table. A table that is purged takes its rows along.
    Table {
        /// The table.
        table: TableNo,
        /// Before.
        before: Option<TableHead>,
        /// After.
        after: Option<TableHead>,
    },
    /// A field.
    Field {
        /// The table.
        table: TableNo,
        /// The field.
        field: FieldNo,
        /// Before.
        before: Option<FieldFacts>,
        /// After.
        after: Option<FieldFacts>,
    },
    /// A view.
    View {
        /// The table.
        table: TableNo,
        /// The view.
        view: ViewNo,
        /// Before.
        before: Option<View>,
        /// After.
        after: Option<View>,
    },
}

/// A field as a change stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldFacts {
    /// Shown name.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Type and options, as `["select", {…}]`.
    pub kind: FieldKind,
    /// What is asked of its cells.
    #[serde(default, skip_serializing_if = "FieldRules::is_empty")]
    pub rules: FieldRules,
    /// Place among the fields.
    pub position: i32,
    /// When it was deleted: microseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_us: Option<i64>,
}

impl FieldFacts {
    /// The facts of a field.
    pub fn of(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            description: field.description.clone(),
            kind: field.kind.clone(),
            rules: field.rules.clone(),
            position: field.position,
            deleted_us: field.deleted_us,
        }
    }

    /// The field with this number.
    pub fn field(&self, no: FieldNo) -> Field {
        Field {
            no,
            name: self.name.clone(),
            description: self.description.clone(),
            kind: self.kind.clone(),
            rules: self.rules.clone(),
            position: self.position,
            outcome: None,
            deleted_us: self.deleted_us,
        }
    }
}

/// Everything that one command did, or several that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What it is to a person.
    pub kind: ChangeKind,
    /// When, in microseconds since 1970 UTC; becomes `updated_us` of changed rows.
    pub at_us: i64,
    /// Who (actor text).
    pub actor: String,
    /// Applied first, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schema: Vec<SchemaEdit>,
    /// New records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<RowFacts>,
    /// Changed records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updated: Vec<RowEdit>,
    /// Records that are gone, with what they held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<RowFacts>,
    /// Values of unique fields that it takes: two changes with one of them can't be checked against the same state.
    #[serde(skip)]
    pub claims: Vec<(FieldId, Box<str>)>,
    /// What is wrong with rows that an import left out; not part of what is kept.
    #[serde(skip)]
    pub refused: Vec<CellError>,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// What a change touches, to find out whether two changes may go into one batch.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// Whether the schema changes: such a change shares a batch with no other.
    pub schema: bool,
    /// Records written.
    pub rows: FxHashSet<(TableNo, RowNo)>,
    /// Values of unique fields that are taken.
    pub claims: FxHashSet<(FieldId, Box<str>)>,
}

impl Touched {
    /// Whether the two can't be checked against the same state.
    pub fn conflicts(&self, other: &Self) -> bool {
        let (few, many) = if self.rows.len() < other.rows.len() { (self, other) } else { (other, self) };
        self.schema
            || other.schema
            || few.rows.iter().any(|row| many.rows.contains(row))
            || self.claims.iter().any(|claim| other.claims.contains(claim))
    }

    /// Adds what another change touches.
    pub fn merge(&mut self, other: Self) {
        self.schema |= other.schema;
        self.rows.extend(other.rows);
        self.claims.extend(other.claims);
    }
}

impl Change {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.schema.is_empty()
            && self.created.is_empty()
            && self.updated.is_empty()
            && self.deleted.is_empty()
    }

    /// Reads [`to_json`](Self::to_json) back. The error is a sentence for the log.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let version: Version = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if !(1..=CHANGE_VERSION).contains(&version.v) {
            return Err(format!(
                "change version {} is not known, this program reads {CHANGE_VERSION}",
                version.v
            ));
        }
        let mut change: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let (at_us, actor) = (change.at_us, change.actor.clone());
        for (_, by) in change.updated.iter_mut().filter_map(|edit| edit.stamp.as_mut()) {
            if by.is_empty() {
                by.clone_from(&actor);
            }
        }
        for facts in &mut change.created {
            if facts.meta == RowMeta::default() {
                facts.meta = RowMeta::made(at_us, &actor);
            }
        }
        Ok(change)
    }

    /// What it touches.
    pub fn touched(&self) -> Touched {
        let mut rows = FxHashSet::default();
        rows.extend(self.created.iter().chain(&self.deleted).map(|facts| (facts.table, facts.row)));
        rows.extend(self.updated.iter().map(|edit| (edit.table, edit.row)));
        Touched { schema: !self.schema.is_empty(), rows, claims: self.claims.iter().cloned().collect() }
    }

    /// The tables touched, with lowest and highest row where records were; ascending by table.
    pub fn spans(&self) -> Vec<(TableNo, Option<(RowNo, RowNo)>)> {
        let mut spans: BTreeMap<TableNo, Option<(RowNo, RowNo)>> = BTreeMap::new();
        let whole = self.created.iter().chain(&self.deleted).map(|facts| (facts.table, facts.row));
        for (table, row) in whole.chain(self.updated.iter().map(|edit| (edit.table, edit.row))) {
            let span = spans.entry(table).or_default().get_or_insert((row, row));
            *span = (span.0.min(row), span.1.max(row));
        }
        for edit in &self.schema {
            match edit {
                SchemaEdit::Base { .. } => {}
                SchemaEdit::Table { table, .. }
                | SchemaEdit::Field { table, .. }
                | SchemaEdit::View { table, .. } => {
                    spans.entry(*table).or_default();
                }
            }
        }
        spans.into_iter().collect()
    }

    /// The row counters that must be at least this after the change (`tables.next_row`), ascending by table.
    pub fn next_rows(&self) -> Vec<(TableNo, u64)> {
        let mut next: BTreeMap<TableNo, u64> = BTreeMap::new();
        for facts in &self.created {
            let at = next.entry(facts.table).or_default();
            *at = (*at).max(facts.row.0 + 1);
        }
        next.into_iter().collect()
    }

    /// The change that takes this one back. None if that is not possible from the facts alone: a purged table or field took
    /// its values along.
    pub fn inverse(&self) -> Option<Self> {
        let mut schema = Vec::with_capacity(self.schema.len());
        for edit in self.schema.iter().rev() {
            schema.push(match edit.clone() {
                SchemaEdit::Table { after: None, .. } | SchemaEdit::Field { after: None, .. } => return None,
                SchemaEdit::Base { before, after } => SchemaEdit::Base { before: after, after: before },
                SchemaEdit::Table { table, before, after } => SchemaEdit::Table {
                    table,
                    after: before.map(|head| head.counted_on(after.as_ref())),
                    before: after,
                },
                SchemaEdit::Field { table, field, before, after } => {
                    SchemaEdit::Field { table, field, before: after, after: before }
                }
                SchemaEdit::View { table, view, before, after } => {
                    SchemaEdit::View { table, view, before: after, after: before }
                }
            });
        }
        let turned = |edit: &RowEdit| RowEdit {
            table: edit.table,
            row: edit.row,
            cells: edit
                .cells
                .iter()
                .map(|cell| CellEdit {
                    field: cell.field,
                    before: cell.after.clone(),
                    after: cell.before.clone(),
                })
                .collect(),
            stamp: None,
        };
        Some(Self {
            kind: ChangeKind::Mixed,
            at_us: self.at_us,
            actor: self.actor.clone(),
            schema,
            created: self.deleted.clone(),
            updated: self.updated.iter().map(turned).collect(),
            deleted: self.created.clone(),
            claims: Vec::new(),
            refused: Vec::new(),
        })
    }
}

/// What a change did to memory: read by realtime, caches and histories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// The base's sequence number after the change.
    pub seq: u64,
    /// Whether anything of the schema changed.
    pub schema_changed: bool,
    /// Records, by table.
    pub tables: BTreeMap<TableNo, TableEffects>,
}

/// Records of one table that a change touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableEffects {
    /// New records.
    pub created: Vec<RowNo>,
    /// Changed records with the fields that changed.
    pub updated: Vec<(RowNo, Vec<FieldNo>)>,
    /// Records that are gone.
    pub deleted: Vec<RowNo>,
}
