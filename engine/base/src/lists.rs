//! What is asked of a query: a window, a page of a list, a count, a place.
//!
//! A window needs the whole order of its query, and has it kept. A page of a list does not: it walks the order of the *sort*,
//! which all filters share, from where the page before ended, and tests row by row. So a filter that was never asked before
//! costs what its first rows cost. Where few rows match, the walk gives up and the columns are looked through instead.
//! Invariant: both ways give the same page (property tests).

use crate::base::Base;
use crate::condition::{Condition, Op};
use crate::ids::{RowNo, Slot, ViewId};
use crate::orders::Kept;
use crate::query::{Page, QueryContext, QueryError, QuerySpec, Sort, SortBy, SortKey, Window};
use crate::rows::Rows;
use crate::select::{Matcher, Selection};
use std::cmp::Ordering;

/// Rows that a walk tests before it asks itself whether to go on.
const STRIDE: usize = if cfg!(test) { 2 } else { 512 };
/// How many rows the columns are looked through in the time that a walk tests one: the walk jumps about in memory.
const COLUMNS_FASTER: usize = 8;
/// How many bits of a set are tested in the time that two rows are compared.
const BITS_FASTER: usize = if cfg!(test) { 4 } else { 64 };

impl Base {
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
        let rows = self.tables.get(&spec.table).map(|rows| slots.map(|slot| rows.row(slot)).collect());
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
        let is_all = spec.condition.is_none() && spec.filter.is_none() && spec.search.is_none();
        let kept = match self.orders.find(&Self::order_key(spec, context), context) {
            Some(kept) => Some(kept),
            None if is_all => Some(self.order(spec, context)?),
            None => None,
        };
        let Some(rows) = self.tables.get(&spec.table) else {
            return self.plan(spec, context).map(|_| Page { rows: Vec::new(), next: None });
        };
        let wanted = limit.saturating_add(1);
        let (kept, mut slots) = match kept {
            Some(kept) => {
                let start = self.start(&kept, rows, after);
                let slots: Vec<Slot> = kept.order.iter_from(start).take(wanted).collect();
                (kept, slots)
            }
            None => {
                let selection = self.plan(spec, context)?.selection;
                let sort = QuerySpec { sort: spec.sort.clone(), ..QuerySpec::all(spec.table) };
                let kept = self.order(&sort, context)?;
                let slots = self.walk(&selection, &kept, rows, after, wanted);
                (kept, slots)
            }
        };
        let more = slots.len() > limit;
        slots.truncate(limit);
        let last = slots.last().filter(|_| more);
        Ok(Page {
            next: last.map(|slot| kept.sorter.key(self, rows, *slot)),
            rows: slots.iter().map(|slot| rows.row(*slot)).collect(),
        })
    }

    /// The place of the first row after a remembered key.
    fn start(&self, kept: &Kept, rows: &Rows, after: Option<&SortKey>) -> usize {
        after.map_or(0, |key| {
            kept.order.rank(&|slot| kept.sorter.compare_key(self, rows, slot, key) != Ordering::Greater)
        })
    }

    /// The first `wanted` rows of a selection after a remembered key, in the order of a sort of all rows.
    fn walk(
        &self,
        selection: &Selection,
        all: &Kept,
        rows: &Rows,
        after: Option<&SortKey>,
        wanted: usize,
    ) -> Vec<Slot> {
        let context = selection.eval_context();
        let Some(mut matcher) = Matcher::new(self, selection, &context) else { return Vec::new() };
        let (mut place, mut end) = (self.start(all, rows, after), all.order.len());
        // What the filter asks of the field that is sorted by says where to begin and to end.
        if let Some(field) = all.sorter.first_field()
            && let Some(range) = selection.range(field)
        {
            let side = |slot: Slot| all.sorter.side_of(rows, slot, &range);
            place = place.max(all.order.rank(&|slot| side(slot).is_lt()));
            end = all.order.rank(&|slot| side(slot).is_le());
        }
        let mut found = Vec::with_capacity(wanted.min(256));
        let mut left = all.order.iter_from(place).take(end.saturating_sub(place));
        let (mut tested, is_cheap) = (0, selection.is_cheap());
        while found.len() < wanted {
            let Some(slot) = left.next() else { return found };
            if matcher.keeps(slot) {
                found.push(slot);
            }
            tested += 1;
            place += 1;
            if is_cheap && tested % STRIDE == 0 {
                let expected = (wanted - found.len()).saturating_mul(tested) / found.len().max(1);
                if expected.min(end - place) > rows.slot_count() / COLUMNS_FASTER {
                    break;
                }
            }
        }
        if found.len() == wanted {
            return found;
        }
        let picked = self.pick(selection, rows);
        if picked.count * BITS_FASTER > end - place {
            found.extend(left.filter(|slot| picked.has(*slot)).take(wanted - found.len()));
            return found;
        }
        // So few that they are put in order by themselves.
        let Some(next) = left.next() else { return found };
        let compare = |a: &Slot, b: &Slot| all.sorter.compare(self, rows, *a, *b);
        let mut few: Vec<Slot> = picked.slots().filter(|slot| compare(slot, &next).is_ge()).collect();
        few.sort_unstable_by(compare);
        few.truncate(wanted - found.len());
        found.extend(few);
        found
    }

    /// The number of rows of the query; its order is not made.
    pub fn count(&self, spec: &QuerySpec, context: &QueryContext<'_>) -> Result<usize, Vec<QueryError>> {
        if let Some(kept) = self.orders.find(&Self::order_key(spec, context), context) {
            return Ok(kept.order.len());
        }
        let selection = self.plan(spec, context)?.selection;
        let rows = self.tables.get(&spec.table);
        Ok(rows.map_or(0, |rows| {
            if selection.is_everything() { rows.len() } else { self.pick(&selection, rows).count }
        }))
    }

    /// The place of a record in the query, from 0; None if it is not in it.
    pub fn position(
        &self,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        row: RowNo,
    ) -> Result<Option<usize>, Vec<QueryError>> {
        let kept = self.order(spec, context)?;
        let Some(rows) = self.tables.get(&spec.table) else { return Ok(None) };
        let Some(slot) = rows.slot(row) else { return Ok(None) };
        let before = |other: Slot| kept.sorter.compare(self, rows, other, slot).is_lt();
        let found = kept.order.at_end_of(&before) == Some(slot);
        Ok(found.then(|| kept.order.rank(&before)))
    }

    /// The query of a saved view: its filter, its groups and its sort; without records that its groups leave out. An error says
    /// which part of the view no longer fits the table.
    pub fn view_query(&self, view: ViewId) -> Result<QuerySpec, Vec<QueryError>> {
        let mut spec = self.view_query_ungrouped(view)?;
        let groups = self.schema().table(view.table).and_then(|table| table.view(view.view));
        let groups = groups.map(|view| view.config.group.as_slice()).unwrap_or_default();
        let filled = groups.iter().filter(|group| group.hide_empty).map(|group| Condition::Test {
            field: group.field.field,
            op: Op::IsNotEmpty,
            value: serde_json::Value::Null,
        });
        let mut all: Vec<Condition> = filled.collect();
        if !all.is_empty() {
            all.extend(spec.condition.take());
            spec.condition = Some(Condition::And(all));
        }
        // Rows of a group stand together; within it they are sorted as the view says.
        let sort = std::mem::take(&mut spec.sort);
        let by = groups.iter().map(|group| Sort { by: SortBy::Field(group.field.field), desc: group.desc });
        for one in by.chain(sort) {
            if spec.sort.iter().all(|known| known.by != one.by) {
                spec.sort.push(one);
            }
        }
        Ok(spec)
    }

    /// As [`Base::view_query`], without the view's groups: others are asked for.
    pub fn view_query_ungrouped(&self, view: ViewId) -> Result<QuerySpec, Vec<QueryError>> {
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
        let mut sort: Vec<Sort> = Vec::with_capacity(config.sort.len());
        for one in &config.sort {
            let by = SortBy::Field(one.field.field);
            if sort.iter().all(|known| known.by != by) {
                sort.push(Sort { by, desc: one.desc });
            }
        }
        Ok(QuerySpec {
            table: view.table,
            condition: condition.map(|json| Condition::parse(json, table)).transpose()?,
            filter: config.filter.clone().filter(|text| !text.trim().is_empty()),
            sort,
            search: None,
            unsearched: Vec::new(),
        })
    }
}
