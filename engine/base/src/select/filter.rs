//! Filters in the expression language: a table's fields as a scope, a row's cells as its values.

use super::Reads;
use crate::base::Base;
use crate::column::ValueRef;
use crate::ids::{FieldNo, Slot};
use crate::json::choice_name;
use crate::query::QueryError;
use crate::rows::Rows;
use crate::schema::{Field, FieldKind, Storage, Table};
use engine_expr::{
    Cell, CellError, FieldKey, Program, RecordPart, Row, Scope, Severity, Type, Value, compile_filter,
};

/// The fields of a table, as filters name them: by name or by id.
pub(crate) fn scope(table: &Table) -> Scope {
    let mut scope = Scope::new();
    scope.with_record();
    for field in &table.fields {
        let ty = type_of(field.value_kind());
        scope.add(&field.name, &table.head.number.field(field.no).to_string(), field.no.0, ty);
    }
    scope
}

/// The type of a field's values in the expression language.
pub(crate) fn type_of(kind: &FieldKind) -> Type {
    match kind.storage() {
        Storage::Text => Type::Text,
        Storage::Number => Type::Number,
        Storage::Flag => Type::Bool,
        Storage::Day => Type::Date,
        Storage::Instant => Type::DateTime,
        Storage::Choice => Type::Option,
        Storage::Choices if is_one(kind) => Type::Text,
        Storage::Choices | Storage::List => Type::List,
        Storage::Links => Type::Links,
    }
}

fn is_one(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::User { many: false }
            | FieldKind::CreatedBy
            | FieldKind::ModifiedBy { .. }
            | FieldKind::Signature
    )
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
                if table.field(no).is_some_and(|field| field.linked().is_some()) {
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
pub(crate) struct Cells<'a> {
    pub(crate) base: &'a Base,
    pub(crate) table: &'a Table,
    pub(crate) rows: &'a Rows,
    pub(crate) slot: Slot,
}

impl Row for Cells<'_> {
    fn cell(&self, field: FieldKey) -> Cell<'_> {
        let no = FieldNo(field);
        match self.rows.value(no, self.slot) {
            ValueRef::Empty => match self.rows.error(no, self.slot) {
                Some(kind) => Cell::Value(Value::Error(CellError { kind, node: 0 })),
                None => Cell::Null,
            },
            ValueRef::Text(text) => Cell::Text(text),
            ValueRef::Number(number) => Cell::Number(number),
            ValueRef::True => Cell::Bool(true),
            ValueRef::Day(day) => Cell::Date(day),
            ValueRef::Instant(micros) => Cell::DateTime(micros),
            ValueRef::Choice(id) => {
                let name = self.table.field(no).and_then(|field| choice_name(field.value_kind(), id));
                Cell::Text(name.unwrap_or(id))
            }
            ValueRef::Links(_) | ValueRef::Choices(_) | ValueRef::List(_) => Cell::Value(self.get(field)),
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
        let Some(field) = self.table.field(no) else { return Value::Null };
        value_at(self.base, field, self.rows, self.slot)
    }
}

/// A row's value of a field as the expression language has it; an error where a computed field has one.
pub(crate) fn value_at(base: &Base, field: &Field, rows: &Rows, slot: Slot) -> Value {
    let kind = field.value_kind();
    let name = |id: &str| Value::Text(choice_name(kind, id).unwrap_or(id).into());
    match rows.value(field.no, slot) {
        ValueRef::Empty => match rows.error(field.no, slot) {
            Some(kind) => Value::Error(CellError { kind, node: 0 }),
            None => Value::Null,
        },
        ValueRef::Text(text) => Value::Text(text.into()),
        ValueRef::Number(number) => Value::Number(number),
        ValueRef::True => Value::Bool(true),
        ValueRef::Day(day) => Value::Date(day),
        ValueRef::Instant(micros) => Value::DateTime(micros),
        ValueRef::Choice(id) => name(id),
        ValueRef::Choices([id]) if is_one(kind) => name(id),
        ValueRef::Choices(ids) => Value::List(ids.iter().map(|id| name(id)).collect()),
        ValueRef::List(values) => Value::List(values.clone()),
        ValueRef::Links(linked) => match field.linked() {
            Some(table) => Value::List(
                linked.iter().map(|row| Value::Text(base.record_name(table, *row).into())).collect(),
            ),
            None => Value::Null,
        },
    }
}
