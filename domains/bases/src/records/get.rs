//! `GET /v1/records/{record}`: the id alone says which table and row it is.

use super::expand::Extras;
use super::query::{list_of, nothing_else};
use super::{Record, keys, named_fields, record_id};
use crate::http::{AppState, MinVersion, Versioned, tagged};
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use kernel_core::{Capability, Error};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use serde_json::Value;
use tenancy::ApiCaller;
use utoipa::IntoParams;

/// How to show a record.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowQuery {
    /// `name` (default) or `id`: how values are keyed.
    #[param(pattern = "^(name|id)$")]
    pub(crate) keys: Option<String>,
}

/// How to show a record, and what of it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetQuery {
    /// `name` (default) or `id`: how values are keyed.
    #[param(pattern = "^(name|id)$")]
    keys: Option<String>,
    /// Fields to answer with, by name or id, separated by commas.
    fields: Option<String>,
    /// Links to answer with as records, by name or id, separated by commas; at most 3.
    expand: Option<String>,
    /// `comment_count`: how many comments the record has.
    #[param(pattern = "^(comment_count)?$")]
    include: Option<String>,
    /// A version (the number of a change) or a time (RFC 3339): the record as it was then. Not with `expand` and `include`.
    as_of: Option<String>,
}

/// One record.
#[utoipa::path(get, path = "/v1/records/{record}", tag = "records", operation_id = "getRecord",
    params(("record" = String, Path, description = "Record id, rec…"), GetQuery), responses((status = 200, body = Record)))]
pub(crate) async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(record): Path<String>,
    (ApiQuery(query), headers): (ApiQuery<GetQuery>, HeaderMap),
) -> Result<Response, WebError> {
    caller.require(Capability::ReadRecords)?;
    let id = record_id(&record)?;
    let keys = keys(query.keys.as_deref())?;
    let reading = bases.reading_table(&caller, id.table, version, query.as_of.as_deref()).await?;
    let (expand, include) = (list_of(query.expand), list_of(query.include));
    if reading.is_past() {
        nothing_else(&expand, &include)?;
    }
    let mut out = Vec::with_capacity(512);
    let now = bases.0.clock.now();
    let (seq, changed, extras) = reading.with_table(&caller, id.table, now, |base, schema, now| {
        if !schema.has(base, id.row, now.as_microsecond()) {
            return Err(Error::not_found());
        }
        let extras = Extras::read(schema, &expand, &include)?;
        let fields = query.fields.as_deref().map(|fields| named_fields(schema, fields)).transpose()?;
        let fields = fields.or_else(|| schema.shown());
        base.write_record(id.table, id.row, keys, fields.as_deref(), &mut out);
        if !extras.expand.is_empty() {
            let mut record: Value = serde_json::from_slice(&out).map_err(Error::internal)?;
            extras.expand(&caller, base, schema, keys, std::slice::from_mut(&mut record));
            out = serde_json::to_vec(&record).map_err(Error::internal)?;
        }
        let changed = base.meta(id.table, id.row).map_or(0, |meta| meta.updated_us);
        Ok((base.seq(), changed, extras))
    })?;
    if extras.comment_count {
        let mut record: Value = serde_json::from_slice(&out).map_err(Error::internal)?;
        bases.include_counts(&caller, id.table, std::slice::from_mut(&mut record)).await?;
        out = serde_json::to_vec(&record).map_err(Error::internal)?;
    }
    Ok(tagged(&headers, Versioned::ok(seq, out), changed.cast_unsigned()))
}
