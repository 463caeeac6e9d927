//! Sheets of an Excel workbook, cell by cell. What it unpacks to is measured before it is read: a few bytes can be
//! gigabytes.

use super::{Given, Row, bad_file, unique_name};
use crate::files::excel_seconds;
use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, Xlsx, XlsxError};
use kernel_core::{Code, Error, Result};
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

/// Bytes of the unpacked workbook; of its shared texts, which are held in memory; parts of it.
const MAX_UNPACKED: u64 = 1 << 30;
const MAX_SHARED: u64 = 256 << 20;
const MAX_PARTS: usize = 10_000;
/// Rows among which the heading is looked for.
const HEADING_WITHIN: usize = 25;

fn unreadable(error: &XlsxError) -> Error {
    match error {
        XlsxError::Password => bad_file("The workbook has a password. Save it without one."),
        other => bad_file(format!("The workbook can't be read: {other}.")),
    }
}

fn open(path: &Path) -> Result<Xlsx<BufReader<File>>> {
    let file = File::open(path).map_err(Error::internal)?;
    calamine::open_workbook_from_rs(BufReader::new(file)).map_err(|error| unreadable(&error))
}

/// The names of the sheets that people see, in their order. Measures the workbook first.
///
/// # Errors
/// `unpacks_too_large`, `bad_file`.
pub(in super::super) fn sheets(path: &Path) -> Result<Vec<String>> {
    measure(path, MAX_UNPACKED, MAX_SHARED)?;
    let book = open(path)?;
    let seen = book.sheets_metadata().iter().filter(|sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == calamine::SheetVisible::Visible
    });
    let names: Vec<String> = seen.map(|sheet| sheet.name.clone()).collect();
    if names.is_empty() { Err(bad_file("The workbook has no sheet with cells.")) } else { Ok(names) }
}

/// Unpacks everything into nothing: sizes that the file states itself may be lies.
fn measure(path: &Path, most: u64, most_shared: u64) -> Result<()> {
    let file = File::open(path).map_err(Error::internal)?;
    let damaged = || bad_file("The workbook is damaged.");
    let mut parts = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| damaged())?;
    let too_large = |limit: u64| {
        let detail = format!("Unpacked, the workbook is larger than {} MB.", limit >> 20);
        Error::new(Code::UnpacksTooLarge).detail(detail)
    };
    if parts.len() > MAX_PARTS {
        return Err(bad_file("The workbook has too many parts."));
    }
    let mut left = most;
    for index in 0..parts.len() {
        let part = parts.by_index(index).map_err(|_| damaged())?;
        let shared = part.name().is_ok_and(|name| name.ends_with("sharedStrings.xml"));
        let limit = if shared { left.min(most_shared) } else { left };
        let bytes = io::copy(&mut part.take(limit + 1), &mut io::sink()).map_err(|_| damaged())?;
        if bytes > limit {
            return Err(too_large(if limit < left { most_shared } else { most }));
        }
        left -= bytes;
    }
    Ok(())
}

/// Cells that are not empty, by column.
type Cells = Vec<(u32, Given)>;

/// Gives every row of a sheet that has a value, with its number from 1.
fn raw_rows(
    path: &Path,
    sheet: Option<&str>,
    take: &mut dyn FnMut(u32, Cells) -> Result<bool>,
) -> Result<()> {
    let mut book = open(path)?;
    let name = sheet.map(str::to_owned).or_else(|| book.sheet_names().first().cloned());
    let name = name.ok_or_else(|| bad_file("The workbook has no sheet with cells."))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| unreadable(&error))?;
    let (mut row, mut held) = (0, Cells::new());
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        let (at, column) = cell.get_position();
        if at != row {
            if !held.is_empty() && !take(row + 1, std::mem::take(&mut held))? {
                return Ok(());
            }
            row = at;
        }
        let given = given(cell.get_value());
        if !given.is_empty() {
            held.push((column, given));
        }
    }
    if !held.is_empty() {
        take(row + 1, held)?;
    }
    Ok(())
}

fn given(value: &DataRef<'_>) -> Given {
    match value {
        DataRef::Empty => Given::Empty,
        DataRef::Int(number) => Given::Number(*number as f64),
        DataRef::Float(number) => Given::Number(*number),
        DataRef::String(text) => Given::Text(text.clone()),
        DataRef::SharedString(text) => Given::Text((*text).to_owned()),
        DataRef::Bool(flag) => Given::Bool(*flag),
        DataRef::DateTime(at) => moment(at),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Given::Text(text.clone()),
        DataRef::Error(error) => Given::Text(error.to_string()),
    }
}

/// A number that is shown as a day, a moment, a time of the day or a length of time.
fn moment(at: &ExcelDateTime) -> Given {
    let serial = at.as_f64();
    if at.is_duration() || (0.0..1.0).contains(&serial) {
        return Given::Seconds(excel_seconds(serial));
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if serial.fract() == 0.0 {
        Given::Day(date)
    } else {
        Given::Moment(format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"))
    }
}

/// Where the heading is: its row, its first column, and names.
struct Heading {
    row: u32,
    first: u32,
    names: Vec<String>,
}

/// The first row that has more than half as many values as the fullest of the first rows: titles above it have fewer.
fn find_heading(path: &Path, sheet: Option<&str>) -> Result<Heading> {
    let mut first: Vec<(u32, Cells)> = Vec::new();
    raw_rows(path, sheet, &mut |row, cells| {
        first.push((row, cells));
        Ok(first.len() < HEADING_WITHIN)
    })?;
    let fullest = first.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let found = first.into_iter().find(|(_, cells)| cells.len() * 2 > fullest);
    let (row, cells) = found.ok_or_else(|| bad_file("The sheet is empty."))?;
    let (from, to) = (cells[0].0, cells.last().map_or(0, |(column, _)| *column));
    let mut names: Vec<String> = Vec::new();
    for column in from..=to {
        let cell = cells.iter().find(|(at, _)| *at == column);
        let text = cell.map(|(_, given)| given.text()).unwrap_or_default();
        names.push(unique_name(text.trim(), names.len(), &names));
    }
    Ok(Heading { row, first: from, names })
}

/// The columns' names.
///
/// # Errors
/// `bad_file`.
pub(super) fn heading(path: &Path, sheet: Option<&str>) -> Result<Vec<String>> {
    Ok(find_heading(path, sheet)?.names)
}

/// The rows under the heading that have a value.
///
/// # Errors
/// `bad_file`; what `take` says.
pub(super) fn rows(
    path: &Path,
    sheet: Option<&str>,
    take: &mut dyn FnMut(Row) -> Result<bool>,
) -> Result<()> {
    let heading = find_heading(path, sheet)?;
    raw_rows(path, sheet, &mut |row, cells| {
        if row <= heading.row {
            return Ok(true);
        }
        let mut out = vec![Given::Empty; heading.names.len()];
        let mut outside = None;
        for (column, given) in cells {
            let at = column.checked_sub(heading.first).and_then(|at| out.get_mut(at as usize));
            match at {
                Some(place) => *place = given,
                None => outside = Some(given.text()),
            }
        }
        let cells = match outside {
            None => Ok(out),
            Some(text) => {
                let text: String = text.chars().take(40).collect();
                Err(format!("has a value outside the columns of the heading: {text}"))
            }
        };
        take(Row { line: row.into(), cells })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{Format, Workbook};

    fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        book.save(file.path()).unwrap();
        file
    }

    #[test]
    fn a_title_is_no_heading_and_cells_keep_their_types() {
        let file = book(|sheet| {
            sheet.write_string(0, 0, "Report of 2026").unwrap();
            for (column, name) in (1..).zip(["Name", "Count", "", "Day"]) {
                sheet.write_string(2, column, name).unwrap();
            }
            sheet.write_string(3, 1, "a").unwrap();
            sheet.write_number(3, 2, 1.5).unwrap();
            sheet.write_boolean(3, 3, true).unwrap();
            let day = Format::new().set_num_format("yyyy-mm-dd");
            sheet.write_number_with_format(3, 4, 46_347.0, &day).unwrap();
            sheet.write_string(5, 1, "b").unwrap();
            sheet.write_string(5, 9, "note").unwrap();
        });
        assert_eq!(sheets(file.path()).unwrap(), ["Sheet1"]);
        assert_eq!(heading(file.path(), None).unwrap(), ["Name", "Count", "Column 3", "Day"]);
        let mut seen = Vec::new();
        rows(file.path(), None, &mut |row| {
            seen.push((row.line, row.cells));
            Ok(true)
        })
        .unwrap();
        let first = vec![
            Given::Text("a".into()),
            Given::Number(1.5),
            Given::Bool(true),
            Given::Day("2026-11-21".into()),
        ];
        assert_eq!(seen[0], (4, Ok(first)));
        assert_eq!(seen[1].0, 6);
        assert!(seen[1].1.is_err());
    }

    #[test]
    fn a_workbook_that_unpacks_to_more_than_it_may_is_refused() {
        let file = book(|sheet| {
            for row in 0..2_000 {
                sheet.write_string(row, 0, "the same again and again").unwrap();
            }
        });
        assert!(measure(file.path(), MAX_UNPACKED, MAX_SHARED).is_ok());
        let code = |most, shared| measure(file.path(), most, shared).unwrap_err().code();
        assert_eq!(code(10_000, MAX_SHARED), Code::UnpacksTooLarge);
        assert_eq!(code(MAX_UNPACKED, 10), Code::UnpacksTooLarge);
        std::fs::write(file.path(), b"PK\x03\x04 nothing").unwrap();
        assert_eq!(sheets(file.path()).unwrap_err().code(), Code::BadFile);
    }
}
