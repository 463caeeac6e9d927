//! Conversion of a field to another type (spec row D2): cells are read anew from what they show; what can't be read is emptied
//! and counted, so that a person can be told before.

use super::draft::Draft;
use super::{Checked, fields, refuse, validation};
use crate::base::Base;
use crate::cell::Cell;
use crate::coerce::{coerce, find_choice, split_names};
use crate::column::ValueRef;
use crate::command::{CellCode, CellError, CheckContext, Command};
use crate::files::{self, FileFacts};
use crate::ids::{RowNo, Slot, TableNo, choice_id};
use crate::json::{choice_name, push_value};
use crate::schema::{Choice, Field, FieldKind, MAX_CHOICES, Storage, clean_name};
use crate::time;
use rustc_hash::{FxHashMap, FxHashSet};

/// Samples of a preview.
const SAMPLES: usize = 20;

/// What a conversion would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversion {
    /// Records that have a value now.
    pub filled: usize,
    /// Of these, records whose value the new type can't hold.
    pub lost: usize,
    /// Records whose value, as it will be, breaks the rule that the field gets. They stay.
    pub broken: usize,
    /// Some records: the value now and, unless it is lost, the value then, as text. Lost ones first.
    pub samples: Vec<(RowNo, String, Option<String>)>,
}

impl Base {
    /// What an `UpdateField` that changes the type would keep and lose.
    pub fn conversion(
        &self,
        command: &Command,
        context: &mut CheckContext<'_>,
    ) -> Result<Conversion, Vec<CellError>> {
        let Command::UpdateField { table, field, .. } = command else {
            return refuse("type", CellCode::InvalidValue, "Only a field can be converted.");
        };
        let change = self.check(command, context)?;
        let mut preview = Conversion::default();
        let Some((shape, rows)) = self.table_and_rows(*table) else { return Ok(preview) };
        let Some(before) = shape.field(*field) else { return Ok(preview) };
        let edits: FxHashMap<RowNo, &Cell> = change
            .updated
            .iter()
            .filter(|edit| edit.table == *table)
            .filter_map(|edit| Some((edit.row, &edit.cells.iter().find(|cell| cell.field == *field)?.after)))
            .collect();
        let after = change.schema.iter().rev().find_map(|edit| match edit {
            crate::change::SchemaEdit::Field { field: no, after: Some(facts), .. } if no == field => {
                Some(facts.field(*no))
            }
            _ => None,
        });
        let kind = after.as_ref().map_or(&before.kind, |field| &field.kind);
        if let Some(field) = after.as_ref().filter(|field| field.rules.validation.is_some()) {
            let mut table = shape.clone();
            table.fields.retain(|one| one.no != field.no);
            table.fields.push(field.clone());
            preview.broken = validation::count(self, &table, field, &edits, context.now_us);
        }
        let mut kept = Vec::new();
        for slot in rows.live_slots() {
            if rows.value(*field, slot) == ValueRef::Empty {
                continue;
            }
            preview.filled += 1;
            let row = rows.row(slot);
            // What was calculated is stored only if it can be.
            let unread = before.kind.is_computed() && !kind.is_computed();
            let lost = edits.get(&row).map_or(unread, |cell| cell.is_empty());
            preview.lost += usize::from(lost);
            if (lost && preview.samples.len() >= SAMPLES) || (!lost && kept.len() >= SAMPLES) {
                continue;
            }
            let mut text = String::new();
            self.push_text(before, rows, slot, &mut text);
            if lost {
                preview.samples.push((row, text, None));
            } else {
                let then = edits.get(&row).map_or_else(|| text.clone(), |cell| self.cell_text(kind, cell));
                kept.push((row, text, Some(then)));
            }
        }
        kept.truncate(SAMPLES - preview.samples.len());
        preview.samples.extend(kept);
        Ok(preview)
    }

    fn cell_text(&self, kind: &FieldKind, cell: &Cell) -> String {
        let mut text = String::new();
        match (kind, cell) {
            (FieldKind::Link { table, .. }, Cell::Links(rows)) => {
                let names: Vec<String> = rows.iter().map(|row| self.record_name(*table, *row)).collect();
                text = names.join(", ");
            }
            (_, Cell::True) => text.push_str("true"),
            (kind, Cell::Number(number)) => push_value(kind, ValueRef::Number(*number), &mut text),
            (kind, Cell::Text(id)) => text.push_str(choice_name(kind, id).unwrap_or(id)),
            (kind, Cell::Texts(ids)) => push_value(kind, ValueRef::Choices(ids), &mut text),
            _ => {}
        }
        text
    }
}

/// The names in a cell that holds several things; otherwise its text.
fn names(base: &Base, field: &Field, rows: &crate::rows::Rows, slot: Slot) -> Vec<String> {
    match (rows.value(field.no, slot), field.linked()) {
        (ValueRef::Links(linked), Some(table)) => {
            linked.iter().map(|row| base.record_name(table, *row)).collect()
        }
        (ValueRef::Choices(ids), _) => {
            ids.iter().map(|id| choice_name(field.value_kind(), id).unwrap_or(id).to_owned()).collect()
        }
        (ValueRef::List(values), _) => values.iter().map(ToString::to_string).collect(),
        _ => {
            let mut text = String::new();
            base.push_text(field, rows, slot, &mut text);
            vec![text]
        }
    }
}

/// Writes the cells of a field as `kind` will hold them; gives the kind with the choices that were made. For a link the caller
/// has made both sides, and `sides` writes them.
pub(super) fn cells(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    field: &Field,
    mut kind: FieldKind,
) -> Checked<(FieldKind, Vec<(RowNo, Cell)>)> {
    let base = draft.base;
    let Some((_, rows)) = base.table_and_rows(table) else { return Ok((kind, Vec::new())) };
    let slots: Vec<Slot> =
        rows.live_slots().filter(|slot| rows.value(field.no, *slot) != ValueRef::Empty).collect();
    if kind.choices().is_some() {
        let splits = matches!(kind, FieldKind::MultiSelect { .. });
        kind = grown(context, kind, slots.iter().flat_map(|slot| names(base, field, rows, *slot)), splits)?;
    }
    let linked = linked_rows(base, field, rows, &slots, &kind);
    let mut cells = Vec::with_capacity(slots.len());
    for slot in slots {
        let cell = cell(base, field, rows, slot, &kind, &linked);
        cells.push((rows.row(slot), cell));
    }
    Ok((kind, cells))
}

/// The cells of a field as a type that it had holds them: no choice is made for a value that is none of those of then. Also of
/// what is in the trash; not for links.
pub(super) fn cells_of_then(
    base: &Base,
    table: TableNo,
    field: &Field,
    kind: &FieldKind,
) -> Vec<(RowNo, Cell)> {
    let Some(rows) = base.tables.get(&table) else { return Vec::new() };
    let linked = FxHashMap::default();
    let filled = rows.live_slots().filter(|slot| rows.value(field.no, *slot) != ValueRef::Empty);
    filled.map(|slot| (rows.row(slot), cell(base, field, rows, slot, kind, &linked))).collect()
}

/// The cells of a select field that hold choices which `kind` lacks, without them.
pub(super) fn without_choices(
    draft: &Draft<'_>,
    table: TableNo,
    field: &Field,
    kind: &FieldKind,
) -> Vec<(RowNo, Cell)> {
    let (Some(old), Some(new)) = (field.kind.choices(), kind.choices()) else { return Vec::new() };
    let is_gone = |id: &str| new.iter().all(|choice| choice.id != id);
    if !old.iter().any(|choice| is_gone(&choice.id)) {
        return Vec::new();
    }
    let Some(rows) = draft.base.tables.get(&table) else { return Vec::new() };
    let left = |slot| match rows.value(field.no, slot) {
        ValueRef::Choice(id) if is_gone(id) => Some(Cell::Empty),
        ValueRef::Choices(ids) if ids.iter().any(|id| is_gone(id)) => {
            Some(Cell::texts(ids.iter().filter(|id| !is_gone(id)).cloned().collect()))
        }
        _ => None,
    };
    rows.live_slots().filter_map(|slot| Some((rows.row(slot), left(slot)?))).collect()
}

/// Records of the linked table by name.
fn linked_rows(
    base: &Base,
    field: &Field,
    rows: &crate::rows::Rows,
    slots: &[Slot],
    kind: &FieldKind,
) -> FxHashMap<String, RowNo> {
    let FieldKind::Link { table, .. } = kind else { return FxHashMap::default() };
    let Some(primary) = base.schema().table(*table).map(|table| table.head.primary_field) else {
        return FxHashMap::default();
    };
    let mut texts: FxHashSet<String> = FxHashSet::default();
    for slot in slots {
        for name in names(base, field, rows, *slot) {
            texts.extend(split_names(&name).into_iter().map(str::to_owned));
            texts.insert(name);
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = base.find_by_text(*table, primary, &texts);
    texts.iter().zip(found).filter_map(|(text, row)| Some(((*text).to_owned(), row?))).collect()
}

/// The choices of a cell for a field that has such, too: one of the same id is the same, whatever it is called now.
fn known_choices(kind: &FieldKind, value: ValueRef<'_>, choices: &[Choice]) -> Vec<String> {
    let one = |id: &str| {
        let is_same = choices.iter().any(|choice| choice.id == id);
        if is_same { id.to_owned() } else { choice_name(kind, id).unwrap_or(id).to_owned() }
    };
    match value {
        ValueRef::Choice(id) => vec![one(id)],
        ValueRef::Choices(ids) => ids.iter().map(|id| one(id)).collect(),
        _ => Vec::new(),
    }
}

fn cell(
    base: &Base,
    field: &Field,
    rows: &crate::rows::Rows,
    slot: Slot,
    kind: &FieldKind,
    linked: &FxHashMap<String, RowNo>,
) -> Cell {
    if kind.is_read_only() {
        return Cell::Empty;
    }
    let value = rows.value(field.no, slot);
    match (value, kind.storage()) {
        (ValueRef::True, Storage::Number) => return Cell::Number(1.0),
        (ValueRef::Number(number), Storage::Flag) => {
            return if number == 0.0 { Cell::Empty } else { Cell::True };
        }
        (ValueRef::Day(day), Storage::Instant) => {
            let zone = if let FieldKind::DateTime { zone } = kind { zone.as_deref() } else { None };
            let at = time::day_start(day, &time::zone(zone)).filter(|at| time::in_range(*at));
            return at.map_or(Cell::Empty, |at| Cell::text(time::instant_text(at)));
        }
        (ValueRef::Instant(micros), Storage::Day) => {
            let zone =
                if let FieldKind::DateTime { zone } = field.value_kind() { zone.as_deref() } else { None };
            let day = time::day_in(micros, &time::zone(zone));
            return day.map_or(Cell::Empty, |day| Cell::text(time::day_text(day)));
        }
        // A number stays what it is, whatever it is shown as.
        (ValueRef::Number(number), Storage::Number) => {
            return crate::coerce::strict(kind, &serde_json::Value::from(number)).unwrap_or_default();
        }
        _ => {}
    }
    if let (ValueRef::Choices(files), true) = (value, kind.holds_files()) {
        let fits = |file: &str| FileFacts::parse(file).is_some_and(|file| files::holds(kind, &file));
        let most = if matches!(kind, FieldKind::Signature) { 1 } else { usize::MAX };
        return Cell::texts(files.iter().filter(|file| fits(file)).take(most).cloned().collect());
    }
    let list = match (kind.choices(), value) {
        (Some(choices), ValueRef::Choice(_) | ValueRef::Choices(_)) => {
            known_choices(field.value_kind(), value, choices)
        }
        _ => names(base, field, rows, slot),
    };
    if kind.storage() == Storage::Links {
        let single = matches!(kind, FieldKind::Link { single: true, .. });
        let mut found: Vec<RowNo> = Vec::new();
        for name in &list {
            match linked.get(name) {
                Some(row) => found.push(*row),
                None => found.extend(split_names(name).iter().filter_map(|name| linked.get(*name))),
            }
        }
        let mut seen = FxHashSet::default();
        found.retain(|row| seen.insert(*row));
        if single {
            found.truncate(1);
        }
        return Cell::links(found);
    }
    if let FieldKind::MultiSelect { choices } = kind {
        let one = |name: &str| find_choice(choices, name).map(|choice| choice.id.as_str().into());
        let mut ids: Vec<Box<str>> = Vec::new();
        for name in &list {
            match one(name) {
                Some(id) => ids.push(id),
                None => ids.extend(split_names(name).into_iter().filter_map(one)),
            }
        }
        let mut seen = FxHashSet::default();
        ids.retain(|id| seen.insert(id.clone()));
        return Cell::texts(ids);
    }
    coerce(kind, &list.join(", ")).unwrap_or_default()
}

/// The kind with a choice for every name, as far as there is room.
fn grown(
    context: &mut CheckContext<'_>,
    kind: FieldKind,
    names: impl Iterator<Item = String>,
    splits: bool,
) -> Checked<FieldKind> {
    let mut choices: Vec<Choice> = kind.choices().unwrap_or_default().to_vec();
    let mut known: FxHashSet<String> =
        choices.iter().map(|choice| crate::collate::fold(&choice.name)).collect();
    let mut add = |name: &str, choices: &mut Vec<Choice>| {
        if choices.len() < MAX_CHOICES
            && let Ok(name) = clean_name(name)
            && known.insert(crate::collate::fold(&name))
        {
            let colour = fields::colour(choices.len());
            choices.push(Choice { id: choice_id((context.random)()), name, colour });
        }
    };
    for name in names {
        if splits {
            split_names(&name).into_iter().for_each(|name| add(name, &mut choices));
        } else {
            add(&name, &mut choices);
        }
    }
    Ok(kind.with_choices(choices))
}

/// Whether a conversion is one that there is.
pub(super) fn allowed(field: &Field, kind: &FieldKind, is_primary: bool) -> Result<(), CellError> {
    if is_primary && !kind.can_be_primary() {
        let detail = format!("A field of type {} can't name the records.", kind.type_name());
        return Err(CellError::member("type", CellCode::InvalidValue, detail));
    }
    if kind.holds_files() && !field.kind.holds_files() {
        let detail = format!("Files are uploaded; a field of type {} has none.", field.kind.type_name());
        return Err(CellError::member("type", CellCode::InvalidValue, detail));
    }
    if let (FieldKind::Link { .. }, FieldKind::Link { .. }) = (&field.kind, kind) {
        let detail = "The linked table can't be changed.";
        return Err(CellError::member("options", CellCode::ReadOnly, detail));
    }
    Ok(())
}
