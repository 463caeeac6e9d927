//! Compiled conditions: what is compared has the form of the column, so that a row costs nanoseconds.

use crate::base::Base;
use crate::collate;
use crate::column::ValueRef;
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::rows::Rows;
use crate::schema::same_name;

/// How texts are compared. Needles are folded.
#[derive(Debug)]
pub(super) enum TextTest {
    /// Equal to one of them, without regard to case.
    Is(Vec<String>),
    Contains(String),
    StartsWith(String),
}

impl TextTest {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Is(names) => names.iter().any(|name| same_name(text, name)),
            Self::Contains(needle) => collate::contains(text, needle),
            Self::StartsWith(needle) => collate::starts_with(text, needle),
        }
    }
}

/// A compiled condition.
#[derive(Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    /// Negations are true for empty cells as well.
    Not(Box<Test>),
    /// The cell has a value.
    Filled(FieldNo),
    Text {
        field: FieldNo,
        test: TextTest,
    },
    /// Number within the bounds, each with "bound included".
    Number {
        field: FieldNo,
        low: (f64, bool),
        high: (f64, bool),
    },
    /// Equal to one of them.
    NumberIn {
        field: FieldNo,
        numbers: Vec<f64>,
    },
    /// Day or instant in the half-open range.
    Between {
        field: FieldNo,
        low: i64,
        high: i64,
    },
    /// One of the choices, by id.
    ChoiceIn {
        field: FieldNo,
        ids: Vec<Box<str>>,
    },
    /// Linked to one of the records.
    LinkedTo {
        field: FieldNo,
        rows: Vec<RowNo>,
    },
    /// Linked to a record whose name fits.
    LinkedName {
        field: FieldNo,
        table: TableNo,
        test: TextTest,
    },
}

impl Test {
    pub(super) fn holds(&self, base: &Base, rows: &Rows, slot: Slot, buffer: &mut String) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(base, rows, slot, buffer)),
            Self::Any(tests) => {
                tests.is_empty() || tests.iter().any(|test| test.holds(base, rows, slot, buffer))
            }
            Self::Not(test) => !test.holds(base, rows, slot, buffer),
            Self::Filled(field) => rows.value(*field, slot) != ValueRef::Empty,
            Self::Text { field, test } => match rows.value(*field, slot) {
                ValueRef::Text(text) => test.holds(text),
                _ => false,
            },
            Self::Number { field, low, high } => match rows.value(*field, slot) {
                ValueRef::Number(number) => {
                    (number > low.0 || (low.1 && number == low.0))
                        && (number < high.0 || (high.1 && number == high.0))
                }
                _ => false,
            },
            Self::NumberIn { field, numbers } => match rows.value(*field, slot) {
                ValueRef::Number(number) => numbers.contains(&number),
                _ => false,
            },
            Self::Between { field, low, high } => match rows.value(*field, slot) {
                ValueRef::Day(day) => (*low..*high).contains(&i64::from(day)),
                ValueRef::Instant(micros) => (*low..*high).contains(&micros),
                _ => false,
            },
            Self::ChoiceIn { field, ids } => match rows.value(*field, slot) {
                ValueRef::Choice(id) => ids.iter().any(|one| **one == *id),
                _ => false,
            },
            Self::LinkedTo { field, rows: wanted } => match rows.value(*field, slot) {
                ValueRef::Links(linked) => linked.iter().any(|row| wanted.contains(row)),
                _ => false,
            },
            Self::LinkedName { field, table, test } => match rows.value(*field, slot) {
                ValueRef::Links(linked) => linked.iter().any(|row| {
                    buffer.clear();
                    base.push_name(*table, *row, buffer);
                    test.holds(buffer)
                }),
                _ => false,
            },
        }
    }
}
