//! Writes JSON of records straight into bytes: for the records API, for windows, for Postgres.

use crate::base::Base;
use crate::cell::Cell;
use crate::column::ValueRef;
use crate::files;
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::rows::Rows;
use crate::schema::{Field, FieldKind};
use crate::time;
use engine_expr::Value;
use std::collections::BTreeMap;

/// What the members of a record's `fields` object are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keys {
    /// Names of fields.
    Name,
    /// Ids, `fld…`.
    Id,
}

/// Appends a JSON string.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    for (i, byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..i]);
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        done = i + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

pub(crate) fn write_unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Appends a finite number; whole ones without a decimal point.
pub(crate) fn write_number(number: f64, out: &mut Vec<u8>) {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        if number < 0.0 {
            out.push(b'-');
        }
        write_unsigned(number.abs() as u64, out);
    } else if serde_json::to_writer(&mut *out, &number).is_err() {
        // Writing to memory does not fail; this keeps the JSON whole if it ever did.
        out.extend_from_slice(b"null");
    }
}

fn write_quoted(id: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(id);
    out.push(b'"');
}

/// A row's stored JSON, `{"1":…}`, from cells that are not empty.
pub(crate) fn stored_json(cells: &BTreeMap<FieldNo, Cell>) -> String {
    let mut out = Vec::with_capacity(cells.len() * 16 + 2);
    out.push(b'{');
    for (field, cell) in cells.iter().filter(|(_, cell)| !cell.is_empty()) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.push(b'"');
        write_unsigned(u64::from(field.0), &mut out);
        out.extend_from_slice(b"\":");
        write_stored(cell, &mut out);
    }
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}

pub(crate) fn write_stored(cell: &Cell, out: &mut Vec<u8>) {
    match cell {
        Cell::Empty => out.extend_from_slice(b"null"),
        Cell::True => out.extend_from_slice(b"true"),
        Cell::Number(number) => write_number(*number, out),
        Cell::Text(text) => write_string(text, out),
        Cell::Texts(ids) => write_list(ids.iter(), out, |id, out| write_string(id, out)),
        Cell::Links(rows) => write_list(rows.iter(), out, |row, out| write_unsigned(row.0, out)),
    }
}

/// Appends a JSON list.
pub(crate) fn write_list<T>(
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// How selects and links are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Records API: choice by name, links as ids.
    Record,
    /// Windows: choice by id, links as `{"id","name"}`.
    Window,
}

impl Base {
    /// Appends `{"id","fields":{…},"created_at","updated_at"}`. Empty values are null, an empty checkbox is false. Selects
    /// are written by name, links as a list of record ids. `fields`: None for all. False if there is no such row.
    pub fn write_record(
        &self,
        table: TableNo,
        row: RowNo,
        keys: Keys,
        fields: Option<&[FieldNo]>,
        out: &mut Vec<u8>,
    ) -> bool {
        let Some((shape, rows)) = self.table_and_rows(table) else { return false };
        let Some(slot) = rows.slot(row) else { return false };
        out.extend_from_slice(b"{\"id\":");
        write_quoted(&table.record(row).text(), out);
        out.extend_from_slice(b",\"fields\":{");
        let mut first = true;
        let mut write = |field: &Field, out: &mut Vec<u8>| {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            match keys {
                Keys::Name => write_string(&field.name, out),
                Keys::Id => write_quoted(&table.field(field.no).text(), out),
            }
            out.push(b':');
            self.write_held(field, rows, slot, Form::Record, out);
        };
        match fields {
            None => shape.fields.iter().for_each(|field| write(field, out)),
            Some(wanted) => {
                wanted.iter().filter_map(|no| shape.field(*no)).for_each(|field| write(field, out))
            }
        }
        let stamp = rows.stamp(slot);
        out.extend_from_slice(b"},\"created_at\":\"");
        time::write_instant(stamp.created_us, out);
        out.extend_from_slice(b"\",\"updated_at\":\"");
        time::write_instant(stamp.updated_us, out);
        out.extend_from_slice(b"\"}");
        true
    }

    /// Appends `["rec…",v1,v2,…]`: selects by choice id, links as `[{"id","name"}…]`, null for empty, false for an empty
    /// checkbox. A field that the table does not have is null. False if there is no such row.
    pub fn write_window_row(
        &self,
        table: TableNo,
        row: RowNo,
        fields: &[FieldNo],
        out: &mut Vec<u8>,
    ) -> bool {
        let Some((shape, rows)) = self.table_and_rows(table) else { return false };
        let Some(slot) = rows.slot(row) else { return false };
        out.push(b'[');
        write_quoted(&table.record(row).text(), out);
        for no in fields {
            out.push(b',');
            match shape.field(*no) {
                Some(field) => self.write_held(field, rows, slot, Form::Window, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b']');
        true
    }

    /// Appends `[v1,v2,…]`, what a group stands for, in the form of windows: a value that could not be calculated is empty.
    pub fn write_values(&self, table: TableNo, row: RowNo, fields: &[FieldNo], out: &mut Vec<u8>) {
        let Some((shape, rows)) = self.table_and_rows(table) else { return out.extend_from_slice(b"[]") };
        let slot = rows.slot(row);
        write_list(fields.iter(), out, |no, out| match (shape.field(*no), slot) {
            (Some(field), Some(slot)) if rows.error(*no, slot).is_none() => {
                self.write_held(field, rows, slot, Form::Window, out);
            }
            _ => out.extend_from_slice(b"null"),
        });
    }

    /// Appends one stored value of a field, e.g. of a change in a history, in the form of windows. A value that no longer
    /// fits the field (or whose field is gone) is written as it is stored.
    pub fn write_cell(&self, table: TableNo, field: FieldNo, cell: &Cell, out: &mut Vec<u8>) {
        let field = self.schema().table(table).and_then(|table| table.field(field));
        match (field, cell) {
            (Some(Field { kind: FieldKind::Link { table, .. }, .. }), Cell::Links(rows)) => {
                self.write_links(*table, rows, Form::Window, out)
            }
            (Some(Field { kind: FieldKind::Checkbox, .. }), Cell::Empty) => out.extend_from_slice(b"false"),
            (Some(Field { kind: FieldKind::Time, .. }), Cell::Number(seconds)) => {
                write_string(&time::clock_text(*seconds), out);
            }
            (Some(Field { kind: FieldKind::Json, .. }), Cell::Text(json)) => {
                out.extend_from_slice(json.as_bytes());
            }
            (
                Some(Field {
                    kind:
                        kind @ (FieldKind::User { many: false } | FieldKind::Attachment | FieldKind::Signature),
                    ..
                }),
                Cell::Texts(ids),
            ) => {
                self.write_value(kind, ValueRef::Choices(ids), Form::Window, out);
            }
            _ => write_stored(cell, out),
        }
    }

    /// A value of a row, or what stands for one that could not be calculated: `{"error": code}`.
    fn write_held(&self, field: &Field, rows: &Rows, slot: Slot, form: Form, out: &mut Vec<u8>) {
        let value = rows.value(field.no, slot);
        if field.outcome.is_some() {
            if let Some(error) = rows.error(field.no, slot) {
                out.extend_from_slice(b"{\"error\":");
                write_string(error.as_str(), out);
                return out.push(b'}');
            }
            if let (FieldKind::Button { label, .. }, ValueRef::Text(url)) = (&field.kind, value) {
                out.extend_from_slice(b"{\"label\":");
                write_string(label, out);
                out.extend_from_slice(b",\"url\":");
                write_string(url, out);
                return out.push(b'}');
            }
        }
        match (value, field.linked()) {
            (ValueRef::Links(linked), Some(table)) => self.write_links(table, linked, form, out),
            _ => self.write_value(field.value_kind(), value, form, out),
        }
    }

    fn write_value(&self, kind: &FieldKind, value: ValueRef<'_>, form: Form, out: &mut Vec<u8>) {
        match value {
            ValueRef::Empty => out.extend_from_slice(match kind {
                FieldKind::Checkbox => b"false",
                FieldKind::Link { .. }
                | FieldKind::MultiSelect { .. }
                | FieldKind::Attachment
                | FieldKind::User { many: true }
                | FieldKind::List { .. } => b"[]",
                _ => b"null",
            }),
            ValueRef::True => out.extend_from_slice(b"true"),
            ValueRef::Number(seconds) if matches!(kind, FieldKind::Time) => {
                write_string(&time::clock_text(seconds), out);
            }
            ValueRef::Number(number) => write_number(number, out),
            ValueRef::Text(json) if matches!(kind, FieldKind::Json) => out.extend_from_slice(json.as_bytes()),
            ValueRef::Text(text) => write_string(text, out),
            ValueRef::Day(day) => {
                out.push(b'"');
                time::write_day(day, out);
                out.push(b'"');
            }
            ValueRef::Instant(micros) => {
                out.push(b'"');
                time::write_instant(micros, out);
                out.push(b'"');
            }
            ValueRef::Choice(id) => match form {
                Form::Window => write_string(id, out),
                Form::Record => write_string(choice_name(kind, id).unwrap_or(id), out),
            },
            ValueRef::Choices([id])
                if matches!(
                    kind,
                    FieldKind::User { many: false } | FieldKind::CreatedBy | FieldKind::ModifiedBy { .. }
                ) =>
            {
                write_string(id, out);
            }
            ValueRef::Choices([file]) if matches!(kind, FieldKind::Signature) => {
                files::write_file(file, self.urls.as_deref(), out);
            }
            ValueRef::Choices(list) if kind.holds_files() => {
                write_list(list.iter(), out, |file, out| files::write_file(file, self.urls.as_deref(), out));
            }
            ValueRef::Choices(ids) => write_list(ids.iter(), out, |id, out| match form {
                Form::Window => write_string(id, out),
                Form::Record => write_string(choice_name(kind, id).unwrap_or(id), out),
            }),
            ValueRef::List(values) => write_list(values.iter(), out, |value, out| {
                let of = if let FieldKind::List { of } = kind { of } else { kind };
                write_element(of, value, out);
            }),
            // A link's records are of the table that its field names.
            ValueRef::Links(_) => out.extend_from_slice(b"[]"),
        }
    }

    fn write_links(&self, table: TableNo, linked: &[RowNo], form: Form, out: &mut Vec<u8>) {
        write_list(linked.iter(), out, |row, out| {
            if form == Form::Record {
                return write_quoted(&table.record(*row).text(), out);
            }
            out.extend_from_slice(b"{\"id\":");
            write_quoted(&table.record(*row).text(), out);
            out.extend_from_slice(b",\"name\":");
            let mut name = String::new();
            self.push_name(table, *row, &mut name);
            write_string(&name, out);
            out.push(b'}');
        });
    }

    /// Appends a cell as plain text, as an export shows it: choice by name, linked records' names joined by `, `, a ticked
    /// checkbox `true`; nothing for empty.
    pub fn write_text(&self, table: TableNo, row: RowNo, field: FieldNo, out: &mut String) {
        if let Some((shape, rows)) = self.table_and_rows(table)
            && let Some(slot) = rows.slot(row)
            && let Some(field) = shape.field(field)
        {
            self.push_text(field, rows, slot, out);
        }
    }

    pub(crate) fn push_text(&self, field: &Field, rows: &Rows, slot: Slot, out: &mut String) {
        match (rows.value(field.no, slot), field.linked()) {
            (ValueRef::Links(linked), Some(table)) => {
                for (i, row) in linked.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.push_name(table, *row, out);
                }
            }
            (value, _) => push_value(field.value_kind(), value, out),
        }
    }

    /// Appends the text of a record's primary field.
    pub(crate) fn push_name(&self, table: TableNo, row: RowNo, out: &mut String) {
        if let Some((shape, rows)) = self.table_and_rows(table)
            && let Some(slot) = rows.slot(row)
            && let Some(field) = shape.primary()
            // A link can't be primary; the guard keeps a damaged schema from endless recursion.
            && field.linked().is_none()
        {
            self.push_text(field, rows, slot, out);
        }
    }
}

/// An element of a list, as calculated.
fn write_element(kind: &FieldKind, value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Error(_) => out.extend_from_slice(b"null"),
        Value::Text(json) if matches!(kind, FieldKind::Json) => out.extend_from_slice(json.as_bytes()),
        Value::Text(text) => write_string(text, out),
        Value::Number(seconds) if matches!(kind, FieldKind::Time) => {
            write_string(&time::clock_text(*seconds), out);
        }
        Value::Number(number) => write_number(*number, out),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Date(day) => write_string(&time::day_text(*day), out),
        Value::DateTime(micros) => write_string(&time::instant_text(*micros), out),
        Value::List(list) => write_list(list.iter(), out, |value, out| write_element(kind, value, out)),
    }
}

/// Appends a value as plain text. Not for links, whose names are elsewhere.
pub(crate) fn push_value(kind: &FieldKind, value: ValueRef<'_>, out: &mut String) {
    match value {
        ValueRef::Empty | ValueRef::Links(_) => {}
        ValueRef::Text(text) => out.push_str(text),
        ValueRef::True => out.push_str("true"),
        ValueRef::Number(seconds) if matches!(kind, FieldKind::Time) => {
            out.push_str(&time::clock_text(seconds))
        }
        ValueRef::Number(seconds) if matches!(kind, FieldKind::Duration) => {
            out.push_str(&time::duration_text(seconds));
        }
        ValueRef::Number(number) => {
            let mut bytes = Vec::with_capacity(24);
            write_number(number, &mut bytes);
            out.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
        }
        ValueRef::Day(day) => out.push_str(&time::day_text(day)),
        ValueRef::Instant(micros) => out.push_str(&time::instant_text(micros)),
        ValueRef::Choice(id) => out.push_str(choice_name(kind, id).unwrap_or(id)),
        ValueRef::Choices(ids) => {
            for (i, id) in ids.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(choice_name(kind, id).unwrap_or(id));
            }
        }
        ValueRef::List(values) => {
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(&value.to_string());
            }
        }
    }
}

/// The name of a choice or a file.
pub(crate) fn choice_name<'a>(kind: &'a FieldKind, id: &'a str) -> Option<&'a str> {
    if kind.holds_files() {
        return Some(files::name(id));
    }
    kind.choices()?.iter().find(|choice| choice.id == id).map(|choice| choice.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_read_back(text in "\\PC{0,20}|[\\x00-\\x20\"\\\\]{0,10}") {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn numbers_read_back(number in prop::num::f64::NORMAL | prop::num::f64::ZERO, whole in -9_007_199_254_740_991i64..9_007_199_254_740_991) {
            for number in [number, whole as f64] {
                let mut out = Vec::new();
                write_number(number, &mut out);
                prop_assert_eq!(std::str::from_utf8(&out).unwrap().parse::<f64>().unwrap(), number);
                let cell: Cell = serde_json::from_slice(&out).unwrap();
                prop_assert_eq!(cell, Cell::Number(number));
            }
        }
    }
}
