//! Windows of a view for the grid, and totals below its columns (design 3: any window of any view costs its own size).

mod groups;
mod lines;

use crate::http::{AppState, MinVersion, Versioned};
use crate::past::AsOfQuery;
use crate::problem;
use crate::records::query::{Narrowing, context, shown_fields};
use crate::schema::table_no;
use axum::extract::{Path, State};
use engine_base::Aggregate;
use http::StatusCode;
use indexmap::IndexMap;
use kernel_core::{Capability, Code, Error};
use kernel_web::{ApiJson, ApiQuery, WebError};
use lines::{LineAnswer, Shown};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Rows that one window holds at most.
pub const MAX_ROWS: usize = 500;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new()
        .routes(routes!(window))
        .routes(routes!(aggregates))
        .routes(routes!(position))
        .routes(routes!(groups::list))
}

/// Which rows of which view.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WindowBody {
    #[serde(flatten)]
    narrowing: Narrowing,
    /// Place of the first row, from 0.
    #[serde(default)]
    offset: usize,
    /// Rows to answer with, at most 500.
    #[serde(default = "default_limit")]
    limit: usize,
    /// Fields to answer with, by id or name; all of the view if absent.
    fields: Option<Vec<String>>,
    #[serde(flatten)]
    shown: Shown,
    /// With `lines`: totals of each group, by field id or name, as in the totals of a view.
    #[serde(default)]
    #[schema(value_type = Object)]
    totals: IndexMap<String, Aggregate>,
}

fn default_limit() -> usize {
    200
}

/// Rows of a view, compact: `rows` holds `["rec…", value, value …]` in the order of `fields`. With `lines` there are `records`,
/// `place`, `group` and `lines` instead of `rows`.
#[derive(Serialize, ToSchema)]
struct WindowAnswer {
    /// The base's sequence number that this is the state of.
    version: u64,
    /// Rows of the whole view; or its lines.
    total: usize,
    offset: usize,
    fields: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rows: Option<Vec<Vec<Value>>>,
    /// Records of the whole view, those of collapsed groups included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    records: Option<usize>,
    /// Place among the records of the first line: of its record, or of the first record of its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    place: Option<usize>,
    /// Fields that the view is grouped by, outermost first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group: Option<Vec<String>>,
    /// A record is a row as above, the heading of a group an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<LineAnswer>>)]
    lines: Option<Vec<LineAnswer>>,
}

/// A stretch of rows of a table or view.
#[utoipa::path(post, path = "/v1/tables/{table}/window", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), AsOfQuery), request_body = WindowBody,
    responses((status = 200, body = WindowAnswer)))]
pub(crate) async fn window(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
    ApiQuery(AsOfQuery { as_of }): ApiQuery<AsOfQuery>,
    ApiJson(body): ApiJson<WindowBody>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    if body.limit > MAX_ROWS {
        return Err(Error::field("/limit", Code::InvalidValue, format!("is above {MAX_ROWS}")).into());
    }
    let table = table_no(&table)?;
    let reading = bases.reading_table(&caller, table, version, as_of.as_deref()).await?;
    let now = bases.0.clock.now();
    let wanted = body.fields.map(|fields| fields.join(","));
    let answer = reading.with_table(&caller, table, now, |base, schema, now| {
        if body.shown.lines {
            let asked = lines::Asked { narrowing: &body.narrowing, shown: &body.shown, totals: &body.totals };
            let fields = shown_fields(schema, body.narrowing.view.as_deref(), wanted.as_deref())?;
            let out = asked.write(base, schema, now, Some(&fields), (body.offset, body.limit))?;
            return Ok(Versioned::ok(base.seq(), out));
        }
        let spec = body.narrowing.spec(base, schema)?;
        let fields = shown_fields(schema, body.narrowing.view.as_deref(), wanted.as_deref())?;
        let window = base
            .window(&spec, &context(now, body.narrowing.zone()), body.offset, body.limit)
            .map_err(|errors| problem::of_query(&errors))?;
        let ids: Vec<_> = fields.iter().map(|field| table.field(*field)).collect();
        let mut out = Vec::with_capacity(256 + window.rows.len() * (32 + 16 * fields.len()));
        let head =
            json!({ "version": base.seq(), "total": window.total, "offset": window.offset, "fields": ids });
        out.extend_from_slice(head.to_string().trim_end_matches('}').as_bytes());
        out.extend_from_slice(b",\"rows\":[");
        for (index, row) in window.rows.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            base.write_window_row(table, *row, &fields, &mut out);
        }
        out.extend_from_slice(b"]}");
        Ok(Versioned::ok(base.seq(), out))
    })?;
    Ok(answer)
}

/// Which totals of which rows.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AggregatesBody {
    #[serde(flatten)]
    narrowing: Narrowing,
    /// By field id or name: `count`, `filled`, `empty`, `unique`, `sum`, `avg`, `min`, `max`.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: IndexMap<String, Aggregate>,
}

/// Totals of a view.
#[derive(Serialize, ToSchema)]
struct AggregatesAnswer {
    /// The base's sequence number.
    version: u64,
    /// Rows of the view.
    total: usize,
    /// By field id: a number, a day, or null where there is nothing to total.
    #[schema(value_type = Object)]
    values: IndexMap<String, Value>,
}

/// Totals of fields over the rows of a table or view.
#[utoipa::path(post, path = "/v1/tables/{table}/aggregates", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), AsOfQuery), request_body = AggregatesBody,
    responses((status = 200, body = AggregatesAnswer)))]
pub(crate) async fn aggregates(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
    ApiQuery(AsOfQuery { as_of }): ApiQuery<AsOfQuery>,
    ApiJson(body): ApiJson<AggregatesBody>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let table = table_no(&table)?;
    let reading = bases.reading_table(&caller, table, version, as_of.as_deref()).await?;
    let now = bases.0.clock.now();
    let answer = reading.with_table(&caller, table, now, |base, schema, now| {
        let spec = body.narrowing.spec(base, schema)?;
        let wanted = lines::totals(schema, "fields", &body.fields)?;
        let (total, values) = base
            .aggregates(&spec, &context(now, body.narrowing.zone()), &wanted)
            .map_err(|errors| problem::of_query(&errors))?;
        let values = wanted.iter().zip(values);
        let values = values.map(|((field, _), value)| (table.field(*field).to_string(), lines::json(value)));
        Ok(AggregatesAnswer { version: base.seq(), total, values: values.collect() })
    })?;
    Ok(Versioned::json(StatusCode::OK, answer.version, &answer)?)
}

/// Which record in which view.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PositionBody {
    #[serde(flatten)]
    narrowing: Narrowing,
    /// `rec…`.
    record: String,
    #[serde(flatten)]
    shown: Shown,
}

/// The record's place.
#[derive(Serialize, ToSchema)]
struct PositionAnswer {
    /// The base's sequence number.
    version: u64,
    /// From 0; null when the view does not show the record. With `lines` the line; of a record in a collapsed group that of the
    /// group's heading.
    position: Option<usize>,
    /// With `lines`: whether the record is in a collapsed group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    collapsed: Option<bool>,
}

/// Where a record stands in a view: for a grid that has to scroll to it.
#[utoipa::path(post, path = "/v1/tables/{table}/position", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), AsOfQuery), request_body = PositionBody,
    responses((status = 200, body = PositionAnswer)))]
pub(crate) async fn position(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
    ApiQuery(AsOfQuery { as_of }): ApiQuery<AsOfQuery>,
    ApiJson(body): ApiJson<PositionBody>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let table = table_no(&table)?;
    let record = crate::records::record_id(&body.record)?;
    if record.table != table {
        return Err(Error::not_found().into());
    }
    let reading = bases.reading_table(&caller, table, version, as_of.as_deref()).await?;
    let now = bases.0.clock.now();
    let answer = reading.with_table(&caller, table, now, |base, schema, now| {
        if body.shown.lines {
            let narrowing = body.narrowing.grouped(schema)?;
            let (spec, grouping) =
                lines::grouping(base, schema, &narrowing, body.shown.folded()?, Vec::new())?;
            let found = base
                .line_of(&spec, &context(now, narrowing.zone()), &grouping, record.row)
                .map_err(|errors| problem::of_query(&errors))?;
            let position = found.map(|found| found.line);
            let collapsed = Some(found.is_some_and(|found| found.is_folded));
            return Ok(PositionAnswer { version: base.seq(), position, collapsed });
        }
        let spec = body.narrowing.spec(base, schema)?;
        let position = base
            .position(&spec, &context(now, body.narrowing.zone()), record.row)
            .map_err(|errors| problem::of_query(&errors))?;
        Ok(PositionAnswer { version: base.seq(), position, collapsed: None })
    })?;
    Ok(Versioned::json(StatusCode::OK, answer.version, &answer)?)
}
