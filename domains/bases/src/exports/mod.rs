//! CSV of a view (spec D8), streamed: rows are written a page at a time, so a big table takes no memory.

use crate::actor::OpenBase;
use crate::http::AppState;
use crate::problem;
use crate::records::query::{Narrowing, context, shown_fields, with_table};
use crate::schema::table_no;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine_base::{FieldNo, QuerySpec, SortKey, TableNo};
use futures_util::stream;
use http::{HeaderValue, header};
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use std::sync::Arc;
use tenancy::ApiCaller;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Rows written at once.
const PAGE: usize = 1_000;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(csv))
}

/// What to export.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// View id or name: its filter, sort, fields and their order apply; the whole table if absent.
    view: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
}

/// An export under way.
struct Export {
    caller: Caller,
    open: Arc<OpenBase>,
    table: TableNo,
    spec: QuerySpec,
    fields: Vec<FieldNo>,
    now: Timestamp,
    zone: String,
    next: Next,
}

enum Next {
    Start,
    After(SortKey),
    Done,
}

/// A view or a table as CSV (RFC 4180, UTF-8 with a byte order mark for Excel, texts that look like formulas escaped).
#[utoipa::path(get, path = "/v1/tables/{table}/export.csv", tag = "records",
    params(("table" = String, Path, description = "Table id, tbl…"), ExportQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
async fn csv(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> Result<Response, WebError> {
    caller.require(Capability::ReadRecords)?;
    caller.require(Capability::ExportData)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, None).await?;
    let narrowing = Narrowing { view: query.view, zone: query.zone, ..Narrowing::default() };
    Ok(response(caller, open, table, &narrowing, bases.0.clock.now())?)
}

/// The rows of a view or table that the caller sees, as a stream.
///
/// # Errors
/// `not_found`, `bad_filter`.
pub(crate) fn response(
    caller: Caller,
    open: Arc<OpenBase>,
    table: TableNo,
    narrowing: &Narrowing,
    now: Timestamp,
) -> Result<Response> {
    let (spec, fields, name) = open.read(|base| {
        with_table(&caller, base, table, |schema| {
            let spec = narrowing.spec(base, schema)?;
            let fields = shown_fields(schema, narrowing.view.as_deref(), None)?;
            Ok((spec, fields, schema.head.name.clone()))
        })
    })?;
    let zone = narrowing.zone().to_owned();
    let mut export = Export { caller, open, table, spec, fields, now, zone, next: Next::Start };
    // The first page is made before the status is sent, so that a mistake is still an error.
    let first = export.page()?;
    let rest = stream::unfold(export, |mut export| async move {
        match export.page() {
            Ok(page) if page.is_empty() => None,
            page => Some((page, export)),
        }
    });
    let body = futures_util::StreamExt::chain(stream::once(std::future::ready(Ok::<_, Error>(first))), rest);
    // The compression layer asks once more after the end, which an unfold answers with a panic.
    let body = futures_util::StreamExt::fuse(body);
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&disposition(&name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// RFC 6266 with an ASCII name and the real one.
fn disposition(name: &str) -> String {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " -_".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}.csv\"; filename*=UTF-8''{encoded}.csv")
}

impl Export {
    /// The next rows as CSV; empty at the end.
    fn page(&mut self) -> Result<Bytes> {
        let after = match &self.next {
            Next::Done => return Ok(Bytes::new()),
            Next::Start => None,
            Next::After(key) => Some(key),
        };
        let mut out = Vec::with_capacity(64 << 10);
        let page = self.open.read(|base| {
            with_table(&self.caller, base, self.table, |schema| {
                let mut writer = csv::Writer::from_writer(&mut out);
                if after.is_none() {
                    let names =
                        self.fields.iter().filter_map(|no| schema.field(*no)).map(|field| safe(&field.name));
                    writer
                        .write_record(names.map(|name| name.into_owned()).collect::<Vec<_>>())
                        .map_err(Error::internal)?;
                }
                let page = base
                    .list(&self.spec, &context(self.now, &self.zone), after, PAGE)
                    .map_err(|errors| problem::of_query(&errors))?;
                let mut text = String::new();
                for row in &page.rows {
                    for field in &self.fields {
                        text.clear();
                        base.write_text(self.table, *row, *field, &mut text);
                        writer.write_field(safe(&text).as_bytes()).map_err(Error::internal)?;
                    }
                    writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
                }
                writer.flush().map_err(Error::internal)?;
                drop(writer);
                Ok(page)
            })
        })?;
        if after.is_none() {
            out.splice(0..0, *b"\xEF\xBB\xBF");
        }
        self.next = page.next.map_or(Next::Done, Next::After);
        Ok(Bytes::from(out))
    }
}

/// Text that a spreadsheet would run as a formula gets a quote in front (OWASP; ASVS 1.2.10). Numbers stay numbers.
fn safe(text: &str) -> std::borrow::Cow<'_, str> {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) && text.parse::<f64>().is_err();
    if risky { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_numbers_stay() {
        for (text, expected) in
            [("=1+1", "'=1+1"), ("-5", "-5"), ("-x", "'-x"), ("@a", "'@a"), ("a=b", "a=b"), ("", "")]
        {
            assert_eq!(safe(text), expected);
        }
    }

    #[test]
    fn file_names() {
        assert_eq!(
            disposition("Été \"1\""),
            "attachment; filename=\"_t_ _1_.csv\"; filename*=UTF-8''%C3%89t%C3%A9%20%221%22.csv"
        );
    }
}
