//! Views, tables and bases as files (spec D8): CSV, TSV, JSON, NDJSON and Excel, with what the caller sees and nothing else.
//!
//! Text formats are streamed a page of rows at a time, so a big table takes no memory; an Excel file is made on disk and
//! streamed from there, so that its limits are answered before anything is sent.

mod api;
mod excel;
mod json;
mod sheets;
mod text;

pub(crate) use api::{csv_of, router};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use kernel_core::{Error, Result};
use sheets::{Place, Sheets};

/// Rows written at once.
const PAGE: usize = 1_000;

/// How rows become bytes.
enum Writer {
    Text(text::Style),
    /// One list of objects.
    Json,
    /// An object a line.
    Lines,
    /// A whole base.
    Base,
}

impl Writer {
    /// The next piece of the file; empty at its end.
    fn piece(&self, sheets: &Sheets, place: &mut Place) -> Result<Bytes> {
        if place.sheet >= sheets.all.len() {
            // A base without tables that the caller sees is a file nevertheless.
            return Ok(match self {
                Self::Base if !std::mem::replace(&mut place.ended, true) => json::empty_base(sheets),
                _ => Bytes::new(),
            });
        }
        let (begins, sheet) = (place.after.is_none(), place.sheet);
        let rows = sheets.page(place)?;
        let (ends, of) = (place.sheet > sheet, &sheets.all[sheet]);
        let out = match self {
            Self::Text(style) => style.rows(of, &rows, begins)?,
            Self::Lines => json::lines(of, &rows),
            Self::Json => json::list(of, &rows, begins, ends),
            Self::Base => {
                let last = ends && place.sheet == sheets.all.len();
                place.ended |= last;
                json::of_base(sheets, sheet, &rows, (begins, ends, last))
            }
        };
        Ok(Bytes::from(out))
    }
}

/// Streams a text format.
fn streamed(sheets: Sheets, writer: Writer, name: &str, kind: &'static str) -> Result<Response> {
    let mut place = Place::default();
    // The first page is made before the status is sent, so that a mistake is still an error.
    let first = writer.piece(&sheets, &mut place)?;
    let rest = stream::unfold((sheets, writer, place), |(sheets, writer, mut place)| async move {
        // A page without rows has no bytes in some formats, and is not the end.
        loop {
            let at_end = place.sheet >= sheets.all.len();
            match writer.piece(&sheets, &mut place) {
                Ok(piece) if piece.is_empty() && at_end => return None,
                Ok(piece) if piece.is_empty() => {}
                piece => return Some((piece, (sheets, writer, place))),
            }
        }
    });
    let body = futures_util::StreamExt::chain(stream::once(std::future::ready(Ok::<_, Error>(first))), rest);
    // The compression layer asks once more after the end, which an unfold answers with a panic.
    let body = futures_util::StreamExt::fuse(body);
    Ok(attachment(Body::from_stream(body), name, kind))
}

/// A body that a browser saves under a name.
pub(crate) fn attachment(body: Body, name: &str, kind: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// RFC 6266 with an ASCII name and the real one.
pub(crate) fn disposition(name: &str) -> String {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " -_.".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        assert_eq!(
            disposition("Été \"1\".csv"),
            "attachment; filename=\"_t_ _1_.csv\"; filename*=UTF-8''%C3%89t%C3%A9%20%221%22.csv"
        );
    }
}
