//! From conditions to tests: does the operator fit the type, does the value fit both?

use super::test::{Among, Test, TextTest};
use super::{Moment, Reads, relative};
use crate::coerce::find_choice;
use crate::collate;
use crate::condition::{Condition, Op};
use crate::ids::{FieldNo, RecordId};
use crate::query::QueryError;
use crate::schema::{Choice, Field, FieldKind, Storage, Table};
use crate::time;
use jiff::tz::TimeZone;
use serde_json::Value;

type Compiled = Result<Test, (&'static str, String)>;

/// Compiles a tree; every mistake is reported with its pointer.
pub(super) fn compile(
    table: &Table,
    condition: &Condition,
    moment: &Moment,
    reads: &mut Reads,
    errors: &mut Vec<QueryError>,
) -> Option<Test> {
    let known = errors.len();
    let test = node(table, condition, moment, "", reads, errors);
    (errors.len() == known).then_some(test).flatten()
}

fn node(
    table: &Table,
    condition: &Condition,
    moment: &Moment,
    pointer: &str,
    reads: &mut Reads,
    errors: &mut Vec<QueryError>,
) -> Option<Test> {
    let mut list = |name: &str, nodes: &[Condition]| -> Option<Vec<Test>> {
        let each = nodes.iter().enumerate();
        let tests: Vec<_> = each
            .map(|(i, one)| node(table, one, moment, &format!("{pointer}/{name}/{i}"), reads, errors))
            .collect();
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
            match test(field, *op, value, moment) {
                Ok(test) => {
                    if field.linked().is_some() {
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

fn test(field: &Field, op: Op, value: &Value, moment: &Moment) -> Compiled {
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
    let kind = field.value_kind();
    match kind.storage() {
        Storage::Text => text(field, op, value),
        Storage::Number => number(field, op, value),
        Storage::Flag => checkbox(field, op, value),
        Storage::Day => range(field, op, value, &|value| {
            if let Some(range) = relative::days(value, moment) {
                return range.map(|(from, to)| (i64::from(from), i64::from(to)));
            }
            let day = i64::from(time::parse_day(value.as_str()?)?);
            Some((day, day + 1))
        }),
        Storage::Instant => {
            // Days relative to today are those of whoever asks; a day by name is one of the field's zone.
            let zone = if let FieldKind::DateTime { zone } = kind { zone.as_deref() } else { None };
            let zone = time::zone(zone);
            range(field, op, value, &|value| match relative::days(value, moment) {
                Some(range) => range.and_then(|(from, to)| {
                    Some((time::day_start(from, &moment.zone)?, time::day_start(to, &moment.zone)?))
                }),
                None => instants(value.as_str()?, &zone),
            })
        }
        Storage::Choice => select(field, kind.choices().unwrap_or_default(), op, value),
        Storage::Choices if kind.holds_files() => files(field, op, value),
        Storage::Choices => many(field, kind, op, value),
        Storage::Links => link(field, op, value),
        Storage::List => match text_test(op, value)? {
            Some((test, negate)) => Ok(negated(Test::ListHas { field: field.no, test }, negate)),
            None => misfit(field, op),
        },
    }
}

fn misfit(field: &Field, op: Op) -> Compiled {
    Err(("op_not_for_type", format!("{} is not for {} fields.", op_name(op), field.value_kind().type_name())))
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
    let kind = field.value_kind();
    // Times of the day and durations also as people write them.
    let one = |value: &Value| {
        let number = value.as_f64().or_else(|| match (kind, value.as_str()?) {
            (FieldKind::Time, text) => time::parse_clock(text),
            (FieldKind::Duration, text) => time::parse_duration(text),
            _ => None,
        });
        number.ok_or(("invalid_value", "Expected a number.".to_owned()))
    };
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

fn range(field: &Field, op: Op, value: &Value, read: &dyn Fn(&Value) -> Option<(i64, i64)>) -> Compiled {
    let one =
        |value: &Value| read(value).ok_or(("invalid_value", "Expected a day such as 2026-11-21.".to_owned()));
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

/// Several choices, or people.
fn many(field: &Field, kind: &FieldKind, op: Op, value: &Value) -> Compiled {
    let ids = |value: &Value| -> Result<Vec<Box<str>>, (&'static str, String)> {
        let each = texts(value)?.into_iter().map(|text| match kind.choices() {
            None => Ok(text.into()),
            Some(choices) => {
                find_choice(choices, text).map(|choice| choice.id.as_str().into()).ok_or_else(|| {
                    ("invalid_value", format!("There is no choice {}.", crate::coerce::shown(text)))
                })
            }
        });
        each.collect()
    };
    let no = field.no;
    let test = |how, negate| Ok(negated(Test::Many { field: no, ids: ids(value)?, how }, negate));
    match op {
        Op::Is => test(Among::Exactly, false),
        Op::IsNot => test(Among::Exactly, true),
        Op::IsAnyOf => test(Among::Any, false),
        Op::IsNoneOf => test(Among::Any, true),
        Op::IsAllOf => test(Among::All, false),
        _ => match text_test(op, value)? {
            Some((test, negate)) => Ok(negated(Test::ManyNamed { field: no, test }, negate)),
            None => misfit(field, op),
        },
    }
}

/// Files, by their names or by what they are.
fn files(field: &Field, op: Op, value: &Value) -> Compiled {
    let no = field.no;
    if op == Op::HasFileType {
        let kinds = texts(value)?.into_iter().map(|kind| kind.trim().to_ascii_lowercase().into()).collect();
        return Ok(Test::FileOf { field: no, kinds });
    }
    match text_test(op, value)? {
        Some((test, negate)) => Ok(negated(Test::ManyNamed { field: no, test }, negate)),
        None => misfit(field, op),
    }
}

fn link(field: &Field, op: Op, value: &Value) -> Compiled {
    let Some(table) = field.linked() else { return misfit(field, op) };
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
