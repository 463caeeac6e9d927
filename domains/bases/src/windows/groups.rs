//! The groups of a table or view alone, without records.

use super::lines::{Asked, GroupAnswer, Shown};
use super::{MAX_ROWS, default_limit};
use crate::http::{AppState, MinVersion, Versioned};
use crate::records::query::{Narrowing, with_table};
use crate::schema::table_no;
use axum::extract::{Path, State};
use engine_base::Aggregate;
use indexmap::IndexMap;
use kernel_core::{Capability, Code, Error};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;

/// Which groups of which rows.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GroupsBody {
    #[serde(flatten)]
    narrowing: Narrowing,
    /// Place of the first group, from 0.
    #[serde(default)]
    offset: usize,
    /// Groups to answer with, at most 500.
    #[serde(default = "default_limit")]
    limit: usize,
    /// Totals of each group, by field id or name: `count`, `filled`, `empty`, `unique`, `sum`, `avg`, `min`, `max`.
    #[serde(default)]
    #[schema(value_type = Object)]
    totals: IndexMap<String, Aggregate>,
}

/// Groups in their order, inner ones after the one that they are in.
#[derive(Serialize, ToSchema)]
struct GroupsAnswer {
    /// The base's sequence number that this is the state of.
    version: u64,
    /// Groups of all levels.
    total: usize,
    /// Records in all.
    records: usize,
    offset: usize,
    /// Fields that are grouped by, outermost first.
    group: Vec<String>,
    groups: Vec<GroupAnswer>,
}

/// The groups of a table or view, with their counts and totals.
#[utoipa::path(post, path = "/v1/tables/{table}/groups", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…")), request_body = GroupsBody,
    responses((status = 200, body = GroupsAnswer)))]
pub(crate) async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
    ApiJson(body): ApiJson<GroupsBody>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    if body.limit > MAX_ROWS {
        return Err(Error::field("/limit", Code::InvalidValue, format!("is above {MAX_ROWS}")).into());
    }
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, version).await?;
    let now = bases.0.clock.now();
    let asked = Asked { narrowing: &body.narrowing, shown: &Shown::default(), totals: &body.totals };
    let answer = open.read(|base| {
        with_table(&caller, base, table, |schema| {
            let out = asked.write(base, schema, now, None, (body.offset, body.limit))?;
            Ok(Versioned::ok(base.seq(), out))
        })
    })?;
    Ok(answer)
}
