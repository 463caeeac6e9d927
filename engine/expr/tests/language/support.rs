//! A table of records in plain maps: the tests' `Row` and `Columns`, and the scope that describes it.

use engine_expr::{
    Column, ColumnBuilder, Columns, EvalContext, FieldKey, RecordPart, Row, Scope, Type, Value,
};
use jiff::tz::TimeZone;

/// 2026-11-21T10:30:00Z.
pub const NOW: i64 = 1_795_257_000_000_000;

pub const FIELDS: [(&str, FieldKey, Type); 10] = [
    ("Name", 1, Type::Text),
    ("name", 2, Type::Text),
    ("City", 3, Type::Text),
    ("Price", 5, Type::Number),
    ("Paid", 6, Type::Bool),
    ("Due", 7, Type::Date),
    ("Seen", 8, Type::DateTime),
    ("Status", 9, Type::Option),
    ("Airline", 10, Type::Links),
    ("Extra", 11, Type::Any),
];

pub fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.with_record().with_field_times();
    for (name, key, ty) in FIELDS {
        scope.add(name, &format!("fld{key:014}"), key, ty);
    }
    scope
}

pub fn context() -> EvalContext {
    EvalContext::new(NOW, TimeZone::UTC)
}

/// One record: a value for each of [`FIELDS`], in order.
#[derive(Clone, Debug)]
pub struct Record(pub Vec<Value>);

/// Every record has the same id and times.
fn record_part(part: &RecordPart) -> Value {
    match part {
        RecordPart::Id => Value::text("rec00000000000001"),
        RecordPart::CreatedTime => Value::DateTime(1_767_323_045_000_000),
        RecordPart::ModifiedTime(fields) if fields.is_empty() => Value::DateTime(1_795_161_600_000_000),
        RecordPart::ModifiedTime(_) => Value::Null,
    }
}

impl Row for Record {
    fn record(&self, part: &RecordPart) -> Value {
        record_part(part)
    }
    fn get(&self, field: FieldKey) -> Value {
        let at = FIELDS.iter().position(|(_, key, _)| *key == field);
        at.and_then(|at| self.0.get(at)).cloned().unwrap_or_default()
    }
}

/// Records as columns.
pub struct Table(pub Vec<Record>);

impl Columns for Table {
    fn record(&self, part: &RecordPart) -> Column {
        Column::constant(record_part(part), self.0.len())
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn column(&self, field: FieldKey) -> Column {
        let ty = FIELDS.iter().find(|(_, key, _)| *key == field).map_or(Type::Any, |(.., ty)| *ty);
        let mut builder = ColumnBuilder::new(ty, self.0.len(), 0);
        for record in &self.0 {
            builder.push(record.get(field));
        }
        builder.finish()
    }
}
