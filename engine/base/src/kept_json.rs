//! JSON of records as lists show them, kept until they change: a page of a list is then mostly copying. Writing a hundred
//! records of 20 fields anew costs some 100 µs, three quarters of a whole request; copying them a tenth of that.
//!
//! Invariant: what is kept equals what [`Base::write_record`] writes. Only the common form is kept: all fields, by name.

use crate::base::Base;
use crate::change::{Change, SchemaEdit};
use crate::computed::Derived;
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::json::Keys;
use crate::rows::Rows;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{PoisonError, RwLock};

/// Bytes that are kept of a base; when they are used up, all go, and those still asked for come back.
const MAX_BYTES: usize = if cfg!(test) { 2_000 } else { 64 << 20 };

/// Kept JSON of a base's records.
#[derive(Default)]
pub(crate) struct KeptJson {
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By slot.
    tables: FxHashMap<TableNo, Vec<Option<Box<[u8]>>>>,
    /// Of the texts.
    bytes: usize,
}

impl Kept {
    fn get(&self, table: TableNo, slot: Slot) -> Option<&[u8]> {
        self.tables.get(&table)?.get(slot.0 as usize)?.as_deref()
    }

    fn put(&mut self, table: TableNo, slot: Slot, json: &[u8]) {
        if self.bytes + json.len() > MAX_BYTES {
            *self = Self::default();
        }
        let texts = self.tables.entry(table).or_default();
        let at = slot.0 as usize;
        if at >= texts.len() {
            texts.resize(at + 1, None);
        }
        self.bytes += json.len();
        self.bytes -= texts[at].replace(json.into()).map_or(0, |old| old.len());
    }

    fn forget(&mut self, table: TableNo, slot: Option<Slot>) {
        let text = slot.and_then(|slot| self.tables.get_mut(&table)?.get_mut(slot.0 as usize)?.take());
        self.bytes -= text.map_or(0, |text| text.len());
    }

    fn forget_table(&mut self, table: TableNo) {
        let texts = self.tables.remove(&table).unwrap_or_default();
        self.bytes -= texts.iter().flatten().map(|text| text.len()).sum::<usize>();
    }
}

impl KeptJson {
    /// Forgets what a change touches, while its rows are still in their slots.
    pub(crate) fn forget(&mut self, tables: &FxHashMap<TableNo, Rows>, change: &Change, derived: &Derived) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        if kept.tables.is_empty() {
            return;
        }
        for edit in &change.schema {
            match edit {
                SchemaEdit::Base { .. } | SchemaEdit::View { .. } => {}
                SchemaEdit::Table { table, .. } | SchemaEdit::Field { table, .. } => {
                    kept.forget_table(*table)
                }
            }
        }
        let updated = change.updated.iter().map(|edit| (edit.table, edit.row));
        let deleted = change.deleted.iter().map(|facts| (facts.table, facts.row));
        let touched = derived.touches.iter().map(|touch| (touch.table, touch.row));
        derived.tables.iter().for_each(|table| kept.forget_table(*table));
        for (table, row) in updated.chain(deleted).chain(touched) {
            kept.forget(table, tables.get(&table).and_then(|rows| rows.slot(row)));
        }
    }

    pub(crate) fn forget_tables(&mut self, tables: &FxHashSet<TableNo>) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        tables.iter().for_each(|table| kept.forget_table(*table));
    }

    pub(crate) fn bytes(&self) -> usize {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.bytes + kept.tables.values().map(|texts| texts.capacity() * 16).sum::<usize>()
    }
}

impl Base {
    /// Appends records as [`Base::write_record`] writes them, with commas in between. Rows that are not there are left out.
    pub fn write_records(
        &self,
        table: TableNo,
        rows: &[RowNo],
        keys: Keys,
        fields: Option<&[FieldNo]>,
        out: &mut Vec<u8>,
    ) {
        let Some((shape, held)) = self.table_and_rows(table) else { return };
        // The addresses of files are good for a while only.
        let is_kept = keys == Keys::Name
            && fields.is_none()
            && !shape.fields.iter().any(|field| field.kind.holds_files());
        let mut missed: Vec<(Slot, usize, usize)> = Vec::new();
        let kept = self.json.kept.read().unwrap_or_else(PoisonError::into_inner);
        let mut is_first = true;
        for row in rows {
            let Some(slot) = held.slot(*row) else { continue };
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            if let Some(json) = kept.get(table, slot).filter(|_| is_kept) {
                out.extend_from_slice(json);
                continue;
            }
            let start = out.len();
            self.write_record(table, *row, keys, fields, out);
            if is_kept {
                missed.push((slot, start, out.len()));
            }
        }
        drop(kept);
        if !missed.is_empty() {
            // The base is borrowed all the while, so nothing has changed since.
            let mut kept = self.json.kept.write().unwrap_or_else(PoisonError::into_inner);
            missed.iter().for_each(|(slot, start, end)| kept.put(table, *slot, &out[*start..*end]));
        }
    }
}
