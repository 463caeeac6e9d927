//! Functions: one constant each, in the table of its family; and [`apply`], the one way in which a kernel is called.
//!
//! A new function is one new constant. Its name, signature, docs, completion, examples and tests follow from it.

pub(crate) mod date;
pub(crate) mod list;
pub(crate) mod logic;
pub(crate) mod number;
pub(crate) mod operators;
pub(crate) mod text;

use crate::check::Volatility;
use crate::eval::EvalContext;
use crate::types::{Default, Param, ParamType, Returns, Signature, Type};
use crate::value::{CellError, ErrorKind, MAX_TEXT_BYTES, Value};
use std::cmp::Ordering;

/// Where a function stands in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Infix and prefix operators; not callable by name.
    Operator,
    /// Text.
    Text,
    /// Numbers.
    Number,
    /// Conditions.
    Logic,
    /// Dates and times.
    Date,
    /// Lists and links.
    List,
}

/// What a blank argument does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullRule {
    /// The result is blank.
    Propagate,
    /// The kernel sees it.
    See,
}

/// A function's code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernel {
    Number1(fn(f64) -> Result<f64, ErrorKind>),
    Number2(fn(f64, f64) -> Result<f64, ErrorKind>),
    Text1(fn(&str) -> String),
    /// Blank is read as an empty text.
    TextTest(fn(&str, &str) -> bool),
    /// Of two values of one type; not called when either is blank or they have no order: then FALSE.
    Compare(fn(Ordering) -> bool),
    General(fn(&Call<'_>) -> Result<Value, ErrorKind>),
}

/// One function or operator.
#[derive(Clone, Copy, Debug)]
pub struct FnDef {
    /// Name in capitals, or the operator's symbol.
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// Where it stands in the reference.
    pub family: Family,
    /// Arguments and result.
    pub signature: Signature,
    /// What blanks do.
    pub nulls: NullRule,
    /// How long a result stays true.
    pub volatility: Volatility,
    pub(crate) kernel: Kernel,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Formula and the literal of its value (see [`Value::literal`]); the tests run them at
    /// 2026-11-21T10:30:00Z in UTC.
    pub examples: &'static [(&'static str, &'static str)],
    /// Version in which it appeared.
    pub since: &'static str,
}

/// All families of callable functions.
pub(crate) static FAMILIES: [&[FnDef]; 5] =
    [text::TABLE, number::TABLE, logic::TABLE, date::TABLE, list::TABLE];

/// What the tables' constants start from.
const BASE: FnDef = FnDef {
    name: "",
    aliases: &[],
    family: Family::Text,
    signature: SIGNATURE,
    nulls: NullRule::Propagate,
    volatility: Volatility::Pure,
    kernel: Kernel::General(|_| Ok(Value::Null)),
    doc: "",
    examples: &[],
    since: "0.1",
};

const SIGNATURE: Signature =
    Signature { params: &[], group: &[], group_min: 0, tail: None, returns: Returns::Is(Type::Any) };

const TEXT: ParamType = ParamType::Is(Type::Text);
const NUMBER: ParamType = ParamType::Is(Type::Number);
const BOOL: ParamType = ParamType::Is(Type::Bool);
const ANY: ParamType = ParamType::Is(Type::Any);

const fn required(name: &'static str, ty: ParamType) -> Param {
    Param { name, ty, default: None, lazy: false }
}

const fn optional(name: &'static str, ty: ParamType, default: Default) -> Param {
    Param { name, ty, default: Some(default), lazy: false }
}

const fn lazy(param: Param) -> Param {
    Param { lazy: true, ..param }
}

/// The arguments of one call, converted to the types of its signature.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    values: &'a [Value],
    index: &'a [u32],
    pub(crate) ctx: &'a EvalContext,
}

impl<'a> Call<'a> {
    /// Argument `i` is `values[index[i]]`.
    pub(crate) fn new(values: &'a [Value], index: &'a [u32], ctx: &'a EvalContext) -> Self {
        Self { values, index, ctx }
    }
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
    pub(crate) fn arg(&self, at: usize) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.index.get(at).and_then(|index| self.values.get(*index as usize)).unwrap_or(NULL)
    }
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &'a Value> + '_ {
        (0..self.len()).map(|at| self.arg(at))
    }
    /// Blank is an empty text.
    fn text(&self, at: usize) -> Result<&'a str, ErrorKind> {
        match self.arg(at) {
            Value::Text(text) => Ok(text),
            Value::Null => Ok(""),
            _ => Err(ErrorKind::Type),
        }
    }
    fn number(&self, at: usize) -> Result<f64, ErrorKind> {
        match self.arg(at) {
            Value::Number(number) => Ok(*number),
            _ => Err(ErrorKind::Type),
        }
    }
    fn date(&self, at: usize) -> Result<i32, ErrorKind> {
        match self.arg(at) {
            Value::Date(days) => Ok(*days),
            _ => Err(ErrorKind::Type),
        }
    }
    fn date_time(&self, at: usize) -> Result<i64, ErrorKind> {
        match self.arg(at) {
            Value::DateTime(micros) => Ok(*micros),
            _ => Err(ErrorKind::Type),
        }
    }
    /// A number as a count: its whole part, 0 at least.
    fn count(&self, at: usize) -> Result<usize, ErrorKind> {
        let number = self.number(at)?;
        if number < 0.0 {
            return Err(ErrorKind::Argument);
        }
        Ok(number.min(f64::from(u32::MAX)) as usize)
    }
}

/// Calls a kernel: spreads blanks, and errors of arguments that are not lazy, and keeps NaN, infinity, −0 and endless text out of the result.
pub(crate) fn apply(def: &FnDef, call: &Call<'_>, node: u32) -> Value {
    let spreads = |at: &usize| {
        matches!(call.arg(*at), Value::Error(_))
            && def.signature.param(*at, call.len()).is_none_or(|param| !param.lazy)
    };
    if let Some(at) = (0..call.len()).find(spreads) {
        return call.arg(at).clone();
    }
    if def.nulls == NullRule::Propagate && call.iter().any(|value| *value == Value::Null) {
        return Value::Null;
    }
    let result = match def.kernel {
        Kernel::Number1(kernel) => call.number(0).and_then(kernel).map(Value::Number),
        Kernel::Number2(kernel) => call.number(0).and_then(|a| kernel(a, call.number(1)?)).map(Value::Number),
        Kernel::Text1(kernel) => call.text(0).map(|text| Value::text(kernel(text))),
        Kernel::TextTest(kernel) => call.text(0).and_then(|a| Ok(Value::Bool(kernel(a, call.text(1)?)))),
        Kernel::Compare(kernel) => {
            Ok(Value::Bool(operators::compare(call.arg(0), call.arg(1)).is_some_and(kernel)))
        }
        Kernel::General(kernel) => kernel(call),
    };
    let kind = match result {
        Ok(Value::Number(number)) if number.is_finite() => return Value::Number(number + 0.0),
        Ok(Value::Number(_)) => ErrorKind::OutOfRange,
        Ok(Value::Text(text)) if text.len() > MAX_TEXT_BYTES => ErrorKind::TooLong,
        Ok(value) => return value,
        Err(kind) => kind,
    };
    Value::Error(CellError { kind, node })
}

/// A text as a value, unless it is too long.
pub(crate) fn text_value(text: String) -> Result<Value, ErrorKind> {
    if text.len() > MAX_TEXT_BYTES { Err(ErrorKind::TooLong) } else { Ok(Value::text(text)) }
}
