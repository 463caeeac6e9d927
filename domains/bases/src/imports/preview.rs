//! Looks at an uploaded file: separator, columns, guessed types, first rows, how many rows there are.

use super::detect::{Column, ColumnType};
use super::reader::{Rows, guess_delimiter};
use super::{ColumnPreview, Format};
use kernel_core::{Error, Result};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// Rows that types are guessed from.
const SAMPLE_ROWS: u64 = 5_000;
/// Rows shown.
const SHOWN_ROWS: usize = 20;
/// Values shown of a column, and their length in characters.
const SAMPLES: usize = 3;
const SAMPLE_CHARS: usize = 60;
/// Bytes that the separator is guessed from.
const HEAD: usize = 64 << 10;

/// What was found.
#[derive(Debug)]
pub(super) struct Preview {
    pub(super) format: Format,
    pub(super) columns: Vec<ColumnPreview>,
    pub(super) rows: Vec<Vec<String>>,
    /// Rows of the file without the header, bad ones included.
    pub(super) total: u64,
}

/// Reads the whole file once.
///
/// # Errors
/// `bad_csv` with the line.
pub(super) fn preview(path: &Path) -> Result<Preview> {
    let mut head = Vec::with_capacity(HEAD);
    File::open(path)
        .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
        .map_err(Error::internal)?;
    let format = Format { delimiter: guess_delimiter(&head) };
    let mut rows = open(path, format)?;
    let names = rows.header().to_vec();
    let mut seen: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut samples: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut shown = Vec::new();
    let mut total = 0;
    while let Some(row) = rows.next()? {
        total += 1;
        let Ok((cells, _)) = row else { continue };
        if total > SAMPLE_ROWS {
            continue;
        }
        for ((column, samples), cell) in seen.iter_mut().zip(&mut samples).zip(&cells) {
            column.see(cell);
            if samples.len() < SAMPLES && !cell.trim().is_empty() {
                samples.push(cell.chars().take(SAMPLE_CHARS).collect());
            }
        }
        if shown.len() < SHOWN_ROWS {
            shown.push(cells.into_iter().map(str::to_owned).collect());
        }
    }
    let columns = names.into_iter().zip(seen).zip(samples).map(|((name, seen), samples)| {
        let kind = seen.guess();
        let precision = if kind == ColumnType::Number { seen.precision() } else { None };
        let unique = seen.unique();
        ColumnPreview { name, kind, precision, samples, unique }
    });
    Ok(Preview { format, columns: columns.collect(), rows: shown, total })
}

/// The file's rows.
///
/// # Errors
/// `bad_csv`; `internal` when the file is gone.
pub(super) fn open(path: &Path, format: Format) -> Result<Rows<BufReader<File>>> {
    let file = File::open(path).map_err(Error::internal)?;
    Rows::open(BufReader::with_capacity(1 << 17, file), format.delimiter)
}

/// The different values of some columns, in the order of their first occurrence, each list at most `most` long.
///
/// # Errors
/// As [`open`].
pub(super) fn distinct(
    path: &Path,
    format: Format,
    columns: &[usize],
    most: usize,
) -> Result<Vec<Vec<String>>> {
    let mut rows = open(path, format)?;
    let mut known: Vec<BTreeSet<String>> = vec![BTreeSet::new(); columns.len()];
    let mut lists: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    while let Some(row) = rows.next()? {
        let Ok((cells, _)) = row else { continue };
        for (index, column) in columns.iter().enumerate() {
            let value = cells.get(*column).map_or("", |cell| cell.trim());
            if value.is_empty() || lists[index].len() >= most {
                continue;
            }
            // Choices are told apart without regard to case, as the engine does.
            if known[index].insert(value.to_lowercase()) {
                lists[index].push(value.to_owned());
            }
        }
    }
    Ok(lists)
}
