//! `/v1/imports`.

use super::format::Reading;
use super::service::{ImportPreview, ImportState};
use super::start::ImportPlan;
use super::upload_path;
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use engine_base::BaseId;
use http::StatusCode;
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_web::{ApiJson, UploadFits, WebError};
use tenancy::ApiCaller;
use tokio::io::AsyncWriteExt as _;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(crate) fn router() -> OpenApiRouter<Bases> {
    OpenApiRouter::new()
        // The upload has its own limit, checked while it is written to disk.
        .merge(OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable()))
        .routes(routes!(preview))
        .routes(routes!(start))
        .routes(routes!(get))
        .routes(routes!(cancel))
}

/// The upload's parts: `base` before `file`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the multipart form")]
struct Upload {
    /// `app…`.
    base: String,
    /// The file: CSV, TSV, JSON, NDJSON or an Excel workbook. What it is is found from its content.
    #[schema(format = Binary)]
    file: String,
}

/// Takes a file and shows what is in it. Nothing is imported yet.
#[utoipa::path(post, path = "/v1/imports", tag = "imports",
    request_body(content = inline(Upload), content_type = "multipart/form-data"),
    responses((status = 201, body = ImportPreview)))]
async fn upload(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    _fits: UploadFits,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<ImportPreview>), WebError> {
    caller.require(Capability::WriteRecords)?;
    let mut form = form.map_err(|_| {
        Error::new(Code::UnsupportedMediaType).detail("Send multipart/form-data with a boundary.")
    })?;
    let mut base: Option<BaseId> = None;
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        match part.name() {
            Some("base") => {
                let text = part.text().await.map_err(|error| broken(&error))?;
                base = Some(crate::catalog::api::base_id(&text)?);
            }
            Some("file") => {
                let base =
                    base.ok_or_else(|| Error::field("base", Code::Required, "stands before the file"))?;
                // The base must be the caller's before anything is written to disk.
                bases.open(&caller, base.0).await?;
                return Ok((StatusCode::CREATED, Json(bases.receive(&caller, base, part).await?)));
            }
            _ => {}
        }
    }
    Err(Error::field("file", Code::Required, "is missing").into())
}

fn broken(error: &MultipartError) -> Error {
    Error::new(Code::BadRequest).detail("The upload could not be read to its end.").source(error.to_string())
}

impl Bases {
    async fn receive(&self, caller: &Caller, base: BaseId, mut part: Field<'_>) -> Result<ImportPreview> {
        let name: String = part.file_name().unwrap_or("upload.csv").chars().take(200).collect();
        let id = self.new_uuid();
        let path = upload_path(&self.0.uploads, caller.tenant, id);
        tokio::fs::create_dir_all(&self.0.uploads).await.map_err(Error::internal)?;
        let mut file = tokio::fs::File::create(&path).await.map_err(Error::internal)?;
        let limit = self.0.web.upload_limit() as u64;
        let mut bytes = 0;
        let received: Result<()> = async {
            while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error))? {
                bytes += chunk.len() as u64;
                if bytes > limit {
                    let detail = format!("The file is larger than {} MB.", limit >> 20);
                    return Err(Error::new(Code::BodyTooLarge).detail(detail));
                }
                file.write_all(&chunk).await.map_err(Error::internal)?;
            }
            file.flush().await.map_err(Error::internal)
        }
        .await;
        let preview = match received {
            Ok(()) => self.preview_import(caller, base, id, &name, bytes).await,
            Err(error) => Err(error),
        };
        if preview.is_err() {
            // Nobody can refer to the file: it goes.
            let _ = tokio::fs::remove_file(&path).await;
        }
        preview
    }

    pub(crate) fn new_uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.0.random.bytes()).into_uuid()
    }
}

fn import_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found())
}

/// Reads an uploaded file in another way: another sheet, encoding, separator, order of days or decimal mark.
#[utoipa::path(post, path = "/v1/imports/{import}/preview", tag = "imports", operation_id = "rereadImport",
    params(("import" = String, Path, description = "Import id")), request_body = Reading,
    responses((status = 200, body = ImportPreview)))]
async fn preview(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(import): Path<String>,
    ApiJson(reading): ApiJson<Reading>,
) -> Result<Json<ImportPreview>, WebError> {
    Ok(Json(bases.reread_import(&caller, import_id(&import)?, reading).await?))
}

/// Starts the import, into an existing table or a new one.
#[utoipa::path(post, path = "/v1/imports/{import}/start", tag = "imports",
    params(("import" = String, Path, description = "Import id")), request_body = ImportPlan,
    responses((status = 202, body = ImportState)))]
async fn start(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(import): Path<String>,
    ApiJson(plan): ApiJson<ImportPlan>,
) -> Result<(StatusCode, Json<ImportState>), WebError> {
    Ok((StatusCode::ACCEPTED, Json(bases.start_import(&caller, import_id(&import)?, plan).await?)))
}

/// Where the import is.
#[utoipa::path(get, path = "/v1/imports/{import}", tag = "imports", params(("import" = String, Path, description = "Import id")),
    responses((status = 200, body = ImportState)))]
async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(import): Path<String>,
) -> Result<Json<ImportState>, WebError> {
    Ok(Json(bases.import(&caller, import_id(&import)?).await?))
}

/// Stops the import. What it has written stays.
#[utoipa::path(post, path = "/v1/imports/{import}/cancel", tag = "imports",
    params(("import" = String, Path, description = "Import id")), responses((status = 200, body = ImportState)))]
async fn cancel(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(import): Path<String>,
) -> Result<Json<ImportState>, WebError> {
    Ok(Json(bases.cancel_import(&caller, import_id(&import)?).await?))
}
