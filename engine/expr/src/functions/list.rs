//! Lists; a link field is the list of the linked records' names.

use super::operators::{compare, equal};
use super::unit::word;
use super::{
    ANY, BASE, Call, Family, FnDef, Kernel, LIST, NUMBER, NullRule, SIGNATURE, TEXT, optional, required,
    takes, takes_many, text_value,
};
use crate::types::{Default, Param, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, MAX_LIST_ITEMS, MAX_TEXT_BYTES, Value};
use std::cmp::Ordering;
use std::fmt::Write as _;

const LISTS: FnDef = FnDef {
    family: Family::List,
    signature: takes(&[required("list", LIST)], Type::List),
    nulls: NullRule::See,
    ..BASE
};

/// One list or several: their values are taken together.
const JOINED: Signature = takes_many(&[required("list", LIST)], Type::List);
const BOTH: Signature = takes(&[required("list", LIST), required("other", LIST)], Type::List);
const COMPARISONS: &[&str] = &["=", "!=", "<", "<=", ">", ">="];
const COMPARISON: Param = optional("comparison", ParamType::Word(COMPARISONS), Default::Text("="));

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "IN",
        signature: Signature {
            params: &[required("value", ParamType::Key)],
            group: &[required("option", ParamType::Key)],
            group_min: 1,
            returns: Returns::Is(Type::Bool),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            Ok(Value::Bool((1..call.len()).any(|at| equal(call.arg(0), call.arg(at)))))
        }),
        doc: "TRUE if the value equals one of the others.",
        examples: &[(r#"IN("b", "a", "b")"#, "TRUE"), ("IN(3, 1, 2)", "FALSE")],
        ..LISTS
    },
    FnDef {
        name: "ARRAY",
        aliases: &["LIST"],
        signature: takes_many(&[required("value", ANY)], Type::List),
        kernel: Kernel::General(|call| Ok(Value::list(call.iter().cloned().collect::<Vec<_>>()))),
        doc: "A list of these values.",
        examples: &[(r#"ARRAY(1, "a", TRUE)"#, r#"[1, "a", TRUE]"#)],
        ..LISTS
    },
    FnDef {
        name: "ARRAYJOIN",
        signature: takes(
            &[required("list", LIST), optional("separator", TEXT, Default::Text(", "))],
            Type::Text,
        ),
        kernel: Kernel::General(array_join),
        doc: "The values of a list as one text, with a separator between them.",
        examples: &[
            (r#"ARRAYJOIN("a")"#, r#""a""#),
            (r#"ARRAYJOIN(ARRAY(1, 2), " + ")"#, r#""1 + 2""#),
            ("ARRAYJOIN(BLANK())", r#""""#),
        ],
        ..LISTS
    },
    FnDef {
        name: "ARRAYCOMPACT",
        kernel: Kernel::General(|call| {
            Ok(Value::list(
                call.list(0)?.iter().filter(|value| !value.is_blank()).cloned().collect::<Vec<_>>(),
            ))
        }),
        doc: "The list without blanks and empty texts.",
        examples: &[(r#"ARRAYCOMPACT(SPLIT("a,,b"))"#, r#"["a", "b"]"#)],
        ..LISTS
    },
    FnDef {
        name: "ARRAYUNIQUE",
        signature: JOINED,
        kernel: Kernel::General(|call| Ok(Value::list(unique(flat(call, 0))))),
        doc: "Each value once, at its first place.",
        examples: &[(r#"ARRAYUNIQUE(SPLIT("b,a,b"))"#, r#"["b", "a"]"#)],
        ..LISTS
    },
    FnDef {
        name: "ARRAYFLATTEN",
        signature: JOINED,
        kernel: Kernel::General(flatten),
        doc: "All values of the lists, and of the lists in them, as one list.",
        examples: &[("ARRAYFLATTEN(ARRAY(1, ARRAY(2, 3)), 4)", "[1, 2, 3, 4]")],
        ..LISTS
    },
    FnDef {
        name: "ARRAYSLICE",
        signature: takes(
            &[required("list", LIST), required("first", NUMBER), optional("last", NUMBER, Default::Blank)],
            Type::List,
        ),
        nulls: NullRule::Propagate,
        kernel: Kernel::General(slice),
        doc: "The values from one place to another, both included; from 1, and from the end if negative.",
        examples: &[
            ("ARRAYSLICE(ARRAY(1, 2, 3, 4), 2, 3)", "[2, 3]"),
            ("ARRAYSLICE(ARRAY(1, 2, 3, 4), -2)", "[3, 4]"),
            ("ARRAYSLICE(ARRAY(1, 2), 5)", "[]"),
        ],
        ..LISTS
    },
    FnDef {
        name: "ARRAYREVERSE",
        kernel: Kernel::General(|call| {
            Ok(Value::list(call.list(0)?.iter().rev().cloned().collect::<Vec<_>>()))
        }),
        doc: "The values in opposite order.",
        examples: &[("ARRAYREVERSE(ARRAY(1, 2))", "[2, 1]")],
        ..LISTS
    },
    FnDef {
        name: "ARRAYSORT",
        kernel: Kernel::General(|call| {
            let mut items = call.list(0)?.to_vec();
            // Kinds that have no order between them stand in a fixed one, so that this is a total order.
            items.sort_by(|a, b| compare(a, b).unwrap_or_else(|| rank(a).cmp(&rank(b))));
            Ok(Value::list(items))
        }),
        doc: "The values in ascending order: numbers, texts by code point, dates; blanks last.",
        examples: &[
            ("ARRAYSORT(ARRAY(3, 1, 2))", "[1, 2, 3]"),
            (r#"ARRAYSORT(SPLIT("b,a"))"#, r#"["a", "b"]"#),
        ],
        ..LISTS
    },
    FnDef {
        name: "ARRAYCONTAINS",
        aliases: &["HAS"],
        signature: takes(&[required("list", LIST), required("value", ANY)], Type::Bool),
        kernel: Kernel::General(|call| Ok(Value::Bool(holds(call.list(0)?, call.arg(1))))),
        doc: "TRUE if the list has this value, capitals included.",
        examples: &[("ARRAYCONTAINS(ARRAY(1, 2), 2)", "TRUE"), (r#"HAS(SPLIT("a,b"), "A")"#, "FALSE")],
        ..LISTS
    },
    FnDef {
        name: "ARRAYINTERSECT",
        signature: BOTH,
        kernel: Kernel::General(|call| {
            let other = call.list(1)?;
            Ok(Value::list(unique(call.list(0)?.iter().filter(|value| holds(other, value)))))
        }),
        doc: "Each value of the list that the other has as well.",
        examples: &[("ARRAYINTERSECT(ARRAY(1, 2, 3), ARRAY(3, 2))", "[2, 3]")],
        ..LISTS
    },
    FnDef {
        name: "ARRAYEXCEPT",
        signature: BOTH,
        kernel: Kernel::General(|call| {
            let other = call.list(1)?;
            Ok(Value::list(unique(call.list(0)?.iter().filter(|value| !holds(other, value)))))
        }),
        doc: "Each value of the list that the other does not have.",
        examples: &[("ARRAYEXCEPT(ARRAY(1, 2, 3), ARRAY(3, 2))", "[1]")],
        ..LISTS
    },
    FnDef {
        name: "FIRST",
        signature: takes(&[required("list", LIST)], Type::Any),
        kernel: Kernel::General(|call| Ok(call.list(0)?.first().cloned().unwrap_or_default())),
        doc: "The first value of a list; blank if it is empty.",
        examples: &[("FIRST(ARRAY(3, 4))", "3"), ("FIRST(BLANK())", "BLANK()")],
        ..LISTS
    },
    FnDef {
        name: "LAST",
        signature: takes(&[required("list", LIST)], Type::Any),
        kernel: Kernel::General(|call| Ok(call.list(0)?.last().cloned().unwrap_or_default())),
        doc: "The last value of a list; blank if it is empty.",
        examples: &[("LAST(ARRAY(3, 4))", "4")],
        ..LISTS
    },
    FnDef {
        name: "INDEX",
        signature: takes(&[required("list", LIST), required("place", NUMBER)], Type::Any),
        nulls: NullRule::Propagate,
        kernel: Kernel::General(|call| {
            let items = call.list(0)?;
            let at = place(call.number(1)?, items.len());
            Ok(at.and_then(|at| items.get(at)).cloned().unwrap_or_default())
        }),
        doc: "The value at a place, from 1; from the end if negative; blank if there is none.",
        examples: &[
            ("INDEX(ARRAY(5, 6, 7), 2)", "6"),
            ("INDEX(ARRAY(5, 6), -1)", "6"),
            ("INDEX(ARRAY(5), 9)", "BLANK()"),
        ],
        ..LISTS
    },
    FnDef {
        name: "INDEX_OF",
        signature: takes(&[required("list", LIST), required("value", ANY)], Type::Number),
        kernel: Kernel::General(|call| {
            let at = call.list(0)?.iter().position(|item| equal(item, call.arg(1)));
            Ok(at.map_or(Value::Null, |at| Value::Number((at + 1) as f64)))
        }),
        doc: "The place of a value in a list, from 1; blank if it is not there.",
        examples: &[("INDEX_OF(ARRAY(5, 6), 6)", "2"), ("INDEX_OF(ARRAY(5), 6)", "BLANK()")],
        ..LISTS
    },
    FnDef {
        name: "COUNTIF",
        signature: takes(&[required("list", LIST), required("value", ANY), COMPARISON], Type::Number),
        kernel: Kernel::General(|call| {
            let how = comparison(call, 2)?;
            Ok(Value::Number(call.list(0)?.iter().filter(|item| how(item, call.arg(1))).count() as f64))
        }),
        doc: "How many values of a list equal a value, or stand in another comparison to it.",
        examples: &[(r#"COUNTIF(SPLIT("a,b,a"), "a")"#, "2"), (r#"COUNTIF(ARRAY(1, 5, 9), 4, ">")"#, "2")],
        ..LISTS
    },
    FnDef {
        name: "SUMIF",
        signature: takes(&[required("list", LIST), required("value", ANY), COMPARISON], Type::Number),
        kernel: Kernel::General(|call| {
            let how = comparison(call, 2)?;
            let kept = call.list(0)?.iter().filter(|item| how(item, call.arg(1)));
            let numbers: Vec<f64> = kept
                .filter_map(|item| if let Value::Number(number) = item { Some(*number) } else { None })
                .collect();
            Ok(Value::Number(super::aggregate::sum(&numbers)))
        }),
        doc: "The sum of the numbers of a list that equal a value, or stand in another comparison to it.",
        examples: &[(r#"SUMIF(ARRAY(1, 5, 9), 4, ">")"#, "14")],
        ..LISTS
    },
    FnDef {
        name: "FILTER",
        signature: takes(&[required("list", LIST), required("value", ANY), COMPARISON], Type::List),
        kernel: Kernel::General(|call| {
            let how = comparison(call, 2)?;
            let kept = call.list(0)?.iter().filter(|item| how(item, call.arg(1)));
            Ok(Value::list(kept.cloned().collect::<Vec<_>>()))
        }),
        doc: "The values of a list that equal a value, or stand in another comparison to it.",
        examples: &[(r#"FILTER(ARRAY(1, 5, 9), 4, ">")"#, "[5, 9]")],
        ..LISTS
    },
    FnDef {
        name: "RANGE",
        signature: takes(
            &[
                required("first", NUMBER),
                required("last", NUMBER),
                optional("step", NUMBER, Default::Number(1.0)),
            ],
            Type::List,
        ),
        nulls: NullRule::Propagate,
        kernel: Kernel::General(|call| range(call.number(0)?, call.number(1)?, call.number(2)?)),
        doc: "The numbers from one to another, as a list.",
        examples: &[
            ("RANGE(1, 3)", "[1, 2, 3]"),
            ("RANGE(3, 1, -1)", "[3, 2, 1]"),
            ("RANGE(1, 1e9)", "#too_many"),
            ("RANGE(1, 2, 0)", "#argument"),
        ],
        ..LISTS
    },
];

/// The values of all arguments from `first` on; a list gives its values.
pub(super) fn flat<'a>(call: &Call<'a>, first: usize) -> impl Iterator<Item = &'a Value> + 'a {
    let args: Vec<&'a Value> = (first..call.len()).map(|at| call.arg(at)).collect();
    args.into_iter().flat_map(|value| match value {
        Value::List(items) => items.iter(),
        value => std::slice::from_ref(value).iter(),
    })
}

fn array_join(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let separator = call.text(1)?;
    let mut out = String::new();
    for (index, item) in call.list(0)?.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        write!(out, "{item}").map_err(|_| ErrorKind::TooLong)?;
        if out.len() > MAX_TEXT_BYTES {
            return Err(ErrorKind::TooLong);
        }
    }
    text_value(out)
}

/// A key that is the same for equal values only, for hashing.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Null,
    Text(&'a str),
    Number(u64),
    Bool(bool),
    Date(i32),
    DateTime(i64),
    /// Lists are few: they hash by their text.
    List(String),
}

fn key(value: &Value) -> Key<'_> {
    match value {
        Value::Null | Value::Error(_) => Key::Null,
        Value::Text(text) => Key::Text(text),
        Value::Number(number) => Key::Number(number.to_bits()), // never NaN, never −0
        Value::Bool(value) => Key::Bool(*value),
        Value::Date(days) => Key::Date(*days),
        Value::DateTime(micros) => Key::DateTime(*micros),
        Value::List(_) => Key::List(value.literal()),
    }
}

fn unique<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    values.filter(|value| seen.insert(key(value))).cloned().collect()
}

fn holds(items: &[Value], value: &Value) -> bool {
    items.iter().any(|item| equal(item, value))
}

fn flatten(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let mut out = Vec::new();
    // A stack of its own: lists may be nested as deep as the formula is.
    let mut stack: Vec<&Value> = call.iter().rev().collect();
    while let Some(value) = stack.pop() {
        match value {
            Value::List(items) => stack.extend(items.iter().rev()),
            value => out.push(value.clone()),
        }
        if out.len() + stack.len() > 2 * MAX_LIST_ITEMS {
            return Err(ErrorKind::TooMany);
        }
    }
    Ok(Value::list(out))
}

/// A place from 1, or from the end if negative, as an index from 0.
fn place(number: f64, len: usize) -> Option<usize> {
    let at = number.trunc() as i64;
    match at {
        0 => None,
        1.. => usize::try_from(at - 1).ok(),
        _ => usize::try_from(at.unsigned_abs()).ok().and_then(|back| len.checked_sub(back)),
    }
}

fn slice(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let items = call.list(0)?;
    let first = place(call.number(1)?, items.len()).unwrap_or(0);
    let end = if call.is_null(2) {
        items.len()
    } else {
        place(call.number(2)?, items.len()).map_or(0, |last| last + 1).min(items.len())
    };
    Ok(Value::list(items.get(first..end).unwrap_or_default()))
}

fn comparison(call: &Call<'_>, at: usize) -> Result<fn(&Value, &Value) -> bool, ErrorKind> {
    Ok(match word(call.text(at)?, COMPARISONS).ok_or(ErrorKind::Argument)? {
        "=" => equal,
        "!=" => |a, b| !equal(a, b),
        "<" => |a, b| compare(a, b).is_some_and(Ordering::is_lt),
        "<=" => |a, b| compare(a, b).is_some_and(Ordering::is_le),
        ">" => |a, b| compare(a, b).is_some_and(Ordering::is_gt),
        _ => |a, b| compare(a, b).is_some_and(Ordering::is_ge),
    })
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::Text(_) => 2,
        Value::Date(_) => 3,
        Value::DateTime(_) => 4,
        Value::List(_) => 5,
        Value::Null | Value::Error(_) => 6,
    }
}

fn range(first: f64, last: f64, step: f64) -> Result<Value, ErrorKind> {
    let count = ((last - first) / step).floor();
    if step == 0.0 {
        return Err(ErrorKind::Argument);
    }
    if count >= MAX_LIST_ITEMS as f64 {
        return Err(ErrorKind::TooMany);
    }
    let number = |at: u32| Value::Number(first + f64::from(at) * step + 0.0);
    Ok(Value::list(if count < 0.0 { Vec::new() } else { (0..=count as u32).map(number).collect::<Vec<_>>() }))
}
