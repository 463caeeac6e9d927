//! JSON: objects by field name, values in the form of the records API, linked records by name.

use super::sheets::{Column, Sheet, Sheets};
use bytes::Bytes;
use engine_base::{Base, FieldKind, Plain};
use serde_json::{Map, Value, json};

fn value(column: &Column, value: &Plain) -> Value {
    let names = |list: &[String]| list.iter().cloned().map(Value::from).collect::<Vec<_>>();
    match value {
        Plain::Empty => match column.kind {
            FieldKind::Checkbox => Value::Bool(false),
            FieldKind::MultiSelect { .. } | FieldKind::List { .. } => json!([]),
            FieldKind::Link { .. } | FieldKind::User { many: true } | FieldKind::Attachment => json!([]),
            _ => Value::Null,
        },
        Plain::Text(text) if matches!(column.kind, FieldKind::Json) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
        }
        Plain::Text(text) | Plain::Day(text) => Value::from(text.as_str()),
        Plain::Number(number) | Plain::Duration(number) => number_of(*number),
        Plain::Clock(seconds) => Value::from(Base::clock_text(*seconds)),
        Plain::True => Value::Bool(true),
        Plain::Instant(micros) => Value::from(Base::instant_text(*micros)),
        Plain::Names(list)
            if matches!(column.kind, FieldKind::User { many: false } | FieldKind::Signature) =>
        {
            list.first().map_or(Value::Null, |id| Value::from(id.as_str()))
        }
        Plain::Names(list) => Value::Array(names(list)),
    }
}

/// Whole numbers without a decimal point.
fn number_of(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

fn object(sheet: &Sheet, row: &[Plain]) -> Vec<u8> {
    let cells =
        sheet.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), value(column, cell)));
    Value::Object(cells.collect::<Map<_, _>>()).to_string().into_bytes()
}

/// An object a line.
pub(super) fn lines(sheet: &Sheet, rows: &[Vec<Plain>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 << 10);
    for row in rows {
        out.extend_from_slice(&object(sheet, row));
        out.push(b'\n');
    }
    out
}

/// A part of one list of objects.
pub(super) fn list(sheet: &Sheet, rows: &[Vec<Plain>], begins: bool, ends: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 << 10);
    if begins {
        out.push(b'[');
    }
    for (index, row) in rows.iter().enumerate() {
        out.extend_from_slice(if begins && index == 0 { b"\n" } else { b",\n" });
        out.extend_from_slice(&object(sheet, row));
    }
    if ends {
        out.extend_from_slice(b"\n]\n");
    }
    out
}

fn head(sheets: &Sheets) -> String {
    let id = sheets.open.read(|base| base.id().to_string());
    format!("{{\"id\":{},\"name\":{},\"tables\":[", Value::from(id), Value::from(sheets.base.as_str()))
}

/// A base of which no table is there.
pub(super) fn empty_base(sheets: &Sheets) -> Bytes {
    Bytes::from(format!("{}]}}\n", head(sheets)))
}

/// A part of one table of a base: whether the table begins, ends, and the file with it.
pub(super) fn of_base(
    sheets: &Sheets,
    index: usize,
    rows: &[Vec<Plain>],
    (begins, ends, last): (bool, bool, bool),
) -> Vec<u8> {
    let sheet = &sheets.all[index];
    let mut out = Vec::new();
    if begins {
        out.extend_from_slice(if index == 0 { head(sheets) } else { ",".to_owned() }.as_bytes());
        let fields: Vec<Value> = sheet
            .columns
            .iter()
            .map(|column| {
                let id = sheet.table.field(column.no).to_string();
                json!({"id": id, "name": column.name, "type": column.type_name})
            })
            .collect();
        let id = engine_base::TableId(sheet.table).to_string();
        let table = json!({"id": id, "name": sheet.name, "fields": fields}).to_string();
        out.extend_from_slice(table.trim_end_matches('}').as_bytes());
        out.extend_from_slice(b",\"records\":");
    }
    out.extend_from_slice(&list(sheet, rows, begins, ends));
    if ends {
        out.push(b'}');
    }
    if last {
        out.extend_from_slice(b"]}\n");
    }
    out
}
