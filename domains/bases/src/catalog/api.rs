//! `/v1/bases`.

use super::{BasePatch, BaseSummary};
use crate::http::{AppState, MinVersion, Versioned};
use crate::past::{AsOfQuery, Reading};
use crate::schema::{self, TableSchema};
use crate::service::Bases;
use crate::sight::Seen;
use axum::Json;
use axum::extract::{Path, State};
use engine_base::Base;
use engine_base::ids::BaseId;
use http::StatusCode;
use kernel_core::{Caller, Capability, Error};
use kernel_web::{ApiJson, ApiQuery, WebError};
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
pub(crate) struct BaseDetail {
    #[schema(value_type = String)]
    id: BaseId,
    name: String,
    description: String,
    icon: String,
    colour: String,
    /// Number of the last change.
    pub(crate) version: u64,
    /// What the caller may do here: `read`, `comment`, `write`, `delete`, `views`, `schema`, `export`.
    may: Vec<&'static str>,
    tables: Vec<TableSchema>,
}

impl BaseDetail {
    fn of(base: &Base, may: Vec<&'static str>, tables: Vec<TableSchema>) -> Self {
        let info = &base.schema().info;
        Self {
            id: base.id(),
            name: info.name.clone(),
            description: info.description.clone(),
            icon: info.icon.clone().unwrap_or_default(),
            colour: info.colour.clone().unwrap_or_default(),
            version: base.seq(),
            may,
            tables,
        }
    }
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

/// A base with its tables, fields and views; as of a moment in the past only to be read.
#[utoipa::path(get, path = "/v1/bases/{base}", tag = "bases", params(("base" = String, Path, description = "Base id, app…"), AsOfQuery),
    responses((status = 200, body = BaseDetail)))]
async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(base): Path<String>,
    ApiQuery(AsOfQuery { as_of }): ApiQuery<AsOfQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let detail = detail(&bases, &caller, &base, version, as_of.as_deref()).await?;
    Ok(Versioned::json(StatusCode::OK, detail.version, &detail)?)
}

/// A base with its tables as the caller sees it: now, or as of a moment.
///
/// # Errors
/// `not_found`; those of a moment.
pub(crate) async fn detail(
    bases: &Bases,
    caller: &Caller,
    base: &str,
    version: Option<u64>,
    as_of: Option<&str>,
) -> Result<BaseDetail, Error> {
    let open = bases.open_at(caller, base_id(base)?.0, version).await?;
    let now_us = bases.0.clock.now().as_microsecond();
    Ok(match bases.reading(caller, open, as_of).await? {
        Reading::Now(open) => open.read(|base| {
            let tables = Seen::all(caller, base).map(|table| TableSchema::of(base, &table, now_us));
            BaseDetail::of(base, schema::permissions(caller, base.id().0), tables.collect())
        }),
        Reading::Then { open, past, at } => {
            let then = &past.base;
            let seen: Vec<Seen<'_>> = open.read(|now| {
                let all = then.schema().tables.iter();
                all.filter_map(|table| Seen::past(caller, now, then, table.number()).ok()).collect()
            });
            let tables = seen.iter().map(|table| TableSchema::past(then, table, at.as_microsecond()));
            // What is over can be read and nothing else.
            BaseDetail::of(then, vec!["read"], tables.collect())
        }
    })
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
