//! `GET /v0/{base}/{table}/{record}`.

use super::place::{V0Caller, row, with_table};
use super::{Answer, comments, params, wire};
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
    let now_us = bases.0.clock.now().as_microsecond();
    let mut record = open.read(|base| {
        with_table(&who.caller, base, table, |schema| {
            let show = wire::Show::of(schema, &query)?;
            let row = row(base, table, &record)?;
            if !schema.has(base, row, now_us) {
                return Err(super::error::no_record(&record));
            }
            wire::record(base, schema, row, &show).ok_or_else(|| super::error::no_record(&record))
        })
    })?;
    comments::count(&bases, &who.caller, table, &query, std::slice::from_mut(&mut record)).await?;
    Ok(Json(record))
}
