//! Random texts, random programs on random records.

use crate::support::{FIELDS, Record, Table, context, scope};
use engine_expr::{
    Cell, ErrorKind, Evaluator, FieldKey, FnDef, ParamType, RecordPart, Returns, Row, Type, Value, check,
    compile, eval_column, eval_row, format, functions, parse,
};
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

/// Well-formed formulas; most also pass the checker, since arguments are chosen by what parameters accept.
fn formula() -> impl Strategy<Value = String> {
    let all: Vec<_> = functions().collect();
    (any::<u64>(), 1..5_u32).prop_map(move |(seed, depth)| {
        let mut random = Random(seed | 1);
        random.formula(ParamType::Is(Type::Any), depth, &all)
    })
}

/// Random numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// A formula that most likely fits a parameter.
    fn formula(&mut self, ty: ParamType, depth: u32, all: &[&'static FnDef]) -> String {
        let leaf = depth == 0 || self.below(4) == 0;
        match ty {
            ParamType::Unit => self.of(&["'day'", "'M'", "'hours'", "'weeks'", "{City}"]).to_owned(),
            ParamType::Zone => self.of(&["'Asia/Tokyo'", "'UTC'", "BLANK()", "{City}"]).to_owned(),
            ParamType::Locale => self.of(&["'de'", "'fr'", "BLANK()", "{City}"]).to_owned(),
            ParamType::Pattern => self.of(&["'b+'", "'(a|b)c?'", "'^.'", "{City}"]).to_owned(),
            ParamType::Field => self.of(&["{City}", "{Price}"]).to_owned(),
            ParamType::Word(words) => format!("'{}'", words[self.below(words.len())]),
            ParamType::Is(Type::Any) | ParamType::Key | ParamType::Out if leaf => {
                let names: Vec<String> = FIELDS.iter().map(|(name, ..)| format!("{{{name}}}")).collect();
                names[self.below(names.len())].clone()
            }
            _ if leaf => self.leaf(ty),
            _ => self.call(ty, depth, all),
        }
    }

    fn leaf(&mut self, ty: ParamType) -> String {
        let choices: &[&str] = match ty {
            ParamType::Is(Type::Number) | ParamType::Numbers => {
                &["{Price}", "0", "1", "2", "-3.75", "12.5", "BLANK()", "{Extra}"]
            }
            ParamType::Is(Type::Bool) => &["{Paid}", "TRUE", "{Price}", "{City}"],
            ParamType::Is(Type::Date | Type::DateTime) | ParamType::When | ParamType::Dates => {
                &["{Due}", "{Seen}", "'2026-11-20'", "TODAY()", "NOW()", "BLANK()"]
            }
            ParamType::Is(Type::List) => &["{Airline}", "{City}", "BLANK()", "{Extra}"],
            _ => &["{City}", "'b'", "{Name}", "{Status}", "'2026-11-20'", "''", "{Price}"],
        };
        self.of(choices).to_owned()
    }

    fn call(&mut self, ty: ParamType, depth: u32, all: &[&'static FnDef]) -> String {
        let inner = ParamType::Is(Type::Any);
        match self.below(10) {
            0 => return format!("not ({})", self.formula(inner, depth - 1, all)),
            1 => return format!("-({})", self.formula(ParamType::Is(Type::Number), depth - 1, all)),
            2 | 3 => {
                let op = self
                    .of(&["+", "-", "*", "/", "%", "^", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or"]);
                let side = if "+-*/%^".contains(op) { ParamType::Is(Type::Number) } else { inner };
                let left = self.formula(side, depth - 1, all);
                return format!("({left}) {op} ({})", self.formula(side, depth - 1, all));
            }
            _ => {}
        }
        // A function whose result fits, if one of some tries does.
        let fits = |def: &FnDef| match (def.signature.returns, ty) {
            (Returns::Is(Type::Any) | Returns::Out, _) => true,
            (Returns::Is(returned), ParamType::Is(wanted)) => returned == wanted || wanted == Type::Any,
            (Returns::Is(Type::Number), ParamType::Numbers) => true,
            (Returns::When, ParamType::When | ParamType::Dates) => true,
            (_, ParamType::Key | ParamType::Out) => true,
            _ => false,
        };
        let mut def = all[self.below(all.len())];
        for _ in 0..8 {
            if fits(def) {
                break;
            }
            def = all[self.below(all.len())];
        }
        let least = def.signature.min();
        let most = def.signature.max().unwrap_or(least + 2 * def.signature.group.len().max(1));
        let count = least + self.below(most - least + 1);
        let args: Vec<String> = (0..count)
            .map(|at| {
                let ty = def.signature.param(at, count).map_or(inner, |param| param.ty);
                self.formula(ty, depth - 1, all)
            })
            .collect();
        format!("{}({})", def.name, args.join(", "))
    }
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
        Type::Links | Type::List => vec(text.prop_map(Value::text), 0..3).prop_map(Value::list).boxed(),
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
    fn printing_and_formatting_keep_the_meaning(text in formula()) {
        let tree = |text: &str| parse(text).ast.print();
        let printed = tree(&text);
        prop_assert_eq!(tree(&printed), printed.clone());
        let formatted = format(&text).unwrap();
        prop_assert_eq!(tree(&formatted), printed);
        prop_assert_eq!(format(&formatted).unwrap(), formatted.clone());
        let meaning = |text: &str| compile(text, &scope()).map(|program| {
            program.nodes().iter().map(|node| format!("{:?}: {}", node.op, node.ty)).collect::<Vec<_>>()
        });
        match (meaning(&text), meaning(&formatted)) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
            (a, b) => prop_assert_eq!(a.is_ok(), b.is_ok()),
        }
    }

    #[test]
    fn a_formula_that_is_kept_by_ids_means_the_same(text in formula()) {
        let kept = engine_expr::stored(&text, &scope()).unwrap();
        prop_assert!(!kept.contains("{City}") && !kept.contains("{Price}"), "{}", kept);
        let shown = engine_expr::shown(&kept, &scope()).unwrap();
        prop_assert_eq!(engine_expr::stored(&shown, &scope()).unwrap(), kept.clone());
        let ops = |program: &engine_expr::Program| format!("{:?}", program.nodes().iter().map(|n| &n.op).collect::<Vec<_>>());
        match (compile(&text, &scope()), engine_expr::compile_stored(&kept, &scope())) {
            (Ok(a), Ok(b)) => prop_assert_eq!(ops(&a), ops(&b)),
            (a, b) => prop_assert_eq!(a.is_ok(), b.is_ok(), "{}", kept),
        }
    }

    #[test]
    fn rows_and_columns_agree_and_are_sound(text in formula(), table in table()) {
        let Ok(program) = compile(&text, &scope()) else { return Ok(()) };
        let ctx = context();
        let column = eval_column(&program, &table, &ctx);
        let (mut evaluator, mut lent) = (Evaluator::new(&program, &ctx), Evaluator::new(&program, &ctx));
        for (row, record) in table.0.iter().enumerate() {
            let value = eval_row(&program, record, &ctx);
            prop_assert_eq!(&value, &column.get(row), "{} row {}", text, row);
            // An evaluator that ran for other rows before, and one whose row lends its cells.
            prop_assert_eq!(&evaluator.row(record), &value, "{} row {}", text, row);
            prop_assert_eq!(&lent.row(&Lending(record)), &value, "{} row {}", text, row);
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

/// A record that lends its cells instead of copying them.
struct Lending<'a>(&'a Record);

impl Row for Lending<'_> {
    fn get(&self, field: FieldKey) -> Value {
        self.0.get(field)
    }
    fn record(&self, part: &RecordPart) -> Value {
        self.0.record(part)
    }
    fn cell(&self, field: FieldKey) -> Cell<'_> {
        let at = FIELDS.iter().position(|(_, key, _)| *key == field);
        match at.and_then(|at| self.0.0.get(at)) {
            None | Some(Value::Null) => Cell::Null,
            Some(Value::Text(text)) => Cell::Text(text),
            Some(Value::Number(number)) => Cell::Number(*number),
            Some(Value::Bool(value)) => Cell::Bool(*value),
            Some(Value::Date(days)) => Cell::Date(*days),
            Some(Value::DateTime(micros)) => Cell::DateTime(*micros),
            Some(value) => Cell::Value(value.clone()),
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
        if compile(&text, &scope()).is_ok() {
            compiled += 1;
            calls.extend(text.split('(').filter_map(|part| {
                let name = part.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
                engine_expr::function(name).map(|def| def.name)
            }));
        }
    }
    let missing: Vec<_> = functions().map(|def| def.name).filter(|name| !calls.contains(name)).collect();
    assert!(compiled > 5_000 && missing.is_empty(), "{compiled} compiled; never called: {missing:?}");
}
