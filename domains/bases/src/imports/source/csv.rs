//! Reads CSV of any origin, streamed: row length and encoding are checked, bad rows are named and passed over.

use super::{MAX_ROW_BYTES, unique_name};
use crate::files::formulas::unescape;
use kernel_core::{Code, Error, Result};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Reports a row that does not end.
const ROW_TOO_LONG: &str = "row too long";

struct RowGuard<R> {
    inner: R,
    since_row: Rc<Cell<u64>>,
}

impl<R: Read> Read for RowGuard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let since = self.since_row.get() + read as u64;
        // The reader fetches ahead by its buffer, so the bound is a little soft.
        if since > MAX_ROW_BYTES as u64 + (1 << 17) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, ROW_TOO_LONG));
        }
        self.since_row.set(since);
        Ok(read)
    }
}

/// Rows of a CSV file as text.
pub(super) struct Rows<R: Read> {
    csv: csv::Reader<RowGuard<R>>,
    since_row: Rc<Cell<u64>>,
    record: csv::ByteRecord,
    header: Vec<String>,
}

impl<R: Read> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A row's cells and the line it begins at, or why it is left out.
pub(super) type Row<'a> = Result<(Vec<&'a str>, u64), BadRow>;

/// A row that can't be taken; the file goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    /// The line in the file, from 1.
    pub(super) line: u64,
    /// What is wrong with it.
    pub(super) problem: String,
}

impl<R: Read> Rows<R> {
    /// Opens a file whose first row names the columns.
    ///
    /// # Errors
    /// `bad_csv` when the header is missing, not UTF-8.
    pub(super) fn open(input: R, delimiter: u8) -> Result<Self> {
        let since_row = Rc::new(Cell::new(0));
        let guard = RowGuard { inner: input, since_row: Rc::clone(&since_row) };
        let csv = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(guard);
        let mut rows = Self { csv, since_row, record: csv::ByteRecord::new(), header: Vec::new() };
        if !rows.read()? {
            return Err(bad_csv(1, "the file is empty"));
        }
        let mut header = Vec::with_capacity(rows.record.len());
        for (index, cell) in rows.record.iter().enumerate() {
            let cell = if index == 0 { cell.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(cell) } else { cell };
            let name = std::str::from_utf8(cell)
                .map_err(|_| bad_csv(1, "the header is not UTF-8 text; save the file as UTF-8"))?;
            header.push(unique_name(unescape(name.trim()), index, &header));
        }
        rows.header = header;
        Ok(rows)
    }

    /// The columns' names: trimmed, never empty, unique.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next row's cells and line, or why that row is skipped; `None` at the end.
    ///
    /// # Errors
    /// `bad_csv` when the file can't be read on from here.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        if !self.read()? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        if self.record.len() != self.header.len() {
            let problem =
                format!("has {} values where the header has {}", self.record.len(), self.header.len());
            return Ok(Some(Err(BadRow { line, problem })));
        }
        let mut cells = Vec::with_capacity(self.record.len());
        for (index, cell) in self.record.iter().enumerate() {
            match std::str::from_utf8(cell) {
                Ok(text) => cells.push(text),
                Err(_) => {
                    let problem = format!("is not UTF-8 text in column {}", self.header[index]);
                    return Ok(Some(Err(BadRow { line, problem })));
                }
            }
        }
        Ok(Some(Ok((cells, line))))
    }

    fn read(&mut self) -> Result<bool> {
        self.since_row.set(0);
        let more = self.csv.read_byte_record(&mut self.record).map_err(|error| {
            let line = error.position().map_or_else(|| self.csv.position().line(), csv::Position::line);
            if error.to_string().contains(ROW_TOO_LONG) {
                bad_csv(
                    line,
                    &format!("the row is longer than {} MB; is a quote not closed?", MAX_ROW_BYTES >> 20),
                )
            } else {
                bad_csv(line, "the row can't be read").source(error)
            }
        })?;
        Ok(more)
    }
}

/// The separator that makes the widest even table of the first lines.
pub(in super::super) fn guess_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(head);
        let widths: Vec<usize> =
            reader.byte_records().map_while(|row| row.ok()).take(20).map(|row| row.len()).collect();
        let width = widths.first().copied().unwrap_or(0);
        let even = widths.iter().filter(|other| **other == width).count();
        if width > 1 { even * 1000 + width } else { 0 }
    };
    // The first of equals wins, so the order is the preference.
    let mut best = (b',', score(b','));
    for delimiter in [b';', b'\t', b'|'] {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

fn bad_csv(line: u64, problem: &str) -> Error {
    Error::new(Code::BadCsv).detail(format!("Line {line}: {problem}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Result<Vec<String>, u64>> {
        let mut rows = Rows::open(text, b',').unwrap();
        let mut out = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            out.push(
                row.map(|(cells, _)| cells.into_iter().map(str::to_owned).collect()).map_err(|bad| bad.line),
            );
        }
        out
    }

    #[test]
    fn bad_rows_are_named_and_the_rest_is_read() {
        let rows = read(b"a,b\n1,2\n3\n\xff,4\n\"x\ny\",5\n");
        assert_eq!(
            rows,
            [Ok(vec!["1".into(), "2".into()]), Err(3), Err(4), Ok(vec!["x\ny".into(), "5".into()]),]
        );
    }

    #[test]
    fn headers_are_trimmed_filled_and_unique() {
        let rows = Rows::open(&b"\xEF\xBB\xBFName, name ,,Name\n"[..], b',').unwrap();
        assert_eq!(rows.header(), ["Name", "name 2", "Column 3", "Name 3"]);
    }

    #[test]
    fn a_row_that_never_ends_is_an_error_and_not_memory() {
        let endless = io::Cursor::new(b"a,b\n1,\"".to_vec()).chain(io::repeat(b'x').take(50 << 20));
        let mut rows = Rows::open(endless, b',').unwrap();
        let error = rows.next().unwrap_err();
        assert_eq!(error.code(), Code::BadCsv);
        assert!(error.message().contains("quote"), "{error}");
    }

    #[test]
    fn an_empty_file_and_a_foreign_encoding_are_refused() {
        assert_eq!(Rows::open(&b""[..], b',').unwrap_err().code(), Code::BadCsv);
        assert_eq!(Rows::open(&b"\xff\xfea\x00"[..], b',').unwrap_err().code(), Code::BadCsv);
    }

    #[test]
    fn delimiters() {
        for (text, expected) in [
            ("a,b\n1,2", b','),
            ("a;b\n1,5;2", b';'),
            ("a\tb\n1\t2", b'\t'),
            ("a", b','),
            ("a|b|c\n1|2|3", b'|'),
        ] {
            assert_eq!(guess_delimiter(text.as_bytes()), expected, "{text}");
        }
    }
}
