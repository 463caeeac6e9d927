//! `POST`, `PATCH`, `PUT` of records: one, or at most ten; all or nothing. `PATCH` keeps what is not named, `PUT` empties it.

use super::place::{V0Caller, row, with_table};
use super::upsert::{self, PerformUpsert};
use super::wire::{self, Show};
use super::{Answer, MAX_RECORDS, error};
use crate::actor::{OpenBase, Order, Written};
use crate::http::AppState;
use crate::service::Bases;
use crate::sight::Seen;
use crate::upserts::empty_others;
use crate::{problem, sight};
use axum::Json;
use axum::extract::{Path, State};
use engine_base::{Command, InputCells, RowNo, TableNo};
use kernel_core::{Caller, Capability, Result};
use kernel_web::ApiJson;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Fields = Map<String, Value>;

/// One record or several to create.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateBody {
    fields: Option<Fields>,
    records: Option<Vec<NewRecord>>,
    typecast: Option<bool>,
    return_fields_by_field_id: Option<bool>,
}

#[derive(Deserialize)]
struct NewRecord {
    #[serde(default)]
    fields: Fields,
}

/// Values of one record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateBody {
    #[serde(default)]
    fields: Fields,
    typecast: Option<bool>,
    return_fields_by_field_id: Option<bool>,
}

/// Values of several records, found by id or by `performUpsert`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateManyBody {
    records: Vec<Patch>,
    perform_upsert: Option<PerformUpsert>,
    typecast: Option<bool>,
    return_fields_by_field_id: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Patch {
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) fields: Fields,
}

/// Whether what is not named stays.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    Keep,
    Clear,
}

/// Writes one command as this caller.
pub(super) async fn run(
    bases: &Bases,
    (open, caller): (&OpenBase, &Caller),
    typecast: bool,
    command: Command,
) -> Result<Written> {
    bases.permit(open, caller, &command)?;
    let about = problem::table_of(&command);
    let (command, taken) = bases.with_files(open, caller, typecast, command).await?;
    let (actor, files) = (Arc::from(caller.actor.to_string()), taken.texts.clone());
    let written = open
        .write(Order { command, typecast, files, actor, key: None })
        .await
        .map_err(|error| open.read(|base| sight::without_hidden(caller, base, about, error)));
    bases.settle(caller.tenant, &taken, written).await
}

/// Cells as the engine takes them.
///
/// # Errors
/// `unknown_field`; a field that is named twice.
pub(super) fn cells(table: &Seen<'_>, fields: Fields, mode: Mode) -> Result<InputCells> {
    let mut cells = InputCells::with_capacity(fields.len());
    for (key, value) in fields {
        let field = table.field_by_key(&key).ok_or_else(|| error::unknown_field(&key))?;
        if cells.iter().any(|(no, _)| *no == field.no) {
            let detail = format!("Field {} is named twice, by its name and by its id.", field.name);
            return Err(error::invalid(detail));
        }
        cells.push((field.no, value));
    }
    if mode == Mode::Clear {
        empty_others(table, &mut cells);
    }
    Ok(cells)
}

/// Records as they are now, in this order.
pub(super) fn show(
    (open, caller): (&OpenBase, &Caller),
    table: TableNo,
    rows: &[RowNo],
    show: &Show,
) -> Result<Vec<Value>> {
    open.read(|base| {
        with_table(caller, base, table, |schema| {
            Ok(rows.iter().filter_map(|row| wire::record(base, schema, *row, show)).collect())
        })
    })
}

fn count(records: usize) -> Result<()> {
    if (1..=MAX_RECORDS).contains(&records) {
        return Ok(());
    }
    Err(error::invalid(format!("A request takes 1 to {MAX_RECORDS} records; this one has {records}.")))
}

/// Creates one record (`fields`) or several (`records`).
pub(super) async fn create(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    ApiJson(body): ApiJson<CreateBody>,
) -> Answer {
    who.caller.require(Capability::WriteRecords)?;
    let (open, table) = who.table(&bases, &base, &table).await?;
    let (single, records) = match (body.fields, body.records) {
        (Some(fields), None) => (true, vec![fields]),
        (None, Some(records)) => (false, records.into_iter().map(|record| record.fields).collect()),
        _ => return Err(error::invalid("Give either fields or records.").into()),
    };
    count(records.len())?;
    let rows = open.read(|base| {
        with_table(&who.caller, base, table, |schema| {
            records.into_iter().map(|fields| cells(schema, fields, Mode::Keep)).collect::<Result<Vec<_>>>()
        })
    })?;
    let command = Command::CreateRecords { table, rows, ids: None };
    let written = run(&bases, (&open, &who.caller), body.typecast.unwrap_or(false), command).await?;
    let made: Vec<RowNo> = written.change.created.iter().map(|facts| facts.row).collect();
    let mut shown = show((&open, &who.caller), table, &made, &Show::all(body.return_fields_by_field_id))?;
    Ok(Json(if single { shown.pop().unwrap_or_default() } else { json!({"records": shown}) }))
}

/// Changes cells of a record.
pub(super) async fn update(
    State(bases): AppState,
    who: V0Caller,
    Path(path): Path<(String, String, String)>,
    ApiJson(body): ApiJson<UpdateBody>,
) -> Answer {
    write_one(&bases, &who, path, body, Mode::Keep).await
}

/// Changes cells of a record and empties the others.
pub(super) async fn replace(
    State(bases): AppState,
    who: V0Caller,
    Path(path): Path<(String, String, String)>,
    ApiJson(body): ApiJson<UpdateBody>,
) -> Answer {
    write_one(&bases, &who, path, body, Mode::Clear).await
}

async fn write_one(
    bases: &Bases,
    who: &V0Caller,
    (base, table, record): (String, String, String),
    body: UpdateBody,
    mode: Mode,
) -> Answer {
    who.caller.require(Capability::WriteRecords)?;
    let (open, table) = who.table(bases, &base, &table).await?;
    let rows = open.read(|base| {
        let row = row(base, table, &record)?;
        with_table(&who.caller, base, table, |schema| Ok(vec![(row, cells(schema, body.fields, mode)?)]))
    })?;
    let row = [rows[0].0];
    run(bases, (&open, &who.caller), body.typecast.unwrap_or(false), Command::UpdateRecords { table, rows })
        .await?;
    let mut shown = show((&open, &who.caller), table, &row, &Show::all(body.return_fields_by_field_id))?;
    Ok(Json(shown.pop().ok_or_else(|| error::no_record(&record))?))
}

/// Changes cells of several records, or finds them by their values first.
pub(super) async fn update_many(
    State(bases): AppState,
    who: V0Caller,
    Path(path): Path<(String, String)>,
    ApiJson(body): ApiJson<UpdateManyBody>,
) -> Answer {
    write_many(&bases, &who, path, body, Mode::Keep).await
}

/// As [`update_many`], and empties what is not named.
pub(super) async fn replace_many(
    State(bases): AppState,
    who: V0Caller,
    Path(path): Path<(String, String)>,
    ApiJson(body): ApiJson<UpdateManyBody>,
) -> Answer {
    write_many(&bases, &who, path, body, Mode::Clear).await
}

async fn write_many(
    bases: &Bases,
    who: &V0Caller,
    (base, table): (String, String),
    body: UpdateManyBody,
    mode: Mode,
) -> Answer {
    who.caller.require(Capability::WriteRecords)?;
    let (open, table) = who.table(bases, &base, &table).await?;
    count(body.records.len())?;
    let typecast = body.typecast.unwrap_or(false);
    let by_id = Show::all(body.return_fields_by_field_id);
    if let Some(upsert) = body.perform_upsert {
        let order = upsert::Upsert {
            table,
            mode,
            typecast,
            merge_on: upsert.fields_to_merge_on,
            records: body.records,
        };
        let done = upsert::merge(bases, (&open, &who.caller), order).await?;
        let id = |row: &RowNo| table.record(*row).to_string();
        return Ok(Json(json!({
            "records": show((&open, &who.caller), table, &done.rows, &by_id)?,
            "createdRecords": done.created.iter().map(id).collect::<Vec<_>>(),
            "updatedRecords": done.updated.iter().map(id).collect::<Vec<_>>(),
        })));
    }
    let rows = open.read(|base| {
        with_table(&who.caller, base, table, |schema| {
            let patch = |patch: Patch| {
                let id = patch.id.ok_or_else(|| error::invalid("Each of records needs an id."))?;
                Ok((row(base, table, &id)?, cells(schema, patch.fields, mode)?))
            };
            body.records.into_iter().map(patch).collect::<Result<Vec<_>>>()
        })
    })?;
    let touched: Vec<RowNo> = rows.iter().map(|(row, _)| *row).collect();
    run(bases, (&open, &who.caller), typecast, Command::UpdateRecords { table, rows }).await?;
    Ok(Json(json!({"records": show((&open, &who.caller), table, &touched, &by_id)?})))
}
