//! The expression language of formulas, filters, conditions, form rules and the API (spec row D16).
//!
//! ```text
//! text ──parse──▶ Ast + diagnostics ──check(scope)──▶ Program + diagnostics ──▶ eval_row / eval_column
//! ```
//!
//! - [`parse`] never fails: it returns a tree *and* diagnostics. Length, depth and node count are bounded.
//! - [`check`] resolves names to [`FieldKey`]s, finds types and makes every conversion an explicit node.
//! - A [`Program`] is a flat list in evaluation order; it tells its reads and volatility before it runs.
//! - One table has every function ([`functions`]): names, types, docs, examples, tests and the page of the reference.
//! - [`stored`] keeps a formula by its fields' ids and [`shown`] shows their present names; [`format()`] lays it out.
//! - What a formula may cost is bounded, each bound with a code of its own: [`MAX_SOURCE_BYTES`], [`MAX_DEPTH`],
//!   [`MAX_NODES`], [`MAX_PATTERN_BYTES`], [`MAX_TEXT_BYTES`], [`MAX_LIST_ITEMS`], [`MAX_ROW_BYTES`], [`Budget`].
//! - Errors while running are cell values ([`CellError`]): they spread through operators and functions until
//!   `IFERROR` catches them. No NaN or infinity leaves a kernel.
//! - Nothing here reads a clock, a locale or the environment: [`EvalContext`] carries now and the zone.
//!
//! Rules that a reader of formulas meets:
//! - `=` and `!=` on text compare exactly, capitals included; `SEARCH`, `CONTAINS`, `STARTS_WITH`, `ENDS_WITH`
//!   ignore case; `<` on text is code point order. A blank text equals `""`; a blank checkbox equals `FALSE`.
//! - Blank in arithmetic gives blank; an ordering (`<`, `>=` …) with a blank side is `FALSE`; `&` and `CONCAT` read
//!   blank as an empty text.
//! - A condition (`IF`, `AND`, `OR`, `NOT`, a filter) is true for `TRUE`, a number other than 0, a text that is not
//!   empty, any date and a list that is not empty; blank is false. A filter may not be a bare text or date.

mod ast;
mod check;
mod column;
mod diagnostic;
mod eval;
mod functions;
mod layout;
mod lex;
mod lift;
mod locale;
mod moment;
mod parse;
mod reference;
mod row;
mod span;
mod stored;
mod time;
mod types;
mod value;

pub use ast::{Ast, BinaryOp, Node, NodeId, NodeKind, UnaryOp};
pub use check::{Checked, FieldKey, Op, Program, ProgramNode, RecordPart, Scope, Volatility, check};
pub use column::{Column, ColumnBuilder, ColumnData, Nulls};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use eval::{Budget, Cell, Columns, EvalContext, MAX_ROW_BYTES, Row};
pub use functions::pattern::{
    MAX_PATTERN_BYTES, MAX_PATTERN_MEMORY, Refused as PatternRefused, compile_whole,
};
pub use functions::{Family, FnDef, NullRule};
pub use layout::format;
pub use lift::eval_column;
pub use parse::{MAX_DEPTH, MAX_NODES, MAX_SOURCE_BYTES, Parsed, parse};
pub use reference::{function, functions, markdown};
pub use row::{Evaluator, eval_row};
pub use span::{LineColumn, Span, line_column, utf16_offset};
pub use stored::{compile_stored, compile_stored_filter, shown, stored};
pub use types::{
    Conversion, Default, Param, ParamType, Returns, Signature, Step, Type, comparable, conversion, unify,
};
pub use value::{CellError, ErrorKind, MAX_LIST_ITEMS, MAX_TEXT_BYTES, Value};

/// Parses and checks a formula. `Err` has at least one error; warnings alone do not refuse a formula.
pub fn compile(text: &str, scope: &Scope) -> Result<Program, Vec<Diagnostic>> {
    let parsed = parse(text);
    if parsed.has_errors() {
        // What can be said about names and types helps as well, but a broken tree invents follow-up errors.
        return Err(parsed.diagnostics);
    }
    let checked = check(&parsed.ast, scope);
    checked.program.ok_or(checked.diagnostics)
}

/// Compiles a condition on records: the program's result is a Bool (or blank, or an error); a record is kept when
/// it is `TRUE` ([`Evaluator::matches`]).
///
/// A result that is a Bool stays; numbers and lists become one by the truth rules at the top of this crate (so
/// `FIND("x", {Name})` works); a bare text or date is refused with [`Code::FilterNotCondition`], since it is nearly
/// always a comparison that somebody forgot.
pub fn compile_filter(text: &str, scope: &Scope) -> Result<Program, Vec<Diagnostic>> {
    let program = compile(text, scope)?;
    check::into_condition(program)
}
