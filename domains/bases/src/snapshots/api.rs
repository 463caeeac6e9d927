//! `/v1/bases/{base}/snapshots`.

use super::service::{RestoreState, Snapshot};
use crate::actor::OpenBase;
use crate::catalog::api::base_id;
use crate::http::AppState;
use crate::past::Moment;
use crate::service::Bases;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use kernel_core::{Caller, Capability, Error};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
        .routes(routes!(restore))
        .routes(routes!(follow))
}

/// Snapshots of a base, the newest state first.
#[derive(Serialize, ToSchema)]
struct SnapshotList {
    data: Vec<Snapshot>,
}

/// A moment to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSnapshot {
    /// 1 to 100 characters.
    #[schema(example = "Before the move")]
    name: String,
    /// A version (the number of a change) or a time (RFC 3339); the present moment if absent.
    as_of: Option<String>,
}

/// What to call the copy.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RestoreInput {
    /// Name of the new base; of base and snapshot if absent.
    name: Option<String>,
}

async fn opened(bases: &Bases, caller: &Caller, base: &str) -> Result<Arc<OpenBase>, Error> {
    caller.require(Capability::ReadRecords)?;
    bases.open(caller, base_id(base)?.0).await
}

/// The snapshots of a base. Read one with `as_of`, its version.
#[utoipa::path(get, path = "/v1/bases/{base}/snapshots", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…")), responses((status = 200, body = SnapshotList)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Json<SnapshotList>, WebError> {
    let open = opened(&bases, &caller, &base).await?;
    Ok(Json(SnapshotList { data: bases.snapshots(&caller, &open).await? }))
}

/// Keeps a moment of the base under a name: history is kept back to it. A base has at most 50.
#[utoipa::path(post, path = "/v1/bases/{base}/snapshots", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…")), request_body = NewSnapshot,
    responses((status = 201, body = Snapshot)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiJson(new): ApiJson<NewSnapshot>,
) -> Result<(StatusCode, Json<Snapshot>), WebError> {
    caller.require(Capability::EditSchema)?;
    let open = opened(&bases, &caller, &base).await?;
    let moment = new.as_of.as_deref().map(Moment::parse).transpose()?;
    let made = bases.make_snapshot(&caller, &open, &new.name, moment).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Deletes a snapshot. The base and its history stay.
#[utoipa::path(delete, path = "/v1/bases/{base}/snapshots/{snapshot}", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ("snapshot" = String, Path, description = "Snapshot id, snp…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, snapshot)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::EditSchema)?;
    let open = opened(&bases, &caller, &base).await?;
    bases.delete_snapshot(&caller, &open, &snapshot).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores a snapshot as a new base, in the background; the base that it is of stays as it is. For who sees all of the base.
#[utoipa::path(post, path = "/v1/bases/{base}/snapshots/{snapshot}/restore", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ("snapshot" = String, Path, description = "Snapshot id, snp…")),
    request_body = RestoreInput, responses((status = 202, body = RestoreState)))]
async fn restore(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, snapshot)): Path<(String, String)>,
    ApiJson(input): ApiJson<RestoreInput>,
) -> Result<(StatusCode, Json<RestoreState>), WebError> {
    caller.require(Capability::EditSchema)?;
    let open = opened(&bases, &caller, &base).await?;
    let begun = bases.restore_snapshot(&caller, &open, &snapshot, input.name.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// How far a restore is.
#[utoipa::path(get, path = "/v1/bases/{base}/restores/{restore}", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ("restore" = String, Path, description = "Restore id, rst…")),
    responses((status = 200, body = RestoreState)))]
async fn follow(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, restore)): Path<(String, String)>,
) -> Result<Json<RestoreState>, WebError> {
    let open = opened(&bases, &caller, &base).await?;
    Ok(Json(bases.restore_state(&caller, &open, &restore).await?))
}
