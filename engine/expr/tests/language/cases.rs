//! The Markdown cases of `tests/cases`: source, `^^^ code message` under what is wrong, `= printed`, `: type`.

use engine_expr::{Diagnostic, check, line_column, parse};

/// A block's expectation beside what the engine says, in the same notation.
fn actual(source: &str, wants_print: bool, wants_type: bool, types: bool) -> String {
    let parsed = parse(source);
    let mut out = source.to_owned();
    let mut diagnostics: Vec<Diagnostic> = parsed.diagnostics.clone();
    let mut ty = None;
    if types {
        let checked = check(&parsed.ast, &crate::support::scope());
        ty = checked.program.is_some().then_some(checked.ty);
        diagnostics.extend(checked.diagnostics);
    }
    for diagnostic in &diagnostics {
        let start = line_column(source, diagnostic.span.start).column as usize;
        let end = line_column(source, diagnostic.span.end).column as usize;
        let marks = format!("{}{}", " ".repeat(start - 1), "^".repeat(end.saturating_sub(start).max(1)));
        out += &format!("\n{marks} {} {}", diagnostic.code.as_str(), diagnostic.message);
    }
    if wants_print {
        out += &format!("\n= {}", parsed.ast.print());
    }
    if wants_type {
        out += &format!("\n: {}", ty.map_or("no program".to_owned(), |ty| ty.to_string()));
    }
    out
}

fn run(file: &str, types: bool) {
    let mut count = 0;
    for block in file.split("```formula\n").skip(1) {
        let expected = block.split("\n```").next().unwrap_or_default();
        let source = expected.lines().next().unwrap_or_default();
        let starts = |mark: &str| expected.lines().skip(1).any(|line| line.starts_with(mark));
        assert_eq!(expected, actual(source, starts("= "), starts(": "), types));
        count += 1;
    }
    assert!(count > 20, "only {count} cases found");
}

#[test]
fn parse_cases() {
    run(include_str!("../cases/parse.md"), false);
}

#[test]
fn type_cases() {
    run(include_str!("../cases/types.md"), true);
}
