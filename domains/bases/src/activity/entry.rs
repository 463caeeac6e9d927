//! One line of the activity log: what a change did, of the tables that the reader sees.

use crate::sight::{self, Seen};
use crate::trash::TableName;
use crate::who::{ActorInfo, Names};
use engine_base::{Base, Change, FieldNo, RowNo, SchemaEdit, TableNo};
use jiff::Timestamp;
use kernel_core::{Caller, Error, Level, Result};
use kernel_db::Row;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Records that a line names.
const NAMED: usize = 5;

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityEntry {
    /// The base's number of the change.
    pub(crate) version: u64,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) actor: ActorInfo,
    /// `create`, `update`, `delete`, `restore`, `schema`, `mixed`.
    pub(crate) kind: String,
    /// What it did to records, by table.
    pub(crate) tables: Vec<TableActivity>,
    /// What it did to tables, fields and views.
    pub(crate) schema: Vec<SchemaActivity>,
}

/// Records of one table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableActivity {
    pub(crate) table: TableName,
    pub(crate) created: usize,
    pub(crate) updated: usize,
    pub(crate) deleted: usize,
    /// Some of them that are there.
    pub(crate) records: Vec<RecordName>,
    /// Names of the fields that were changed, as they are today.
    pub(crate) fields: Vec<String>,
}

/// A record by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordName {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A table, field, view or the base.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchemaActivity {
    /// `base`, `table`, `field`, `view`.
    pub(crate) what: &'static str,
    /// Absent for the base.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// Of fields and views.
    pub(crate) table: Option<String>,
    /// `created`, `changed`, `deleted`, `restored`, `purged`.
    pub(crate) done: &'static str,
}

/// A row of the log as it is stored.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) seq: u64,
    at: Timestamp,
    pub(super) actor: String,
    kind: String,
    table: Option<TableNo>,
    /// Absent of a big change.
    change: Option<Change>,
    counts: [usize; 3],
    schema: Vec<SchemaEdit>,
}

impl Line {
    pub(super) fn read(row: &Row) -> Result<Self> {
        let change = row.get::<_, Option<&str>>(5).map(|json| Change::from_json(json.as_bytes()));
        let count = |at: usize| usize::try_from(row.get::<_, i32>(at)).unwrap_or_default();
        Ok(Self {
            seq: row.get::<_, i64>(0).unsigned_abs(),
            at: row.get(1),
            actor: row.get(2),
            kind: row.get(3),
            table: row.get::<_, Option<i64>>(4).map(|table| TableNo(table.unsigned_abs())),
            change: change.transpose().map_err(Error::internal)?,
            counts: [count(6), count(7), count(8)],
            schema: serde_json::from_str(row.get(9)).map_err(Error::internal)?,
        })
    }

    /// The line as the reader may see it; none if nothing of it is there for the reader.
    pub(super) fn shown(&self, caller: &Caller, base: &Base, names: &Names) -> Option<ActivityEntry> {
        let tables = match &self.change {
            Some(change) => tables(caller, base, change),
            None => self.table.and_then(|table| self.counted(caller, base, table)).into_iter().collect(),
        };
        let schema: Vec<SchemaActivity> =
            self.schema.iter().filter_map(|edit| schema(caller, base, edit)).collect();
        (!tables.is_empty() || !schema.is_empty()).then(|| ActivityEntry {
            version: self.seq,
            at: self.at,
            actor: names.info(&self.actor),
            kind: self.kind.clone(),
            tables,
            schema,
        })
    }

    fn counted(&self, caller: &Caller, base: &Base, table: TableNo) -> Option<TableActivity> {
        let seen = whole(caller, base, table)?;
        let [created, updated, deleted] = self.counts;
        let table = name(&seen);
        Some(TableActivity { table, created, updated, deleted, records: Vec::new(), fields: Vec::new() })
    }
}

/// The table, if the reader sees all its rows: which of them were changed can't be told of some only.
fn whole<'a>(caller: &'a Caller, base: &'a Base, table: TableNo) -> Option<Seen<'a>> {
    Seen::of(caller, base, table).filter(|seen| !seen.has_some_rows_only())
}

fn name(table: &Seen<'_>) -> TableName {
    TableName { id: table.number().id().to_string(), name: table.head.name.clone() }
}

#[derive(Default)]
struct Rows {
    created: Vec<RowNo>,
    updated: Vec<RowNo>,
    deleted: usize,
    fields: Vec<FieldNo>,
}

fn tables(caller: &Caller, base: &Base, change: &Change) -> Vec<TableActivity> {
    let mut found: BTreeMap<TableNo, Rows> = BTreeMap::new();
    for facts in &change.created {
        found.entry(facts.table).or_default().created.push(facts.row);
    }
    for edit in &change.updated {
        let rows = found.entry(edit.table).or_default();
        rows.updated.push(edit.row);
        for cell in &edit.cells {
            if !rows.fields.contains(&cell.field) {
                rows.fields.push(cell.field);
            }
        }
    }
    for facts in &change.deleted {
        found.entry(facts.table).or_default().deleted += 1;
    }
    let shown = found.into_iter().filter_map(|(table, rows)| {
        let seen = whole(caller, base, table)?;
        let fields: Vec<String> =
            rows.fields.iter().filter_map(|no| Some(seen.field(*no)?.name.clone())).collect();
        // Only fields that the reader does not see.
        if fields.is_empty() && rows.created.is_empty() && rows.deleted == 0 {
            return None;
        }
        let there = rows.created.iter().chain(&rows.updated).filter(|row| base.contains(table, **row));
        let records = there.take(NAMED).map(|row| RecordName {
            id: table.record(*row).to_string(),
            name: base.record_name(table, *row),
        });
        Some(TableActivity {
            table: name(&seen),
            created: rows.created.len(),
            updated: rows.updated.len(),
            deleted: rows.deleted,
            records: records.collect(),
            fields,
        })
    });
    shown.collect()
}

/// What was done: by whether it was there, and in the trash, before and after.
fn done(before: Option<Option<i64>>, after: Option<Option<i64>>) -> &'static str {
    match (before, after) {
        (None, _) => "created",
        (_, None) => "purged",
        (Some(None), Some(Some(_))) => "deleted",
        (Some(Some(_)), Some(None)) => "restored",
        _ => "changed",
    }
}

fn schema(caller: &Caller, base: &Base, edit: &SchemaEdit) -> Option<SchemaActivity> {
    let is_trashed = |table: TableNo| base.schema().trashed_table(table).is_some();
    match edit {
        SchemaEdit::Base { after, .. } => Some(SchemaActivity {
            what: "base",
            id: None,
            name: after.name.clone(),
            table: None,
            done: "changed",
        }),
        SchemaEdit::Table { table, before, after } => {
            // Counters move with every new field; that is no news of the table.
            let facts = |head: &engine_base::TableHead| {
                (
                    head.name.clone(),
                    head.description.clone(),
                    head.icon.clone(),
                    head.primary_field,
                    head.deleted_us,
                )
            };
            if before.as_ref().map(facts) == after.as_ref().map(facts) {
                return None;
            }
            // Of a deleted one is told who could restore it.
            let is_told = if is_trashed(*table) {
                caller.table(base.id().0, table.0) >= Level::Manage
            } else {
                Seen::of(caller, base, *table).is_some()
            };
            if !is_told {
                return None;
            }
            let head = after.as_ref().or(before.as_ref())?;
            Some(SchemaActivity {
                what: "table",
                id: Some(table.id().to_string()),
                name: head.name.clone(),
                table: None,
                done: done(
                    before.as_ref().map(|head| head.deleted_us),
                    after.as_ref().map(|head| head.deleted_us),
                ),
            })
        }
        SchemaEdit::Field { table, field, before, after } => {
            let seen = Seen::of(caller, base, *table)?;
            // One that is hidden, or gone and was hidden, is not told of.
            let is_told = seen.field(*field).is_some() || sight::restores_field(caller, base, *table, *field);
            let facts = after.as_ref().or(before.as_ref()).filter(|_| is_told)?;
            Some(SchemaActivity {
                what: "field",
                id: Some(table.field(*field).to_string()),
                name: facts.name.clone(),
                table: Some(seen.head.name.clone()),
                done: done(
                    before.as_ref().map(|facts| facts.deleted_us),
                    after.as_ref().map(|facts| facts.deleted_us),
                ),
            })
        }
        SchemaEdit::View { table, view, before, after } => {
            let seen = Seen::of(caller, base, *table)?;
            let both = [before, after].into_iter().flatten();
            let facts = after.as_ref().or(before.as_ref())?;
            // Nothing is told of views that are, or were, somebody else's own.
            if both.into_iter().any(|view| !sight::sees_view(caller, view)) {
                return None;
            }
            Some(SchemaActivity {
                what: "view",
                id: Some(table.view(*view).to_string()),
                name: facts.name.clone(),
                table: Some(seen.head.name.clone()),
                done: done(
                    before.as_ref().map(|view| view.deleted_us),
                    after.as_ref().map(|view| view.deleted_us),
                ),
            })
        }
    }
}
