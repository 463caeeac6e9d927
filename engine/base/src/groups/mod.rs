//! Groups of a query: runs of rows in its kept order that read the same in the fields of the first parts of its sort, outermost
//! first; and the lines that people see of them: a heading for each group, then what is in it, unless it is folded.
//!
//! Invariants (property tests): all groups unfolded, the rows of the lines are the query's order; a window of lines is a slice
//! of all of them; counts and totals are those of the group's rows. Values that compare as equal are one group: texts without
//! regard to case, lists and links by what they read as a whole.

mod folds;
mod runs;

use crate::aggregate::{Aggregate, AggregateValue, total};
use crate::base::Base;
use crate::ids::{FieldNo, RowNo, Slot, TableNo};
use crate::orders::Kept;
use crate::query::{QueryContext, QueryError, QuerySpec};
use crate::rows::Rows;
use folds::Index;
use runs::Level;
use rustc_hash::FxHashMap;
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Layouts of lines kept for an order: people fold differently.
const MAX_LAYOUTS: usize = if cfg!(test) { 2 } else { 8 };
/// Bytes that they may take, the one asked for last apart.
const MAX_LAYOUT_BYTES: usize = if cfg!(test) { 200 } else { 16 << 20 };
/// Totals of groups kept for an order.
const MAX_TOTALS: usize = if cfg!(test) { 8 } else { 20_000 };

/// What a group is called as long as the values are that it stands for; for its folding to be remembered by. Text: 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey(u64);

impl Display for GroupKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for GroupKey {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let is_key = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_key).map(Self).ok_or(())
    }
}

/// Which groups show their heading alone. Keys of groups that are not there are of no consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// These.
    Only(Vec<GroupKey>),
    /// All but these.
    AllBut(Vec<GroupKey>),
    /// None, but no records are shown: the groups alone.
    Records,
}

/// How a query is shown in lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// Parts of the sort that are groups: the first so many, each by a field.
    pub levels: usize,
    /// What shows its heading alone.
    pub folded: Folded,
    /// Totals of each group.
    pub totals: Vec<(FieldNo, Aggregate)>,
}

/// The heading of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupLine {
    /// From 0, the outermost.
    pub level: usize,
    /// Its name.
    pub key: GroupKey,
    /// Place of its first row among the query's rows.
    pub first: usize,
    /// Its rows, those of inner groups included.
    pub count: usize,
    /// A row of it: what it holds in the fields of the levels is what the group stands for.
    pub row: RowNo,
    /// Whether it shows its heading alone.
    pub is_folded: bool,
    /// One for each that was asked for.
    pub totals: Vec<AggregateValue>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The heading of a group.
    Group(GroupLine),
    /// A row.
    Row(RowNo),
}

/// A stretch of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Lines of the whole query.
    pub total: usize,
    /// Rows of the whole query, folded ones included.
    pub rows: usize,
    /// Place among the query's rows of the first line's row, or of the first row of the first line's group.
    pub place: usize,
    /// The lines.
    pub lines: Vec<Line>,
}

/// The line of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePlace {
    /// From 0.
    pub line: usize,
    /// The row does not show: the line is the heading of the folded group that it is in.
    pub is_folded: bool,
}

/// What is known of the groups of a kept order.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    levels: Mutex<Vec<Arc<Level>>>,
    layouts: Mutex<Vec<(usize, Folded, Arc<Index>)>>,
    totals: Mutex<FxHashMap<(usize, usize, FieldNo, Aggregate), AggregateValue>>,
}

/// What is locked here is whole whenever it is unlocked, also after a panic of another reader.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn inner<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl Groups {
    /// The rows' values have changed, but none has moved.
    pub(crate) fn values_changed(&mut self) {
        inner(&mut self.totals).clear();
    }

    /// Rows have moved.
    pub(crate) fn rows_moved(&mut self) {
        inner(&mut self.levels).clear();
        inner(&mut self.layouts).clear();
        inner(&mut self.totals).clear();
    }

    /// What is being made at the moment is not counted: whoever asks does not wait for it.
    pub(crate) fn bytes(&self) -> usize {
        let levels = self.levels.try_lock().map_or(0, |made| made.iter().map(|level| level.bytes()).sum());
        let layouts =
            self.layouts.try_lock().map_or(0, |made| made.iter().map(|(_, _, index)| index.bytes()).sum());
        let each = size_of::<(usize, usize, FieldNo, Aggregate, AggregateValue)>();
        let totals = self.totals.try_lock().map_or(0, |made| made.capacity() * each);
        levels + layouts + totals
    }

    fn levels(&self, base: &Base, rows: &Rows, kept: &Kept, count: usize) -> Vec<Arc<Level>> {
        let mut made = lock(&self.levels);
        for part in kept.sorter.parts.iter().take(count).skip(made.len()) {
            let level = Level::new(base, rows, part, &kept.order, made.last().map(Arc::as_ref));
            made.push(Arc::new(level));
        }
        made.iter().take(count).cloned().collect()
    }

    fn index(&self, view: &View<'_>, folded: &Folded) -> Arc<Index> {
        let mut layouts = lock(&self.layouts);
        let asked = |(levels, known, _): &(usize, Folded, Arc<Index>)| {
            *levels == view.levels.len() && known == folded
        };
        if let Some(at) = layouts.iter().position(asked) {
            let found = layouts.remove(at);
            layouts.push(found);
        } else {
            let index = Index::new(view, folded);
            layouts.push((view.levels.len(), folded.clone(), Arc::new(index)));
            let mut bytes: usize = layouts.iter().map(|(_, _, index)| index.bytes()).sum();
            while layouts.len() > MAX_LAYOUTS || bytes > MAX_LAYOUT_BYTES && layouts.len() > 1 {
                bytes -= layouts.remove(0).2.bytes();
            }
        }
        layouts.last().map(|(_, _, index)| index.clone()).unwrap_or_default()
    }
}

/// A kept order with its groups, while it is read.
struct View<'a> {
    base: &'a Base,
    rows: &'a Rows,
    kept: &'a Kept,
    levels: Vec<Arc<Level>>,
}

impl View<'_> {
    fn slot(&self, place: usize) -> Option<Slot> {
        self.kept.order.iter_from(place).next()
    }

    /// Place behind the last row of a group.
    fn end(&self, level: usize, at: usize) -> usize {
        self.levels[level].starts.get(at + 1).map_or(self.kept.order.len(), |start| *start as usize)
    }

    fn start(&self, level: usize, at: usize) -> usize {
        self.levels[level].starts[at] as usize
    }

    /// The group of a level that a place is in.
    fn at(&self, level: usize, place: usize) -> usize {
        self.levels[level].starts.partition_point(|start| *start as usize <= place).saturating_sub(1)
    }

    /// The keys of a level, made once.
    fn keys(&self, level: usize) -> &[GroupKey] {
        let made = &self.levels[level];
        made.keys.get_or_init(|| {
            let above = level.checked_sub(1).map(|above| (self.levels[above].as_ref(), self.keys(above)));
            made.make_keys(self.base, self.rows, &self.kept.sorter.parts[level], &self.kept.order, above)
        })
    }

    /// One key, without those of the groups beside it.
    fn key(&self, level: usize, at: usize) -> GroupKey {
        if let Some(keys) = self.levels[level].keys.get() {
            return keys[at];
        }
        let start = self.start(level, at);
        let above = level.checked_sub(1).map(|above| self.key(above, self.at(above, start)));
        let part = &self.kept.sorter.parts[level];
        self.slot(start).map_or(GroupKey(0), |slot| runs::key_of(self.base, self.rows, part, slot, above))
    }

    fn line(
        &self,
        level: usize,
        at: usize,
        is_folded: bool,
        wanted: &[(FieldNo, Aggregate)],
    ) -> Option<GroupLine> {
        let first = self.start(level, at);
        let count = self.end(level, at) - first;
        Some(GroupLine {
            level,
            key: self.key(level, at),
            first,
            count,
            row: self.rows.row(self.slot(first)?),
            is_folded,
            totals: wanted.iter().map(|wanted| self.total(first, count, *wanted)).collect(),
        })
    }

    fn total(&self, first: usize, count: usize, (field, aggregate): (FieldNo, Aggregate)) -> AggregateValue {
        let Some(column) = self.rows.column(field) else { return AggregateValue::None };
        let key = (first, count, field, aggregate);
        if let Some(known) = lock(&self.kept.groups.totals).get(&key) {
            return known.clone();
        }
        let value = total(column, count, || self.kept.order.iter_from(first).take(count), aggregate);
        let mut totals = lock(&self.kept.groups.totals);
        if totals.len() >= MAX_TOTALS {
            totals.clear();
        }
        totals.insert(key, value.clone());
        value
    }
}

impl Base {
    /// `limit` lines of the query from line `offset` on.
    ///
    /// # Errors
    /// Those of the query.
    pub fn lines(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        grouping: &Grouping,
        offset: usize,
        limit: usize,
    ) -> Result<Lines, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        let Some(view) = self.grouped(spec.table, &kept, grouping.levels) else {
            return Ok(Lines { total: 0, rows: 0, place: 0, lines: Vec::new() });
        };
        let index = kept.groups.index(&view, &grouping.folded);
        let mut next = index.heads.partition_point(|head| (head.line as usize) < offset);
        // Where the first line stands, if it is a row: behind the heading above it.
        let above = next.checked_sub(1).map(|above| index.heads[above]);
        let mut place = above.map_or(offset, |head| {
            let behind = (offset - head.line as usize).saturating_sub(1);
            view.start(usize::from(head.level), head.at as usize).saturating_add(behind)
        });
        let (mut line, mut lines, mut began) = (offset, Vec::new(), None);
        while lines.len() < limit && line < index.total {
            let head = index.heads.get(next).copied();
            if let Some(head) = head.filter(|head| head.line as usize == line) {
                let (level, at) = (usize::from(head.level), head.at as usize);
                place = view.start(level, at);
                lines.extend(view.line(level, at, head.is_folded, &grouping.totals).map(Line::Group));
                next += 1;
                line += 1;
                began.get_or_insert(place);
                continue;
            }
            began.get_or_insert(place);
            let end = head.map_or(index.total, |head| head.line as usize);
            let count = (end - line).min(limit - lines.len());
            let slots = kept.order.iter_from(place).take(count);
            lines.extend(slots.map(|slot| Line::Row(view.rows.row(slot))));
            place += count;
            line += count;
        }
        let place = began.unwrap_or(kept.order.len());
        Ok(Lines { total: index.total, rows: kept.order.len(), place, lines })
    }

    /// The line of a record; None if the query does not have it.
    ///
    /// # Errors
    /// Those of the query.
    pub fn line_of(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        grouping: &Grouping,
        row: RowNo,
    ) -> Result<Option<LinePlace>, Vec<QueryError>> {
        let Some(place) = self.position(spec, context, row)? else { return Ok(None) };
        let kept = self.order(spec, context)?;
        let Some(view) = self.grouped(spec.table, &kept, grouping.levels) else { return Ok(None) };
        let index = kept.groups.index(&view, &grouping.folded);
        let mut line = place;
        for level in 0..view.levels.len() {
            let start = view.start(level, view.at(level, place));
            let stands = |head: &folds::Head| {
                let head_level = usize::from(head.level);
                (view.start(head_level, head.at as usize), head_level) < (start, level)
            };
            let Some(head) = index.heads.get(index.heads.partition_point(stands)) else { return Ok(None) };
            if head.is_folded {
                return Ok(Some(LinePlace { line: head.line as usize, is_folded: true }));
            }
            line = head.line as usize + 1 + place - start;
        }
        Ok(Some(LinePlace { line, is_folded: false }))
    }

    fn grouped<'a>(&'a self, table: TableNo, kept: &'a Kept, levels: usize) -> Option<View<'a>> {
        let rows = self.tables.get(&table)?;
        let levels = kept.groups.levels(self, rows, kept, levels);
        Some(View { base: self, rows, kept, levels })
    }
}
