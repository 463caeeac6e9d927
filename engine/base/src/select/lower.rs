//! From a filter in the expression language to tests of columns, as far as they say the same.
//!
//! What becomes a test: AND, OR, NOT over comparisons of a field with a constant, `IS_BLANK`, `CONTAINS`, `STARTS_WITH`, bare
//! checkboxes, numbers as conditions. None of these can fail, so two-valued logic is exact. Everything else stays with the
//! evaluator; of a conjunction those parts that are tests go ahead of it. Property test: test = evaluator, row by row.

use super::test::{Test, TextTest};
use crate::collate;
use crate::ids::FieldNo;
use crate::schema::{Storage, Table};
use engine_expr::{Conversion, EvalContext, Evaluator, Family, Op, Program, Value};

/// Deepest nesting that is lowered; deeper ones are left to the evaluator, which does not recurse.
const MAX_DEPTH: usize = 64;

/// What became of a filter.
pub(super) struct Lowered {
    /// Every row that the filter keeps passes them all.
    pub(super) tests: Vec<Test>,
    /// Whether every row that passes is kept.
    pub(super) is_exact: bool,
}

pub(super) fn lower(table: &Table, program: &Program, context: &EvalContext) -> Lowered {
    let lowering = Lowering { table, program, constants: Evaluator::new(program, context) };
    let mut lowered = Lowered { tests: Vec::new(), is_exact: true };
    if let Some(root) = program.nodes().len().checked_sub(1) {
        lowering.conjuncts(root as u32, 0, &mut lowered);
    }
    lowered
}

struct Lowering<'a> {
    table: &'a Table,
    program: &'a Program,
    constants: Evaluator<'a>,
}

fn not(test: Test) -> Test {
    Test::Not(Box::new(test))
}

impl Lowering<'_> {
    /// A conjunction keeps a row exactly if each of its parts is true: an error or a blank is not.
    fn conjuncts(&self, node: u32, depth: usize, lowered: &mut Lowered) {
        if depth < MAX_DEPTH
            && let Some((Family::Logic, "AND", args)) = self.call(node)
        {
            return args.iter().for_each(|arg| self.conjuncts(*arg, depth + 1, lowered));
        }
        match self.truth(node, 0) {
            Some(test) => lowered.tests.push(test),
            None => lowered.is_exact = false,
        }
    }

    fn call(&self, node: u32) -> Option<(Family, &'static str, &[u32])> {
        match &self.program.nodes().get(node as usize)?.op {
            Op::Call(def, args) => Some((def.family, def.name, self.program.args(args))),
            _ => None,
        }
    }

    fn field(&self, node: u32) -> Option<(FieldNo, Storage)> {
        match self.program.nodes().get(node as usize)?.op {
            // A computed field may hold an error, which no test of a column knows.
            Op::Field(key) => {
                let field = self.table.field(FieldNo(key)).filter(|field| field.outcome.is_none());
                field.map(|field| (field.no, field.storage()))
            }
            _ => None,
        }
    }

    /// The test that holds exactly when the node's value is true; None if there is none.
    fn truth(&self, node: u32, depth: usize) -> Option<Test> {
        if let Some(value) = self.constants.constant(node) {
            return match value {
                Value::Error(_) => None,
                value => Some(if value.is_true() { Test::always() } else { Test::never() }),
            };
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let node_op = &self.program.nodes().get(node as usize)?.op;
        if let Op::Convert(Conversion::ToBool, arg) = node_op {
            let (no, kind) = self.field(*arg)?;
            let zero = Test::NumberIn { field: no, numbers: vec![0.0] };
            return Some(match kind {
                Storage::Number => Test::All(vec![Test::Filled(no), not(zero)]),
                _ => Test::Filled(no),
            });
        }
        if let Some((no, kind)) = self.field(node) {
            return matches!(kind, Storage::Flag).then_some(Test::Filled(no));
        }
        let (family, name, args) = self.call(node)?;
        let each = || args.iter().map(|arg| self.truth(*arg, depth + 1)).collect::<Option<Vec<Test>>>();
        match (family, name) {
            (Family::Logic, "AND") => each().map(Test::All),
            (Family::Logic, "OR") => each().map(Test::Any),
            (Family::Logic, "NOT") => each()?.pop().map(not),
            (Family::Logic, "IS_BLANK") => self.field(*args.first()?).map(|(no, _)| not(Test::Filled(no))),
            (Family::Text, "CONTAINS" | "STARTS_WITH") => self.search(name, args),
            (Family::Operator, _) if args.len() == 2 => self.comparison(name, args[0], args[1]),
            _ => None,
        }
    }

    fn search(&self, name: &str, args: &[u32]) -> Option<Test> {
        let (text, needle) = (*args.first()?, *args.get(1)?);
        let Some(Value::Text(needle)) = self.constants.constant(needle) else { return None };
        // An empty text is in every text, in blank ones as well.
        if needle.is_empty() {
            return Some(Test::always());
        }
        let needle = collate::fold(needle);
        let test = if name == "CONTAINS" { TextTest::Contains(needle) } else { TextTest::StartsWith(needle) };
        let (no, kind) = self.field(text)?;
        of_text(no, kind, test)
    }

    fn comparison(&self, name: &str, left: u32, right: u32) -> Option<Test> {
        let (field, value, name) = match (self.field(left), self.constants.constant(right)) {
            (Some(field), Some(value)) => (field, value, name),
            _ => (self.field(right)?, self.constants.constant(left)?, turned(name)),
        };
        let (no, kind) = field;
        match name {
            "=" => equal(no, kind, value),
            "!=" => equal(no, kind, value).map(not),
            "<" | "<=" | ">" | ">=" => order(no, kind, name, value),
            _ => None,
        }
    }
}

/// The operator with its sides exchanged.
fn turned(name: &str) -> &str {
    match name {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

fn of_text(field: FieldNo, kind: Storage, test: TextTest) -> Option<Test> {
    match kind {
        Storage::Text => Some(Test::Text { field, test }),
        Storage::Choice => Some(Test::ChoiceNamed { field, test }),
        _ => None,
    }
}

fn equal(field: FieldNo, kind: Storage, value: &Value) -> Option<Test> {
    let moment = |at: i64| Test::Between { field, low: at, high: at.saturating_add(1) };
    Some(match (kind, value) {
        (_, Value::Error(_)) => return None,
        // Blank, an empty text, an unticked checkbox.
        (_, value) if value.is_blank() => not(Test::Filled(field)),
        (Storage::Flag, Value::Bool(wanted)) => {
            if *wanted {
                Test::Filled(field)
            } else {
                not(Test::Filled(field))
            }
        }
        (Storage::Number, Value::Number(number)) => Test::NumberIn { field, numbers: vec![*number] },
        (Storage::Day, Value::Date(day)) => moment(i64::from(*day)),
        (Storage::Instant, Value::DateTime(micros)) => moment(*micros),
        (_, Value::Text(text)) => return of_text(field, kind, TextTest::Same(text.as_ref().into())),
        _ => return None,
    })
}

fn order(field: FieldNo, kind: Storage, name: &str, value: &Value) -> Option<Test> {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let at = match (kind, value) {
        // Blank has no order.
        (_, Value::Null) => return Some(Test::never()),
        (Storage::Number, Value::Number(number)) => {
            let number = *number;
            let (low, high) = match name {
                "<" => ((all.0, true), (number, false)),
                "<=" => ((all.0, true), (number, true)),
                ">" => ((number, false), (all.1, true)),
                _ => ((number, true), (all.1, true)),
            };
            return Some(Test::Number { field, low, high });
        }
        (Storage::Day, Value::Date(day)) => i64::from(*day),
        (Storage::Instant, Value::DateTime(micros)) => *micros,
        _ => return None,
    };
    let (low, high) = match name {
        "<" => (i64::MIN, at),
        "<=" => (i64::MIN, at.saturating_add(1)),
        ">" => (at.saturating_add(1), i64::MAX),
        _ => (at, i64::MAX),
    };
    Some(Test::Between { field, low, high })
}
