//! What Airtable's public clients send as a formula compiles and runs: the texts below are what pyairtable 3.5 writes
//! for each of its 79 functions, for `match` and for its operators; and the formulas that people write by hand for
//! airtable.js.

use crate::support::{Record, context, scope};
use engine_expr::{ErrorKind, Value, compile, eval_row, function, parse};

/// Its function names, in its order.
const FUNCTIONS: &str = "ABS AND AVERAGE BLANK CEILING CONCATENATE COUNT COUNTA COUNTALL CREATED_TIME DATEADD DATESTR \
    DATETIME_DIFF DATETIME_FORMAT DATETIME_PARSE DAY ENCODE_URL_COMPONENT ERROR EVEN EXP FALSE FIND FLOOR FROMNOW HOUR \
    IF INT ISERROR IS_AFTER IS_BEFORE IS_SAME LAST_MODIFIED_TIME LEFT LEN LOG LOWER MAX MID MIN MINUTE MOD MONTH NOT \
    NOW ODD OR POWER RECORD_ID REGEX_EXTRACT REGEX_MATCH REGEX_REPLACE REPLACE REPT RIGHT ROUND ROUNDDOWN ROUNDUP \
    SEARCH SECOND SET_LOCALE SET_TIMEZONE SQRT SUBSTITUTE SUM SWITCH T TIMESTR TODAY TONOW TRIM TRUE UPPER VALUE \
    WEEKDAY WEEKNUM WORKDAY WORKDAY_DIFF XOR YEAR";

const FORMULAS: &[&str] = &[
    r#"ABS({Price})"#,
    r#"AND({City}='x', {Price}>1)"#,
    r#"AVERAGE({Price}, 1)"#,
    r#"BLANK()"#,
    r#"CEILING({Price})"#,
    r#"CEILING({Price}, 0.5)"#,
    r#"CONCATENATE({Name}, '-', {Price})"#,
    r#"COUNT({Price}, 1)"#,
    r#"COUNTA({Airline}, {Name})"#,
    r#"COUNTALL({Airline})"#,
    r#"CREATED_TIME()"#,
    r#"DATEADD({Due}, 1, 'days')"#,
    r#"DATESTR({Due})"#,
    r#"DATETIME_DIFF({Seen}, DATETIME_PARSE('2026-11-20'), 'hours')"#,
    r#"DATETIME_FORMAT({Seen}, 'YYYY-MM-DD')"#,
    r#"DATETIME_FORMAT({Seen})"#,
    r#"DATETIME_PARSE('4 Mar 2017 23:00', 'D MMM YYYY HH:mm', 'en')"#,
    r#"DATETIME_PARSE('2026-01-02')"#,
    r#"DAY({Due})"#,
    r#"ENCODE_URL_COMPONENT({Name})"#,
    r#"ERROR()"#,
    r#"EVEN({Price})"#,
    r#"EXP({Price})"#,
    r#"FALSE()"#,
    r#"FIND('a', {Name})"#,
    r#"FIND('a', {Name}, 0)"#,
    r#"FLOOR({Price})"#,
    r#"FLOOR({Price}, 10)"#,
    r#"FROMNOW({Due})"#,
    r#"HOUR({Seen})"#,
    r#"IF({Price}>1, 'a', 'b')"#,
    r#"INT({Price})"#,
    r#"ISERROR({Price})"#,
    r#"IS_AFTER({Due}, DATETIME_PARSE('2026-11-20'))"#,
    r#"IS_BEFORE({Due}, TODAY())"#,
    r#"IS_SAME({Seen}, DATETIME_PARSE('2026-11-21T10:30:00.000Z'), 'day')"#,
    r#"LAST_MODIFIED_TIME()"#,
    r#"LAST_MODIFIED_TIME({Name}, {Price})"#,
    r#"LEFT({Name}, 2)"#,
    r#"LEN({Name})"#,
    r#"LOG({Price})"#,
    r#"LOG({Price}, 2)"#,
    r#"LOWER({Name})"#,
    r#"MAX({Price}, 1, 2)"#,
    r#"MID({Name}, 1, 2)"#,
    r#"MIN({Price}, 1)"#,
    r#"MINUTE({Seen})"#,
    r#"MOD({Price}, 3)"#,
    r#"MONTH({Due})"#,
    r#"NOT({Name}='a')"#,
    r#"NOW()"#,
    r#"ODD({Price})"#,
    r#"OR({City}='Jane\'s', {Price}<=1.5)"#,
    r#"POWER({Price}, 2)"#,
    r#"RECORD_ID()"#,
    r#"REGEX_EXTRACT({Name}, '[a-z]+')"#,
    r#"REGEX_MATCH({Name}, '^a.*\\d$')"#,
    r#"REGEX_REPLACE({Name}, '\\s+', ' ')"#,
    r#"REPLACE({Name}, 1, 2, 'x')"#,
    r#"REPT({Name}, 3)"#,
    r#"RIGHT({Name}, 2)"#,
    r#"ROUND({Price}, 1)"#,
    r#"ROUNDDOWN({Price}, 1)"#,
    r#"ROUNDUP({Price}, 1)"#,
    r#"SEARCH('a', {Name})"#,
    r#"SEARCH('a', {Name}, 0)"#,
    r#"SECOND({Seen})"#,
    r#"SET_LOCALE({Seen}, 'de')"#,
    r#"DATETIME_FORMAT(SET_LOCALE({Seen}, 'es'), 'LLLL')"#,
    r#"SET_TIMEZONE({Seen}, 'Australia/Sydney')"#,
    r#"DATETIME_FORMAT(SET_TIMEZONE({Seen}, 'America/Los_Angeles'), 'M/D/YYYY h:mm a')"#,
    r#"SQRT({Price})"#,
    r#"SUBSTITUTE({Name}, 'a', 'b')"#,
    r#"SUBSTITUTE({Name}, 'a', 'b', 1)"#,
    r#"SUM({Price}, 1, 2)"#,
    r#"SWITCH({Status}, 'new', '1', 'old', '2')"#,
    r#"SWITCH({Status}, 'new', '1', '?')"#,
    r#"T({Name})"#,
    r#"TIMESTR({Seen})"#,
    r#"TODAY()"#,
    r#"TONOW({Due})"#,
    r#"TRIM({Name})"#,
    r#"TRUE()"#,
    r#"UPPER({Name})"#,
    r#"VALUE({Name})"#,
    r#"WEEKDAY({Due})"#,
    r#"WEEKDAY({Due}, 'Monday')"#,
    r#"WEEKNUM({Due})"#,
    r#"WEEKNUM({Due}, 'Sunday')"#,
    r#"WORKDAY({Due}, 5)"#,
    r#"WORKDAY({Due}, 5, '2026-12-24, 2026-12-25')"#,
    r#"WORKDAY_DIFF({Due}, DATETIME_PARSE('2026-11-20'))"#,
    r#"WORKDAY_DIFF({Due}, DATETIME_PARSE('2026-11-20'), '2026-12-24')"#,
    r#"XOR({Paid}, {Price}>1)"#,
    r#"YEAR({Due})"#,
    r#"AND({Name}='it\'s', {Price}>=3)"#,
    r#"OR({Paid}=TRUE(), {Due}=DATETIME_PARSE('2026-11-20'), {Seen}<DATETIME_PARSE('2026-11-21T10:30:00.000Z'))"#,
    r#"{Paid}=FALSE()"#,
    r#"({City}='a')=TRUE()"#,
    r#"{Name}='a\\b'"#,
    r#"{City}!=''"#,
    r#"{Price}=''"#,
    r#"{Name} & ' ' & {City} = 'a b'"#,
    r#"{Due} = BLANK()"#,
    r#"RECORD_ID()='rec00000000000001'"#,
    r#"FIND('Lufthansa', ARRAYJOIN({Airline}, ';'))"#,
    r#"ARRAYUNIQUE(ARRAYFLATTEN(ARRAYCOMPACT({Airline})))"#,
    r#"ARRAYSLICE({Airline}, 1, 2)"#,
    r#"OR(AND({City}='a', {Price}>1), NOT({Name}!='b'))"#,
    r#"XOR({City}='a', {Name}='b')"#,
];

#[test]
fn every_function_of_the_clients_is_known() {
    let names: Vec<&str> = FUNCTIONS.split_whitespace().collect();
    assert_eq!(names.len(), 79);
    for name in names {
        // TRUE() and FALSE() are literals.
        assert!(function(name).is_some() || matches!(name, "TRUE" | "FALSE"), "{name}");
        assert!(FORMULAS.iter().any(|formula| formula.contains(&format!("{name}("))), "{name} is not tried");
    }
}

#[test]
fn every_formula_of_the_clients_runs() {
    let record = Record(vec![
        Value::text("a1"),
        Value::Null,
        Value::text("x"),
        Value::Number(4.0),
        Value::Bool(true),
        Value::Date(20_777),
        Value::DateTime(crate::support::NOW),
        Value::text("new"),
        Value::list(vec![Value::text("Lufthansa")]),
    ]);
    for formula in FORMULAS {
        let program = compile(formula, &scope()).unwrap_or_else(|d| panic!("{formula}: {d:?}"));
        let value = eval_row(&program, &record, &context());
        let wrong = match value {
            Value::Error(error) => error.kind != ErrorKind::Raised && *formula != "VALUE({Name})",
            _ => false,
        };
        assert!(!wrong, "{formula} gave {value:?}");
        // With every cell blank.
        let _ = eval_row(&program, &Record(Vec::new()), &context());
    }
    assert!(!parse(r"{City}={Odd \} name}").has_errors());
}
