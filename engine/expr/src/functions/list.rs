//! Lists; a link field is the list of the linked records' names.

use super::operators::equal;
use super::{BASE, Call, Family, FnDef, Kernel, NullRule, SIGNATURE, TEXT, optional, required, text_value};
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, MAX_TEXT_BYTES, Value};
use std::fmt::Write as _;

const LIST: ParamType = ParamType::Is(Type::List);
const LISTS: FnDef = FnDef { family: Family::List, nulls: NullRule::See, ..BASE };

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
        name: "COUNT",
        signature: Signature {
            params: &[required("list", LIST)],
            returns: Returns::Is(Type::Number),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            let filled = |value: &&Value| !value.is_blank();
            Ok(Value::Number(list(call, 0)?.iter().filter(filled).count() as f64))
        }),
        doc: "How many values of a list are not blank; a single value is a list of one.",
        examples: &[(r#"COUNT("a")"#, "1"), ("COUNT(BLANK())", "0")],
        ..LISTS
    },
    FnDef {
        name: "ARRAYJOIN",
        signature: Signature {
            params: &[required("list", LIST), optional("separator", TEXT, Default::Text(", "))],
            returns: Returns::Is(Type::Text),
            ..SIGNATURE
        },
        kernel: Kernel::General(array_join),
        doc: "The values of a list as one text, with a separator between them.",
        examples: &[(r#"ARRAYJOIN("a")"#, r#""a""#), ("ARRAYJOIN(BLANK())", r#""""#)],
        ..LISTS
    },
];

/// Blank is an empty list.
fn list<'a>(call: &Call<'a>, at: usize) -> Result<&'a [Value], ErrorKind> {
    match call.arg(at) {
        Value::List(items) => Ok(items),
        Value::Null => Ok(&[]),
        _ => Err(ErrorKind::Type),
    }
}

fn array_join(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let separator = call.text(1)?;
    let mut out = String::new();
    for (index, item) in list(call, 0)?.iter().enumerate() {
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
