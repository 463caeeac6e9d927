//! What a checked change writes to Postgres: the JSON of its change row and the rows of `data.records`.
//!
//! Invariant: the values of a new record are encoded once; the change row repeats the same bytes.

use crate::base::Base;
use crate::change::{CHANGE_VERSION, CellEdit, Change, RowFacts, RowMeta};
use crate::column::ValueRef;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::json::{stored_json, write_list, write_number, write_stored, write_string, write_unsigned};
use crate::rows::Rows;
use crate::time;

/// A record to insert.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow<'a> {
    /// The table.
    pub table: TableNo,
    /// The row.
    pub row: RowNo,
    /// All values: the JSON text of `records.data`.
    pub data: String,
    /// Times and actors.
    pub meta: &'a RowMeta,
}

/// A record whose values are replaced. Who and when are the change's.
#[derive(Debug, Clone, PartialEq)]
pub struct EditedRow {
    /// The table.
    pub table: TableNo,
    /// The row.
    pub row: RowNo,
    /// All values: the JSON text of `records.data`.
    pub data: String,
}

/// What a change writes. Tables, fields and views are in [`Change::schema`], counters of rows in [`Change::next_rows`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored<'a> {
    /// The JSON of the change row, as [`Change::from_json`] reads it.
    pub change: String,
    /// Rows to insert.
    pub created: Vec<NewRow<'a>>,
    /// Rows to replace.
    pub updated: Vec<EditedRow>,
    /// Rows to delete.
    pub deleted: Vec<(TableNo, RowNo)>,
}

impl Base {
    /// What a checked change that is not yet applied writes.
    pub fn stored<'a>(&self, change: &'a Change) -> Stored<'a> {
        let new = |facts: &'a RowFacts| NewRow {
            table: facts.table,
            row: facts.row,
            data: stored_json(&facts.cells),
            meta: &facts.meta,
        };
        let created: Vec<NewRow<'a>> = change.created.iter().map(new).collect();
        let updated = change.updated.iter().filter_map(|edit| {
            let rows = self.tables.get(&edit.table)?;
            let data = edited_json(rows, edit.row, &edit.cells)?;
            Some(EditedRow { table: edit.table, row: edit.row, data })
        });
        Stored {
            change: change_json(change, |index, out| out.extend_from_slice(created[index].data.as_bytes())),
            updated: updated.collect(),
            deleted: change.deleted.iter().map(|facts| (facts.table, facts.row)).collect(),
            created,
        }
    }
}

impl Change {
    /// The JSON of the `data` column: `{"v":2,"kind","at_us","actor","schema":[…],"created":[…],"updated":[…],"deleted":[…]}`.
    /// A new record whose times and actors are the change's does not repeat them (`m` is absent).
    pub fn to_json(&self) -> String {
        change_json(self, |index, out| {
            out.extend_from_slice(stored_json(&self.created[index].cells).as_bytes());
        })
    }

    /// Whether these are the times and actors of a record made by this change.
    fn made_here(&self, meta: &RowMeta) -> bool {
        meta.created_us == self.at_us
            && meta.updated_us == self.at_us
            && meta.created_by == self.actor
            && meta.updated_by == self.actor
    }
}

/// `created`: writes the values of the new record with this index.
fn change_json(change: &Change, created: impl Fn(usize, &mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(256 + 512 * change.created.len() + 96 * change.updated.len());
    out.extend_from_slice(b"{\"v\":");
    write_unsigned(u64::from(CHANGE_VERSION), &mut out);
    out.extend_from_slice(b",\"kind\":");
    write_string(change.kind.name(), &mut out);
    member("at_us", &mut out);
    write_signed(change.at_us, &mut out);
    member("actor", &mut out);
    write_string(&change.actor, &mut out);
    if !change.schema.is_empty() {
        member("schema", &mut out);
        // Only maps with text keys are in a schema, so writing it to memory can't fail.
        let written = serde_json::to_writer(&mut out, &change.schema);
        debug_assert!(written.is_ok(), "{written:?}");
    }
    list("created", &change.created, &mut out, |index, facts, out| {
        row(facts.table, facts.row, out);
        created(index, out);
        if !change.made_here(&facts.meta) {
            write_meta(&facts.meta, out);
        }
    });
    list("updated", &change.updated, &mut out, |_, edit, out| {
        row(edit.table, edit.row, out);
        out.push(b'[');
        for (index, cell) in edit.cells.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",{\"f\":" } else { b"{\"f\":" });
            write_unsigned(u64::from(cell.field.0), out);
            out.extend_from_slice(b",\"b\":");
            write_stored(&cell.before, out);
            out.extend_from_slice(b",\"a\":");
            write_stored(&cell.after, out);
            out.push(b'}');
        }
        out.push(b']');
        if let Some((at_us, actor)) = &edit.stamp {
            out.extend_from_slice(b",\"s\":[");
            write_signed(*at_us, out);
            out.push(b',');
            write_string(if *actor == change.actor { "" } else { actor }, out);
            out.push(b']');
        }
    });
    list("deleted", &change.deleted, &mut out, |_, facts, out| {
        row(facts.table, facts.row, out);
        out.extend_from_slice(stored_json(&facts.cells).as_bytes());
        write_meta(&facts.meta, out);
    });
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}

fn member(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    write_string(name, out);
    out.push(b':');
}

fn list<T>(name: &str, items: &[T], out: &mut Vec<u8>, write: impl Fn(usize, &T, &mut Vec<u8>)) {
    if items.is_empty() {
        return;
    }
    member(name, out);
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{" } else { b"{" });
        write(index, item, out);
        out.push(b'}');
    }
    out.push(b']');
}

fn row(table: TableNo, row: RowNo, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"t\":");
    write_unsigned(table.0, out);
    out.extend_from_slice(b",\"r\":");
    write_unsigned(row.0, out);
    out.extend_from_slice(b",\"c\":");
}

fn write_meta(meta: &RowMeta, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"m\":{\"ca\":");
    write_signed(meta.created_us, out);
    out.extend_from_slice(b",\"ua\":");
    write_signed(meta.updated_us, out);
    out.extend_from_slice(b",\"cb\":");
    write_string(&meta.created_by, out);
    out.extend_from_slice(b",\"ub\":");
    write_string(&meta.updated_by, out);
    out.push(b'}');
}

fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// The values of a row with some cells replaced, straight from the columns. None if there is no such row.
fn edited_json(rows: &Rows, row: RowNo, edits: &[CellEdit]) -> Option<String> {
    let slot = rows.slot(row)?;
    let mut out = Vec::with_capacity(256);
    out.push(b'{');
    for (field, column) in rows.stored() {
        if edits.iter().any(|edit| edit.field == field) {
            continue;
        }
        match column.value(slot) {
            ValueRef::Empty => {}
            value => {
                key(field, &mut out);
                write_value(value, &mut out);
            }
        }
    }
    // Also those of fields that this change makes, which have no column yet.
    for edit in edits.iter().filter(|edit| !edit.after.is_empty()) {
        key(edit.field, &mut out);
        write_stored(&edit.after, &mut out);
    }
    out.push(b'}');
    String::from_utf8(out).ok()
}

fn key(field: FieldNo, out: &mut Vec<u8>) {
    out.extend_from_slice(if out.len() > 1 { b",\"" } else { b"\"" });
    write_unsigned(u64::from(field.0), out);
    out.extend_from_slice(b"\":");
}

fn write_value(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Empty => out.extend_from_slice(b"null"),
        ValueRef::True => out.extend_from_slice(b"true"),
        ValueRef::Number(number) => write_number(number, out),
        ValueRef::Text(text) | ValueRef::Choice(text) => write_string(text, out),
        ValueRef::Day(day) => quoted(out, |out| time::write_day(day, out)),
        ValueRef::Instant(micros) => quoted(out, |out| time::write_instant(micros, out)),
        ValueRef::Choices(ids) => write_list(ids.iter(), out, |id, out| write_string(id, out)),
        ValueRef::Links(rows) => write_list(rows.iter(), out, |row, out| write_unsigned(row.0, out)),
        // Of computed fields only, which store nothing.
        ValueRef::List(_) => out.extend_from_slice(b"null"),
    }
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}
