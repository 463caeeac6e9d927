//! Conditions. Branches are lazy parameters: an error in one that is not chosen can't spoil the result.

use super::operators::{compare, equal};
use super::{
    ANY, BASE, BOOL, Call, Family, FnDef, Kernel, NUMBER, NullRule, SIGNATURE, lazy, optional, required,
    takes,
};
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};
use std::cmp::Ordering;

const LOGIC: FnDef = FnDef { family: Family::Logic, nulls: NullRule::See, ..BASE };

const CONDITIONS: Signature = Signature {
    group: &[lazy(required("condition", BOOL))],
    group_min: 1,
    returns: Returns::Is(Type::Bool),
    ..SIGNATURE
};

const QUESTION: Signature =
    Signature { params: &[required("value", ANY)], returns: Returns::Is(Type::Bool), ..SIGNATURE };

const ALTERNATIVES: Signature = Signature {
    group: &[lazy(required("value", ParamType::Out))],
    group_min: 1,
    returns: Returns::Out,
    ..SIGNATURE
};

/// Also the infix `and`.
pub(crate) static AND: FnDef = AND_DEF;
/// Also the infix `or`.
pub(crate) static OR: FnDef = OR_DEF;
/// Also the prefix `not`.
pub(crate) static NOT: FnDef = NOT_DEF;

const AND_DEF: FnDef = FnDef {
    name: "AND",
    signature: CONDITIONS,
    kernel: Kernel::Lazy(|call| until(call, false)),
    doc: "TRUE if all conditions are true. Looks from left to right and stops at the first that is not.",
    examples: &[
        ("AND(1 < 2, 2 < 3)", "TRUE"),
        ("AND(TRUE, FALSE)", "FALSE"),
        ("AND(FALSE, 1 / 0 = 1)", "FALSE"),
        ("TRUE and BLANK()", "FALSE"),
    ],
    ..LOGIC
};

const OR_DEF: FnDef = FnDef {
    name: "OR",
    signature: CONDITIONS,
    kernel: Kernel::Lazy(|call| until(call, true)),
    doc: "TRUE if at least one condition is true. Looks from left to right and stops at the first that is.",
    examples: &[("OR(1 > 2, 2 < 3)", "TRUE"), ("FALSE or FALSE", "FALSE"), ("OR(TRUE, 1 / 0 = 1)", "TRUE")],
    ..LOGIC
};

const NOT_DEF: FnDef = FnDef {
    name: "NOT",
    signature: Signature {
        params: &[required("condition", BOOL)],
        returns: Returns::Is(Type::Bool),
        ..SIGNATURE
    },
    kernel: Kernel::General(|call| Ok(Value::Bool(!call.arg(0).is_true()))),
    doc: "TRUE if the condition is not true; blank is not true.",
    examples: &[("NOT(1 > 2)", "TRUE"), ("not 1 = 1", "FALSE"), ("NOT(BLANK())", "TRUE")],
    ..LOGIC
};

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "IF",
        signature: Signature {
            params: &[
                required("condition", BOOL),
                lazy(required("value if true", ParamType::Out)),
                lazy(optional("value if false", ParamType::Out, Default::Blank)),
            ],
            returns: Returns::Out,
            ..SIGNATURE
        },
        kernel: Kernel::Lazy(|call| match call.arg(0) {
            error @ Value::Error(_) => error.clone(),
            condition => call.arg(if condition.is_true() { 1 } else { 2 }).clone(),
        }),
        doc: "The second value if the condition is true, else the third, or blank.",
        examples: &[
            (r#"IF(2 > 1, "more", "less")"#, r#""more""#),
            ("IF(FALSE, 1)", "BLANK()"),
            ("IF(TRUE, 1, 1 / 0)", "1"),
            (r#"IF(FIND("x", "abc"), 1, 0)"#, "0"),
        ],
        ..LOGIC
    },
    AND_DEF,
    OR_DEF,
    NOT_DEF,
    FnDef {
        name: "XOR",
        signature: Signature { group: &[required("condition", BOOL)], ..CONDITIONS },
        kernel: Kernel::General(|call| {
            Ok(Value::Bool(call.iter().filter(|value| value.is_true()).count() % 2 == 1))
        }),
        doc: "TRUE if an odd number of the conditions is true.",
        examples: &[("XOR(TRUE, FALSE)", "TRUE"), ("XOR(TRUE, TRUE)", "FALSE")],
        ..LOGIC
    },
    FnDef {
        name: "SWITCH",
        signature: Signature {
            params: &[required("value", ParamType::Key)],
            group: &[lazy(required("case", ParamType::Key)), lazy(required("result", ParamType::Out))],
            group_min: 1,
            tail: Some(lazy(optional("default", ParamType::Out, Default::Blank))),
            returns: Returns::Out,
        },
        kernel: Kernel::General(switch),
        doc: "The result beside the first case that equals the value, else the default, or blank.",
        examples: &[
            (r#"SWITCH(2, 1, "one", 2, "two", "many")"#, r#""two""#),
            (r#"SWITCH(5, 1, "one", "many")"#, r#""many""#),
            (r#"SWITCH(5, 1, "one")"#, "BLANK()"),
        ],
        ..LOGIC
    },
    FnDef {
        name: "BLANK",
        signature: Signature { returns: Returns::Is(Type::Null), ..SIGNATURE },
        kernel: Kernel::General(|_| Ok(Value::Null)),
        doc: "Blank: no value.",
        examples: &[("BLANK()", "BLANK()"), (r#"BLANK() = """#, "TRUE")],
        ..LOGIC
    },
    FnDef {
        name: "IS_BLANK",
        aliases: &["ISBLANK"],
        signature: QUESTION,
        kernel: Kernel::General(|call| Ok(Value::Bool(call.arg(0).is_blank()))),
        doc: "TRUE if there is no value, an empty text or an empty list.",
        examples: &[(r#"IS_BLANK("")"#, "TRUE"), ("IS_BLANK(0)", "FALSE")],
        ..LOGIC
    },
    FnDef {
        name: "IS_ERROR",
        aliases: &["ISERROR"],
        signature: Signature { params: &[lazy(required("value", ANY))], ..QUESTION },
        kernel: Kernel::General(|call| Ok(Value::Bool(matches!(call.arg(0), Value::Error(_))))),
        doc: "TRUE if the value is an error.",
        examples: &[("IS_ERROR(1 / 0)", "TRUE"), ("IS_ERROR(1)", "FALSE")],
        ..LOGIC
    },
    FnDef {
        name: "IFERROR",
        signature: Signature {
            params: &[
                lazy(required("value", ParamType::Out)),
                lazy(required("value if error", ParamType::Out)),
            ],
            returns: Returns::Out,
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            Ok(match call.arg(0) {
                Value::Error(_) => call.arg(1).clone(),
                value => value.clone(),
            })
        }),
        doc: "The value, or the second one if the first is an error.",
        examples: &[("IFERROR(1 / 0, 0)", "0"), ("IFERROR(1 / 2, 0)", "0.5")],
        ..LOGIC
    },
    FnDef {
        name: "TRY",
        signature: ALTERNATIVES,
        kernel: Kernel::Lazy(|call| match first(call, |value| matches!(value, Value::Error(_))) {
            Value::Error(_) => Value::Null,
            value => value,
        }),
        doc: "The first value that is not an error; blank if all are.",
        examples: &[("TRY(1 / 0, 2 / 0, 3)", "3"), ("TRY(1 / 0)", "BLANK()"), ("TRY(1, 2)", "1")],
        ..LOGIC
    },
    FnDef {
        name: "COALESCE",
        aliases: &["IF_BLANK"],
        signature: ALTERNATIVES,
        kernel: Kernel::Lazy(|call| match first(call, Value::is_blank) {
            value if value.is_blank() => Value::Null,
            value => value,
        }),
        doc: "The first value that is not blank; blank if all are. An error before it is the result.",
        examples: &[("COALESCE(BLANK(), 2, 3)", "2"), (r#"COALESCE("", BLANK())"#, "BLANK()")],
        ..LOGIC
    },
    FnDef {
        name: "IFS",
        signature: Signature {
            group: &[lazy(required("condition", BOOL)), lazy(required("result", ParamType::Out))],
            group_min: 1,
            tail: Some(lazy(optional("default", ParamType::Out, Default::Blank))),
            returns: Returns::Out,
            ..SIGNATURE
        },
        kernel: Kernel::Lazy(ifs),
        doc: "The result beside the first condition that is true, else the default, or blank.",
        examples: &[
            (r#"IFS(1 > 2, "a", 2 > 1, "b")"#, r#""b""#),
            (r#"IFS(1 > 2, "a", "none")"#, r#""none""#),
            (r#"IFS(1 > 2, "a")"#, "BLANK()"),
        ],
        ..LOGIC
    },
    FnDef {
        name: "CHOOSE",
        signature: Signature {
            params: &[required("number", NUMBER)],
            group: &[lazy(required("value", ParamType::Out))],
            group_min: 1,
            returns: Returns::Out,
            ..SIGNATURE
        },
        nulls: NullRule::See,
        kernel: Kernel::General(|call| if call.is_null(0) { Ok(Value::Null) } else { choose(call) }),
        doc: "The value at this place, from 1.",
        examples: &[(r#"CHOOSE(2, "a", "b")"#, r#""b""#), (r#"CHOOSE(3, "a", "b")"#, "#argument")],
        ..LOGIC
    },
    FnDef {
        name: "BETWEEN",
        signature: takes(
            &[
                required("value", ParamType::Key),
                required("least", ParamType::Key),
                required("most", ParamType::Key),
            ],
            Type::Bool,
        ),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            let above = compare(call.arg(0), call.arg(1)).is_some_and(Ordering::is_ge);
            Ok(Value::Bool(above && compare(call.arg(0), call.arg(2)).is_some_and(Ordering::is_le)))
        }),
        doc: "TRUE if the value lies between the two others, or is one of them. FALSE if one is blank.",
        examples: &[
            ("BETWEEN(2, 1, 3)", "TRUE"),
            (r#"BETWEEN(TODAY(), "2026-01-01", "2026-12-31")"#, "TRUE"),
            ("BETWEEN(BLANK(), 1, 3)", "FALSE"),
        ],
        ..LOGIC
    },
    FnDef {
        name: "ERROR",
        signature: Signature { returns: Returns::Is(Type::Null), ..SIGNATURE },
        kernel: Kernel::General(|_| Err(ErrorKind::Raised)),
        doc: "An error, on purpose.",
        examples: &[("ERROR()", "#error"), ("IF(1 > 2, ERROR(), 3)", "3")],
        ..LOGIC
    },
    FnDef {
        name: "IS_NUMBER",
        aliases: &["ISNUMBER"],
        signature: QUESTION,
        kernel: Kernel::General(|call| Ok(Value::Bool(matches!(call.arg(0), Value::Number(_))))),
        doc: "TRUE if the value is a number.",
        examples: &[("IS_NUMBER(1)", "TRUE"), (r#"IS_NUMBER("1")"#, "FALSE")],
        ..LOGIC
    },
    FnDef {
        name: "IS_TEXT",
        aliases: &["ISTEXT"],
        signature: QUESTION,
        kernel: Kernel::General(|call| Ok(Value::Bool(matches!(call.arg(0), Value::Text(_))))),
        doc: "TRUE if the value is a text.",
        examples: &[(r#"IS_TEXT("1")"#, "TRUE"), ("IS_TEXT(1)", "FALSE")],
        ..LOGIC
    },
];

/// `stop` if a condition is `stop` before any error, the error if that comes first, else not `stop`.
fn until(call: &Call<'_>, stop: bool) -> Value {
    for value in call.iter() {
        match value {
            Value::Error(_) => return value.clone(),
            Value::Bool(value) if *value == stop => return Value::Bool(stop),
            Value::Null if !stop => return Value::Bool(false),
            _ => {}
        }
    }
    Value::Bool(!stop)
}

/// Of pairs of condition and result, the result beside the first true condition; else the odd last one, or blank.
fn ifs(call: &Call<'_>) -> Value {
    let mut at = 0;
    while at + 1 < call.len() {
        let condition = call.arg(at);
        if matches!(condition, Value::Error(_)) {
            return condition.clone();
        }
        if condition.is_true() {
            return call.arg(at + 1).clone();
        }
        at += 2;
    }
    call.arg(at).clone()
}

/// The first argument that is not `skipped`, else the last one's value.
fn first(call: &Call<'_>, skipped: fn(&Value) -> bool) -> Value {
    call.iter().find(|value| !skipped(value)).or_else(|| call.iter().next_back()).cloned().unwrap_or_default()
}

fn choose(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let at = call.count(0)?;
    if at == 0 || at >= call.len() {
        return Err(ErrorKind::Argument);
    }
    Ok(call.arg(at).clone())
}

fn switch(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let value = call.arg(0);
    let mut at = 1;
    while at + 1 < call.len() {
        let case = call.arg(at);
        if matches!(case, Value::Error(_)) {
            return Ok(case.clone());
        }
        if equal(value, case) {
            return Ok(call.arg(at + 1).clone());
        }
        at += 2;
    }
    Ok(if at < call.len() { call.arg(at).clone() } else { Value::Null })
}
