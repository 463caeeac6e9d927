//! Rows of a file, whatever it is written in: one way to read a heading and rows with typed values.
//!
//! Invariants: a text format is never held in memory as a whole; what a row can take is limited; the same file and format
//! give the same rows in the same order every time, since a run that was interrupted reads them again.

mod csv;
mod encoding;
mod excel;
mod objects;

use super::format::{FileKind, Format};
use csv::Rows;
use encoding::Decoded;
use kernel_core::{Code, Error, Result};
use serde_json::Value;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub(super) use csv::guess_delimiter;
pub(super) use encoding::{decode, known as known_encoding, sniff as sniff_encoding};
pub(super) use excel::sheets;

/// Most columns taken.
pub(super) const MAX_COLUMNS: usize = 200;
/// Longest row taken, in bytes. A file whose quote never closes ends here, not in memory.
const MAX_ROW_BYTES: usize = 2 << 20;

/// A value of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// `2026-11-21`.
    Day(String),
    /// A local date and time, `2026-11-21T10:30:00`.
    Moment(String),
    /// A time of the day or a length of time.
    Seconds(f64),
    /// As a JSON file has it.
    Json(Value),
}

impl Given {
    /// As a person would read it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Day(text) | Self::Moment(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Seconds(seconds) => engine_base::Base::duration_text(*seconds),
            Self::Json(Value::Null) => String::new(),
            Self::Json(Value::String(text)) => text.clone(),
            Self::Json(Value::Array(list)) if list.iter().all(Value::is_string) => {
                let names: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                crate::files::names::join(&names)
            }
            Self::Json(value) => value.to_string(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Empty | Self::Json(Value::Null) => true,
            Self::Text(text) | Self::Json(Value::String(text)) => text.is_empty(),
            _ => false,
        }
    }
}

/// A row: its values, one a column, or what is wrong with it.
pub(super) struct Row {
    /// The line of a text, the row of a sheet, the place of an object; from 1.
    pub(super) line: u64,
    pub(super) cells: std::result::Result<Vec<Given>, String>,
}

fn open(path: &Path, format: &Format) -> Result<BufReader<Decoded<File>>> {
    let file = File::open(path).map_err(Error::internal)?;
    Ok(BufReader::with_capacity(1 << 17, Decoded::new(file, &format.encoding)))
}

/// The columns' names: never empty, told apart without regard to case.
///
/// # Errors
/// `bad_csv`, `bad_file`, `too_many_columns`.
pub(super) fn heading(path: &Path, format: &Format) -> Result<Vec<String>> {
    let names = match format.kind {
        FileKind::Csv | FileKind::Tsv => Rows::open(open(path, format)?, format.delimiter)?.header().to_vec(),
        FileKind::Json => objects::names(objects::of_json(open(path, format)?))?,
        FileKind::Ndjson => objects::names(objects::of_lines(open(path, format)?))?,
        FileKind::Xlsx => excel::heading(path, format.sheet.as_deref())?,
    };
    if names.len() > MAX_COLUMNS {
        let detail = format!("The file has {} columns; {MAX_COLUMNS} are taken.", names.len());
        return Err(Error::new(Code::TooManyColumns).detail(detail));
    }
    Ok(names)
}

/// Gives every row to `take`, until it says that it has enough. `names` are those of [`heading`].
///
/// # Errors
/// As [`heading`]; what `take` says.
pub(super) fn rows(
    path: &Path,
    format: &Format,
    names: &[String],
    take: &mut dyn FnMut(Row) -> Result<bool>,
) -> Result<()> {
    match format.kind {
        FileKind::Csv | FileKind::Tsv => csv_rows(Rows::open(open(path, format)?, format.delimiter)?, take),
        FileKind::Json => objects::rows(objects::of_json(open(path, format)?), names, take),
        FileKind::Ndjson => objects::rows(objects::of_lines(open(path, format)?), names, take),
        FileKind::Xlsx => excel::rows(path, format.sheet.as_deref(), take),
    }
}

fn csv_rows<R: Read>(mut rows: Rows<R>, take: &mut dyn FnMut(Row) -> Result<bool>) -> Result<()> {
    while let Some(row) = rows.next()? {
        let row = match row {
            Ok((cells, line)) => {
                let given = |text: &str| match crate::files::formulas::unescape(text) {
                    "" => Given::Empty,
                    text => Given::Text(text.to_owned()),
                };
                Row { line, cells: Ok(cells.into_iter().map(given).collect()) }
            }
            Err(bad) => Row { line: bad.line, cells: Err(bad.problem) },
        };
        if !take(row)? {
            break;
        }
    }
    Ok(())
}

/// A heading's name: trimmed, never empty, another than those before it.
fn unique_name(name: &str, index: usize, taken: &[String]) -> String {
    let base: String = match name {
        "" => format!("Column {}", index + 1),
        name => name.chars().take(100).collect(),
    };
    let is_taken = |name: &str| taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    if !is_taken(&base) {
        return base;
    }
    (2..).map(|n| format!("{base} {n}")).find(|name| !is_taken(name)).unwrap_or(base)
}

fn bad_file(detail: impl Into<String>) -> Error {
    Error::new(Code::BadFile).detail(detail.into())
}
