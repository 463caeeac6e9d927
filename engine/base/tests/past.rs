//! A base as it was (spec row D7): going back through the changes gives every state that there was, calculated values and times
//! of records included; what was purged since is not in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::json;
use std::collections::BTreeMap;
use support::random::{reshape, rewrite, update_field};
use support::*;

/// Everything that a reader can see of a base: the schema with its trash, records, times and actors, calculated values.
type State = (Vec<String>, BTreeMap<(TableNo, RowNo), Vec<String>>);

fn state(base: &Base) -> State {
    let schema = base.schema();
    let mut shapes = vec![format!("{:?}", schema.info)];
    let mut records = BTreeMap::new();
    for table in schema.tables.iter().chain(&schema.trash) {
        shapes.push(format!("{:?}", table.head));
        shapes.extend(table.fields.iter().chain(&table.trash.fields).map(|field| format!("{field:?}")));
        shapes.extend(table.views.iter().chain(&table.trash.views).map(|view| format!("{view:?}")));
        let number = table.number();
        if schema.table(number).is_none() {
            continue;
        }
        let all = base.window(&QuerySpec::all(number), &context(), 0, usize::MAX).unwrap();
        let fields: Vec<FieldNo> = table.fields.iter().map(|field| field.no).collect();
        for row in all.rows {
            let mut json = Vec::new();
            assert!(base.write_window_row(number, row, &fields, &mut json));
            let shown = String::from_utf8(json).unwrap();
            // Deleted fields keep their values, so all cells count.
            let cells = format!("{:?} {:?}", base.cells(number, row), base.meta(number, row));
            records.insert((number, row), vec![shown, cells]);
        }
    }
    (shapes, records)
}

const FORMULAS: [&str; 5] = [
    "{Age} * 2",
    "{Name} & ARRAYJOIN({In team}, \"+\")",
    "LAST_MODIFIED_TIME()",
    "CREATED_TIME()",
    "1 / {Age}",
];

/// A random field that is calculated, a stamp, or a field that becomes calculated or plain.
fn compute(rng: &mut Rng, base: &Base, n: usize) -> Option<Command> {
    let table = rng.pick(&base.schema().tables);
    let number = table.number();
    let link = table.fields.iter().find(|field| field.linked().is_some());
    let formula = json!({"formula": rng.pick(&FORMULAS)});
    let (kind, options) = match rng.below(6) {
        0 => ("formula", formula),
        1 => ("modified_time", json!({"fields": [number.field(rng.pick(&table.fields).no)]})),
        2 => ("modified_by", json!({})),
        3 => {
            let link = link?;
            let other = base.schema().table(link.linked()?)?;
            let target = other.number().field(rng.pick(&other.fields).no);
            ("lookup", json!({"link_field": number.field(link.no), "field": target}))
        }
        what => {
            let no = rng.pick(&table.fields).no;
            let (kind, options) = if what == 4 { ("formula", formula) } else { ("text", json!({})) };
            let kind = FieldKind::from_parts(kind, &options).unwrap();
            return Some(update_field(number, no, None, Some(kind)));
        }
    };
    let kind = FieldKind::from_parts(kind, &options).unwrap();
    Some(Command::CreateField { table: number, field: field(&format!("C{n}"), kind) })
}

fn at(change: &Change) -> i64 {
    change.at_us
}

/// 60 random bases with 60 changes each, written as JSON and read back; every state again, from the end and from between.
#[test]
fn a_base_goes_back_to_every_state() {
    seeds(60, &[], |rng| {
        let (mut base, _, _) = fixture(rng);
        let start = base.seq();
        let mut done: Vec<(Change, State)> = Vec::new();
        let first = state(&base);
        for n in 0..60 {
            let command = match rng.below(6) {
                0 | 1 => reshape(rng, &base),
                2 => compute(rng, &base, n),
                _ => rewrite(rng, &base),
            };
            let Some(change) = command.and_then(|command| check(&base, rng, &command).ok()) else { continue };
            if change.is_empty() {
                continue;
            }
            base.apply(base.seq() + 1, &change);
            let read = Change::from_json(change.to_json().as_bytes()).unwrap();
            done.push((read, state(&base)));
        }
        let known = |seq: u64| seq.checked_sub(start + 1).map_or(&first, |at| &done[at as usize].1);
        let change = |seq: u64| &done[(seq - start - 1) as usize].0;
        let now = state(&base);
        for _ in 0..6 {
            let to = start + rng.below((base.seq() - start + 1) as usize) as u64;
            let mut past = base.past();
            while past.seq() > to {
                past.revert(change(past.seq()));
            }
            let at_us = if to > start { at(change(to)) } else { NOW };
            let there = past.finish(at_us);
            assert_eq!(there.seq(), to);
            assert_eq!(&state(&there), known(to), "version {to}");
            // And on from there.
            if to > start {
                let mut past = there.past();
                past.revert(change(to));
                assert_eq!(&state(&past.finish(NOW)), known(to - 1), "version {} from {to}", to - 1);
            }
        }
        assert_eq!(state(&base), now, "the base itself stays");
    });
}

#[test]
fn what_was_purged_is_not_in_the_past() {
    let rng = &mut Rng(9);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let mut done = Vec::new();
    let rows = vec![vec![(NAME, json!("Ada")), (AGE, json!(36))]];
    let mut go = |base: &mut Base, command: Command| done.push(run(base, rng, &command));
    go(&mut base, Command::CreateRecords { table: people, rows, ids: None });
    let before = base.seq();
    let primary = |primary_field| Command::UpdateTable {
        table: people,
        name: None,
        description: None,
        icon: None,
        primary_field: Some(primary_field),
        position: None,
    };
    go(&mut base, primary(AGE));
    go(&mut base, Command::DeleteField { table: people, field: NAME });
    go(&mut base, Command::DeleteTable { table: teams });
    go(&mut base, Command::Purge { until_us: i64::MAX });
    go(&mut base, update_field(people, AGE, Some("Years"), None));
    let mut past = base.past();
    while past.seq() > before {
        let change = &done[(past.seq() - before) as usize];
        past.revert(change);
    }
    let there = past.finish(NOW);
    let table = there.schema().table(people).unwrap();
    assert!(table.field(NAME).is_none() && there.schema().table(teams).is_none());
    assert!(table.field(TEAM).is_none(), "a link goes with its other side");
    assert_eq!(table.field(AGE).unwrap().name, "Age");
    // What named the records then is gone, so that another field does.
    assert_eq!(table.head.primary_field, AGE);
    assert_eq!(there.cell(people, RowNo(1), AGE), Cell::Number(36.0));
    assert!(there.schema().trash.is_empty());
}

/// A change of before there were stamps in it still reads, and says nothing of them.
#[test]
fn an_older_change_has_no_stamps() {
    let text = r#"{"v":2,"kind":"update","at_us":5,"actor":"usr_a","updated":[{"t":1,"r":2,"c":[{"f":1,"b":null,"a":"x"}]}]}"#;
    let change = Change::from_json(text.as_bytes()).unwrap();
    assert_eq!(change.updated[0].stamp, None);
    assert_eq!(change.to_json(), text);
    let stamped = text.replace("}]}]}", "}],\"s\":[4,\"\"]}]}");
    let change = Change::from_json(stamped.as_bytes()).unwrap();
    assert_eq!(change.updated[0].stamp, Some((4, "usr_a".to_owned())));
    assert_eq!(change.to_json(), stamped);
}
