//! Totals of fields over the rows of a query. Sums are compensated (Neumaier), so that a million prices add up to the cent.

use crate::base::Base;
use crate::column::{Column, ValueRef};
use crate::ids::{FieldNo, RowNo, Slot};
use crate::query::{QueryContext, QueryError, QuerySpec};
use crate::time;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// A total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Number of rows.
    Count,
    /// Rows with a value.
    Filled,
    /// Rows without one.
    Empty,
    /// Different values (text by exact spelling, links by the whole list).
    Unique,
    /// Sum of numbers.
    Sum,
    /// Mean of the numbers.
    Avg,
    /// Smallest number, earliest day or instant.
    Min,
    /// Largest number, latest day or instant.
    Max,
}

/// What an aggregate comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregateValue {
    /// There is nothing to take it of: no value, or the aggregate does not fit the field's type.
    None,
    /// A count.
    Count(usize),
    /// A number.
    Number(f64),
    /// A day or an instant in stored form.
    Text(String),
}

/// A sum that remembers what rounding took (A. Neumaier, 1974).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    pub(crate) fn total(self) -> f64 {
        let total = self.sum + self.lost;
        // Once the sum left the range of numbers, the correction means nothing.
        if total.is_nan() { self.sum } else { total }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Distinct<'a> {
    Text(&'a str),
    Bits(u64),
    Int(i64),
    Ids(&'a [Box<str>]),
    Links(&'a [RowNo]),
    Shown(Vec<String>),
}

impl Base {
    /// The number of rows of the query, and a total for each (field, aggregate), in order. Fields that the table does not
    /// have come to `None`.
    pub fn aggregates(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        wanted: &[(FieldNo, Aggregate)],
    ) -> Result<(usize, Vec<AggregateValue>), Vec<QueryError>> {
        let selection = self.plan(spec, context)?.selection;
        let Some((table, rows)) = self.table_and_rows(spec.table) else { return Ok((0, Vec::new())) };
        let picked = self.pick(&selection, rows);
        let value = |(field, aggregate): &(FieldNo, Aggregate)| match rows.column(*field) {
            Some(column) if table.field(*field).is_some() => {
                total(column, picked.count, || picked.slots(), *aggregate)
            }
            _ => AggregateValue::None,
        };
        // One pass a field: a column after the other is what caches like.
        Ok((picked.count, wanted.iter().map(value).collect()))
    }
}

/// The total of a column over `count` slots.
pub(crate) fn total<I: Iterator<Item = Slot>>(
    column: &Column,
    count: usize,
    slots: impl Fn() -> I,
    aggregate: Aggregate,
) -> AggregateValue {
    let (mut filled, mut numbers, mut sum) = (0usize, 0usize, Sum::default());
    let mut bounds: Option<(f64, f64)> = None;
    let mut span: Option<(i64, i64)> = None;
    let mut is_day = false;
    match aggregate {
        Aggregate::Count => return AggregateValue::Count(count),
        Aggregate::Unique => return AggregateValue::Count(unique(column, slots())),
        _ => {}
    }
    for slot in slots() {
        let value = column.value(slot);
        filled += usize::from(value != ValueRef::Empty);
        match value {
            ValueRef::Number(number) => {
                numbers += 1;
                sum.add(number);
                let (low, high) = bounds.unwrap_or((number, number));
                bounds = Some((low.min(number), high.max(number)));
            }
            ValueRef::Day(_) | ValueRef::Instant(_) => {
                let at = if let ValueRef::Day(day) = value { day.into() } else { 0 };
                let at = if let ValueRef::Instant(micros) = value { micros } else { at };
                is_day = matches!(value, ValueRef::Day(_));
                let (low, high) = span.unwrap_or((at, at));
                span = Some((low.min(at), high.max(at)));
            }
            _ => {}
        }
    }
    let moment = |at: i64| {
        AggregateValue::Text(if is_day { time::day_text(at as i32) } else { time::instant_text(at) })
    };
    let finite = |number: f64| {
        if number.is_finite() { AggregateValue::Number(number) } else { AggregateValue::None }
    };
    match aggregate {
        Aggregate::Filled => AggregateValue::Count(filled),
        Aggregate::Empty => AggregateValue::Count(count - filled),
        Aggregate::Sum if numbers > 0 => finite(sum.total()),
        Aggregate::Avg if numbers > 0 => finite(sum.total() / numbers as f64),
        Aggregate::Min => bounds
            .map(|(low, _)| AggregateValue::Number(low))
            .or_else(|| span.map(|(low, _)| moment(low)))
            .unwrap_or(AggregateValue::None),
        Aggregate::Max => bounds
            .map(|(_, high)| AggregateValue::Number(high))
            .or_else(|| span.map(|(_, high)| moment(high)))
            .unwrap_or(AggregateValue::None),
        Aggregate::Sum | Aggregate::Avg | Aggregate::Count | Aggregate::Unique => AggregateValue::None,
    }
}

fn unique(column: &Column, slots: impl Iterator<Item = Slot>) -> usize {
    let mut seen: FxHashSet<Distinct<'_>> = FxHashSet::default();
    for slot in slots {
        seen.insert(match column.value(slot) {
            ValueRef::Empty => continue,
            ValueRef::Text(text) | ValueRef::Choice(text) => Distinct::Text(text),
            ValueRef::Number(number) => Distinct::Bits(number.to_bits()),
            ValueRef::True => Distinct::Int(1),
            ValueRef::Day(day) => Distinct::Int(day.into()),
            ValueRef::Instant(micros) => Distinct::Int(micros),
            ValueRef::Choices(ids) => Distinct::Ids(ids),
            ValueRef::Links(linked) => Distinct::Links(linked),
            ValueRef::List(values) => {
                Distinct::Shown(values.iter().map(engine_expr::Value::literal).collect())
            }
        });
    }
    seen.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_compensated() {
        let mut sum = Sum::default();
        for value in [1.0, 1e100, 1.0, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.total(), 2.0);
        let mut cents = Sum::default();
        (0..1_000_000).for_each(|_| cents.add(0.1));
        assert_eq!(cents.total(), 100_000.0);
    }
}
