//! Rules of fields for who does not see all of a table: neither what a formula says of hidden fields, nor that one of them asks for
//! another value, is told.

use super::{Seen, refused};
use crate::problem;
use engine_base::{Base, Command, Field, FieldFacts, FieldNo, FieldRules, TableNo};
use kernel_core::{Caller, Code, Error, FieldError, Result};

/// Refuses a rule with a formula that names what the caller does not see, in the words of a field that is not there. The formula that
/// is stored may stay: whoever does not see it does not give it.
pub(super) fn names_seen(seen: &Seen<'_>, command: &Command) -> Result<()> {
    match command {
        Command::CreateField { field, .. } => {
            let (name, kind, rules) = (field.name.clone(), field.kind.clone(), field.rules.clone());
            let position = 0;
            let facts =
                FieldFacts { name, description: String::new(), kind, rules, position, deleted_us: None };
            seen.reads_rule(&facts.field(FieldNo(seen.whole.head.next_field)))
        }
        Command::UpdateField { field: no, name, kind, rules: Some(rules), .. } => {
            let before = seen.field(*no).ok_or_else(Error::not_found)?;
            if formula(rules) == formula(&before.rules) {
                return Ok(());
            }
            let (name, kind) = (name.as_ref().unwrap_or(&before.name), kind.as_ref().unwrap_or(&before.kind));
            let (name, kind, rules) = (name.clone(), kind.clone(), rules.clone());
            seen.reads_rule(&FieldFacts { name, kind, rules, ..FieldFacts::of(before) }.field(*no))
        }
        _ => Ok(()),
    }
}

fn formula(rules: &FieldRules) -> Option<&str> {
    rules.validation.as_ref()?.formula.as_deref()
}

impl Seen<'_> {
    /// Refuses the rule of a field, as it is going to be, if its formula can't be asked of what is there for the caller.
    ///
    /// # Errors
    /// `invalid_value` at `/options`, as for a field that is not there.
    pub(crate) fn reads_rule(&self, field: &Field) -> Result<()> {
        if self.shown().is_none() || formula(&field.rules).is_none() {
            return Ok(());
        }
        let mut table = self.table.clone().into_owned();
        table.fields.retain(|one| one.no != field.no);
        table.fields.push(field.clone());
        match table.rule_problem(field) {
            Some(why) => Err(Error::field("/options", Code::InvalidValue, format!("The rule: {why}"))),
            None => Ok(()),
        }
    }

    /// The formula of a field's rule, if it is not told because of what it names.
    pub(crate) fn untold_formula(&self, field: FieldNo) -> Option<&str> {
        let field = self.field(field)?;
        let formula = formula(&field.rules)?;
        (self.shown().is_some() && self.rule_problem(field).is_some()).then_some(formula)
    }
}

/// An error of a written record without what it says of fields that the caller does not see: their names, and their owners' messages.
/// If it says of nothing else, it is a refusal.
pub(crate) fn without_hidden(caller: &Caller, base: &Base, table: Option<TableNo>, error: Error) -> Error {
    let Some(table) = table else { return error };
    let (Some(seen), Code::InvalidFields | Code::Required | Code::RuleBroken) =
        (Seen::of(caller, base, table), error.code())
    else {
        return error;
    };
    let is_hidden = |told: &FieldError| {
        let named = told.field.rsplit_once("/fields/").map(|(_, name)| name);
        let is_it = |field: &&Field| {
            named.is_some_and(|named| {
                problem::escape(&field.name) == named || table.field(field.no).to_string() == named
            })
        };
        let field = seen.whole.fields.iter().find(is_it);
        field.is_some_and(|field| seen.field(field.no).is_none())
    };
    let (hidden, told): (Vec<_>, Vec<_>) = error.field_errors().iter().cloned().partition(is_hidden);
    match (hidden.is_empty(), told.is_empty()) {
        (true, _) => error,
        (false, true) => refused(),
        (false, false) => Error::fields(told),
    }
}
