//! `GET /v1/records/{record}`: the id alone says which table and row it is.

use super::{Record, keys, record_id};
use crate::http::{AppState, MinVersion, Versioned};
use axum::extract::{Path, State};
use kernel_core::{Capability, Error};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use tenancy::ApiCaller;
use utoipa::IntoParams;

/// How to show a record.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowQuery {
    /// `name` (default) or `id`: how values are keyed.
    pub(crate) keys: Option<String>,
}

/// One record.
#[utoipa::path(get, path = "/v1/records/{record}", tag = "records",
    params(("record" = String, Path, description = "Record id, rec…"), ShowQuery), responses((status = 200, body = Record)))]
pub(crate) async fn get(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(record): Path<String>,
    ApiQuery(query): ApiQuery<ShowQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let id = record_id(&record)?;
    let keys = keys(query.keys.as_deref())?;
    let open = bases.open_table(&caller, id.table, version).await?;
    let mut out = Vec::with_capacity(512);
    let (seq, found) =
        open.read(|base| (base.seq(), base.write_record(id.table, id.row, keys, None, &mut out)));
    if found { Ok(Versioned::ok(seq, out)) } else { Err(Error::not_found().into()) }
}
