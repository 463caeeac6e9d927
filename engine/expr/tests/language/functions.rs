//! Every example of every function, by row and by column; and what the function table promises.

use crate::support::{Record, Table, context, scope};
use engine_expr::{Value, compile, eval_column, eval_row, function, functions};

fn check(formula: &str, expected: &str) {
    let program = compile(formula, &scope()).unwrap_or_else(|d| panic!("{formula}: {d:?}"));
    let row = Record(Vec::new());
    assert_eq!(eval_row(&program, &row, &context()).literal(), expected, "{formula} by row");
    let table = Table(vec![row.clone(), row]);
    let column = eval_column(&program, &table, &context());
    assert_eq!(column.len(), 2);
    assert_eq!(column.get(1).literal(), expected, "{formula} by column");
}

#[test]
fn examples_hold() {
    for def in functions() {
        assert!(!def.examples.is_empty(), "{} has no example", def.name);
        for (formula, expected) in def.examples {
            check(formula, expected);
        }
    }
}

#[test]
fn table_is_consistent() {
    let mut names = std::collections::HashSet::new();
    for def in functions() {
        assert!(!def.doc.is_empty(), "{} has no doc", def.name);
        for name in std::iter::once(&def.name).chain(def.aliases) {
            assert_eq!(*name, name.to_uppercase());
            assert!(names.insert(*name), "{name} stands there twice");
            assert_eq!(function(&name.to_lowercase()).map(|found| found.name), Some(def.name));
        }
        let signature = &def.signature;
        let optional = |param: &&engine_expr::Param| param.default.is_some();
        assert!(signature.params.iter().skip_while(|p| !optional(p)).all(|p| optional(&p)), "{}", def.name);
        if !signature.group.is_empty() {
            assert!(signature.params.iter().all(|p| p.default.is_none()), "{}", def.name);
        }
        assert!(signature.tail.is_none() || signature.group.len() > 1, "{}", def.name);
        assert!(def.usage().starts_with(def.name));
    }
    assert!(functions().count() >= 150, "{}", functions().count());
}

#[test]
fn values_of_operators() {
    for (formula, expected) in [
        ("1 + 2 * 3", "7"),
        ("2 ^ 3 ^ 2", "64"),
        ("-2 ^ 2", "-4"),
        ("2 * -3", "-6"),
        ("1 / 0", "#divide_by_zero"),
        ("1e308 * 10", "#out_of_range"),
        ("0 * -1", "0"),
        ("1 + BLANK()", "BLANK()"),
        ("BLANK() < 1", "FALSE"),
        ("BLANK() = BLANK()", "TRUE"),
        ("BLANK() = FALSE", "TRUE"),
        ("BLANK() = 0", "FALSE"),
        (r#""a" = "A""#, "FALSE"),
        (r#""a" < "b""#, "TRUE"),
        (r#"1 & "" & TRUE & DATE(2026, 1, 2)"#, r#""1TRUE2026-01-02""#),
        ("TRUE + TRUE", "2"),
        ("TRUE = 1", "TRUE"),
        ("not 1 = 2 and 3 = 3", "TRUE"),
        (r#"IFERROR(1 / 0, "none") & "!""#, r#""none!""#),
        (r#"IF(1 / 0, 1, 2)"#, "#divide_by_zero"),
        (r#"OR(1 / 0 = 1, TRUE)"#, "#divide_by_zero"),
        ("TODAY() = NOW()", "FALSE"),
        (r#"TODAY() = "2026-11-21""#, "TRUE"),
        (r#"NOW() > "2026-11-21 10:29""#, "TRUE"),
        (r#"SEARCH("é", "İXÉ")"#, "3"),
        (r#"MID("aé😀b", 2, 2)"#, r#""é😀""#),
        ("ROUND(1e300, 2)", "1e300"),
        ("ROUND(1234.5, 999)", "1234.5"),
        ("ROUND(5, -999)", "0"),
        ("DATEADD(TODAY(), 1e18, 'years')", "#out_of_range"),
        (r#"1 = """#, "FALSE"),
        (r#""" = TODAY()"#, "FALSE"),
        ("SUM(ARRAY('a'))", "#convert"),
        ("ARRAYJOIN(ARRAY(1, 1 / 0))", "#divide_by_zero"),
        ("WORKDAY(TODAY(), 1e9)", "#out_of_range"),
        (r#"REGEX_MATCH("a", CONCAT("(", ""))"#, "#bad_pattern"),
        (r#"REGEX_MATCH(REPT("a", 100000) & "b", "(a*)*c")"#, "FALSE"),
        (r#"HOUR("2026-07-01T12:00:00Z", CONCAT("Europe/", "Zurich"))"#, "14"),
        (r#"HOUR(NOW(), CONCAT("Mars", ""))"#, "#argument"),
        (r#"DAY(DATEADD(SET_TIMEZONE("2026-11-01T03:30:00Z", "America/New_York"), 1, "day"))"#, "1"),
        (
            r#"DATETIME_FORMAT(SET_LOCALE(SET_TIMEZONE(NOW(), "Asia/Tokyo"), "de"), "LLLL")"#,
            r#""Samstag, 21. November 2026 19:30""#,
        ),
        (r#"DATETIME_FORMAT(SET_TIMEZONE(SET_LOCALE(NOW(), "de"), "Asia/Tokyo"), "LT")"#, r#""19:30""#),
        ("RANGE(1, 10000) = BLANK()", "FALSE"),
        ("COUNTA(RANGE(1, 10001))", "#too_many"),
    ] {
        check(formula, expected);
    }
}

#[test]
fn errors_point_at_their_source() {
    let source = "1 + ABS(2 / 0)";
    let program = compile(source, &scope()).unwrap();
    let Value::Error(error) = eval_row(&program, &Record(Vec::new()), &context()) else { panic!() };
    let span = program.span(error.node).unwrap();
    assert_eq!(&source[span.start as usize..span.end as usize], "2 / 0");
}
