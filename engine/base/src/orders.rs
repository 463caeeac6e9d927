//! Kept orders: the rows of each query that somebody looks at, in order, kept up to date change by change.
//!
//! Invariant: a kept order equals the order made from scratch. What would cost more to move than to make anew is dropped.

use crate::base::Base;
use crate::change::{Change, SchemaEdit};
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::order::OrderVec;
use crate::query::{Page, QueryContext, QueryError, QuerySpec, Sort, SortBy, SortKey, Window};
use crate::rows::Rows;
use crate::schema::FieldKind;
use crate::select::{Matcher, Reads, Selection};
use crate::sort::Sorter;
use crate::{Condition, ViewId};
use engine_expr::Volatility;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as Memory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Orders kept for a base.
const MAX_ORDERS: usize = if cfg!(test) { 4 } else { 64 };
/// Bytes that they may take; the one asked for last stays in any case.
const MAX_BYTES: usize = 128 << 20;
/// Rows that a change may move one by one, whatever the size of the table.
const ALWAYS_MOVED: usize = if cfg!(test) { 6 } else { 2_048 };
/// Rows from which a selection uses two threads.
const PARALLEL: usize = if cfg!(test) { 8 } else { 50_000 };

/// A link whose records' names an order reads.
#[derive(Debug)]
struct NameRead {
    other: TableNo,
    /// The field there that is the name.
    primary: FieldNo,
    /// The field there that leads back.
    back: FieldNo,
}

/// One query's rows in order.
#[derive(Debug)]
struct Kept {
    selection: Selection,
    sorter: Sorter,
    reads: Reads,
    names: Vec<NameRead>,
    order: OrderVec,
    /// For filters with `TODAY()`: the day that they were made on.
    day: Option<i32>,
    used: AtomicU64,
    /// Rows to be put in after the values are written.
    moving: Vec<RowNo>,
}

/// All kept orders of a base.
#[derive(Default)]
pub(crate) struct Orders {
    kept: Mutex<FxHashMap<String, Arc<Kept>>>,
    clock: AtomicU64,
}

impl Orders {
    fn lock(&self) -> MutexGuard<'_, FxHashMap<String, Arc<Kept>>> {
        // The map is whole whenever it is unlocked, also after a panic of another reader.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &str, context: &QueryContext<'_>) -> Option<Arc<Kept>> {
        let kept = self.lock().get(key).cloned()?;
        if let Some(day) = kept.day
            && crate::time::day_in(context.now_us, &crate::time::zone(Some(context.zone))) != Some(day)
        {
            return None;
        }
        kept.used.store(self.clock.fetch_add(1, Memory::Relaxed), Memory::Relaxed);
        Some(kept)
    }

    fn keep(&self, key: String, kept: Arc<Kept>) {
        kept.used.store(self.clock.fetch_add(1, Memory::Relaxed), Memory::Relaxed);
        let mut map = self.lock();
        map.insert(key, kept);
        let mut bytes: usize = map.values().map(|kept| kept.order.bytes()).sum();
        while map.len() > MAX_ORDERS || (bytes > MAX_BYTES && map.len() > 1) {
            let oldest = map.iter().min_by_key(|(_, kept)| kept.used.load(Memory::Relaxed));
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { break };
            bytes -= map.remove(&key).map_or(0, |kept| kept.order.bytes());
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().iter().map(|(key, kept)| key.len() + size_of::<Kept>() + kept.order.bytes()).sum()
    }

    /// Takes the rows that the change may move out of their places, while the base still has the old values.
    pub(crate) fn before(&mut self, base: &Base, change: &Change) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A reader never holds an order beyond its call, and none is running while the base is written.
        map.retain(|_, kept| Arc::get_mut(kept).is_some_and(|kept| kept.before(base, change)));
    }

    /// Puts them in again, by their new values.
    pub(crate) fn after(&mut self, base: &Base) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, kept| Arc::get_mut(kept).is_some_and(|kept| kept.after(base)));
    }
}

impl Kept {
    /// False if the order is not worth keeping.
    fn before(&mut self, base: &Base, change: &Change) -> bool {
        self.moving.clear();
        let table = self.selection.table;
        if change.schema.iter().any(|edit| self.is_shaped_by(edit)) {
            return false;
        }
        let Some((_, rows)) = base.table_and_rows(table) else { return false };
        self.moving.extend(change.deleted.iter().filter(|facts| facts.table == table).map(|facts| facts.row));
        for edit in &change.updated {
            let changed = |field: FieldNo| edit.cells.iter().any(|cell| cell.field == field);
            if edit.table == table
                && (self.reads.all || edit.cells.iter().any(|cell| self.reads.fields.contains(&cell.field)))
            {
                self.moving.push(edit.row);
            }
            for name in self.names.iter().filter(|name| name.other == edit.table && changed(name.primary)) {
                self.moving.extend_from_slice(base.cell(name.other, edit.row, name.back).rows());
            }
        }
        self.moving.sort_unstable();
        self.moving.dedup();
        let created = change.created.iter().filter(|facts| facts.table == table).map(|facts| facts.row);
        let leaving = self.moving.len();
        self.moving.extend(created);
        if self.moving.len() > ALWAYS_MOVED && self.moving.len() > rows.len() / 8 {
            return false;
        }
        if leaving == 0 {
            return true;
        }
        let context = self.selection.eval_context();
        let Some(mut matcher) = Matcher::new(base, &self.selection, &context) else { return false };
        let compare = |a: Slot, b: Slot| self.sorter.compare(base, rows, a, b);
        for slot in self.moving[..leaving].iter().filter_map(|row| rows.slot(*row)) {
            if matcher.keeps(slot) && !self.order.remove(slot, &compare) {
                return false;
            }
        }
        true
    }

    fn after(&mut self, base: &Base) -> bool {
        if self.moving.is_empty() {
            return true;
        }
        let Some((_, rows)) = base.table_and_rows(self.selection.table) else { return false };
        let context = self.selection.eval_context();
        let Some(mut matcher) = Matcher::new(base, &self.selection, &context) else { return false };
        let compare = |a: Slot, b: Slot| self.sorter.compare(base, rows, a, b);
        for slot in self.moving.drain(..).filter_map(|row| rows.slot(row)) {
            if matcher.keeps(slot) {
                self.order.insert(slot, &compare);
            }
        }
        true
    }

    fn is_shaped_by(&self, edit: &SchemaEdit) -> bool {
        match edit {
            SchemaEdit::Base { .. } | SchemaEdit::View { .. } => false,
            SchemaEdit::Table { table, .. } | SchemaEdit::Field { table, .. } => {
                *table == self.selection.table || self.names.iter().any(|name| name.other == *table)
            }
        }
    }
}

impl Base {
    fn order(&self, spec: &QuerySpec, context: &QueryContext<'_>) -> Result<Arc<Kept>, Vec<QueryError>> {
        let mut key = spec.key();
        if spec.filter.is_some() {
            key.push_str(context.zone);
        }
        if let Some(kept) = self.orders.find(&key, context) {
            return Ok(kept);
        }
        let kept = Arc::new(self.make_order(spec, context)?);
        if kept.selection.volatility() != Volatility::Instant {
            self.orders.keep(key, kept.clone());
        }
        Ok(kept)
    }

    fn make_order(&self, spec: &QuerySpec, context: &QueryContext<'_>) -> Result<Kept, Vec<QueryError>> {
        let mut reads = Reads::default();
        let selection = Selection::compile(self, spec, context, &mut reads);
        let sorter = self
            .schema()
            .table(spec.table)
            .map_or_else(|| Ok(None), |table| Sorter::compile(table, &spec.sort, &mut reads).map(Some));
        let (selection, sorter) = match (selection, sorter) {
            (Ok(selection), Ok(sorter)) => (selection, sorter),
            (selection, sorter) => {
                let mut errors = selection.err().unwrap_or_default();
                errors.extend(sorter.err().unwrap_or_default());
                return Err(errors);
            }
        };
        // A selection compiles only if its table exists.
        let Some(((table, rows), sorter)) = self.table_and_rows(spec.table).zip(sorter) else {
            return Err(Vec::new());
        };
        let names = reads.links.iter().filter_map(|no| match table.field(*no)?.kind {
            FieldKind::Link { table: other, symmetric: Some(back) } => {
                Some(NameRead { other, primary: self.schema().table(other)?.head.primary_field, back })
            }
            _ => None,
        });
        let names = names.collect();
        let slots = self.select(&selection, rows);
        let order = OrderVec::from_sorted(&sorter.sort(self, rows, slots));
        let day = (selection.volatility() == Volatility::Day).then(|| selection.day()).flatten();
        Ok(Kept { selection, sorter, reads, names, order, day, used: AtomicU64::new(0), moving: Vec::new() })
    }

    /// The rows that a selection keeps, by slot.
    fn select(&self, selection: &Selection, rows: &Rows) -> Vec<Slot> {
        if selection.is_everything() {
            return rows.live_slots().collect();
        }
        let count = rows.slot_count() as u32;
        let part = |from: u32, to: u32| -> Vec<Slot> {
            let context = selection.eval_context();
            let Some(mut matcher) = Matcher::new(self, selection, &context) else { return Vec::new() };
            (from..to).map(Slot).filter(|slot| rows.row(*slot) != RowNo(0) && matcher.keeps(*slot)).collect()
        };
        if (count as usize) < PARALLEL {
            return part(0, count);
        }
        std::thread::scope(|scope| {
            let second = scope.spawn(|| part(count / 2, count));
            let mut slots = part(0, count / 2);
            match second.join() {
                Ok(more) => slots.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            slots
        })
    }

    fn rows_of(&self, spec: &QuerySpec) -> Option<&Rows> {
        self.table_and_rows(spec.table).map(|(_, rows)| rows)
    }

    /// `limit` rows of the query from place `offset` on.
    pub fn window(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        offset: usize,
        limit: usize,
    ) -> Result<Window, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        let slots = kept.order.iter_from(offset).take(limit);
        let rows = self.rows_of(spec).map(|rows| slots.map(|slot| rows.row(slot)).collect());
        Ok(Window { total: kept.order.len(), offset, rows: rows.unwrap_or_default() })
    }

    /// Up to `limit` rows that stand strictly after a remembered key (from the start without one). Rows that were created,
    /// changed or deleted in between neither hide nor repeat others.
    pub fn list(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        after: Option<&SortKey>,
        limit: usize,
    ) -> Result<Page, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        let Some(rows) = self.rows_of(spec) else {
            return Ok(Page { total: 0, rows: Vec::new(), next: None });
        };
        let start = after.map_or(0, |key| {
            kept.order.rank(&|slot| kept.sorter.compare_key(self, rows, slot, key) != Ordering::Greater)
        });
        let slots: Vec<Slot> = kept.order.iter_from(start).take(limit).collect();
        let more = start + slots.len() < kept.order.len();
        let last = slots.last().filter(|_| more);
        Ok(Page {
            total: kept.order.len(),
            next: last.map(|slot| kept.sorter.key(self, rows, *slot)),
            rows: slots.iter().map(|slot| rows.row(*slot)).collect(),
        })
    }

    /// The place of a record in the query, from 0; None if it is not in it.
    pub fn position(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        row: RowNo,
    ) -> Result<Option<usize>, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        let Some(rows) = self.rows_of(spec) else { return Ok(None) };
        let Some(slot) = rows.slot(row) else { return Ok(None) };
        let before = |other: Slot| kept.sorter.compare(self, rows, other, slot).is_lt();
        let found = kept.order.at_end_of(&before) == Some(slot);
        Ok(found.then(|| kept.order.rank(&before)))
    }

    /// Calls `visit` for every row of the query, in order.
    pub(crate) fn visit(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        mut visit: impl FnMut(&Rows, Slot),
    ) -> Result<usize, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        if let Some(rows) = self.rows_of(spec) {
            kept.order.iter_from(0).for_each(|slot| visit(rows, slot));
        }
        Ok(kept.order.len())
    }

    /// The query of a saved view. An error says which part of the view no longer fits the table.
    pub fn view_query(&self, view: ViewId) -> Result<QuerySpec, Vec<QueryError>> {
        let found = self.schema().table(view.table).and_then(|table| Some((table, table.view(view.view)?)));
        let Some((table, saved)) = found else {
            return Err(vec![QueryError {
                member: "view",
                pointer: String::new(),
                code: "unknown_view".into(),
                detail: "There is no such view.".into(),
                span: None,
            }]);
        };
        let config = &saved.config;
        let condition = config.where_.as_ref().filter(|json| !json.is_null());
        let sort = |sort: &crate::ViewSort| Sort { by: SortBy::Field(sort.field.field), desc: sort.desc };
        Ok(QuerySpec {
            table: view.table,
            condition: condition.map(|json| Condition::parse(json, table)).transpose()?,
            filter: config.filter.clone().filter(|text| !text.trim().is_empty()),
            sort: config.sort.iter().map(sort).collect(),
            search: None,
        })
    }
}
