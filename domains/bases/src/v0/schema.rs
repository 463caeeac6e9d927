//! `/v0/meta/bases/{base}/…`: tables, fields and views.

use super::kinds::{self, FieldInput};
use super::place::{V0Caller, with_table};
use super::{Answer, error, params};
use crate::actor::OpenBase;
use crate::http::AppState;
use crate::records::query::shown_fields;
use crate::sight::Seen;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use engine_base::{Base, Command, FieldNo, SchemaEdit, Table, TableNo, View, ViewId};
use kernel_core::{Caller, Capability, Error, Result};
use kernel_web::ApiJson;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A table to create. The first field names its records.
#[derive(Deserialize)]
pub(super) struct TableInput {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    fields: Vec<FieldInput>,
}

/// A partial change of a table or field; null leaves a value as it is.
#[derive(Deserialize)]
pub(super) struct Patch {
    name: Option<String>,
    description: Option<String>,
    options: Option<Map<String, Value>>,
}

/// The command that makes a table.
///
/// # Errors
/// `invalid_value` for a field that the product can't make.
pub(super) fn new_table(input: TableInput) -> Result<Command> {
    let fields = input.fields.into_iter().map(FieldInput::into_new).collect::<Result<Vec<_>>>()?;
    let description = input.description.unwrap_or_default();
    Ok(Command::CreateTable { name: input.name, description, icon: None, fields })
}

/// All tables; `visible` adds to each view the fields that it shows.
pub(super) fn show_tables(caller: &Caller, base: &Base, visible: bool) -> Vec<Value> {
    Seen::all(caller, base).map(|table| show_table(&table, visible)).collect()
}

fn show_table(table: &Table, visible: bool) -> Value {
    let number = table.number();
    let fields: Vec<Value> = table.fields.iter().map(|field| kinds::field(table, field)).collect();
    let views: Vec<Value> = table.views.iter().map(|view| show_view(table, view, visible)).collect();
    let mut out = json!({
        "id": number.id(),
        "name": table.head.name,
        "primaryFieldId": number.field(table.head.primary_field),
        "fields": fields,
        "views": views,
    });
    if !table.head.description.is_empty() {
        out["description"] = table.head.description.as_str().into();
    }
    out
}

fn show_view(table: &Table, view: &View, visible: bool) -> Value {
    let id = table.number().view(view.no).to_string();
    let mut out = json!({"id": id, "name": view.name, "type": view.kind});
    if visible && let Ok(fields) = shown_fields(table, Some(&id), None) {
        let ids = fields.into_iter().map(|no| table.number().field(no).to_string());
        out["visibleFieldIds"] = ids.collect::<Vec<_>>().into();
    }
    out
}

/// Tables with their fields and views.
pub(super) async fn tables(
    State(bases): AppState,
    who: V0Caller,
    Path(base): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    who.caller.require(Capability::ReadRecords)?;
    let visible = params::named("include", query.as_deref())?.iter().any(|name| name == "visibleFieldIds");
    let open = who.base(&bases, &base).await?;
    Ok(Json(json!({"tables": open.read(|base| show_tables(&who.caller, base, visible))})))
}

/// Creates a table with one view.
pub(super) async fn create_table(
    State(bases): AppState,
    who: V0Caller,
    Path(base): Path<String>,
    ApiJson(input): ApiJson<TableInput>,
) -> Answer {
    who.caller.require(Capability::EditSchema)?;
    let open = who.base(&bases, &base).await?;
    let written = bases.write(&open, &who.caller, new_table(input)?).await?;
    let made = written.change.schema.iter().find_map(|edit| match edit {
        SchemaEdit::Table { table, before: None, after: Some(_) } => Some(*table),
        _ => None,
    });
    let made = made.ok_or_else(|| Error::internal("no table in the change"))?;
    answer_table((&open, &who.caller), made)
}

fn answer_table((open, caller): (&OpenBase, &Caller), table: TableNo) -> Answer {
    Ok(Json(open.read(|base| with_table(caller, base, table, |schema| Ok(show_table(schema, false))))?))
}

/// Renames or describes a table.
pub(super) async fn update_table(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    ApiJson(patch): ApiJson<Patch>,
) -> Answer {
    who.caller.require(Capability::EditSchema)?;
    let (open, table) = who.table(&bases, &base, &table).await?;
    let Patch { name, description, .. } = patch;
    let command =
        Command::UpdateTable { table, name, description, icon: None, primary_field: None, position: None };
    bases.write(&open, &who.caller, command).await?;
    answer_table((&open, &who.caller), table)
}

fn answer_field((open, caller): (&OpenBase, &Caller), table: TableNo, field: FieldNo) -> Answer {
    let shown = open.read(|base| {
        with_table(caller, base, table, |schema| {
            let field = schema.field(field).ok_or_else(error::no_model)?;
            Ok(kinds::field(schema, field))
        })
    })?;
    Ok(Json(shown))
}

/// Adds a field; for a link, also the field on the other side.
pub(super) async fn create_field(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    ApiJson(input): ApiJson<FieldInput>,
) -> Answer {
    who.caller.require(Capability::EditSchema)?;
    let (open, table) = who.table(&bases, &base, &table).await?;
    let command = Command::CreateField { table, field: input.into_new()? };
    let written = bases.write(&open, &who.caller, command).await?;
    let made = written.change.schema.iter().find_map(|edit| match edit {
        SchemaEdit::Field { table: of, field, before: None, .. } if *of == table => Some(*field),
        _ => None,
    });
    answer_field((&open, &who.caller), table, made.ok_or_else(|| Error::internal("no field in the change"))?)
}

/// Renames or describes a field, or changes its options.
pub(super) async fn update_field(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, field)): Path<(String, String, String)>,
    ApiJson(patch): ApiJson<Patch>,
) -> Answer {
    who.caller.require(Capability::EditSchema)?;
    let (open, table) = who.table(&bases, &base, &table).await?;
    let (field, ours) = open.read(|base| {
        with_table(&who.caller, base, table, |schema| {
            let field = schema.field_by_key(&field).ok_or_else(error::no_model)?;
            Ok((field.no, field.kind.type_name()))
        })
    })?;
    let kind = patch.options.as_ref().map(|options| kinds::kind(ours, Some(options))).transpose()?;
    let Patch { name, description, .. } = patch;
    let command = Command::UpdateField { table, field, name, description, kind, rules: None, position: None };
    bases.write(&open, &who.caller, command).await?;
    answer_field((&open, &who.caller), table, field)
}

/// Deletes a view; not the last one of its table.
pub(super) async fn delete_view(
    State(bases): AppState,
    who: V0Caller,
    Path((base, view)): Path<(String, String)>,
) -> Answer {
    who.caller.require(Capability::EditViews)?;
    let open = who.base(&bases, &base).await?;
    let id: ViewId = view.parse().map_err(|_| error::no_model())?;
    let there = open.read(|base| {
        Seen::of(&who.caller, base, id.table).is_some_and(|table| table.view(id.view).is_some())
    });
    if !there {
        return Err(error::no_model().into());
    }
    bases.write(&open, &who.caller, Command::DeleteView { table: id.table, view: id.view }).await?;
    Ok(Json(json!({"id": id, "deleted": true})))
}
