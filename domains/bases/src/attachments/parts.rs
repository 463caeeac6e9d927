//! `/v1/uploads`: a large file in parts, each within the time of a request. A part that breaks off is sent again from where the
//! upload is. One that is not finished within a day is removed.

use super::api::{File, chunks, file};
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use http::StatusCode;
use kernel_core::{Capability, Error, Result};
use kernel_web::{ApiJson, ApiQuery, WebError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(crate) fn router() -> OpenApiRouter<Bases> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(finish))
        .merge(OpenApiRouter::new().routes(routes!(get, part)).layer(DefaultBodyLimit::disable()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartBody {
    /// Bytes of the whole file.
    size: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishBody {
    /// The file's name.
    name: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PartQuery {
    /// Where the part begins: as many bytes as are there.
    offset: u64,
}

/// How far an upload is.
#[derive(Serialize, ToSchema)]
struct Upload {
    #[schema(value_type = String)]
    id: Uuid,
    /// Bytes that are there.
    offset: u64,
}

fn upload_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found())
}

/// Begins an upload in parts.
#[utoipa::path(post, path = "/v1/uploads", tag = "files", request_body = StartBody, responses((status = 201, body = Upload)))]
async fn start(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiJson(body): ApiJson<StartBody>,
) -> Result<(StatusCode, Json<Upload>), WebError> {
    caller.require(Capability::WriteRecords)?;
    let id = bases.start_upload(&caller, body.size).await?;
    Ok((StatusCode::CREATED, Json(Upload { id, offset: 0 })))
}

/// How far an upload is.
#[utoipa::path(get, path = "/v1/uploads/{upload}", tag = "files", params(("upload" = String, Path, description = "The upload's id")),
    responses((status = 200, body = Upload)))]
async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(upload): Path<String>,
) -> Result<Json<Upload>, WebError> {
    caller.require(Capability::WriteRecords)?;
    let id = upload_id(&upload)?;
    Ok(Json(Upload { id, offset: bases.upload_offset(&caller, id).await? }))
}

/// Sends a part of at most 16 MB.
#[utoipa::path(patch, path = "/v1/uploads/{upload}", tag = "files",
    params(("upload" = String, Path, description = "The upload's id"), PartQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = Upload)))]
async fn part(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    (Path(upload), ApiQuery(query)): (Path<String>, ApiQuery<PartQuery>),
    body: Body,
) -> Result<Json<Upload>, WebError> {
    caller.require(Capability::WriteRecords)?;
    let id = upload_id(&upload)?;
    let offset = bases.receive_part(&caller, id, query.offset, chunks(body)).await?;
    Ok(Json(Upload { id, offset }))
}

/// Makes a file of the parts.
#[utoipa::path(post, path = "/v1/uploads/{upload}/finish", tag = "files",
    params(("upload" = String, Path, description = "The upload's id")), request_body = FinishBody,
    responses((status = 201, body = File)))]
async fn finish(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(upload): Path<String>,
    ApiJson(body): ApiJson<FinishBody>,
) -> Result<(StatusCode, Json<Value>), WebError> {
    caller.require(Capability::WriteRecords)?;
    let stored = bases.finish_upload(&caller, upload_id(&upload)?, &body.name).await?;
    Ok((StatusCode::CREATED, Json(file(&bases, &caller, &stored)?)))
}
