//! `/v1/bases/{base}/activity`.

use super::entry::ActivityEntry;
use super::log::{Log, Wanted};
use super::{csv, undo};
use crate::http::{AppState, Versioned};
use crate::service::Bases;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Result};
use kernel_web::{ApiQuery, WebError};
use serde::Serialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(export)).routes(routes!(undo::undo))
}

/// Changes of a base.
#[derive(Serialize, ToSchema)]
struct Activity {
    data: Vec<ActivityEntry>,
    /// For the next page's `before`; null at the end.
    next: Option<u64>,
    /// When the first change was made that is kept; the plan says for how long they are.
    #[schema(value_type = Option<String>, format = DateTime)]
    kept_since: Option<Timestamp>,
}

/// What happened in a base, newest first: to records, tables, fields and views. For who may manage the base; of what the reader
/// does not see nothing is told.
#[utoipa::path(get, path = "/v1/bases/{base}/activity", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), Wanted), responses((status = 200, body = Activity)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Versioned, WebError> {
    let (before, limit) = (wanted.before, wanted.limit.unwrap_or(50));
    let page = Log::of(&bases, caller, &base, wanted).await?.page(before, limit).await?;
    let answer = Activity { data: page.entries, next: page.next, kept_since: page.kept_since };
    Ok(Versioned::json(StatusCode::OK, page.seq, &answer)?)
}

/// Changes of a base's schema.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaVersions {
    data: Vec<ActivityEntry>,
    /// For the next page's `before`; null at the end.
    next: Option<u64>,
}

/// A page of the log: changes of tables, fields, views and the base itself.
///
/// # Errors
/// As the log.
pub(crate) async fn schema_versions(
    bases: &Bases,
    caller: Caller,
    base: &str,
    before: Option<u64>,
    limit: Option<u64>,
) -> Result<Versioned> {
    let wanted = Wanted::of_schema(limit);
    let mut page = Log::of(bases, caller, base, wanted).await?.page(before, limit.unwrap_or(50)).await?;
    page.entries.retain(|entry| !entry.schema.is_empty());
    let answer = SchemaVersions { data: page.entries, next: page.next };
    Versioned::json(StatusCode::OK, page.seq, &answer)
}

/// The same as CSV, from the newest change on: a line for each thing that a change did. `before` and `limit` do not count here.
#[utoipa::path(get, path = "/v1/bases/{base}/activity.csv", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), Wanted),
    responses((status = 200, content_type = "text/csv", body = String)))]
async fn export(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Response, WebError> {
    caller.require(Capability::ExportData)?;
    Ok(csv::streamed(Log::of(&bases, caller, &base, wanted).await?).await?)
}
