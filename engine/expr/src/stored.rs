//! Formulas as they are kept: every field by its id, so that a rename changes nothing. Only the fields' places in the
//! text are written anew; spaces and line breaks stay as the person made them.

use crate::ast::{Ast, NodeKind, brace};
use crate::check::{Program, Scope, check, into_condition};
use crate::diagnostic::Diagnostic;
use crate::parse::parse;

/// The form to keep: every field that the scope knows as `{fld…}`. `Err`: the text is no formula.
///
/// A name that the scope does not know stays, and so does a field without an id.
pub fn stored(text: &str, scope: &Scope) -> Result<String, Vec<Diagnostic>> {
    rewrite(text, |name| scope.id_of(name))
}

/// The form to show: every id as the field's present name; the id itself stays where the name would mean another
/// field, or where the field is gone. `Err`: the text is no formula.
pub fn shown(text: &str, scope: &Scope) -> Result<String, Vec<Diagnostic>> {
    rewrite(text, |id| scope.name_of(id))
}

/// Parses and checks a kept formula: its fields are ids, whatever a field may be called. `Err` has at least one error.
pub fn compile_stored(text: &str, scope: &Scope) -> Result<Program, Vec<Diagnostic>> {
    let parsed = parse(text);
    if parsed.has_errors() {
        return Err(parsed.diagnostics);
    }
    let checked = check(&parsed.ast, &scope.by_id());
    checked.program.ok_or(checked.diagnostics)
}

/// The same for a kept condition on records (see [`crate::compile_filter`]).
pub fn compile_stored_filter(text: &str, scope: &Scope) -> Result<Program, Vec<Diagnostic>> {
    into_condition(compile_stored(text, scope)?)
}

fn rewrite<'s>(text: &str, name: impl Fn(&str) -> Option<&'s str>) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(text);
    if parsed.has_errors() {
        return Err(parsed.diagnostics);
    }
    Ok(replace_fields(text, &parsed.ast, name))
}

fn replace_fields<'s>(text: &str, ast: &Ast, name: impl Fn(&str) -> Option<&'s str>) -> String {
    let mut fields: Vec<_> = ast
        .nodes
        .iter()
        .filter_map(|node| match &node.kind {
            NodeKind::Field(old) => name(old).map(|new| (node.span, new)),
            _ => None,
        })
        .collect();
    fields.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in fields {
        out.push_str(&text[at..span.start as usize]);
        out.push_str(&brace(new));
        at = span.end as usize;
    }
    out.push_str(&text[at..]);
    out
}
