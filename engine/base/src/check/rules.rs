//! What fields ask of their cells: required, unique, defaults; and the times and people of chosen fields' changes.

use super::draft::Draft;
use super::{Checked, existing};
use crate::cell::Cell;
use crate::coerce::{Refusal, strict};
use crate::command::{CellCode, CellError, CheckContext};
use crate::ids::{FieldId, FieldNo, RowNo, TableNo};
use crate::schema::{Field, FieldKind, FieldRules, Storage, Table, clean_formula};
use crate::time;
use crate::unique;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

/// The rules as they will be kept; the error says what is wrong with them.
pub(super) fn clean(kind: &FieldKind, rules: &FieldRules) -> Result<FieldRules, CellError> {
    let refuse = |code, detail: String| Err(CellError::member("options", code, detail));
    if rules.is_empty() {
        return Ok(FieldRules::default());
    }
    if kind.is_read_only() {
        return refuse(CellCode::InvalidValue, "A calculated field has no rules.".into());
    }
    let one_value = !matches!(kind.storage(), Storage::Flag | Storage::Links | Storage::Choices);
    let validation = match rules.validation.as_deref().filter(|asked| !asked.is_empty()) {
        Some(asked) => match asked.clean(kind) {
            Ok(clean) => Some(Box::new(clean)),
            Err(detail) => return refuse(CellCode::InvalidValue, format!("The rule: {detail}")),
        },
        None => None,
    };
    if rules.unique && !one_value {
        return refuse(
            CellCode::InvalidValue,
            format!("A field of type {} can't be unique.", kind.type_name()),
        );
    }
    if !rules.default.is_null() && !is_special(kind, &rules.default) {
        if rules.unique {
            return refuse(CellCode::InvalidValue, "A unique field can't have a default.".into());
        }
        if matches!(kind, FieldKind::Link { .. }) {
            return refuse(CellCode::InvalidValue, "A link can't have a default.".into());
        }
        if kind.holds_files() {
            return refuse(CellCode::InvalidValue, "A field of files can't have a default.".into());
        }
        if let Err((code, detail)) = strict(kind, &rules.default) {
            return refuse(code, format!("The default does not fit: {detail}"));
        }
    }
    Ok(FieldRules { validation, ..rules.clone() })
}

/// As [`clean`], with the formula of the rule by ids of fields. The table has the field as it is going to be.
pub(super) fn clean_in(table: &Table, kind: &FieldKind, rules: &FieldRules) -> Result<FieldRules, CellError> {
    let mut rules = clean(kind, rules)?;
    if let Some(validation) = &mut rules.validation
        && let Some(formula) = &validation.formula
    {
        let formula = clean_formula(formula, table).map_err(|detail| {
            CellError::member("options", CellCode::InvalidFormula, format!("The rule: {detail}"))
        })?;
        validation.formula = Some(formula);
    }
    Ok(rules)
}

fn is_special(kind: &FieldKind, default: &Value) -> bool {
    match kind {
        FieldKind::Date | FieldKind::DateTime { .. } | FieldKind::Time => default == "now",
        FieldKind::User { .. } => default == "me",
        FieldKind::Uuid => default == "new",
        _ => false,
    }
}

/// What a new record gets where nothing is given.
pub(super) fn default(field: &Field, context: &mut CheckContext<'_>) -> Result<Cell, Refusal> {
    let value = &field.rules.default;
    if value.is_null() || !is_special(&field.kind, value) {
        return strict(&field.kind, value);
    }
    let utc = time::zone(None);
    Ok(match &field.kind {
        FieldKind::Date => {
            time::day_in(context.now_us, &utc).map_or(Cell::Empty, |day| Cell::text(time::day_text(day)))
        }
        FieldKind::DateTime { .. } => Cell::text(time::instant_text(context.now_us)),
        FieldKind::Time => Cell::Number((context.now_us.rem_euclid(86_400_000_000) / 1_000_000) as f64),
        FieldKind::User { .. } => strict(&field.kind, &Value::from(context.actor)).unwrap_or_default(),
        FieldKind::Uuid => {
            // Version 4, RFC 9562 section 5.4.
            let (high, low) = ((context.random)(), (context.random)());
            let high = high & !0xf000 | 0x4000;
            let low = low & !(0b11 << 62) | 0b10 << 62;
            let digits = format!("{high:016x}{low:016x}");
            strict(&field.kind, &Value::from(digits))?
        }
        _ => Cell::Empty,
    })
}

/// Gives new records of a table their defaults: `given` are the fields that the command names, by record.
pub(super) fn fill<'a>(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    rows: impl Iterator<Item = (RowNo, Vec<FieldNo>)> + 'a,
) -> Checked<()> {
    let fields: Vec<Field> = existing(draft, table)?
        .fields
        .iter()
        .filter(|field| !field.rules.default.is_null())
        .cloned()
        .collect();
    if fields.is_empty() {
        return Ok(());
    }
    for (index, (row, given)) in rows.enumerate() {
        for field in fields.iter().filter(|field| !given.contains(&field.no)) {
            match default(field, context) {
                Ok(cell) => draft.set(table, row, field.no, cell),
                Err((code, detail)) => {
                    return Err(vec![CellError::cell(
                        index,
                        field.no,
                        code,
                        format!("The default does not fit: {detail}"),
                    )]);
                }
            }
        }
    }
    Ok(())
}

/// Refuses records of which a required field would be empty.
pub(super) fn required(draft: &Draft<'_>, table: TableNo, rows: &[RowNo]) -> Checked<()> {
    let shape = existing(draft, table)?;
    let fields: Vec<&Field> = shape.fields.iter().filter(|field| field.rules.required).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let created: FxHashMap<RowNo, usize> =
        draft.created().iter().enumerate().map(|(i, facts)| (facts.row, i)).collect();
    let mut written: FxHashMap<(RowNo, FieldNo), bool> = FxHashMap::default();
    for (one, row, field, cell) in draft.written() {
        if one == table {
            written.insert((row, field), cell.is_empty());
        }
    }
    let mut errors = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        for field in &fields {
            // A record from before the rule may go without until somebody touches the cell.
            let missing = written.get(&(*row, field.no)).copied().unwrap_or(created.contains_key(row));
            if missing {
                let detail = format!("{} must be given.", field.name);
                errors.push(CellError::cell(index, field.no, CellCode::Required, detail));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The values of unique fields that the command takes; an error for each that is taken.
pub(super) fn claims(draft: &Draft<'_>) -> Checked<Vec<(FieldId, Box<str>)>> {
    let unique: FxHashSet<(TableNo, FieldNo)> = draft
        .schema()
        .tables
        .iter()
        .flat_map(|table| {
            table.fields.iter().filter(|field| field.rules.unique).map(|field| (table.number(), field.no))
        })
        .collect();
    if unique.is_empty() {
        return Ok(Vec::new());
    }
    let (mut claims, mut errors) = (Vec::new(), Vec::new());
    let mut taken: FxHashMap<(FieldId, Box<str>), RowNo> = FxHashMap::default();
    let mut places: FxHashMap<(TableNo, RowNo), usize> = FxHashMap::default();
    for (table, row, no, cell) in draft.written() {
        let next = places.len();
        let place = *places.entry((table, row)).or_insert(next);
        let Some(key) = unique.contains(&(table, no)).then(|| unique::key(&cell)).flatten() else { continue };
        if draft.is_deleted(table, row) {
            continue;
        }
        let field = table.field(no);
        let held = draft.base.unique.holder(table, no, &key).filter(|held| {
            // Whoever has it may give it up in the same command.
            *held != row
                && draft.exists(table, *held)
                && unique::key(&draft.cell(table, *held, no)).as_deref() == Some(&*key)
        });
        let twice = taken.insert((field, key.clone()), row).filter(|other| *other != row);
        if let Some(other) = held.or(twice) {
            let name = draft.schema().field(field).map_or("", |field| field.name.as_str());
            let detail = format!("{name} must be unique; {} has this value already.", table.record(other));
            errors.push(CellError::cell(place, no, CellCode::NotUnique, detail));
        }
        claims.push((field, key));
    }
    if errors.is_empty() { Ok(claims) } else { Err(errors) }
}

/// Refuses to make a field unique of which values occur more than once.
pub(super) fn no_duplicates(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> Result<(), CellError> {
    let Some((_, rows)) = draft.base.table_and_rows(table) else { return Ok(()) };
    let mut seen: FxHashSet<Box<str>> = FxHashSet::default();
    let keys = rows.live_slots().filter_map(|slot| unique::key(&rows.cell(field, slot)));
    let double = keys.filter(|key| !seen.insert(key.clone())).count();
    if double == 0 {
        return Ok(());
    }
    let detail = format!("{double} records have a value that another record has too; change them first.");
    Err(CellError::member("options", CellCode::NotUnique, detail))
}

/// Writes when and by whom chosen fields were changed.
pub(super) fn stamp(draft: &mut Draft<'_>, context: &CheckContext<'_>) {
    let mut watchers: Vec<(TableNo, FieldNo, Vec<FieldNo>, bool)> = Vec::new();
    for table in &draft.schema().tables {
        for field in &table.fields {
            let (fields, is_time) = match &field.kind {
                FieldKind::ModifiedTime { fields, .. } => (fields, true),
                FieldKind::ModifiedBy { fields } => (fields, false),
                _ => continue,
            };
            if !fields.is_empty() {
                watchers.push((
                    table.number(),
                    field.no,
                    fields.iter().map(|id| id.field).collect(),
                    is_time,
                ));
            }
        }
    }
    if watchers.is_empty() {
        return;
    }
    let mut stamps: FxHashSet<(TableNo, RowNo, FieldNo, bool)> = FxHashSet::default();
    for (table, row, field, _) in draft.written() {
        let mine = watchers.iter().filter(|(one, _, watched, _)| *one == table && watched.contains(&field));
        stamps.extend(mine.map(|(_, watcher, _, is_time)| (table, row, *watcher, *is_time)));
    }
    for (table, row, field, is_time) in stamps {
        let cell = if is_time {
            Cell::text(time::instant_text(context.now_us))
        } else {
            Cell::texts(vec![context.actor.into()])
        };
        draft.set(table, row, field, cell);
    }
}
