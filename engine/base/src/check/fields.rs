//! Commands on fields.

use super::draft::Draft;
use super::{Checked, existing, moved, refuse};
use crate::cell::Cell;
use crate::change::{FieldFacts, SchemaEdit};
use crate::command::{CellCode, CellError, CheckContext, NewField};
use crate::ids::{FieldNo, TableNo, choice_id};
use crate::schema::{
    Choice, Field, FieldKind, MAX_CHOICES, MAX_DESCRIPTION, MAX_FIELDS, Table, clean_name, same_name,
};
use rustc_hash::FxHashSet;

const COLOURS: [&str; 8] = ["blue", "green", "amber", "violet", "teal", "rose", "orange", "grey"];

/// The colour that the n-th choice gets when nobody chose one.
pub(super) fn colour(n: usize) -> String {
    COLOURS[n % COLOURS.len()].to_owned()
}

/// Optional changes of a field.
pub(super) struct Edit<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) description: Option<&'a str>,
    pub(super) kind: Option<&'a FieldKind>,
    pub(super) position: Option<usize>,
}

fn free_name(table: &Table, name: &str, but: Option<FieldNo>) -> Result<String, CellError> {
    let name =
        clean_name(name).map_err(|detail| CellError::member("name", CellCode::InvalidValue, detail))?;
    if table.fields.iter().any(|field| Some(field.no) != but && same_name(&field.name, &name)) {
        let detail = format!("The table has a field {name} already.");
        return Err(CellError::member("name", CellCode::NotUnique, detail));
    }
    Ok(name)
}

pub(super) fn description(text: &str) -> Result<String, CellError> {
    if text.chars().count() > MAX_DESCRIPTION {
        let detail = format!("At most {MAX_DESCRIPTION} characters.");
        return Err(CellError::member("description", CellCode::TooLong, detail));
    }
    Ok(text.to_owned())
}

/// Options as they will be stored: ids of choices filled in, values in range.
fn clean_kind(
    kind: &FieldKind,
    old: Option<&FieldKind>,
    context: &mut CheckContext<'_>,
) -> Result<FieldKind, CellError> {
    let invalid = |detail: String| CellError::member("options", CellCode::InvalidValue, detail);
    match kind {
        FieldKind::Number { precision: Some(places) } if *places > 8 => {
            Err(invalid("precision is at most 8.".into()))
        }
        FieldKind::DateTime { zone: Some(zone) } if jiff::tz::TimeZone::get(zone).is_err() => {
            Err(invalid(format!("There is no time zone {zone}.")))
        }
        FieldKind::Select { choices } => {
            let old = match old {
                Some(FieldKind::Select { choices }) => choices.as_slice(),
                _ => &[],
            };
            clean_choices(choices, old, context).map(|choices| FieldKind::Select { choices })
        }
        other => Ok(other.clone()),
    }
}

fn clean_choices(
    choices: &[Choice],
    old: &[Choice],
    context: &mut CheckContext<'_>,
) -> Result<Vec<Choice>, CellError> {
    let fail = |code, detail: String| Err(CellError::member("options", code, detail));
    if choices.len() > MAX_CHOICES {
        return fail(CellCode::TooLong, format!("A select has at most {MAX_CHOICES} choices."));
    }
    let (mut names, mut ids) = (FxHashSet::default(), FxHashSet::default());
    let mut clean = Vec::with_capacity(choices.len());
    for (i, choice) in choices.iter().enumerate() {
        let name = match clean_name(&choice.name) {
            Ok(name) => name,
            Err(detail) => return fail(CellCode::InvalidValue, format!("Choice {}: {detail}", i + 1)),
        };
        if !names.insert(crate::collate::fold(&name)) {
            return fail(CellCode::NotUnique, format!("There are two choices {name}."));
        }
        // Without an id, a name that was there before means the same choice, so that cells keep it.
        let known = old
            .iter()
            .find(|one| if choice.id.is_empty() { same_name(&one.name, &name) } else { one.id == choice.id });
        let id = match known {
            Some(one) => one.id.clone(),
            None if choice.id.is_empty() => choice_id((context.random)()),
            None => {
                return fail(
                    CellCode::UnknownChoice,
                    format!("There is no choice with the id {}.", choice.id),
                );
            }
        };
        if !ids.insert(id.clone()) {
            return fail(CellCode::NotUnique, format!("Two choices have the id {id}."));
        }
        let kept = known.map(|one| one.colour.clone()).filter(|_| choice.colour.is_empty());
        let given = Some(choice.colour.clone()).filter(|given| !given.is_empty());
        clean.push(Choice { id, name, colour: given.or(kept).unwrap_or_else(|| colour(i)) });
    }
    Ok(clean)
}

/// Takes the next field number of a table.
fn next_number(draft: &mut Draft<'_>, table: TableNo) -> Checked<(FieldNo, i32)> {
    let shape = existing(draft, table)?;
    if shape.fields.len() >= MAX_FIELDS {
        return refuse("fields", CellCode::TooLong, format!("A table has at most {MAX_FIELDS} fields."));
    }
    let no = FieldNo(shape.head.next_field);
    let position = shape.fields.iter().map(|field| field.position + 1).max().unwrap_or(0);
    let (before, mut after) = (shape.head.clone(), shape.head.clone());
    after.next_field += 1;
    draft.edit(SchemaEdit::Table { table, before: Some(before), after: Some(after) });
    Ok((no, position))
}

/// Creates a field; for a link also its other side. `index` is its place in the command, for errors.
pub(super) fn create(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    new: &NewField,
    index: usize,
) -> Checked<FieldNo> {
    let mut errors = Vec::new();
    let shape = existing(draft, table)?;
    let name = free_name(shape, &new.name, None).map_err(|error| errors.push(error)).unwrap_or_default();
    let described = description(&new.description).map_err(|error| errors.push(error)).unwrap_or_default();
    let kind = match clean_kind(&new.kind, None, context) {
        Ok(kind) => kind,
        Err(error) => {
            errors.push(error);
            FieldKind::Text
        }
    };
    if let FieldKind::Link { table: other, symmetric } = kind {
        if draft.schema().table(other).is_none() {
            let detail = "The linked table does not exist.";
            errors.push(CellError::member("options", CellCode::UnknownTable, detail));
        } else if symmetric.is_some() {
            let detail = "symmetric_field is made with the field; leave it out.";
            errors.push(CellError::member("options", CellCode::ReadOnly, detail));
        }
    }
    if !errors.is_empty() {
        errors.iter_mut().for_each(|error| error.row = index);
        return Err(errors);
    }
    let (no, position) = next_number(draft, table)?;
    let facts = |kind, name, description, position| FieldFacts { name, description, kind, position };
    let FieldKind::Link { table: other, .. } = kind else {
        let after = Some(facts(kind, name, described, position));
        draft.edit(SchemaEdit::Field { table, field: no, before: None, after });
        return Ok(no);
    };
    // The other side's number is known before its field exists: both refer to each other.
    let (back, back_position) = if other == table {
        // In one table the numbers follow each other; the field itself is not yet among the positions.
        let (back, back_position) = next_number(draft, table)?;
        (back, back_position + 1)
    } else {
        next_number(draft, other)?
    };
    let own_name = existing(draft, table)?.head.name.clone();
    let back_name = back_name(existing(draft, other)?, &own_name, (other == table).then_some(name.as_str()));
    let kind = FieldKind::Link { table: other, symmetric: Some(back) };
    let after = Some(facts(kind, name, described, position));
    draft.edit(SchemaEdit::Field { table, field: no, before: None, after });
    let kind = FieldKind::Link { table, symmetric: Some(no) };
    let after = Some(facts(kind, back_name, String::new(), back_position));
    draft.edit(SchemaEdit::Field { table: other, field: back, before: None, after });
    Ok(no)
}

/// A free name for the other side: that of the linking table, with a number if it is taken.
fn back_name(other: &Table, wanted: &str, also_taken: Option<&str>) -> String {
    let taken = |name: &str| {
        other.field_by_name(name).is_some() || also_taken.is_some_and(|taken| same_name(taken, name))
    };
    let short: String = wanted.chars().take(crate::schema::MAX_NAME - 5).collect();
    let numbered = (2..).map(|n| format!("{short} {n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

fn find(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> Checked<Field> {
    match existing(draft, table)?.field(field) {
        Some(field) => Ok(field.clone()),
        None => refuse("field", CellCode::UnknownField, "There is no such field."),
    }
}

pub(super) fn update(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    no: FieldNo,
    edit: &Edit<'_>,
) -> Checked<()> {
    let field = find(draft, table, no)?;
    let mut errors = Vec::new();
    let before = FieldFacts::of(&field);
    let mut after = before.clone();
    if let Some(name) = edit.name {
        match free_name(existing(draft, table)?, name, Some(no)) {
            Ok(name) => after.name = name,
            Err(error) => errors.push(error),
        }
    }
    if let Some(text) = edit.description {
        match description(text) {
            Ok(text) => after.description = text,
            Err(error) => errors.push(error),
        }
    }
    if let Some(kind) = edit.kind {
        match new_options(&field.kind, kind, context) {
            Ok(kind) => after.kind = kind,
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if let (FieldKind::Select { choices: old }, FieldKind::Select { choices: new }) =
        (&before.kind, &after.kind)
    {
        let gone: FxHashSet<&str> = old
            .iter()
            .filter(|choice| new.iter().all(|one| one.id != choice.id))
            .map(|choice| choice.id.as_str())
            .collect();
        empty_choices(draft, table, no, &gone);
    }
    if after != before {
        draft.edit(SchemaEdit::Field { table, field: no, before: Some(before), after: Some(after) });
    }
    match edit.position {
        Some(to) => reorder(draft, table, no, to),
        None => Ok(()),
    }
}

fn new_options(
    old: &FieldKind,
    new: &FieldKind,
    context: &mut CheckContext<'_>,
) -> Result<FieldKind, CellError> {
    if old.type_name() != new.type_name() {
        let detail =
            format!("The type of a field can't be changed from {} to {}.", old.type_name(), new.type_name());
        return Err(CellError::member("type", CellCode::ReadOnly, detail));
    }
    if let (FieldKind::Link { table: was, .. }, FieldKind::Link { table: is, .. }) = (old, new) {
        if was != is {
            let detail = "The linked table can't be changed.";
            return Err(CellError::member("options", CellCode::ReadOnly, detail));
        }
        return Ok(old.clone());
    }
    clean_kind(new, Some(old), context)
}

fn empty_choices(draft: &mut Draft<'_>, table: TableNo, field: FieldNo, gone: &FxHashSet<&str>) {
    let Some((_, rows)) = draft.base.table_and_rows(table).filter(|_| !gone.is_empty()) else { return };
    let Some(column) = rows.column(field) else { return };
    for slot in rows.live_slots() {
        if let crate::column::ValueRef::Choice(id) = column.value(slot)
            && gone.contains(id)
        {
            draft.set(table, rows.row(slot), field, Cell::Empty);
        }
    }
}

fn reorder(draft: &mut Draft<'_>, table: TableNo, no: FieldNo, to: usize) -> Checked<()> {
    let order: Vec<FieldNo> = existing(draft, table)?.fields.iter().map(|field| field.no).collect();
    let Some(from) = order.iter().position(|one| *one == no) else { return Ok(()) };
    for (position, no) in (0..).zip(moved(&order, from, to)) {
        let field = find(draft, table, no)?;
        if field.position != position {
            let before = FieldFacts::of(&field);
            let after = FieldFacts { position, ..before.clone() };
            draft.edit(SchemaEdit::Field { table, field: no, before: Some(before), after: Some(after) });
        }
    }
    Ok(())
}

pub(super) fn delete(draft: &mut Draft<'_>, table: TableNo, no: FieldNo) -> Checked<()> {
    let field = find(draft, table, no)?;
    let shape = existing(draft, table)?;
    if shape.head.primary_field == no {
        let detail = "The primary field names the records and can't be deleted.";
        return refuse("field", CellCode::ReadOnly, detail);
    }
    remove(draft, table, &field);
    if let FieldKind::Link { table: other, symmetric: Some(back) } = field.kind
        && let Ok(back) = find(draft, other, back)
    {
        remove(draft, other, &back);
    }
    Ok(())
}

/// Takes a field out of its table and out of the views.
pub(super) fn remove(draft: &mut Draft<'_>, table: TableNo, field: &Field) {
    let Some(shape) = draft.schema().table(table) else { return };
    let mut edits = Vec::new();
    for view in &shape.views {
        let mut after = view.clone();
        if after.config.forget(table.field(field.no)) {
            edits.push(SchemaEdit::View {
                table,
                view: view.no,
                before: Some(view.clone()),
                after: Some(after),
            });
        }
    }
    edits.push(SchemaEdit::Field {
        table,
        field: field.no,
        before: Some(FieldFacts::of(field)),
        after: None,
    });
    edits.into_iter().for_each(|edit| draft.edit(edit));
}
