//! Formulas of computed fields as they are written: names become ids, and mistakes are said before anything is kept.

use super::draft::Draft;
use crate::command::{CellCode, CellError};
use crate::ids::{FieldId, FieldNo, TableNo};
use crate::schema::{FieldKind, Schema};
use crate::select::scope;
use engine_expr::{Severity, compile, stored};

/// The formula by ids of fields.
pub(super) fn clean(draft: &Draft<'_>, table: TableNo, text: &str) -> Result<String, CellError> {
    let fail = |detail: String| CellError::member("options", CellCode::InvalidFormula, detail);
    let Some(shape) = draft.schema().table(table) else { return Err(fail("There is no such table.".into())) };
    if text.trim().is_empty() {
        return Err(CellError::member("options", CellCode::Required, "Enter a formula."));
    }
    let scope = scope(shape);
    let diagnostics = match compile(text, &scope) {
        Ok(_) => match stored(text, &scope) {
            Ok(stored) => return Ok(stored),
            Err(diagnostics) => diagnostics,
        },
        Err(diagnostics) => diagnostics,
    };
    let wrong = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    Err(wrong.map_or_else(
        || fail("The formula can't be read.".into()),
        |diagnostic| {
            let start = (diagnostic.span.start as usize).min(text.len());
            let place = text.get(..start).map_or(1, |before| before.chars().count() + 1);
            fail(format!("{} (at character {place})", diagnostic.message))
        },
    ))
}

/// Whether a computed field's links and targets are there and fit; cycles too. Asked once the field is in the draft's schema.
pub(super) fn judge(schema: &Schema, table: TableNo, no: FieldNo) -> Result<(), CellError> {
    let outcome = schema.field(table.field(no)).and_then(|field| field.outcome.as_deref());
    match outcome.and_then(|outcome| Some((outcome.problem.as_deref()?, outcome.is_cycle))) {
        Some((problem, is_cycle)) => {
            let code = if is_cycle { CellCode::Cycle } else { CellCode::InvalidFormula };
            Err(CellError::member("options", code, problem))
        }
        None => Ok(()),
    }
}

/// Fields whose times a field keeps are fields of its table.
pub(super) fn watched(draft: &Draft<'_>, table: TableNo, kind: &FieldKind) -> Result<(), CellError> {
    let fields: &[FieldId] = match kind {
        FieldKind::ModifiedTime { fields, .. } | FieldKind::ModifiedBy { fields } => fields,
        _ => &[],
    };
    let unknown = fields.iter().find(|id| id.table != table || draft.schema().field(**id).is_none());
    match unknown {
        Some(id) => {
            let detail = format!("The table has no field {id}.");
            Err(CellError::member("options", CellCode::UnknownField, detail))
        }
        None => Ok(()),
    }
}
