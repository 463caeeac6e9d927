//! Values of one expression for many rows: one constant, or a typed vector with nulls, and the few errors apart.

use crate::types::Type;
use crate::value::{CellError, ErrorKind, Value};
use std::sync::Arc;

/// Which rows are blank; allocates nothing while none is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Nulls(Vec<u64>);

impl Nulls {
    /// No row is blank.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
    /// Marks a row as blank.
    pub fn set(&mut self, row: usize) {
        let word = row / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (row % 64);
    }
    /// Blank where either is.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        let mut out = long.clone();
        out.0.iter_mut().zip(&short.0).for_each(|(word, more)| *word |= more);
        out
    }
    /// Whether the row is blank.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

/// The cells of a column, without nulls and errors (whose place holds any value).
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnData {
    /// The same value in every row.
    Const(Value),
    /// Texts and option names.
    Text(Vec<Arc<str>>),
    /// Finite numbers.
    Number(Vec<f64>),
    /// Checkboxes.
    Bool(Vec<bool>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    DateTime(Vec<i64>),
    /// Anything, lists among it; holds nulls and errors itself.
    Any(Vec<Value>),
}

/// A column of `len` rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    len: usize,
    data: ColumnData,
    nulls: Nulls,
    /// By row, ascending.
    errors: Vec<(u32, CellError)>,
}

impl Column {
    /// The same value in `len` rows.
    #[must_use]
    pub fn constant(value: Value, len: usize) -> Self {
        Self { len, data: ColumnData::Const(value), nulls: Nulls::none(), errors: Vec::new() }
    }
    /// From a vector; the rows in `nulls` are blank whatever the vector holds there.
    #[must_use]
    pub fn new(data: ColumnData, nulls: Nulls) -> Option<Self> {
        let len = match &data {
            ColumnData::Const(_) => return None,
            ColumnData::Text(v) => v.len(),
            ColumnData::Number(v) => v.len(),
            ColumnData::Bool(v) => v.len(),
            ColumnData::Date(v) => v.len(),
            ColumnData::DateTime(v) => v.len(),
            ColumnData::Any(v) => v.len(),
        };
        Some(Self { len, data, nulls, errors: Vec::new() })
    }
    /// From its parts; `errors` by row, ascending.
    pub(crate) fn of(data: ColumnData, nulls: Nulls, errors: Vec<(u32, CellError)>, len: usize) -> Self {
        Self { len, data, nulls, errors }
    }
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The vector behind it.
    #[must_use]
    pub fn data(&self) -> &ColumnData {
        &self.data
    }
    /// Which rows are blank.
    #[must_use]
    pub fn nulls(&self) -> &Nulls {
        &self.nulls
    }
    /// Rows with errors, ascending. (A `Const` or `Any` column holds its errors itself.)
    #[must_use]
    pub fn errors(&self) -> &[(u32, CellError)] {
        &self.errors
    }
    /// The value if it is the same in all rows.
    #[must_use]
    pub fn as_const(&self) -> Option<&Value> {
        match &self.data {
            ColumnData::Const(value) => Some(value),
            _ => None,
        }
    }
    /// The value of a row; blank beyond the end.
    #[must_use]
    pub fn get(&self, row: usize) -> Value {
        if row >= self.len || self.nulls.is_null(row) {
            return Value::Null;
        }
        if !self.errors.is_empty() {
            let key = u32::try_from(row).unwrap_or(u32::MAX);
            if let Ok(at) = self.errors.binary_search_by_key(&key, |(row, _)| *row) {
                return Value::Error(self.errors[at].1);
            }
        }
        match &self.data {
            ColumnData::Const(value) => value.clone(),
            ColumnData::Text(v) => Value::Text(v[row].clone()),
            ColumnData::Number(v) => Value::Number(v[row]),
            ColumnData::Bool(v) => Value::Bool(v[row]),
            ColumnData::Date(v) => Value::Date(v[row]),
            ColumnData::DateTime(v) => Value::DateTime(v[row]),
            ColumnData::Any(v) => v[row].clone(),
        }
    }
    /// Rows in which it is `TRUE`: those that a filter keeps.
    pub fn true_rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len).filter(|row| self.get(*row) == Value::Bool(true))
    }
    /// Whether the vector is the one that holds `ty`.
    pub(crate) fn holds(&self, ty: Type) -> bool {
        match &self.data {
            ColumnData::Const(_) | ColumnData::Any(_) => false,
            ColumnData::Text(_) => matches!(ty, Type::Text | Type::Option | Type::Any),
            ColumnData::Number(v) => {
                matches!(ty, Type::Number | Type::Any) && v.iter().all(|n| n.is_finite())
            }
            ColumnData::Bool(_) => matches!(ty, Type::Bool | Type::Any),
            ColumnData::Date(_) => matches!(ty, Type::Date | Type::Any),
            ColumnData::DateTime(_) => matches!(ty, Type::DateTime | Type::Any),
        }
    }
}

/// Builds a column of one type value by value.
#[derive(Debug)]
pub struct ColumnBuilder {
    data: ColumnData,
    nulls: Nulls,
    errors: Vec<(u32, CellError)>,
    len: usize,
    node: u32,
}

impl ColumnBuilder {
    /// For values of `ty`; `node` is where a value of another type is reported as an error.
    #[must_use]
    pub fn new(ty: Type, capacity: usize, node: u32) -> Self {
        let data = match ty {
            Type::Text | Type::Option => ColumnData::Text(Vec::with_capacity(capacity)),
            Type::Number => ColumnData::Number(Vec::with_capacity(capacity)),
            Type::Bool => ColumnData::Bool(Vec::with_capacity(capacity)),
            Type::Date => ColumnData::Date(Vec::with_capacity(capacity)),
            Type::DateTime => ColumnData::DateTime(Vec::with_capacity(capacity)),
            Type::Null | Type::Any | Type::Links | Type::List => {
                ColumnData::Any(Vec::with_capacity(capacity))
            }
        };
        Self { data, nulls: Nulls::none(), errors: Vec::new(), len: 0, node }
    }

    /// Adds the next row.
    pub fn push(&mut self, value: Value) {
        match (&mut self.data, value) {
            (ColumnData::Any(v), value) => v.push(value),
            (ColumnData::Text(v), Value::Text(text)) => v.push(text),
            (ColumnData::Number(v), Value::Number(number)) => v.push(number),
            (ColumnData::Bool(v), Value::Bool(value)) => v.push(value),
            (ColumnData::Date(v), Value::Date(days)) => v.push(days),
            (ColumnData::DateTime(v), Value::DateTime(micros)) => v.push(micros),
            (_, Value::Null) => {
                self.nulls.set(self.len);
                self.fill();
            }
            (_, Value::Error(error)) => self.fail(error),
            _ => self.fail(CellError { kind: ErrorKind::Type, node: self.node }),
        }
        self.len += 1;
    }

    fn fail(&mut self, error: CellError) {
        self.errors.push((u32::try_from(self.len).unwrap_or(u32::MAX), error));
        self.fill();
    }

    fn fill(&mut self) {
        match &mut self.data {
            ColumnData::Const(_) => {}
            ColumnData::Text(v) => v.push(Arc::from("")),
            ColumnData::Number(v) => v.push(0.0),
            ColumnData::Bool(v) => v.push(false),
            ColumnData::Date(v) => v.push(0),
            ColumnData::DateTime(v) => v.push(0),
            ColumnData::Any(v) => v.push(Value::Null),
        }
    }

    /// The column.
    #[must_use]
    pub fn finish(self) -> Column {
        Column { len: self.len, data: self.data, nulls: self.nulls, errors: self.errors }
    }
}
