//! The rows of one table: which slot a row is in, its columns, times and actors.
//!
//! Invariants: a live row has exactly one slot; a free slot is empty in every column; `live` counts the live rows; what
//! stored fields hold is in Postgres as well, what computed fields hold is not.

use crate::cell::Cell;
use crate::change::RowMeta;
use crate::column::{Column, ValueRef};
use crate::ids::{FieldNo, RowNo, Slot};
use crate::schema::{Field, Storage, Table};
use engine_expr::{ErrorKind, Value};
use rustc_hash::FxHashMap;

const PAGE: u64 = 1024;
const FREE: RowNo = RowNo(0);

/// Row number → slot, in pages: row numbers are dense, so this is four bytes a row.
#[derive(Debug, Clone, Default)]
struct SlotMap {
    /// Slot + 1; 0 for none. With the number of entries in use.
    pages: FxHashMap<u64, (Box<[u32]>, u32)>,
}

impl SlotMap {
    fn get(&self, row: RowNo) -> Option<Slot> {
        let (page, _) = self.pages.get(&(row.0 / PAGE))?;
        page[(row.0 % PAGE) as usize].checked_sub(1).map(Slot)
    }

    fn insert(&mut self, row: RowNo, slot: Slot) {
        let (page, used) =
            self.pages.entry(row.0 / PAGE).or_insert_with(|| (vec![0; PAGE as usize].into_boxed_slice(), 0));
        let entry = &mut page[(row.0 % PAGE) as usize];
        *used += u32::from(*entry == 0);
        *entry = slot.0 + 1;
    }

    fn remove(&mut self, row: RowNo) {
        if let Some((page, used)) = self.pages.get_mut(&(row.0 / PAGE)) {
            let entry = &mut page[(row.0 % PAGE) as usize];
            *used -= u32::from(*entry != 0);
            *entry = 0;
            if *used == 0 {
                self.pages.remove(&(row.0 / PAGE));
            }
        }
    }

    fn bytes(&self) -> usize {
        self.pages.len() * PAGE as usize * 4 + self.pages.capacity() * 40
    }
}

/// Actor texts of a base, each kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actors {
    names: Vec<Box<str>>,
    by_name: FxHashMap<Box<str>, u32>,
}

impl Actors {
    pub(crate) fn intern(&mut self, name: &str) -> u32 {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = self.names.len() as u32;
        self.names.push(name.into());
        self.by_name.insert(name.into(), index);
        index
    }

    pub(crate) fn name(&self, index: u32) -> &str {
        self.names.get(index as usize).map_or("", AsRef::as_ref)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.names.iter().map(|name| name.len() * 2 + 48).sum()
    }
}

/// Times and actors of a row, packed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stamp {
    pub(crate) created_us: i64,
    pub(crate) updated_us: i64,
    pub(crate) created_by: u32,
    pub(crate) updated_by: u32,
}

/// A field's values.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) field: FieldNo,
    pub(crate) column: Column,
    storage: Storage,
    /// Calculated, not stored.
    is_computed: bool,
    /// Why slots have no calculated value.
    errors: FxHashMap<Slot, ErrorKind>,
}

/// The rows of a table.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    columns: Vec<Held>,
    /// Index into `columns` + 1 by field number; 0 for none.
    by_field: Vec<u32>,
    rows: Vec<RowNo>,
    free: Vec<u32>,
    slots: SlotMap,
    stamps: Vec<Stamp>,
    live: usize,
}

impl Rows {
    pub(crate) fn new(table: &Table) -> Self {
        let mut made = Self {
            columns: Vec::new(),
            by_field: Vec::new(),
            rows: Vec::new(),
            free: Vec::new(),
            slots: SlotMap::default(),
            stamps: Vec::new(),
            live: 0,
        };
        made.shape_all(table);
        made
    }

    /// Makes sure that there is a column for every field of the table. Deleted fields keep their values; calculated ones, which
    /// are stored nowhere, have none while the field or the table is deleted.
    pub(crate) fn shape_all(&mut self, table: &Table) {
        let is_deleted = table.head.deleted_us.is_some();
        for field in table.fields.iter().chain(&table.trash.fields) {
            if field.kind.is_computed() && (is_deleted || field.deleted_us.is_some()) {
                self.remove_column(field.no);
            } else {
                self.shape(field);
            }
        }
    }

    /// Makes sure that the field has a column of its kind. Stored values that the new kind reads the same way stay.
    fn shape(&mut self, field: &Field) {
        let (storage, is_computed) = (field.storage(), field.kind.is_computed());
        let fits = |held: &Held| held.storage == storage && held.is_computed == is_computed;
        if self.column_index(field.no).is_some_and(|at| fits(&self.columns[at])) {
            return;
        }
        let mut column = Column::new(storage);
        if !is_computed {
            for slot in self.live_slots() {
                column.set(slot, &self.cell(field.no, slot));
            }
        }
        self.remove_column(field.no);
        let errors = FxHashMap::default();
        self.columns.push(Held { field: field.no, column, storage, is_computed, errors });
        self.index_columns();
    }

    pub(crate) fn remove_column(&mut self, field: FieldNo) {
        self.columns.retain(|held| held.field != field);
        self.index_columns();
    }

    fn index_columns(&mut self) {
        let highest = self.columns.iter().map(|held| held.field.0).max().unwrap_or(0);
        self.by_field = vec![0; highest as usize + 1];
        for (i, held) in self.columns.iter().enumerate() {
            self.by_field[held.field.0 as usize] = i as u32 + 1;
        }
    }

    fn column_index(&self, field: FieldNo) -> Option<usize> {
        (*self.by_field.get(field.0 as usize)? as usize).checked_sub(1)
    }

    pub(crate) fn column(&self, field: FieldNo) -> Option<&Column> {
        self.column_index(field).map(|i| &self.columns[i].column)
    }

    /// The column of a stored field.
    pub(crate) fn stored_mut(&mut self, field: FieldNo) -> Option<&mut Column> {
        let held = self.column_index(field).map(|i| &mut self.columns[i])?;
        (!held.is_computed).then_some(&mut held.column)
    }

    /// Columns of stored fields; the order says nothing.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (FieldNo, &Column)> {
        self.columns.iter().filter(|held| !held.is_computed).map(|held| (held.field, &held.column))
    }

    /// Writes a calculated value; false if it says the same as before.
    pub(crate) fn put(&mut self, field: FieldNo, slot: Slot, value: &Value) -> bool {
        let Some(at) = self.column_index(field) else { return false };
        let held = &mut self.columns[at];
        let error = match value {
            Value::Error(error) => held.errors.insert(slot, error.kind) != Some(error.kind),
            _ => !held.errors.is_empty() && held.errors.remove(&slot).is_some(),
        };
        held.column.put(slot, value) || error
    }

    /// Why a calculated value is missing.
    pub(crate) fn error(&self, field: FieldNo, slot: Slot) -> Option<ErrorKind> {
        self.columns[self.column_index(field)?].errors.get(&slot).copied()
    }

    pub(crate) fn value(&self, field: FieldNo, slot: Slot) -> ValueRef<'_> {
        self.column(field).map_or(ValueRef::Empty, |column| column.value(slot))
    }

    /// The value in stored form; Empty for a computed field.
    pub(crate) fn cell(&self, field: FieldNo, slot: Slot) -> Cell {
        match self.column_index(field).map(|i| &self.columns[i]) {
            Some(held) if !held.is_computed => held.column.cell(slot),
            _ => Cell::Empty,
        }
    }

    pub(crate) fn slot(&self, row: RowNo) -> Option<Slot> {
        self.slots.get(row)
    }

    /// The row in a slot; `RowNo(0)` for a free one.
    pub(crate) fn row(&self, slot: Slot) -> RowNo {
        self.rows.get(slot.0 as usize).copied().unwrap_or(FREE)
    }

    pub(crate) fn stamp(&self, slot: Slot) -> Stamp {
        self.stamps.get(slot.0 as usize).copied().unwrap_or_default()
    }

    pub(crate) fn stamp_mut(&mut self, slot: Slot) -> Option<&mut Stamp> {
        self.stamps.get_mut(slot.0 as usize)
    }

    pub(crate) fn meta(&self, slot: Slot, actors: &Actors) -> RowMeta {
        let stamp = self.stamp(slot);
        RowMeta {
            created_us: stamp.created_us,
            updated_us: stamp.updated_us,
            created_by: actors.name(stamp.created_by).to_owned(),
            updated_by: actors.name(stamp.updated_by).to_owned(),
        }
    }

    /// Number of live rows.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Number of slots, free ones included.
    pub(crate) fn slot_count(&self) -> usize {
        self.rows.len()
    }

    /// Slots of all live rows, ascending.
    pub(crate) fn live_slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.live_slots_from(0)
    }

    /// Those of live rows, from a slot on.
    pub(crate) fn live_slots_from(&self, from: usize) -> impl Iterator<Item = Slot> + '_ {
        self.rows.iter().enumerate().skip(from).filter(|(_, row)| **row != FREE).map(|(i, _)| Slot(i as u32))
    }

    /// Which of 64 slots hold a row; bit `i` for slot `64 · word + i`.
    pub(crate) fn live_mask(&self, word: usize) -> u64 {
        let rows = self.rows.get(word * 64..).unwrap_or_default();
        let bits = rows.iter().take(64).enumerate();
        bits.fold(0, |mask, (bit, row)| mask | u64::from(*row != FREE) << bit)
    }

    /// Gives a new row a slot. None if the row is there already.
    pub(crate) fn insert(&mut self, row: RowNo, stamp: Stamp) -> Option<Slot> {
        if row == FREE || self.slots.get(row).is_some() {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => {
                self.rows[slot as usize] = row;
                self.stamps[slot as usize] = stamp;
                Slot(slot)
            }
            None => {
                self.rows.push(row);
                self.stamps.push(stamp);
                Slot((self.rows.len() - 1) as u32)
            }
        };
        self.slots.insert(row, slot);
        self.live += 1;
        Some(slot)
    }

    /// Empties and frees the slot of a row.
    pub(crate) fn remove(&mut self, row: RowNo) {
        let Some(slot) = self.slots.get(row) else { return };
        for held in &mut self.columns {
            held.column.clear(slot);
            held.errors.remove(&slot);
        }
        self.rows[slot.0 as usize] = FREE;
        self.slots.remove(row);
        self.free.push(slot.0);
        self.live -= 1;
    }

    /// Gives back what growing has reserved; after a load.
    pub(crate) fn shrink(&mut self) {
        for held in &mut self.columns {
            held.column.shrink();
        }
        self.rows.shrink_to_fit();
        self.stamps.shrink_to_fit();
    }

    pub(crate) fn column_bytes(&self) -> usize {
        self.columns
            .iter()
            .map(|held| held.column.bytes() + held.errors.capacity() * 8 + size_of::<Held>())
            .sum()
    }

    pub(crate) fn row_bytes(&self) -> usize {
        self.rows.capacity() * 8
            + self.stamps.capacity() * size_of::<Stamp>()
            + self.free.capacity() * 4
            + self.slots.bytes()
    }
}
