//! `/v1/uploads`: a large file in parts, each within the time of a request. A part that breaks off is sent again from where the
//! upload is. One that is not finished within a day is removed. Beginning and ending one happen once an `Idempotency-Key`; a part
//! says where it belongs and needs none.

use super::api::{File, chunks, created, file};
use crate::http::AppState;
use crate::idempotency;
use crate::service::Bases;
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kernel_core::{Capability, Error, Result};
use kernel_web::{ApiQuery, RawJson, WebError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(crate) fn router() -> OpenApiRouter<Bases> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(finish))
        .merge(OpenApiRouter::new().routes(routes!(get, part, give_up)).layer(DefaultBodyLimit::disable()))
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
    (headers, RawJson { value, body }): (HeaderMap, RawJson<StartBody>),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    let key = idempotency::Request::read(&headers, &caller, "POST /v1/uploads", &body)?;
    let before = match &key {
        Some(key) => key.stored(&bases.0.db, &caller).await?,
        None => None,
    };
    let (id, offset) = match &before {
        Some(before) => {
            let id = upload_id(before.records.first().map(String::as_str).unwrap_or_default())?;
            (id, bases.upload_offset(&caller, id).await?)
        }
        None => (bases.start_upload(&caller, value.size, key.as_ref()).await?, 0),
    };
    Ok(created(json!(Upload { id, offset }), before.is_some()))
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
    (headers, RawJson { value, body }): (HeaderMap, RawJson<FinishBody>),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    let id = upload_id(&upload)?;
    let signed = [id.as_bytes(), &*body].concat();
    let key = idempotency::Request::read(&headers, &caller, "POST /v1/uploads/{upload}/finish", &signed)?;
    let (stored, replayed) = bases.finish_upload(&caller, id, &value.name, key.as_ref()).await?;
    Ok(created(file(&bases, &caller, &stored)?, replayed))
}

/// Gives up an upload: what is there of it goes, and the room that it has.
#[utoipa::path(delete, path = "/v1/uploads/{upload}", tag = "files", params(("upload" = String, Path, description = "The upload's id")),
    responses((status = 204, description = "It is gone")))]
async fn give_up(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(upload): Path<String>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::WriteRecords)?;
    bases.give_up_upload(&caller, upload_id(&upload)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
