//! Kept orders = orders from scratch; windows, pages and positions = slices of them. Conditions against a naive reading.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorPreferences};
use serde_json::{Value, json};
use std::cmp::Ordering;
use support::*;

fn collate(a: &str, b: &str) -> Ordering {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Secondary);
    Collator::try_new(CollatorPreferences::default(), options).unwrap().compare(a, b)
}

fn text_of(base: &Base, table: TableNo, row: RowNo, field: FieldNo) -> String {
    let mut text = String::new();
    base.write_text(table, row, field, &mut text);
    text
}

/// The naive order of two rows.
fn order(base: &Base, spec: &QuerySpec, a: RowNo, b: RowNo) -> Ordering {
    for sort in &spec.sort {
        let order = match sort.by {
            SortBy::CreatedTime => base
                .meta(spec.table, a)
                .unwrap()
                .created_us
                .cmp(&base.meta(spec.table, b).unwrap().created_us),
            SortBy::UpdatedTime => base
                .meta(spec.table, a)
                .unwrap()
                .updated_us
                .cmp(&base.meta(spec.table, b).unwrap().updated_us),
            SortBy::Field(no) => {
                let (x, y) = (base.cell(spec.table, a, no), base.cell(spec.table, b, no));
                let is_box =
                    no == DONE && spec.table == base.schema().table_by_name("people").unwrap().number();
                match (x.is_empty(), y.is_empty()) {
                    (x, y) if is_box => {
                        let order = if sort.desc { x.cmp(&y) } else { y.cmp(&x) };
                        if order.is_ne() {
                            return order;
                        }
                        continue;
                    }
                    (true, true) => continue,
                    (true, false) => return Ordering::Greater,
                    (false, true) => return Ordering::Less,
                    (false, false) => {}
                }
                match (&base.schema().field(spec.table.field(no)).unwrap().kind, &x, &y) {
                    (FieldKind::Select { choices }, Cell::Text(x), Cell::Text(y)) => {
                        let place = |id: &str| choices.iter().position(|choice| choice.id == id);
                        place(x).cmp(&place(y))
                    }
                    (_, Cell::Number(x), Cell::Number(y)) => x.partial_cmp(y).unwrap(),
                    (FieldKind::Date | FieldKind::DateTime { .. }, Cell::Text(x), Cell::Text(y)) => x.cmp(y),
                    _ => collate(&text_of(base, spec.table, a, no), &text_of(base, spec.table, b, no)),
                }
            }
        };
        let order = if sort.desc { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    a.cmp(&b)
}

/// The naive reading of a condition.
fn holds(base: &Base, table: TableNo, row: RowNo, condition: &Value) -> bool {
    if let Some(list) = condition["and"].as_array() {
        return list.iter().all(|one| holds(base, table, row, one));
    }
    if let Some(list) = condition["or"].as_array() {
        return list.is_empty() || list.iter().any(|one| holds(base, table, row, one));
    }
    let field =
        base.schema().table(table).unwrap().field_by_name(condition["field"].as_str().unwrap()).unwrap();
    let (cell, value) = (base.cell(table, row, field.no), &condition["value"]);
    let text = text_of(base, table, row, field.no).to_lowercase();
    let wanted = value.as_str().unwrap_or_default().to_lowercase();
    let names: Vec<String> = match &field.kind {
        FieldKind::Link { table, .. } => {
            cell.rows().iter().map(|row| base.record_name(*table, *row).to_lowercase()).collect()
        }
        _ if cell.is_empty() => Vec::new(),
        _ => vec![text.clone()],
    };
    let number = |cell: &Cell| if let Cell::Number(number) = cell { Some(*number) } else { None };
    match condition["op"].as_str().unwrap() {
        "is_empty" => cell.is_empty(),
        "is_not_empty" => !cell.is_empty(),
        "is" if value.is_number() => number(&cell) == value.as_f64(),
        "is" => names.contains(&wanted),
        "is_not" => !names.contains(&wanted),
        "contains" => names.iter().any(|name| name.contains(&wanted)),
        "does_not_contain" => !names.iter().any(|name| name.contains(&wanted)),
        "starts_with" => names.iter().any(|name| name.starts_with(&wanted)),
        "gt" => number(&cell) > value.as_f64() && number(&cell).is_some(),
        "lte" => number(&cell).is_some_and(|number| number <= value.as_f64().unwrap()),
        "before" => !text.is_empty() && text < wanted,
        "on" => text.starts_with(&wanted),
        "is_none_of" => {
            !value.as_array().unwrap().iter().any(|one| names.contains(&one.as_str().unwrap().to_lowercase()))
        }
        other => panic!("{other}"),
    }
}

fn queries(base: &Base, tables: &[TableNo]) -> Vec<(QuerySpec, Value)> {
    let people = tables[PEOPLE];
    let by = |field: FieldNo, desc: bool| Sort { by: SortBy::Field(field), desc };
    let created = Sort { by: SortBy::CreatedTime, desc: true };
    let updated = Sort { by: SortBy::UpdatedTime, desc: true };
    let everything = json!({"and": []});
    let list: Vec<(TableNo, Vec<Sort>, Value)> = vec![
        (people, vec![], everything.clone()),
        (people, vec![by(NAME, false)], everything.clone()),
        (people, vec![by(NAME, true), by(AGE, false)], json!({"field": "Age", "op": "gt", "value": -2})),
        (
            people,
            vec![by(AGE, true), by(DAY, false)],
            json!({"or": [{"field": "Name", "op": "contains", "value": "AN"}, {"field": "Done", "op": "is_not_empty"}]}),
        ),
        (
            people,
            vec![by(STATE, true), by(AT, true)],
            json!({"field": "State", "op": "is_not", "value": "todo"}),
        ),
        (
            people,
            vec![by(TEAM, false), updated],
            json!({"field": "In team", "op": "does_not_contain", "value": "o"}),
        ),
        (
            people,
            vec![by(REPORTS, true)],
            json!({"and": [{"field": "Boss", "op": "is_not_empty"}, {"field": "Boss", "op": "is_none_of", "value": ["9", "10"]}]}),
        ),
        (
            people,
            vec![created, by(DONE, false)],
            json!({"and": [{"field": "Day", "op": "before", "value": "2026-05-15"}, {"field": "At", "op": "is_not_empty"}]}),
        ),
        (
            tables[TEAMS],
            vec![by(MEMBERS, false)],
            json!({"or": [{"field": "Team", "op": "starts_with", "value": "Z"}, {"field": "People", "op": "contains", "value": "a"}]}),
        ),
    ];
    list.into_iter()
        .map(|(table, sort, condition)| {
            let parsed = Condition::parse(&condition, base.schema().table(table).unwrap()).unwrap();
            (QuerySpec { condition: Some(parsed), sort, ..QuerySpec::all(table) }, condition)
        })
        .collect()
}

fn expected(base: &Base, spec: &QuerySpec, condition: &Value) -> Vec<RowNo> {
    let all = base.window(&QuerySpec::all(spec.table), &context(), 0, usize::MAX).unwrap().rows;
    let mut rows: Vec<RowNo> =
        all.into_iter().filter(|row| holds(base, spec.table, *row, condition)).collect();
    rows.sort_by(|a, b| order(base, spec, *a, *b));
    rows
}

#[test]
fn kept_orders_equal_full_sorts() {
    seeds(40, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        let queries = queries(&base, &tables);
        for _ in 0..40 {
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            let some = rng.below(queries.len());
            for (spec, condition) in queries[some..].iter().take(3) {
                let expected = expected(&base, spec, condition);
                let window = base.window(spec, &context(), 0, usize::MAX).unwrap();
                assert_eq!(window.rows, expected, "{condition} {:?} after {change:?}", spec.sort);
                assert_eq!(window.total, expected.len());
                let at = rng.below(expected.len() + 2);
                let window = base.window(spec, &context(), at, 3).unwrap();
                assert_eq!(window.rows, expected.iter().skip(at).take(3).copied().collect::<Vec<_>>());
                for row in model.rows(spec.table) {
                    let place = expected.iter().position(|one| *one == row);
                    assert_eq!(base.position(spec, &context(), row).unwrap(), place);
                }
            }
        }
    });
}

#[test]
fn first_sorts_equal_comparison() {
    seeds(60, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let people = tables[PEOPLE];
        let (few, mut model) = (rng.below(2) == 0, Model::default());
        let texts =
            ["München", "Munchen", "Zürich", "Zurich 1", "Zurich 12", "日本", "a\u{301}", "Ægir", "aegis"];
        let schema = base.schema().clone();
        for _ in 0..4 {
            let rows: Vec<InputCells> = (0..20)
                .map(|_| {
                    let mut cells = Vec::new();
                    for no in [NAME, AGE, DONE, DAY, AT, STATE] {
                        let (given, _) = value(rng, &schema, people, no, &model);
                        cells.push((no, given));
                    }
                    match rng.below(if few { 2 } else { 8 }) {
                        0 => cells[0].1 = json!(texts[rng.below(if few { 5 } else { 9 })]),
                        1 => cells[0].1 = json!(format!("Order {:05}", rng.below(30))),
                        2 => {
                            cells[1].1 =
                                json!(rng.next() as f64 / 1e3 * if rng.below(2) == 0 { -1.0 } else { 1e-9 })
                        }
                        _ => {}
                    }
                    cells
                })
                .collect();
            let change = run(&mut base, rng, &Command::CreateRecords { table: people, rows, ids: None });
            change.created.iter().for_each(|facts| model.create(people, facts.row));
            // Slots are used again: rows no longer lie in order of their numbers.
            let gone = model.rows(people).into_iter().filter(|_| rng.below(9) == 0).collect::<Vec<_>>();
            gone.iter().for_each(|row| model.delete(&schema, people, *row));
            run(&mut base, rng, &Command::DeleteRecords { table: people, rows: gone });
        }
        for _ in 0..12 {
            let fields = [NAME, NAME, AGE, DONE, DAY, AT, STATE];
            let by = |rng: &mut Rng| Sort { by: SortBy::Field(*rng.pick(&fields)), desc: rng.below(2) == 1 };
            let sort: Vec<Sort> = (0..1 + rng.below(4)).map(|_| by(rng)).collect();
            let spec = QuerySpec { sort, ..QuerySpec::all(people) };
            let mut expected = model.rows(people);
            expected.sort_by(|a, b| order(&base, &spec, *a, *b));
            let window = base.window(&spec, &context(), 0, usize::MAX).unwrap();
            assert_eq!(window.rows, expected, "{:?}", spec.sort);
        }
    });
}

#[test]
fn pages_neither_skip_nor_repeat() {
    seeds(30, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for _ in 0..12 {
            step(rng, &mut base, &tables, &mut model, &mut bin);
        }
        for (spec, condition) in queries(&base, &tables) {
            let expected = expected(&base, &spec, &condition);
            let (mut rows, mut after) = (Vec::new(), None::<SortKey>);
            loop {
                // Cursors travel as JSON.
                let key = after.map(|key| {
                    serde_json::from_str::<SortKey>(&serde_json::to_string(&key).unwrap()).unwrap()
                });
                let page = base.list(&spec, &context(), key.as_ref(), 2).unwrap();
                assert_eq!(base.count(&spec, &context()).unwrap(), expected.len());
                rows.extend(page.rows);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(rows, expected, "{condition}");
        }
        // The row of the cursor goes: the list goes on behind where it stood.
        let spec = QuerySpec {
            sort: vec![Sort { by: SortBy::Field(NAME), desc: false }],
            ..QuerySpec::all(tables[PEOPLE])
        };
        let page = base.list(&spec, &context(), None, 2).unwrap();
        if let Some(next) = page.next {
            let all = base.window(&spec, &context(), 0, usize::MAX).unwrap().rows;
            run(&mut base, rng, &Command::DeleteRecords { table: tables[PEOPLE], rows: vec![next.row] });
            let rest = base.list(&spec, &context(), Some(&next), usize::MAX).unwrap();
            assert_eq!(rest.rows, all[2..]);
        }
    });
}

#[test]
fn filters_search_and_aggregates() {
    let rng = &mut Rng(21);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let rows: Vec<InputCells> = (1..=10)
        .map(|n| {
            vec![
                (NAME, json!(format!("Person {n}"))),
                (AGE, json!(n)),
                (DONE, json!(n % 2 == 0)),
                (STATE, json!("todo")),
                (DAY, json!(format!("2026-11-{n:02}"))),
            ]
        })
        .collect();
    run(&mut base, rng, &Command::CreateRecords { table: people, rows, ids: None });
    let filtered = |text: &str| QuerySpec { filter: Some(text.into()), ..QuerySpec::all(people) };
    let rows = |base: &Base, spec: &QuerySpec| -> Vec<u64> {
        base.window(spec, &context(), 0, 100).unwrap().rows.into_iter().map(|row| row.0).collect()
    };
    assert_eq!(rows(&base, &filtered("{Age} > 8")), [9, 10]);
    assert_eq!(rows(&base, &filtered("AND({Done}, {Age} <= 4, {State} = \"todo\")")), [2, 4]);
    let search = QuerySpec { search: Some(" PERSON 1".into()), ..QuerySpec::all(people) };
    assert_eq!(rows(&base, &search), [1, 10]);
    let older = vec![(RowNo(1), vec![(AGE, json!(50)), (NAME, json!("Nobody"))])];
    run(&mut base, rng, &Command::UpdateRecords { table: people, rows: older });
    assert_eq!(rows(&base, &filtered("{Age} > 8")), [1, 9, 10]);
    assert_eq!(rows(&base, &search), [10]);
    let wanted = [
        (AGE, Aggregate::Sum),
        (AGE, Aggregate::Max),
        (DONE, Aggregate::Filled),
        (STATE, Aggregate::Unique),
        (DAY, Aggregate::Min),
        (NAME, Aggregate::Avg),
        (TEAM, Aggregate::Empty),
    ];
    let (total, values) = base.aggregates(&filtered("{Age} > 8"), &context(), &wanted).unwrap();
    assert_eq!(total, 3);
    assert_eq!(
        values,
        [
            AggregateValue::Number(69.0),
            AggregateValue::Number(50.0),
            AggregateValue::Count(1),
            AggregateValue::Count(1),
            AggregateValue::Text("2026-11-01".into()),
            AggregateValue::None,
            AggregateValue::Count(3),
        ]
    );
    let errors = base.window(&filtered("{Age} >"), &context(), 0, 1).unwrap_err();
    assert!(errors[0].member == "filter" && errors[0].span.is_some(), "{errors:?}");
    let errors = base.window(&filtered("{Nothing} = 1"), &context(), 0, 1).unwrap_err();
    assert_eq!(errors[0].span, Some((0, 9)), "{errors:?}");
}

#[test]
fn mistakes_in_conditions_have_places() {
    let rng = &mut Rng(22);
    let (base, tables, _) = fixture(rng);
    let people = base.schema().table(tables[PEOPLE]).unwrap();
    for (condition, pointer, code) in [
        (json!({"and": [{"field": "Nope", "op": "is", "value": 1}]}), "/and/0/field", "unknown_field"),
        (json!({"or": [{"field": "Name", "op": "like", "value": 1}]}), "/or/0/op", "unknown_op"),
        (json!([]), "", "invalid_value"),
        (json!({"field": "Age", "op": "contains", "value": "x"}), "/op", "op_not_for_type"),
        (json!({"field": "Age", "op": "gt", "value": "x"}), "/value", "invalid_value"),
        (
            json!({"and": [{"and": [{"field": "State", "op": "is", "value": "x"}]}]}),
            "/and/0/and/0/value",
            "invalid_value",
        ),
    ] {
        let errors = match Condition::parse(&condition, people) {
            Err(errors) => errors,
            Ok(parsed) => {
                let spec = QuerySpec { condition: Some(parsed), ..QuerySpec::all(tables[PEOPLE]) };
                base.window(&spec, &context(), 0, 1).unwrap_err()
            }
        };
        assert_eq!((errors[0].pointer.as_str(), errors[0].code.as_str()), (pointer, code), "{condition}");
    }
    let deep = (0..30).fold(json!({"field": "Name", "op": "is_empty"}), |inner, _| json!({"and": [inner]}));
    assert_eq!(Condition::parse(&deep, people).unwrap_err()[0].code, "too_deep");
}
