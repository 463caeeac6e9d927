//! Columns through typed loops: blanks, errors and constants come out as row by row.

use crate::support::{FIELDS, Record, Table, context, scope};
use engine_expr::{ColumnData, Value, compile, eval_column, eval_row};

fn table() -> Table {
    let numbers = [Some(2.0), None, Some(0.0), Some(-1.5), Some(1e300), None, Some(3.0)];
    Table(
        numbers
            .iter()
            .enumerate()
            .map(|(at, number)| {
                Record(
                    FIELDS
                        .iter()
                        .map(|(name, ..)| match *name {
                            "Price" => number.map_or(Value::Null, Value::Number),
                            "Paid" if at % 3 != 2 => Value::Bool(at % 3 == 0),
                            "Due" if at % 4 != 3 => Value::Date(20_000 + at as i32),
                            "Seen" if at % 5 != 4 => Value::DateTime(crate::support::NOW + at as i64),
                            "City" if at % 2 == 0 => Value::text(if at == 4 { "" } else { "Bern" }),
                            "Extra" => number.map_or(Value::text("x"), Value::Number),
                            _ => Value::Null,
                        })
                        .collect(),
                )
            })
            .collect(),
    )
}

#[test]
fn loops_give_what_rows_give() {
    let (table, ctx) = (table(), context());
    for formula in [
        "{Price} + 1",
        "1 - {Price}",
        "{Price} * {Price}",
        "10 / {Price}",
        "{Price} % 2",
        "-{Price}",
        "ROUND({Price} / 7, 2)",
        "SQRT({Price})",
        "{Price} / {Price} + 1",
        "BLANK() + {Price}",
        "{Price} > 1",
        "1 >= {Price}",
        "{Price} = {Price}",
        "{Price} != 2",
        "{Price} = BLANK()",
        "{Paid} = TRUE",
        "{Paid} != FALSE",
        "{Paid} = BLANK()",
        "{Due} < TODAY()",
        "{Due} > {Due}",
        "{Seen} >= NOW()",
        r#"{City} = "Bern""#,
        r#"{City} != """#,
        "AND({Paid}, {Price} > 0)",
        "OR({Paid}, {Price} > 0, FALSE)",
        "AND({Price}, 1 / {Price} > 0)",
        "IF({Paid}, {Price}, 0)",
        "IF({Price} > 1, {Price} * 2)",
        "IF({Paid}, BLANK(), {Price})",
        "IF({Paid}, 1, 2)",
        "IF({Price} / 0 > 1, 1, 2)",
        "IF(FALSE, {Price}, {Price} + 1)",
        "IF(TRUE, {Price}, {Price} + 1)",
        r#"IF(TITLE(""), {Due}, 1 - ({Price} < 2))"#,
        "{Extra} + 1",
    ] {
        let program = compile(formula, &scope()).unwrap_or_else(|d| panic!("{formula}: {d:?}"));
        let column = eval_column(&program, &table, &ctx);
        for (row, record) in table.0.iter().enumerate() {
            assert_eq!(column.get(row), eval_row(&program, record, &ctx), "{formula} row {row}");
        }
    }
}

#[test]
fn numbers_stay_numbers() {
    let program = compile("IF({Price} > 0, {Price} * 1.5 + 2, {Price})", &scope()).unwrap();
    let column = eval_column(&program, &table(), &context());
    assert!(matches!(column.data(), ColumnData::Number(_)), "{:?}", column.data());
}
