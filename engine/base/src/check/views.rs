//! Commands on views.

use super::draft::Draft;
use super::{Checked, existing, moved, refuse, trash};
use crate::change::SchemaEdit;
use crate::command::{CellCode, CellError, CheckContext};
use crate::ids::{FieldId, TableNo, ViewNo};
use crate::schema::{MAX_VIEWS, Table, View, clean_name, same_name};
use crate::view::ViewConfig;

fn free_name(table: &Table, name: &str, but: Option<ViewNo>) -> Result<String, CellError> {
    let name =
        clean_name(name).map_err(|detail| CellError::member("name", CellCode::InvalidValue, detail))?;
    if table.views.iter().any(|view| Some(view.no) != but && same_name(&view.name, &name)) {
        let detail = format!("The table has a view {name} already.");
        return Err(CellError::member("name", CellCode::NotUnique, detail));
    }
    Ok(name)
}

/// Settings may name fields of this table only. Conditions and filter are judged when they are used.
fn check_config(table: &Table, config: &ViewConfig) -> Result<(), CellError> {
    let named = config.sort.iter().map(|sort| &sort.field);
    let named = named.chain(&config.hidden).chain(config.widths.keys()).chain(&config.order);
    let unknown = |id: &&FieldId| id.table != table.head.number || table.field(id.field).is_none();
    match named.into_iter().find(unknown) {
        None => Ok(()),
        Some(id) => {
            let detail = format!("The table has no field {id}.");
            Err(CellError::member("config", CellCode::UnknownField, detail))
        }
    }
}

pub(super) fn create(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    name: &str,
    kind: &str,
    config: &ViewConfig,
) -> Checked<()> {
    let shape = existing(draft, table)?;
    if shape.views.len() >= MAX_VIEWS {
        return refuse("views", CellCode::TooLong, format!("A table has at most {MAX_VIEWS} views."));
    }
    if kind != "grid" {
        return refuse("type", CellCode::InvalidValue, format!("There is no view type {kind}; use grid."));
    }
    let name = free_name(shape, name, None).map_err(|error| vec![error])?;
    check_config(shape, config).map_err(|error| vec![error])?;
    let view = View {
        no: ViewNo(shape.head.next_view),
        name,
        kind: kind.to_owned(),
        config: config.clone(),
        position: shape.views.iter().map(|view| view.position + 1).max().unwrap_or(0),
        created_by: context.actor.to_owned(),
        deleted_us: None,
    };
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

pub(super) fn update(
    draft: &mut Draft<'_>,
    table: TableNo,
    no: ViewNo,
    name: Option<&str>,
    config: Option<&ViewConfig>,
    position: Option<usize>,
) -> Checked<()> {
    let before = find(draft, table, no)?;
    let mut after = before.clone();
    let shape = existing(draft, table)?;
    let mut errors = Vec::new();
    if let Some(name) = name {
        match free_name(shape, name, Some(no)) {
            Ok(name) => after.name = name,
            Err(error) => errors.push(error),
        }
    }
    if let Some(config) = config {
        match check_config(shape, config) {
            Ok(()) => after.config = config.clone(),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if before != after {
        draft.edit(SchemaEdit::View { table, view: no, before: Some(before), after: Some(after) });
    }
    let Some(to) = position else { return Ok(()) };
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
    if existing(draft, table)?.views.len() == 1 {
        return refuse("view", CellCode::ReadOnly, "A table keeps at least one view.");
    }
    trash::put_view(draft, context, table, before);
    Ok(())
}
