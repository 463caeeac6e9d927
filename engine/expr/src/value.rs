//! Cell values. Invariants: a `Number` is finite and never −0; a `DateTime` and a `Date` lie in the years that the
//! calendar knows (−9999 to 9999); an `Error` never sits inside a `List`. Cloning never copies text or items.

use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Longest text that a function may make, in bytes (100,000 characters of four bytes).
pub const MAX_TEXT_BYTES: usize = 400_000;
/// Longest list that a function may make.
pub const MAX_LIST_ITEMS: usize = 10_000;

/// The value of a cell or of an expression.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Blank.
    #[default]
    Null,
    /// Text; also the name of a select option.
    Text(Arc<str>),
    /// A finite double.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A calendar day: days since 1970-01-01.
    Date(i32),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// Several values; a link field is the list of the linked records' names.
    List(Arc<[Value]>),
    /// What went wrong while calculating.
    Error(CellError),
}

/// An error as the value of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The program's node where it began; [`crate::Program::span`] has its place in the source.
    pub node: u32,
}

/// What can go wrong while a checked program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Division or remainder by zero.
    DivideByZero,
    /// The result is no finite number, or lies outside the calendar.
    OutOfRange,
    /// A text that should be a number or a date is none.
    Convert,
    /// An argument has a value that the function can't use.
    Argument,
    /// A text longer than [`MAX_TEXT_BYTES`].
    TooLong,
    /// A list longer than [`MAX_LIST_ITEMS`].
    TooMany,
    /// A regular expression that can't be read, or is larger than [`crate::MAX_PATTERN_BYTES`] or
    /// [`crate::MAX_PATTERN_MEMORY`] allow.
    Pattern,
    /// `ERROR()`.
    Raised,
    /// The evaluation budget is used up.
    Budget,
    /// A column holds a value of another type than the scope declares; never caused by a checked program alone.
    Type,
}

impl ErrorKind {
    /// Stable name, as API clients see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DivideByZero => "divide_by_zero",
            Self::OutOfRange => "out_of_range",
            Self::Convert => "convert",
            Self::Argument => "argument",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::Pattern => "bad_pattern",
            Self::Raised => "error",
            Self::Budget => "budget",
            Self::Type => "type",
        }
    }
    /// One sentence for people.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::DivideByZero => "A number is divided by zero.",
            Self::OutOfRange => "The result is too large, too small or not defined.",
            Self::Convert => "A text can't be read as a number or a date.",
            Self::Argument => "A function got a value that it can't use.",
            Self::TooLong => "The text would be too long.",
            Self::TooMany => "The list would have too many values.",
            Self::Pattern => "The regular expression can't be read, or is too large.",
            Self::Raised => "The formula says that this is an error.",
            Self::Budget => "The calculation takes too much time or memory.",
            Self::Type => "A field holds a value of another type.",
        }
    }
}

impl Value {
    /// Text from anything that can be shared as one.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// List from anything that can be shared as one.
    #[must_use]
    pub fn list(items: impl Into<Arc<[Value]>>) -> Self {
        Self::List(items.into())
    }

    /// Blank, an empty text or an empty list.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// The truth rules of conditions (see the crate's page). An error is not true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0,
            Self::Date(_) | Self::DateTime(_) => true,
            Self::Text(_) | Self::List(_) => !self.is_blank(),
            Self::Null | Self::Error(_) => false,
        }
    }

    /// The value as a formula would write it, for docs and tests: `"a"`, `1.5`, `TRUE`, `2026-11-21`, `BLANK()`,
    /// `["a", "b"]`, `#divide_by_zero`.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::Null => "BLANK()".to_owned(),
            Self::Text(text) => crate::ast::quote(text),
            Self::Error(error) => format!("#{}", error.kind.as_str()),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::literal).collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.to_string(),
        }
    }
}

/// As `&` and `CONCAT` turn it to text: numbers in the shortest form, `TRUE`/`FALSE`, ISO dates, RFC 3339 instants
/// in UTC, lists with commas, nothing for blank.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => f.write_str(&number_text(*number)),
            Self::Bool(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Date(days) => match crate::time::date(*days) {
                Ok(date) => write!(f, "{date}"),
                Err(_) => write!(f, "{days}"),
            },
            Self::DateTime(micros) => match jiff::Timestamp::from_microsecond(*micros) {
                Ok(instant) => write!(f, "{instant}"),
                Err(_) => write!(f, "{micros}"),
            },
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                Ok(())
            }
            Self::Error(error) => write!(f, "#{}", error.kind.as_str()),
        }
    }
}

/// Shortest text that reads back as the same number; exponents only where digits would run long.
pub(crate) fn number_text(number: f64) -> String {
    let mut text = String::new();
    let size = number.abs();
    let written = if size != 0.0 && !(1e-7..1e21).contains(&size) {
        write!(text, "{number:e}")
    } else {
        write!(text, "{}", number + 0.0) // −0 + 0 = 0
    };
    debug_assert!(written.is_ok());
    text
}
