//! Running a program, for one row or for a column of rows. One kernel per function serves both ways; both run every
//! step, also of a branch that is not chosen: errors are values, so that is always safe.
//!
//! Steps that depend on no field are run once ([`Evaluator::new`], or once for a whole column).

use crate::check::{FieldKey, Op, Program};
use crate::column::{Column, ColumnBuilder, ColumnData};
use crate::functions::{self, Call};
use crate::time;
use crate::types::{Conversion, Type};
use crate::value::{CellError, ErrorKind, Value};
use jiff::tz::TimeZone;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One record's cells.
pub trait Row {
    /// The field's value, of the type that the scope declares, or blank.
    fn get(&self, field: FieldKey) -> Value;
}

/// Many records' cells.
pub trait Columns {
    /// Number of rows.
    fn len(&self) -> usize;
    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The field's values, [`Columns::len`] of them, of the type that the scope declares.
    fn column(&self, field: FieldKey) -> Column;
}

/// What a program may know besides its row.
#[derive(Debug)]
pub struct EvalContext {
    /// Now, in microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// What it may cost.
    pub budget: Budget,
}

impl EvalContext {
    /// With the default budget.
    #[must_use]
    pub fn new(now: i64, zone: TimeZone) -> Self {
        Self { now, zone, budget: Budget::default() }
    }
}

/// What remains to be spent; shared by all programs that run with the same context. When it is used up, results are
/// `ErrorKind::Budget`.
#[derive(Debug)]
pub struct Budget {
    steps: AtomicU64,
    bytes: AtomicU64,
}

impl Budget {
    /// `steps`: one for each node and row. `bytes`: of text that columns keep.
    #[must_use]
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: AtomicU64::new(steps), bytes: AtomicU64::new(bytes) }
    }
    fn spend(&self, steps: usize) -> bool {
        take(&self.steps, steps)
    }
    fn keep(&self, bytes: usize) -> bool {
        take(&self.bytes, bytes)
    }
}

/// 1,000,000,000 steps and 256 MiB.
impl Default for Budget {
    fn default() -> Self {
        Self::new(1_000_000_000, 256 << 20)
    }
}

fn take(from: &AtomicU64, amount: usize) -> bool {
    let amount = amount as u64;
    if from.load(Relaxed) < amount {
        from.store(0, Relaxed);
        return false;
    }
    // Two threads may both pass the check; the budget then ends at 0, not far below it.
    let _ = from.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(amount)));
    true
}

/// Runs a program for one row after another with one allocation of slots.
#[derive(Debug)]
pub struct Evaluator<'a> {
    program: &'a Program,
    ctx: &'a EvalContext,
    /// One value for each node; those of constant nodes stay.
    slots: Vec<Value>,
    /// Nodes that have to run for each row, in order.
    steps: Vec<u32>,
}

impl<'a> Evaluator<'a> {
    /// Runs what no field takes part in.
    #[must_use]
    pub fn new(program: &'a Program, ctx: &'a EvalContext) -> Self {
        let mut this =
            Self { program, ctx, slots: Vec::with_capacity(program.nodes().len()), steps: Vec::new() };
        let mut constant = Vec::with_capacity(program.nodes().len());
        for (index, node) in program.nodes().iter().enumerate() {
            let is_constant = match &node.op {
                Op::Const(_) => true,
                Op::Field(_) => false,
                Op::Convert(_, arg) => constant[*arg as usize],
                Op::Call(_, args) => program.args(args).iter().all(|arg| constant[*arg as usize]),
            };
            constant.push(is_constant);
            if is_constant {
                let value = this.step(index, &Nothing);
                this.slots.push(value);
            } else {
                this.slots.push(Value::Null);
                this.steps.push(node_number(index));
            }
        }
        this
    }

    /// The value for a row.
    pub fn row(&mut self, row: &dyn Row) -> Value {
        self.run(row);
        self.slots.last_mut().map_or(Value::Null, |slot| {
            if self.steps.is_empty() { slot.clone() } else { std::mem::take(slot) }
        })
    }

    /// Whether a filter keeps the row: its value is `TRUE`. Blank and errors are not.
    pub fn matches(&mut self, row: &dyn Row) -> bool {
        self.run(row);
        matches!(self.slots.last(), Some(Value::Bool(true)))
    }

    fn run(&mut self, row: &dyn Row) {
        if !self.ctx.budget.spend(self.steps.len()) {
            let error =
                CellError { kind: ErrorKind::Budget, node: node_number(self.slots.len().saturating_sub(1)) };
            if let Some(slot) = self.slots.last_mut() {
                *slot = Value::Error(error);
            }
            return;
        }
        for at in 0..self.steps.len() {
            let index = self.steps[at] as usize;
            self.slots[index] = self.step(index, row);
        }
    }

    fn step(&self, index: usize, row: &dyn Row) -> Value {
        let node = &self.program.nodes()[index];
        let number = node_number(index);
        match &node.op {
            Op::Const(value) => value.clone(),
            Op::Field(field) => conform(row.get(*field), node.ty, number),
            Op::Convert(how, arg) => convert(&self.slots[*arg as usize], *how, self.ctx, number),
            Op::Call(def, args) => {
                let call = Call::new(&self.slots, self.program.args(args), self.ctx);
                functions::apply(def, &call, number)
            }
        }
    }
}

/// A row without cells: constant steps never ask it.
struct Nothing;
impl Row for Nothing {
    fn get(&self, _: FieldKey) -> Value {
        Value::Null
    }
}

/// The value for one row. For many rows keep an [`Evaluator`].
#[must_use]
pub fn eval_row(program: &Program, row: &dyn Row, ctx: &EvalContext) -> Value {
    Evaluator::new(program, ctx).row(row)
}

/// The values for all rows.
#[must_use]
pub fn eval_column(program: &Program, columns: &dyn Columns, ctx: &EvalContext) -> Column {
    let len = columns.len();
    // Each node has one user, which takes its column: columns live no longer than they are needed.
    let mut slots: Vec<Option<Column>> = Vec::with_capacity(program.nodes().len());
    for (index, node) in program.nodes().iter().enumerate() {
        let number = node_number(index);
        let args: Vec<Column> = match &node.op {
            Op::Const(_) | Op::Field(_) => Vec::new(),
            Op::Convert(_, arg) => slots[*arg as usize].take().into_iter().collect(),
            Op::Call(_, range) => {
                program.args(range).iter().filter_map(|arg| slots[*arg as usize].take()).collect()
            }
        };
        let column = match &node.op {
            Op::Const(value) => Column::constant(value.clone(), len),
            Op::Field(field) => conform_column(columns.column(*field), node.ty, len, number),
            Op::Convert(how, _) => {
                lift(&args, node.ty, len, number, ctx, |values, _| convert(&values[0], *how, ctx, number))
            }
            Op::Call(def, _) => lift(&args, node.ty, len, number, ctx, |values, index| {
                functions::apply(def, &Call::new(values, index, ctx), number)
            }),
        };
        slots.push(Some(column));
    }
    slots.pop().flatten().unwrap_or_else(|| Column::constant(Value::Null, len))
}

/// Runs a scalar kernel over columns: once if all are constant, else for each row.
fn lift(
    args: &[Column],
    ty: Type,
    len: usize,
    node: u32,
    ctx: &EvalContext,
    kernel: impl Fn(&[Value], &[u32]) -> Value,
) -> Column {
    let index: Vec<u32> = (0..args.len()).map(node_number).collect();
    if args.iter().all(|arg| arg.as_const().is_some()) {
        let values: Vec<Value> = args.iter().filter_map(Column::as_const).cloned().collect();
        return Column::constant(kernel(&values, &index), len);
    }
    let budget = CellError { kind: ErrorKind::Budget, node };
    if !ctx.budget.spend(len) {
        return Column::constant(Value::Error(budget), len);
    }
    let mut values: Vec<Value> = args.iter().map(|arg| arg.as_const().cloned().unwrap_or_default()).collect();
    let varying: Vec<usize> = (0..args.len()).filter(|at| args[*at].as_const().is_none()).collect();
    let mut out = ColumnBuilder::new(ty, len, node);
    for row in 0..len {
        for at in &varying {
            values[*at] = args[*at].get(row);
        }
        let value = kernel(&values, &index);
        let bytes = match &value {
            Value::Text(text) => text.len(),
            Value::List(items) => items.len() * size_of::<Value>(),
            _ => 0,
        };
        out.push(if bytes > 0 && !ctx.budget.keep(bytes) { Value::Error(budget) } else { value });
    }
    out.finish()
}

/// A field's value as the scope declares it, or an error of kind `Type`.
fn conform(value: Value, ty: Type, node: u32) -> Value {
    let fits = match (&value, ty) {
        (Value::Null | Value::Error(_), _) => true,
        (Value::Number(number), Type::Number | Type::Any) => number.is_finite(),
        (Value::List(items), Type::Links | Type::List | Type::Any) => {
            items.iter().all(|item| !matches!(item, Value::Error(_)))
        }
        (Value::Text(_), Type::Text | Type::Option)
        | (Value::Bool(_), Type::Bool)
        | (Value::Date(_), Type::Date)
        | (Value::DateTime(_), Type::DateTime)
        | (_, Type::Any) => true,
        _ => false,
    };
    if fits { value } else { Value::Error(CellError { kind: ErrorKind::Type, node }) }
}

fn conform_column(column: Column, ty: Type, len: usize, node: u32) -> Column {
    if column.len() != len {
        return Column::constant(Value::Error(CellError { kind: ErrorKind::Type, node }), len);
    }
    if let ColumnData::Const(value) = column.data() {
        return Column::constant(conform(value.clone(), ty, node), len);
    }
    if column.holds(ty) {
        return column;
    }
    let mut out = ColumnBuilder::new(ty, len, node);
    for row in 0..len {
        out.push(conform(column.get(row), ty, node));
    }
    out.finish()
}

/// Runs a conversion of the table. Blank stays blank, except that it is not true.
fn convert(value: &Value, how: Conversion, ctx: &EvalContext, node: u32) -> Value {
    let failed = |kind| Value::Error(CellError { kind, node });
    let result = match (how, value) {
        (_, Value::Error(_)) => return value.clone(),
        (Conversion::ToBool, _) => Ok(Value::Bool(value.is_true())),
        (_, Value::Null) => return Value::Null,

        (Conversion::ToText, Value::Text(_)) => return value.clone(),
        (Conversion::ToText, _) => functions::text_value(value.to_string()),

        (Conversion::ToNumber, Value::Number(_)) => return value.clone(),
        (Conversion::ToNumber, Value::Bool(value)) => Ok(Value::Number(f64::from(u8::from(*value)))),
        (Conversion::ToNumber, Value::Text(text)) => {
            functions::number::parse(text).map(Value::Number).ok_or(ErrorKind::Convert)
        }

        (Conversion::ToDate, Value::Date(_)) => return value.clone(),
        (Conversion::ToDate, Value::DateTime(micros)) => {
            time::local(*micros, &ctx.zone).map(|at| Value::Date(time::days(at.date())))
        }
        (Conversion::ToDate, Value::Text(text)) => match time::parse_date(text) {
            Some(days) => Ok(Value::Date(days)),
            None => time::parse_date_time(text, &ctx.zone)
                .ok_or(ErrorKind::Convert)
                .and_then(|micros| time::local(micros, &ctx.zone))
                .map(|at| Value::Date(time::days(at.date()))),
        },

        (Conversion::ToDateTime, Value::DateTime(_)) => return value.clone(),
        (Conversion::ToDateTime, Value::Date(days)) => time::midnight(*days, &ctx.zone).map(Value::DateTime),
        (Conversion::ToDateTime, Value::Text(text)) => {
            time::parse_date_time(text, &ctx.zone).map(Value::DateTime).ok_or(ErrorKind::Convert)
        }

        (Conversion::ToList, Value::List(_)) => return value.clone(),
        (Conversion::ToList, _) => Ok(Value::List(vec![value.clone()])),

        // Only a field of type `Any` gets here: a number that should be a date, a list that should be a number.
        (Conversion::ToNumber | Conversion::ToDate | Conversion::ToDateTime, _) => Err(ErrorKind::Convert),
    };
    result.unwrap_or_else(failed)
}

fn node_number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
