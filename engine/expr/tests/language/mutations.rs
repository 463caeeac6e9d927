//! Thousands of broken and odd formulas, made from the reference's examples: nothing panics, nothing runs away, every
//! place lies in the text. The fuzz target (`fuzz/`) does the same with coverage for hours.

use crate::support::{Record, Table, context, scope};
use engine_expr::{Value, check, compile, eval_column, eval_row, format, functions, parse, shown, stored};

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

const PIECES: [&str; 24] = [
    "(",
    ")",
    ",",
    "{City}",
    "{Price}",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "not ",
    " and ",
    "-",
    "^",
    "&",
    "1e308",
    "0",
    "é😀",
    "BLANK()",
    "-1e9",
    "{Extra}",
    "{Airline}",
    "''",
    "1e15",
];

fn mutate(random: &mut Random, text: &str, other: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(2) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(6)).min(chars.len());
        match random.below(5) {
            0 => drop(chars.drain(at..end)),
            1 => chars.splice(at..at, PIECES[random.below(PIECES.len())].chars()).for_each(drop),
            2 => chars.splice(at..end, PIECES[random.below(PIECES.len())].chars()).for_each(drop),
            3 => chars.splice(at..end, other.chars()).for_each(drop),
            _ => {
                let copy: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, copy).for_each(drop);
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn mutated_examples_never_panic() {
    let examples: Vec<&str> = functions().flat_map(|def| def.examples).map(|(formula, _)| *formula).collect();
    let rows = Table(vec![
        Record(Vec::new()),
        Record(vec![
            Value::text("Ann"),
            Value::text("ann"),
            Value::text("Zürich 😀"),
            Value::Number(-1e300),
            Value::Bool(true),
            Value::Date(-3_000_000),
            Value::DateTime(i64::MAX / 1_000),
            Value::text("new"),
            Value::list(vec![Value::text("a"), Value::Null]),
            Value::text("12"),
        ]),
    ]);
    let (scope, mut random, mut compiled) = (scope(), Random(0x9E37_79B9_7F4A_7C15), 0);
    for round in 0..30_000 {
        let (text, other) = (examples[random.below(examples.len())], examples[random.below(examples.len())]);
        let text = mutate(&mut random, text, other);
        let parsed = parse(&text);
        let checked = check(&parsed.ast, &scope);
        for diagnostic in parsed.diagnostics.iter().chain(&checked.diagnostics) {
            let span = diagnostic.span;
            assert!(
                text.get(span.start as usize..span.end as usize).is_some(),
                "{round}: {text}: {diagnostic:?}"
            );
        }
        assert_eq!(format(&text).is_ok(), !parsed.has_errors(), "{text}");
        if let Ok(kept) = stored(&text, &scope) {
            assert!(shown(&kept, &scope).is_ok(), "{text} was kept as {kept}");
        }
        if let Ok(program) = compile(&text, &scope) {
            compiled += 1;
            let ctx = context();
            let column = eval_column(&program, &rows, &ctx);
            for (at, row) in rows.0.iter().enumerate() {
                assert_eq!(eval_row(&program, row, &ctx), column.get(at), "{text}");
            }
        }
    }
    assert!(compiled > 2_000, "{compiled}");
}
