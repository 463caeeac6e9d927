//! `/v1/files` and `/v1/records/{record}/files`: files come as the plain body of a request, and are kept once an `Idempotency-Key`.

use super::Stored;
use super::receive::Origin;
use crate::actor::{KeyToStore, Plan};
use crate::http::{AppState, Versioned};
use crate::idempotency;
use crate::problem;
use crate::records::{Record, record_id, write_one};
use crate::service::Bases;
use crate::sight::{self, Seen};
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use engine_base::{Base, Change, CheckContext, Command, FieldNo, FileFacts, RecordId, RowNo, TableNo};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route whose keys adding to a cell has.
const ROUTE: &str = "POST /v1/records/{record}/files";

pub(crate) fn router() -> OpenApiRouter<Bases> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(upload_to))
        // Counted while it is written to disk.
        .layer(DefaultBodyLimit::disable())
}

/// A file, as cells of attachment fields have it.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct File {
    /// `att_…`.
    id: String,
    filename: String,
    /// Bytes.
    size: u64,
    /// The media type, found from the content.
    #[serde(rename = "type")]
    media_type: String,
    /// Good for two hours at least.
    url: String,
    /// Pixels, of a picture that can be shown.
    width: Option<u32>,
    height: Option<u32>,
    /// `small`, `large` and `full`, each with `url`, `width` and `height`.
    thumbnails: Option<serde_json::Map<String, Value>>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// The file's name.
    name: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CellQuery {
    /// The field, by name or id.
    field: String,
    /// The file's name.
    name: String,
    /// `id` for field ids in the answer.
    keys: Option<String>,
}

/// What a request says of its size: a file that is too large is refused before any of it is read.
fn declared(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A file as the API shows it.
pub(super) fn file(bases: &Bases, caller: &Caller, stored: &Stored) -> Result<Value> {
    let text = stored.cell(None);
    let facts = FileFacts::parse(&text).ok_or_else(|| Error::internal("a file that no cell can hold"))?;
    Ok(bases.0.addresses.of(caller.tenant).json(&facts))
}

/// The answer to what was made, now or when its key was used first.
pub(super) fn created(body: Value, replayed: bool) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

pub(super) fn chunks(body: Body) -> impl futures_util::Stream<Item = Result<bytes::Bytes>> {
    body.into_data_stream().map_err(|error| {
        Error::new(Code::BadRequest).detail("The upload did not come to its end.").source(error.to_string())
    })
}

/// Keeps a file, to be named in a cell by its id. One that no cell names within a day is removed.
#[utoipa::path(post, path = "/v1/files", tag = "files", params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = File)))]
async fn upload(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiQuery(query): ApiQuery<UploadQuery>,
    (headers, body): (HeaderMap, Body),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    let key = idempotency::Request::read(&headers, &caller, "POST /v1/files", query.name.as_bytes())?;
    let received = bases.receive_once(&caller, &query.name, declared(&headers), key, chunks(body)).await?;
    Ok(created(file(&bases, &caller, &received.0)?, received.1))
}

/// Adds a file to a cell of a record.
#[utoipa::path(post, path = "/v1/records/{record}/files", tag = "files",
    params(("record" = String, Path, description = "Record id, rec…"), CellQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = Record)))]
async fn upload_to(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    (Path(record), ApiQuery(query)): (Path<String>, ApiQuery<CellQuery>),
    (headers, body): (HeaderMap, Body),
) -> Result<Versioned, WebError> {
    caller.require(Capability::WriteRecords)?;
    let keys = crate::records::keys(query.keys.as_deref())?;
    let id = record_id(&record)?;
    let signed = [record.as_str(), &query.field, &query.name].join("\0");
    let key = idempotency::Request::read(&headers, &caller, ROUTE, signed.as_bytes())?;
    let place = bases.file_place(&caller, id, &query.field).await?;
    let incoming = bases.take_in(caller.tenant, declared(&headers), key.as_ref(), chunks(body)).await?;
    let key = key.map(|key| key.with_body(&incoming.digest()));
    let before = match &key {
        Some(key) => key.stored(&bases.0.db, &caller).await?,
        None => None,
    };
    let replayed = before.is_some();
    let (seq, open) = match before {
        Some(before) => {
            let open = bases.open_table(&caller, id.table, Some(before.version)).await?;
            (before.version, open)
        }
        None => {
            let stored = bases.keep(&caller, &query.name, incoming, Origin::default()).await?;
            bases.add_file(&caller, id, place, &stored, key.map(|key| key.to_store(201))).await?
        }
    };
    let mut out = Vec::with_capacity(512);
    open.read(|base| write_one(&caller, base, (id.table, id.row), keys, &mut out));
    Ok(Versioned { status: StatusCode::CREATED, replayed, ..Versioned::ok(seq, out) })
}

/// Adds a file to what a cell holds when its turn has come, so that two at once are both there.
#[derive(Debug)]
struct Append {
    caller: Caller,
    table: TableNo,
    row: RowNo,
    field: FieldNo,
    text: String,
}

impl Plan for Append {
    fn decide(&self, base: &Base, context: &mut CheckContext<'_>) -> Result<(Change, Vec<RecordId>)> {
        let held = base.cell(self.table, self.row, self.field);
        let mut list: Vec<Value> = held.ids().iter().map(|text| Value::from(&**text)).collect();
        let is_one = base.schema().table(self.table).and_then(|table| table.field(self.field));
        if is_one.is_some_and(|field| matches!(field.kind, engine_base::FieldKind::Signature)) {
            list.clear();
        }
        list.push(Value::from(self.text.as_str()));
        // What the cell holds came from here too.
        context.files = Arc::new(held.ids().iter().cloned().chain([self.text.as_str().into()]).collect());
        let rows = vec![(self.row, vec![(self.field, Value::Array(list))])];
        let command = Command::UpdateRecords { table: self.table, rows };
        sight::permit(&self.caller, base, &command, context.now_us)?;
        let change =
            base.check(&command, context).map_err(|errors| problem::of_command(base, &command, &errors))?;
        Ok((change, vec![RecordId { table: self.table, row: self.row }]))
    }
}

impl Bases {
    /// The field of a record that a file is for, before any of it is read.
    ///
    /// # Errors
    /// `not_found`, `unknown_field`, `read_only_field`, `wrong_type`.
    pub(crate) async fn file_place(&self, caller: &Caller, id: RecordId, field: &str) -> Result<FieldNo> {
        let open = self.open_table(caller, id.table, None).await?;
        let now_us = self.0.clock.now().as_microsecond();
        open.read(|base| {
            let seen = Seen::of(caller, base, id.table).ok_or_else(Error::not_found)?;
            if !base.contains(id.table, id.row) || !seen.has(base, id.row, now_us) {
                return Err(Error::not_found());
            }
            let unknown =
                || Error::field("?field", Code::UnknownField, format!("There is no field {field}."));
            let found = seen.field_by_key(field).ok_or_else(unknown)?;
            if !found.kind.holds_files() {
                return Err(Error::field("?field", Code::WrongType, "holds no files"));
            }
            let command = Command::UpdateRecords {
                table: id.table,
                rows: vec![(id.row, vec![(found.no, Value::Null)])],
            };
            sight::permit(caller, base, &command, now_us)?;
            Ok(found.no)
        })
    }

    /// Adds a file to a cell.
    ///
    /// # Errors
    /// As of any write.
    pub(crate) async fn add_file(
        &self,
        caller: &Caller,
        id: RecordId,
        field: FieldNo,
        stored: &Stored,
        key: Option<KeyToStore>,
    ) -> Result<(u64, Arc<crate::actor::OpenBase>)> {
        let open = self.open_table(caller, id.table, None).await?;
        let taken = self.use_files(caller.tenant, vec![stored.id.uuid()]).await?;
        let append =
            Append { caller: caller.clone(), table: id.table, row: id.row, field, text: stored.cell(None) };
        let actor = Arc::from(caller.actor.to_string());
        let written = open.write_planned(Box::new(append), actor, key).await;
        let written = self.settle(caller.tenant, &taken, written).await?;
        Ok((written.seq, open))
    }
}
