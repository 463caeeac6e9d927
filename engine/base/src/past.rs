//! A base as it was: a copy that goes back change by change (spec row D7; ADR 0009).
//!
//! Invariants: a copy that has gone back to number v holds the records, the schema and, once [finished](Past::finish), the
//! calculated values that the base held at v, without what was deleted for good since: a purge takes its values along, in the
//! past too. The base that it is a copy of is not touched.

use crate::back::PartId;
use crate::base::Base;
use crate::change::{Change, FieldFacts, RowMeta, SchemaEdit};
use crate::check::Validations;
use crate::computed::{Graph, reshapes};
use crate::rows::Stamp;
use crate::schema::{FieldKind, Schema};
use crate::view::ViewAccess;

/// A copy of a base on its way back.
pub struct Past {
    base: Base,
}

impl Base {
    /// A copy of schema and values that can go back; also of a base that came out of [`Past::finish`].
    pub fn past(&self) -> Past {
        Past { base: self.copy() }
    }
}

impl Past {
    /// The number that the copy stands at: the change to take back next.
    pub fn seq(&self) -> u64 {
        self.base.seq
    }

    /// Takes back the change that the copy stands at.
    pub fn revert(&mut self, change: &Change) {
        let base = &mut self.base;
        for edit in change.schema.iter().rev() {
            if let Some((id, was)) = passed_over(&base.schema, edit) {
                match was {
                    Some(name) => drop(base.purged.insert(id, name)),
                    None => drop(base.purged.remove(&id)),
                }
            }
        }
        // Types first: what cells held before is written into columns of the type that they had then.
        let back: Vec<SchemaEdit> =
            change.schema.iter().rev().filter_map(|edit| backwards(&base.schema, edit)).collect();
        if !back.is_empty() {
            back.iter().for_each(|edit| crate::apply::edit_schema(&mut base.schema, edit));
            if reshapes(change) {
                Graph::build(&mut base.schema);
                base.shape_columns(&back);
            }
        }
        self.revert_rows(change);
        self.base.seq = self.base.seq.saturating_sub(1);
    }

    fn revert_rows(&mut self, change: &Change) {
        let base = &mut self.base;
        for facts in &change.created {
            if let Some(rows) = base.tables.get_mut(&facts.table) {
                rows.remove(facts.row);
            }
        }
        for facts in &change.deleted {
            let RowMeta { created_us, updated_us, created_by, updated_by } = &facts.meta;
            let stamp = Stamp {
                created_us: *created_us,
                updated_us: *updated_us,
                created_by: base.actors.intern(created_by),
                updated_by: base.actors.intern(updated_by),
            };
            let Some(rows) = base.tables.get_mut(&facts.table) else { continue };
            let Some(slot) = rows.insert(facts.row, stamp) else { continue };
            for (field, cell) in &facts.cells {
                if let Some(column) = rows.stored_mut(*field) {
                    column.set(slot, cell);
                }
            }
        }
        for edit in &change.updated {
            let before = edit.stamp.as_ref().map(|(at_us, actor)| (*at_us, base.actors.intern(actor)));
            let Some(rows) = base.tables.get_mut(&edit.table) else { continue };
            let Some(slot) = rows.slot(edit.row) else { continue };
            for cell in &edit.cells {
                if let Some(column) = rows.stored_mut(cell.field) {
                    column.set(slot, &cell.before);
                }
            }
            if let Some(stamp) = rows.stamp_mut(slot) {
                // Changes of before there was a stamp in them don't say: when it was made is the least that is known.
                (stamp.updated_us, stamp.updated_by) = before.unwrap_or((stamp.created_us, stamp.created_by));
            }
        }
    }

    /// The base as it was, with calculated fields as of `at_us`.
    pub fn finish(self, at_us: i64) -> Base {
        let Self { mut base } = self;
        for table in &mut base.schema.tables {
            // The field that named the records then may have been purged since.
            if table.field(table.head.primary_field).is_none()
                && let Some(other) = table.fields.iter().find(|field| field.kind.can_be_primary())
            {
                table.head.primary_field = other.no;
            }
        }
        let graph = Graph::build(&mut base.schema);
        base.shape_columns(&[]);
        refit(&mut base.schema);
        (base.now_us, base.ticked_us) = (at_us, at_us);
        base.recalculate(&graph, &graph.everything());
        base.graph = graph;
        base.validations = Validations::of(&base.schema);
        base
    }
}

/// The edit that takes one back. None of what was purged: by this edit, or later, which is why it is not there any more.
fn backwards(schema: &Schema, edit: &SchemaEdit) -> Option<SchemaEdit> {
    Some(match edit.clone() {
        SchemaEdit::Base { before, after } => SchemaEdit::Base { before: after, after: before },
        SchemaEdit::Table { table, before, after } => {
            after.as_ref().and(schema.any_table(table))?;
            SchemaEdit::Table { table, before: after, after: before }
        }
        SchemaEdit::Field { table, field, before, after } => {
            let is_known = match (&before, &after) {
                (_, Some(_)) => schema.any_table(table)?.any_field(field).is_some(),
                // The other side of a link that became something else ends with what it held in the same change.
                (
                    Some(FieldFacts { kind: FieldKind::Link { table: other, .. }, deleted_us: None, .. }),
                    None,
                ) => schema.any_table(*other).is_some(),
                (_, None) => false,
            };
            is_known.then_some(())?;
            SchemaEdit::Field { table, field, before: after, after: before }
        }
        SchemaEdit::View { table, view, before, after } => {
            let shape = schema.any_table(table)?;
            after.as_ref().and(shape.view(view).or_else(|| shape.trashed_view(view)))?;
            SchemaEdit::View { table, view, before: after, after: before }
        }
    })
}

/// Of an edit that can't be taken back: the part that was purged since, and its name if the edit was what took it away or
/// changed it while it was there. Personal views are not told of.
fn passed_over(schema: &Schema, edit: &SchemaEdit) -> Option<(PartId, Option<String>)> {
    if matches!(edit, SchemaEdit::Base { .. }) || backwards(schema, edit).is_some() {
        return None;
    }
    Some(match edit {
        SchemaEdit::Base { .. } => return None,
        SchemaEdit::Table { table, before, .. } => {
            let there = before.as_ref().filter(|head| head.deleted_us.is_none());
            (PartId::Table(*table), there.map(|head| head.name.clone()))
        }
        // The fields and views of a purged table go with it.
        SchemaEdit::Field { table, .. } | SchemaEdit::View { table, .. }
            if schema.any_table(*table).is_none() =>
        {
            return None;
        }
        SchemaEdit::Field { table, field, before, .. } => {
            let there = before.as_ref().filter(|facts| facts.deleted_us.is_none());
            (PartId::Field(*table, *field), there.map(|facts| facts.name.clone()))
        }
        SchemaEdit::View { table, view, before, .. } => {
            let there = before
                .as_ref()
                .filter(|view| view.deleted_us.is_none() && view.access != ViewAccess::Personal);
            (PartId::View(*table, *view), there.map(|view| view.name.clone()))
        }
    })
}

/// Views without what they say of purged fields.
fn refit(schema: &mut Schema) {
    for table in &mut schema.tables {
        let mut views = std::mem::take(&mut table.views);
        for view in &mut views {
            view.config.refit(table);
        }
        table.views = views;
    }
}
