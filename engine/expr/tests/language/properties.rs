//! Random texts, random programs on random records.

use crate::support::{FIELDS, Record, Table, context, scope};
use engine_expr::{ErrorKind, Value, check, compile, eval_column, eval_row, functions, parse};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text that looks like a formula, mostly broken.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just(",".to_owned()),
        Just("{City}".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\"a\"".to_owned()),
        Just("'".to_owned()),
        Just("\\".to_owned()),
        Just(" and ".to_owned()),
        Just(" not ".to_owned()),
        Just("IF(".to_owned()),
        Just("NOT(".to_owned()),
        Just("+".to_owned()),
        Just("-".to_owned()),
        Just("<=".to_owned()),
        Just("^".to_owned()),
        Just("1e5".to_owned()),
        Just("2.5e-".to_owned()),
        Just("Price".to_owned()),
        any::<char>().prop_map(String::from),
        "[a-zé]{1,4}",
    ];
    vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

/// Well-formed formulas; about every second one also passes the checker.
fn formula() -> impl Strategy<Value = String> {
    let field = (0..FIELDS.len()).prop_map(|at| format!("{{{}}}", FIELDS[at].0));
    let leaf = prop_oneof![
        4 => field,
        1 => (-50..50i32).prop_map(|n| format!("{}", f64::from(n) / 4.0)),
        1 => Just("\"b\"".to_owned()),
        1 => Just("\"2026-11-20\"".to_owned()),
        1 => Just("\"day\"".to_owned()),
        1 => Just("TRUE".to_owned()),
        1 => Just("BLANK()".to_owned()),
        1 => Just("TODAY()".to_owned()),
    ];
    let names: Vec<(&'static str, usize, usize)> = functions()
        .map(|def| (def.name, def.signature.min(), def.signature.max().unwrap_or(4).max(1)))
        .collect();
    leaf.prop_recursive(4, 40, 4, move |inner| {
        let operators =
            ["+", "-", "*", "/", "%", "^", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or"].map(str::to_owned);
        let names = names.clone();
        prop_oneof![
            3 => (inner.clone(), proptest::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            1 => inner.clone().prop_map(|a| format!("not ({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            4 => (proptest::sample::select(names), vec(inner, 4), any::<u8>()).prop_map(|((name, min, max), args, n)| {
                let count = (min + n as usize % (max - min.min(max) + 1)).min(args.len());
                format!("{name}({})", args[..count].join(", "))
            }),
        ]
    })
}

fn value(ty: engine_expr::Type) -> BoxedStrategy<Value> {
    use engine_expr::Type;
    let text = prop_oneof![
        "[abéB ]{0,4}".boxed(),
        Just("2026-11-21".to_owned()).boxed(),
        Just("12".to_owned()).boxed()
    ];
    let full = match ty {
        Type::Number => prop_oneof![(-100..100i32).prop_map(f64::from), Just(1e300), Just(0.1)]
            .prop_map(Value::Number)
            .boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Date => (-10_000..40_000i32).prop_map(Value::Date).boxed(),
        Type::DateTime => {
            (-1_000_000_000_000_000..3_000_000_000_000_000i64).prop_map(Value::DateTime).boxed()
        }
        Type::Links | Type::List => vec(text.prop_map(Value::text), 0..3).prop_map(Value::List).boxed(),
        Type::Any => {
            prop_oneof![value(Type::Text), value(Type::Number), value(Type::Bool), value(Type::Date)].boxed()
        }
        _ => text.prop_map(Value::text).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 5 => full].boxed()
}

fn table() -> impl Strategy<Value = Table> {
    let record: Vec<BoxedStrategy<Value>> = FIELDS.iter().map(|(.., ty)| value(*ty)).collect();
    vec(record, 0..6).prop_map(|rows| Table(rows.into_iter().map(Record).collect()))
}

fn sound(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_finite(),
        Value::Error(error) => error.kind != ErrorKind::Type,
        Value::List(items) => items.iter().all(|item| sound(item) && !matches!(item, Value::Error(_))),
        _ => true,
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics(text in prop_oneof![fragments(), any::<String>()]) {
        let parsed = parse(&text);
        for diagnostic in &parsed.diagnostics {
            let span = diagnostic.span;
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", diagnostic);
        }
        prop_assert!(!parsed.ast.nodes.is_empty());
        let _ = check(&parsed.ast, &scope());
        let printed = parsed.ast.print();
        if !parsed.has_errors() {
            let again = parse(&printed);
            prop_assert!(!again.has_errors(), "{} became {}", text, printed);
            prop_assert_eq!(again.ast.print(), printed);
        }
    }

    #[test]
    fn printing_keeps_the_meaning(text in formula(), table in table()) {
        let printed = parse(&text).ast.print();
        prop_assert_eq!(parse(&printed).ast.print(), printed.clone());
        match (compile(&text, &scope()), compile(&printed, &scope())) {
            (Ok(a), Ok(b)) => {
                let run = |program| eval_column(program, &table, &context());
                for row in 0..table.0.len() {
                    prop_assert_eq!(run(&a).get(row).literal(), run(&b).get(row).literal());
                }
            }
            (a, b) => prop_assert_eq!(a.is_ok(), b.is_ok()),
        }
    }

    #[test]
    fn rows_and_columns_agree_and_are_sound(text in formula(), table in table()) {
        let Ok(program) = compile(&text, &scope()) else { return Ok(()) };
        let ctx = context();
        let column = eval_column(&program, &table, &ctx);
        for (row, record) in table.0.iter().enumerate() {
            let value = eval_row(&program, record, &ctx);
            prop_assert_eq!(&value, &column.get(row), "{} row {}", text, row);
            prop_assert!(sound(&value), "{} gave {:?}", text, value);
            let fits = match (&value, program.ty()) {
                (Value::Null | Value::Error(_), _) | (_, engine_expr::Type::Any) => true,
                (value, ty) => matches!(
                    (value, ty),
                    (Value::Text(_), engine_expr::Type::Text | engine_expr::Type::Option)
                        | (Value::Number(_), engine_expr::Type::Number)
                        | (Value::Bool(_), engine_expr::Type::Bool)
                        | (Value::Date(_), engine_expr::Type::Date)
                        | (Value::DateTime(_), engine_expr::Type::DateTime)
                        | (Value::List(_), engine_expr::Type::Links | engine_expr::Type::List)
                ),
            };
            prop_assert!(fits, "{} has type {} and gave {:?}", text, program.ty(), value);
        }
    }
}

/// The properties above would hold for a generator whose programs all fail to compile.
#[test]
fn random_formulas_often_compile() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut compiled, mut calls) = (0, std::collections::HashSet::new());
    for _ in 0..20_000 {
        let text = formula().new_tree(&mut runner).unwrap().current();
        if let Ok(program) = compile(&text, &scope()) {
            compiled += 1;
            for node in program.nodes() {
                if let engine_expr::Op::Call(def, _) = &node.op {
                    calls.insert(def.name);
                }
            }
        }
    }
    let missing: Vec<_> = functions().map(|def| def.name).filter(|name| !calls.contains(name)).collect();
    assert!(compiled > 5_000 && missing.is_empty(), "{compiled} compiled; never called: {missing:?}");
}
