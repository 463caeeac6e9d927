//! What is in the trash, as one caller may see it.

use super::{DAYS, store};
use crate::actor::OpenBase;
use crate::service::Bases;
use crate::sight::{self, Seen};
use crate::who::{ActorInfo, Names};
use engine_base::{Base, Cell, Change, RecordId, RowFacts};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Caller, Error, Level, Result};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Changes that are looked at for deleted records.
const CHANGES: i64 = 500;
/// Records of them that are read, about: more than are listed, because some are there again or not for the caller.
const READ: i64 = 5_000;
/// Records listed at most.
const RECORDS: usize = 500;

/// Kinds of things that are deleted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrashKind {
    Table,
    Field,
    View,
    Record,
}

/// Something in the trash.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrashItem {
    /// `tbl…`, `fld…`, `viw…` or `rec…`.
    pub(crate) id: String,
    pub(crate) kind: TrashKind,
    pub(crate) name: String,
    /// The table that it is of; not of a table.
    pub(crate) table: Option<TableName>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) deleted_at: Timestamp,
    /// Who deleted it, if the change that did is among the last 500.
    pub(crate) deleted_by: Option<ActorInfo>,
    /// When it is gone for good. Records stay as long as the history does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) purged_at: Option<Timestamp>,
}

/// A table by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TableName {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Bases {
    /// Newest first: what the caller could restore.
    pub(crate) async fn trashed(&self, caller: &Caller, open: &OpenBase) -> Result<(u64, Vec<TrashItem>)> {
        let (tenant, base) = (caller.tenant, open.read(|base| base.id().0).cast_signed());
        let since = self.0.clock.now() - SignedDuration::from_hours(24 * DAYS);
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &base, &since, &CHANGES, &READ];
        let rows = self.0.db.read(tenant, &store::DELETIONS, params).await?;
        let read = |row: &kernel_db::Row| {
            Change::from_json(row.get::<_, &str>(0).as_bytes()).map_err(Error::internal)
        };
        let changes: Vec<Change> = rows.iter().map(read).collect::<Result<_>>()?;
        let names = Names::of(self, tenant, changes.iter().map(|change| change.actor.as_str())).await?;
        // A change of the schema is alone at its moment.
        let actors: HashMap<i64, &str> =
            changes.iter().map(|change| (change.at_us, change.actor.as_str())).collect();
        let (seq, mut items) = open.read(|base| {
            let mut items = shapes(caller, base);
            for (item, at_us) in &mut items {
                item.deleted_by = actors.get(at_us).map(|actor| names.info(actor));
            }
            let mut items: Vec<TrashItem> = items.into_iter().map(|(item, _)| item).collect();
            items.extend(records(caller, base, &changes, &names));
            (base.seq(), items)
        });
        items.sort_by_key(|item| std::cmp::Reverse(item.deleted_at));
        Ok((seq, items))
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn shape(
    kind: TrashKind,
    id: String,
    name: &str,
    table: Option<TableName>,
    deleted_us: i64,
) -> (TrashItem, i64) {
    let deleted_at = at(deleted_us);
    let purged_at = Some(deleted_at + SignedDuration::from_hours(24 * DAYS));
    (
        TrashItem { id, kind, name: name.to_owned(), table, deleted_at, deleted_by: None, purged_at },
        deleted_us,
    )
}

/// Tables, fields and views, with the moment that each was deleted at in microseconds.
fn shapes(caller: &Caller, base: &Base) -> Vec<(TrashItem, i64)> {
    let mut items = Vec::new();
    for table in &base.schema().trash {
        let number = table.number();
        if let Some(deleted) = table.head.deleted_us
            && caller.table(base.id().0, number.0) >= Level::Manage
        {
            items.push(shape(TrashKind::Table, number.id().to_string(), &table.head.name, None, deleted));
        }
    }
    for table in Seen::all(caller, base) {
        let number = table.number();
        let of = TableName { id: number.id().to_string(), name: table.head.name.clone() };
        for field in &table.trash.fields {
            // A link whose other table is in the trash comes back with that.
            let is_whole = field.linked().is_none_or(|other| base.schema().table(other).is_some());
            if let Some(deleted) = field.deleted_us
                && is_whole
                && sight::restores_field(caller, base, number, field.no)
            {
                let id = number.field(field.no).to_string();
                items.push(shape(TrashKind::Field, id, &field.name, Some(of.clone()), deleted));
            }
        }
        for view in &table.trash.views {
            if let Some(deleted) = view.deleted_us
                && table.level() >= Level::Edit
                && sight::sees_view(caller, view)
            {
                let id = number.view(view.no).to_string();
                items.push(shape(TrashKind::View, id, &view.name, Some(of.clone()), deleted));
            }
        }
    }
    items
}

/// Records that are not there now, each with its last deletion.
fn records(caller: &Caller, base: &Base, changes: &[Change], names: &Names) -> Vec<TrashItem> {
    let mut items: Vec<TrashItem> = Vec::new();
    let mut known: std::collections::HashSet<RecordId> = std::collections::HashSet::new();
    let mut tables: HashMap<engine_base::TableNo, Option<Seen<'_>>> = HashMap::new();
    for (change, facts) in
        changes.iter().flat_map(|change| change.deleted.iter().map(move |facts| (change, facts)))
    {
        if items.len() >= RECORDS {
            break;
        }
        let id = RecordId { table: facts.table, row: facts.row };
        let seen = tables.entry(facts.table).or_insert_with(|| {
            Seen::of(caller, base, facts.table).filter(|seen| {
                seen.level() >= Level::Edit
                    && !seen.has_some_rows_only()
                    && caller.access.deletes(base.id().0, facts.table.0)
            })
        });
        let Some(seen) = seen else { continue };
        if base.contains(facts.table, facts.row) || !known.insert(id) {
            continue;
        }
        items.push(TrashItem {
            id: id.to_string(),
            kind: TrashKind::Record,
            name: name_of(base, seen, facts),
            table: Some(TableName { id: facts.table.id().to_string(), name: seen.head.name.clone() }),
            deleted_at: at(change.at_us),
            deleted_by: Some(names.info(&change.actor)),
            purged_at: None,
        });
    }
    items
}

/// What the record was called: the text of its primary field as it is shown in JSON; empty if that is calculated.
fn name_of(base: &Base, table: &Seen<'_>, facts: &RowFacts) -> String {
    let primary = table.head.primary_field;
    let cell = facts.cells.get(&primary).unwrap_or(&Cell::Empty);
    let mut json = Vec::new();
    base.write_cell(facts.table, primary, cell, &mut json);
    match serde_json::from_slice(&json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}
