//! From conditions to tests: does the operator fit the type, does the value fit both?

use super::Reads;
use super::test::{Test, TextTest};
use crate::coerce::find_choice;
use crate::collate;
use crate::condition::{Condition, Op};
use crate::ids::{FieldNo, RecordId};
use crate::query::QueryError;
use crate::schema::{Choice, Field, FieldKind, Table};
use crate::time;
use jiff::tz::TimeZone;
use serde_json::Value;

type Compiled = Result<Test, (&'static str, String)>;

/// Compiles a tree; every mistake is reported with its pointer.
pub(super) fn compile(
    table: &Table,
    condition: &Condition,
    reads: &mut Reads,
    errors: &mut Vec<QueryError>,
) -> Option<Test> {
    let known = errors.len();
    let test = node(table, condition, "", reads, errors);
    (errors.len() == known).then_some(test).flatten()
}

fn node(
    table: &Table,
    condition: &Condition,
    pointer: &str,
    reads: &mut Reads,
    errors: &mut Vec<QueryError>,
) -> Option<Test> {
    let mut list = |name: &str, nodes: &[Condition]| -> Option<Vec<Test>> {
        let each = nodes.iter().enumerate();
        let tests: Vec<_> =
            each.map(|(i, one)| node(table, one, &format!("{pointer}/{name}/{i}"), reads, errors)).collect();
        tests.into_iter().collect()
    };
    let fail = |member: &str, code: &str, detail: String| QueryError {
        member: "where",
        pointer: format!("{pointer}/{member}"),
        code: code.to_owned(),
        detail,
        span: None,
    };
    match condition {
        Condition::And(nodes) => list("and", nodes).map(Test::All),
        Condition::Or(nodes) => list("or", nodes).map(Test::Any),
        Condition::Test { field: no, op, value } => {
            let Some(field) = table.field(*no) else {
                errors.push(fail("field", "unknown_field", "There is no such field.".into()));
                return None;
            };
            reads.fields.insert(*no);
            match test(field, *op, value) {
                Ok(test) => {
                    if matches!(field.kind, FieldKind::Link { .. }) {
                        reads.links.insert(*no);
                    }
                    Some(test)
                }
                Err((code, detail)) => {
                    let member = if code == "op_not_for_type" { "op" } else { "value" };
                    errors.push(fail(member, code, format!("{}: {detail}", field.name)));
                    None
                }
            }
        }
    }
}

fn not(test: Test) -> Test {
    Test::Not(Box::new(test))
}

fn op_name(op: Op) -> String {
    serde_json::to_value(op).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn test(field: &Field, op: Op, value: &Value) -> Compiled {
    let no = field.no;
    match op {
        Op::IsEmpty => return Ok(not(Test::Filled(no))),
        Op::IsNotEmpty => return Ok(Test::Filled(no)),
        _ => {}
    }
    // "Is nothing" is how some clients say "is empty".
    if value.is_null() && matches!(op, Op::Is | Op::IsNot) {
        return Ok(if op == Op::Is { not(Test::Filled(no)) } else { Test::Filled(no) });
    }
    match &field.kind {
        FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Url => text(field, op, value),
        FieldKind::Number { .. } => number(field, op, value),
        FieldKind::Checkbox => checkbox(field, op, value),
        FieldKind::Date => range(field, op, value, &|value| {
            let day = i64::from(time::parse_day(value)?);
            Some((day, day + 1))
        }),
        FieldKind::DateTime { zone } => {
            let zone = time::zone(zone.as_deref());
            range(field, op, value, &|value| instants(value, &zone))
        }
        FieldKind::Select { choices } => select(field, choices, op, value),
        FieldKind::Link { .. } => link(field, op, value),
    }
}

fn misfit(field: &Field, op: Op) -> Compiled {
    Err(("op_not_for_type", format!("{} is not for {} fields.", op_name(op), field.kind.type_name())))
}

fn one_text(value: &Value) -> Result<&str, (&'static str, String)> {
    value.as_str().ok_or(("invalid_value", "Expected a text.".to_owned()))
}

fn texts(value: &Value) -> Result<Vec<&str>, (&'static str, String)> {
    let broken = || ("invalid_value", "Expected a list of texts.".to_owned());
    match value {
        Value::Array(list) => list.iter().map(|one| one.as_str().ok_or_else(broken)).collect(),
        Value::String(one) => Ok(vec![one.as_str()]),
        _ => Err(broken()),
    }
}

/// The text test of an operator, and whether it is negated; None if it is not one for texts.
fn text_test(op: Op, value: &Value) -> Result<Option<(TextTest, bool)>, (&'static str, String)> {
    let folded = |text: &str| collate::fold(text);
    let list = |value| texts(value).map(|list| TextTest::Is(list.into_iter().map(folded).collect()));
    Ok(Some(match op {
        Op::Is => (TextTest::Is(vec![folded(one_text(value)?)]), false),
        Op::IsNot => (TextTest::Is(vec![folded(one_text(value)?)]), true),
        Op::Contains => (TextTest::Contains(folded(one_text(value)?)), false),
        Op::DoesNotContain => (TextTest::Contains(folded(one_text(value)?)), true),
        Op::StartsWith => (TextTest::StartsWith(folded(one_text(value)?)), false),
        Op::IsAnyOf => (list(value)?, false),
        Op::IsNoneOf => (list(value)?, true),
        _ => return Ok(None),
    }))
}

fn negated(test: Test, negate: bool) -> Test {
    if negate { not(test) } else { test }
}

fn text(field: &Field, op: Op, value: &Value) -> Compiled {
    // An empty text is how a form says "is empty".
    if matches!((op, value.as_str()), (Op::Is | Op::IsNot, Some(""))) {
        return Ok(negated(Test::Filled(field.no), op == Op::Is));
    }
    match text_test(op, value)? {
        Some((test, negate)) => Ok(negated(Test::Text { field: field.no, test }, negate)),
        None => misfit(field, op),
    }
}

fn number(field: &Field, op: Op, value: &Value) -> Compiled {
    let one = |value: &Value| value.as_f64().ok_or(("invalid_value", "Expected a number.".to_owned()));
    let no = field.no;
    let (all_low, all_high) = ((f64::NEG_INFINITY, true), (f64::INFINITY, true));
    Ok(match op {
        Op::Is => Test::NumberIn { field: no, numbers: vec![one(value)?] },
        Op::IsNot => not(Test::NumberIn { field: no, numbers: vec![one(value)?] }),
        Op::Gt => Test::Number { field: no, low: (one(value)?, false), high: all_high },
        Op::Gte => Test::Number { field: no, low: (one(value)?, true), high: all_high },
        Op::Lt => Test::Number { field: no, low: all_low, high: (one(value)?, false) },
        Op::Lte => Test::Number { field: no, low: all_low, high: (one(value)?, true) },
        Op::IsAnyOf | Op::IsNoneOf => {
            let Value::Array(list) = value else {
                return Err(("invalid_value", "Expected a list of numbers.".into()));
            };
            let numbers = list.iter().map(one).collect::<Result<Vec<f64>, _>>()?;
            negated(Test::NumberIn { field: no, numbers }, op == Op::IsNoneOf)
        }
        _ => return misfit(field, op),
    })
}

fn checkbox(field: &Field, op: Op, value: &Value) -> Compiled {
    let Value::Bool(wanted) = value else { return Err(("invalid_value", "Expected true or false.".into())) };
    match op {
        Op::Is => Ok(negated(Test::Filled(field.no), !wanted)),
        Op::IsNot => Ok(negated(Test::Filled(field.no), *wanted)),
        _ => misfit(field, op),
    }
}

/// Instants that a text means: a whole day of the zone, or one instant.
fn instants(text: &str, zone: &TimeZone) -> Option<(i64, i64)> {
    if let Some(day) = time::parse_day(text) {
        return Some((time::day_start(day, zone)?, time::day_start(day + 1, zone)?));
    }
    let at = time::parse_instant(text).or_else(|| time::parse_local(text, zone))?;
    Some((at, at + 1))
}

fn range(field: &Field, op: Op, value: &Value, read: &dyn Fn(&str) -> Option<(i64, i64)>) -> Compiled {
    let one = |value: &Value| {
        let range = value.as_str().and_then(read);
        range.ok_or(("invalid_value", "Expected a day such as 2026-11-21.".to_owned()))
    };
    let no = field.no;
    let between = |low, high| Test::Between { field: no, low, high };
    Ok(match op {
        Op::Is | Op::On => one(value).map(|(low, high)| between(low, high))?,
        Op::IsNot => not(one(value).map(|(low, high)| between(low, high))?),
        Op::Before | Op::Lt => between(i64::MIN, one(value)?.0),
        Op::Lte => between(i64::MIN, one(value)?.1),
        Op::After | Op::Gt => between(one(value)?.1, i64::MAX),
        Op::Gte => between(one(value)?.0, i64::MAX),
        Op::IsAnyOf | Op::IsNoneOf => {
            let Value::Array(list) = value else {
                return Err(("invalid_value", "Expected a list of days.".into()));
            };
            let ranges = list.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            negated(
                any(ranges.into_iter().map(|(low, high)| between(low, high)).collect()),
                op == Op::IsNoneOf,
            )
        }
        _ => return misfit(field, op),
    })
}

/// At least one of the tests; false without any.
fn any(tests: Vec<Test>) -> Test {
    if tests.is_empty() { not(Test::All(Vec::new())) } else { Test::Any(tests) }
}

fn select(field: &Field, choices: &[Choice], op: Op, value: &Value) -> Compiled {
    let known = |text: &str| {
        let choice = find_choice(choices, text);
        choice
            .map(|choice| choice.id.as_str().into())
            .ok_or_else(|| ("invalid_value", format!("There is no choice {}.", crate::coerce::shown(text))))
    };
    let named = |keep: &dyn Fn(&str) -> bool| {
        choices.iter().filter(|choice| keep(&choice.name)).map(|choice| choice.id.as_str().into()).collect()
    };
    let (ids, negate): (Vec<Box<str>>, bool) = match op {
        Op::Is | Op::IsNot => (vec![known(one_text(value)?)?], op == Op::IsNot),
        Op::IsAnyOf | Op::IsNoneOf => {
            (texts(value)?.into_iter().map(known).collect::<Result<_, _>>()?, op == Op::IsNoneOf)
        }
        Op::Contains | Op::DoesNotContain => {
            let needle = collate::fold(one_text(value)?);
            (named(&|name| collate::contains(name, &needle)), op == Op::DoesNotContain)
        }
        Op::StartsWith => {
            let needle = collate::fold(one_text(value)?);
            (named(&|name| collate::starts_with(name, &needle)), false)
        }
        _ => return misfit(field, op),
    };
    Ok(negated(Test::ChoiceIn { field: field.no, ids }, negate))
}

fn link(field: &Field, op: Op, value: &Value) -> Compiled {
    let FieldKind::Link { table, .. } = field.kind else { return misfit(field, op) };
    let no: FieldNo = field.no;
    // Records by id where all are ids, by name otherwise.
    if matches!(op, Op::Is | Op::IsNot | Op::IsAnyOf | Op::IsNoneOf) {
        let ids: Vec<Option<RecordId>> = texts(value)?.iter().map(|text| text.parse().ok()).collect();
        let ids: Option<Vec<RecordId>> = ids.into_iter().collect();
        if let Some(ids) = ids {
            let rows = ids.into_iter().filter(|id| id.table == table).map(|id| id.row).collect();
            let negate = matches!(op, Op::IsNot | Op::IsNoneOf);
            return Ok(negated(Test::LinkedTo { field: no, rows }, negate));
        }
    }
    match text_test(op, value)? {
        Some((test, negate)) => Ok(negated(Test::LinkedName { field: no, table, test }, negate)),
        None => misfit(field, op),
    }
}
