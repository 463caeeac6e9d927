//! Filters in the expression language: a table's fields as a scope, a row's cells as its values.

use super::Reads;
use crate::base::Base;
use crate::column::ValueRef;
use crate::ids::{FieldNo, Slot};
use crate::json::choice_name;
use crate::query::QueryError;
use crate::rows::Rows;
use crate::schema::{FieldKind, Table};
use engine_expr::{Cell, FieldKey, Program, RecordPart, Row, Scope, Severity, Type, Value, compile_filter};

/// The fields of a table, as filters name them: by name or by id.
pub(crate) fn scope(table: &Table) -> Scope {
    let mut scope = Scope::new();
    scope.with_record();
    for field in &table.fields {
        let ty = match field.kind {
            FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Url => Type::Text,
            FieldKind::Number { .. } => Type::Number,
            FieldKind::Checkbox => Type::Bool,
            FieldKind::Date => Type::Date,
            FieldKind::DateTime { .. } => Type::DateTime,
            FieldKind::Select { .. } => Type::Option,
            FieldKind::Link { .. } => Type::Links,
        };
        scope.add(&field.name, &table.head.number.field(field.no).to_string(), field.no.0, ty);
    }
    scope
}

pub(super) fn compile(
    table: &Table,
    text: &str,
    reads: &mut Reads,
    errors: &mut Vec<QueryError>,
) -> Option<Program> {
    match compile_filter(text, &scope(table)) {
        Ok(program) => {
            for key in program.reads() {
                let no = FieldNo(*key);
                reads.fields.insert(no);
                if table.field(no).is_some_and(|field| matches!(field.kind, FieldKind::Link { .. })) {
                    reads.links.insert(no);
                }
            }
            if program.reads_all() {
                reads.fields.extend(table.fields.iter().map(|field| field.no));
            }
            Some(program)
        }
        Err(diagnostics) => {
            let wrong = diagnostics.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
            errors.extend(wrong.map(|diagnostic| {
                let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
                QueryError {
                    member: "filter",
                    pointer: String::new(),
                    code: diagnostic.code.as_str().to_owned(),
                    detail: diagnostic.message,
                    span: Some((start, end.saturating_sub(start))),
                }
            }));
            None
        }
    }
}

/// One row's cells.
pub(super) struct Cells<'a> {
    pub(super) base: &'a Base,
    pub(super) table: &'a Table,
    pub(super) rows: &'a Rows,
    pub(super) slot: Slot,
}

impl Row for Cells<'_> {
    fn cell(&self, field: FieldKey) -> Cell<'_> {
        let no = FieldNo(field);
        match self.rows.value(no, self.slot) {
            ValueRef::Empty => Cell::Null,
            ValueRef::Text(text) => Cell::Text(text),
            ValueRef::Number(number) => Cell::Number(number),
            ValueRef::True => Cell::Bool(true),
            ValueRef::Day(day) => Cell::Date(day),
            ValueRef::Instant(micros) => Cell::DateTime(micros),
            ValueRef::Choice(id) => {
                Cell::Text(self.table.field(no).and_then(|field| choice_name(field, id)).unwrap_or(id))
            }
            ValueRef::Links(_) => Cell::Value(self.get(field)),
        }
    }

    fn record(&self, part: &RecordPart) -> Value {
        let stamp = self.rows.stamp(self.slot);
        match part {
            RecordPart::Id => {
                Value::text(self.table.head.number.record(self.rows.row(self.slot)).to_string())
            }
            RecordPart::CreatedTime => Value::DateTime(stamp.created_us),
            // The scope knows no times of single fields.
            RecordPart::ModifiedTime(_) => Value::DateTime(stamp.updated_us),
        }
    }

    fn get(&self, field: FieldKey) -> Value {
        let no = FieldNo(field);
        match self.rows.value(no, self.slot) {
            ValueRef::Empty => Value::Null,
            ValueRef::Text(text) => Value::Text(text.into()),
            ValueRef::Number(number) => Value::Number(number),
            ValueRef::True => Value::Bool(true),
            ValueRef::Day(day) => Value::Date(day),
            ValueRef::Instant(micros) => Value::DateTime(micros),
            ValueRef::Choice(id) => {
                let name = self.table.field(no).and_then(|field| choice_name(field, id));
                Value::Text(name.unwrap_or(id).into())
            }
            ValueRef::Links(linked) => {
                let Some(FieldKind::Link { table, .. }) = self.table.field(no).map(|field| &field.kind)
                else {
                    return Value::Null;
                };
                Value::List(
                    linked
                        .iter()
                        .map(|row| Value::Text(self.base.record_name(*table, *row).into()))
                        .collect(),
                )
            }
        }
    }
}
