//! CSV and TSV (RFC 4180).

use super::sheets::{Column, Sheet};
use crate::files::locale::{Dates, Numbers};
use crate::files::{formulas, names};
use engine_base::{Base, Cell, FieldKind, Plain, coerce};
use kernel_core::{Error, Result};

/// How the text is written.
pub(super) struct Style {
    pub(super) delimiter: u8,
    /// Whether a byte order mark comes first, by which Excel knows UTF-8.
    pub(super) mark: bool,
    pub(super) dates: Dates,
    pub(super) numbers: Numbers,
}

impl Style {
    /// Rows as text, after a heading if they are the first.
    pub(super) fn rows(&self, sheet: &Sheet, rows: &[Vec<Plain>], first: bool) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(64 << 10);
        if first && self.mark {
            out.extend_from_slice(b"\xEF\xBB\xBF");
        }
        let mut writer = csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(&mut out);
        if first {
            let heading = sheet.columns.iter().map(|column| formulas::escape(&column.name).into_owned());
            writer.write_record(heading.collect::<Vec<_>>()).map_err(Error::internal)?;
        }
        for row in rows {
            for (column, value) in sheet.columns.iter().zip(row) {
                let text = self.text(column, value);
                writer.write_field(formulas::escape(&text).as_bytes()).map_err(Error::internal)?;
            }
            writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
        }
        writer.flush().map_err(Error::internal)?;
        drop(writer);
        Ok(out)
    }

    fn text(&self, column: &Column, value: &Plain) -> String {
        match value {
            Plain::Number(number) => self.numbers.write(&number.to_string()),
            Plain::Day(day) => self.dates.write(day),
            other => text_of(column, other),
        }
    }
}

/// A value as the text that an import reads the same value from.
pub(super) fn text_of(column: &Column, value: &Plain) -> String {
    match value {
        Plain::Empty => String::new(),
        Plain::Text(text) | Plain::Day(text) => text.clone(),
        Plain::Number(number) => number.to_string(),
        Plain::Duration(seconds) => duration(*seconds),
        Plain::Clock(seconds) => Base::clock_text(*seconds),
        Plain::True => "true".to_owned(),
        Plain::Instant(micros) => Base::instant_text(*micros),
        Plain::Names(list) if column.is_single() && list.len() == 1 => list[0].clone(),
        Plain::Names(list) => names::join(list),
    }
}

/// Hours, minutes and seconds; seconds alone where that loses some of their decimals.
pub(super) fn duration(seconds: f64) -> String {
    let text = Base::duration_text(seconds);
    let same = coerce(&FieldKind::Duration, &text).is_ok_and(|cell| cell == Cell::Number(seconds));
    if same { text } else { seconds.to_string() }
}
