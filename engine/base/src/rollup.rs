//! Summaries of the values of linked records (spec row D2, rollup fields).

use crate::schema::{FieldKind, Storage};
use engine_expr::Value;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How many values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Sum of the numbers; 0 without any.
    Sum,
    /// Mean of the numbers.
    Avg,
    /// Smallest number, earliest day or instant.
    Min,
    /// Largest number, latest day or instant.
    Max,
    /// The number in the middle.
    Median,
    /// Product of the numbers.
    Product,
    /// Largest less smallest number.
    Range,
    /// Standard deviation of the numbers as a sample (n − 1).
    Stdev,
    /// Variance of the numbers as a sample (n − 1).
    Variance,
    /// How many values are numbers.
    Numbers,
    /// How many linked records have a value.
    Filled,
    /// How many linked records have none.
    Empty,
    /// How many records are linked.
    All,
    /// How many different values there are.
    Unique,
    /// The values as text, joined by commas.
    Join,
    /// The different values as text, joined by commas.
    JoinUnique,
    /// The values.
    List,
    /// The different values.
    ListUnique,
    /// The first value.
    First,
    /// The last value.
    Last,
    /// Whether all linked records have a true value.
    And,
    /// Whether one has.
    Or,
    /// Whether an odd number of them has.
    Xor,
}

/// The type that values of `kind` have when they come from another record: choices and files are their names.
pub(crate) fn carried(kind: &FieldKind) -> FieldKind {
    match kind {
        FieldKind::Select { .. } | FieldKind::Button { .. } => FieldKind::Text,
        FieldKind::Signature => FieldKind::Text,
        FieldKind::MultiSelect { .. } | FieldKind::Link { .. } | FieldKind::Attachment => {
            FieldKind::List { of: Box::new(FieldKind::Text) }
        }
        FieldKind::User { .. } | FieldKind::CreatedBy | FieldKind::ModifiedBy { .. } => {
            FieldKind::List { of: Box::new(FieldKind::User { many: false }) }
        }
        FieldKind::CreatedTime { zone } | FieldKind::ModifiedTime { zone, .. } => {
            FieldKind::DateTime { zone: zone.clone() }
        }
        FieldKind::Autonumber | FieldKind::Count { .. } => FieldKind::Number { precision: Some(0) },
        other => other.clone(),
    }
}

/// The type of a list of such values.
pub(crate) fn listed(kind: &FieldKind) -> FieldKind {
    match carried(kind) {
        list @ FieldKind::List { .. } => list,
        one => FieldKind::List { of: Box::new(one) },
    }
}

impl Summary {
    /// The type of the result over values of a type; the error is a sentence for people.
    pub(crate) fn result(self, kind: &FieldKind) -> Result<FieldKind, String> {
        let carried = carried(kind);
        let element = match &carried {
            FieldKind::List { of } => (**of).clone(),
            one => one.clone(),
        };
        let storage = element.storage();
        let misfit =
            || Err(format!("The values are of type {}, which has no such summary.", kind.type_name()));
        match self {
            Self::Sum | Self::Avg | Self::Median | Self::Range => match storage {
                Storage::Number => Ok(element),
                _ => misfit(),
            },
            Self::Min | Self::Max => match storage {
                Storage::Number | Storage::Day | Storage::Instant => Ok(element),
                _ => misfit(),
            },
            Self::Product | Self::Stdev | Self::Variance => match storage {
                Storage::Number => Ok(FieldKind::Number { precision: None }),
                _ => misfit(),
            },
            Self::Numbers | Self::Filled | Self::Empty | Self::All | Self::Unique => {
                Ok(FieldKind::Number { precision: Some(0) })
            }
            Self::Join | Self::JoinUnique => Ok(FieldKind::Text),
            Self::List | Self::ListUnique => Ok(listed(kind)),
            // A list of lists is flat, so its first element is one of theirs.
            Self::First | Self::Last => Ok(match element {
                FieldKind::User { .. } => FieldKind::Text,
                element => element,
            }),
            Self::And | Self::Or | Self::Xor => Ok(FieldKind::Checkbox),
        }
    }

    /// The result over the values of `linked` records, of which those without a value are not among `values`.
    pub(crate) fn of(self, values: Vec<Value>, linked: usize, filled: usize) -> Value {
        let numbers = || values.iter().filter_map(number);
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        let count = |n: usize| Value::Number(n as f64);
        match self {
            Self::Sum => finite(total(numbers())),
            Self::Avg => {
                let list: Vec<f64> = numbers().collect();
                if list.is_empty() {
                    Value::Null
                } else {
                    finite(total(list.iter().copied()) / list.len() as f64)
                }
            }
            Self::Min => extreme(&values, true),
            Self::Max => extreme(&values, false),
            Self::Median => {
                let mut list: Vec<f64> = numbers().collect();
                list.sort_unstable_by(f64::total_cmp);
                let half = list.len() / 2;
                match list.len() {
                    0 => Value::Null,
                    n if n % 2 == 1 => Value::Number(list[half]),
                    _ => finite(f64::midpoint(list[half - 1], list[half])),
                }
            }
            Self::Product => match numbers().next() {
                None => Value::Null,
                Some(_) => finite(numbers().product()),
            },
            Self::Range => match (extreme(&values, true), extreme(&values, false)) {
                (Value::Number(low), Value::Number(high)) => finite(high - low),
                _ => Value::Null,
            },
            Self::Stdev | Self::Variance => {
                let list: Vec<f64> = numbers().collect();
                if list.len() < 2 {
                    return Value::Null;
                }
                let mean = mean(&list);
                let squares = list.iter().map(|one| (one - mean) * (one - mean));
                let variance = total(squares) / (list.len() - 1) as f64;
                finite(if self == Self::Stdev { variance.sqrt() } else { variance })
            }
            Self::Numbers => count(numbers().count()),
            Self::Filled => count(filled),
            Self::Empty => count(linked - filled),
            Self::All => count(linked),
            Self::Unique => count(unique(values).len()),
            Self::Join => join(&values),
            Self::JoinUnique => join(&unique(values)),
            Self::List => Value::list(values),
            Self::ListUnique => Value::list(unique(values)),
            Self::First => values.into_iter().next().unwrap_or_default(),
            Self::Last => values.into_iter().next_back().unwrap_or_default(),
            Self::And => Value::Bool(linked > 0 && filled == linked && values.iter().all(Value::is_true)),
            Self::Or => Value::Bool(values.iter().any(Value::is_true)),
            Self::Xor => Value::Bool(values.iter().filter(|value| value.is_true()).count() % 2 == 1),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn total(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sum = crate::aggregate::Sum::default();
    numbers.for_each(|number| sum.add(number));
    sum.total()
}

/// What is no finite number has no value.
fn finite(number: f64) -> Value {
    // −0 and 0 are one.
    if number.is_finite() { Value::Number(number + 0.0) } else { Value::Null }
}

fn extreme(values: &[Value], lowest: bool) -> Value {
    let order = |a: &Value, b: &Value| match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
        _ => Ordering::Equal,
    };
    let ordered = |value: &&Value| matches!(value, Value::Number(_) | Value::Date(_) | Value::DateTime(_));
    let values = values.iter().filter(ordered);
    let best = if lowest { values.min_by(|a, b| order(a, b)) } else { values.max_by(|a, b| order(a, b)) };
    best.cloned().unwrap_or_default()
}

fn unique(values: Vec<Value>) -> Vec<Value> {
    let mut seen = rustc_hash::FxHashSet::default();
    values.into_iter().filter(|value| seen.insert(value.literal())).collect()
}

fn join(values: &[Value]) -> Value {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&value.to_string());
        if text.len() > crate::schema::MAX_LONG_TEXT {
            break;
        }
    }
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        let numbers = || [3.0, 1.0, 2.0, 2.0].into_iter().map(Value::Number).collect::<Vec<_>>();
        for (summary, expected) in [
            (Summary::Sum, "8"),
            (Summary::Avg, "2"),
            (Summary::Min, "1"),
            (Summary::Max, "3"),
            (Summary::Median, "2"),
            (Summary::Product, "12"),
            (Summary::Range, "2"),
            (Summary::Variance, "0.6666666666666666"),
            (Summary::Numbers, "4"),
            (Summary::Filled, "4"),
            (Summary::Empty, "1"),
            (Summary::All, "5"),
            (Summary::Unique, "3"),
            (Summary::Join, "\"3, 1, 2, 2\""),
            (Summary::JoinUnique, "\"3, 1, 2\""),
            (Summary::ListUnique, "[3, 1, 2]"),
            (Summary::First, "3"),
            (Summary::Last, "2"),
            (Summary::And, "FALSE"),
            (Summary::Or, "TRUE"),
            (Summary::Xor, "FALSE"),
        ] {
            assert_eq!(summary.of(numbers(), 5, 4).literal(), expected, "{summary:?}");
        }
        for (summary, expected) in
            [(Summary::Sum, "0"), (Summary::Avg, "BLANK()"), (Summary::Join, "BLANK()"), (Summary::All, "0")]
        {
            assert_eq!(summary.of(Vec::new(), 0, 0).literal(), expected, "{summary:?}");
        }
        let days = vec![Value::Date(20), Value::Date(10)];
        assert_eq!(Summary::Min.of(days.clone(), 2, 2), Value::Date(10));
        assert_eq!(Summary::Max.of(days, 2, 2), Value::Date(20));
    }
}
