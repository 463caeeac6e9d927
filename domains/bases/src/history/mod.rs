//! What happened to a record, from the base's changes (spec D7): who, when, each cell before and after. A record whose link
//! was changed from the other side has that change in its history as well.

mod store;

use crate::actor::OpenBase;
use crate::http::{AppState, Versioned};
use crate::records::record_id;
use crate::service::Bases;
use crate::sight::Seen;
use axum::extract::{Path, State};
use engine_base::{Base, Cell, Change, ChangeKind, FieldId, FieldNo, RecordId, RowFacts, RowNo, TableNo};
use http::StatusCode;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Error, Result};
use kernel_db::Row;
use kernel_web::WebError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Entries of one answer.
const LIMIT: i64 = 100;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Who did it.
#[derive(Serialize, ToSchema)]
struct ActorInfo {
    /// `usr_…`, `tok_…`, `con_…` or `system`.
    id: String,
    /// The person's or token's name, as far as it is known.
    name: String,
}

/// One change of a record.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// The base's sequence number of the change.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorInfo,
    /// `create`, `update`, `delete`, `restore`, `mixed`.
    kind: String,
    cells: Vec<CellEntry>,
}

/// One cell before and after.
#[derive(Serialize, ToSchema)]
struct CellEntry {
    #[schema(value_type = String)]
    field: FieldId,
    /// The field's name today.
    name: String,
    #[schema(value_type = serde_json::Value)]
    before: Box<RawValue>,
    #[schema(value_type = serde_json::Value)]
    after: Box<RawValue>,
}

/// Changes of a record, newest first.
#[derive(Serialize, ToSchema)]
struct History {
    data: Vec<Entry>,
}

/// The changes of one record, newest first (at most 100).
#[utoipa::path(get, path = "/v1/records/{record}/history", tag = "records",
    params(("record" = String, Path, description = "Record id, rec…")), responses((status = 200, body = History)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(record): Path<String>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let id = record_id(&record)?;
    let open = bases.open_table(&caller, id.table, None).await?;
    let now_us = bases.0.clock.now().as_microsecond();
    let there = |base: &Base| {
        let seen = Seen::of(&caller, base, id.table)?;
        // Whether a deleted row was among those that are there can't be told.
        (!seen.has_some_rows_only() || seen.has(base, id.row, now_us)).then_some(())
    };
    open.read(there).ok_or_else(Error::not_found)?;
    let changes = changes_of_record(&bases, &caller, &open, id).await?;
    let mut names: HashMap<String, String> = HashMap::new();
    for (_, change) in &changes {
        if !names.contains_key(&change.actor) {
            let name = bases.0.tenancy.actor_name(caller.tenant, &change.actor).await?;
            names.insert(change.actor.clone(), name);
        }
    }
    let (seq, data) = open.read(|base| {
        let entries =
            changes.iter().filter_map(|(seq, change)| entry(&caller, base, id, (*seq, change), &names));
        (base.seq(), entries.collect::<Vec<_>>())
    });
    // A record that never was has no history; one that is gone still has.
    if data.is_empty() && !open.read(|base| base.contains(id.table, id.row)) {
        return Err(Error::not_found().into());
    }
    Ok(Versioned::json(StatusCode::OK, seq, &History { data })?)
}

/// The changes of one record, newest first, without what they did to other records.
async fn changes_of_record(
    bases: &Bases,
    caller: &Caller,
    open: &OpenBase,
    id: RecordId,
) -> Result<Vec<(u64, Change)>> {
    let base = open.read(|base| base.id().0).cast_signed();
    let params: kernel_db::Params<'_> =
        &[&caller.tenant.uuid(), &base, &id.table.0.cast_signed(), &id.row.0.cast_signed(), &LIMIT];
    changes(&bases.0.db.read(caller.tenant, &store::CHANGES_OF_ROW, params).await?)
}

fn changes(rows: &[Row]) -> Result<Vec<(u64, Change)>> {
    rows.iter()
        .map(|row| {
            let change = Change::from_json(row.get::<_, &str>(1).as_bytes()).map_err(Error::internal)?;
            Ok((row.get::<_, i64>(0).unsigned_abs(), change))
        })
        .collect()
}

/// Changes whose span covers one of the rows, newest first.
async fn changes_of(
    bases: &Bases,
    caller: &Caller,
    open: &OpenBase,
    table: TableNo,
    rows: &[RowNo],
) -> Result<Vec<(u64, Change)>> {
    let (low, high) = (rows.iter().min(), rows.iter().max());
    let (Some(low), Some(high)) = (low, high) else { return Ok(Vec::new()) };
    let base = open.read(|base| base.id().0).cast_signed();
    let params: kernel_db::Params<'_> = &[
        &caller.tenant.uuid(),
        &base,
        &table.0.cast_signed(),
        &low.0.cast_signed(),
        &high.0.cast_signed(),
        &LIMIT,
    ];
    changes(&bases.0.db.read(caller.tenant, &store::CHANGES_OF_ROWS, params).await?)
}

/// The facts that the last deletion of each row kept.
pub(crate) async fn deleted_rows(
    bases: &Bases,
    caller: &Caller,
    table: TableNo,
    rows: &[RowNo],
) -> Result<Vec<RowFacts>> {
    let open = bases.open_table(caller, table, None).await?;
    let mut facts: Vec<RowFacts> = Vec::with_capacity(rows.len());
    for (_, change) in changes_of(bases, caller, &open, table, rows).await? {
        for gone in change.deleted {
            let wanted = gone.table == table && rows.contains(&gone.row);
            if wanted && !facts.iter().any(|known| known.row == gone.row) {
                facts.push(gone);
            }
        }
    }
    Ok(facts)
}

fn entry(
    caller: &Caller,
    base: &Base,
    id: RecordId,
    (seq, change): (u64, &Change),
    names: &HashMap<String, String>,
) -> Option<Entry> {
    let is_it = |facts: &&RowFacts| (facts.table, facts.row) == (id.table, id.row);
    let mut cells: Vec<(FieldNo, Cell, Cell)> = Vec::new();
    let mut kind = change.kind;
    if let Some(made) = change.created.iter().find(is_it) {
        cells.extend(made.cells.iter().map(|(field, cell)| (*field, Cell::Empty, cell.clone())));
    } else if let Some(gone) = change.deleted.iter().find(is_it) {
        cells.extend(gone.cells.iter().map(|(field, cell)| (*field, cell.clone(), Cell::Empty)));
    } else {
        let edit = change.updated.iter().find(|edit| (edit.table, edit.row) == (id.table, id.row))?;
        cells.extend(edit.cells.iter().map(|cell| (cell.field, cell.before.clone(), cell.after.clone())));
        // Another record was made or deleted; of this one a link changed.
        kind = ChangeKind::Update;
    }
    let table = Seen::of(caller, base, id.table)?;
    let cells = cells.into_iter().filter_map(|(field, before, after)| {
        Some(CellEntry {
            field: id.table.field(field),
            name: table.field(field)?.name.clone(),
            before: json_of(base, id.table, field, &before)?,
            after: json_of(base, id.table, field, &after)?,
        })
    });
    Some(Entry {
        version: seq,
        at: Timestamp::from_microsecond(change.at_us).ok()?,
        actor: ActorInfo {
            id: change.actor.clone(),
            name: names.get(&change.actor).cloned().unwrap_or_default(),
        },
        kind: kind.name().to_owned(),
        cells: cells.collect(),
    })
}

fn json_of(base: &Base, table: TableNo, field: FieldNo, cell: &Cell) -> Option<Box<RawValue>> {
    let mut out = Vec::new();
    base.write_cell(table, field, cell, &mut out);
    RawValue::from_string(String::from_utf8(out).ok()?).ok()
}
