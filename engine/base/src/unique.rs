//! Values of unique fields, to find in no time whether one is taken (spec row D2).
//!
//! Invariant: for every unique field each stored value is in the index with a record that has it.

use crate::cell::Cell;
use crate::change::Change;
use crate::collate;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::rows::Rows;
use crate::schema::Schema;
use rustc_hash::FxHashMap;

/// The unique fields of a base.
#[derive(Debug, Default)]
pub(crate) struct Unique {
    fields: FxHashMap<(TableNo, FieldNo), FxHashMap<Box<str>, RowNo>>,
}

/// What must not occur twice: texts are the same without regard to case. None for no value.
pub(crate) fn key(cell: &Cell) -> Option<Box<str>> {
    match cell {
        Cell::Empty | Cell::True => None,
        Cell::Text(text) => Some(collate::fold(text).into()),
        Cell::Number(number) => Some(number.to_string().into()),
        Cell::Texts(ids) => Some(ids.join("\u{1f}").into()),
        Cell::Links(rows) => Some(format!("{rows:?}").into()),
    }
}

impl Unique {
    /// Takes up fields that became unique, with the values at hand, and drops others.
    pub(crate) fn shape(&mut self, schema: &Schema, tables: &FxHashMap<TableNo, Rows>) {
        let mut fields = FxHashMap::default();
        for table in &schema.tables {
            for field in table.fields.iter().filter(|field| field.rules.unique) {
                let key = (table.number(), field.no);
                let index = self.fields.remove(&key);
                let index = index.unwrap_or_else(|| {
                    tables.get(&key.0).map_or_else(FxHashMap::default, |rows| values(rows, key.1))
                });
                fields.insert(key, index);
            }
        }
        self.fields = fields;
    }

    /// After a load.
    pub(crate) fn fill(&mut self, tables: &FxHashMap<TableNo, Rows>) {
        for ((table, field), index) in &mut self.fields {
            if let Some(rows) = tables.get(table) {
                *index = values(rows, *field);
            }
        }
    }

    /// Follows an applied change.
    pub(crate) fn follow(&mut self, change: &Change) {
        if self.fields.is_empty() {
            return;
        }
        let facts = |all: &[crate::change::RowFacts]| -> Vec<(TableNo, RowNo, FieldNo, Cell)> {
            let each =
                all.iter().flat_map(|facts| facts.cells.iter().map(move |(no, cell)| (facts, *no, cell)));
            each.map(|(facts, no, cell)| (facts.table, facts.row, no, cell.clone())).collect()
        };
        let edits = || change.updated.iter().flat_map(|edit| edit.cells.iter().map(move |cell| (edit, cell)));
        let mut gone = facts(&change.deleted);
        gone.extend(edits().map(|(edit, cell)| (edit.table, edit.row, cell.field, cell.before.clone())));
        let mut come = facts(&change.created);
        come.extend(edits().map(|(edit, cell)| (edit.table, edit.row, cell.field, cell.after.clone())));
        // First what goes: a value may move from one record to another.
        for (table, row, field, cell) in gone {
            if let (Some(index), Some(key)) = (self.fields.get_mut(&(table, field)), key(&cell))
                && index.get(&key) == Some(&row)
            {
                index.remove(&key);
            }
        }
        for (table, row, field, cell) in come {
            if let (Some(index), Some(key)) = (self.fields.get_mut(&(table, field)), key(&cell)) {
                index.insert(key, row);
            }
        }
    }

    /// The record that has the value.
    pub(crate) fn holder(&self, table: TableNo, field: FieldNo, key: &str) -> Option<RowNo> {
        self.fields.get(&(table, field))?.get(key).copied()
    }
}

fn values(rows: &Rows, field: FieldNo) -> FxHashMap<Box<str>, RowNo> {
    let cells = rows.live_slots().map(|slot| (rows.row(slot), rows.cell(field, slot)));
    cells.filter_map(|(row, cell)| Some((key(&cell)?, row))).collect()
}
