//! Which rows a query keeps: conditions, filter and search, compiled against the schema.

mod bound;
mod compile;
mod filter;
mod lower;
mod relative;
mod test;

use crate::base::Base;
use crate::collate;
use crate::column::ValueRef;
use crate::ids::{FieldNo, Slot, TableNo};
use crate::query::{QueryContext, QueryError, QuerySpec};
use crate::rows::Rows;
use crate::schema::Table;
use crate::time;
use engine_expr::{EvalContext, Evaluator, Program, Volatility};
use jiff::tz::TimeZone;
use rustc_hash::FxHashSet;
use test::Test;

use bound::Bound;
pub(crate) use bound::slots;
pub(crate) use filter::{Cells, scope, type_of, value_at};

/// What a query reads: a change outside of it can't move a row.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Every cell of the row, and its times.
    pub(crate) all: bool,
    /// Fields of the row.
    pub(crate) fields: FxHashSet<FieldNo>,
    /// Names of records linked by these fields.
    pub(crate) links: FxHashSet<FieldNo>,
}

/// When and where a query is asked: what "today" is.
pub(crate) struct Moment {
    pub(crate) now_us: i64,
    pub(crate) zone: TimeZone,
}

/// Conditions on days relative to today hold until the day ends.
fn condition_volatility(spec: &QuerySpec) -> Volatility {
    match &spec.condition {
        Some(condition) if condition.is_relative() => Volatility::Day,
        _ => Volatility::Pure,
    }
}

/// The part of a query that keeps or drops rows.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) table: TableNo,
    /// Conditions, and what of the filter is a test of columns.
    test: Option<Test>,
    /// Folded.
    search: Option<String>,
    /// Fields in which the search does not look.
    unsearched: Vec<FieldNo>,
    /// The filter, if the test does not say all of it.
    filter: Option<Program>,
    volatility: Volatility,
    now_us: i64,
    zone: TimeZone,
}

impl Selection {
    /// Compiles a query's conditions, filter and search; notes in `reads` what they read.
    pub(crate) fn compile(
        base: &Base,
        spec: &QuerySpec,
        context: &QueryContext<'_>,
        reads: &mut Reads,
    ) -> Result<Self, Vec<QueryError>> {
        let Some(table) = base.schema().table(spec.table) else {
            return Err(vec![QueryError {
                member: "table",
                pointer: String::new(),
                code: "unknown_table".into(),
                detail: "There is no such table.".into(),
                span: None,
            }]);
        };
        let mut errors = Vec::new();
        let moment = Moment { now_us: context.now_us, zone: time::zone(Some(context.zone)) };
        let mut test = None;
        if let Some(condition) = &spec.condition {
            test = compile::compile(table, condition, &moment, reads, &mut errors);
        }
        let mut program = None;
        if let Some(text) = &spec.filter
            && !text.trim().is_empty()
        {
            program = filter::compile(table, text, reads, &mut errors);
        }
        let search =
            spec.search.as_deref().map(|text| collate::fold(text.trim())).filter(|text| !text.is_empty());
        if search.is_some() {
            reads.all = true;
            let linked = table.fields.iter().filter(|field| field.linked().is_some());
            reads.links.extend(linked.map(|field| field.no));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut made = Self {
            table: spec.table,
            test,
            search,
            unsearched: spec.unsearched.clone(),
            filter: None,
            volatility: program
                .as_ref()
                .map_or(Volatility::Pure, Program::volatility)
                .max(condition_volatility(spec)),
            now_us: context.now_us,
            zone: moment.zone,
        };
        if let Some(program) = program {
            let mut lowered = lower::lower(table, &program, &made.eval_context());
            lowered.tests.extend(made.test.take());
            made.test = Some(Test::All(lowered.tests));
            made.filter = (!lowered.is_exact).then_some(program);
        }
        Ok(made)
    }

    /// Whether a row costs nanoseconds, so that looking at 64 neighbours together pays.
    pub(crate) fn is_cheap(&self) -> bool {
        self.search.is_none() && self.filter.is_none() && self.test.as_ref().is_none_or(Test::is_cheap)
    }

    /// The values of a field beyond which no row is kept; None if nothing is known.
    pub(crate) fn range(&self, field: FieldNo) -> Option<Range> {
        let mut range = Range {
            numbers: (f64::NEG_INFINITY, f64::INFINITY),
            moments: (i64::MIN, i64::MAX),
            is_bound: false,
        };
        self.test.as_ref()?.narrow(field, &mut range);
        range.is_bound.then_some(range)
    }

    /// Whether every row is kept.
    pub(crate) fn is_everything(&self) -> bool {
        self.test.is_none() && self.search.is_none() && self.filter.is_none()
    }

    /// How long the answer holds without a change.
    pub(crate) fn volatility(&self) -> Volatility {
        self.volatility
    }

    /// The day for which `TODAY()` was taken.
    pub(crate) fn day(&self) -> Option<i32> {
        time::day_in(self.now_us, &self.zone)
    }

    /// What the filter's evaluation needs.
    pub(crate) fn eval_context(&self) -> EvalContext {
        EvalContext::new(self.now_us, self.zone.clone())
    }
}

/// Bounds of a field's values that may be kept, both ends included. Values other than numbers and moments are not in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) numbers: (f64, f64),
    /// Days or microseconds.
    pub(crate) moments: (i64, i64),
    is_bound: bool,
}

/// Runs a selection over rows, with buffers that are used again.
pub(crate) struct Matcher<'a> {
    base: &'a Base,
    table: &'a Table,
    rows: &'a Rows,
    selection: &'a Selection,
    bound: Bound<'a>,
    evaluator: Option<Evaluator<'a>>,
    text: String,
}

impl<'a> Matcher<'a> {
    /// None if the table is gone.
    pub(crate) fn new(base: &'a Base, selection: &'a Selection, context: &'a EvalContext) -> Option<Self> {
        let (table, rows) = base.table_and_rows(selection.table)?;
        let bound = selection.test.as_ref().map_or(Bound::Always, |test| Bound::new(base, table, rows, test));
        let evaluator = selection.filter.as_ref().map(|program| Evaluator::new(program, context));
        Some(Self { base, table, rows, selection, bound, evaluator, text: String::new() })
    }

    /// Whether the row in this slot is kept.
    pub(crate) fn keeps(&mut self, slot: Slot) -> bool {
        self.bound.holds(slot) && self.searched(slot) && self.filtered(slot)
    }

    /// Which of 64 slots hold a row that is kept; bit `i` for slot `64 · word + i`.
    pub(crate) fn mask(&mut self, word: usize) -> u64 {
        let mask = self.bound.mask(word, self.rows.live_mask(word));
        if self.selection.search.is_none() && self.evaluator.is_none() {
            return mask;
        }
        let mut kept = 0;
        for slot in slots(word, mask) {
            kept |= u64::from(self.searched(slot) && self.filtered(slot)) << (slot.0 % 64);
        }
        kept
    }

    fn filtered(&mut self, slot: Slot) -> bool {
        let (base, table, rows) = (self.base, self.table, self.rows);
        self.evaluator
            .as_mut()
            .is_none_or(|evaluator| evaluator.matches(&filter::Cells { base, table, rows, slot }))
    }

    fn searched(&mut self, slot: Slot) -> bool {
        let Some(needle) = &self.selection.search else { return true };
        let unsearched = &self.selection.unsearched;
        let mut fields = self.table.fields.iter().filter(|field| !unsearched.contains(&field.no));
        fields.any(|field| match self.rows.value(field.no, slot) {
            ValueRef::Empty | ValueRef::True => false,
            ValueRef::Text(text) => collate::contains(text, needle),
            _ => {
                self.text.clear();
                self.base.push_text(field, self.rows, slot, &mut self.text);
                collate::contains(&self.text, needle)
            }
        })
    }
}
