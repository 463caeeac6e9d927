//! A cell as a value for files: with its type, and names in place of ids. What an export writes.

use crate::base::Base;
use crate::column::ValueRef;
use crate::files::FileFacts;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::json::{choice_name, push_value};
use crate::schema::FieldKind;
use crate::time;
use engine_expr::Value;

/// A value of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// No value.
    Empty,
    /// A text, the name of a choice, JSON.
    Text(String),
    /// A number.
    Number(f64),
    /// Seconds, as a length of time.
    Duration(f64),
    /// Seconds since midnight, as a time of the day.
    Clock(f64),
    /// A ticked checkbox.
    True,
    /// `2026-11-21`.
    Day(String),
    /// Microseconds since 1970 UTC.
    Instant(i64),
    /// Names of choices, files (`name (address)`), people (by id) or linked records, texts of a list. A linked record without a name is its id.
    Names(Vec<String>),
}

impl Base {
    /// The value of a cell as an export writes it; Empty also for a record or field that is not there, and for a calculated
    /// value that could not be calculated.
    pub fn plain(&self, table: TableNo, row: RowNo, field: FieldNo) -> Plain {
        let Some((shape, rows)) = self.table_and_rows(table) else { return Plain::Empty };
        let (Some(slot), Some(field)) = (rows.slot(row), shape.field(field)) else { return Plain::Empty };
        if field.outcome.is_some() && rows.error(field.no, slot).is_some() {
            return Plain::Empty;
        }
        let kind = field.value_kind();
        match (rows.value(field.no, slot), field.linked()) {
            (ValueRef::Links(linked), Some(other)) => {
                let name = |row: &RowNo| {
                    let name = self.record_name(other, *row);
                    if name.is_empty() { other.record(*row).to_string() } else { name }
                };
                Plain::Names(linked.iter().map(name).collect())
            }
            (ValueRef::Empty | ValueRef::Links(_), _) => Plain::Empty,
            (ValueRef::True, _) => Plain::True,
            (ValueRef::Number(seconds), _) if matches!(kind, FieldKind::Time) => Plain::Clock(seconds),
            (ValueRef::Number(seconds), _) if matches!(kind, FieldKind::Duration) => Plain::Duration(seconds),
            (ValueRef::Number(number), _) => Plain::Number(number),
            (ValueRef::Text(text), _) => Plain::Text(text.to_owned()),
            (ValueRef::Day(day), _) => Plain::Day(time::day_text(day)),
            (ValueRef::Instant(micros), _) => Plain::Instant(micros),
            (ValueRef::Choice(id), _) => Plain::Text(choice_name(kind, id).unwrap_or(id).to_owned()),
            // As Airtable's files have it: the name, and an address that is good for a while.
            (ValueRef::Choices(files), _) if kind.holds_files() => Plain::Names(
                files
                    .iter()
                    .filter_map(|file| FileFacts::parse(file))
                    .map(|file| self.named(&file))
                    .collect(),
            ),
            (ValueRef::Choices(ids), _) => {
                Plain::Names(ids.iter().map(|id| choice_name(kind, id).unwrap_or(id).to_owned()).collect())
            }
            (ValueRef::List(values), _) => Plain::Names(values.iter().map(Value::to_string).collect()),
        }
    }

    fn named(&self, file: &FileFacts<'_>) -> String {
        match &self.urls {
            Some(urls) => format!("{} ({})", file.name, urls.url(file)),
            None => file.name.to_owned(),
        }
    }

    /// A duration as text, `1:30:00`.
    #[must_use]
    pub fn duration_text(seconds: f64) -> String {
        let mut text = String::new();
        push_value(&FieldKind::Duration, ValueRef::Number(seconds), &mut text);
        text
    }

    /// A time of the day as text, `10:30`.
    #[must_use]
    pub fn clock_text(seconds: f64) -> String {
        time::clock_text(seconds)
    }

    /// An instant as text, `2026-11-21T10:30:00Z`.
    #[must_use]
    pub fn instant_text(micros: i64) -> String {
        time::instant_text(micros)
    }
}
