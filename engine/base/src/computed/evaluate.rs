//! Calculating stale cells, node by node in the order of the graph.

use super::derive::Derived;
use super::{Graph, Node, Stale, Work};
use crate::base::Base;
use crate::column::{Column, ValueRef};
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::rollup::Summary;
use crate::rows::Rows;
use crate::schema::{Field, Storage, Table};
use crate::select::{Cells, value_at};
use engine_expr::{CellError, ErrorKind, EvalContext, Evaluator, MAX_LIST_ITEMS, Value};
use jiff::tz::TimeZone;

/// Rows that are calculated before they are written, so that a million take little memory.
const CHUNK: usize = if cfg!(test) { 3 } else { 1 << 16 };
/// Rows from which two threads calculate.
const PARALLEL: usize = if cfg!(test) { 2 } else { 8_192 };

/// A cell that came to another value.
pub(crate) type Changed = (TableNo, RowNo, FieldNo);

impl Base {
    /// Calculates what is stale; gives the cells that changed, without those of nodes that were calculated for all rows.
    pub(crate) fn recalculate(&mut self, graph: &Graph, derived: &Derived) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (index, stale) in &derived.stale {
            let node = &graph.nodes[*index];
            let (table, field) = (node.key.table(), node.key.field());
            if matches!(node.key, super::Key::Names(..)) {
                continue;
            }
            let Some(rows) = self.tables.get(&table) else { continue };
            let slots: Vec<Slot> = match stale {
                Stale::All => rows.live_slots().collect(),
                Stale::Some(some) => some.iter().filter_map(|row| rows.slot(*row)).collect(),
            };
            for slots in slots.chunks(CHUNK) {
                let values = self.values(node, slots);
                let Some(rows) = self.tables.get_mut(&table) else { break };
                for (slot, value) in slots.iter().zip(&values) {
                    if rows.put(field, *slot, value) && matches!(stale, Stale::Some(_)) {
                        changed.push((table, rows.row(*slot), field));
                    }
                }
            }
        }
        changed
    }

    pub(super) fn values(&self, node: &Node, slots: &[Slot]) -> Vec<Value> {
        if slots.len() < PARALLEL {
            return self.part(node, slots);
        }
        let (first, second) = slots.split_at(slots.len() / 2);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| self.part(node, second));
            let mut values = self.part(node, first);
            match second.join() {
                Ok(more) => values.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            values
        })
    }

    fn part(&self, node: &Node, slots: &[Slot]) -> Vec<Value> {
        let Some((table, rows)) = self.table_and_rows(node.key.table()) else { return Vec::new() };
        let each = |value: &dyn Fn(Slot) -> Value| slots.iter().map(|slot| value(*slot)).collect();
        match &node.work {
            Work::Nothing => vec![Value::Null; slots.len()],
            Work::Formula(program) => {
                let context = EvalContext::new(self.now_us, TimeZone::UTC);
                let mut evaluator = Evaluator::new(program, &context);
                let as_text =
                    table.field(node.key.field()).is_some_and(|field| field.storage() == Storage::Text);
                let value = |slot| {
                    let value = evaluator.row(&Cells { base: self, table, rows, slot });
                    match value {
                        // A formula of any type, which a column of text takes in.
                        Value::Number(_)
                        | Value::Bool(_)
                        | Value::Date(_)
                        | Value::DateTime(_)
                        | Value::List(_)
                            if as_text =>
                        {
                            Value::text(value.to_string())
                        }
                        value => value,
                    }
                };
                slots.iter().copied().map(value).collect()
            }
            Work::Lookup { link, other, target, single } => {
                let Some(linked) = self.linked(rows, *link, *other, *target) else {
                    return vec![Value::Null; slots.len()];
                };
                let is_list =
                    table.field(node.key.field()).is_some_and(|field| field.storage() == Storage::List);
                each(&|slot| linked.lookup(self, slot, *single, is_list))
            }
            Work::Rollup { link, other, target, summary } => {
                let Some(linked) = self.linked(rows, *link, *other, *target) else {
                    return vec![Value::Null; slots.len()];
                };
                each(&|slot| linked.rollup(self, slot, *summary))
            }
            Work::Count { link } => each(&|slot| match rows.value(*link, slot) {
                ValueRef::Links(linked) => Value::Number(linked.len() as f64),
                _ => Value::Number(0.0),
            }),
            Work::RowNumber => each(&|slot| Value::Number(rows.row(slot).0 as f64)),
            Work::CreatedTime => each(&|slot| Value::DateTime(rows.stamp(slot).created_us)),
            Work::ModifiedTime => each(&|slot| Value::DateTime(rows.stamp(slot).updated_us)),
            Work::CreatedBy => each(&|slot| Value::text(self.actors.name(rows.stamp(slot).created_by))),
            Work::ModifiedBy => each(&|slot| Value::text(self.actors.name(rows.stamp(slot).updated_by))),
        }
    }

    fn linked<'a>(
        &'a self,
        rows: &'a Rows,
        link: FieldNo,
        other: TableNo,
        target: FieldNo,
    ) -> Option<Linked<'a>> {
        let (table, there): (&Table, &Rows) = self.table_and_rows(other)?;
        let Some(Column::Links(links)) = rows.column(link) else { return None };
        Some(Linked { links, there, target: table.field(target)? })
    }
}

/// A link and the field that is read through it.
struct Linked<'a> {
    links: &'a crate::column::LinkColumn,
    there: &'a Rows,
    target: &'a Field,
}

impl Linked<'_> {
    /// Values of the linked records that have one; how many records, how many with a value. `Err`: one has an error.
    fn values(&self, base: &Base, slot: Slot) -> Result<(Vec<Value>, usize, usize), ErrorKind> {
        let linked = self.links.get(slot);
        let (mut values, mut filled) = (Vec::with_capacity(linked.len()), 0);
        for there in linked.iter().filter_map(|row| self.there.slot(*row)) {
            match value_at(base, self.target, self.there, there) {
                Value::Null => continue,
                Value::Error(error) => return Err(error.kind),
                Value::List(list) => values.extend(list.iter().cloned()),
                value => values.push(value),
            }
            filled += 1;
            if values.len() > MAX_LIST_ITEMS {
                return Err(ErrorKind::TooMany);
            }
        }
        Ok((values, linked.len(), filled))
    }

    fn lookup(&self, base: &Base, slot: Slot, single: bool, is_list: bool) -> Value {
        match self.values(base, slot) {
            Err(kind) => Value::Error(CellError { kind, node: 0 }),
            Ok((values, ..)) if is_list || !single => Value::list(values),
            Ok((values, ..)) => values.into_iter().next().unwrap_or_default(),
        }
    }

    fn rollup(&self, base: &Base, slot: Slot, summary: Summary) -> Value {
        match self.values(base, slot) {
            Err(kind) => Value::Error(CellError { kind, node: 0 }),
            Ok((values, linked, filled)) => summary.of(values, linked, filled),
        }
    }
}
