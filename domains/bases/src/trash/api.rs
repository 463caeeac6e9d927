//! `/v1/bases/{base}/trash`.

use super::list::TrashItem;
use crate::catalog::api::base_id;
use crate::history;
use crate::http::{AppState, Versioned};
use axum::extract::{Path, State};
use engine_base::{Base, Command, FieldId, RecordId, TableId, TableNo, ViewId};
use http::StatusCode;
use kernel_core::{Capability, Error};
use kernel_web::WebError;
use serde::Serialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(restore))
}

/// What is in the trash, newest first.
#[derive(Serialize, ToSchema)]
struct TrashList {
    data: Vec<TrashItem>,
}

/// What came back.
#[derive(Serialize, ToSchema)]
struct Restored {
    id: String,
    /// The base's version with it.
    version: u64,
}

/// Deleted tables, fields, views and records that the caller could restore, newest first: of the last 30 days, at most 500 records.
#[utoipa::path(get, path = "/v1/bases/{base}/trash", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, body = TrashList)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let open = bases.open(&caller, base_id(&base)?.0).await?;
    let (seq, data) = bases.trashed(&caller, &open).await?;
    Ok(Versioned::json(StatusCode::OK, seq, &TrashList { data })?)
}

fn is_in_trash(base: &Base, command: &Command) -> bool {
    let table = |table: &TableNo| base.schema().table(*table);
    match command {
        Command::RestoreTable { table } => base.schema().trashed_table(*table).is_some(),
        Command::RestoreField { table: of, field } => {
            table(of).is_some_and(|of| of.trashed_field(*field).is_some())
        }
        Command::RestoreView { table: of, view } => {
            table(of).is_some_and(|of| of.trashed_view(*view).is_some())
        }
        _ => true,
    }
}

/// Brings something back from the trash: a table with its records and the links to it, a field with its values (a link with its
/// other side), a view, a record. A name that is taken meanwhile gets a number.
#[utoipa::path(post, path = "/v1/bases/{base}/trash/{item}/restore", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ("item" = String, Path, description = "tbl…, fld…, viw… or rec…")),
    responses((status = 200, body = Restored)))]
async fn restore(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, item)): Path<(String, String)>,
) -> Result<Versioned, WebError> {
    let open = bases.open(&caller, base_id(&base)?.0).await?;
    let command = if let Ok(table) = item.parse::<TableId>() {
        caller.require(Capability::EditSchema)?;
        Command::RestoreTable { table: table.0 }
    } else if let Ok(FieldId { table, field }) = item.parse() {
        caller.require(Capability::EditSchema)?;
        Command::RestoreField { table, field }
    } else if let Ok(ViewId { table, view }) = item.parse() {
        caller.require(Capability::EditViews)?;
        Command::RestoreView { table, view }
    } else if let Ok(RecordId { table, row }) = item.parse() {
        caller.require(Capability::DeleteRecords)?;
        caller.require(Capability::WriteRecords)?;
        // A table of another base is not there, and a record that is there is not in the trash.
        if open.read(|base| base.schema().table(table).is_none() || base.contains(table, row)) {
            return Err(Error::not_found().into());
        }
        let rows = history::deleted_rows(&bases, &caller, table, &[row]).await?;
        if rows.is_empty() {
            return Err(Error::not_found().into());
        }
        Command::RestoreRecords { table, rows }
    } else {
        return Err(Error::not_found().into());
    };
    if !open.read(|base| is_in_trash(base, &command)) {
        return Err(Error::not_found().into());
    }
    let written = bases.write(&open, &caller, command).await?;
    Ok(Versioned::json(StatusCode::OK, written.seq, &Restored { id: item, version: written.seq })?)
}
