//! Kept orders: the rows of each query that somebody looks at, in order, kept up to date change by change.
//!
//! Invariant: a kept order equals the order made from scratch. What would cost more to move than to make anew is dropped:
//! a change that moves too much of it, and an order that was moved more since its last use than making it again costs.

use crate::base::Base;
use crate::change::{Change, SchemaEdit};
use crate::computed::Derived;
use crate::condition::Condition;
use crate::groups::Groups;
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::order::OrderVec;
use crate::query::{QueryContext, QueryError, QuerySpec};
use crate::rows::Rows;
use crate::schema::FieldKind;
use crate::select::{Matcher, Reads, Selection, slots};
use crate::sort::Sorter;
use engine_expr::Volatility;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering as Memory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Orders kept for a base.
const MAX_ORDERS: usize = if cfg!(test) { 4 } else { 32 };
/// Bytes that they may take; the one asked for last stays in any case.
const MAX_BYTES: usize = 128 << 20;
/// Rows that a change may move one by one, whatever the size of the table.
const ALWAYS_MOVED: usize = if cfg!(test) { 6 } else { 2_048 };
/// Rows that may always be moved without a use of the order in between.
const IDLE_MOVES: usize = if cfg!(test) { 12 } else { 256 };
/// Words of 64 rows from which a selection uses two threads: where a row costs nanoseconds, and where it costs more.
const PARALLEL: (usize, usize) = if cfg!(test) { (1, 1) } else { (8_192, 512) };

/// A link whose records' names an order reads.
#[derive(Debug)]
struct NameRead {
    other: TableNo,
    /// The field there that is the name.
    primary: FieldNo,
    /// The field there that leads back.
    back: FieldNo,
}

/// A query, resolved against the schema.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) selection: Selection,
    pub(crate) sorter: Sorter,
    reads: Reads,
}

/// One query's rows in order.
#[derive(Debug)]
pub(crate) struct Kept {
    selection: Selection,
    pub(crate) sorter: Sorter,
    reads: Reads,
    names: Vec<NameRead>,
    pub(crate) order: OrderVec,
    pub(crate) groups: Groups,
    /// For filters with `TODAY()`: the day that they were made on.
    day: Option<i32>,
    used: AtomicU64,
    /// Rows moved since it was last used.
    idle: AtomicUsize,
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

    /// The order kept under this key, if it still holds.
    pub(crate) fn find(&self, key: &str, context: &QueryContext<'_>) -> Option<Arc<Kept>> {
        let kept = self.lock().get(key).cloned()?;
        if let Some(day) = kept.day
            && crate::time::day_in(context.now_us, &crate::time::zone(Some(context.zone))) != Some(day)
        {
            return None;
        }
        kept.used.store(self.clock.fetch_add(1, Memory::Relaxed), Memory::Relaxed);
        kept.idle.store(0, Memory::Relaxed);
        Some(kept)
    }

    fn keep(&self, key: String, kept: Arc<Kept>) {
        kept.used.store(self.clock.fetch_add(1, Memory::Relaxed), Memory::Relaxed);
        let mut map = self.lock();
        map.insert(key, kept);
        let mut bytes: usize = map.values().map(|kept| kept.bytes()).sum();
        while map.len() > MAX_ORDERS || (bytes > MAX_BYTES && map.len() > 1) {
            let oldest = map.iter().min_by_key(|(_, kept)| kept.used.load(Memory::Relaxed));
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { break };
            bytes -= map.remove(&key).map_or(0, |kept| kept.bytes());
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().iter().map(|(key, kept)| key.len() + size_of::<Kept>() + kept.bytes()).sum()
    }

    /// Takes the rows that the change may move out of their places, while the base still has the old values.
    pub(crate) fn before(&mut self, base: &Base, change: &Change, derived: &Derived) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A reader never holds an order beyond its call, and none is running while the base is written.
        map.retain(|_, kept| Arc::get_mut(kept).is_some_and(|kept| kept.before(base, change, derived)));
    }

    /// Forgets the orders that read these tables.
    pub(crate) fn forget(&mut self, tables: &FxHashSet<TableNo>) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, kept| !kept.reads(tables));
    }

    /// Forgets the orders that read this field, and totals that may.
    pub(crate) fn forget_field(&mut self, table: TableNo, field: FieldNo) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, kept| {
            let own = kept.selection.table == table && (kept.reads.all || kept.reads.fields.contains(&field));
            let named = kept.names.iter().any(|name| (name.other, name.primary) == (table, field));
            // A reader never holds an order beyond its call, and none is running while the base is written.
            !own && !named
                && Arc::get_mut(kept).is_some_and(|kept| {
                    if kept.selection.table == table {
                        kept.groups.values_changed();
                    }
                    true
                })
        });
    }

    /// Puts them in again, by their new values.
    pub(crate) fn after(&mut self, base: &Base) {
        let map = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, kept| Arc::get_mut(kept).is_some_and(|kept| kept.after(base)));
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.order.bytes() + self.groups.bytes()
    }

    /// False if the order is not worth keeping.
    fn before(&mut self, base: &Base, change: &Change, derived: &Derived) -> bool {
        self.moving.clear();
        let table = self.selection.table;
        if self.reads(&derived.tables) || change.schema.iter().any(|edit| self.is_shaped_by(edit)) {
            return false;
        }
        let Some((_, rows)) = base.table_and_rows(table) else { return false };
        self.moving.extend(change.deleted.iter().filter(|facts| facts.table == table).map(|facts| facts.row));
        for edit in &change.updated {
            let fields = edit.cells.iter().map(|cell| cell.field);
            self.leave(base, edit.table, edit.row, fields);
        }
        for touch in &derived.touches {
            self.leave(base, touch.table, touch.row, touch.fields.iter().copied());
        }
        self.moving.sort_unstable();
        self.moving.dedup();
        let created = change.created.iter().filter(|facts| facts.table == table).map(|facts| facts.row);
        let leaving = self.moving.len();
        self.moving.extend(created);
        if self.moving.len() > ALWAYS_MOVED && self.moving.len() > rows.len() / 8 {
            return false;
        }
        // To move a row costs as much as to sort some thirty: an order that nobody asks for is kept up to date for no longer
        // than that pays.
        let idle = *self.idle.get_mut() + self.moving.len();
        if idle > IDLE_MOVES && idle > self.order.len() / 32 + rows.slot_count() / 256 {
            return false;
        }
        *self.idle.get_mut() = idle;
        if self.moving.is_empty() {
            // Totals read other fields than the order does.
            let is_here = change.updated.iter().any(|edit| edit.table == table)
                || derived.touches.iter().any(|touch| touch.table == table);
            if is_here {
                self.groups.values_changed();
            }
            return true;
        }
        self.groups.rows_moved();
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

    /// Notes the rows that a change of these fields of a row may move.
    fn leave(
        &mut self,
        base: &Base,
        table: TableNo,
        row: RowNo,
        fields: impl Iterator<Item = FieldNo> + Clone,
    ) {
        if table == self.selection.table
            && (self.reads.all || fields.clone().any(|field| self.reads.fields.contains(&field)))
        {
            self.moving.push(row);
        }
        for name in self.names.iter().filter(|name| name.other == table) {
            if fields.clone().any(|field| field == name.primary) {
                self.moving.extend_from_slice(base.cell(name.other, row, name.back).rows());
            }
        }
    }

    fn reads(&self, tables: &FxHashSet<TableNo>) -> bool {
        tables.contains(&self.selection.table) || self.names.iter().any(|name| tables.contains(&name.other))
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
    /// The key under which a query's order is kept.
    pub(crate) fn order_key(spec: &QuerySpec, context: &QueryContext<'_>) -> String {
        let mut key = spec.key();
        if spec.filter.is_some() || spec.condition.as_ref().is_some_and(Condition::is_relative) {
            key.push_str(context.zone);
        }
        key
    }

    /// The query's order: the kept one, or a new one, which is kept from now on.
    pub(crate) fn order(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
    ) -> Result<Arc<Kept>, Vec<QueryError>> {
        let key = Self::order_key(spec, context);
        if let Some(kept) = self.orders.find(&key, context) {
            return Ok(kept);
        }
        let kept = Arc::new(self.make_order(spec, context)?);
        if kept.selection.volatility() != Volatility::Instant {
            self.orders.keep(key, kept.clone());
        }
        Ok(kept)
    }

    /// Resolves a query; all mistakes at once.
    pub(crate) fn plan(&self, spec: &QuerySpec, context: &QueryContext<'_>) -> Result<Plan, Vec<QueryError>> {
        let mut reads = Reads::default();
        let selection = Selection::compile(self, spec, context, &mut reads);
        let sorter = self
            .schema()
            .table(spec.table)
            .map_or_else(|| Ok(None), |table| Sorter::compile(table, &spec.sort, &mut reads).map(Some));
        match (selection, sorter) {
            (Ok(selection), Ok(Some(sorter))) => Ok(Plan { selection, sorter, reads }),
            (selection, sorter) => {
                let mut errors = selection.err().unwrap_or_default();
                errors.extend(sorter.err().unwrap_or_default());
                Err(errors)
            }
        }
    }

    fn make_order(&self, spec: &QuerySpec, context: &QueryContext<'_>) -> Result<Kept, Vec<QueryError>> {
        let Plan { selection, sorter, reads } = self.plan(spec, context)?;
        // A selection compiles only if its table exists.
        let Some((table, rows)) = self.table_and_rows(spec.table) else { return Err(Vec::new()) };
        let names = reads.links.iter().filter_map(|no| match table.field(*no)?.kind {
            FieldKind::Link { table: other, symmetric: Some(back), .. } => {
                Some(NameRead { other, primary: self.schema().table(other)?.head.primary_field, back })
            }
            _ => None,
        });
        let names = names.collect();
        let order = self.sorted(spec, context, &selection, &sorter, rows);
        let day = (selection.volatility() == Volatility::Day).then(|| selection.day()).flatten();
        let (used, idle, groups) = (AtomicU64::new(0), AtomicUsize::new(0), Groups::default());
        Ok(Kept { selection, sorter, reads, names, order, groups, day, used, idle, moving: Vec::new() })
    }

    fn sorted(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        selection: &Selection,
        sorter: &Sorter,
        rows: &Rows,
    ) -> OrderVec {
        if selection.is_everything() {
            return OrderVec::from_sorted(&sorter.sort(self, rows, rows.live_slots().collect()));
        }
        let picked = self.pick(selection, rows);
        let all = QuerySpec { sort: spec.sort.clone(), ..QuerySpec::all(spec.table) };
        // Where all rows are sorted already, the rows of the filter are found in their order by one pass.
        if picked.count * 16 > rows.slot_count()
            && let Some(kept) = self.orders.find(&Self::order_key(&all, context), context)
        {
            let slots: Vec<Slot> = kept.order.iter_from(0).filter(|slot| picked.has(*slot)).collect();
            return OrderVec::from_sorted(&slots);
        }
        OrderVec::from_sorted(&sorter.sort(self, rows, picked.slots().collect()))
    }

    /// The rows that a selection keeps.
    pub(crate) fn pick(&self, selection: &Selection, rows: &Rows) -> Picked {
        let words = rows.slot_count().div_ceil(64);
        let part = |from: usize, to: usize| -> Vec<u64> {
            let context = selection.eval_context();
            let Some(mut matcher) = Matcher::new(self, selection, &context) else { return Vec::new() };
            (from..to).map(|word| matcher.mask(word)).collect()
        };
        let parallel = if selection.is_cheap() { PARALLEL.0 } else { PARALLEL.1 };
        let masks = if words <= parallel {
            part(0, words)
        } else {
            std::thread::scope(|scope| {
                let second = scope.spawn(|| part(words / 2, words));
                let mut masks = part(0, words / 2);
                match second.join() {
                    Ok(more) => masks.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
                masks
            })
        };
        Picked { count: masks.iter().map(|mask| mask.count_ones() as usize).sum(), masks }
    }
}

/// A set of rows: a bit for each slot.
pub(crate) struct Picked {
    masks: Vec<u64>,
    pub(crate) count: usize,
}

impl Picked {
    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.masks.get(slot.0 as usize / 64).is_some_and(|mask| mask >> (slot.0 % 64) & 1 == 1)
    }

    /// Ascending.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.masks.iter().enumerate().flat_map(|(word, mask)| slots(word, *mask))
    }
}
