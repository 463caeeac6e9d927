//! Filters on records: which are kept; and the limits that keep a formula from taking everything.

use crate::support::{Record, Table, context, scope};
use engine_expr::{
    Budget, Code, EvalContext, Evaluator, Type, Value, Volatility, check, compile, compile_filter,
    eval_column, eval_row, parse,
};

fn records() -> Table {
    let record = |city: Option<&str>, price: Option<f64>, paid: bool, status: &str, airlines: &[&str]| {
        Record(vec![
            Value::text("n"),
            Value::Null,
            city.map_or(Value::Null, Value::text),
            price.map_or(Value::Null, Value::Number),
            Value::Bool(paid),
            Value::Date(20_000),
            Value::DateTime(crate::support::NOW),
            Value::text(status),
            Value::List(airlines.iter().map(|name| Value::text(*name)).collect()),
            price.map_or(Value::text("x"), Value::Number),
        ])
    };
    Table(vec![
        record(Some("Berlin"), Some(10.0), true, "new", &["Lufthansa"]),
        record(Some("berlin"), Some(0.0), false, "old", &["Lufthansa", "KLM"]),
        record(None, None, false, "new", &[]),
    ])
}

#[test]
fn filters_keep_what_is_true() {
    let check = |filter: &str, expected: &[usize]| {
        let program = compile_filter(filter, &scope()).unwrap_or_else(|d| panic!("{filter}: {d:?}"));
        let (table, ctx) = (records(), context());
        let mut evaluator = Evaluator::new(&program, &ctx);
        let kept: Vec<usize> = (0..3).filter(|at| evaluator.matches(&table.0[*at])).collect();
        assert_eq!(kept, expected, "{filter} by row");
        let column = eval_column(&program, &table, &ctx);
        assert_eq!(column.true_rows().collect::<Vec<_>>(), expected, "{filter} by column");
    };
    check(r#"{City} = "Berlin""#, &[0]);
    check(r#"CONTAINS({City}, "BER")"#, &[0, 1]);
    check(r#"NOT(CONTAINS({City}, "BER"))"#, &[2]);
    check(r#"FIND("B", {City})"#, &[0]);
    check("{Price} >= 0", &[0, 1]);
    check("{Price} != 10", &[1, 2]);
    check("IS_BLANK({Price})", &[2]);
    check("{Price}", &[0]);
    check("10 / {Price} > 0", &[0]);
    check("{Paid}", &[0]);
    check("NOT({Paid})", &[1, 2]);
    check("{Airline}", &[0, 1]);
    check("COUNTA({Airline}) = 2", &[1]);
    check(r#"RECORD_ID() = "rec00000000000001""#, &[0, 1, 2]);
    check(r#"{Price} = """#, &[2]);
    check(r#"AND({Due} != "", {City} != "")"#, &[0, 1]);
    check(r#"{Airline} = "Lufthansa, KLM""#, &[1]);
    check(r#"IN({Status}, "new", "other") and {Due} < TODAY()"#, &[0, 2]);
    check(r#"{Due} = "2024-10-04""#, &[0, 1, 2]);
    check(r#"{Extra} = "x""#, &[2]);
    check("{Extra} + 1 > 5", &[0]);
    check("TRUE", &[0, 1, 2]);
    check("BLANK()", &[]);
}

#[test]
fn a_filter_that_is_no_condition_is_refused() {
    for filter in [r#""abc""#, "{City}", "{Due}", "{Status}", "LOWER({City})"] {
        let diagnostics = compile_filter(filter, &scope()).unwrap_err();
        assert_eq!(diagnostics[0].code, Code::FilterNotCondition, "{filter}");
    }
}

#[test]
fn a_program_tells_its_reads_and_volatility() {
    let program = compile("{Price} + {Price} + fld00000000000006", &scope()).unwrap();
    assert_eq!(program.reads(), [5, 6]);
    assert_eq!(program.volatility(), Volatility::Pure);
    assert_eq!(compile("{Due} < TODAY()", &scope()).unwrap().volatility(), Volatility::Day);
    assert_eq!(compile("TODAY() < NOW()", &scope()).unwrap().volatility(), Volatility::Instant);
    let mixed = compile(r#"IF({Paid}, 1, "x")"#, &scope()).unwrap();
    assert_eq!((mixed.ty(), mixed.warnings()[0].code), (Type::Text, Code::MixedBranches));
}

#[test]
fn days_begin_in_the_zone() {
    let zone = jiff::tz::TimeZone::get("Pacific/Auckland").unwrap();
    let ctx = EvalContext::new(crate::support::NOW + 3_600_000_000, zone); // 2026-11-22 00:30 in Auckland
    let value =
        |formula: &str| eval_row(&compile(formula, &scope()).unwrap(), &Record(Vec::new()), &ctx).literal();
    assert_eq!(value("TODAY()"), "2026-11-22");
    assert_eq!(value("DAY(NOW())"), "22");
    assert_eq!(value(r#"IS_SAME(NOW(), "2026-11-22", "day")"#), "TRUE");
    // New Zealand's clocks went forward on 2026-09-27: 23 hours, still one day.
    assert_eq!(value(r#"DATETIME_DIFF("2026-09-28", "2026-09-27", "days")"#), "1");
    assert_eq!(value(r#"DATETIME_DIFF("2026-09-28", "2026-09-27", "hours")"#), "23");
}

#[test]
fn renaming_a_field_rewrites_the_formula() {
    let ast = parse(r#"Price > 1 and {City} = "Price""#).ast;
    let renamed = ast.print_renamed(|name| (name == "Price").then(|| "Net }price".to_owned()));
    assert_eq!(renamed, r#"{Net \}price} > 1 and {City} = "Price""#);
}

#[test]
fn a_column_of_another_type_is_an_error_value() {
    let program = compile("{Price} + 1", &scope()).unwrap();
    let mut table = records();
    table.0[0].0[3] = Value::text("ten");
    let by_row = eval_row(&program, &table.0[0], &context());
    assert_eq!(by_row.literal(), "#type");
    assert_eq!(eval_column(&program, &table, &context()).get(0), by_row);
}

#[test]
fn hostile_formulas_get_an_answer_or_a_diagnostic() {
    let code = |text: &str| {
        let parsed = parse(text);
        let _ = check(&parsed.ast, &scope());
        let _ = parsed.ast.print();
        parsed.diagnostics.first().map(|d| d.code)
    };
    let parentheses = |count: usize| format!("{}1{}", "(".repeat(count), ")".repeat(count));
    assert_eq!(code(&parentheses(100)), None);
    assert_eq!(code(&parentheses(101)), Some(Code::TooDeep));
    assert_eq!(code(&parentheses(10_000)), Some(Code::SourceTooLong));
    assert_eq!(code(&"(".repeat(10_000)), Some(Code::TooDeep));
    assert_eq!(code(&"-".repeat(10_000)), Some(Code::TooDeep));
    assert_eq!(code(&"not ".repeat(5_000)), Some(Code::TooDeep));
    assert_eq!(code(&"IF(".repeat(5_000)), Some(Code::TooDeep));
    assert_eq!(code(&vec!["1"; 10_000].join("+")), Some(Code::TooManyNodes));
    assert_eq!(code(&vec!["1"; 10_000].join(" + ")), Some(Code::SourceTooLong));
    assert_eq!(code(&format!("SUM({})", vec!["1"; 9_990].join(","))), None);
    assert_eq!(code(""), Some(Code::EmptyFormula));

    let chain = vec!["1"; 5_000].join("+");
    let program = compile(&chain, &scope()).unwrap();
    assert_eq!(eval_row(&program, &Record(Vec::new()), &context()), Value::Number(5_000.0));
    let equal = vec!["{City}"; 1_000].join("=");
    let _ = compile(&equal, &scope());
}

#[test]
fn the_budget_ends_long_work() {
    let table = Table(vec![records().0[0].clone(); 100]);
    let program = compile("{Price} + 1 + 2", &scope()).unwrap();
    let limited = |steps, bytes| {
        let mut ctx = context();
        ctx.budget = Budget::new(steps, bytes);
        ctx
    };
    let short = || limited(150, 1_000_000);
    assert_eq!(eval_column(&program, &table, &short()).get(0).literal(), "#budget");
    let ctx = short();
    let mut evaluator = Evaluator::new(&program, &ctx);
    let last = table.0.iter().map(|record| evaluator.row(record)).last().unwrap();
    assert_eq!(last.literal(), "#budget");

    let program = compile("REPT({City}, 10000)", &scope()).unwrap();
    let ctx = limited(1_000_000, 100_000);
    let column = eval_column(&program, &table, &ctx);
    assert_eq!(column.get(99).literal(), "#budget");
    assert!(matches!(column.get(0), Value::Text(_)));

    // One row that would hold 100 texts of 400,000 bytes at once.
    let wide = format!("LEN(CONCAT({}))", ["LEFT(REPT({City}, 60000), 1)"; 100].join(", "));
    let program = compile(&wide, &scope()).unwrap();
    assert_eq!(eval_row(&program, &table.0[0], &context()).literal(), "#budget");
    // A pattern from a cell is compiled for each row, and paid for.
    let program = compile("REGEX_MATCH({City}, {City})", &scope()).unwrap();
    let ctx = limited(60_000, 1_000);
    let mut evaluator = Evaluator::new(&program, &ctx);
    assert_eq!(evaluator.row(&table.0[0]).literal(), "TRUE");
    assert_eq!(evaluator.row(&table.0[0]).literal(), "#budget");
}

#[test]
fn a_program_tells_what_it_asks_of_the_record() {
    let any = compile("LAST_MODIFIED_TIME()", &scope()).unwrap();
    assert!(any.reads_all() && any.reads().is_empty());
    let some = compile("LAST_MODIFIED_TIME({City}, {Price})", &scope()).unwrap();
    assert!(!some.reads_all());
    assert_eq!(some.reads(), [3, 5]);
    let error = compile("RECORD_ID()", &engine_expr::Scope::new()).unwrap_err();
    assert_eq!(error[0].code, Code::NoRecord);
}
