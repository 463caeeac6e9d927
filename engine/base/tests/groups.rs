//! Groups = runs of the full sort; lines = headings and rows of it, less what is folded; windows of lines = slices of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorPreferences};
use serde_json::json;
use std::collections::HashSet;
use support::*;

const TOTALS: [(FieldNo, Aggregate); 5] = [
    (AGE, Aggregate::Sum),
    (DAY, Aggregate::Max),
    (TEAM, Aggregate::Filled),
    (STATE, Aggregate::Unique),
    (NAME, Aggregate::Count),
];

/// A line, told naively.
#[derive(Debug, Clone, PartialEq)]
enum Naive {
    Head { level: usize, first: usize, count: usize },
    Row(RowNo),
}

/// Whether two rows read the same in a field.
fn same(base: &Base, table: TableNo, field: FieldNo, a: RowNo, b: RowNo) -> bool {
    let text = |row| {
        let mut text = String::new();
        base.write_text(table, row, field, &mut text);
        text
    };
    // A link to a record without a name is no empty cell.
    if base.cell(table, a, field).is_empty() != base.cell(table, b, field).is_empty() {
        return false;
    }
    match base.schema().field(table.field(field)).unwrap().kind {
        FieldKind::Text | FieldKind::Link { .. } => {
            let mut options = CollatorOptions::default();
            options.strength = Some(Strength::Secondary);
            let collator = Collator::try_new(CollatorPreferences::default(), options).unwrap();
            collator.compare(&text(a), &text(b)).is_eq()
        }
        _ => base.cell(table, a, field) == base.cell(table, b, field),
    }
}

/// All lines of rows that stand in order, unfolded.
fn naive(base: &Base, spec: &QuerySpec, levels: usize, rows: &[RowNo]) -> Vec<Naive> {
    let mut out = Vec::new();
    let fields: Vec<FieldNo> = spec.sort[..levels].iter().map(field_of).collect();
    for (place, row) in rows.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| rows[before]);
        let mut opens = before.is_none();
        for (level, field) in fields.iter().enumerate() {
            opens |= before.is_some_and(|before| !same(base, spec.table, *field, before, *row));
            if opens {
                let is_in = |other: &&RowNo| {
                    fields[..=level].iter().all(|field| same(base, spec.table, *field, **other, *row))
                };
                let count = rows[place..].iter().take_while(is_in).count();
                out.push(Naive::Head { level, first: place, count });
            }
        }
        out.push(Naive::Row(*row));
    }
    out
}

fn field_of(sort: &Sort) -> FieldNo {
    let SortBy::Field(field) = sort.by else { panic!("{sort:?}") };
    field
}

fn plain(line: &Line) -> Naive {
    match line {
        Line::Group(group) => Naive::Head { level: group.level, first: group.first, count: group.count },
        Line::Row(row) => Naive::Row(*row),
    }
}

/// What is left of all lines when groups are folded.
fn folded(all: &[Line], is_folded: impl Fn(GroupKey) -> bool) -> Vec<Naive> {
    let (mut out, mut within) = (Vec::new(), usize::MAX);
    for line in all {
        if let Line::Group(group) = line
            && group.level <= within
        {
            out.push(plain(line));
            within = if is_folded(group.key) { group.level } else { usize::MAX };
        } else if within == usize::MAX {
            out.push(plain(line));
        }
    }
    out
}

fn totals(base: &Base, table: TableNo, rows: &[RowNo]) -> Vec<AggregateValue> {
    let cells =
        |field| rows.iter().map(move |row| base.cell(table, *row, field)).filter(|cell| !cell.is_empty());
    let numbers: Vec<f64> = cells(AGE)
        .filter_map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None })
        .collect();
    let last =
        cells(DAY).filter_map(|cell| if let Cell::Text(text) = cell { Some(text.to_string()) } else { None });
    let states: HashSet<String> = cells(STATE).map(|cell| format!("{cell:?}")).collect();
    vec![
        if numbers.is_empty() { AggregateValue::None } else { AggregateValue::Number(numbers.iter().sum()) },
        last.max().map_or(AggregateValue::None, AggregateValue::Text),
        AggregateValue::Count(cells(TEAM).count()),
        AggregateValue::Count(states.len()),
        AggregateValue::Count(rows.len()),
    ]
}

fn some_spec(rng: &mut Rng, base: &Base, table: TableNo) -> (QuerySpec, usize) {
    let mut fields = vec![NAME, AGE, DONE, DAY, STATE, TEAM, BOSS];
    let levels = 1 + rng.below(4);
    let mut sort = Vec::new();
    for _ in 0..levels + rng.below(2) {
        let field = fields.remove(rng.below(fields.len()));
        sort.push(Sort { by: SortBy::Field(field), desc: rng.below(2) == 1 });
    }
    let mut spec = QuerySpec { sort, ..QuerySpec::all(table) };
    if rng.below(3) == 0 {
        let asked = json!({"field": "Age", "op": "gt", "value": -2});
        spec.condition = Some(Condition::parse(&asked, base.schema().table(table).unwrap()).unwrap());
    }
    (spec, levels)
}

fn judge(rng: &mut Rng, base: &Base, spec: &QuerySpec, levels: usize) {
    let rows = base.window(spec, &context(), 0, usize::MAX).unwrap().rows;
    let grouping = |folded| Grouping { levels, folded, totals: TOTALS.to_vec() };
    let lines = |folded: &Folded, offset, limit| {
        base.lines(spec, &context(), &grouping(folded.clone()), offset, limit).unwrap()
    };
    let all = lines(&Folded::Only(Vec::new()), 0, usize::MAX).lines;
    assert_eq!(
        all.iter().map(plain).collect::<Vec<_>>(),
        naive(base, spec, levels, &rows),
        "{:?}",
        spec.sort
    );
    let mut keys = Vec::new();
    for line in &all {
        let Line::Group(group) = line else { continue };
        assert_eq!(group.row, rows[group.first]);
        assert_eq!(group.totals, totals(base, spec.table, &rows[group.first..group.first + group.count]));
        assert_eq!(group.key.to_string().parse(), Ok(group.key));
        keys.push(group.key);
    }
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "two groups with one key");
    let named: Vec<GroupKey> = keys.iter().copied().filter(|_| rng.below(3) == 0).collect();
    let heads = |line: &&Line| matches!(line, Line::Group(_));
    for (how, expected) in [
        (Folded::Only(named.clone()), folded(&all, |key| named.contains(&key))),
        (Folded::AllBut(named.clone()), folded(&all, |key| !named.contains(&key))),
        (Folded::AllBut(Vec::new()), folded(&all, |_| true)),
        (Folded::Records, all.iter().filter(heads).map(plain).collect()),
    ] {
        for _ in 0..3 {
            let (offset, limit) = (rng.below(expected.len() + 2), 1 + rng.below(9));
            let got = lines(&how, offset, limit);
            assert_eq!((got.total, got.rows), (expected.len(), rows.len()), "{how:?}");
            let shown: Vec<Naive> = got.lines.iter().map(plain).collect();
            assert_eq!(
                shown,
                expected.iter().skip(offset).take(limit).cloned().collect::<Vec<_>>(),
                "{how:?}"
            );
            let place = match shown.first() {
                Some(Naive::Head { first, .. }) => *first,
                Some(Naive::Row(row)) => rows.iter().position(|one| one == row).unwrap(),
                None => rows.len(),
            };
            assert_eq!(got.place, place);
        }
        if how == Folded::Records {
            continue;
        }
        for (place, row) in rows.iter().enumerate() {
            let found = base.line_of(spec, &context(), &grouping(how.clone()), *row).unwrap().unwrap();
            match &expected[found.line] {
                Naive::Row(shown) => assert!(shown == row && !found.is_folded),
                Naive::Head { first, count, .. } => {
                    assert!(found.is_folded && (*first..first + count).contains(&place), "{row:?} {found:?}");
                }
            }
            assert_eq!(found.is_folded, !expected.contains(&Naive::Row(*row)));
        }
    }
}

#[test]
fn lines_equal_groups_from_scratch() {
    seeds(40, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let people = tables[PEOPLE];
        let (mut model, mut bin) = (Model::default(), Vec::new());
        let specs: Vec<_> = (0..3).map(|_| some_spec(rng, &base, people)).collect();
        for _ in 0..24 {
            step(rng, &mut base, &tables, &mut model, &mut bin);
            // Not each after each change: what was kept must have followed several.
            let (spec, levels) = &specs[rng.below(specs.len())];
            judge(rng, &base, spec, *levels);
        }
    });
}

#[test]
fn without_groups_lines_are_rows() {
    let rng = &mut Rng(5);
    let (mut base, tables, _) = fixture(rng);
    let rows = (1..=5).map(|n| vec![(NAME, json!(format!("Person {n}")))]).collect();
    run(&mut base, rng, &Command::CreateRecords { table: tables[PEOPLE], rows, ids: None });
    let spec = QuerySpec::all(tables[PEOPLE]);
    let grouping = Grouping { levels: 0, folded: Folded::AllBut(Vec::new()), totals: Vec::new() };
    let lines = base.lines(&spec, &context(), &grouping, 1, 2).unwrap();
    assert_eq!((lines.total, lines.rows, lines.place), (5, 5, 1));
    assert_eq!(lines.lines, [Line::Row(RowNo(2)), Line::Row(RowNo(3))]);
    let found = base.line_of(&spec, &context(), &grouping, RowNo(4)).unwrap();
    assert_eq!(found, Some(LinePlace { line: 3, is_folded: false }));
}

#[test]
fn a_group_keeps_its_key_while_it_stands_for_the_same() {
    let rng = &mut Rng(6);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let rows = ["anna", "Zoë", "Anna"].map(|name| vec![(NAME, json!(name)), (STATE, json!("todo"))]).to_vec();
    run(&mut base, rng, &Command::CreateRecords { table: people, rows, ids: None });
    let sort = [STATE, NAME].map(|field| Sort { by: SortBy::Field(field), desc: false }).to_vec();
    let spec = QuerySpec { sort, ..QuerySpec::all(people) };
    let keys = |base: &Base| -> Vec<(usize, usize, GroupKey)> {
        let grouping = Grouping { levels: 2, folded: Folded::Records, totals: Vec::new() };
        let lines = base.lines(&spec, &context(), &grouping, 0, 99).unwrap().lines;
        let group = |line| if let Line::Group(group) = line { Some(group) } else { None };
        lines.into_iter().filter_map(group).map(|group| (group.level, group.count, group.key)).collect()
    };
    let before = keys(&base);
    let shape: Vec<_> = before.iter().map(|(level, count, _)| (*level, *count)).collect();
    assert_eq!(shape, [(0, 3), (1, 2), (1, 1)]);
    // Another row comes first, in another case; another choice comes before the groups' own.
    let edits = vec![(RowNo(1), vec![(NAME, json!("ANNA"))]), (RowNo(2), vec![(STATE, json!("doing"))])];
    run(&mut base, rng, &Command::UpdateRecords { table: people, rows: edits });
    let after = keys(&base);
    assert_eq!(before[..2].iter().map(|group| group.2).collect::<Vec<_>>(), [after[0].2, after[1].2]);
    // The same name below another choice is another group.
    assert_ne!(before[2].2, after[3].2);
}
