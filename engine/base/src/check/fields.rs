//! Commands on fields.

use super::draft::Draft;
use super::links::{self, Side};
use super::{Checked, convert, existing, formulas, moved, refuse, rules, trash, views};
use crate::cell::Cell;
use crate::change::{FieldFacts, SchemaEdit};
use crate::command::{CellCode, CellError, CheckContext, NewField};
use crate::ids::{FieldNo, TableNo, choice_id};
use crate::schema::{
    Choice, Field, FieldKind, FieldRules, MAX_CHOICES, MAX_DESCRIPTION, MAX_FIELDS, Table, Trash, clean_name,
    is_kept, same_name,
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
    pub(super) rules: Option<&'a FieldRules>,
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

/// Options as they will be stored: ids of choices filled in, values in range, formulas by ids of fields.
fn clean_kind(
    draft: &Draft<'_>,
    table: TableNo,
    kind: &FieldKind,
    old: Option<&FieldKind>,
    context: &mut CheckContext<'_>,
) -> Result<FieldKind, CellError> {
    let invalid = |detail: String| CellError::member("options", CellCode::InvalidValue, detail);
    match kind {
        FieldKind::Number { precision: Some(places) }
        | FieldKind::Percent { precision: Some(places) }
        | FieldKind::Currency { precision: Some(places), .. }
            if *places > 8 =>
        {
            Err(invalid("precision is at most 8.".into()))
        }
        FieldKind::Currency { currency, .. }
            if currency.trim().is_empty()
                || currency.chars().count() > 8
                || currency.chars().any(char::is_control) =>
        {
            Err(invalid("currency is a code such as EUR, or a symbol, of at most 8 characters.".into()))
        }
        FieldKind::Rating { max } if !(1..=10).contains(max) => Err(invalid("max is from 1 to 10.".into())),
        FieldKind::DateTime { zone: Some(zone) }
        | FieldKind::CreatedTime { zone: Some(zone) }
        | FieldKind::ModifiedTime { zone: Some(zone), .. }
            if jiff::tz::TimeZone::get(zone).is_err() =>
        {
            Err(invalid(format!("There is no time zone {zone}.")))
        }
        FieldKind::ModifiedTime { .. } | FieldKind::ModifiedBy { .. } => {
            formulas::watched(draft, table, kind).map(|()| kind.clone())
        }
        FieldKind::Select { choices } | FieldKind::MultiSelect { choices } => {
            let old = old.and_then(FieldKind::choices).unwrap_or_default();
            clean_choices(choices, old, context).map(|choices| kind.with_choices(choices))
        }
        FieldKind::Formula { formula, format } => {
            let formula = formulas::clean(draft, table, formula)?;
            Ok(FieldKind::Formula { formula, format: format.clone() })
        }
        FieldKind::Button { label, formula } => {
            let label = clean_name(label).map_err(|detail| invalid(format!("label: {detail}")))?;
            Ok(FieldKind::Button { label, formula: formulas::clean(draft, table, formula)? })
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
    let kind = match clean_kind(draft, table, &new.kind, None, context) {
        Ok(kind) => kind,
        Err(error) => {
            errors.push(error);
            FieldKind::Text
        }
    };
    // A rule may name its own field, which is not there yet.
    let own = FieldFacts {
        name: name.clone(),
        description: String::new(),
        kind: kind.clone(),
        rules: FieldRules::default(),
        position: 0,
        deleted_us: None,
    };
    let asked = with_field(shape, own.field(FieldNo(shape.head.next_field)), |table| {
        rules::clean_in(table, &kind, &new.rules)
    });
    let asked = asked.map_err(|error| errors.push(error)).unwrap_or_default();
    if let FieldKind::Link { table: other, symmetric, .. } = kind {
        if draft.schema().table(other).is_none() {
            let detail = "The linked table does not exist.";
            errors.push(CellError::member("options", CellCode::UnknownTable, detail));
        } else if symmetric.is_some() {
            let detail = "symmetric_field is made with the field; leave it out.";
            errors.push(CellError::member("options", CellCode::ReadOnly, detail));
        }
    }
    let fail = |mut errors: Vec<CellError>| {
        errors.iter_mut().for_each(|error| error.row = index);
        errors
    };
    if !errors.is_empty() {
        return Err(fail(errors));
    }
    let (no, position) = next_number(draft, table)?;
    let facts = FieldFacts { name, description: described, kind, rules: asked, position, deleted_us: None };
    let FieldKind::Link { table: other, single, .. } = facts.kind else {
        draft.edit(SchemaEdit::Field { table, field: no, before: None, after: Some(facts) });
        formulas::judge(draft.schema(), table, no).map_err(|error| fail(vec![error]))?;
        return Ok(no);
    };
    link(draft, Linked { table, no, other, single, before: None }, facts)?;
    Ok(no)
}

/// Runs with the table as it is with this field in it, under its name and of its type.
fn with_field<T>(table: &Table, field: Field, run: impl FnOnce(&Table) -> T) -> T {
    let mut table = Table { views: Vec::new(), trash: Trash::default(), ..table.clone() };
    table.fields.retain(|one| one.no != field.no);
    table.fields.push(field);
    run(&table)
}

/// A link field to be.
struct Linked {
    table: TableNo,
    no: FieldNo,
    other: TableNo,
    single: bool,
    /// What the field was before, if it is converted.
    before: Option<FieldFacts>,
}

/// Makes both sides of a link.
fn link(draft: &mut Draft<'_>, new: Linked, facts: FieldFacts) -> Checked<Side> {
    let Linked { table, no, other, single, before } = new;
    // The other side's number is known before its field exists: both refer to each other.
    let (back, back_position) = if other == table && before.is_none() {
        // In one table the numbers follow each other; the field itself is not yet among the positions.
        let (back, back_position) = next_number(draft, table)?;
        (back, back_position + 1)
    } else {
        next_number(draft, other)?
    };
    let own_name = existing(draft, table)?.head.name.clone();
    let back_name =
        back_name(existing(draft, other)?, &own_name, (other == table).then_some(facts.name.as_str()));
    let kind = FieldKind::Link { table: other, symmetric: Some(back), single };
    let after = Some(FieldFacts { kind, ..facts });
    draft.edit(SchemaEdit::Field { table, field: no, before, after });
    let after = Some(FieldFacts {
        name: back_name,
        description: String::new(),
        kind: FieldKind::Link { table, symmetric: Some(no), single: false },
        rules: FieldRules::default(),
        position: back_position,
        deleted_us: None,
    });
    draft.edit(SchemaEdit::Field { table: other, field: back, before: None, after });
    Ok(Side { table, field: no, other, back })
}

/// A free name for the other side: that of the linking table, with a number if it is taken.
fn back_name(other: &Table, wanted: &str, also_taken: Option<&str>) -> String {
    let taken = |name: &str| {
        other.field_by_name(name).is_some() || also_taken.is_some_and(|taken| same_name(taken, name))
    };
    trash::free(wanted, taken)
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
    let converts = edit.kind.is_some_and(|kind| kind.type_name() != field.kind.type_name());
    if let Some(kind) = edit.kind {
        match new_kind(draft, table, &field, kind, context) {
            Ok(kind) => after.kind = kind,
            Err(error) => errors.push(error),
        }
    }
    if let Some(asked) = edit.rules {
        after.rules = asked.clone();
    } else if converts {
        // A default is one of the old type.
        after.rules = FieldRules { default: serde_json::Value::Null, ..after.rules };
        // Bounds and the like, too; what is left may be for any type.
        if rules::clean(&after.kind, &after.rules).is_err() {
            after.rules.validation = None;
        }
        if rules::clean(&after.kind, &after.rules).is_err() {
            after.rules = FieldRules::default();
        }
    }
    // A formula that stays as it is may name what is gone by now.
    let is_same = keeps_formula(existing(draft, table)?, &before.rules, &mut after.rules) && !converts;
    let asked = if is_same || after.rules.validation == before.rules.validation {
        rules::clean(&after.kind, &after.rules)
    } else {
        with_field(existing(draft, table)?, after.field(no), |table| {
            rules::clean_in(table, &after.kind, &after.rules)
        })
    };
    match asked {
        Ok(asked) => after.rules = asked,
        Err(error) => errors.push(error),
    }
    if after.rules.unique
        && (!before.rules.unique || converts)
        && let Err(error) = rules::no_duplicates(draft, table, no)
    {
        errors.push(error);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if converts {
        conversion(draft, context, table, &field, after)?;
        views::refit(draft);
    } else {
        for (row, cell) in convert::without_choices(draft, table, &field, &after.kind) {
            draft.set(table, row, no, cell);
        }
        if after != before {
            // Options can change what the values are as well: a link of one record, the type of a formula's value.
            let refit = after.kind != before.kind;
            draft.edit(SchemaEdit::Field { table, field: no, before: Some(before), after: Some(after) });
            if refit {
                views::refit(draft);
            }
        }
    }
    formulas::judge(draft.schema(), table, no).map_err(|error| vec![error])?;
    match edit.position {
        Some(to) => reorder(draft, table, no, to),
        None => Ok(()),
    }
}

/// Whether the formula of a field's rule is the one that is kept; it may be given by names, and is by ids then.
fn keeps_formula(table: &Table, before: &FieldRules, after: &mut FieldRules) -> bool {
    let kept = before.validation.as_ref().and_then(|asked| asked.formula.as_deref());
    let given = after.validation.as_mut().and_then(|asked| asked.formula.as_mut());
    match (kept, given) {
        (Some(kept), Some(given)) if is_kept(given, kept, table) => {
            kept.clone_into(given);
            true
        }
        _ => false,
    }
}

fn new_kind(
    draft: &Draft<'_>,
    table: TableNo,
    field: &Field,
    new: &FieldKind,
    context: &mut CheckContext<'_>,
) -> Result<FieldKind, CellError> {
    if let (FieldKind::Link { table: was, symmetric, .. }, FieldKind::Link { table: is, single, .. }) =
        (&field.kind, new)
    {
        if was != is {
            let detail = "The linked table can't be changed.";
            return Err(CellError::member("options", CellCode::ReadOnly, detail));
        }
        return Ok(FieldKind::Link { table: *was, symmetric: *symmetric, single: *single });
    }
    if field.kind.type_name() != new.type_name() {
        let is_primary =
            draft.schema().table(table).is_some_and(|table| table.head.primary_field == field.no);
        convert::allowed(field, new, is_primary)?;
        if let FieldKind::Link { table: other, .. } = new
            && draft.schema().table(*other).is_none()
        {
            let detail = "The linked table does not exist.";
            return Err(CellError::member("options", CellCode::UnknownTable, detail));
        }
        return clean_kind(draft, table, new, Some(&field.kind), context);
    }
    clean_kind(draft, table, new, Some(&field.kind), context)
}

/// Makes a field one of another type, cells and other sides of links along with it.
fn conversion(
    draft: &mut Draft<'_>,
    context: &mut CheckContext<'_>,
    table: TableNo,
    field: &Field,
    mut after: FieldFacts,
) -> Checked<()> {
    let (kind, cells) = convert::cells(draft, context, table, field, after.kind.clone())?;
    after.kind = kind;
    let before = Some(FieldFacts::of(field));
    if let FieldKind::Link { table: other, single, .. } = after.kind {
        // What was there is gone before the links are written.
        let side = link(draft, Linked { table, no: field.no, other, single, before }, after)?;
        for (row, cell) in cells {
            draft.set(table, row, field.no, Cell::Empty);
            links::set(draft, side, row, cell.rows().to_vec());
        }
        return Ok(());
    }
    if let FieldKind::Link { table: other, symmetric: Some(back), .. } = field.kind
        && let Ok(back) = find(draft, other, back)
    {
        // What it held is in the change, so that a look at the past has it.
        for row in draft.base.row_numbers(other) {
            if !draft.base.cell(other, row, back.no).is_empty() {
                draft.set(other, row, back.no, Cell::Empty);
            }
        }
        trash::end_field(draft, other, &back);
    }
    draft.edit(SchemaEdit::Field { table, field: field.no, before, after: Some(after) });
    for (row, cell) in cells {
        draft.set(table, row, field.no, cell);
    }
    Ok(())
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

pub(super) fn delete(
    draft: &mut Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    no: FieldNo,
) -> Checked<()> {
    let field = find(draft, table, no)?;
    let shape = existing(draft, table)?;
    if shape.head.primary_field == no {
        let detail = "The primary field names the records and can't be deleted.";
        return refuse("field", CellCode::ReadOnly, detail);
    }
    trash::put_field(draft, context, table, &field);
    if let FieldKind::Link { table: other, symmetric: Some(back), .. } = field.kind
        && let Ok(back) = find(draft, other, back)
    {
        trash::put_field(draft, context, other, &back);
    }
    Ok(())
}
