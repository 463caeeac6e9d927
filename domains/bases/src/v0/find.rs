//! `GET /v0/{base}/{table}/{record}`.

use super::place::{V0Caller, row, with_table};
use super::{Answer, params, wire};
use crate::http::AppState;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use kernel_core::Capability;

/// One record.
pub(super) async fn find(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, record)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    who.caller.require(Capability::ReadRecords)?;
    let query = params::by_query(query.as_deref())?;
    let (open, table) = who.table(&bases, &base, &table).await?;
    let record = open.read(|base| {
        with_table(base, table, |schema| {
            let show = wire::Show::of(schema, &query)?;
            let row = row(base, table, &record)?;
            wire::record(base, schema, row, &show).ok_or_else(|| super::error::no_record(&record))
        })
    })?;
    Ok(Json(record))
}
