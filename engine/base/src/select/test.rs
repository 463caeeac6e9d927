//! Compiled tests: conditions and filters in a form that the columns can answer ([`super::bound`]). Pure data.
//!
//! Invariant: a test is true or false for every row; nothing in it can fail. What may fail (a filter that divides) stays
//! with the evaluator of the expression language.

use crate::collate;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::schema::same_name;

/// How texts are compared.
#[derive(Debug)]
pub(super) enum TextTest {
    /// Equal to one of them, without regard to case. Folded.
    Is(Vec<String>),
    /// Folded.
    Contains(String),
    /// Folded.
    StartsWith(String),
    /// Equal, capitals included.
    Same(Box<str>),
}

impl TextTest {
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Is(names) => names.iter().any(|name| same_name(text, name)),
            Self::Contains(needle) => collate::contains(text, needle),
            Self::StartsWith(needle) => collate::starts_with(text, needle),
            Self::Same(wanted) => *text == **wanted,
        }
    }
}

/// How the ids of a cell and those of a condition must meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// One of the cell's is among them.
    Any,
    /// Each of them is in the cell.
    All,
    /// The cell has these and no others.
    Exactly,
}

impl Among {
    pub(super) fn holds(self, cell: &[Box<str>], ids: &[Box<str>]) -> bool {
        let all = || ids.iter().all(|id| cell.contains(id));
        match self {
            Self::Any => cell.iter().any(|id| ids.contains(id)),
            Self::All => all(),
            Self::Exactly => all() && cell.iter().all(|id| ids.contains(id)),
        }
    }
}

/// A compiled condition.
#[derive(Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    /// True without any.
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
    /// A choice whose name fits; the id stands for the name of one that is gone.
    ChoiceNamed {
        field: FieldNo,
        test: TextTest,
    },
    /// A list of choices or people of which `how` many are among the ids.
    Many {
        field: FieldNo,
        ids: Vec<Box<str>>,
        how: Among,
    },
    /// A list with a choice whose name fits.
    ManyNamed {
        field: FieldNo,
        test: TextTest,
    },
    /// A file of one of the kinds.
    FileOf {
        field: FieldNo,
        kinds: Vec<Box<str>>,
    },
    /// A list of values with one that fits, by what it reads as.
    ListHas {
        field: FieldNo,
        test: TextTest,
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
    /// True for every row.
    pub(super) fn always() -> Self {
        Self::All(Vec::new())
    }

    /// True for no row.
    pub(super) fn never() -> Self {
        Self::Not(Box::new(Self::always()))
    }

    /// Whether a row costs nanoseconds: no names of other records are put together.
    pub(super) fn is_cheap(&self) -> bool {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().all(Self::is_cheap),
            Self::Not(test) => test.is_cheap(),
            Self::LinkedName { .. } | Self::ListHas { .. } => false,
            _ => true,
        }
    }

    /// Narrows `range` to what every row that passes has in this field.
    pub(super) fn narrow(&self, wanted: FieldNo, range: &mut super::Range) {
        match self {
            Self::All(tests) => tests.iter().for_each(|test| test.narrow(wanted, range)),
            Self::Number { field, low, high } if *field == wanted => {
                range.numbers = (range.numbers.0.max(low.0), range.numbers.1.min(high.0));
                range.is_bound = true;
            }
            Self::NumberIn { field, numbers } if *field == wanted => {
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                range.numbers = (range.numbers.0.max(low), range.numbers.1.min(high));
                range.is_bound = true;
            }
            Self::Between { field, low, high } if *field == wanted => {
                range.moments = (range.moments.0.max(*low), range.moments.1.min(*high));
                range.is_bound = true;
            }
            _ => {}
        }
    }
}
