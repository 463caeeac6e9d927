//! `POST`, `PATCH`, `DELETE` of `/v1/records`: one record or a batch; a batch is all or nothing.

use super::get::ShowQuery;
use super::{MAX_RECORDS, Record, Records, cells, keys, record_id, write_list, write_one};
use crate::actor::{Expect, OpenBase, Order};
use crate::http::{AppState, Versioned, etag, if_match};
use crate::idempotency;
use crate::service::Bases;
use crate::sight::Seen;
use crate::{problem, sight};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine_base::{Command, Keys, RecordId, RowNo, TableNo};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kernel_core::{Caller, Capability, Code, Error, FieldError};
use kernel_web::{ApiQuery, RawJson, WebError};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};

/// Records to create: `fields` for one, `records` for several.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// Table id (`tbl…`), or its name.
    table: String,
    /// Base id (`app…`), when the table is given by name.
    base: Option<String>,
    /// Values of one record by field name or id.
    fields: Option<Map<String, Value>>,
    /// Several records, at most 1,000.
    records: Option<Vec<NewRecord>>,
    /// Take texts for numbers, days, names of choices (made if missing) and of linked records.
    #[serde(default)]
    typecast: bool,
}

/// One record of a batch to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRecord {
    /// Values by field name or id.
    fields: Map<String, Value>,
}

/// Values to change; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateBody {
    /// Values by field name or id; null empties.
    fields: Map<String, Value>,
    /// As in create.
    #[serde(default)]
    typecast: bool,
}

/// Several records to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateManyBody {
    /// Records of one table, at most 1,000.
    records: Vec<RecordPatch>,
    /// As in create.
    #[serde(default)]
    typecast: bool,
}

/// One record of a batch to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordPatch {
    /// `rec…`.
    id: String,
    /// Values by field name or id; null empties.
    fields: Map<String, Value>,
}

/// Which records to delete.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// Record ids of one table, separated by commas; at most 1,000.
    ids: String,
}

/// Records that are gone.
#[derive(serde::Serialize, ToSchema)]
struct Deleted {
    deleted: Vec<String>,
}

/// What to write and how to answer.
struct Request {
    method: Method,
    route: &'static str,
    typecast: bool,
    keys: Keys,
    /// Whether the answer is one record or a list.
    single: bool,
    /// Versions that the record may have (`If-Match`).
    expects: Option<Vec<u64>>,
}

impl Request {
    fn status(&self) -> StatusCode {
        match (&self.method, self.single) {
            (&Method::POST, _) => StatusCode::CREATED,
            (&Method::DELETE, true) => StatusCode::NO_CONTENT,
            _ => StatusCode::OK,
        }
    }

    fn answer(
        &self,
        (caller, open): (&Caller, &OpenBase),
        seq: u64,
        ids: &[(TableNo, RowNo)],
        replayed: bool,
    ) -> Versioned {
        let body = if self.method == Method::DELETE {
            let ids: Vec<String> = ids.iter().map(|(table, row)| table.record(*row).to_string()).collect();
            if self.single {
                Vec::new()
            } else {
                format!("{{\"deleted\":{}}}", serde_json::json!(ids)).into_bytes()
            }
        } else {
            open.read(|base| match ids {
                [one] if self.single => {
                    let mut out = Vec::with_capacity(512);
                    write_one(caller, base, *one, self.keys, &mut out);
                    out
                }
                ids => write_list(caller, base, ids, self.keys),
            })
        };
        Versioned { status: self.status(), seq, body: Bytes::from(body), replayed }
    }
}

impl Bases {
    /// Writes a command once per idempotency key and answers with the records it was about, in the request's order.
    async fn write_records(
        &self,
        caller: &Caller,
        open: &OpenBase,
        request: Request,
        key: Option<idempotency::Request>,
        command: Command,
    ) -> Result<Response, WebError> {
        if let Some(stored) = match &key {
            Some(key) => key.stored(&self.0.db, caller).await?,
            None => None,
        } {
            let ids: Vec<(TableNo, RowNo)> = stored
                .records
                .iter()
                .filter_map(|id| id.parse::<RecordId>().ok())
                .map(|id| (id.table, id.row))
                .collect();
            open.catch_up(stored.version).await?;
            let mut answer = request.answer((caller, open), stored.version, &ids, true);
            answer.status = StatusCode::from_u16(stored.status).unwrap_or(answer.status);
            return Ok(answer.into_response());
        }
        self.permit(open, caller, &command)?;
        let about = problem::table_of(&command);
        let named = named_rows(&command);
        let expect = match (&request.expects, named.as_deref()) {
            (None, _) => None,
            (Some(versions), Some([(table, row)])) if request.single => {
                Some(expectation(open, *table, *row, versions)?)
            }
            (Some(_), _) => {
                let detail = "holds for a request about one record";
                return Err(Error::field("If-Match", Code::InvalidValue, detail).into());
            }
        };
        let (command, taken) = self.with_files(open, caller, request.typecast, command).await?;
        let order = Order {
            command,
            typecast: request.typecast,
            files: taken.texts.clone(),
            actor: Arc::from(caller.actor.to_string()),
            key: key.map(|key| key.to_store(request.status().as_u16())),
        };
        let written = open
            .write_expecting(order, expect)
            .await
            .map_err(|error| open.read(|base| sight::without_hidden(caller, base, about, error)));
        let written = self.settle(caller.tenant, &taken, written).await?;
        let ids =
            named.unwrap_or_else(|| written.change.created.iter().map(|row| (row.table, row.row)).collect());
        let answer = request.answer((caller, open), written.seq, &ids, false);
        let tag = match ids.as_slice() {
            [(table, row)] if request.single => version(open, *table, *row).map(|at| etag(at, &answer.body)),
            _ => None,
        };
        let mut response = answer.into_response();
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Ok(response)
    }
}

/// The version of a record: when it was changed last.
fn version(open: &OpenBase, table: TableNo, row: RowNo) -> Option<u64> {
    open.read(|base| base.meta(table, row)).map(|meta| meta.updated_us.cast_unsigned())
}

/// What the writer is to expect of a record that has one of these versions now.
fn expectation(open: &OpenBase, table: TableNo, row: RowNo, versions: &[u64]) -> Result<Expect, Error> {
    let now = version(open, table, row).filter(|now| versions.contains(now));
    let updated_us = now.ok_or_else(|| Error::new(Code::PreconditionFailed))?.cast_signed();
    Ok(Expect { table, row, updated_us })
}

/// The records that a command names; `None` for one that makes them.
fn named_rows(command: &Command) -> Option<Vec<(TableNo, RowNo)>> {
    match command {
        Command::UpdateRecords { table, rows } => Some(rows.iter().map(|(row, _)| (*table, *row)).collect()),
        Command::DeleteRecords { table, rows } => Some(rows.iter().map(|row| (*table, *row)).collect()),
        _ => None,
    }
}

fn too_many(count: usize) -> Result<(), Error> {
    if count > MAX_RECORDS {
        let detail = format!("has {count} records; one request takes {MAX_RECORDS}");
        return Err(Error::field("/records", Code::TooMany, detail));
    }
    Ok(())
}

/// Creates one record or several.
#[utoipa::path(post, path = "/v1/records", tag = "records", params(ShowQuery), request_body = CreateBody,
    responses((status = 201, body = Record, description = "The record, or with `records` all of them")))]
pub(crate) async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiQuery(query): ApiQuery<ShowQuery>,
    (headers, RawJson { value, body }): (HeaderMap, RawJson<CreateBody>),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    let CreateBody { table, base, fields, records, typecast } = value;
    let (single, rows) = match (fields, records) {
        (Some(fields), None) => (true, vec![fields]),
        (None, Some(records)) => (false, records.into_iter().map(|record| record.fields).collect()),
        _ => return Err(Error::field("/fields", Code::Required, "Give either fields or records").into()),
    };
    too_many(rows.len())?;
    let request = Request {
        method: Method::POST,
        route: "POST /v1/records",
        typecast,
        keys: keys(query.keys.as_deref())?,
        single,
        expects: None,
    };
    let key = idempotency::Request::read(&headers, &caller, request.route, &body)?;
    let (open, table) = bases.resolve_table(&caller, base.as_deref(), &table, None).await?;
    let rows = inputs((&caller, &open), table, rows, single)?;
    bases.write_records(&caller, &open, request, key, Command::CreateRecords { table, rows, ids: None }).await
}

fn inputs(
    (caller, open): (&Caller, &OpenBase),
    table: TableNo,
    rows: Vec<Map<String, Value>>,
    single: bool,
) -> Result<Vec<engine_base::InputCells>, Error> {
    let mut errors: Vec<FieldError> = Vec::new();
    let cells = open.read(|base| {
        let schema = Seen::of(caller, base, table)?;
        let rows = rows.into_iter().enumerate().map(|(index, fields)| {
            let pointer = if single { String::new() } else { format!("/records/{index}") };
            cells(&schema, fields, &pointer, &mut errors)
        });
        Some(rows.collect::<Vec<_>>())
    });
    if errors.is_empty() { cells.ok_or_else(Error::not_found) } else { Err(Error::fields(errors)) }
}

/// Changes cells of one record.
#[utoipa::path(patch, path = "/v1/records/{record}", tag = "records",
    params(("record" = String, Path, description = "Record id, rec…"), ShowQuery), request_body = UpdateBody,
    responses((status = 200, body = Record)))]
pub(crate) async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    (Path(record), ApiQuery(query)): (Path<String>, ApiQuery<ShowQuery>),
    (headers, RawJson { value, body }): (HeaderMap, RawJson<UpdateBody>),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    let id = record_id(&record)?;
    let keys = keys(query.keys.as_deref())?;
    let request = Request {
        method: Method::PATCH,
        route: "PATCH /v1/records/{record}",
        typecast: value.typecast,
        keys,
        single: true,
        expects: if_match(&headers),
    };
    let mut signed = record.into_bytes();
    signed.extend_from_slice(&body);
    let key = idempotency::Request::read(&headers, &caller, request.route, &signed)?;
    let open = bases.open_table(&caller, id.table, None).await?;
    exists(&open, id.table, &[id.row])?;
    let mut rows = inputs((&caller, &open), id.table, vec![value.fields], true)?;
    let rows = vec![(id.row, rows.pop().unwrap_or_default())];
    bases.write_records(&caller, &open, request, key, Command::UpdateRecords { table: id.table, rows }).await
}

/// Changes cells of several records of one table.
#[utoipa::path(patch, path = "/v1/records", tag = "records", params(ShowQuery), request_body = UpdateManyBody,
    responses((status = 200, body = Records)))]
pub(crate) async fn update_many(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiQuery(query): ApiQuery<ShowQuery>,
    (headers, RawJson { value, body }): (HeaderMap, RawJson<UpdateManyBody>),
) -> Result<Response, WebError> {
    caller.require(Capability::WriteRecords)?;
    too_many(value.records.len())?;
    let keys = keys(query.keys.as_deref())?;
    let request = Request {
        method: Method::PATCH,
        route: "PATCH /v1/records",
        typecast: value.typecast,
        keys,
        single: false,
        expects: if_match(&headers),
    };
    let key = idempotency::Request::read(&headers, &caller, request.route, &body)?;
    let (ids, fields): (Vec<String>, Vec<_>) =
        value.records.into_iter().map(|record| (record.id, record.fields)).unzip();
    let (table, rows) = one_table(&ids)?;
    let open = bases.open_table(&caller, table, None).await?;
    exists(&open, table, &rows)?;
    let rows = rows.into_iter().zip(inputs((&caller, &open), table, fields, false)?).collect();
    bases.write_records(&caller, &open, request, key, Command::UpdateRecords { table, rows }).await
}

/// Deletes one record. It can be restored.
#[utoipa::path(delete, path = "/v1/records/{record}", tag = "records",
    params(("record" = String, Path, description = "Record id, rec…")), responses((status = 204)))]
pub(crate) async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(record): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    delete_records(&bases, &caller, &[record], &headers, true).await
}

/// Deletes several records of one table.
#[utoipa::path(delete, path = "/v1/records", tag = "records", params(DeleteQuery), responses((status = 200, body = Deleted)))]
pub(crate) async fn delete_many(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiQuery(query): ApiQuery<DeleteQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let ids: Vec<String> =
        query.ids.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
    too_many(ids.len())?;
    delete_records(&bases, &caller, &ids, &headers, false).await
}

async fn delete_records(
    bases: &Bases,
    caller: &Caller,
    ids: &[String],
    headers: &HeaderMap,
    single: bool,
) -> Result<Response, WebError> {
    caller.require(Capability::DeleteRecords)?;
    let route = if single { "DELETE /v1/records/{record}" } else { "DELETE /v1/records" };
    let (method, expects) = (Method::DELETE, if_match(headers));
    let request = Request { method, route, typecast: false, keys: Keys::Name, single, expects };
    let key = idempotency::Request::read(headers, caller, route, ids.join(",").as_bytes())?;
    let (table, rows) = one_table(ids)?;
    let open = bases.open_table(caller, table, None).await?;
    let replay = match &key {
        Some(key) => key.stored(&bases.0.db, caller).await?.is_some(),
        None => false,
    };
    if !replay {
        exists(&open, table, &rows)?;
    }
    bases.write_records(caller, &open, request, key, Command::DeleteRecords { table, rows }).await
}

/// 404 when one of the rows is not there: for who may not know, and for who deleted it.
fn exists(open: &OpenBase, table: TableNo, rows: &[RowNo]) -> Result<(), Error> {
    let missing = open.read(|base| rows.iter().find(|row| !base.contains(table, **row)).copied());
    match missing {
        None => Ok(()),
        Some(row) => Err(Error::not_found().detail(format!("There is no record {}.", table.record(row)))),
    }
}

/// The one table of all these records.
fn one_table(ids: &[String]) -> Result<(TableNo, Vec<RowNo>), Error> {
    let mut table = None;
    let mut rows = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let id = record_id(id)?;
        if *table.get_or_insert(id.table) != id.table {
            let detail = "is of another table; one request takes records of one table";
            return Err(Error::field(format!("/records/{index}/id"), Code::InvalidValue, detail));
        }
        rows.push(id.row);
    }
    let table = table.ok_or_else(|| Error::field("/records", Code::Required, "names no record"))?;
    Ok((table, rows))
}
