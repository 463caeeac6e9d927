//! Asks the rules of fields of what a command writes.
//!
//! A rule is asked of a record when the record is new, or when its own field or one that its formula reads comes to another value:
//! what broke a rule before there was one stays until somebody touches it. An empty cell breaks no rule. What comes back (undo,
//! trash, a schema of before) and what is converted is not asked, because refusing would lose it.

use super::draft::Draft;
use crate::base::Base;
use crate::cell::Cell;
use crate::change::SchemaEdit;
use crate::column::ValueRef;
use crate::command::{CellCode, CellError, CheckContext};
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::json::choice_name;
use crate::rows::Rows;
use crate::schema::{Field, FieldKind, Rule, Schema, Storage, Table, TableHead};
use crate::select::{type_of, value_at};
use crate::time;
use engine_expr::{EvalContext, Evaluator, FieldKey, RecordPart, Row, Type, Value};
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

/// Records that share what a formula may cost.
const COUNTED_AT_ONCE: usize = 4_096;

/// The rules of a table.
#[derive(Debug, Default)]
struct Ruled {
    rules: Vec<Rule>,
    /// For each field of a rule with a formula, the others that stand in one with it.
    together: FxHashMap<FieldNo, Vec<FieldNo>>,
}

impl Ruled {
    fn of(table: &Table) -> Self {
        let rules: Vec<Rule> = table.fields.iter().filter_map(|field| Rule::of(table, field)).collect();
        let mut together: FxHashMap<FieldNo, Vec<FieldNo>> = FxHashMap::default();
        for rule in rules.iter().filter(|rule| rule.program.is_some()) {
            let read = table.fields.iter().map(|field| field.no).filter(|no| rule.reads(*no));
            let read: Vec<FieldNo> = read.collect();
            for no in &read {
                together.entry(*no).or_default().extend(read.iter().filter(|other| *other != no));
            }
        }
        for others in together.values_mut() {
            others.sort_unstable();
            others.dedup();
        }
        Self { rules, together }
    }
}

/// The rules of a base's tables, compiled; tables without any are not in it.
#[derive(Debug, Default)]
pub(crate) struct Validations {
    tables: FxHashMap<TableNo, Ruled>,
}

impl Validations {
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut made = Self::default();
        schema.tables.iter().for_each(|table| made.renew(schema, table.number()));
        made
    }

    fn renew(&mut self, schema: &Schema, table: TableNo) {
        self.tables.remove(&table);
        let ruled = schema.table(table).map(Ruled::of).filter(|ruled| !ruled.rules.is_empty());
        self.tables.extend(ruled.map(|ruled| (table, ruled)));
    }

    /// Follows a change of the schema: rules of tables that it leaves alone, or changes in what no rule is made of, stay.
    pub(crate) fn follow(&mut self, schema: &Schema, edits: &[SchemaEdit]) {
        let mut tables: Vec<TableNo> = edits.iter().filter_map(touched).collect();
        tables.sort_unstable();
        tables.dedup();
        tables.into_iter().for_each(|table| self.renew(schema, table));
    }

    /// None for a table without rules: nothing else is done for its records.
    pub(crate) fn rules(&self, table: TableNo) -> Option<&[Rule]> {
        self.tables.get(&table).map(|ruled| ruled.rules.as_slice())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.tables.values().flat_map(|ruled| &ruled.rules).map(|rule| rule.bytes).sum()
    }
}

/// The table whose rules may be others after an edit.
fn touched(edit: &SchemaEdit) -> Option<TableNo> {
    match edit {
        SchemaEdit::Table { table, before, after } => {
            let is_live =
                |head: &Option<TableHead>| head.as_ref().is_some_and(|head| head.deleted_us.is_none());
            (is_live(before) != is_live(after)).then_some(*table)
        }
        SchemaEdit::Field { table, before: Some(before), after: Some(after), .. } => {
            let (old, new) = (&before.kind, &after.kind);
            let same = before.rules == after.rules
                && before.name == after.name
                && before.deleted_us.is_some() == after.deleted_us.is_some()
                && old.storage() == new.storage()
                && type_of(old) == type_of(new)
                && old.is_computed() == new.is_computed();
            (!same).then_some(*table)
        }
        SchemaEdit::Field { table, .. } => Some(*table),
        SchemaEdit::Base { .. } | SchemaEdit::View { .. } => None,
    }
}

impl Base {
    /// The other fields that stand in one rule with this one. Who writes one of them learns of the others whether the rule holds.
    pub fn ruled_with(&self, table: TableNo, field: FieldNo) -> &[FieldNo] {
        let together = self.validations.tables.get(&table).and_then(|ruled| ruled.together.get(&field));
        together.map(Vec::as_slice).unwrap_or_default()
    }
}

/// A record as it will be: what is written laid over what is there.
struct Record<'a> {
    base: &'a Base,
    table: &'a Table,
    row: RowNo,
    there: Option<(&'a Rows, Slot)>,
    written: &'a dyn Fn(FieldNo) -> Option<&'a Cell>,
    now_us: i64,
}

impl Record<'_> {
    fn cell(&self, field: FieldNo) -> Cell {
        match ((self.written)(field), self.there) {
            (Some(cell), _) => cell.clone(),
            (None, Some((rows, slot))) => rows.cell(field, slot),
            (None, None) => Cell::Empty,
        }
    }

    fn is_changed(&self, field: FieldNo) -> bool {
        let Some(cell) = (self.written)(field) else { return false };
        self.there.is_none_or(|(rows, slot)| rows.cell(field, slot) != *cell)
    }
}

impl Row for Record<'_> {
    fn get(&self, key: FieldKey) -> Value {
        let no = FieldNo(key);
        let Some(field) = self.table.field(no) else { return Value::Null };
        match ((self.written)(no), self.there) {
            (Some(cell), _) => value_of(self.base, field, cell),
            (None, Some((rows, slot))) => value_at(self.base, field, rows, slot),
            (None, None) => Value::Null,
        }
    }

    fn record(&self, part: &RecordPart) -> Value {
        match (part, self.there) {
            (RecordPart::Id, _) => Value::text(self.table.number().record(self.row).to_string()),
            (RecordPart::CreatedTime, Some((rows, slot))) => Value::DateTime(rows.stamp(slot).created_us),
            _ => Value::DateTime(self.now_us),
        }
    }
}

/// A stored value as the expression language has it.
fn value_of(base: &Base, field: &Field, cell: &Cell) -> Value {
    let kind = &field.kind;
    let name = |id: &str| Value::Text(choice_name(kind, id).unwrap_or(id).into());
    match (kind.storage(), cell) {
        (_, Cell::Empty) => Value::Null,
        (_, Cell::Number(number)) => Value::Number(*number),
        (_, Cell::True) => Value::Bool(true),
        (Storage::Day, Cell::Text(text)) => time::parse_day(text).map_or(Value::Null, Value::Date),
        (Storage::Instant, Cell::Text(text)) => {
            time::parse_instant(text).map_or(Value::Null, Value::DateTime)
        }
        (Storage::Choice, Cell::Text(id)) => name(id),
        (_, Cell::Text(text)) => Value::text(text.to_string()),
        (_, Cell::Texts(ids)) if type_of(kind) == Type::Text => {
            ids.first().map_or(Value::Null, |id| name(id))
        }
        (_, Cell::Texts(ids)) => Value::List(ids.iter().map(|id| name(id)).collect()),
        (_, Cell::Links(rows)) => match kind {
            FieldKind::Link { table, .. } => {
                Value::List(rows.iter().map(|row| Value::text(base.record_name(*table, *row))).collect())
            }
            _ => Value::Null,
        },
    }
}

/// Whether the field's value is beyond the bounds of its rule, too short, too long or unlike the pattern.
fn is_outside(rule: &Rule, record: &Record<'_>) -> bool {
    let cell = record.cell(rule.field);
    let measure = match (rule.storage, &cell) {
        (Storage::Number, Cell::Number(number)) => Some(*number),
        (Storage::Day, Cell::Text(text)) => time::parse_day(text).map(f64::from),
        (Storage::Instant, Cell::Text(text)) => time::parse_instant(text).map(|at| at as f64),
        (Storage::Text, Cell::Text(text)) => {
            let length = if rule.lengths == (0, usize::MAX) { 0 } else { text.chars().count() };
            return (length < rule.lengths.0 || length > rule.lengths.1)
                || rule.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text));
        }
        _ => None,
    };
    measure.is_some_and(|value| {
        rule.min.is_some_and(|min| value < min) || rule.max.is_some_and(|max| value > max)
    })
}

/// Whether the formula of a rule is false, or fails. Blank is no answer, and no reason to refuse; nor is an empty cell asked about.
fn is_false(rule: &Rule, record: &Record<'_>, evaluator: Option<&mut Evaluator<'_>>) -> bool {
    evaluator.is_some_and(|evaluator| {
        !record.cell(rule.field).is_empty()
            && matches!(evaluator.row(record), Value::Bool(false) | Value::Error(_))
    })
}

/// Asks the rules of one table, record by record.
pub(super) struct Asking<'a> {
    base: &'a Base,
    table: &'a Table,
    rules: &'a [Rule],
    evaluators: Vec<Option<Evaluator<'a>>>,
    now_us: i64,
}

impl<'a> Asking<'a> {
    fn new(base: &'a Base, table: &'a Table, rules: &'a [Rule], context: &'a EvalContext) -> Self {
        let evaluator =
            |rule: &'a Rule| rule.program.as_ref().map(|program| Evaluator::new(program, context));
        let evaluators = rules.iter().map(evaluator).collect();
        Self { base, table, rules, evaluators, now_us: context.now }
    }

    /// What is wrong with a record: `row` is there already, or is to be made.
    fn broken<'w>(&mut self, row: RowNo, written: &'w dyn Fn(FieldNo) -> Option<&'w Cell>) -> Vec<CellError>
    where
        'a: 'w,
    {
        let rows = self.base.tables.get(&self.table.number());
        let there = rows.and_then(|rows| Some((rows, rows.slot(row)?)));
        let record = Record { base: self.base, table: self.table, row, there, written, now_us: self.now_us };
        let mut errors = Vec::new();
        for (rule, evaluator) in self.rules.iter().zip(&mut self.evaluators) {
            let own = there.is_none() || record.is_changed(rule.field);
            let mut fields = self.table.fields.iter();
            let read = own || fields.any(|field| rule.reads(field.no) && record.is_changed(field.no));
            // Bounds and the like say nothing of other fields.
            let broken =
                own && is_outside(rule, &record) || read && is_false(rule, &record, evaluator.as_mut());
            if broken {
                errors.push(CellError::cell(0, rule.field, CellCode::RuleBroken, rule.message.clone()));
            }
        }
        errors
    }
}

/// What formulas may know besides the record.
pub(super) fn moment(now_us: i64) -> EvalContext {
    EvalContext::new(now_us, TimeZone::UTC)
}

/// Refuses records that break a rule of their fields. `rows` in the order of the command.
pub(super) fn ask(
    draft: &Draft<'_>,
    context: &CheckContext<'_>,
    table: TableNo,
    rows: &[RowNo],
) -> Result<(), Vec<CellError>> {
    let Some(rules) = draft.base.validations.rules(table) else { return Ok(()) };
    // With the choices that this command makes.
    let Some(shape) = draft.schema().table(table) else { return Ok(()) };
    let mut written: FxHashMap<RowNo, Vec<(FieldNo, Cell)>> = FxHashMap::default();
    for (one, row, field, cell) in draft.written() {
        if one == table {
            written.entry(row).or_default().push((field, cell));
        }
    }
    let moment = moment(context.now_us);
    let mut asking = Asking::new(draft.base, shape, rules, &moment);
    let mut errors = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = written.get(row).map(Vec::as_slice).unwrap_or_default();
        let find = |no: FieldNo| cells.iter().find(|(one, _)| *one == no).map(|(_, cell)| cell);
        let broken = asking.broken(*row, &find);
        errors.extend(broken.into_iter().map(|error| CellError { row: index, ..error }));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Asks of the rows of an import, of which each stands for itself.
pub(super) fn of_import<'a>(
    base: &'a Base,
    table: &'a Table,
    context: &'a EvalContext,
) -> Option<Asking<'a>> {
    let rules = base.validations.rules(table.number())?;
    Some(Asking::new(base, table, rules, context))
}

/// What is wrong with a row of an import: of the record `old`, or of a new one.
pub(super) fn of_row(
    asking: &mut Asking<'_>,
    old: Option<RowNo>,
    cells: &std::collections::BTreeMap<FieldNo, Cell>,
) -> Vec<CellError> {
    let find = |no: FieldNo| cells.get(&no);
    // Row numbers begin with 1.
    asking.broken(old.unwrap_or(RowNo(0)), &find)
}

/// Records whose value, as it will be, breaks the rule that a field is going to have.
pub(super) fn count(
    base: &Base,
    table: &Table,
    field: &Field,
    after: &FxHashMap<RowNo, &Cell>,
    now_us: i64,
) -> usize {
    let Some(rows) = base.tables.get(&table.number()) else { return 0 };
    let Some(rule) = Rule::of(table, field) else { return 0 };
    let slots: Vec<Slot> =
        rows.live_slots().filter(|slot| rows.value(field.no, *slot) != ValueRef::Empty).collect();
    let mut broken = 0;
    for some in slots.chunks(COUNTED_AT_ONCE) {
        // What the formula may cost is for so many records, or those behind them would seem to break the rule.
        let moment = moment(now_us);
        let mut evaluator = rule.program.as_ref().map(|program| Evaluator::new(program, &moment));
        for slot in some.iter().copied() {
            let row = rows.row(slot);
            let find = |no: FieldNo| if no == field.no { after.get(&row).copied() } else { None };
            let record = Record { base, table, row, there: Some((rows, slot)), written: &find, now_us };
            broken += usize::from(is_outside(&rule, &record) || is_false(&rule, &record, evaluator.as_mut()));
        }
    }
    broken
}
