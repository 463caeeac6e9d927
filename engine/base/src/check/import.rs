//! Rows of a file become records, or change those that have the same key. Values are in stored form already and trusted to
//! be well formed; whether they (still) fit their fields, and whether linked records exist, is checked.
//!
//! Invariant: a row that can't be written has left no trace in the draft; it is told of and the others are written.

use super::draft::Draft;
use super::links::{self, Side};
use super::records::{fits, next_numbers};
use super::{Checked, refuse, rules, shape, validation};
use crate::cell::Cell;
use crate::change::{RowFacts, RowMeta};
use crate::command::{CellCode, CellError, CheckContext, Merge, StoredCells};
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::schema::{Field, FieldKind, Table};
use crate::unique;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Values of unique fields that rows of this command took.
type Taken = FxHashSet<(FieldNo, Box<str>)>;

/// What a row is about.
#[derive(Clone, Copy)]
enum Target {
    New,
    Old(RowNo),
    /// No record has the key, and none is to be made.
    Nothing,
}

/// Writes the rows; gives what is wrong with those that are left out, each error with the row's index.
pub(super) fn import(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: &[StoredCells],
    merge: Option<Merge>,
) -> Checked<Vec<CellError>> {
    let shape = shape(draft, table)?;
    let targets = match merge {
        Some(merge) => targets(draft, &shape, rows, merge)?,
        None => vec![Ok(Target::New); rows.len()],
    };
    let defaults: Vec<&Field> = shape.fields.iter().filter(|field| !field.rules.default.is_null()).collect();
    let moment = validation::moment(context.now_us);
    let mut asking = validation::of_import(draft.base, &shape, &moment);
    let (mut refused, mut taken) = (Vec::new(), Taken::default());
    let mut good: Vec<(Target, BTreeMap<FieldNo, Cell>)> = Vec::with_capacity(rows.len());
    for (index, (given, target)) in rows.iter().zip(targets).enumerate() {
        let target = match target {
            Ok(Target::Nothing) => continue,
            Ok(target) => target,
            Err(error) => {
                refused.push(CellError { row: index, ..error });
                continue;
            }
        };
        let keeps = matches!(target, Target::Old(_)) && !merge.is_some_and(|merge| merge.clear);
        let mut cells: BTreeMap<FieldNo, Cell> =
            given.iter().filter(|(_, cell)| !(keeps && cell.is_empty())).cloned().collect();
        if matches!(target, Target::New) {
            for field in &defaults {
                if !cells.contains_key(&field.no)
                    && let Ok(cell) = rules::default(field, context)
                {
                    cells.insert(field.no, cell);
                }
            }
        }
        let mut wrong = wrong(draft, &shape, target, &cells, &taken);
        if let (true, Some(asking)) = (wrong.is_empty(), &mut asking) {
            let old = if let Target::Old(row) = target { Some(row) } else { None };
            wrong = validation::of_row(asking, old, &cells);
        }
        if wrong.is_empty() {
            taken.extend(claims(&shape, &cells));
            good.push((target, cells));
        } else {
            refused.extend(wrong.into_iter().map(|error| CellError { row: index, ..error }));
        }
    }
    write(draft, context, &shape, good)?;
    Ok(refused)
}

/// The record that each row means.
fn targets(
    draft: &Draft<'_>,
    shape: &Table,
    rows: &[StoredCells],
    merge: Merge,
) -> Checked<Vec<Result<Target, CellError>>> {
    let table = shape.number();
    let Some(field) = shape.field(merge.key) else {
        return refuse("key", CellCode::UnknownField, "There is no such field.");
    };
    let key_of = |cells: &StoredCells| {
        cells.iter().find(|(no, _)| *no == merge.key).and_then(|(_, cell)| unique::key(cell))
    };
    let keys: Vec<Option<Box<str>>> = rows.iter().map(key_of).collect();
    let mut found: FxHashMap<&str, Vec<RowNo>> = FxHashMap::default();
    for key in keys.iter().flatten() {
        found.entry(key).or_default();
    }
    if field.rules.unique {
        for (key, rows) in &mut found {
            rows.extend(draft.base.unique.holder(table, merge.key, key));
        }
    } else if let Some((_, all)) = draft.base.table_and_rows(table) {
        for slot in all.live_slots() {
            if let Some(key) = unique::key(&all.cell(merge.key, slot))
                && let Some(rows) = found.get_mut(&*key)
            {
                rows.push(all.row(slot));
            }
        }
    }
    let error = |code, detail: String| Err(CellError::cell(0, merge.key, code, detail));
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut targets = Vec::with_capacity(rows.len());
    for key in &keys {
        targets.push(match key.as_deref() {
            None => {
                error(CellCode::Required, format!("{} must be given: records are found by it.", field.name))
            }
            Some(key) if !seen.insert(key) => {
                error(CellCode::NotUnique, format!("An earlier row has the same {}.", field.name))
            }
            Some(key) => match found.get(key).map_or(&[][..], Vec::as_slice) {
                [] if merge.create => Ok(Target::New),
                [] => Ok(Target::Nothing),
                [row] => Ok(Target::Old(*row)),
                _ => error(CellCode::NotUnique, format!("Several records have the same {}.", field.name)),
            },
        });
    }
    Ok(targets)
}

/// All that is wrong with a row.
fn wrong(
    draft: &Draft<'_>,
    shape: &Table,
    target: Target,
    cells: &BTreeMap<FieldNo, Cell>,
    taken: &Taken,
) -> Vec<CellError> {
    let mut errors = Vec::new();
    for (no, cell) in cells.iter().filter(|(_, cell)| !cell.is_empty()) {
        let problem = match shape.field(*no).map(|field| &field.kind) {
            None => (CellCode::UnknownField, "There is no such field."),
            Some(FieldKind::Link { single: true, .. }) if cell.rows().len() > 1 => {
                (CellCode::TooLong, "At most one record.")
            }
            Some(FieldKind::Link { table, .. }) => {
                if cell.rows().iter().all(|row| draft.exists(*table, *row)) {
                    continue;
                }
                (CellCode::UnknownRecord, "A linked record does not exist.")
            }
            Some(kind) if fits(kind, cell) => continue,
            Some(_) => (CellCode::InvalidValue, "The value does not fit the field."),
        };
        errors.push(CellError::cell(0, *no, problem.0, problem.1));
    }
    for field in shape.fields.iter().filter(|field| field.rules.required) {
        let missing = match (cells.get(&field.no), target) {
            (Some(cell), _) => cell.is_empty(),
            (None, target) => matches!(target, Target::New),
        };
        if missing {
            let detail = format!("{} must be given.", field.name);
            errors.push(CellError::cell(0, field.no, CellCode::Required, detail));
        }
    }
    let table = shape.number();
    for (no, key) in claims(shape, cells) {
        let own = if let Target::Old(row) = target { Some(row) } else { None };
        let held = draft.base.unique.holder(table, no, &key).filter(|held| Some(*held) != own);
        let name = shape.field(no).map_or("", |field| field.name.as_str());
        let detail = match held {
            Some(held) => format!("{name} must be unique; {} has this value already.", table.record(held)),
            None if taken.contains(&(no, key)) => {
                format!("{name} must be unique; an earlier row has this value already.")
            }
            None => continue,
        };
        errors.push(CellError::cell(0, no, CellCode::NotUnique, detail));
    }
    errors
}

/// The values of unique fields among cells.
fn claims(shape: &Table, cells: &BTreeMap<FieldNo, Cell>) -> Vec<(FieldNo, Box<str>)> {
    let unique = shape.fields.iter().filter(|field| field.rules.unique);
    unique.filter_map(|field| Some((field.no, unique::key(cells.get(&field.no)?)?))).collect()
}

fn write(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    shape: &Table,
    rows: Vec<(Target, BTreeMap<FieldNo, Cell>)>,
) -> Checked<()> {
    let table = shape.number();
    let sides: FxHashMap<FieldNo, Side> =
        links::sides(draft, table).into_iter().map(|side| (side.field, side)).collect();
    let meta = RowMeta::made(context.now_us, context.actor);
    let count = rows.iter().filter(|(target, _)| matches!(target, Target::New)).count();
    let mut numbers = next_numbers(draft, context, table, count)?;
    let mut linked: Vec<(RowNo, Side, Vec<RowNo>)> = Vec::new();
    for (target, cells) in rows {
        let (links, plain): (BTreeMap<FieldNo, Cell>, BTreeMap<FieldNo, Cell>) =
            cells.into_iter().partition(|(no, _)| sides.contains_key(no));
        let row = match target {
            Target::Old(row) => {
                for (no, cell) in plain {
                    draft.set(table, row, no, cell);
                }
                row
            }
            _ => {
                let Some(row) = numbers.next() else { break };
                let cells = plain.into_iter().filter(|(_, cell)| !cell.is_empty()).collect();
                draft.create(RowFacts { table, row, cells, meta: meta.clone() });
                row
            }
        };
        let is_new = matches!(target, Target::New);
        for (no, cell) in links.into_iter().filter(|(_, cell)| !(is_new && cell.is_empty())) {
            linked.push((row, sides[&no], cell.rows().to_vec()));
        }
    }
    // All records are there before the first link, so that rows can link to each other's other side.
    for (row, side, rows) in linked {
        links::set(draft, side, row, rows);
    }
    Ok(())
}
