//! One batch: changes that fit together, encoded for the single call that makes them durable (`call.rs`).
//!
//! Invariants: no two changes of a batch touch the same record or carry the same idempotency key, and a change of the
//! schema is alone in its batch; so each was checked against exactly the state that it meets. Numbers of changes are
//! relative to the batch's beginning, so it can be made before the one in front of it has its own.

use super::schema_rows;
use super::writer::{Checked, KeyToStore, Write};
use engine_base::ids::{RowNo, TableNo};
use engine_base::{Base, Change, RecordId, Touched};
use jiff::Timestamp;
use kernel_db::postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Checked commands that touch different things.
#[derive(Debug, Default)]
pub(super) struct Batch {
    checked: Vec<Checked>,
    touched: Touched,
    keys: FxHashSet<(String, String)>,
    pub(super) arrays: Arrays,
}

impl Batch {
    /// Whether the change can't be checked, or not written, beside what the batch does.
    pub(super) fn clashes(&self, touched: &Touched, key: Option<&KeyToStore>) -> bool {
        !self.checked.is_empty() && self.touched.conflicts(touched)
            || key.is_some_and(|key| {
                !self.keys.is_empty() && self.keys.contains(&(key.scope.clone(), key.key.clone()))
            })
    }

    /// Takes the change in. `base` is what it was checked against.
    pub(super) fn add(&mut self, base: &Base, write: Write, change: Change, touched: Touched, nonce: i64) {
        self.touched.merge(touched);
        self.keys.extend(write.key.as_ref().map(|key| (key.scope.clone(), key.key.clone())));
        self.arrays.push(base, &write, &change, nonce);
        self.checked.push(Checked { write, change: Arc::new(change), nonce });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.checked.is_empty()
    }
    pub(super) fn len(&self) -> usize {
        self.checked.len()
    }
    pub(super) fn rows(&self) -> usize {
        self.touched.rows.len()
    }
    pub(super) fn has_schema(&self) -> bool {
        self.touched.schema
    }
    pub(super) fn first_nonce(&self) -> Option<i64> {
        self.checked.first().map(|checked| checked.nonce)
    }
    pub(super) fn into_writes(self) -> impl Iterator<Item = Write> {
        self.checked.into_iter().map(|checked| checked.write)
    }
    pub(super) fn into_checked(self) -> Vec<Checked> {
        self.checked
    }
}

/// JSON text sent as `json`.
#[derive(Debug)]
pub(super) struct JsonText(String);

impl ToSql for JsonText {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut kernel_db::postgres_types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }
    to_sql_checked!();
}

/// A shared text.
#[derive(Debug)]
pub(super) struct Text(Arc<str>);

impl ToSql for Text {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut kernel_db::postgres_types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        (&*self.0).to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty)
    }
    to_sql_checked!();
}

/// The arrays of `data.apply_batch`, one entry a row.
#[derive(Debug, Default)]
pub(super) struct Arrays {
    pub(super) actor: Vec<Text>,
    pub(super) kind: Vec<&'static str>,
    pub(super) table: Vec<Option<i64>>,
    pub(super) lo: Vec<Option<i64>>,
    pub(super) hi: Vec<Option<i64>>,
    pub(super) nonce: Vec<i64>,
    pub(super) change: Vec<JsonText>,
    pub(super) new_table: Vec<i64>,
    pub(super) new: Vec<i64>,
    pub(super) new_data: Vec<JsonText>,
    pub(super) new_created_at: Vec<Timestamp>,
    pub(super) new_updated_at: Vec<Timestamp>,
    pub(super) new_created_by: Vec<String>,
    pub(super) new_updated_by: Vec<String>,
    pub(super) edited_table: Vec<i64>,
    pub(super) edited: Vec<i64>,
    pub(super) edited_data: Vec<JsonText>,
    pub(super) edited_at: Vec<Timestamp>,
    pub(super) edited_by: Vec<Text>,
    pub(super) gone_table: Vec<i64>,
    pub(super) gone: Vec<i64>,
    pub(super) span_change: Vec<i32>,
    pub(super) span_table: Vec<i64>,
    pub(super) span_lo: Vec<i64>,
    pub(super) span_hi: Vec<i64>,
    pub(super) key_scope: Vec<String>,
    pub(super) key: Vec<String>,
    pub(super) key_hash: Vec<Vec<u8>>,
    pub(super) key_status: Vec<i32>,
    pub(super) key_change: Vec<i32>,
    pub(super) key_body: Vec<String>,
    pub(super) schema: Option<serde_json::Value>,
}

/// Postgres has no unsigned integers; the engine's numbers stay far below the sign bit.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Arrays {
    fn push(&mut self, base: &Base, write: &Write, change: &Change, nonce: i64) {
        let stored = base.stored(change);
        let spans = change.spans();
        let span = main_span(change, &spans);
        self.actor.push(Text(Arc::clone(&write.actor)));
        self.kind.push(change.kind.name());
        self.table.push(span.map(|(table, _)| sql(table.0)));
        self.lo.push(span.and_then(|(_, rows)| rows).map(|(lo, _)| sql(lo.0)));
        self.hi.push(span.and_then(|(_, rows)| rows).map(|(_, hi)| sql(hi.0)));
        self.nonce.push(nonce);
        self.change.push(JsonText(stored.change));
        for row in stored.created {
            self.new_table.push(sql(row.table.0));
            self.new.push(sql(row.row.0));
            self.new_data.push(JsonText(row.data));
            self.new_created_at.push(at(row.meta.created_us));
            self.new_updated_at.push(at(row.meta.updated_us));
            self.new_created_by.push(row.meta.created_by.clone());
            self.new_updated_by.push(row.meta.updated_by.clone());
        }
        for row in stored.updated {
            self.edited_table.push(sql(row.table.0));
            self.edited.push(sql(row.row.0));
            self.edited_data.push(JsonText(row.data));
            self.edited_at.push(at(change.at_us));
            self.edited_by.push(Text(Arc::clone(&write.actor)));
        }
        for (table, row) in stored.deleted {
            self.gone_table.push(sql(table.0));
            self.gone.push(sql(row.0));
        }
        let place = i32::try_from(self.nonce.len()).unwrap_or(i32::MAX);
        for (table, rows) in spans {
            if let Some((lo, hi)) = rows.filter(|_| span.is_none_or(|(main, _)| main != table)) {
                self.span_change.push(place);
                self.span_table.push(sql(table.0));
                self.span_lo.push(sql(lo.0));
                self.span_hi.push(sql(hi.0));
            }
        }
        if let Some(key) = &write.key {
            self.key_scope.push(key.scope.clone());
            self.key.push(key.key.clone());
            self.key_hash.push(key.hash.to_vec());
            self.key_status.push(key.status);
            self.key_change.push(place);
            self.key_body.push(match key.names_records {
                true if !write.rows.is_empty() => planned(change, &write.rows).join(","),
                true => records_of(change, span.map(|(table, _)| table)).join(","),
                false => String::new(),
            });
        }
        if !change.schema.is_empty() {
            self.schema = Some(schema_rows::of(change));
        }
    }
}

/// A table with its lowest and highest row that a change touches.
type Span = (TableNo, Option<(RowNo, RowNo)>);

/// The table that the command was about. Other tables of a change are other sides of links: their spans go to
/// `data.change_spans`.
fn main_span(change: &Change, spans: &[Span]) -> Option<Span> {
    let main = match (change.created.first(), change.deleted.first(), change.updated.first()) {
        (Some(row), _, _) | (None, Some(row), _) => Some(row.table),
        (None, None, edit) => edit.map(|edit| edit.table),
    };
    let of_main = |span: &&Span| main.is_none_or(|main| span.0 == main);
    spans.iter().find(of_main).copied()
}

/// The records that a request was about, in its order.
fn records_of(change: &Change, table: Option<TableNo>) -> Vec<String> {
    let whole = change.created.iter().chain(&change.deleted).map(|row| (row.table, row.row));
    let edits = change.updated.iter().map(|edit| (edit.table, edit.row));
    whole
        .chain(edits)
        .filter(|(of, _)| Some(*of) == table)
        .map(|(table, row)| table.record(row).to_string())
        .collect()
}

/// The records of a plan in the order of its request, with a `+` before those that it made.
fn planned(change: &Change, rows: &[RecordId]) -> Vec<String> {
    let made =
        |id: &RecordId| change.created.iter().any(|facts| (facts.table, facts.row) == (id.table, id.row));
    rows.iter().map(|id| format!("{}{id}", if made(id) { "+" } else { "" })).collect()
}
