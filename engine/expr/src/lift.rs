//! Running a program column by column. Constants stay one value; numbers, dates and checkboxes run through typed loops
//! without a value for each row; everything else goes row by row through the same kernels as [`crate::Evaluator`].

use crate::check::{Op, Program};
use crate::column::{Column, ColumnBuilder, ColumnData, Nulls};
use crate::eval::{Columns, EvalContext, conform, convert, weight};
use crate::functions::{self, Call, FnDef, Kernel, Prepared, operators};
use crate::types::{Conversion, Type};
use crate::value::{CellError, ErrorKind, Value};
use std::cmp::Ordering;

/// The values for all rows.
#[must_use]
pub fn eval_column(program: &Program, columns: &dyn Columns, ctx: &EvalContext) -> Column {
    let len = columns.len();
    // Each node has one user, which takes its column: columns live no longer than they are needed.
    let mut slots: Vec<Option<Column>> = Vec::with_capacity(program.nodes().len());
    for (index, node) in program.nodes().iter().enumerate() {
        let at = Place { ty: node.ty, len, node: u32::try_from(index).unwrap_or(u32::MAX), ctx };
        let column = match &node.op {
            Op::Const(value) => Column::constant(value.clone(), len),
            Op::Field(field) => conform_column(columns.column(*field), &at),
            Op::Record(part) => conform_column(columns.record(part), &at),
            Op::Convert(how, arg) => {
                let arg: Vec<Column> = slots[*arg as usize].take().into_iter().collect();
                at.lift(&arg, |values, _| convert(&values[0], *how, ctx, at.node), || truth(*how, &arg, len))
            }
            Op::Call(def, range) => {
                let args: Vec<Column> =
                    program.args(range).iter().filter_map(|arg| slots[*arg as usize].take()).collect();
                let prepared: &[Option<Prepared>] = program.prepared(range);
                let kernel = |values: &[Value], index: &[u32]| {
                    functions::apply(def, &Call::new(values, index, prepared, ctx), at.node)
                };
                at.lift(&args, kernel, || typed(def, &args, &at))
            }
        };
        slots.push(Some(column));
    }
    slots.pop().flatten().unwrap_or_else(|| Column::constant(Value::Null, len))
}

/// Where a column is made.
struct Place<'a> {
    ty: Type,
    len: usize,
    node: u32,
    ctx: &'a EvalContext,
}

impl Place<'_> {
    /// Runs a scalar kernel over columns: once if all are constant; by a loop of its own if there is one; else for
    /// each row.
    fn lift(
        &self,
        args: &[Column],
        kernel: impl Fn(&[Value], &[u32]) -> Value,
        typed: impl FnOnce() -> Option<Column>,
    ) -> Column {
        let index: Vec<u32> = (0..u32::try_from(args.len()).unwrap_or(u32::MAX)).collect();
        if args.iter().all(|arg| arg.as_const().is_some()) {
            let values: Vec<Value> = args.iter().filter_map(Column::as_const).cloned().collect();
            return Column::constant(kernel(&values, &index), self.len);
        }
        let budget = CellError { kind: ErrorKind::Budget, node: self.node };
        if !self.ctx.budget.spend(self.len) {
            return Column::constant(Value::Error(budget), self.len);
        }
        if let Some(column) = typed() {
            return column;
        }
        let mut values: Vec<Value> =
            args.iter().map(|arg| arg.as_const().cloned().unwrap_or_default()).collect();
        let varying: Vec<usize> = (0..args.len()).filter(|at| args[*at].as_const().is_none()).collect();
        let mut out = ColumnBuilder::new(self.ty, self.len, self.node);
        for row in 0..self.len {
            for at in &varying {
                values[*at] = args[*at].get(row);
            }
            let value = kernel(&values, &index);
            let bytes = weight(&value);
            out.push(if bytes > 0 && !self.ctx.budget.keep(bytes) { Value::Error(budget) } else { value });
        }
        out.finish()
    }
}

fn conform_column(column: Column, at: &Place<'_>) -> Column {
    if column.len() != at.len {
        return Column::constant(Value::Error(CellError { kind: ErrorKind::Type, node: at.node }), at.len);
    }
    if let ColumnData::Const(value) = column.data() {
        return Column::constant(conform(value.clone(), at.ty, at.node), at.len);
    }
    if column.holds(at.ty) {
        return column;
    }
    let mut out = ColumnBuilder::new(at.ty, at.len, at.node);
    for row in 0..at.len {
        out.push(conform(column.get(row), at.ty, at.node));
    }
    out.finish()
}

/// The loop of a call, if its kernel and its columns have one: no column has errors, and the types are plain.
fn typed(def: &FnDef, args: &[Column], at: &Place<'_>) -> Option<Column> {
    if args.iter().any(|arg| !arg.errors().is_empty()) {
        return None;
    }
    match (def.kernel, args) {
        (Kernel::Number1(kernel), [a]) => numbers(a, a, at, |a, _| kernel(a)),
        (Kernel::Number2(kernel), [a, b]) => numbers(a, b, at, kernel),
        (Kernel::Arithmetic(op), [a, b]) => match op {
            // A closure of its own for each: the loop knows its operation.
            operators::Arithmetic::Add => numbers(a, b, at, |a, b| Ok(a + b)),
            operators::Arithmetic::Subtract => numbers(a, b, at, |a, b| Ok(a - b)),
            operators::Arithmetic::Multiply => numbers(a, b, at, |a, b| Ok(a * b)),
            operators::Arithmetic::Divide => numbers(a, b, at, operators::divide),
        },
        (Kernel::Compare(kernel), [a, b]) => compared(a, b, at.len, kernel),
        (Kernel::Equal { negated }, [a, b]) => equal(a, b, at.len, negated),
        (Kernel::Lazy(_), args) => match def.name {
            "AND" => logic(args, at.len, false),
            "OR" => logic(args, at.len, true),
            "IF" => chosen(args, at),
            _ => None,
        },
        _ => None,
    }
}

/// One side of a loop: one value for all rows, or one for each.
#[derive(Clone, Copy)]
enum Side<'a, T> {
    One(T),
    Many(&'a [T]),
}

impl<T: Copy> Side<'_, T> {
    #[inline]
    fn at(&self, row: usize) -> T {
        match self {
            Self::One(value) => *value,
            Self::Many(values) => values[row],
        }
    }
}

macro_rules! sides {
    ($($name:ident: $variant:ident($ty:ty);)*) => {$(
        fn $name(column: &Column) -> Option<Side<'_, $ty>> {
            match column.data() {
                ColumnData::$variant(values) => Some(Side::Many(values)),
                ColumnData::Const(Value::$variant(value)) => Some(Side::One(*value)),
                _ => None,
            }
        }
    )*};
}

sides! {
    number_side: Number(f64);
    bool_side: Bool(bool);
    date_side: Date(i32);
    instant_side: DateTime(i64);
}

#[inline]
fn numbers(
    a: &Column,
    b: &Column,
    at: &Place<'_>,
    kernel: impl Fn(f64, f64) -> Result<f64, ErrorKind>,
) -> Option<Column> {
    let (left, right) = (number_side(a)?, number_side(b)?);
    let nulls = a.nulls().or(b.nulls());
    let mut out = Vec::with_capacity(at.len);
    let mut errors = Vec::new();
    let mut run = |row: usize, a: f64, b: f64| match kernel(a, b) {
        Ok(number) if number.is_finite() => out.push(number + 0.0),
        failed => {
            out.push(0.0);
            if !nulls.is_null(row) {
                let kind = failed.err().unwrap_or(ErrorKind::OutOfRange);
                errors.push((u32::try_from(row).unwrap_or(u32::MAX), CellError { kind, node: at.node }));
            }
        }
    };
    match (left, right) {
        (Side::Many(a), Side::Many(b)) => {
            a.iter().zip(b).enumerate().for_each(|(row, (a, b))| run(row, *a, *b))
        }
        (Side::Many(a), Side::One(b)) => a.iter().enumerate().for_each(|(row, a)| run(row, *a, b)),
        (Side::One(a), Side::Many(b)) => b.iter().enumerate().for_each(|(row, b)| run(row, a, *b)),
        (Side::One(_), Side::One(_)) => return None,
    }
    Some(Column::of(ColumnData::Number(out), nulls, errors, at.len))
}

fn bools(len: usize, nulls: Nulls, test: impl FnMut(usize) -> bool) -> Column {
    Column::of(ColumnData::Bool((0..len).map(test).collect()), nulls, Vec::new(), len)
}

/// Comparison of two columns of one kind; FALSE where a side is blank.
fn compared(a: &Column, b: &Column, len: usize, kernel: fn(Ordering) -> bool) -> Option<Column> {
    let nulls = a.nulls().or(b.nulls());
    let full = |row| !nulls.is_null(row);
    if let (Some(a), Some(b)) = (number_side(a), number_side(b)) {
        let test = |row| a.at(row).partial_cmp(&b.at(row)).is_some_and(kernel) && full(row);
        return Some(bools(len, Nulls::none(), test));
    }
    if let (Some(a), Some(b)) = (date_side(a), date_side(b)) {
        return Some(bools(len, Nulls::none(), |row| kernel(a.at(row).cmp(&b.at(row))) && full(row)));
    }
    if let (Some(a), Some(b)) = (instant_side(a), instant_side(b)) {
        return Some(bools(len, Nulls::none(), |row| kernel(a.at(row).cmp(&b.at(row))) && full(row)));
    }
    None
}

/// Equality of two columns of one kind. Blank equals blank and, for checkboxes, FALSE.
fn equal(a: &Column, b: &Column, len: usize, negated: bool) -> Option<Column> {
    let (a_null, b_null) = (a.nulls(), b.nulls());
    if let (Some(a), Some(b)) = (number_side(a), number_side(b)) {
        let same = |row| match (a_null.is_null(row), b_null.is_null(row)) {
            (false, false) => a.at(row) == b.at(row),
            (a, b) => a && b,
        };
        return Some(bools(len, Nulls::none(), |row| same(row) != negated));
    }
    if let (Some(a), Some(b)) = (bool_side(a), bool_side(b)) {
        let same = |row| (a.at(row) && !a_null.is_null(row)) == (b.at(row) && !b_null.is_null(row));
        return Some(bools(len, Nulls::none(), |row| same(row) != negated));
    }
    if let (ColumnData::Text(texts), ColumnData::Const(Value::Text(other))) = (a.data(), b.data()) {
        let same = |row: usize| if a_null.is_null(row) { other.is_empty() } else { texts[row] == *other };
        return Some(bools(len, Nulls::none(), |row| same(row) != negated));
    }
    None
}

/// AND (`stop` is FALSE) and OR of columns without errors; blank is not true.
fn logic(args: &[Column], len: usize, stop: bool) -> Option<Column> {
    let mut out = vec![!stop; len];
    for arg in args {
        let side = bool_side(arg)?;
        for (row, out) in out.iter_mut().enumerate() {
            let value = side.at(row) && !arg.nulls().is_null(row);
            if value == stop {
                *out = stop;
            }
        }
    }
    Some(Column::of(ColumnData::Bool(out), Nulls::none(), Vec::new(), len))
}

/// IF, where the condition has no errors and both branches are numbers.
fn chosen(args: &[Column], at: &Place<'_>) -> Option<Column> {
    let [condition, yes, no] = args else { return None };
    let test = bool_side(condition)?;
    let number = |column: &Column| match column.as_const() {
        Some(Value::Null) => Some((0.0, true)),
        Some(Value::Number(number)) => Some((*number, false)),
        _ => None,
    };
    let fixed = (number(yes), number(no));
    let (yes_side, no_side) = (
        fixed.0.map_or_else(|| number_side(yes), |(number, _)| Some(Side::One(number)))?,
        fixed.1.map_or_else(|| number_side(no), |(number, _)| Some(Side::One(number)))?,
    );
    let is_null = |column: &Column, fixed: Option<(f64, bool)>, row| {
        fixed.map_or_else(|| column.nulls().is_null(row), |(_, null)| null)
    };
    let mut nulls = Nulls::none();
    let out = (0..at.len)
        .map(|row| {
            let holds = test.at(row) && !condition.nulls().is_null(row);
            let (side, null) = if holds {
                (&yes_side, is_null(yes, fixed.0, row))
            } else {
                (&no_side, is_null(no, fixed.1, row))
            };
            if null {
                nulls.set(row);
            }
            side.at(row)
        })
        .collect();
    Some(Column::of(ColumnData::Number(out), nulls, Vec::new(), at.len))
}

/// The truth of a column of numbers or checkboxes.
fn truth(how: Conversion, args: &[Column], len: usize) -> Option<Column> {
    let [arg] = args else { return None };
    if how != Conversion::ToBool || !arg.errors().is_empty() {
        return None;
    }
    match arg.data() {
        ColumnData::Number(v) => {
            Some(bools(len, Nulls::none(), |row| v[row] != 0.0 && !arg.nulls().is_null(row)))
        }
        ColumnData::Bool(v) => Some(bools(len, Nulls::none(), |row| v[row] && !arg.nulls().is_null(row))),
        _ => None,
    }
}
