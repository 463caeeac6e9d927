//! What a program runs on: rows and columns, the context, the budget; and the conversions between types.

use crate::check::{FieldKey, RecordPart};
use crate::column::Column;
use crate::functions;
use crate::locale::{LOCALES, Locale, find};
use crate::time;
use crate::types::{Conversion, Type};
use crate::value::{CellError, ErrorKind, Value};
use jiff::tz::TimeZone;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Most bytes of text and lists that the steps of one row may make together.
pub const MAX_ROW_BYTES: usize = 16 << 20;

/// A cell as a row may lend it: no text is copied.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Blank.
    Null,
    /// Text; also the name of a select option.
    Text(&'a str),
    /// A finite double.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// Anything, as [`Row::get`] gives it.
    Value(Value),
}

/// One record's cells.
pub trait Row {
    /// The field's value, of the type that the scope declares, or blank.
    fn get(&self, field: FieldKey) -> Value;
    /// The same without a copy, for comparisons and tests that only look at it.
    fn cell(&self, field: FieldKey) -> Cell<'_> {
        Cell::Value(self.get(field))
    }
    /// A part of the record itself, of the type that [`RecordPart::ty`] says, or blank. Asked only where the scope
    /// has a record ([`crate::Scope::with_record`]).
    fn record(&self, part: &RecordPart) -> Value {
        let _ = part;
        Value::Null
    }
}

/// Many records' cells.
pub trait Columns {
    /// Number of rows.
    fn len(&self) -> usize;
    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The field's values, [`Columns::len`] of them, of the type that the scope declares.
    fn column(&self, field: FieldKey) -> Column;
    /// A part of each record, as [`Row::record`].
    fn record(&self, part: &RecordPart) -> Column {
        let _ = part;
        Column::constant(Value::Null, self.len())
    }
}

/// What a program may know besides its row.
#[derive(Debug)]
pub struct EvalContext {
    /// Now, in microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// What it may cost.
    pub budget: Budget,
    locale: &'static Locale,
}

impl EvalContext {
    /// With the default budget and English names of months and days.
    #[must_use]
    pub fn new(now: i64, zone: TimeZone) -> Self {
        Self { now, zone, budget: Budget::default(), locale: &LOCALES[0] }
    }
    /// With names of months and days in a language, as in `de` or `de-CH`; an unknown one is English.
    #[must_use]
    pub fn with_language(self, code: &str) -> Self {
        Self { locale: find(code).unwrap_or(&LOCALES[0]), ..self }
    }
    pub(crate) fn locale(&self) -> &'static Locale {
        self.locale
    }
}

/// What remains to be spent; shared by all programs that run with the same context. When it is used up, results are
/// `ErrorKind::Budget`.
#[derive(Debug)]
pub struct Budget {
    steps: AtomicU64,
    bytes: AtomicU64,
}

impl Budget {
    /// `steps`: one for each node and row, and for each 64 bytes of text that a step makes. `bytes`: of text that
    /// columns keep.
    #[must_use]
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: AtomicU64::new(steps), bytes: AtomicU64::new(bytes) }
    }
    pub(crate) fn spend(&self, steps: usize) -> bool {
        take(&self.steps, steps)
    }
    pub(crate) fn keep(&self, bytes: usize) -> bool {
        take(&self.bytes, bytes)
    }
    /// Up to `steps` in advance; what is not used comes back by [`Budget::refund`].
    pub(crate) fn reserve(&self, steps: usize) -> usize {
        let mut got = 0;
        let _ = self.steps.fetch_update(Relaxed, Relaxed, |left| {
            got = left.min(steps as u64);
            Some(left - got)
        });
        usize::try_from(got).unwrap_or(0)
    }
    pub(crate) fn refund(&self, steps: usize) {
        self.steps.fetch_add(steps as u64, Relaxed);
    }
}

/// 1,000,000,000 steps and 256 MiB.
impl Default for Budget {
    fn default() -> Self {
        Self::new(1_000_000_000, 256 << 20)
    }
}

fn take(from: &AtomicU64, amount: usize) -> bool {
    let amount = amount as u64;
    if from.load(Relaxed) < amount {
        from.store(0, Relaxed);
        return false;
    }
    // Two threads may both pass the check; the budget then ends at 0, not far below it.
    let _ = from.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(amount)));
    true
}

/// What a value weighs besides its own place.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len() * size_of::<Value>(),
        _ => 0,
    }
}

/// A field's value as the scope declares it, or an error of kind `Type`.
pub(crate) fn conform(value: Value, ty: Type, node: u32) -> Value {
    let fits = match (&value, ty) {
        (Value::Null | Value::Error(_), _) => true,
        (Value::Number(number), Type::Number | Type::Any) => number.is_finite(),
        (Value::List(items), Type::Links | Type::List | Type::Any) => {
            items.iter().all(|item| !matches!(item, Value::Error(_)))
        }
        (Value::Text(_), Type::Text | Type::Option)
        | (Value::Bool(_), Type::Bool)
        | (Value::Date(_), Type::Date)
        | (Value::DateTime(_), Type::DateTime)
        | (_, Type::Any) => true,
        _ => false,
    };
    if fits { value } else { Value::Error(CellError { kind: ErrorKind::Type, node }) }
}

/// Runs a conversion of the table. Blank stays blank, except that it is not true.
pub(crate) fn convert(value: &Value, how: Conversion, ctx: &EvalContext, node: u32) -> Value {
    let failed = |kind| Value::Error(CellError { kind, node });
    let result = match (how, value) {
        (_, Value::Error(_)) => return value.clone(),
        (Conversion::ToBool, _) => return Value::Bool(value.is_true()),
        (_, Value::Null) => return Value::Null,

        (Conversion::ToText, Value::Text(_)) => return value.clone(),
        (Conversion::ToText, _) => functions::text_value(value.to_string()),

        (Conversion::ToNumber, Value::Number(_)) => return value.clone(),
        (Conversion::ToNumber, Value::Bool(value)) => Ok(Value::Number(f64::from(u8::from(*value)))),
        (Conversion::ToNumber, Value::Text(text)) => {
            functions::number::parse(text).map(Value::Number).ok_or(ErrorKind::Convert)
        }

        (Conversion::ToDate, Value::Date(_)) => return value.clone(),
        (Conversion::ToDate, Value::DateTime(micros)) => {
            time::local(*micros, &ctx.zone).map(|at| Value::Date(time::days(at.date())))
        }
        (Conversion::ToDate, Value::Text(text)) => match time::parse_date(text) {
            Some(days) => Ok(Value::Date(days)),
            None => time::parse_date_time(text, &ctx.zone)
                .ok_or(ErrorKind::Convert)
                .and_then(|micros| time::local(micros, &ctx.zone))
                .map(|at| Value::Date(time::days(at.date()))),
        },

        (Conversion::ToDateTime, Value::DateTime(_)) => return value.clone(),
        (Conversion::ToDateTime, Value::Date(days)) => time::midnight(*days, &ctx.zone).map(Value::DateTime),
        (Conversion::ToDateTime, Value::Text(text)) => {
            time::parse_date_time(text, &ctx.zone).map(Value::DateTime).ok_or(ErrorKind::Convert)
        }

        (Conversion::ToList, Value::List(_)) => return value.clone(),
        (Conversion::ToList, _) => Ok(Value::list(vec![value.clone()])),

        // Only a field of type `Any` gets here: a number that should be a date, a list that should be a number.
        (Conversion::ToNumber | Conversion::ToDate | Conversion::ToDateTime, _) => Err(ErrorKind::Convert),
    };
    result.unwrap_or_else(failed)
}
