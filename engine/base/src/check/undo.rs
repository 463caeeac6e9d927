//! Taking a change back (spec row D7). What it wrote must be as it left it, or the undo is refused: nobody's later work is lost.
//!
//! Links are the exception, because two people may add to one list: what the change added to a list is taken out, what it took
//! out is put in, and the rest stays. Both sides are in every change, so they stay equal. What the change made goes to the trash,
//! where later values of others are kept.

use super::draft::Draft;
use super::{Checked, existing, records, refuse, rules, trash, views};
use crate::cell::Cell;
use crate::change::{Change, FieldFacts, RowEdit, RowFacts, RowMeta, SchemaEdit};
use crate::command::{CellCode, CheckContext};
use crate::ids::{FieldNo, RowNo, TableNo, ViewNo};
use crate::schema::{Field, FieldKind, TableHead, View, same_name};
use crate::view::ViewAccess;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

fn changed<T>(what: impl std::fmt::Display) -> Checked<T> {
    refuse("version", CellCode::Changed, format!("{what} was changed since. Undo the later changes first."))
}

/// As [`changed`], of a record by its name.
fn record_changed<T>(draft: &Draft<'_>, table: TableNo, row: RowNo) -> Checked<T> {
    let name = draft.base.record_name(table, row);
    if name.is_empty() { changed(table.record(row)) } else { changed(name) }
}

pub(super) fn undo(draft: &mut Draft<'_>, context: &CheckContext<'_>, change: &Change) -> Checked<()> {
    let Some(inverse) = change.inverse() else {
        return refuse("version", CellCode::ReadOnly, "What was deleted for good can't be brought back.");
    };
    let relinks = |edit: &SchemaEdit| match edit {
        SchemaEdit::Field { before: Some(before), after: Some(after), .. } => {
            let is_link = |facts: &FieldFacts| matches!(facts.kind, FieldKind::Link { .. });
            is_link(before) != is_link(after)
        }
        _ => false,
    };
    if change.schema.iter().any(relinks) {
        let detail =
            "A link that became another type, or the other way round, can't be undone. Change the type back.";
        return refuse("version", CellCode::ReadOnly, detail);
    }
    schema(draft, context, &inverse.schema)?;
    create(draft, context, &inverse.created)?;
    inverse.updated.iter().try_for_each(|edit| update(draft, edit))?;
    still_fit(draft, &inverse)?;
    let mut gone: BTreeMap<TableNo, Vec<RowNo>> = BTreeMap::new();
    for facts in &inverse.deleted {
        if !is_as_made(draft, facts) {
            return record_changed(draft, facts.table, facts.row);
        }
        gone.entry(facts.table).or_default().push(facts.row);
    }
    gone.iter().try_for_each(|(table, rows)| records::delete(draft, *table, rows))
}

fn schema(draft: &mut Draft<'_>, context: &CheckContext<'_>, edits: &[SchemaEdit]) -> Checked<()> {
    // A table that goes takes along what is in it.
    let ended: FxHashSet<TableNo> = edits
        .iter()
        .filter_map(|edit| match edit {
            SchemaEdit::Table { table, after: None, .. } => Some(*table),
            _ => None,
        })
        .collect();
    // So does one that goes to the trash: what linked it to another that is there then is as it was.
    let leaving: FxHashSet<TableNo> = edits
        .iter()
        .filter_map(|edit| match edit {
            SchemaEdit::Table { table, after: Some(after), .. } if after.deleted_us.is_some() => Some(*table),
            _ => None,
        })
        .collect();
    // Views follow fields that come and go; who changed such a view since keeps it.
    let is_of_views = edits.iter().all(|edit| matches!(edit, SchemaEdit::View { .. }));
    for edit in edits {
        match edit {
            SchemaEdit::Base { before, after } => {
                if draft.schema().info != *before {
                    return changed("The base");
                }
                draft.edit(SchemaEdit::Base { before: before.clone(), after: after.clone() });
            }
            SchemaEdit::Table { table, before: Some(before), after } => {
                table_back(draft, context, *table, before, after.as_ref())?;
            }
            SchemaEdit::Field { table, field, before: Some(before), after: Some(after) }
                if leaving.contains(table)
                    && before.deleted_us.is_some()
                    && after.deleted_us.is_none()
                    && leads_to_trash(draft, *table, *field) =>
            {
                trash::untrash(draft, *table, *field);
            }
            SchemaEdit::Field { table, field, before: Some(before), after } if !ended.contains(table) => {
                field_back(draft, context, (*table, *field), before, after.as_ref())?;
            }
            SchemaEdit::View { table, view, before: Some(before), after } if !ended.contains(table) => {
                view_back(draft, context, (*table, *view), before, after.as_ref(), is_of_views)?;
            }
            SchemaEdit::Table { before: None, .. } | SchemaEdit::Field { .. } | SchemaEdit::View { .. } => {}
        }
    }
    // Fields come back after their views here.
    if !edits.is_empty() {
        views::refit(draft);
    }
    Ok(())
}

/// Whether a field in the trash links to a table that is there, too.
fn leads_to_trash(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> bool {
    let field = draft.schema().table(table).and_then(|shape| shape.trashed_field(field));
    let other = field.and_then(Field::linked);
    other.is_some_and(|other| draft.schema().trashed_table(other).is_some())
}

fn table_back(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    before: &TableHead,
    after: Option<&TableHead>,
) -> Checked<()> {
    let after = match after {
        Some(after) if after.deleted_us.is_none() => after,
        _ => return trash::put_table(draft, context, table),
    };
    if before.deleted_us.is_some() {
        return trash::restore_table(draft, table);
    }
    // Numbers given out stay so, and where a table stands is nobody's work to lose.
    let same = |head: &TableHead| TableHead { position: 0, next_field: 0, next_view: 0, ..head.clone() };
    if same(before) == same(after)
        && (before.position == after.position || draft.schema().table(table).is_none())
    {
        return Ok(());
    }
    let shape = existing(draft, table)?;
    let now = shape.head.clone();
    if !shape.field(after.primary_field).is_some_and(|field| field.kind.can_be_primary()) {
        return changed(format_args!("The primary field of {}", now.name));
    }
    let taken = draft.schema().table_by_name(&after.name).is_some_and(|other| other.number() != table);
    if same(&now) != same(before) || taken {
        return changed(format_args!("The table {}", now.name));
    }
    let restored = after.clone().counted_on(Some(&now));
    draft.edit(SchemaEdit::Table { table, before: Some(now), after: Some(restored) });
    Ok(())
}

fn field_back(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    (table, no): (TableNo, FieldNo),
    before: &FieldFacts,
    after: Option<&FieldFacts>,
) -> Checked<()> {
    let shape = existing(draft, table)?;
    let Some(field) = shape.field(no).cloned() else {
        // In the trash: to come back, or there already, or deleted since.
        let comes = after.is_some_and(|after| after.deleted_us.is_none());
        if comes && before.deleted_us.is_some() {
            return trash::restore_field(draft, table, no);
        }
        let is_moved =
            after.is_some_and(|after| FieldFacts { position: before.position, ..after.clone() } == *before);
        return if !comes || is_moved { Ok(()) } else { changed(format_args!("The field {}", before.name)) };
    };
    let after = match after {
        Some(after) if after.deleted_us.is_none() => after,
        _ if shape.head.primary_field == no => {
            return refuse(
                "version",
                CellCode::ReadOnly,
                "The field names the records and can't be deleted.",
            );
        }
        _ => {
            trash::put_field(draft, context, table, &field);
            return Ok(());
        }
    };
    if before.deleted_us.is_some() {
        return Ok(());
    }
    let now = FieldFacts::of(&field);
    let taken = shape.fields.iter().any(|other| other.no != no && same_name(&other.name, &after.name));
    if (FieldFacts { position: before.position, ..now.clone() }) != *before || taken {
        return changed(format_args!("The field {}", now.name));
    }
    if shape.head.primary_field == no && !after.kind.can_be_primary() {
        return refuse("version", CellCode::ReadOnly, "The field names the records now.");
    }
    if after.rules.unique && !now.rules.unique && rules::no_duplicates(draft, table, no).is_err() {
        return changed(format_args!("The field {}", now.name));
    }
    let position = if before.position == after.position { now.position } else { after.position };
    let restored = FieldFacts { position, ..after.clone() };
    draft.edit(SchemaEdit::Field { table, field: no, before: Some(now), after: Some(restored) });
    Ok(())
}

fn view_back(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    (table, no): (TableNo, ViewNo),
    before: &View,
    after: Option<&View>,
    must: bool,
) -> Checked<()> {
    let shape = existing(draft, table)?;
    let Some(now) = shape.view(no).cloned() else {
        let comes = after.is_some_and(|after| after.deleted_us.is_none());
        // Fields take no views along, so this one was deleted by name.
        if comes && before.deleted_us.is_some() {
            return trash::restore_view(draft, table, no);
        }
        let comes = must && comes;
        let is_moved =
            after.is_some_and(|after| View { position: before.position, ..after.clone() } == *before);
        return if !comes || is_moved { Ok(()) } else { changed(format_args!("The view {}", before.name)) };
    };
    let after = match after {
        Some(after) if after.deleted_us.is_none() => after,
        _ if now.access != ViewAccess::Personal && views::is_last(shape, no) => {
            let detail = "A table keeps at least one view that everybody sees.";
            return refuse("version", CellCode::ReadOnly, detail);
        }
        _ => {
            trash::put_view(draft, context, table, now);
            return Ok(());
        }
    };
    if before.deleted_us.is_some() {
        return Ok(());
    }
    let taken = shape.views.iter().any(|other| other.no != no && same_name(&other.name, &after.name));
    if (View { position: before.position, ..now.clone() }) != *before || taken {
        return if must { changed(format_args!("The view {}", now.name)) } else { Ok(()) };
    }
    if after.access == ViewAccess::Personal && now.access != ViewAccess::Personal && views::is_last(shape, no)
    {
        let detail = "A table keeps at least one view that everybody sees.";
        return refuse("version", CellCode::ReadOnly, detail);
    }
    let position = if before.position == after.position { now.position } else { after.position };
    let restored = View { position, ..after.clone() };
    draft.edit(SchemaEdit::View { table, view: no, before: Some(now), after: Some(restored) });
    Ok(())
}

/// Refuses when a cell that the change did not write can't be held by the type that comes back, or would be an id read as text.
fn still_fit(draft: &Draft<'_>, inverse: &Change) -> Checked<()> {
    let gone: FxHashSet<(TableNo, RowNo)> =
        inverse.deleted.iter().map(|facts| (facts.table, facts.row)).collect();
    for edit in &inverse.schema {
        let SchemaEdit::Field { table, field, before: Some(before), after: Some(after) } = edit else {
            continue;
        };
        let is_link = matches!(after.kind, FieldKind::Link { .. });
        if before.kind == after.kind || after.deleted_us.is_some() || is_link || after.kind.is_computed() {
            continue;
        }
        let Some((_, rows)) = draft.base.table_and_rows(*table) else { continue };
        let edits = inverse.updated.iter().filter(|edit| edit.table == *table);
        let written: FxHashSet<RowNo> = edits
            .filter(|edit| edit.cells.iter().any(|cell| cell.field == *field))
            .map(|edit| edit.row)
            .collect();
        let loses_ids = before.kind.choices().is_some() && after.kind.choices().is_none();
        for row in rows.live_slots().map(|slot| rows.row(slot)) {
            let cell = draft.cell(*table, row, *field);
            // Records that go with the change are judged by `is_as_made`.
            if cell.is_empty() || gone.contains(&(*table, row)) {
                continue;
            }
            if loses_ids && !written.contains(&row) || !records::holds(draft, *table, *field, &cell) {
                return record_changed(draft, *table, row);
            }
        }
    }
    Ok(())
}

/// The link fields of a table, deleted ones too: whether one holds a single record, and where it leads.
fn links(draft: &Draft<'_>, table: TableNo) -> FxHashMap<FieldNo, (TableNo, bool)> {
    let Some(shape) = draft.schema().any_table(table) else { return FxHashMap::default() };
    let fields = shape.fields.iter().chain(&shape.trash.fields);
    fields
        .filter_map(|field| match field.kind {
            FieldKind::Link { table, single, .. } => Some((field.no, (table, single))),
            _ => None,
        })
        .collect()
}

/// Brings deleted records back, links to records that are there included; their other sides are edits of their own.
fn create(draft: &mut Draft<'_>, context: &CheckContext<'_>, all: &[RowFacts]) -> Checked<()> {
    for facts in all {
        existing(draft, facts.table)?;
        if draft.exists(facts.table, facts.row) {
            return record_changed(draft, facts.table, facts.row);
        }
        let meta = RowMeta {
            updated_us: context.now_us,
            updated_by: context.actor.to_owned(),
            ..facts.meta.clone()
        };
        draft.create(RowFacts { table: facts.table, row: facts.row, cells: BTreeMap::new(), meta });
    }
    for facts in all {
        let links = links(draft, facts.table);
        for (no, cell) in &facts.cells {
            match links.get(no) {
                Some(link) => relink(draft, (facts.table, facts.row, *no), *link, &[], cell.rows())?,
                None if records::holds(draft, facts.table, *no, cell) => {
                    draft.set(facts.table, facts.row, *no, cell.clone());
                }
                None => {}
            }
        }
    }
    Ok(())
}

fn update(draft: &mut Draft<'_>, edit: &RowEdit) -> Checked<()> {
    let (table, row) = (edit.table, edit.row);
    let links = links(draft, table);
    for cell in &edit.cells {
        let (no, before, after) = (cell.field, &cell.before, &cell.after);
        if let Some(link) = links.get(&no) {
            if draft.exists(table, row) {
                relink(draft, (table, row, no), *link, before.rows(), after.rows())?;
            }
            continue;
        }
        // Stamps follow what is written, also by others to other fields; they are made anew.
        let is_stamp = [draft.base.schema(), draft.schema()].into_iter().all(|schema| {
            let field = schema.any_table(table).and_then(|table| table.any_field(no));
            field.is_some_and(|field| field.kind.is_read_only() && !field.kind.is_computed())
        });
        if is_stamp {
            continue;
        }
        // What the base holds may be of a type that this command takes back, too.
        let is_as_left = draft.base.contains(table, row) && draft.base.cell(table, row, no) == *before;
        if !is_as_left || !(after.is_empty() || records::holds(draft, table, no, after)) {
            return record_changed(draft, table, row);
        }
        draft.set(table, row, no, after.clone());
    }
    Ok(())
}

/// Takes out of a list of links what was added to it, and puts in what was taken out.
fn relink(
    draft: &mut Draft<'_>,
    (table, row, field): (TableNo, RowNo, FieldNo),
    (other, single): (TableNo, bool),
    before: &[RowNo],
    after: &[RowNo],
) -> Checked<()> {
    let mut now = draft.links(table, row, field);
    now.retain(|one| after.contains(one) || !before.contains(one));
    for one in after {
        if !before.contains(one) && !now.contains(one) && draft.exists(other, *one) {
            now.push(*one);
        }
    }
    if single && now.len() > 1 {
        return record_changed(draft, table, row);
    }
    *draft.links_mut(table, row, field) = now;
    Ok(())
}

/// Whether a record that the change made still holds what it was made with; others may have linked to it.
fn is_as_made(draft: &Draft<'_>, facts: &RowFacts) -> bool {
    let links = links(draft, facts.table);
    let own = |cells: BTreeMap<FieldNo, Cell>| -> BTreeMap<FieldNo, Cell> {
        cells.into_iter().filter(|(no, _)| !links.contains_key(no)).collect()
    };
    draft.base.contains(facts.table, facts.row)
        && own(draft.base.cells(facts.table, facts.row)) == own(facts.cells.clone())
}
