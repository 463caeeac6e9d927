//! A change in the making: what the base holds, with what this command has changed so far laid over it.

use crate::apply::edit_schema;
use crate::base::Base;
use crate::cell::Cell;
use crate::change::{CellEdit, Change, ChangeKind, RowEdit, RowFacts, SchemaEdit};
use crate::command::CheckContext;
use crate::computed::Graph;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::schema::{Schema, Table};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// A value to be: links are kept as a growing list, so that thousands of rows can link to one.
enum Pending {
    Cell(Cell),
    Links(Vec<RowNo>),
}

struct PendingRow {
    table: TableNo,
    row: RowNo,
    cells: Vec<(FieldNo, Pending)>,
}

pub(super) struct Draft<'b> {
    pub(super) base: &'b Base,
    schema: Cow<'b, Schema>,
    edits: Vec<SchemaEdit>,
    updated: Vec<PendingRow>,
    by_row: FxHashMap<(TableNo, RowNo), usize>,
    /// New records; their cells are in `updated` until the end, so that links find them there.
    created: Vec<RowFacts>,
    created_rows: FxHashSet<(TableNo, RowNo)>,
    deleted: Vec<(TableNo, RowNo)>,
    deleted_rows: FxHashSet<(TableNo, RowNo)>,
}

impl<'b> Draft<'b> {
    pub(super) fn new(base: &'b Base) -> Self {
        Self {
            base,
            schema: Cow::Borrowed(base.schema()),
            edits: Vec::new(),
            updated: Vec::new(),
            by_row: FxHashMap::default(),
            created: Vec::new(),
            created_rows: FxHashSet::default(),
            deleted: Vec::new(),
            deleted_rows: FxHashSet::default(),
        }
    }

    /// The schema with the edits so far.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A table as it will be, to be read while the draft is written: borrowed unless this command changes the schema.
    pub(super) fn shape(&self, table: TableNo) -> Option<Cow<'b, Table>> {
        match &self.schema {
            Cow::Borrowed(schema) => schema.table(table).map(Cow::Borrowed),
            Cow::Owned(schema) => schema.table(table).cloned().map(Cow::Owned),
        }
    }

    pub(super) fn edit(&mut self, edit: SchemaEdit) {
        let schema = self.schema.to_mut();
        edit_schema(schema, &edit);
        if matches!(edit, SchemaEdit::Table { .. } | SchemaEdit::Field { .. }) {
            Graph::build(schema);
        }
        self.edits.push(edit);
    }

    /// Whether the record will exist.
    pub(super) fn exists(&self, table: TableNo, row: RowNo) -> bool {
        let key = (table, row);
        self.created_rows.contains(&key)
            || (self.base.contains(table, row) && !self.deleted_rows.contains(&key))
    }

    /// Announces a new record; its cells follow by [`set`](Self::set).
    pub(super) fn create(&mut self, facts: RowFacts) {
        self.created_rows.insert((facts.table, facts.row));
        self.created.push(facts);
    }

    /// Marks a record as deleted; false if it was already.
    pub(super) fn delete(&mut self, table: TableNo, row: RowNo) -> bool {
        let fresh = self.deleted_rows.insert((table, row));
        if fresh {
            self.deleted.push((table, row));
        }
        fresh
    }

    fn pending(&self, table: TableNo, row: RowNo, field: FieldNo) -> Option<&Pending> {
        let edit = &self.updated[*self.by_row.get(&(table, row))?];
        edit.cells.iter().find(|(no, _)| *no == field).map(|(_, value)| value)
    }

    fn row_mut(&mut self, table: TableNo, row: RowNo) -> &mut PendingRow {
        let index = *self.by_row.entry((table, row)).or_insert_with(|| {
            self.updated.push(PendingRow { table, row, cells: Vec::new() });
            self.updated.len() - 1
        });
        &mut self.updated[index]
    }

    pub(super) fn set(&mut self, table: TableNo, row: RowNo, field: FieldNo, cell: Cell) {
        let edit = self.row_mut(table, row);
        match edit.cells.iter_mut().find(|(no, _)| *no == field) {
            Some((_, value)) => *value = Pending::Cell(cell),
            None => edit.cells.push((field, Pending::Cell(cell))),
        }
    }

    /// The rows of a link cell, as they stand now.
    pub(super) fn links(&self, table: TableNo, row: RowNo, field: FieldNo) -> Vec<RowNo> {
        match self.pending(table, row, field) {
            Some(Pending::Links(rows)) => rows.clone(),
            Some(Pending::Cell(cell)) => cell.rows().to_vec(),
            None => self.base.cell(table, row, field).rows().to_vec(),
        }
    }

    /// The rows of a link cell, to be changed in place.
    pub(super) fn links_mut(&mut self, table: TableNo, row: RowNo, field: FieldNo) -> &mut Vec<RowNo> {
        let now = match self.pending(table, row, field) {
            Some(Pending::Links(_)) => None,
            _ => Some(self.links(table, row, field)),
        };
        let edit = self.row_mut(table, row);
        let at = match edit.cells.iter().position(|(no, _)| *no == field) {
            Some(at) => at,
            None => {
                edit.cells.push((field, Pending::Links(Vec::new())));
                edit.cells.len() - 1
            }
        };
        let value = &mut edit.cells[at].1;
        if let Some(now) = now {
            *value = Pending::Links(now);
        }
        match value {
            Pending::Links(rows) => rows,
            // Just made a list of links above.
            Pending::Cell(_) => unreachable!("a link cell is pending as a list"),
        }
    }

    /// The stored value as it stands now.
    pub(super) fn cell(&self, table: TableNo, row: RowNo, field: FieldNo) -> Cell {
        match self.pending(table, row, field) {
            Some(Pending::Links(rows)) => Cell::links(rows.clone()),
            Some(Pending::Cell(cell)) => cell.clone(),
            None => self.base.cell(table, row, field),
        }
    }

    /// Cells that this command writes, by record: those of new records that came whole are among them.
    pub(super) fn written(&self) -> impl Iterator<Item = (TableNo, RowNo, FieldNo, Cell)> + '_ {
        let pending = self.updated.iter().flat_map(|edit| {
            edit.cells.iter().map(move |(field, value)| {
                let cell = match value {
                    Pending::Cell(cell) => cell.clone(),
                    Pending::Links(rows) => Cell::links(rows.clone()),
                };
                (edit.table, edit.row, *field, cell)
            })
        });
        let whole = self.created.iter().flat_map(|facts| {
            facts.cells.iter().map(move |(field, cell)| (facts.table, facts.row, *field, cell.clone()))
        });
        pending.chain(whole)
    }

    /// The new records, in order.
    pub(super) fn created(&self) -> &[RowFacts] {
        &self.created
    }

    /// Whether the record goes.
    pub(super) fn is_deleted(&self, table: TableNo, row: RowNo) -> bool {
        self.deleted_rows.contains(&(table, row))
    }

    /// The change: facts of whole rows gathered, cells that end as they began left out.
    pub(super) fn finish(self, kind: ChangeKind, context: &CheckContext<'_>) -> Change {
        let mut change = Change {
            kind,
            at_us: context.now_us,
            actor: context.actor.to_owned(),
            schema: self.edits,
            created: self.created,
            updated: Vec::new(),
            deleted: Vec::new(),
            claims: Vec::new(),
            refused: Vec::new(),
        };
        let places: FxHashMap<(TableNo, RowNo), usize> =
            change.created.iter().enumerate().map(|(i, facts)| ((facts.table, facts.row), i)).collect();
        for edit in self.updated {
            let key = (edit.table, edit.row);
            let cells = edit.cells.into_iter().map(|(field, value)| match value {
                Pending::Cell(cell) => (field, cell),
                Pending::Links(rows) => (field, Cell::links(rows)),
            });
            if let Some(place) = places.get(&key) {
                change.created[*place].cells.extend(cells.filter(|(_, cell)| !cell.is_empty()));
            } else if !self.deleted_rows.contains(&key) {
                let mut cells: Vec<CellEdit> = cells
                    .map(|(field, after)| CellEdit {
                        field,
                        before: self.base.cell(edit.table, edit.row, field),
                        after,
                    })
                    .filter(|cell| cell.before != cell.after)
                    .collect();
                cells.sort_by_key(|cell| cell.field);
                if !cells.is_empty() {
                    let stamp = self.base.touched(edit.table, edit.row);
                    change.updated.push(RowEdit { table: edit.table, row: edit.row, cells, stamp });
                }
            }
        }
        for (table, row) in self.deleted {
            if let Some(meta) = self.base.meta(table, row) {
                // The facts keep the links that the record had, so that a restore can bring them back.
                change.deleted.push(RowFacts { table, row, cells: self.base.cells(table, row), meta });
            }
        }
        change
    }
}
