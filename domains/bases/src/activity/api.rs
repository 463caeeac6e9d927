//! `/v1/bases/{base}/activity`.

use super::entry::{Entry, Line};
use super::{MAX_PAGE, MAX_READ, store, undo};
use crate::catalog::api::base_id;
use crate::http::{AppState, Versioned};
use crate::schema::table_no;
use crate::who::Names;
use axum::extract::{Path, State};
use http::StatusCode;
use jiff::Timestamp;
use kernel_core::{Capability, Code, Error, Level, enough};
use kernel_web::{ApiQuery, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const KINDS: [&str; 6] = ["create", "update", "delete", "restore", "schema", "mixed"];

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(undo::undo))
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ActivityQuery {
    /// Table id: changes of its records, fields and views.
    table: Option<String>,
    /// `usr_…`, `tok_…` or `system`.
    actor: Option<String>,
    /// `create`, `update`, `delete`, `restore`, `schema` or `mixed`.
    kind: Option<String>,
    /// Not before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Only changes with a lower number: `next` of the page before.
    before: Option<u64>,
    /// Changes looked at, 1 to 200; 50 if absent.
    limit: Option<u64>,
}

/// Changes of a base.
#[derive(Serialize, ToSchema)]
struct Activity {
    data: Vec<Entry>,
    /// For the next page's `before`; null at the end.
    next: Option<u64>,
}

/// What happened in a base, newest first: to records, tables, fields and views. For who may manage the base; of what the reader
/// does not see nothing is told.
#[utoipa::path(get, path = "/v1/bases/{base}/activity", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ActivityQuery), responses((status = 200, body = Activity)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiQuery(query): ApiQuery<ActivityQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let open = bases.open(&caller, base_id(&base)?.0).await?;
    let number = open.read(|base| base.id().0);
    enough(caller.base(number), Level::Manage)?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=MAX_PAGE).contains(&limit) {
        let detail = format!("is not within 1 to {MAX_PAGE}");
        return Err(Error::field("limit", Code::InvalidValue, detail).into());
    }
    if let Some(kind) = query.kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
        let detail = format!("is {kind}, not one of {}", KINDS.join(", "));
        return Err(Error::field("kind", Code::InvalidValue, detail).into());
    }
    let table = query.table.as_deref().map(table_no).transpose()?.map(|table| table.0.cast_signed());
    let before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let params: kernel_db::Params<'_> = &[
        &caller.tenant.uuid(),
        &number.cast_signed(),
        &before,
        &query.actor,
        &query.kind,
        &query.from,
        &query.to,
        &table,
        &MAX_READ,
        &limit.cast_signed(),
    ];
    let rows = bases.0.db.read(caller.tenant, &store::ACTIVITY, params).await?;
    let lines: Vec<Line> = rows.iter().map(Line::read).collect::<Result<_, Error>>()?;
    let names = Names::of(&bases, caller.tenant, lines.iter().map(|line| line.actor.as_str())).await?;
    let next = lines.last().filter(|_| lines.len() as u64 == limit).map(|line| line.seq);
    let (seq, data) = open.read(|base| {
        let shown = lines.iter().filter_map(|line| line.shown(&caller, base, &names));
        (base.seq(), shown.collect::<Vec<_>>())
    });
    Ok(Versioned::json(StatusCode::OK, seq, &Activity { data, next })?)
}
