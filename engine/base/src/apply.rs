//! Writes a change into memory. Nothing here decides or fails: a change holds exact facts, checked before.
//!
//! Kept orders follow in three steps: rows that will move are taken out while their old values are still there, the values
//! are written, the rows are put in again at their new places.

use crate::base::Base;
use crate::change::{Change, Effects, SchemaEdit};
use crate::column::Column;
use crate::rows::{Rows, Stamp};
use crate::schema::{Schema, Table};

impl Base {
    /// Applies a checked change (or one read from `data.changes`) as number `seq`. Changes must come in order, each once.
    pub fn apply(&mut self, seq: u64, change: &Change) -> Effects {
        let mut orders = std::mem::take(&mut self.orders);
        orders.before(self, change);
        self.json.forget(&self.tables, change);
        for edit in &change.schema {
            self.apply_schema(edit);
        }
        self.apply_rows(change);
        orders.after(self);
        self.orders = orders;
        self.seq = seq;
        effects(seq, change)
    }

    fn apply_schema(&mut self, edit: &SchemaEdit) {
        match edit {
            SchemaEdit::Base { .. } | SchemaEdit::View { .. } => {}
            SchemaEdit::Table { table, after: None, .. } => {
                self.tables.remove(table);
            }
            SchemaEdit::Table { .. } => {}
            SchemaEdit::Field { table, field, before, after } => {
                if let Some(rows) = self.tables.get_mut(table) {
                    match (before, after) {
                        (None, Some(facts)) => rows.add_column(*field, Column::new(&facts.kind)),
                        (_, None) => rows.remove_column(*field),
                        (Some(_), Some(_)) => {}
                    }
                }
            }
        }
        edit_schema(&mut self.schema, edit);
        if let SchemaEdit::Table { table, after: Some(_), .. } = edit
            && let Some(shape) = self.schema.table(*table)
        {
            self.tables.entry(*table).or_insert_with(|| Rows::new(shape));
        }
    }

    fn apply_rows(&mut self, change: &Change) {
        for facts in &change.deleted {
            if let Some(rows) = self.tables.get_mut(&facts.table) {
                rows.remove(facts.row);
            }
        }
        for facts in &change.created {
            let stamp = Stamp {
                created_us: facts.meta.created_us,
                updated_us: facts.meta.updated_us,
                created_by: self.actors.intern(&facts.meta.created_by),
                updated_by: self.actors.intern(&facts.meta.updated_by),
            };
            let Some(rows) = self.tables.get_mut(&facts.table) else { continue };
            let Some(slot) = rows.insert(facts.row, stamp) else { continue };
            for (field, cell) in &facts.cells {
                if let Some(column) = rows.column_mut(*field) {
                    column.set(slot, cell);
                }
            }
        }
        for (table, next_row) in change.next_rows() {
            if let Some(table) = self.schema.table_mut(table) {
                table.next_row = table.next_row.max(next_row);
            }
        }
        let actor = self.actors.intern(&change.actor);
        for edit in &change.updated {
            let Some(rows) = self.tables.get_mut(&edit.table) else { continue };
            let Some(slot) = rows.slot(edit.row) else { continue };
            for cell in &edit.cells {
                if let Some(column) = rows.column_mut(cell.field) {
                    column.set(slot, &cell.after);
                }
            }
            if let Some(stamp) = rows.stamp_mut(slot) {
                stamp.updated_us = change.at_us;
                stamp.updated_by = actor;
            }
        }
    }
}

fn effects(seq: u64, change: &Change) -> Effects {
    let mut effects = Effects { seq, schema_changed: !change.schema.is_empty(), ..Effects::default() };
    let tables = &mut effects.tables;
    for facts in &change.created {
        tables.entry(facts.table).or_default().created.push(facts.row);
    }
    for edit in &change.updated {
        let fields = edit.cells.iter().map(|cell| cell.field).collect();
        tables.entry(edit.table).or_default().updated.push((edit.row, fields));
    }
    for facts in &change.deleted {
        tables.entry(facts.table).or_default().deleted.push(facts.row);
    }
    effects
}

/// Applies one edit to a schema. Lists stay in order of (position, number).
pub(crate) fn edit_schema(schema: &mut Schema, edit: &SchemaEdit) {
    match edit {
        SchemaEdit::Base { after, .. } => schema.info = after.clone(),
        SchemaEdit::Table { table, after, .. } => {
            match after {
                None => schema.tables.retain(|one| one.head.number != *table),
                Some(head) => match schema.table_mut(*table) {
                    Some(one) => one.head = head.clone(),
                    None => schema.tables.push(Table {
                        head: head.clone(),
                        next_row: 1,
                        fields: Vec::new(),
                        views: Vec::new(),
                    }),
                },
            }
            schema.tables.sort_by_key(|one| (one.head.position, one.head.number));
        }
        SchemaEdit::Field { table, field, after, .. } => {
            if let Some(table) = schema.table_mut(*table) {
                table.fields.retain(|one| one.no != *field);
                table.fields.extend(after.as_ref().map(|facts| facts.field(*field)));
                table.fields.sort_by_key(|one| (one.position, one.no));
            }
        }
        SchemaEdit::View { table, view, after, .. } => {
            if let Some(table) = schema.table_mut(*table) {
                table.views.retain(|one| one.no != *view);
                table.views.extend(after.clone());
                table.views.sort_by_key(|one| (one.position, one.no));
            }
        }
    }
}
