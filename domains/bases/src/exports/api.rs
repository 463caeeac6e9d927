//! `GET /v1/tables/{table}/export.…` and `GET /v1/bases/{base}/export.…`.

use super::sheets::{Sheet, Sheets};
use super::text::Style;
use super::{Writer, attachment, excel, streamed};
use crate::actor::OpenBase;
use crate::files::locale::{Dates, Numbers};
use crate::http::AppState;
use crate::records::query::{Narrowing, with_table};
use crate::schema::table_no;
use crate::service::Bases;
use crate::sight::Seen;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use engine_base::TableNo;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use std::sync::Arc;
use tenancy::ApiCaller;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<Bases> {
    OpenApiRouter::new()
        .routes(routes!(csv))
        .routes(routes!(tsv))
        .routes(routes!(json))
        .routes(routes!(ndjson))
        .routes(routes!(xlsx))
        .routes(routes!(base_json))
        .routes(routes!(base_xlsx))
}

/// What to export.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// View id or name: its filter, sort, fields and their order apply; the whole table if absent.
    view: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
}

/// What to export, and how the text is written.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TextQuery {
    /// View id or name: its filter, sort, fields and their order apply; the whole table if absent.
    view: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
    /// What separates the values of CSV: `comma` (if absent), `semicolon`, `tab` or `bar`.
    delimiter: Option<String>,
    /// Whether a byte order mark comes first, by which Excel knows UTF-8; yes if absent.
    bom: Option<bool>,
    /// How days are written: `iso` (if absent), `day_first` or `month_first`. Moments are RFC 3339 always.
    dates: Option<Dates>,
    /// What stands before decimals: `point` (if absent) or `comma`.
    numbers: Option<Numbers>,
}

impl TextQuery {
    fn style(&self, delimiter: u8) -> Result<Style> {
        let delimiter = match self.delimiter.as_deref() {
            None => delimiter,
            Some("comma" | ",") => b',',
            Some("semicolon" | ";") => b';',
            Some("tab" | "\t") => b'\t',
            Some("bar" | "|") => b'|',
            Some(_) => {
                let detail = "is none of comma, semicolon, tab and bar";
                return Err(Error::field("?delimiter", Code::InvalidValue, detail));
            }
        };
        let (dates, numbers) = (self.dates.unwrap_or_default(), self.numbers.unwrap_or_default());
        Ok(Style { delimiter, mark: self.bom.unwrap_or(true), dates, numbers })
    }

    fn rows(self) -> ExportQuery {
        ExportQuery { view: self.view, zone: self.zone }
    }
}

/// A table as the caller sees it, and the name of its file without ending.
async fn of_table(bases: &Bases, caller: Caller, table: &str, query: ExportQuery) -> Result<Sheets> {
    may(&caller)?;
    let table = table_no(table)?;
    let open = bases.open_table(&caller, table, None).await?;
    let narrowing = Narrowing { view: query.view, zone: query.zone, ..Narrowing::default() };
    one(caller, open, table, &narrowing, bases.0.clock.now())
}

fn one(
    caller: Caller,
    open: Arc<OpenBase>,
    table: TableNo,
    narrowing: &Narrowing,
    now: Timestamp,
) -> Result<Sheets> {
    let (base, sheet) = open.read(|base| {
        with_table(&caller, base, table, |seen| {
            Ok((base.schema().info.name.clone(), Sheet::of(base, seen, narrowing)?))
        })
    })?;
    let zone = narrowing.zone().to_owned();
    Ok(Sheets { caller, open, base, all: vec![sheet], now, zone })
}

/// The rows of a view that the caller sees as CSV: what a link to a view hands out.
///
/// # Errors
/// `not_found`, `bad_filter`.
pub(crate) fn csv_of(
    caller: Caller,
    open: Arc<OpenBase>,
    table: TableNo,
    narrowing: &Narrowing,
    now: Timestamp,
) -> Result<Response> {
    let sheets = one(caller, open, table, narrowing, now)?;
    let name = format!("{}.csv", sheets.all[0].name);
    streamed(sheets, Writer::Text(TextQuery::default().style(b',')?), &name, "text/csv; charset=utf-8")
}

/// All tables of a base that are there for the caller.
async fn of_base(bases: &Bases, caller: Caller, base: &str) -> Result<Sheets> {
    may(&caller)?;
    let base = crate::catalog::api::base_id(base)?;
    let open = bases.open(&caller, base.0).await?;
    let narrowing = Narrowing::default();
    let (base, all) = open.read(|base| {
        let all: Result<Vec<Sheet>> =
            Seen::all(&caller, base).map(|table| Sheet::of(base, &table, &narrowing)).collect();
        Ok::<_, Error>((base.schema().info.name.clone(), all?))
    })?;
    let (zone, now) = (narrowing.zone().to_owned(), bases.0.clock.now());
    Ok(Sheets { caller, open, base, all, now, zone })
}

fn may(caller: &Caller) -> Result<()> {
    caller.require(Capability::ReadRecords)?;
    caller.require(Capability::ExportData)
}

async fn text(
    bases: &Bases,
    caller: Caller,
    table: &str,
    query: TextQuery,
    (delimiter, ending, kind): (u8, &str, &'static str),
) -> Result<Response> {
    let style = query.style(delimiter)?;
    let sheets = of_table(bases, caller, table, query.rows()).await?;
    let name = format!("{}.{ending}", sheets.all[0].name);
    streamed(sheets, Writer::Text(style), &name, kind)
}

/// Excel: made on disk, then streamed.
async fn book(bases: &Bases, sheets: Sheets, name: String) -> Result<Response> {
    let folder = bases.0.uploads.clone();
    let made = tokio::task::spawn_blocking(move || excel::file(&sheets, &folder));
    let file = made.await.map_err(Error::internal)??;
    let body = Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 << 10));
    Ok(attachment(body, &name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
}

/// A view or a table as CSV (RFC 4180, UTF-8 with a byte order mark for Excel, texts that look like formulas escaped).
#[utoipa::path(get, path = "/v1/tables/{table}/export.csv", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), TextQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
async fn csv(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<TextQuery>,
) -> Result<Response, WebError> {
    Ok(text(&bases, caller, &table, query, (b',', "csv", "text/csv; charset=utf-8")).await?)
}

/// A view or a table as values separated by tabs.
#[utoipa::path(get, path = "/v1/tables/{table}/export.tsv", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), TextQuery),
    responses((status = 200, content_type = "text/tab-separated-values", body = String)))]
async fn tsv(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<TextQuery>,
) -> Result<Response, WebError> {
    Ok(text(&bases, caller, &table, query, (b'\t', "tsv", "text/tab-separated-values; charset=utf-8"))
        .await?)
}

/// A view or a table as a JSON list: an object a record, by field name, linked records by name.
#[utoipa::path(get, path = "/v1/tables/{table}/export.json", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), ExportQuery),
    responses((status = 200, content_type = "application/json", body = Vec<Object>)))]
async fn json(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> Result<Response, WebError> {
    let sheets = of_table(&bases, caller, &table, query).await?;
    let name = format!("{}.json", sheets.all[0].name);
    Ok(streamed(sheets, Writer::Json, &name, "application/json")?)
}

/// A view or a table as lines of JSON: an object a record, by field name, linked records by name.
#[utoipa::path(get, path = "/v1/tables/{table}/export.ndjson", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), ExportQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = String)))]
async fn ndjson(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> Result<Response, WebError> {
    let sheets = of_table(&bases, caller, &table, query).await?;
    let name = format!("{}.ndjson", sheets.all[0].name);
    Ok(streamed(sheets, Writer::Lines, &name, "application/x-ndjson")?)
}

/// A view or a table as an Excel file, with typed cells.
#[utoipa::path(get, path = "/v1/tables/{table}/export.xlsx", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), ExportQuery),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        body = String)))]
async fn xlsx(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> Result<Response, WebError> {
    let sheets = of_table(&bases, caller, &table, query).await?;
    let name = format!("{}.xlsx", sheets.all[0].name);
    Ok(book(&bases, sheets, name).await?)
}

/// All tables of a base as JSON, with the names and types of their fields.
#[utoipa::path(get, path = "/v1/bases/{base}/export.json", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, content_type = "application/json", body = Object)))]
async fn base_json(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Response, WebError> {
    let sheets = of_base(&bases, caller, &base).await?;
    let name = format!("{}.json", sheets.base);
    Ok(streamed(sheets, Writer::Base, &name, "application/json")?)
}

/// All tables of a base as an Excel file, a sheet each.
#[utoipa::path(get, path = "/v1/bases/{base}/export.xlsx", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        body = String)))]
async fn base_xlsx(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Response, WebError> {
    let sheets = of_base(&bases, caller, &base).await?;
    let name = format!("{}.xlsx", sheets.base);
    Ok(book(&bases, sheets, name).await?)
}
