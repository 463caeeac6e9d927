//! Running a program for one row after another: one slot for each node, what depends on no field is calculated once,
//! what a condition leaves out is skipped, and a comparison of a field with a constant looks at the cell where it is.
//! Column by column ([`crate::eval_column`]) gives the same values.

use crate::check::{FieldKey, Op, Program, RecordPart};
use crate::eval::{Cell, EvalContext, MAX_ROW_BYTES, Row, conform, convert, weight};
use crate::functions::{self, Call, FnDef, Kernel};
use crate::types::Type;
use crate::value::{CellError, ErrorKind, Value};
use std::cmp::Ordering;
use std::ops::Range;

/// Steps that are taken from the budget at once: an evaluator touches it once in many rows.
const CREDIT: usize = 4_096;
/// Text costs one more step for so many bytes.
const BYTES_A_STEP: usize = 64;

/// What a step of a row does.
#[derive(Debug)]
enum Action<'a> {
    /// The node's own operation.
    Node,
    /// A test of a field against a constant, without a slot for either.
    Test { field: FieldKey, ty: Type, test: Test<'a> },
}

/// Tests that need no value of their own.
#[derive(Clone, Copy, Debug)]
enum Test<'a> {
    Text(fn(&str, &str) -> bool, &'a str),
    /// Equality with a text; negated if the flag is set.
    SameText(&'a str, bool),
    OrderNumber(fn(Ordering) -> bool, f64),
    SameNumber(f64, bool),
    OrderDate(fn(Ordering) -> bool, i32),
    OrderDateTime(fn(Ordering) -> bool, i64),
}

/// Where a row goes on behind a step.
#[derive(Clone, Copy, Debug)]
enum After {
    Next,
    /// To this step unless the value is TRUE.
    UnlessTrue(u32),
    /// To this step unless the value is FALSE or blank.
    UnlessFalse(u32),
    To(u32),
}

#[derive(Debug)]
struct Step<'a> {
    node: u32,
    action: Action<'a>,
    after: After,
    /// Its value may be a text or a list that was not there before.
    makes: bool,
}

/// Runs a program for one row after another with one allocation of slots.
#[derive(Debug)]
pub struct Evaluator<'a> {
    program: &'a Program,
    ctx: &'a EvalContext,
    /// One value for each node; those of constant nodes stay.
    slots: Vec<Value>,
    /// Whether a node depends on the row.
    varying: Vec<bool>,
    /// Nodes that have to run for each row, in order.
    steps: Vec<Step<'a>>,
    /// Steps that are paid for and not used yet.
    credit: usize,
}

impl<'a> Evaluator<'a> {
    /// Runs what no field takes part in.
    #[must_use]
    pub fn new(program: &'a Program, ctx: &'a EvalContext) -> Self {
        let count = program.nodes().len();
        let mut this = Self {
            program,
            ctx,
            slots: vec![Value::Null; count],
            varying: Vec::new(),
            steps: Vec::new(),
            credit: 0,
        };
        let mut varying = vec![false; count];
        let mut bytes = 0;
        for (index, node) in program.nodes().iter().enumerate() {
            varying[index] = match &node.op {
                Op::Const(_) => false,
                Op::Field(_) | Op::Record(_) => true,
                Op::Convert(_, arg) => varying[*arg as usize],
                Op::Call(_, args) => program.args(args).iter().any(|arg| varying[*arg as usize]),
            };
            if !varying[index] {
                let value = this.node(index, &Nothing);
                bytes += weight(&value);
                this.slots[index] = if bytes > MAX_ROW_BYTES { exhausted(index) } else { value };
            }
        }
        this.plan(&varying);
        this.varying = varying;
        this
    }

    /// Makes the steps of a row.
    fn plan(&mut self, varying: &[bool]) {
        let program = self.program;
        let mut fused = vec![None; varying.len()];
        let mut left_out = vec![false; varying.len()];
        for (index, node) in program.nodes().iter().enumerate() {
            let Op::Call(def, args) = &node.op else { continue };
            let [a, b] = program.args(args) else { continue };
            let (a, b) = (*a as usize, *b as usize);
            if let (Op::Field(field), Op::Const(value)) = (&program.nodes()[a].op, &program.nodes()[b].op) {
                let ty = program.nodes()[a].ty;
                if let Some(test) = test(def, ty, value) {
                    fused[index] = Some((*field, ty, test));
                    left_out[a] = true;
                }
            }
        }
        let mut place = vec![0_u32; varying.len() + 1];
        for index in 0..varying.len() {
            place[index] = number(self.steps.len());
            if varying[index] && !left_out[index] {
                let action = match fused[index] {
                    Some((field, ty, test)) => Action::Test { field, ty, test },
                    None => Action::Node,
                };
                let makes = match &program.nodes()[index].op {
                    Op::Call(def, _) => !matches!(def.kernel, Kernel::Lazy(_)),
                    op => matches!(op, Op::Convert(..)),
                };
                self.steps.push(Step { node: number(index), action, after: After::Next, makes });
            }
        }
        // Each node has one parent, so no step gets two jumps.
        for (index, node) in program.nodes().iter().enumerate() {
            if let Op::Call(def, args) = &node.op {
                self.jumps(def, program.args(args), index, varying, &place);
            }
        }
    }

    /// Lets conditions skip what they leave out.
    fn jumps(&mut self, def: &FnDef, args: &[u32], index: usize, varying: &[bool], place: &[u32]) {
        let end = place[index];
        // The first step of an argument's subtree: subtrees follow one another, the first begins where it begins.
        let begin = |at: usize| args.get(at - 1).map_or(end, |before| place[*before as usize + 1]);
        let mut set = |at: usize, after: After| {
            let Some(arg) = args.get(at).filter(|arg| varying[**arg as usize]) else { return };
            if let Some(step) = self.steps.get_mut(place[*arg as usize] as usize) {
                step.after = after;
            }
        };
        match def.name {
            "AND" => (0..args.len().saturating_sub(1)).for_each(|at| set(at, After::UnlessTrue(end))),
            "OR" => (0..args.len().saturating_sub(1)).for_each(|at| set(at, After::UnlessFalse(end))),
            // A condition that is the same for all rows has no step that could jump over the first branch.
            "IF" if args.first().is_some_and(|condition| varying[*condition as usize]) => {
                set(0, After::UnlessTrue(begin(2)));
                set(1, After::To(end));
            }
            _ => {}
        }
    }

    /// The value of a node that depends on no field; such values are calculated once.
    #[must_use]
    pub fn constant(&self, node: u32) -> Option<&Value> {
        let at = node as usize;
        if *self.varying.get(at)? { None } else { self.slots.get(at) }
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
        let (mut at, mut bytes) = (0, 0);
        while let Some(step) = self.steps.get(at) {
            let index = step.node as usize;
            if self.credit == 0 {
                self.credit = self.ctx.budget.reserve(CREDIT);
                if self.credit == 0 {
                    return self.give_up();
                }
            }
            self.credit -= 1;
            let value = match &step.action {
                Action::Test { field, ty, test } => self.test(row, *field, *ty, *test, index),
                Action::Node => self.node(index, row),
            };
            at = match (step.after, &value) {
                (After::UnlessTrue(_), Value::Bool(true))
                | (After::UnlessFalse(_), Value::Bool(false) | Value::Null)
                | (After::Next, _) => at + 1,
                (After::UnlessTrue(to) | After::UnlessFalse(to) | After::To(to), _) => to as usize,
            };
            let made = if step.makes { weight(&value) } else { 0 };
            if made > 0 {
                bytes += made;
                self.credit = self.credit.saturating_sub(made / BYTES_A_STEP);
                if bytes > MAX_ROW_BYTES {
                    return self.give_up();
                }
            }
            self.slots[index] = value;
        }
    }

    fn give_up(&mut self) {
        let last = self.slots.len().saturating_sub(1);
        let error = exhausted(last);
        if let Some(slot) = self.slots.last_mut() {
            *slot = error;
        }
    }

    #[inline]
    fn node(&self, index: usize, row: &dyn Row) -> Value {
        let node = &self.program.nodes()[index];
        let at = number(index);
        match &node.op {
            Op::Const(value) => value.clone(),
            Op::Field(field) => conform(row.get(*field), node.ty, at),
            Op::Record(part) => conform(row.record(part), node.ty, at),
            Op::Convert(how, arg) => convert(&self.slots[*arg as usize], *how, self.ctx, at),
            Op::Call(def, args) => self.call(def, args, at),
        }
    }

    fn call(&self, def: &FnDef, args: &Range<u32>, node: u32) -> Value {
        let program = self.program;
        let call = Call::new(&self.slots, program.args(args), program.prepared(args), self.ctx);
        functions::apply(def, &call, node)
    }

    #[inline]
    fn test(&self, row: &dyn Row, field: FieldKey, ty: Type, test: Test<'a>, index: usize) -> Value {
        let answer = match (row.cell(field), test) {
            (Cell::Text(text), Test::Text(kernel, other)) => kernel(text, other),
            (Cell::Null, Test::Text(kernel, other)) => kernel("", other),
            (Cell::Text(text), Test::SameText(other, negated)) => (text == other) != negated,
            (Cell::Null, Test::SameText(other, negated)) => other.is_empty() != negated,
            (Cell::Number(number), Test::SameNumber(other, negated)) => (number == other) != negated,
            (Cell::Null, Test::SameNumber(_, negated)) => negated,
            (Cell::Number(number), Test::OrderNumber(kernel, other)) => {
                number.partial_cmp(&other).is_some_and(kernel)
            }
            (Cell::Date(days), Test::OrderDate(kernel, other)) => kernel(days.cmp(&other)),
            (Cell::DateTime(micros), Test::OrderDateTime(kernel, other)) => kernel(micros.cmp(&other)),
            (Cell::Null, _) => false,
            (Cell::Value(value), _) => return self.tested(value, ty, index),
            // A cell of another type than the scope declares.
            _ => return self.tested(row.get(field), ty, index),
        };
        Value::Bool(answer)
    }

    /// The slow way of a test: the field's value in a list of its own, beside the constant.
    fn tested(&self, value: Value, ty: Type, index: usize) -> Value {
        let Op::Call(def, args) = &self.program.nodes()[index].op else { return Value::Null };
        let [field, constant] = self.program.args(args) else { return Value::Null };
        let values = [conform(value, ty, *field), self.slots[*constant as usize].clone()];
        functions::apply(
            def,
            &Call::new(&values, &[0, 1], self.program.prepared(args), self.ctx),
            number(index),
        )
    }
}

/// Gives back what was paid for and not used.
impl Drop for Evaluator<'_> {
    fn drop(&mut self) {
        self.ctx.budget.refund(self.credit);
    }
}

/// The test that a call of a field and a constant is, if it is one.
fn test<'a>(def: &FnDef, ty: Type, value: &'a Value) -> Option<Test<'a>> {
    Some(match (def.kernel, ty, value) {
        (Kernel::TextTest(kernel), Type::Text | Type::Option, Value::Text(text)) => Test::Text(kernel, text),
        (Kernel::Equal { negated }, Type::Text | Type::Option, Value::Text(text)) => {
            Test::SameText(text, negated)
        }
        (Kernel::Equal { negated }, Type::Number, Value::Number(number)) => {
            Test::SameNumber(*number, negated)
        }
        (Kernel::Compare(kernel), Type::Number, Value::Number(number)) => Test::OrderNumber(kernel, *number),
        (Kernel::Compare(kernel), Type::Date, Value::Date(days)) => Test::OrderDate(kernel, *days),
        (Kernel::Compare(kernel), Type::DateTime, Value::DateTime(micros)) => {
            Test::OrderDateTime(kernel, *micros)
        }
        _ => return None,
    })
}

/// A row without cells: constant steps never ask it.
struct Nothing;
impl Row for Nothing {
    fn get(&self, _: FieldKey) -> Value {
        Value::Null
    }
    fn record(&self, _: &RecordPart) -> Value {
        Value::Null
    }
}

/// The value for one row. For many rows keep an [`Evaluator`].
#[must_use]
pub fn eval_row(program: &Program, row: &dyn Row, ctx: &EvalContext) -> Value {
    Evaluator::new(program, ctx).row(row)
}

fn exhausted(index: usize) -> Value {
    Value::Error(CellError { kind: ErrorKind::Budget, node: number(index) })
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
