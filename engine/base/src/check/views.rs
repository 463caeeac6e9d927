//! Commands on views. Who may give them is decided before; here it is judged what they ask for.

use super::draft::Draft;
use super::{Checked, existing, moved, refuse, trash};
use crate::change::SchemaEdit;
use crate::command::{CellCode, CellError, CheckContext};
use crate::ids::{TableNo, ViewNo};
use crate::schema::{MAX_VIEWS, Table, View, clean_name, same_name};
use crate::view::{VIEW_TYPES, ViewAccess, ViewConfig};

/// Optional changes of a view.
pub(super) struct Edit<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) access: Option<ViewAccess>,
    pub(super) config: Option<&'a ViewConfig>,
    pub(super) position: Option<usize>,
}

/// The name, if it is free among what the owner sees. Other people's personal views take no names: saying so would tell of them.
fn free_name(table: &Table, name: &str, view: &View) -> Result<String, CellError> {
    let name =
        clean_name(name).map_err(|detail| CellError::member("name", CellCode::InvalidValue, detail))?;
    let seen = |other: &View| other.access != ViewAccess::Personal || other.created_by == view.created_by;
    let taken = |other: &View| other.no != view.no && seen(other) && same_name(&other.name, &name);
    if table.views.iter().any(taken) {
        let detail = format!("The table has a view {name} already.");
        return Err(CellError::member("name", CellCode::NotUnique, detail));
    }
    Ok(name)
}

fn known_type(kind: &str) -> Result<String, CellError> {
    if VIEW_TYPES.contains(&kind) {
        return Ok(kind.to_owned());
    }
    let detail = format!("There is no view type {kind}; use one of {}.", VIEW_TYPES.join(", "));
    Err(CellError::member("type", CellCode::InvalidValue, detail))
}

pub(super) fn create(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    name: &str,
    kind: &str,
    access: ViewAccess,
    config: &ViewConfig,
) -> Checked<()> {
    let shape = existing(draft, table)?;
    if shape.views.len() >= MAX_VIEWS {
        return refuse("views", CellCode::TooLong, format!("A table has at most {MAX_VIEWS} views."));
    }
    let mut view = View {
        no: ViewNo(shape.head.next_view),
        name: String::new(),
        kind: String::new(),
        access,
        config: config.clone(),
        position: shape.views.iter().map(|view| view.position + 1).max().unwrap_or(0),
        created_by: context.actor.to_owned(),
        deleted_us: None,
    };
    let mut errors = config.misfits(shape);
    match known_type(kind) {
        Ok(kind) => view.kind = kind,
        Err(error) => errors.push(error),
    }
    match free_name(shape, name, &view) {
        Ok(name) => view.name = name,
        Err(error) => errors.push(error),
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (before, mut after) = (shape.head.clone(), shape.head.clone());
    after.next_view += 1;
    draft.edit(SchemaEdit::Table { table, before: Some(before), after: Some(after) });
    draft.edit(SchemaEdit::View { table, view: view.no, before: None, after: Some(view) });
    Ok(())
}

fn find(draft: &Draft<'_>, table: TableNo, view: ViewNo) -> Checked<View> {
    match existing(draft, table)?.view(view) {
        Some(view) => Ok(view.clone()),
        None => refuse("view", CellCode::UnknownView, "There is no such view."),
    }
}

/// Whether the table keeps a view that everybody sees when this one is gone.
pub(super) fn is_last(table: &Table, no: ViewNo) -> bool {
    !table.views.iter().any(|view| view.no != no && view.access != ViewAccess::Personal)
}

pub(super) fn update(draft: &mut Draft<'_>, table: TableNo, no: ViewNo, edit: &Edit<'_>) -> Checked<()> {
    let before = find(draft, table, no)?;
    let mut after = before.clone();
    let shape = existing(draft, table)?;
    let mut errors = Vec::new();
    if let Some(access) = edit.access {
        after.access = access;
        if access == ViewAccess::Personal && is_last(shape, no) {
            let detail = "A table keeps at least one view that everybody sees.";
            errors.push(CellError::member("access", CellCode::InvalidValue, detail));
        }
    }
    // A view that others see from now on may not have the name of one of theirs.
    if edit.name.is_some() || after.access != before.access {
        match free_name(shape, edit.name.unwrap_or(&before.name), &after) {
            Ok(name) => after.name = name,
            Err(error) => errors.push(error),
        }
    }
    if let Some(kind) = edit.kind.filter(|kind| *kind != before.kind) {
        match known_type(kind) {
            Ok(kind) => after.kind = kind,
            Err(error) => errors.push(error),
        }
    }
    if let Some(config) = edit.config {
        errors.extend(config.misfits(shape));
        after.config = config.clone();
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if before != after {
        draft.edit(SchemaEdit::View { table, view: no, before: Some(before), after: Some(after) });
    }
    let Some(to) = edit.position else { return Ok(()) };
    let order: Vec<ViewNo> = existing(draft, table)?.views.iter().map(|view| view.no).collect();
    let Some(from) = order.iter().position(|one| *one == no) else { return Ok(()) };
    for (position, no) in (0..).zip(moved(&order, from, to)) {
        let before = find(draft, table, no)?;
        if before.position != position {
            let after = View { position, ..before.clone() };
            draft.edit(SchemaEdit::View { table, view: no, before: Some(before), after: Some(after) });
        }
    }
    Ok(())
}

pub(super) fn delete(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    no: ViewNo,
) -> Checked<()> {
    let before = find(draft, table, no)?;
    if before.access != ViewAccess::Personal && is_last(existing(draft, table)?, no) {
        let detail = "A table keeps at least one view that everybody sees.";
        return refuse("view", CellCode::ReadOnly, detail);
    }
    trash::put_view(draft, context, table, before);
    Ok(())
}

/// Forgets, in the settings of all views, what is gone or does not fit any more.
pub(super) fn refit(draft: &mut Draft<'_>) {
    let mut edits = Vec::new();
    for table in &draft.schema().tables {
        for view in &table.views {
            let mut after = view.clone();
            if after.config.refit(table) {
                let (table, no) = (table.number(), view.no);
                edits.push(SchemaEdit::View {
                    table,
                    view: no,
                    before: Some(view.clone()),
                    after: Some(after),
                });
            }
        }
    }
    edits.into_iter().for_each(|edit| draft.edit(edit));
}
