//! Operators: the same kind of constants as functions, so that there is one way to check and run both.

use super::{BASE, Call, Family, FnDef, Kernel, NUMBER, NullRule, SIGNATURE, TEXT, logic, required};
use crate::ast::BinaryOp;
use crate::types::{ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, MAX_TEXT_BYTES, Value};
use std::cmp::Ordering;

const ARITHMETIC: FnDef = FnDef {
    family: Family::Operator,
    signature: Signature {
        params: &[required("left side", NUMBER), required("right side", NUMBER)],
        returns: Returns::Is(Type::Number),
        ..SIGNATURE
    },
    ..BASE
};

const COMPARISON: FnDef = FnDef {
    family: Family::Operator,
    signature: Signature {
        params: &[required("left side", ParamType::Key), required("right side", ParamType::Key)],
        returns: Returns::Is(Type::Bool),
        ..SIGNATURE
    },
    nulls: NullRule::See,
    ..BASE
};

static EQUAL: FnDef = FnDef { name: "=", kernel: Kernel::Equal { negated: false }, ..COMPARISON };
static NOT_EQUAL: FnDef = FnDef { name: "!=", kernel: Kernel::Equal { negated: true }, ..COMPARISON };
static LESS: FnDef = FnDef { name: "<", kernel: Kernel::Compare(Ordering::is_lt), ..COMPARISON };
static LESS_OR_EQUAL: FnDef = FnDef { name: "<=", kernel: Kernel::Compare(Ordering::is_le), ..COMPARISON };
static GREATER: FnDef = FnDef { name: ">", kernel: Kernel::Compare(Ordering::is_gt), ..COMPARISON };
static GREATER_OR_EQUAL: FnDef = FnDef { name: ">=", kernel: Kernel::Compare(Ordering::is_ge), ..COMPARISON };

static JOIN: FnDef = FnDef {
    name: "&",
    family: Family::Operator,
    signature: Signature {
        params: &[required("left side", TEXT), required("right side", TEXT)],
        returns: Returns::Is(Type::Text),
        ..SIGNATURE
    },
    nulls: NullRule::See,
    kernel: Kernel::General(join),
    ..BASE
};

static ADD: FnDef = FnDef { name: "+", kernel: Kernel::Arithmetic(Arithmetic::Add), ..ARITHMETIC };
static SUBTRACT: FnDef = FnDef { name: "-", kernel: Kernel::Arithmetic(Arithmetic::Subtract), ..ARITHMETIC };
static MULTIPLY: FnDef = FnDef { name: "*", kernel: Kernel::Arithmetic(Arithmetic::Multiply), ..ARITHMETIC };
static DIVIDE: FnDef = FnDef { name: "/", kernel: Kernel::Arithmetic(Arithmetic::Divide), ..ARITHMETIC };
static REMAINDER: FnDef = FnDef { name: "%", kernel: Kernel::Number2(remainder), ..ARITHMETIC };
static POWER: FnDef = FnDef { name: "^", kernel: Kernel::Number2(|a, b| Ok(a.powf(b))), ..ARITHMETIC };

pub(crate) static NEGATE: FnDef = FnDef {
    name: "-",
    signature: Signature { params: &[required("operand", NUMBER)], ..ARITHMETIC.signature },
    kernel: Kernel::Number1(|a| Ok(-a)),
    ..ARITHMETIC
};

/// The definition behind an infix operator.
pub(crate) fn of(op: BinaryOp) -> &'static FnDef {
    match op {
        BinaryOp::Or => &logic::OR,
        BinaryOp::And => &logic::AND,
        BinaryOp::Equal => &EQUAL,
        BinaryOp::NotEqual => &NOT_EQUAL,
        BinaryOp::Less => &LESS,
        BinaryOp::LessOrEqual => &LESS_OR_EQUAL,
        BinaryOp::Greater => &GREATER,
        BinaryOp::GreaterOrEqual => &GREATER_OR_EQUAL,
        BinaryOp::Join => &JOIN,
        BinaryOp::Add => &ADD,
        BinaryOp::Subtract => &SUBTRACT,
        BinaryOp::Multiply => &MULTIPLY,
        BinaryOp::Divide => &DIVIDE,
        BinaryOp::Remainder => &REMAINDER,
        BinaryOp::Power => &POWER,
    }
}

/// The four operations, as data: a column of numbers runs one loop without a call for each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Arithmetic {
    #[inline]
    pub(crate) fn run(self, a: f64, b: f64) -> Result<f64, ErrorKind> {
        match self {
            Self::Add => Ok(a + b),
            Self::Subtract => Ok(a - b),
            Self::Multiply => Ok(a * b),
            Self::Divide => divide(a, b),
        }
    }
}

/// Equality: blank equals blank, an empty text, an empty list and FALSE; values of different kinds differ.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) => other.is_blank() || *other == Value::Bool(false),
        _ => a == b,
    }
}

/// Order of two values of one kind; lists, blanks and different kinds have none.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

pub(crate) fn divide(a: f64, b: f64) -> Result<f64, ErrorKind> {
    if b == 0.0 { Err(ErrorKind::DivideByZero) } else { Ok(a / b) }
}

/// The remainder has the divisor's sign, as in spreadsheets.
pub(super) fn remainder(a: f64, b: f64) -> Result<f64, ErrorKind> {
    if b == 0.0 {
        return Err(ErrorKind::DivideByZero);
    }
    let rest = a % b;
    Ok(if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest })
}

/// All arguments, one after the other; blank as nothing.
pub(super) fn join(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let mut bytes = 0;
    for at in 0..call.len() {
        bytes += call.text(at)?.len();
    }
    if bytes > MAX_TEXT_BYTES {
        return Err(ErrorKind::TooLong);
    }
    let mut out = String::with_capacity(bytes);
    for at in 0..call.len() {
        out.push_str(call.text(at)?);
    }
    Ok(Value::text(out))
}
