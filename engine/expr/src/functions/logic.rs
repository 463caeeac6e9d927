//! Conditions. Branches are lazy parameters: an error in one that is not chosen can't spoil the result.

use super::operators::equal;
use super::{ANY, BASE, BOOL, Call, Family, FnDef, Kernel, NullRule, SIGNATURE, lazy, optional, required};
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};

const LOGIC: FnDef = FnDef { family: Family::Logic, nulls: NullRule::See, ..BASE };

const CONDITIONS: Signature = Signature {
    group: &[lazy(required("condition", BOOL))],
    group_min: 1,
    returns: Returns::Is(Type::Bool),
    ..SIGNATURE
};

const QUESTION: Signature =
    Signature { params: &[required("value", ANY)], returns: Returns::Is(Type::Bool), ..SIGNATURE };

/// Also the infix `and`.
pub(crate) static AND: FnDef = AND_DEF;
/// Also the infix `or`.
pub(crate) static OR: FnDef = OR_DEF;
/// Also the prefix `not`.
pub(crate) static NOT: FnDef = NOT_DEF;

const AND_DEF: FnDef = FnDef {
    name: "AND",
    signature: CONDITIONS,
    kernel: Kernel::General(|call| until(call, false)),
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
    kernel: Kernel::General(|call| until(call, true)),
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
        kernel: Kernel::General(|call| {
            let chosen = if call.arg(0).is_true() { 1 } else { 2 };
            Ok(call.arg(chosen).clone())
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
];

/// `stop` if a condition is `stop` before any error, the error if that comes first, else not `stop`.
fn until(call: &Call<'_>, stop: bool) -> Result<Value, ErrorKind> {
    for value in call.iter() {
        if matches!(value, Value::Error(_)) {
            return Ok(value.clone());
        }
        if value.is_true() == stop {
            return Ok(Value::Bool(stop));
        }
    }
    Ok(Value::Bool(!stop))
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
