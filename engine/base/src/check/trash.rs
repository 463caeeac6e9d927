//! The trash: deleting puts things there, restoring takes them out, purging ends them (spec row D1, D7).
//!
//! Invariants: a link is in the trash with its other side. A deleted table keeps its fields as they were; those of other tables
//! that link to it are in the trash of their own tables meanwhile.

use super::draft::Draft;
use super::{Checked, existing, refuse, rules, views};
use crate::change::{FieldFacts, SchemaEdit};
use crate::command::{CellCode, CheckContext};
use crate::ids::{FieldNo, TableNo, ViewNo};
use crate::schema::{Field, FieldKind, MAX_FIELDS, MAX_NAME, MAX_TABLES, MAX_VIEWS, Table, TableHead, View};

/// The name, or with a number behind it if it is taken.
pub(super) fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let short: String = wanted.chars().take(MAX_NAME - 5).collect();
    let numbered = (2..).map(|n| format!("{short} {n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// Puts a field into the trash, and takes it out of the views.
pub(super) fn put_field(draft: &mut Draft<'_>, context: &CheckContext<'_>, table: TableNo, field: &Field) {
    let after = FieldFacts { deleted_us: Some(context.now_us), ..FieldFacts::of(field) };
    take_out(draft, table, field, Some(after));
}

/// Ends a field that was not deleted by anybody: the other side of a link that became something else.
pub(super) fn end_field(draft: &mut Draft<'_>, table: TableNo, field: &Field) {
    take_out(draft, table, field, None);
}

fn take_out(draft: &mut Draft<'_>, table: TableNo, field: &Field, after: Option<FieldFacts>) {
    if draft.schema().table(table).is_none() {
        return;
    }
    let before = Some(FieldFacts::of(field));
    draft.edit(SchemaEdit::Field { table, field: field.no, before, after });
    views::refit(draft);
}

/// Puts a table into the trash, and the fields of other tables that link to it.
pub(super) fn put_table(draft: &mut Draft<'_>, context: &CheckContext<'_>, table: TableNo) -> Checked<()> {
    let before = existing(draft, table)?.head.clone();
    let pointing: Vec<(TableNo, Field)> = draft
        .schema()
        .tables
        .iter()
        .filter(|one| one.number() != table)
        .flat_map(|one| one.fields.iter().map(|field| (one.number(), field)))
        .filter(|(_, field)| field.linked() == Some(table))
        .map(|(other, field)| (other, field.clone()))
        .collect();
    for (other, field) in pointing {
        put_field(draft, context, other, &field);
    }
    let after = TableHead { deleted_us: Some(context.now_us), ..before.clone() };
    draft.edit(SchemaEdit::Table { table, before: Some(before), after: Some(after) });
    Ok(())
}

/// Brings a deleted table back, with the links of others to it; a name that is taken gets a number.
pub(super) fn restore_table(draft: &mut Draft<'_>, table: TableNo) -> Checked<()> {
    let schema = draft.schema();
    let Some(trashed) = schema.trashed_table(table) else {
        return refuse("id", CellCode::UnknownTable, "There is no such table in the trash.");
    };
    if schema.tables.len() >= MAX_TABLES {
        return refuse("base", CellCode::TooLong, format!("A base has at most {MAX_TABLES} tables."));
    }
    let before = trashed.head.clone();
    let name = free(&before.name, |name| schema.table_by_name(name).is_some());
    let links: Vec<Field> = trashed.fields.iter().filter(|field| field.linked().is_some()).cloned().collect();
    let after = TableHead { name, deleted_us: None, ..before.clone() };
    draft.edit(SchemaEdit::Table { table, before: Some(before), after: Some(after) });
    for field in links {
        let FieldKind::Link { table: other, symmetric: Some(back), .. } = field.kind else { continue };
        if other == table {
            continue;
        }
        let facts = FieldFacts::of(&field);
        match draft.schema().table(other) {
            Some(shape) => {
                if let Some(back) = shape.trashed_field(back).cloned() {
                    room(shape, 1)?;
                    untrash(draft, other, back.no);
                }
            }
            // The other table was deleted since: this side waits for it in the trash, and is purged when the other one is.
            None => {
                let gone = draft.schema().trashed_table(other).and_then(|shape| {
                    let side = shape.trashed_field(back).and_then(|back| back.deleted_us);
                    side.or(shape.head.deleted_us)
                });
                let after = gone.map(|gone| FieldFacts { deleted_us: Some(gone), ..facts.clone() });
                draft.edit(SchemaEdit::Field { table, field: field.no, before: Some(facts), after });
            }
        }
    }
    views::refit(draft);
    Ok(())
}

/// Brings a deleted field back; a link with its other side.
pub(super) fn restore_field(draft: &mut Draft<'_>, table: TableNo, no: FieldNo) -> Checked<()> {
    let shape = existing(draft, table)?;
    let Some(field) = shape.trashed_field(no).cloned() else {
        return refuse("id", CellCode::UnknownField, "There is no such field in the trash.");
    };
    let FieldKind::Link { table: other, symmetric: Some(back), .. } = field.kind else {
        room(shape, 1)?;
        untrash(draft, table, no);
        return Ok(());
    };
    let back = match draft.schema().table(other) {
        Some(shape) => shape.trashed_field(back).cloned(),
        None => {
            let name = draft.schema().trashed_table(other).map_or("", |shape| shape.head.name.as_str());
            let detail = format!("The table {name} that it links to is in the trash. Restore that table.");
            return refuse("id", CellCode::UnknownTable, detail);
        }
    };
    let Some(back) = back else {
        return refuse("id", CellCode::UnknownField, "Its other side was deleted for good.");
    };
    room(shape, 1 + usize::from(other == table))?;
    untrash(draft, table, no);
    if (other, back.no) != (table, no) {
        room(existing(draft, other)?, 1)?;
        untrash(draft, other, back.no);
    }
    Ok(())
}

fn room(shape: &Table, count: usize) -> Checked<()> {
    if shape.fields.len() + count > MAX_FIELDS {
        return refuse("fields", CellCode::TooLong, format!("A table has at most {MAX_FIELDS} fields."));
    }
    Ok(())
}

/// Takes a field out of the trash of a table that is there. What it was unique in may have been written elsewhere meanwhile: then
/// the rule goes, not the values.
pub(super) fn untrash(draft: &mut Draft<'_>, table: TableNo, no: FieldNo) {
    let Some(shape) = draft.schema().table(table) else { return };
    let Some(before) = shape.trashed_field(no).map(FieldFacts::of) else { return };
    let mut after = FieldFacts {
        name: free(&before.name, |name| shape.field_by_name(name).is_some()),
        deleted_us: None,
        ..before.clone()
    };
    if after.rules.unique && rules::no_duplicates(draft, table, no).is_err() {
        after.rules.unique = false;
    }
    draft.edit(SchemaEdit::Field { table, field: no, before: Some(before), after: Some(after) });
}

/// Puts a view into the trash.
pub(super) fn put_view(draft: &mut Draft<'_>, context: &CheckContext<'_>, table: TableNo, before: View) {
    let after = View { deleted_us: Some(context.now_us), ..before.clone() };
    draft.edit(SchemaEdit::View { table, view: before.no, before: Some(before), after: Some(after) });
}

/// Brings a deleted view back, without what it said of fields that are gone.
pub(super) fn restore_view(draft: &mut Draft<'_>, table: TableNo, no: ViewNo) -> Checked<()> {
    let shape = existing(draft, table)?;
    let Some(before) = shape.trashed_view(no).cloned() else {
        return refuse("id", CellCode::UnknownView, "There is no such view in the trash.");
    };
    if shape.views.len() >= MAX_VIEWS {
        return refuse("views", CellCode::TooLong, format!("A table has at most {MAX_VIEWS} views."));
    }
    let mut after = View {
        name: free(&before.name, |name| shape.view_by_name(name).is_some()),
        deleted_us: None,
        ..before.clone()
    };
    after.config.refit(shape);
    draft.edit(SchemaEdit::View { table, view: no, before: Some(before), after: Some(after) });
    Ok(())
}

/// Ends what has been in the trash since `until_us` or longer. A link goes with its other side.
pub(super) fn purge(draft: &mut Draft<'_>, until_us: i64) {
    let is_due = |deleted: Option<i64>| deleted.is_some_and(|at| at <= until_us);
    let mut edits = Vec::new();
    let ended: Vec<TableNo> = draft
        .schema()
        .trash
        .iter()
        .filter(|table| is_due(table.head.deleted_us))
        .map(Table::number)
        .collect();
    for table in draft.schema().all_tables() {
        let number = table.number();
        if ended.contains(&number) {
            let before = Some(table.head.clone());
            edits.push(SchemaEdit::Table { table: number, before, after: None });
            continue;
        }
        // A deleted table's links to a table that ends are among its fields; those of others are in the trash.
        for field in table.fields.iter().chain(&table.trash.fields) {
            if is_due(field.deleted_us) || field.linked().is_some_and(|other| ended.contains(&other)) {
                let before = Some(FieldFacts::of(field));
                edits.push(SchemaEdit::Field { table: number, field: field.no, before, after: None });
            }
        }
        for view in table.trash.views.iter().filter(|view| is_due(view.deleted_us)) {
            let before = Some(view.clone());
            edits.push(SchemaEdit::View { table: number, view: view.no, before, after: None });
        }
    }
    edits.into_iter().for_each(|edit| draft.edit(edit));
}
