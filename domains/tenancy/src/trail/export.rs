//! The trail as CSV or JSON, written a page at a time: a long trail takes no memory.

use crate::Tenancy;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use identity::audit::TrailRow;
use identity::audit::trail::{Filter, Place};
use kernel_core::{Caller, Code, Error, Result};
use std::future::ready;

/// Rows written at once.
const PAGE: i64 = 1_000;

/// What an export is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
}

impl Format {
    pub(super) fn named(name: &str) -> Result<Self> {
        match name {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(Error::field("format", Code::InvalidValue, "is neither csv nor json")),
        }
    }
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// One value of a CSV line (RFC 4180). What a spreadsheet would run as a formula gets a quote in front (ASVS 1.2.10).
fn csv(value: &str) -> String {
    let risky = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
    let quote = if risky { "'" } else { "" };
    format!("\"{quote}{}\"", value.replace('"', "\"\""))
}

fn csv_line(row: &TrailRow) -> String {
    let seq = row.seq.map(|seq| seq.to_string()).unwrap_or_default();
    let (at, data) = (row.at.to_string(), row.data.to_string());
    let values = [
        seq.as_str(),
        &at,
        &row.actor,
        &row.action,
        &row.target,
        &row.address,
        &row.request_id,
        row.reason.as_deref().unwrap_or_default(),
        &data,
    ];
    values.map(csv).join(",") + "\r\n"
}

/// Rows as text; `first`: nothing was written before.
fn written(format: Format, rows: &[TrailRow], first: bool) -> Result<String> {
    let mut out = String::new();
    for (at, row) in rows.iter().enumerate() {
        match format {
            Format::Csv => out.push_str(&csv_line(row)),
            Format::Json => {
                out.push_str(if first && at == 0 { "\n" } else { ",\n" });
                out.push_str(&serde_json::to_string(row).map_err(Error::internal)?);
            }
        }
    }
    Ok(out)
}

enum Next {
    Page(Option<Place>, bool),
    End,
    Done,
}

/// The answer with every row that the filter lets through. The first page is read before the status is sent.
pub(super) async fn answer(
    tenancy: Tenancy,
    caller: Caller,
    filter: Filter,
    format: Format,
) -> Result<Response> {
    let head = match format {
        Format::Csv => "\u{feff}number,at,actor,action,target,address,request,reason,details\r\n",
        Format::Json => "[",
    };
    let (rows, next) = tenancy.trail(&caller, &filter, None, PAGE).await?;
    let first = head.to_owned() + &written(format, &rows, true)?;
    let begin = next.map_or(Next::End, |place| Next::Page(Some(place), rows.is_empty()));
    let rest =
        stream::unfold((tenancy, caller, filter, begin), move |(tenancy, caller, filter, next)| async move {
            match next {
                Next::Done => None,
                Next::End => {
                    let end = if format == Format::Json { "\n]\n" } else { "" };
                    Some((Ok(end.to_owned()), (tenancy, caller, filter, Next::Done)))
                }
                Next::Page(after, first) => match tenancy.trail(&caller, &filter, after, PAGE).await {
                    Ok((rows, place)) => {
                        let text = written(format, &rows, first);
                        let next = place.map_or(Next::End, |place| Next::Page(Some(place), false));
                        Some((text, (tenancy, caller, filter, next)))
                    }
                    // The connection is cut: an export that is not whole must not look whole.
                    Err(error) => Some((Err(error), (tenancy, caller, filter, Next::Done))),
                },
            }
        });
    let body = stream::once(ready(Ok::<_, Error>(first))).chain(rest).fuse();
    let mut response = Body::from_stream(body).into_response();
    let kind = match format {
        Format::Csv => HeaderValue::from_static("text/csv; charset=utf-8"),
        Format::Json => HeaderValue::from_static("application/json"),
    };
    let name = match format {
        Format::Csv => HeaderValue::from_static("attachment; filename=\"audit.csv\""),
        Format::Json => HeaderValue::from_static("attachment; filename=\"audit.json\""),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_never_formulas() {
        for (value, expected) in [
            ("a", "\"a\""),
            ("a\"b,\n", "\"a\"\"b,\n\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
            ("", "\"\""),
        ] {
            assert_eq!(csv(value), expected);
        }
        assert!(Format::named("xml").is_err());
    }
}
