//! Excel (ECMA-376): typed cells, a list of the choices under selects, one sheet a table.
//!
//! What a cell of Excel can't hold to the last bit (days before 1900-03-01, moments with microseconds or in the hour that
//! a zone has twice, negative times) is written as text, which an import reads as the same value.

use super::sheets::{Column, Place, Sheets};
use super::text::text_of;
use crate::files::names;
use engine_base::{FieldKind, Plain};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel_core::{Code, Error, Result};
use rust_xlsxwriter::{DataValidation, Format, FormatBorder, Workbook, Worksheet, XlsxError};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

/// Rows of a sheet, the heading included; columns; UTF-16 units of a cell; characters of a list of choices.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: usize = 16_384;
const MAX_CELL: usize = 32_767;
const MAX_LIST: usize = 255;
/// Characters of a sheet's name.
const MAX_SHEET_NAME: usize = 31;
/// 1970-01-01 in days of Excel, and the first day that every program counts the same (1900 is a leap year in Excel).
const EPOCH: i64 = 25_569;
const FIRST_DAY: i64 = 61;
const DAY_MS: i64 = 86_400_000;

fn broken(error: XlsxError) -> Error {
    Error::internal(error)
}

/// The file, at its beginning; it goes when it is closed.
///
/// # Errors
/// `too_many_rows`, `too_many_columns`, `cell_too_long`.
pub(super) fn file(sheets: &Sheets, folder: &Path) -> Result<File> {
    std::fs::create_dir_all(folder).map_err(Error::internal)?;
    let mut book = Workbook::new();
    book.set_tempdir(folder).map_err(broken)?;
    let mut taken = HashSet::new();
    for index in 0..sheets.all.len() {
        let sheet = book.add_worksheet_with_constant_memory().map_err(broken)?;
        sheet.set_name(sheet_name(&sheets.all[index].name, &mut taken)).map_err(broken)?;
        fill(sheets, index, sheet)?;
    }
    if sheets.all.is_empty() {
        book.add_worksheet();
    }
    let mut file = tempfile::tempfile_in(folder).map_err(Error::internal)?;
    book.save_to_writer(&file).map_err(broken)?;
    file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
    Ok(file)
}

/// A name that Excel takes: short, without the marks that references need, unique without regard to case.
fn sheet_name(name: &str, taken: &mut HashSet<String>) -> String {
    let clean: String =
        name.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim().trim_matches('\'').trim();
    // Excel keeps this name for itself.
    let clean = if clean.is_empty() || clean.eq_ignore_ascii_case("history") { "Table" } else { clean };
    let cut = |most: usize| {
        let mut units = 0;
        let fits = |c: &char| {
            units += c.len_utf16();
            units <= most
        };
        clean.chars().take_while(fits).collect::<String>()
    };
    let mut wanted = cut(MAX_SHEET_NAME);
    for number in 2.. {
        if taken.insert(wanted.to_lowercase()) {
            break;
        }
        let suffix = format!(" {number}");
        wanted = format!("{}{suffix}", cut(MAX_SHEET_NAME - suffix.len()));
    }
    wanted
}

fn fill(sheets: &Sheets, index: usize, sheet: &mut Worksheet) -> Result<()> {
    let of = &sheets.all[index];
    if of.columns.len() > MAX_COLUMNS {
        let detail = format!(
            "{} has {} fields; a sheet of Excel has {MAX_COLUMNS} columns.",
            of.name,
            of.columns.len()
        );
        return Err(Error::new(Code::TooManyColumns).detail(detail));
    }
    let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    sheet.set_freeze_panes(1, 0).map_err(broken)?;
    let mut cells = Vec::with_capacity(of.columns.len());
    for (at, column) in (0_u16..).zip(&of.columns) {
        sheet.set_column_width(at, width(column)).map_err(broken)?;
        sheet.write_string_with_format(0, at, &column.name, &heading).map_err(broken)?;
        if let Some(list) = choices(column) {
            sheet.add_data_validation(1, at, MAX_ROWS - 1, at, &list).map_err(broken)?;
        }
        cells.push(Cells { column, format: format(column), zone: zone(&column.kind) });
    }
    let mut place = Place { sheet: index, ..Place::default() };
    let mut row = 1;
    while place.sheet == index {
        for values in sheets.page(&mut place)? {
            if row >= MAX_ROWS {
                let detail = format!(
                    "{} has more rows than a sheet of Excel: {}. Export CSV, or a view with fewer rows.",
                    of.name,
                    MAX_ROWS - 1
                );
                return Err(Error::new(Code::TooManyRows).detail(detail));
            }
            for ((at, cells), value) in (0_u16..).zip(&cells).zip(&values) {
                cells.write(sheet, (row, at), value)?;
            }
            row += 1;
        }
    }
    Ok(())
}

fn width(column: &Column) -> f64 {
    match column.kind {
        FieldKind::LongText | FieldKind::RichText | FieldKind::Json => 48.0,
        FieldKind::DateTime { .. } | FieldKind::CreatedTime { .. } | FieldKind::ModifiedTime { .. } => 19.0,
        FieldKind::Text | FieldKind::Url | FieldKind::Email | FieldKind::Link { .. } => 28.0,
        _ => 14.0,
    }
}

/// A list of choices to pick from, as far as Excel takes it in a cell's own rule.
fn choices(column: &Column) -> Option<DataValidation> {
    let FieldKind::Select { choices } = &column.kind else { return None };
    let names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
    let length = names.iter().map(|name| name.chars().count() + 1).sum::<usize>();
    // A comma parts the list, so that no name may have one.
    if names.is_empty() || length > MAX_LIST || names.iter().any(|name| name.contains(',')) {
        return None;
    }
    // A choice that is not in the list is asked about, not refused: an import makes it.
    let list = DataValidation::new().allow_list_strings(&names).ok()?;
    Some(list.set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning))
}

fn format(column: &Column) -> Option<Format> {
    let decimals = |precision: Option<u8>| match precision.unwrap_or(0) {
        0 => String::new(),
        places => format!(".{}", "0".repeat(places.into())),
    };
    let code = match &column.kind {
        FieldKind::Number { precision: Some(places) } => format!("0{}", decimals(Some(*places))),
        FieldKind::Currency { precision, currency } => {
            let currency = currency.replace(['"', '\\'], "");
            format!("#,##0{} \"{currency}\"", decimals(Some(precision.unwrap_or(2))))
        }
        FieldKind::Percent { precision } => format!("0{}%", decimals(*precision)),
        FieldKind::Duration => "[h]:mm:ss".to_owned(),
        FieldKind::Time => "hh:mm:ss".to_owned(),
        FieldKind::Date => "yyyy-mm-dd".to_owned(),
        FieldKind::DateTime { .. } | FieldKind::CreatedTime { .. } | FieldKind::ModifiedTime { .. } => {
            "yyyy-mm-dd hh:mm:ss".to_owned()
        }
        _ => return None,
    };
    Some(Format::new().set_num_format(code))
}

fn zone(kind: &FieldKind) -> TimeZone {
    let name = match kind {
        FieldKind::DateTime { zone }
        | FieldKind::CreatedTime { zone }
        | FieldKind::ModifiedTime { zone, .. } => zone.as_deref(),
        _ => None,
    };
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// How the values of a column are written.
struct Cells<'a> {
    column: &'a Column,
    format: Option<Format>,
    zone: TimeZone,
}

impl Cells<'_> {
    fn write(&self, sheet: &mut Worksheet, (row, at): (u32, u16), value: &Plain) -> Result<()> {
        let number = match value {
            Plain::Empty if matches!(self.column.kind, FieldKind::Checkbox) => {
                return sheet.write_boolean(row, at, false).map(drop).map_err(broken);
            }
            Plain::Empty => return Ok(()),
            Plain::True => return sheet.write_boolean(row, at, true).map(drop).map_err(broken),
            Plain::Number(number) => Some(*number),
            Plain::Duration(seconds) => part_of_day(*seconds),
            Plain::Clock(seconds) => part_of_day(*seconds),
            Plain::Day(day) => serial_of_day(day),
            Plain::Instant(micros) => serial_of_moment(*micros, &self.zone),
            Plain::Text(_) | Plain::Names(_) => None,
        };
        match (number, &self.format) {
            (Some(number), Some(format)) => sheet.write_number_with_format(row, at, number, format),
            (Some(number), None) => sheet.write_number(row, at, number),
            (None, _) => {
                let text = match value {
                    Plain::Names(list) => names_of(self.column, list),
                    value => text_of(self.column, value),
                };
                if text.len() > MAX_CELL && text.encode_utf16().count() > MAX_CELL {
                    let detail = format!(
                        "A text of {} in row {} is longer than {MAX_CELL} characters, the most that a cell of Excel holds.",
                        self.column.name,
                        row + 1
                    );
                    return Err(Error::new(Code::CellTooLong).detail(detail));
                }
                sheet.write_string(row, at, &text)
            }
        }
        .map(drop)
        .map_err(broken)
    }
}

fn names_of(column: &Column, list: &[String]) -> String {
    match list {
        [one] if column.is_single() => one.clone(),
        list => names::join(list),
    }
}

/// Seconds as a part of a day, if the way back gives the same.
fn part_of_day(seconds: f64) -> Option<f64> {
    let part = seconds / 86_400.0;
    (seconds >= 0.0 && crate::files::excel_seconds(part) == seconds).then_some(part)
}

fn serial_of_day(day: &str) -> Option<f64> {
    let date: jiff::civil::Date = day.parse().ok()?;
    let days = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second().div_euclid(86_400) + EPOCH;
    (days >= FIRST_DAY).then_some(days as f64)
}

fn serial_of_moment(micros: i64, zone: &TimeZone) -> Option<f64> {
    let moment = Timestamp::from_microsecond(micros).ok()?;
    let local = moment.to_zoned(zone.clone()).datetime();
    let back = local.to_zoned(zone.clone()).ok()?.timestamp();
    let ms = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    let days = ms.div_euclid(DAY_MS) + EPOCH;
    let exact = micros % 1_000 == 0 && back == moment && days >= FIRST_DAY;
    exact.then(|| days as f64 + ms.rem_euclid(DAY_MS) as f64 / DAY_MS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets() {
        let mut taken = HashSet::new();
        for (name, expected) in [
            ("Airports", "Airports"),
            ("airports", "airports 2"),
            ("a/b:c", "a b c"),
            ("'", "Table"),
            ("History", "Table 2"),
            ("A very long name of a table that does not fit", "A very long name of a table tha"),
            ("A very long name of a table that does not fit", "A very long name of a table t 2"),
        ] {
            assert_eq!(sheet_name(name, &mut taken), expected);
        }
    }

    #[test]
    fn days_and_moments_of_excel() {
        assert_eq!(serial_of_day("2026-11-21"), Some(46_347.0));
        assert_eq!(serial_of_day("1900-02-28"), None);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(serial_of_moment(at("2026-11-21T11:00:00Z"), &berlin), Some(46_347.5));
        // Half past two twice: the second can't be told from the first.
        assert!(serial_of_moment(at("2026-10-25T00:30:00Z"), &berlin).is_some());
        assert_eq!(serial_of_moment(at("2026-10-25T01:30:00Z"), &berlin), None);
        assert_eq!(serial_of_moment(at("2026-11-21T11:00:00.000001Z"), &berlin), None);
    }
}
