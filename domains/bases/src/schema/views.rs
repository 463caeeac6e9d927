//! `/v1/tables/{table}/views`, `/v1/views/{view}`.

use super::{ViewSchema, table_no, view_no};
use crate::actor::OpenBase;
use crate::http::{AppState, Versioned};
use crate::problem;
use crate::sight::Seen;
use axum::extract::{Path, State};
use engine_base::{Command, SchemaEdit, TableNo, ViewAccess, ViewConfig, ViewNo};
use http::StatusCode;
use kernel_core::{Caller, Capability, Error};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

/// A view to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewView {
    /// Shown name, unique in the table.
    name: String,
    /// `grid`, `kanban`, `calendar`, `gantt`, `gallery`, `list` or `form`.
    #[serde(rename = "type", default = "grid")]
    #[schema(default = "grid")]
    kind: String,
    /// `shared`, `personal` (nobody else sees it) or `locked` (nobody changes it before it is unlocked).
    #[serde(default)]
    #[schema(value_type = String, default = "shared")]
    access: ViewAccess,
    /// For all types `filter`, `where`, `sort`, `hidden`, `widths`, `order`, `row_height`, `totals`, `group`, `colour`; and a part
    /// for each type: `kanban`, `calendar`, `gantt`, `gallery`, `list`, `form`.
    #[schema(value_type = Object)]
    config: Option<serde_json::Value>,
}

fn grid() -> String {
    "grid".to_owned()
}

/// A partial change of a view.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ViewPatch {
    /// Shown name.
    name: Option<String>,
    /// Another type. What the view kept for others it keeps.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// `shared`, `personal` or `locked`. By its owner, who made it; `shared` and `locked` also by who manages the table.
    #[schema(value_type = Option<String>)]
    access: Option<ViewAccess>,
    /// The whole configuration.
    #[schema(value_type = Option<Object>)]
    config: Option<serde_json::Value>,
    /// Place among the views, from 0.
    position: Option<usize>,
}

/// The settings as they were sent; every mistake at its place.
fn read(config: Option<&serde_json::Value>) -> Result<Option<ViewConfig>, Error> {
    config.map(ViewConfig::read).transpose().map_err(|errors| problem::of_members(&errors))
}

/// Adds a view.
#[utoipa::path(post, path = "/v1/tables/{table}/views", tag = "schema",
    params(("table" = String, Path, description = "Table id, tbl…")), request_body = NewView,
    responses((status = 201, body = ViewSchema)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiJson(new): ApiJson<NewView>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditViews)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, None).await?;
    let config = read(new.config.as_ref())?.unwrap_or_default();
    let command = Command::CreateView { table, name: new.name, kind: new.kind, access: new.access, config };
    let written = bases.write(&open, &caller, command).await?;
    let made = written.change.schema.iter().find_map(|edit| match edit {
        SchemaEdit::View { view, before: None, .. } => Some(*view),
        _ => None,
    });
    let made = made.ok_or_else(|| Error::internal("no view in the change"))?;
    show(&caller, &open, (table, made), StatusCode::CREATED)
}

fn show(
    caller: &Caller,
    open: &OpenBase,
    (table, view): (TableNo, ViewNo),
    status: StatusCode,
) -> Result<Versioned, WebError> {
    let (seq, body) = open
        .read(|base| {
            let seen = Seen::of(caller, base, table)?;
            Some((base.seq(), ViewSchema::of(&seen, seen.view(view)?)))
        })
        .ok_or_else(Error::not_found)?;
    Ok(Versioned::json(status, seq, &body)?)
}

/// Renames a view, moves it, makes it another type, replaces its configuration, or says who has it.
#[utoipa::path(patch, path = "/v1/views/{view}", tag = "schema", params(("view" = String, Path, description = "View id, viw…")),
    request_body = ViewPatch, responses((status = 200, body = ViewSchema)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(view): Path<String>,
    ApiJson(patch): ApiJson<ViewPatch>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditViews)?;
    let (table, view) = view_no(&view)?;
    let open = bases.open_table(&caller, table, None).await?;
    let ViewPatch { name, kind, access, config, position } = patch;
    let mut config = read(config.as_ref())?;
    if let Some(config) = &mut config {
        open.read(|base| {
            if let Some(seen) = Seen::of(&caller, base, table) {
                seen.keep_hidden(view, config);
            }
        });
    }
    let command = Command::UpdateView { table, view, name, kind, access, config, position };
    bases.write(&open, &caller, command).await?;
    show(&caller, &open, (table, view), StatusCode::OK)
}

/// Deletes a view; not the last one of its table that everybody sees.
#[utoipa::path(delete, path = "/v1/views/{view}", tag = "schema", params(("view" = String, Path, description = "View id, viw…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(view): Path<String>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::EditViews)?;
    let (table, view) = view_no(&view)?;
    let open = bases.open_table(&caller, table, None).await?;
    bases.write(&open, &caller, Command::DeleteView { table, view }).await?;
    Ok(StatusCode::NO_CONTENT)
}
