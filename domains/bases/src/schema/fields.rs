//! `/v1/tables/{table}/fields`, `/v1/fields/{field}`.

use super::{FieldInput, FieldSchema, field_no, kind_of, table_no};
use crate::actor::OpenBase;
use crate::http::{AppState, Versioned};
use axum::extract::{Path, State};
use engine_base::{Command, FieldNo, SchemaEdit, TableNo};
use http::StatusCode;
use kernel_core::{Capability, Error};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

/// A partial change of a field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FieldPatch {
    /// Shown name.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// New options of the same type.
    options: Option<serde_json::Value>,
    /// Place among the fields, from 0.
    position: Option<usize>,
}

/// Adds a field; for a link, also the field on the other side.
#[utoipa::path(post, path = "/v1/tables/{table}/fields", tag = "schema",
    params(("table" = String, Path, description = "Table id, tbl…")), request_body = FieldInput,
    responses((status = 201, body = FieldSchema)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiJson(new): ApiJson<FieldInput>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, None).await?;
    let field = new.into_new("").map_err(|error| Error::fields(vec![error]))?;
    let written = bases.write(&open, &caller, Command::CreateField { table, field }).await?;
    let made = written.change.schema.iter().find_map(|edit| match edit {
        SchemaEdit::Field { table: of, field, before: None, .. } if *of == table => Some(*field),
        _ => None,
    });
    show(&open, table, made.ok_or_else(|| Error::internal("no field in the change"))?, StatusCode::CREATED)
}

fn show(open: &OpenBase, table: TableNo, field: FieldNo, status: StatusCode) -> Result<Versioned, WebError> {
    let (seq, body) = open
        .read(|base| {
            let field = base.schema().table(table)?.field(field)?;
            Some((base.seq(), FieldSchema::of(table, field)))
        })
        .ok_or_else(Error::not_found)?;
    Ok(Versioned::json(status, seq, &body)?)
}

/// Renames or describes a field, moves it, or changes its options.
#[utoipa::path(patch, path = "/v1/fields/{field}", tag = "schema", params(("field" = String, Path, description = "Field id, fld…")),
    request_body = FieldPatch, responses((status = 200, body = FieldSchema)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(field): Path<String>,
    ApiJson(patch): ApiJson<FieldPatch>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let (table, field) = field_no(&field)?;
    let open = bases.open_table(&caller, table, None).await?;
    let type_name = type_name(&open, table, field)?;
    let kind = patch.options.map(|options| kind_of(type_name, &options, "")).transpose();
    let kind = kind.map_err(|error| Error::fields(vec![error]))?;
    let FieldPatch { name, description, position, .. } = patch;
    let command = Command::UpdateField { table, field, name, description, kind, position };
    bases.write(&open, &caller, command).await?;
    show(&open, table, field, StatusCode::OK)
}

fn type_name(open: &OpenBase, table: TableNo, field: FieldNo) -> Result<&'static str, Error> {
    let name = open.read(|base| Some(base.schema().table(table)?.field(field)?.kind.type_name()));
    name.ok_or_else(Error::not_found)
}

/// Deletes a field with its values; for a link, also its other side. Not the primary field.
#[utoipa::path(delete, path = "/v1/fields/{field}", tag = "schema", params(("field" = String, Path, description = "Field id, fld…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(field): Path<String>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::EditSchema)?;
    let (table, field) = field_no(&field)?;
    let open = bases.open_table(&caller, table, None).await?;
    type_name(&open, table, field)?;
    bases.write(&open, &caller, Command::DeleteField { table, field }).await?;
    Ok(StatusCode::NO_CONTENT)
}
