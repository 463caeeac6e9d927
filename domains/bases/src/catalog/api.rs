//! `/v1/bases`.

use super::{BasePatch, BaseSummary};
use crate::http::{AppState, MinVersion, Versioned};
use crate::schema::{self, TableSchema};
use crate::sight::Seen;
use axum::Json;
use axum::extract::{Path, State};
use engine_base::ids::BaseId;
use http::StatusCode;
use kernel_core::{Capability, Error};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(restore))
}

/// A list of bases.
#[derive(Serialize, ToSchema)]
struct BaseList {
    data: Vec<BaseSummary>,
}

/// A base to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBase {
    /// Shown name, 1 to 100 characters.
    name: String,
    /// Icon name.
    icon: Option<String>,
    /// Colour name.
    colour: Option<String>,
}

/// A base with its tables.
#[derive(Serialize, ToSchema)]
struct BaseDetail {
    #[schema(value_type = String)]
    id: BaseId,
    name: String,
    description: String,
    icon: String,
    colour: String,
    /// Number of the last change.
    version: u64,
    /// What the caller may do here: `read`, `comment`, `write`, `delete`, `views`, `schema`, `export`.
    may: Vec<&'static str>,
    tables: Vec<TableSchema>,
}

pub(crate) fn base_id(text: &str) -> Result<BaseId, Error> {
    text.parse().map_err(|_| Error::not_found())
}

/// Lists the bases that the caller may see.
#[utoipa::path(get, path = "/v1/bases", tag = "bases", responses((status = 200, body = BaseList)))]
async fn list(State(bases): AppState, ApiCaller(caller): ApiCaller) -> Result<Json<BaseList>, WebError> {
    Ok(Json(BaseList { data: bases.list(&caller).await? }))
}

/// Creates an empty base.
#[utoipa::path(post, path = "/v1/bases", tag = "bases", request_body = NewBase, responses((status = 201, body = BaseSummary)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiJson(new): ApiJson<NewBase>,
) -> Result<(StatusCode, Json<BaseSummary>), WebError> {
    let base = bases.create(&caller, &new.name, new.icon.as_deref(), new.colour.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(base)))
}

/// A base with its tables, fields and views.
#[utoipa::path(get, path = "/v1/bases/{base}", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, body = BaseDetail)))]
async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(base): Path<String>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let open = bases.open_at(&caller, base_id(&base)?.0, version).await?;
    let now_us = bases.0.clock.now().as_microsecond();
    let detail = open.read(|base| {
        let info = &base.schema().info;
        BaseDetail {
            id: base.id(),
            name: info.name.clone(),
            description: info.description.clone(),
            icon: info.icon.clone().unwrap_or_default(),
            colour: info.colour.clone().unwrap_or_default(),
            version: base.seq(),
            may: schema::permissions(&caller, base.id().0),
            tables: Seen::all(&caller, base).map(|table| TableSchema::of(base, &table, now_us)).collect(),
        }
    });
    Ok(Versioned::json(StatusCode::OK, detail.version, &detail)?)
}

/// Renames or describes a base.
#[utoipa::path(patch, path = "/v1/bases/{base}", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    request_body = BasePatch, responses((status = 200, body = BaseSummary)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiJson(patch): ApiJson<BasePatch>,
) -> Result<Json<BaseSummary>, WebError> {
    Ok(Json(bases.update(&caller, base_id(&base)?, patch).await?))
}

/// Moves a base to the trash.
#[utoipa::path(delete, path = "/v1/bases/{base}", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<StatusCode, WebError> {
    bases.trash(&caller, base_id(&base)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a base back from the trash.
#[utoipa::path(post, path = "/v1/bases/{base}/restore", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, body = BaseSummary)))]
async fn restore(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Json<BaseSummary>, WebError> {
    Ok(Json(bases.restore(&caller, base_id(&base)?).await?))
}
