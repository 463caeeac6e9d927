//! `/v1/bases/{base}/activity`.

use super::entry::ActivityEntry;
use super::log::{Log, Wanted};
use super::{csv, undo};
use crate::http::{AppState, Versioned};
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use kernel_core::Capability;
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
    Ok(Versioned::json(StatusCode::OK, page.seq, &Activity { data: page.entries, next: page.next })?)
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
