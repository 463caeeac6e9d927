//! `DELETE /v0/{base}/{table}/{record}` and `DELETE /v0/{base}/{table}?records[]=…`. What is deleted can be restored, as
//! with `/v1`.

use super::place::{V0Caller, rows};
use super::{Answer, MAX_RECORDS, error, params, write};
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use engine_base::Command;
use kernel_core::Capability;
use kernel_web::WebError;
use serde_json::{Value, json};

/// One record.
pub(super) async fn one(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, record)): Path<(String, String, String)>,
) -> Answer {
    let mut gone = delete(&bases, &who, &base, &table, vec![record]).await?;
    Ok(Json(gone.pop().unwrap_or_default()))
}

/// Several records, all or none.
pub(super) async fn many(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let ids = params::named("records", query.as_deref())?;
    let gone = delete(&bases, &who, &base, &table, ids).await?;
    Ok(Json(json!({"records": gone})))
}

async fn delete(
    bases: &Bases,
    who: &V0Caller,
    base: &str,
    table: &str,
    ids: Vec<String>,
) -> Result<Vec<Value>, WebError> {
    who.caller.require(Capability::DeleteRecords)?;
    let (open, table) = who.table(bases, base, table).await?;
    if ids.is_empty() || ids.len() > MAX_RECORDS {
        return Err(error::invalid(format!("Name 1 to {MAX_RECORDS} records in records[].")).into());
    }
    let rows = open.read(|base| rows(base, table, ids.iter().map(String::as_str)))?;
    write::run(bases, (&open, &who.caller), false, Command::DeleteRecords { table, rows }).await?;
    Ok(ids.into_iter().map(|id| json!({"id": id, "deleted": true})).collect())
}
