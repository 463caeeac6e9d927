//! Functions: one constant each, in the table of its family; and [`apply`], the one way in which a kernel is called.
//!
//! A new function is one new constant. Its name, signature, docs, completion, examples and tests follow from it.

mod aggregate;
mod calendar;
mod call;
mod date;
mod list;
pub(crate) mod logic;
pub(crate) mod number;
pub(crate) mod operators;
pub(crate) mod pattern;
pub(crate) mod record;
mod text;
mod transform;
mod trigonometry;
pub(crate) mod unit;

pub(crate) use call::{Call, Prepared};

use crate::check::Volatility;
use crate::types::{Default, Param, ParamType, Returns, Signature, Type};
use crate::value::{CellError, ErrorKind, MAX_LIST_ITEMS, MAX_TEXT_BYTES, Value};
use operators::Arithmetic;
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
    /// The record itself.
    Record,
}

/// What a blank argument does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullRule {
    /// The result is blank; except for a parameter whose default is blank: its blank the kernel sees.
    Propagate,
    /// The kernel sees it.
    See,
}

/// What a function does besides giving a value: the checker acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing.
    None,
    /// Its second argument is the zone of the function around it.
    Zone,
    /// Its second argument is the language of the function around it.
    Locale,
    /// It asks for this part of the record.
    Record,
}

/// A function's code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernel {
    Number1(fn(f64) -> Result<f64, ErrorKind>),
    Number2(fn(f64, f64) -> Result<f64, ErrorKind>),
    /// As `Number2`, with loops of their own over columns.
    Arithmetic(Arithmetic),
    Text1(fn(&str) -> String),
    /// Blank is read as an empty text.
    TextTest(fn(&str, &str) -> bool),
    /// Of two values of one type; not called when either is blank or they have no order: then FALSE.
    Compare(fn(Ordering) -> bool),
    /// Whether two values are equal, or whether they differ.
    Equal {
        negated: bool,
    },
    /// Sees errors and blanks, whatever the parameters say.
    Lazy(fn(&Call<'_>) -> Value),
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
    pub(crate) mark: Mark,
    pub(crate) kernel: Kernel,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Formula and the literal of its value (see [`Value::literal`]); the tests run them at
    /// 2026-11-21T10:30:00Z in UTC.
    pub examples: &'static [(&'static str, &'static str)],
    /// Version in which it appeared.
    pub since: &'static str,
}

/// All families of callable functions, in the order of the reference.
pub(crate) static FAMILIES: [&[FnDef]; 11] = [
    text::TABLE,
    transform::TABLE,
    pattern::TABLE,
    number::TABLE,
    trigonometry::TABLE,
    aggregate::TABLE,
    logic::TABLE,
    date::TABLE,
    calendar::TABLE,
    list::TABLE,
    record::TABLE,
];

/// What the tables' constants start from.
const BASE: FnDef = FnDef {
    name: "",
    aliases: &[],
    family: Family::Text,
    signature: SIGNATURE,
    nulls: NullRule::Propagate,
    volatility: Volatility::Pure,
    mark: Mark::None,
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
const LIST: ParamType = ParamType::Is(Type::List);
const ZONE: Param = optional("zone", ParamType::Zone, Default::Blank);
const LOCALE: Param = optional("language", ParamType::Locale, Default::Blank);

const fn required(name: &'static str, ty: ParamType) -> Param {
    Param { name, ty, default: None, lazy: false }
}

const fn optional(name: &'static str, ty: ParamType, default: Default) -> Param {
    Param { name, ty, default: Some(default), lazy: false }
}

const fn lazy(param: Param) -> Param {
    Param { lazy: true, ..param }
}

const fn takes(params: &'static [Param], returns: Type) -> Signature {
    Signature { params, returns: Returns::Is(returns), ..SIGNATURE }
}

const fn takes_many(group: &'static [Param], returns: Type) -> Signature {
    Signature { group, group_min: 1, returns: Returns::Is(returns), ..SIGNATURE }
}

/// Calls a kernel: spreads blanks, and errors of arguments that are not lazy, and keeps NaN, infinity, −0, endless
/// texts and endless lists out of the result.
#[inline]
pub(crate) fn apply(def: &FnDef, call: &Call<'_>, node: u32) -> Value {
    // The plain case first: nothing to look for when both sides are what the kernel takes.
    match (def.kernel, call.arg(0), call.arg(1)) {
        (Kernel::Arithmetic(op), Value::Number(a), Value::Number(b)) => number(op.run(*a, *b), node),
        (Kernel::Number2(kernel), Value::Number(a), Value::Number(b)) => number(kernel(*a, *b), node),
        (Kernel::Number1(kernel), Value::Number(a), _) => number(kernel(*a), node),
        (Kernel::Compare(kernel), Value::Number(a), Value::Number(b)) => {
            Value::Bool(a.partial_cmp(b).is_some_and(kernel))
        }
        (Kernel::Lazy(kernel), ..) => kernel(call),
        _ => apply_checked(def, call, node),
    }
}

fn number(result: Result<f64, ErrorKind>, node: u32) -> Value {
    let kind = match result {
        Ok(number) if number.is_finite() => return Value::Number(number + 0.0),
        Ok(_) => ErrorKind::OutOfRange,
        Err(kind) => kind,
    };
    Value::Error(CellError { kind, node })
}

fn apply_checked(def: &FnDef, call: &Call<'_>, node: u32) -> Value {
    for at in 0..call.len() {
        let param = || def.signature.param(at, call.len());
        match call.arg(at) {
            error @ Value::Error(_) if param().is_none_or(|param| !param.lazy) => return error.clone(),
            Value::Null
                if def.nulls == NullRule::Propagate
                    && param().is_none_or(|param| param.default != Some(Default::Blank)) =>
            {
                return nullified(def, call);
            }
            _ => {}
        }
    }
    let result = match def.kernel {
        Kernel::Number1(kernel) => call.number(0).and_then(kernel).map(Value::Number),
        Kernel::Number2(kernel) => call.number(0).and_then(|a| kernel(a, call.number(1)?)).map(Value::Number),
        Kernel::Arithmetic(op) => call.number(0).and_then(|a| op.run(a, call.number(1)?)).map(Value::Number),
        Kernel::Text1(kernel) => call.text(0).map(|text| Value::text(kernel(text))),
        Kernel::TextTest(kernel) => call.text(0).and_then(|a| Ok(Value::Bool(kernel(a, call.text(1)?)))),
        Kernel::Compare(kernel) => {
            Ok(Value::Bool(operators::compare(call.arg(0), call.arg(1)).is_some_and(kernel)))
        }
        Kernel::Equal { negated } => Ok(Value::Bool(operators::equal(call.arg(0), call.arg(1)) != negated)),
        Kernel::Lazy(kernel) => Ok(kernel(call)),
        Kernel::General(kernel) => kernel(call),
    };
    let kind = match result {
        Ok(Value::Number(result)) => return number(Ok(result), node),
        Ok(Value::Text(text)) if text.len() > MAX_TEXT_BYTES => ErrorKind::TooLong,
        Ok(Value::List(items)) if items.len() > MAX_LIST_ITEMS => ErrorKind::TooMany,
        Ok(value) => return value,
        Err(kind) => kind,
    };
    Value::Error(CellError { kind, node })
}

/// The result when a blank spreads: an error in a later argument still wins.
fn nullified(def: &FnDef, call: &Call<'_>) -> Value {
    let spreads = |at: &usize| {
        matches!(call.arg(*at), Value::Error(_))
            && def.signature.param(*at, call.len()).is_none_or(|param| !param.lazy)
    };
    (0..call.len()).find(spreads).map_or(Value::Null, |at| call.arg(at).clone())
}

/// A text as a value, unless it is too long.
pub(crate) fn text_value(text: String) -> Result<Value, ErrorKind> {
    if text.len() > MAX_TEXT_BYTES { Err(ErrorKind::TooLong) } else { Ok(Value::text(text)) }
}
