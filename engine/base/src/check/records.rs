//! Commands on records.

use super::draft::Draft;
use super::links::{self, Side};
use super::{Checked, existing, refuse, rules, shape, validation};
use crate::cell::Cell;
use crate::change::{FieldFacts, RowFacts, RowMeta, SchemaEdit};
use crate::coerce::{coerce, find_choice, shown, split_names, strict};
use crate::command::{CellCode, CellError, CheckContext, InputCells};
use crate::files::{self, FileFacts, FileTexts};
use crate::ids::{FieldNo, MAX_N, RecordId, RowNo, TableNo, choice_id};
use crate::schema::{Choice, Field, FieldKind, MAX_CHOICES, MAX_LINKS, MAX_ROWS, Storage, clean_name};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use std::collections::BTreeMap;

/// Names of records → records, for links that are given by name.
type Names = FxHashMap<(TableNo, String), Option<RowNo>>;

pub(super) fn create(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: &[InputCells],
    ids: Option<&[RowNo]>,
) -> Checked<()> {
    let numbers = match ids {
        Some(ids) => {
            room(draft, table, rows.len())?;
            given_numbers(draft, table, rows.len(), ids)?
        }
        None => next_numbers(draft, context, table, rows.len())?.collect::<Vec<RowNo>>(),
    };
    let meta = RowMeta::made(context.now_us, context.actor);
    for row in &numbers {
        draft.create(RowFacts { table, row: *row, cells: BTreeMap::new(), meta: meta.clone() });
    }
    write(draft, context, table, numbers.iter().copied().zip(rows))?;
    let given = |cells: &InputCells| cells.iter().map(|(no, _)| *no).collect::<Vec<_>>();
    rules::fill(draft, context, table, numbers.iter().zip(rows).map(|(row, cells)| (*row, given(cells))))?;
    rules::required(draft, table, &numbers)?;
    validation::ask(draft, context, table, &numbers)
}

/// Whether the table takes so many more.
fn room(draft: &Draft<'_>, table: TableNo, count: usize) -> Checked<()> {
    existing(draft, table)?;
    if draft.base.len(table) + count > MAX_ROWS {
        return refuse("records", CellCode::TooLong, format!("A table has at most {MAX_ROWS} records."));
    }
    Ok(())
}

pub(super) fn next_numbers(
    draft: &Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    count: usize,
) -> Checked<impl Iterator<Item = RowNo> + use<>> {
    room(draft, table, count)?;
    let next = existing(draft, table)?.next_row;
    let counter = context.next_rows.entry(table).or_insert(next);
    let first = next.max(*counter);
    *counter = first + count as u64;
    Ok((first..*counter).map(RowNo))
}

fn given_numbers(draft: &Draft<'_>, table: TableNo, count: usize, ids: &[RowNo]) -> Checked<Vec<RowNo>> {
    if ids.len() != count {
        return refuse("ids", CellCode::InvalidValue, "There must be as many ids as records.");
    }
    let mut seen = FxHashSet::default();
    for (i, row) in ids.iter().enumerate() {
        let detail = match row.0 {
            0 => "0 is no row number.",
            n if n > MAX_N => "The row number is too high.",
            _ if !seen.insert(*row) || draft.exists(table, *row) => "The id is in use.",
            _ => continue,
        };
        let code = if detail.ends_with("use.") { CellCode::NotUnique } else { CellCode::InvalidValue };
        return Err(vec![CellError { row: i, ..CellError::member("ids", code, detail) }]);
    }
    Ok(ids.to_vec())
}

pub(super) fn update(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: &[(RowNo, InputCells)],
) -> Checked<()> {
    existing(draft, table)?;
    known(draft, table, rows.iter().map(|(row, _)| *row))?;
    write(draft, context, table, rows.iter().map(|(row, cells)| (*row, cells)))?;
    let rows: Vec<RowNo> = rows.iter().map(|(row, _)| *row).collect();
    rules::required(draft, table, &rows)?;
    validation::ask(draft, context, table, &rows)
}

fn known(draft: &Draft<'_>, table: TableNo, rows: impl Iterator<Item = RowNo>) -> Checked<()> {
    let missing: Vec<CellError> = rows
        .enumerate()
        .filter(|(_, row)| !draft.exists(table, *row))
        .map(|(i, row)| {
            let detail = format!("There is no record {}.", table.record(row));
            CellError { row: i, ..CellError::member("id", CellCode::UnknownRecord, detail) }
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// Validates all cells, then writes them into the draft.
fn write<'a>(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: impl Iterator<Item = (RowNo, &'a InputCells)>,
) -> Checked<()> {
    let rows: Vec<(RowNo, &InputCells)> = rows.collect();
    let names = if context.typecast { find_names(draft, table, &rows) } else { Names::default() };
    if context.typecast {
        make_choices(draft, context, table, &rows)?;
    }
    let shape = shape(draft, table)?;
    let sides: FxHashMap<FieldNo, Side> =
        links::sides(draft, table).into_iter().map(|side| (side.field, side)).collect();
    let mut errors = Vec::new();
    let mut named = FxHashSet::default();
    for (i, (row, cells)) in rows.iter().enumerate() {
        named.clear();
        for (no, value) in *cells {
            if !named.insert(*no) {
                errors.push(CellError::cell(i, *no, CellCode::InvalidValue, "The field is named twice."));
                continue;
            }
            let Some(field) = shape.field(*no) else {
                errors.push(CellError::cell(i, *no, CellCode::UnknownField, "There is no such field."));
                continue;
            };
            match cell(draft, (context.typecast, &context.files), &names, field, value) {
                Err((code, detail)) => errors.push(CellError::cell(i, *no, code, detail)),
                // With an error somewhere nothing is kept: checking goes on only to find the others.
                Ok(_) if !errors.is_empty() => {}
                Ok(cell) => match sides.get(no) {
                    Some(side) => links::set(draft, *side, *row, cell.rows().to_vec()),
                    None => draft.set(table, *row, *no, cell),
                },
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn cell(
    draft: &Draft<'_>,
    (typecast, texts): (bool, &FileTexts),
    names: &Names,
    field: &Field,
    value: &Value,
) -> Result<Cell, crate::coerce::Refusal> {
    if field.kind.holds_files() {
        let cell = strict(&field.kind, value)?;
        if cell.ids().iter().all(|text| texts.contains(text)) {
            return Ok(cell);
        }
        return Err((CellCode::WrongType, "Expected files such as {\"id\": \"att_…\"}.".into()));
    }
    if let FieldKind::Link { table, single, .. } = field.kind {
        let cell = link_cell(draft, typecast, names, table, value)?;
        if single && cell.rows().len() > 1 {
            return Err((CellCode::TooLong, "At most one record.".into()));
        }
        return Ok(cell);
    }
    if !typecast {
        return strict(&field.kind, value);
    }
    match (value, field.kind.storage()) {
        // JSON given as text is JSON, of which a text is one.
        (Value::String(text), _) if matches!(field.kind, FieldKind::Json) => {
            coerce(&field.kind, text).or_else(|_| strict(&field.kind, value))
        }
        (Value::String(text), _) => coerce(&field.kind, text),
        (Value::Bool(ticked), Storage::Number) => strict(&field.kind, &Value::from(u8::from(*ticked))),
        (Value::Number(_), Storage::Number) | (Value::Bool(_), Storage::Flag) => strict(&field.kind, value),
        (Value::Number(_) | Value::Bool(_), _) if !matches!(field.kind, FieldKind::Json) => {
            coerce(&field.kind, &value.to_string())
        }
        (Value::Array(list), Storage::Choice) if list.len() == 1 => strict(&field.kind, &list[0]),
        _ => strict(&field.kind, value),
    }
}

fn link_cell(
    draft: &Draft<'_>,
    typecast: bool,
    names: &Names,
    table: TableNo,
    value: &Value,
) -> Result<Cell, crate::coerce::Refusal> {
    let single;
    let list: &[Value] = match value {
        Value::Null => return Ok(Cell::Empty),
        Value::Array(list) => list,
        Value::String(text) if typecast && text.trim().is_empty() => return Ok(Cell::Empty),
        Value::String(_) if typecast => {
            single = [value.clone()];
            &single
        }
        _ => return Err((CellCode::WrongType, "Expected a list of record ids.".into())),
    };
    if list.len() > MAX_LINKS {
        return Err((CellCode::TooLong, format!("At most {MAX_LINKS} records in one cell.")));
    }
    let mut seen = FxHashSet::default();
    let mut rows = Vec::with_capacity(list.len());
    for element in list {
        let text = match element {
            Value::String(text) => text,
            Value::Object(object) => match object.get("id") {
                Some(Value::String(text)) => text,
                _ => return Err((CellCode::WrongType, "Expected a record id in \"id\".".into())),
            },
            _ => return Err((CellCode::WrongType, "Expected a list of record ids.".into())),
        };
        let unknown =
            || (CellCode::UnknownRecord, format!("There is no record {} in the linked table.", shown(text)));
        let row = match text.parse::<RecordId>() {
            Ok(id) if id.table == table => Some(id.row).filter(|row| draft.exists(table, *row)),
            _ if typecast => names.get(&(table, crate::collate::fold(text.trim()))).copied().flatten(),
            _ => None,
        };
        let row = row.ok_or_else(unknown)?;
        if seen.insert(row) {
            rows.push(row);
        }
    }
    Ok(Cell::links(rows))
}

/// Looks up all names that link cells of the command give, in one pass over each linked table.
fn find_names(draft: &Draft<'_>, table: TableNo, rows: &[(RowNo, &InputCells)]) -> Names {
    let mut wanted: BTreeMap<TableNo, FxHashSet<&str>> = BTreeMap::new();
    let Some(shape) = draft.schema().table(table) else { return Names::default() };
    for (no, value) in rows.iter().flat_map(|(_, cells)| cells.iter()) {
        if let Some(Field { kind: FieldKind::Link { table, .. }, .. }) = shape.field(*no) {
            let list = match value {
                Value::Array(list) => list.as_slice(),
                other => std::slice::from_ref(other),
            };
            let texts =
                list.iter().filter_map(Value::as_str).filter(|text| text.parse::<RecordId>().is_err());
            wanted.entry(*table).or_default().extend(texts);
        }
    }
    let mut names = Names::default();
    for (table, texts) in wanted {
        let texts: Vec<&str> = texts.into_iter().collect();
        let Some(primary) = draft.base.schema().table(table).map(|table| table.head.primary_field) else {
            continue;
        };
        let found = draft.base.find_by_text(table, primary, &texts);
        names.extend(
            texts.iter().zip(found).map(|(text, row)| ((table, crate::collate::fold(text.trim())), row)),
        );
    }
    names
}

/// Adds the choices that select cells of the command name and that do not exist yet.
fn make_choices(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: &[(RowNo, &InputCells)],
) -> Checked<()> {
    let shape = shape(draft, table)?;
    let mut grown: BTreeMap<FieldNo, Vec<Choice>> = BTreeMap::new();
    for (i, (_, cells)) in rows.iter().enumerate() {
        for (no, value) in *cells {
            let Some(field) = shape.field(*no) else { continue };
            let Some(choices) = field.kind.choices() else { continue };
            let texts: Vec<&str> = match value {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                Value::String(text) if matches!(field.kind, FieldKind::MultiSelect { .. }) => {
                    match find_choice(choices, text) {
                        Some(_) => continue,
                        None => split_names(text),
                    }
                }
                Value::String(text) => vec![text.as_str()],
                _ => continue,
            };
            for text in texts {
                let known = grown.get(no).map_or(choices, Vec::as_slice);
                if text.trim().is_empty() || find_choice(known, text).is_some() {
                    continue;
                }
                let name = clean_name(text)
                    .map_err(|detail| vec![CellError::cell(i, *no, CellCode::InvalidValue, detail)])?;
                if known.len() >= MAX_CHOICES {
                    let detail = format!("A select has at most {MAX_CHOICES} choices.");
                    return Err(vec![CellError::cell(i, *no, CellCode::TooLong, detail)]);
                }
                let choices = grown.entry(*no).or_insert_with(|| choices.to_vec());
                let colour = super::fields::colour(choices.len());
                choices.push(Choice { id: choice_id((context.random)()), name, colour });
            }
        }
    }
    for (field, choices) in grown {
        if let Some(before) = shape.field(field).map(FieldFacts::of) {
            let after = FieldFacts { kind: before.kind.with_choices(choices), ..before.clone() };
            draft.edit(SchemaEdit::Field { table, field, before: Some(before), after: Some(after) });
        }
    }
    Ok(())
}

pub(super) fn delete(draft: &mut Draft<'_>, table: TableNo, rows: &[RowNo]) -> Checked<()> {
    existing(draft, table)?;
    known(draft, table, rows.iter().copied())?;
    let sides = links::sides(draft, table);
    for row in rows {
        if draft.delete(table, *row) {
            for side in &sides {
                links::set(draft, *side, *row, Vec::new());
            }
        }
    }
    Ok(())
}

pub(super) fn restore(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: &[RowFacts],
) -> Checked<()> {
    let shape = shape(draft, table)?;
    let mut errors = Vec::new();
    for (i, facts) in rows.iter().enumerate() {
        let detail = if facts.table != table || facts.row.0 == 0 {
            "The record is not of this table."
        } else if draft.exists(table, facts.row) {
            "The record exists."
        } else {
            let meta = RowMeta {
                updated_us: context.now_us,
                updated_by: context.actor.to_owned(),
                ..facts.meta.clone()
            };
            draft.create(RowFacts { table, row: facts.row, cells: BTreeMap::new(), meta });
            continue;
        };
        errors.push(CellError { row: i, ..CellError::member("records", CellCode::NotUnique, detail) });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // All records are there before the first link, so that restored records can link to each other.
    let sides: FxHashMap<FieldNo, Side> =
        links::sides(draft, table).into_iter().map(|side| (side.field, side)).collect();
    for facts in rows {
        for (no, cell) in &facts.cells {
            let Some(field) = shape.any_field(*no) else { continue };
            if let Some(side) = sides.get(no) {
                let mut linked = draft.links(table, facts.row, *no);
                let old = cell.rows().iter().filter(|row| draft.exists(side.other, **row));
                let fresh: Vec<RowNo> = old.filter(|row| !linked.contains(row)).copied().collect();
                linked.extend(fresh);
                links::set(draft, *side, facts.row, linked);
            } else if fits(&field.kind, cell) {
                draft.set(table, facts.row, *no, cell.clone());
            }
        }
    }
    Ok(())
}

/// Whether a field, deleted or not, can hold the value.
pub(super) fn holds(draft: &Draft<'_>, table: TableNo, field: FieldNo, cell: &Cell) -> bool {
    let field = draft.schema().any_table(table).and_then(|table| table.any_field(field));
    field.is_some_and(|field| fits(&field.kind, cell))
}

/// Whether a stored value is one that the field can hold.
pub(super) fn fits(kind: &FieldKind, cell: &Cell) -> bool {
    if kind.is_computed() {
        return false;
    }
    let is_choice =
        |id: &str| kind.choices().is_none_or(|choices| choices.iter().any(|choice| choice.id == id));
    match (kind.storage(), cell) {
        (Storage::Number, Cell::Number(_)) | (Storage::Flag, Cell::True) | (Storage::Text, Cell::Text(_)) => {
            true
        }
        (Storage::Choice, Cell::Text(id)) => is_choice(id),
        (Storage::Choices, Cell::Texts(files)) if kind.holds_files() => {
            let one = matches!(kind, FieldKind::Signature);
            let fits = |file: &str| FileFacts::parse(file).is_some_and(|file| files::holds(kind, &file));
            (!one || files.len() == 1) && files.iter().all(|file| fits(file))
        }
        (Storage::Choices, Cell::Texts(ids)) => ids.iter().all(|id| is_choice(id)),
        (Storage::Day, Cell::Text(text)) => crate::time::parse_day(text).is_some(),
        (Storage::Instant, Cell::Text(text)) => crate::time::parse_instant(text).is_some(),
        _ => false,
    }
}
