//! Commands on tables and on the base itself.

use super::draft::Draft;
use super::{Checked, existing, fields, moved, refuse, views};
use crate::change::SchemaEdit;
use crate::command::{CellCode, CellError, CheckContext, NewField};
use crate::ids::{FieldNo, TableNo, random_number};
use crate::schema::{BaseInfo, FieldKind, FieldRules, MAX_TABLES, TableHead, clean_name, same_name};
use crate::view::{ViewAccess, ViewConfig};

/// Optional changes of a table.
pub(super) struct Edit<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) description: Option<&'a str>,
    pub(super) icon: Option<&'a Option<String>>,
    pub(super) primary_field: Option<FieldNo>,
    pub(super) position: Option<usize>,
}

pub(super) fn update_base(draft: &mut Draft<'_>, info: &BaseInfo) -> Checked<()> {
    let mut after = info.clone();
    let mut errors = Vec::new();
    match clean_name(&info.name) {
        Ok(name) => after.name = name,
        Err(detail) => errors.push(CellError::member("name", CellCode::InvalidValue, detail)),
    }
    if let Err(error) = fields::description(&info.description) {
        errors.push(error);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let before = draft.schema().info.clone();
    if before != after {
        draft.edit(SchemaEdit::Base { before, after });
    }
    Ok(())
}

fn free_name(draft: &Draft<'_>, name: &str, but: Option<TableNo>) -> Result<String, CellError> {
    let name =
        clean_name(name).map_err(|detail| CellError::member("name", CellCode::InvalidValue, detail))?;
    let mut others = draft.schema().tables.iter().filter(|table| Some(table.head.number) != but);
    if others.any(|table| same_name(&table.head.name, &name)) {
        let detail = format!("The base has a table {name} already.");
        return Err(CellError::member("name", CellCode::NotUnique, detail));
    }
    Ok(name)
}

pub(super) fn create(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    name: &str,
    description: &str,
    icon: Option<&str>,
    new_fields: &[NewField],
) -> Checked<()> {
    if draft.schema().tables.len() >= MAX_TABLES {
        return refuse("base", CellCode::TooLong, format!("A base has at most {MAX_TABLES} tables."));
    }
    let name = free_name(draft, name, None).map_err(|error| vec![error])?;
    let description = fields::description(description).map_err(|error| vec![error])?;
    let default = [NewField {
        name: "Name".into(),
        description: String::new(),
        kind: FieldKind::Text,
        rules: FieldRules::default(),
    }];
    let new_fields = if new_fields.is_empty() { &default } else { new_fields };
    if !new_fields[0].kind.can_be_primary() {
        let detail = "The first field names the records: it can't be a link or a checkbox.";
        return refuse("fields", CellCode::InvalidValue, detail);
    }
    let number = loop {
        let number = TableNo(random_number((context.random)()));
        if draft.schema().any_table(number).is_none() {
            break number;
        }
    };
    let head = TableHead {
        number,
        name,
        description,
        icon: icon.map(str::to_owned),
        primary_field: FieldNo(1),
        position: draft.schema().tables.iter().map(|table| table.head.position + 1).max().unwrap_or(0),
        next_field: 1,
        next_view: 1,
        deleted_us: None,
    };
    draft.edit(SchemaEdit::Table { table: number, before: None, after: Some(head) });
    let mut errors = Vec::new();
    for (i, field) in new_fields.iter().enumerate() {
        if let Err(more) = fields::create(draft, context, number, field, i) {
            errors.extend(more);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let config = ViewConfig::default();
    views::create(draft, context, number, "All records", "grid", ViewAccess::Shared, &config)
}

pub(super) fn update(draft: &mut Draft<'_>, table: TableNo, edit: &Edit<'_>) -> Checked<()> {
    let shape = existing(draft, table)?;
    let before = shape.head.clone();
    let mut after = before.clone();
    let mut errors = Vec::new();
    if let Some(primary) = edit.primary_field {
        match shape.field(primary) {
            None => errors.push(CellError::member(
                "primary_field",
                CellCode::UnknownField,
                "There is no such field.",
            )),
            Some(field) if !field.kind.can_be_primary() => {
                let detail = "A link or a checkbox can't name the records.";
                errors.push(CellError::member("primary_field", CellCode::InvalidValue, detail));
            }
            Some(_) => after.primary_field = primary,
        }
    }
    if let Some(name) = edit.name {
        match free_name(draft, name, Some(table)) {
            Ok(name) => after.name = name,
            Err(error) => errors.push(error),
        }
    }
    if let Some(text) = edit.description {
        match fields::description(text) {
            Ok(text) => after.description = text,
            Err(error) => errors.push(error),
        }
    }
    if let Some(icon) = edit.icon {
        after.icon.clone_from(icon);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if before != after {
        draft.edit(SchemaEdit::Table { table, before: Some(before), after: Some(after) });
    }
    let Some(to) = edit.position else { return Ok(()) };
    let order: Vec<TableNo> = draft.schema().tables.iter().map(|one| one.head.number).collect();
    let Some(from) = order.iter().position(|one| *one == table) else { return Ok(()) };
    for (position, number) in (0..).zip(moved(&order, from, to)) {
        let before = existing(draft, number)?.head.clone();
        if before.position != position {
            let after = TableHead { position, ..before.clone() };
            draft.edit(SchemaEdit::Table { table: number, before: Some(before), after: Some(after) });
        }
    }
    Ok(())
}
