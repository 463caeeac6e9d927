//! `/v1/tables`.

use super::{FieldInput, TableSchema, table_no};
use crate::http::{AppState, MinVersion, Versioned};
use crate::service::Bases;
use crate::sight::Seen;
use axum::extract::{Path, State};
use engine_base::{BaseId, Command, SchemaEdit, TableNo};
use http::StatusCode;
use kernel_core::{Caller, Capability, Code, Error, FieldError, Result};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(get, update, delete))
}

impl Bases {
    /// Arranges a table: which field (by name) names its records, and its place among the tables, from 0.
    ///
    /// # Errors
    /// `not_found`; `unknown_field`.
    pub async fn arrange_table(
        &self,
        caller: &Caller,
        table: TableNo,
        primary: Option<&str>,
        position: Option<usize>,
    ) -> Result<()> {
        caller.require(Capability::EditSchema)?;
        let open = self.open_table(caller, table, None).await?;
        let field = |name: &str| {
            open.read(|base| base.schema().table(table)?.field_by_name(name).map(|field| field.no))
        };
        let primary_field = primary
            .map(|name| {
                field(name).ok_or_else(|| Error::field("primary_field", Code::UnknownField, "is no field"))
            })
            .transpose()?;
        let command = Command::UpdateTable {
            table,
            name: None,
            description: None,
            icon: None,
            primary_field,
            position,
        };
        self.write(&open, caller, command).await.map(drop)
    }
}

/// A table to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTable {
    /// The base, `app…`.
    base: String,
    /// Shown name, unique in the base.
    name: String,
    /// Free text.
    #[serde(default)]
    description: String,
    /// The first one is the primary field; without any, a text field "Name".
    #[serde(default)]
    fields: Vec<FieldInput>,
}

/// A partial change of a table.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TablePatch {
    /// Shown name.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// The field that names a record, `fld…`.
    primary_field: Option<String>,
    /// Place among the tables, from 0.
    position: Option<usize>,
}

/// Creates a table with one grid view.
#[utoipa::path(post, path = "/v1/tables", tag = "schema", request_body = NewTable, responses((status = 201, body = TableSchema)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiJson(new): ApiJson<NewTable>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let base: BaseId = new.base.parse().map_err(|_| Error::not_found())?;
    let open = bases.open(&caller, base.0).await?;
    let fields: Result<Vec<_>, FieldError> = new
        .fields
        .into_iter()
        .enumerate()
        .map(|(index, field)| field.into_new(&format!("/fields/{index}")))
        .collect();
    let fields = fields.map_err(|error| Error::fields(vec![error]))?;
    let command = Command::CreateTable { name: new.name, description: new.description, icon: None, fields };
    let written = bases.write(&open, &caller, command).await?;
    let table =
        created_table(&written.change.schema).ok_or_else(|| Error::internal("no table in the change"))?;
    show(&bases, &caller, (&open, table), StatusCode::CREATED)
}

fn created_table(edits: &[SchemaEdit]) -> Option<TableNo> {
    edits.iter().find_map(|edit| match edit {
        SchemaEdit::Table { table, before: None, after: Some(_) } => Some(*table),
        _ => None,
    })
}

fn show(
    bases: &Bases,
    caller: &Caller,
    (open, table): (&crate::actor::OpenBase, TableNo),
    status: StatusCode,
) -> Result<Versioned, WebError> {
    let now_us = bases.0.clock.now().as_microsecond();
    let (seq, body) = open
        .read(|base| Some((base.seq(), TableSchema::of(base, &Seen::of(caller, base, table)?, now_us))))
        .ok_or_else(Error::not_found)?;
    Ok(Versioned::json(status, seq, &body)?)
}

/// A table with its fields and views.
#[utoipa::path(get, path = "/v1/tables/{table}", tag = "schema", params(("table" = String, Path, description = "Table id, tbl…")),
    responses((status = 200, body = TableSchema)))]
async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, version).await?;
    show(&bases, &caller, (&open, table), StatusCode::OK)
}

/// Renames or describes a table, moves it, or picks another primary field.
#[utoipa::path(patch, path = "/v1/tables/{table}", tag = "schema", params(("table" = String, Path, description = "Table id, tbl…")),
    request_body = TablePatch, responses((status = 200, body = TableSchema)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiJson(patch): ApiJson<TablePatch>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let table = table_no(&table)?;
    let primary_field =
        patch.primary_field.as_deref().map(super::field_no).transpose()?.map(|(_, field)| field);
    let open = bases.open_table(&caller, table, None).await?;
    let TablePatch { name, description, position, .. } = patch;
    let command = Command::UpdateTable { table, name, description, icon: None, primary_field, position };
    bases.write(&open, &caller, command).await?;
    show(&bases, &caller, (&open, table), StatusCode::OK)
}

/// Deletes a table with its records, and the link fields of other tables that point to it.
#[utoipa::path(delete, path = "/v1/tables/{table}", tag = "schema", params(("table" = String, Path, description = "Table id, tbl…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::EditSchema)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, None).await?;
    bases.write(&open, &caller, Command::DeleteTable { table }).await?;
    Ok(StatusCode::NO_CONTENT)
}
