//! Filters in the expression language, as tests of columns or by the evaluator: both must keep the same rows. Pages, windows,
//! counts and totals of a filtered, sorted query against the naive reading of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use engine_expr::{EvalContext, Evaluator, Row, Scope, Type, Value, compile_filter};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use support::*;

/// A row for the evaluator, read through the public interface.
struct Naive<'a> {
    base: &'a Base,
    table: &'a Table,
    row: RowNo,
}

impl Row for Naive<'_> {
    fn get(&self, key: u32) -> Value {
        let field = self.table.field(FieldNo(key)).unwrap();
        match (&field.kind, self.base.cell(self.table.number(), self.row, field.no)) {
            (_, Cell::Empty) => Value::Null,
            (_, Cell::True) => Value::Bool(true),
            (_, Cell::Number(number)) => Value::Number(number),
            (FieldKind::Link { table, .. }, Cell::Links(rows)) => {
                Value::List(rows.iter().map(|row| Value::text(self.base.record_name(*table, *row))).collect())
            }
            (FieldKind::Date, Cell::Text(day)) => {
                let day: jiff::civil::Date = day.parse().unwrap();
                let days = day.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).unwrap();
                Value::Date(days.get_days())
            }
            (FieldKind::DateTime { .. }, Cell::Text(at)) => {
                Value::DateTime(at.parse::<jiff::Timestamp>().unwrap().as_microsecond())
            }
            (FieldKind::Select { choices }, Cell::Text(id)) => {
                Value::text(choices.iter().find(|choice| *choice.id == *id).unwrap().name.as_str())
            }
            (_, Cell::Text(text)) => Value::text(text),
            (_, Cell::Links(_) | Cell::Texts(_)) => Value::Null,
        }
    }
}

fn scope(table: &Table) -> Scope {
    let mut scope = Scope::new();
    for field in &table.fields {
        let ty = match field.kind {
            FieldKind::Number { .. } => Type::Number,
            FieldKind::Checkbox => Type::Bool,
            FieldKind::Date => Type::Date,
            FieldKind::DateTime { .. } => Type::DateTime,
            FieldKind::Select { .. } => Type::Option,
            FieldKind::Link { .. } => Type::Links,
            _ => Type::Text,
        };
        scope.add(&field.name, "", field.no.0, ty);
    }
    scope
}

/// The rows that the evaluator keeps, in the order of the same query without a filter.
fn expected(base: &Base, spec: &QuerySpec) -> Vec<RowNo> {
    let table = base.schema().table(spec.table).unwrap();
    let program = compile_filter(spec.filter.as_ref().unwrap(), &scope(table)).unwrap();
    let eval = EvalContext::new(context().now_us, TimeZone::UTC);
    let mut evaluator = Evaluator::new(&program, &eval);
    let all = QuerySpec { filter: None, ..spec.clone() };
    let rows = base.window(&all, &context(), 0, usize::MAX).unwrap().rows;
    rows.into_iter().filter(|row| evaluator.matches(&Naive { base, table, row: *row })).collect()
}

fn atom(rng: &mut Rng) -> String {
    let op = *rng.pick(&["=", "!=", "<", "<=", ">", ">="]);
    let equality = *rng.pick(&["=", "!="]);
    let number = (rng.below(21) as f64 - 10.0) / 2.0;
    let word = *rng.pick(&["anna", "Anna", "ann", "AN", "zo", "Z", "order", "ß", "İ", "日", "1", "", "x"]);
    let state = *rng.pick(&["todo", "Doing", "doing", "do", "none", ""]);
    let day = format!("2026-0{}-1{}", 1 + rng.below(9), rng.below(10));
    let at = format!("2026-11-0{}T10:0{}:00Z", 1 + rng.below(9), rng.below(10));
    let field = *rng.pick(&["Name", "Age", "Done", "Day", "At", "State", "In team", "Boss"]);
    match rng.below(26) {
        0..=3 => format!("{{Age}} {op} {number:?}"),
        4 => format!("{number:?} {op} {{Age}}"),
        5 => format!("{{Name}} {equality} \"{word}\""),
        6 => format!("\"{word}\" = {{Name}}"),
        7 => format!("CONTAINS({{Name}}, \"{word}\")"),
        8 => format!("STARTS_WITH({{Name}}, \"{word}\")"),
        9 => format!("{{State}} {equality} \"{state}\""),
        10 => format!("CONTAINS({{State}}, \"{state}\")"),
        11 => format!("{{Done}} {equality} {}", rng.pick(&["TRUE", "FALSE", "1", "BLANK()"])),
        12 => format!("{{Day}} {op} \"{day}\""),
        13 => format!("{{At}} {op} \"{}\"", rng.pick(&[at.as_str(), "2026-11-05", day.as_str()])),
        14 => format!("IS_BLANK({{{field}}})"),
        15 => format!("{{{field}}} {equality} BLANK()"),
        16 => "{Done}".to_owned(),
        17 => format!("{{Age}} + {number:?} {op} 1"),
        18 => format!("1 / {{Age}} {op} {number:?}"),
        19 => format!("CONTAINS({{In team}}, \"{word}\")"),
        20 => format!("{{Name}} {op} \"{word}\""),
        21 => format!("{{Day}} {op} TODAY()"),
        22 => format!("{{Day}} {op} \"{at}\""),
        23 => format!("{{Age}} {op} {}", rng.pick(&["BLANK()", "1 / 0", "{Age}", "TRUE"])),
        24 => format!("AND({{Age}}, {{{}}})", rng.pick(&["Name", "Boss", "Done", "Age"])),
        _ => rng.pick(&["TRUE", "1 = 1", "1 / 0 = 1", "BLANK()", "FIND(\"n\", {Name})"]).to_string(),
    }
}

fn filter(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.below(3) == 0 {
        return atom(rng);
    }
    let mut one = || filter(rng, depth - 1);
    let (a, b, c) = (one(), one(), one());
    match rng.below(6) {
        0 => format!("AND({a}, {b}, {c})"),
        1 => format!("OR({a}, {b}, {c})"),
        2 => format!("NOT({a})"),
        3 => format!("({a}) or not ({b})"),
        _ => format!("({a}) and ({b})"),
    }
}

fn sort(rng: &mut Rng) -> Vec<Sort> {
    let fields = [NAME, AGE, DONE, DAY, AT, STATE, TEAM];
    (0..rng.below(3))
        .map(|_| Sort { by: SortBy::Field(*rng.pick(&fields)), desc: rng.below(2) == 1 })
        .collect()
}

fn pages(base: &Base, spec: &QuerySpec, limit: usize) -> Vec<RowNo> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = base.list(spec, &context(), after.as_ref(), limit).unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}

#[test]
fn filters_keep_what_the_evaluator_keeps() {
    seeds(60, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for round in 0..30 {
            step(rng, &mut base, &tables, &mut model, &mut bin);
            if round < 8 {
                continue;
            }
            let spec =
                QuerySpec { filter: Some(filter(rng, 2)), sort: sort(rng), ..QuerySpec::all(tables[PEOPLE]) };
            let rows = expected(&base, &spec);
            let limit = 1 + rng.below(4);
            assert_eq!(pages(&base, &spec, limit), rows, "walked {spec:?}");
            assert_eq!(base.count(&spec, &context()).unwrap(), rows.len(), "{spec:?}");
            let (total, _) = base.aggregates(&spec, &context(), &[]).unwrap();
            assert_eq!(total, rows.len(), "{spec:?}");
            let window = base.window(&spec, &context(), 0, usize::MAX).unwrap();
            assert_eq!(window.rows, rows, "{spec:?}");
            assert_eq!(pages(&base, &spec, limit), rows, "kept {spec:?}");
            // The order is kept now: it must follow the changes.
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            let rows = expected(&base, &spec);
            let window = base.window(&spec, &context(), 0, usize::MAX).unwrap();
            assert_eq!(window.rows, rows, "{spec:?} after {change:?}");
        }
    });
}

#[test]
fn pages_while_others_write() {
    seeds(60, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for _ in 0..25 {
            step(rng, &mut base, &tables, &mut model, &mut bin);
        }
        let fields = [NAME, AGE, DAY, STATE];
        let spec = QuerySpec {
            filter: Some(format!("{{Age}} < {} or {{Done}}", rng.below(5))),
            sort: vec![Sort { by: SortBy::Field(*rng.pick(&fields)), desc: rng.below(2) == 1 }],
            ..QuerySpec::all(tables[PEOPLE])
        };
        let before = expected(&base, &spec);
        let (mut rows, mut after, mut touched) = (Vec::new(), None, BTreeSet::new());
        loop {
            let page = base.list(&spec, &context(), after.as_ref(), 2).unwrap();
            rows.extend(page.rows);
            let Some(next) = page.next else { break };
            after = Some(next);
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            touched.extend(change.updated.iter().map(|edit| edit.row));
            touched.extend(change.deleted.iter().map(|facts| facts.row));
            touched.extend(change.created.iter().map(|facts| facts.row));
        }
        // Whatever nobody touched meanwhile comes exactly once and in order.
        let still = |list: &[RowNo]| -> Vec<RowNo> {
            list.iter().copied().filter(|row| !touched.contains(row)).collect()
        };
        assert_eq!(still(&rows), still(&before), "{spec:?}");
    });
}

#[test]
fn kept_json_follows_the_changes() {
    seeds(30, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for round in 0..40 {
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            if round % 9 == 8 {
                let name = Some(format!("Name of round {round}"));
                let (table, field) = (tables[PEOPLE], STATE);
                let rename = Command::UpdateField {
                    table,
                    field,
                    name,
                    description: None,
                    kind: None,
                    rules: None,
                    position: None,
                };
                run(&mut base, rng, &rename);
            }
            for table in &tables {
                let rows = model.rows(*table);
                let some: Vec<RowNo> = rows.iter().copied().filter(|_| rng.below(2) == 0).collect();
                for rows in [&some, &rows] {
                    let (mut kept, mut new) = (Vec::new(), Vec::new());
                    base.write_records(*table, rows, Keys::Name, None, &mut kept);
                    for row in rows {
                        new.extend_from_slice(if new.is_empty() { b"" } else { b"," });
                        assert!(base.write_record(*table, *row, Keys::Name, None, &mut new));
                    }
                    assert_eq!(kept, new, "after {change:?}");
                }
            }
        }
    });
}
