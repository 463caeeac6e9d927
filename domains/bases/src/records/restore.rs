//! `POST /v1/tables/{table}/restore`: brings deleted records back from the change that deleted them (spec D7).

use super::{MAX_RECORDS, record_id, write_list};
use crate::actor::Order;
use crate::history;
use crate::http::{AppState, Versioned};
use crate::schema::table_no;
use axum::extract::{Path, State};
use engine_base::{Command, FileTexts, RowFacts};
use kernel_core::{Capability, Code, Error};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use std::sync::Arc;
use tenancy::ApiCaller;
use utoipa::ToSchema;

/// Deleted records to bring back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreBody {
    /// `rec…` ids of the table, at most 1,000.
    records: Vec<String>,
}

/// Brings deleted records back as they were. Links to records that are gone are left out.
#[utoipa::path(post, path = "/v1/tables/{table}/restore", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…")), request_body = RestoreBody,
    responses((status = 200, body = super::Records)))]
pub(crate) async fn restore(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiJson(body): ApiJson<RestoreBody>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::DeleteRecords)?;
    caller.require(Capability::WriteRecords)?;
    let table = table_no(&table)?;
    if body.records.len() > MAX_RECORDS {
        let detail = format!("has {} records; one request takes {MAX_RECORDS}", body.records.len());
        return Err(Error::field("/records", Code::TooMany, detail).into());
    }
    let open = bases.open_table(&caller, table, None).await?;
    let mut wanted = Vec::with_capacity(body.records.len());
    for id in &body.records {
        let id = record_id(id)?;
        if id.table != table {
            return Err(Error::not_found().into());
        }
        wanted.push(id.row);
    }
    let rows: Vec<RowFacts> = history::deleted_rows(&bases, &caller, table, &wanted).await?;
    if let Some(missing) = wanted.iter().find(|row| !rows.iter().any(|facts| facts.row == **row)) {
        return Err(Error::not_found().detail(format!("{} was not deleted.", table.record(*missing))).into());
    }
    let actor = Arc::from(caller.actor.to_string());
    let command = Command::RestoreRecords { table, rows };
    bases.permit(&open, &caller, &command)?;
    let written =
        open.write(Order { command, typecast: false, files: FileTexts::default(), actor, key: None }).await?;
    let ids: Vec<_> = wanted.into_iter().map(|row| (table, row)).collect();
    let body = open.read(|base| write_list(&caller, base, &ids, engine_base::Keys::Name));
    Ok(Versioned::ok(written.seq, body))
}
