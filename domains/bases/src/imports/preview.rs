//! Looks at an uploaded file: what it is, columns, guessed types, first rows, how many rows there are.

use super::detect::{Column, ColumnType, guess_locale};
use super::format::{FileKind, Format, Reading};
use super::{ColumnPreview, source};
use engine_base::schema::MAX_ROWS;
use kernel_core::{Code, Error, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Rows that types are guessed from.
const SAMPLE_ROWS: u64 = 5_000;
/// Rows shown.
const SHOWN_ROWS: usize = 20;
/// Characters of a shown value.
const SHOWN_CHARS: usize = 1_000;
/// Values shown of a column, and their length in characters.
const SAMPLES: usize = 3;
const SAMPLE_CHARS: usize = 60;
/// Values that one import takes.
const MAX_CELLS: u64 = 100_000_000;

/// What was found.
#[derive(Debug)]
pub(super) struct Preview {
    pub(super) format: Format,
    /// The sheets of a workbook.
    pub(super) sheets: Vec<String>,
    pub(super) columns: Vec<ColumnPreview>,
    pub(super) rows: Vec<Vec<String>>,
    /// Rows of the file without the header, bad ones included.
    pub(super) total: u64,
}

/// Reads the whole file once.
///
/// # Errors
/// `bad_csv` with the line, `bad_file`; `too_many_rows`, `too_many_columns`, `too_many_cells`, `unpacks_too_large`.
pub(super) fn preview(path: &Path, reading: &Reading) -> Result<Preview> {
    let mut format = Format::of(path, reading)?;
    let sheets = if format.kind == FileKind::Xlsx { source::sheets(path)? } else { Vec::new() };
    let names = source::heading(path, &format)?;
    let mut seen: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut samples: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut shown = Vec::new();
    let mut total = 0;
    source::rows(path, &format, &names, &mut |row| {
        total += 1;
        within(total, names.len(), (MAX_ROWS as u64, MAX_CELLS))?;
        let Ok(cells) = row.cells else { return Ok(true) };
        if total > SAMPLE_ROWS {
            return Ok(true);
        }
        for ((column, samples), cell) in seen.iter_mut().zip(&mut samples).zip(&cells) {
            column.see(cell);
            if samples.len() < SAMPLES {
                let text = cell.text();
                if !text.trim().is_empty() {
                    samples.push(text.chars().take(SAMPLE_CHARS).collect());
                }
            }
        }
        if shown.len() < SHOWN_ROWS {
            shown.push(cells.iter().map(|cell| cell.text().chars().take(SHOWN_CHARS).collect()).collect());
        }
        Ok(true)
    })?;
    let (dates, numbers) = guess_locale(&seen, format.delimiter);
    format.dates = reading.dates.unwrap_or(dates);
    format.numbers = reading.numbers.unwrap_or(numbers);
    let columns = names.into_iter().zip(seen).zip(samples).map(|((name, seen), samples)| {
        let kind = seen.guess(format.dates, format.numbers);
        let precision = if kind == ColumnType::Number { seen.precision(format.numbers) } else { None };
        let unique = seen.unique();
        ColumnPreview { name, kind, precision, samples, unique }
    });
    let columns = columns.collect();
    Ok(Preview { format, sheets, columns, rows: shown, total })
}

/// Whether so many rows and values are taken.
fn within(rows: u64, columns: usize, (most_rows, most_cells): (u64, u64)) -> Result<()> {
    if rows > most_rows {
        let detail = format!("The file has more than {most_rows} rows, the most that a table has.");
        return Err(Error::new(Code::TooManyRows).detail(detail));
    }
    if rows * columns as u64 > most_cells {
        let detail = format!("The file has more than {most_cells} values; import it in parts.");
        return Err(Error::new(Code::TooManyCells).detail(detail));
    }
    Ok(())
}

/// The different values of some columns, in the order of their first occurrence, each list at most `most` long. Values that
/// are lists of names are taken apart.
///
/// # Errors
/// As [`source::rows`].
pub(super) fn distinct(
    path: &Path,
    format: &Format,
    names: &[String],
    columns: &[(usize, bool)],
    most: usize,
) -> Result<Vec<Vec<String>>> {
    let mut known: Vec<BTreeSet<String>> = vec![BTreeSet::new(); columns.len()];
    let mut lists: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    source::rows(path, format, names, &mut |row| {
        let Ok(cells) = row.cells else { return Ok(true) };
        for (index, (column, many)) in columns.iter().enumerate() {
            let text = cells.get(*column).map(source::Given::text).unwrap_or_default();
            let values =
                if *many { crate::files::names::split(&text, None) } else { vec![text.trim().to_owned()] };
            for value in values {
                // Choices are told apart without regard to case, as the engine does.
                if !value.is_empty() && lists[index].len() < most && known[index].insert(value.to_lowercase())
                {
                    lists[index].push(value);
                }
            }
        }
        Ok(true)
    })?;
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_apart() {
        for (rows, columns, expected) in
            [(10, 10, None), (11, 1, Some(Code::TooManyRows)), (10, 11, Some(Code::TooManyCells))]
        {
            let code = within(rows, columns, (10, 100)).err().map(|error| error.code());
            assert_eq!(code, expected, "{rows} × {columns}");
        }
    }

    #[test]
    fn files_of_all_kinds_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let utf16: Vec<u8> =
            "\u{feff}Name\tCount\nÄ\t1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, kind, encoding) in [
            ("Name,Count\nÄ,1\n".as_bytes().to_vec(), FileKind::Csv, "utf-8"),
            ("Name\tCount\nÄ\t1\n".as_bytes().to_vec(), FileKind::Tsv, "utf-8"),
            (utf16, FileKind::Tsv, "utf-16le"),
            (b"Name;Count\n\xc4;1\n".to_vec(), FileKind::Csv, "windows-1252"),
            ("[{\"Name\":\"Ä\",\"Count\":1}]".as_bytes().to_vec(), FileKind::Json, "utf-8"),
            ("{\"Name\":\"Ä\",\"Count\":1}\n".as_bytes().to_vec(), FileKind::Ndjson, "utf-8"),
        ] {
            // A name that says something else is not believed.
            let path = folder.path().join("file.xlsx");
            std::fs::write(&path, bytes).unwrap();
            let preview = preview(&path, &Reading::default()).unwrap();
            assert_eq!((preview.format.kind, preview.format.encoding.as_str()), (kind, encoding));
            assert_eq!(preview.rows, [["Ä", "1"]], "{kind:?}");
            assert_eq!(preview.columns[1].kind, ColumnType::Number, "{kind:?}");
        }
        let path = folder.path().join("wide.csv");
        std::fs::write(&path, "a,".repeat(300)).unwrap();
        let code = |reading: &Reading| super::preview(&path, reading).unwrap_err().code();
        assert_eq!(code(&Reading::default()), Code::TooManyColumns);
        std::fs::write(&path, b"GIF89a\0\0\0").unwrap();
        assert_eq!(code(&Reading::default()), Code::BadFile);
        std::fs::write(&path, b"\xD0\xCF\x11\xE0 old").unwrap();
        assert_eq!(code(&Reading::default()), Code::BadFile);
    }
}
