//! Taking a change back (spec row D7). What it wrote must be as it left it, or the undo is refused: nobody's later work is lost.
//!
//! Links are the exception, because two people may add to one list: what the change added to a list is taken out, what it took
//! out is put in, and the rest stays. Both sides are in every change, so they stay equal. What the change made goes to the trash,
//! where later values of others are kept.

use super::draft::Draft;
use super::{Checked, existing, records, refuse, trash, views};
use crate::cell::Cell;
use crate::change::{Change, FieldFacts, RowEdit, RowFacts, RowMeta, SchemaEdit};
use crate::command::{CellCode, CheckContext};
use crate::ids::{FieldNo, RowNo, TableNo, ViewNo};
use crate::schema::{FieldKind, TableHead, View, same_name};
use crate::view::ViewAccess;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

fn changed<T>(what: impl std::fmt::Display) -> Checked<T> {
    refuse("version", CellCode::Changed, format!("{what} was changed since. Undo the later changes first."))
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
    let mut gone: BTreeMap<TableNo, Vec<RowNo>> = BTreeMap::new();
    for facts in &inverse.deleted {
        if !is_as_made(draft, facts) {
            return changed(format_args!("{}", facts.table.record(facts.row)));
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
            SchemaEdit::Field { table, field, before: Some(before), after } if !ended.contains(table) => {
                field_back(draft, context, (*table, *field), before, after.as_ref())?;
            }
            SchemaEdit::View { table, view, before: Some(before), after } if !ended.contains(table) => {
                view_back(draft, context, (*table, *view), before, after.as_ref(), is_of_views)?;
            }
            SchemaEdit::Table { before: None, .. } | SchemaEdit::Field { .. } | SchemaEdit::View { .. } => {}
        }
    }
    Ok(())
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
    let now = existing(draft, table)?.head.clone();
    // Numbers given out stay so, and where a table stands is nobody's work to lose.
    let same = |head: &TableHead| TableHead { position: 0, next_field: 0, next_view: 0, ..head.clone() };
    if same(before) == same(after) && before.position == after.position {
        return Ok(());
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
        // In the trash: to come back, or there already.
        let comes = after.is_some_and(|after| after.deleted_us.is_none());
        return if comes { trash::restore_field(draft, table, no) } else { Ok(()) };
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
        return if comes && must { trash::restore_view(draft, table, no) } else { Ok(()) };
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
    let position = if before.position == after.position { now.position } else { after.position };
    let restored = View { position, ..after.clone() };
    draft.edit(SchemaEdit::View { table, view: no, before: Some(now), after: Some(restored) });
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
            return changed(facts.table.record(facts.row));
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
        // What the base holds may be of a type that this command takes back, too.
        let is_as_left = draft.base.contains(table, row) && draft.base.cell(table, row, no) == *before;
        if !is_as_left || !(after.is_empty() || records::holds(draft, table, no, after)) {
            return changed(table.record(row));
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
        return changed(table.record(row));
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
