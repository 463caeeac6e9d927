//! The cost of a formula by row and by column, for instruction counts:
//! `perf stat -e instructions:u cost <row|view|column|none> <formula> <rows>`; `none` only makes the rows.

use engine_expr::{
    Cell, Column, ColumnBuilder, Columns, EvalContext, Evaluator, FieldKey, Row, Scope, Type, Value, compile,
    eval_column,
};
use jiff::tz::TimeZone;

const FIELDS: [(&str, Type); 4] =
    [("City", Type::Text), ("Price", Type::Number), ("Stock", Type::Number), ("Due", Type::Date)];

/// Values by column, as a base keeps them.
struct Table {
    cities: Vec<String>,
    prices: Vec<f64>,
    stocks: Vec<f64>,
    dues: Vec<i32>,
}

/// One row; `lends` its cells or copies them.
struct At<'a>(&'a Table, usize, bool);

impl Row for At<'_> {
    fn get(&self, field: FieldKey) -> Value {
        match field {
            0 => Value::text(self.0.cities[self.1].as_str()),
            1 => Value::Number(self.0.prices[self.1]),
            2 => Value::Number(self.0.stocks[self.1]),
            _ => Value::Date(self.0.dues[self.1]),
        }
    }
    fn cell(&self, field: FieldKey) -> Cell<'_> {
        match (self.2, field) {
            (true, 0) => Cell::Text(&self.0.cities[self.1]),
            (true, 1) => Cell::Number(self.0.prices[self.1]),
            (true, 2) => Cell::Number(self.0.stocks[self.1]),
            (true, _) => Cell::Date(self.0.dues[self.1]),
            (false, _) => Cell::Value(self.get(field)),
        }
    }
}

impl Columns for Table {
    fn len(&self) -> usize {
        self.prices.len()
    }
    fn column(&self, field: FieldKey) -> Column {
        let ty = FIELDS.get(field as usize).map_or(Type::Any, |(_, ty)| *ty);
        let mut builder = ColumnBuilder::new(ty, self.len(), 0);
        (0..self.len()).for_each(|row| builder.push(At(self, row, false).get(field)));
        builder.finish()
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [how, formula, rows] = args.as_slice() else {
        eprintln!("cost <row|view|column|none> <formula> <rows>");
        std::process::exit(2);
    };
    let rows: usize = rows.parse().unwrap_or(100_000);
    let number = |at: usize, end: usize| (at * 7_919 % end) as f64;
    let table = Table {
        cities: (0..rows).map(|at| format!("City number {}", at % 97)).collect(),
        prices: (0..rows).map(|at| number(at, 1_000) / 4.0).collect(),
        stocks: (0..rows).map(|at| number(at, 50)).collect(),
        dues: (0..rows).map(|at| 20_000 + number(at, 1_500) as i32).collect(),
    };
    let mut scope = Scope::new();
    for (at, (name, ty)) in FIELDS.iter().enumerate() {
        scope.add(name, "", at as FieldKey, *ty);
    }
    let program = match compile(formula, &scope) {
        Ok(program) => program,
        Err(diagnostics) => {
            eprintln!("{diagnostics:?}");
            std::process::exit(2);
        }
    };
    let ctx = EvalContext::new(1_795_257_000_000_000, TimeZone::UTC);
    let blank = match how.as_str() {
        "row" | "view" => {
            let mut evaluator = Evaluator::new(&program, &ctx);
            let mut value = |row| evaluator.row(&At(&table, row, how == "view"));
            (0..rows).filter(|row| value(*row) == Value::Null).count()
        }
        "column" => {
            let column = eval_column(&program, &table, &ctx);
            (0..rows).filter(|row| column.nulls().is_null(*row)).count()
        }
        _ => 0,
    };
    println!("{blank} of {rows} are blank");
}
