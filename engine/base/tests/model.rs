//! Random commands against a naive model: cells, both sides of links, times; and the cases that once broke such engines.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::json;
use support::*;

#[test]
fn cells_follow_the_model() {
    seeds(60, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for _ in 0..60 {
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            assert_eq!(dump(&base), model.cells, "after {change:?}");
            both_sides(&base);
        }
    });
}

fn both_sides(base: &Base) {
    for ((table, row), cells) in dump(base) {
        for field in &base.schema().table(table).unwrap().fields {
            let FieldKind::Link { table: other, symmetric, .. } = field.kind else { continue };
            for linked in cells.get(&field.no).map_or(&[][..], Cell::rows) {
                let back = base.cell(other, *linked, symmetric.unwrap());
                assert_eq!(
                    back.rows().iter().filter(|one| **one == row).count(),
                    1,
                    "{table:?} {row:?} {}",
                    field.name
                );
            }
        }
    }
}

fn cells(pairs: &[(FieldNo, serde_json::Value)]) -> InputCells {
    pairs.to_vec()
}

#[test]
fn duplicate_ids_in_one_change() {
    let rng = &mut Rng(1);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    run(
        &mut base,
        rng,
        &Command::CreateRecords { table: people, rows: vec![cells(&[(NAME, json!("a"))])], ids: None },
    );
    let twice = vec![
        (RowNo(1), cells(&[(NAME, json!("b")), (AGE, json!(1))])),
        (RowNo(1), cells(&[(NAME, json!("c"))])),
    ];
    let change = run(&mut base, rng, &Command::UpdateRecords { table: people, rows: twice });
    assert_eq!(change.updated.len(), 1);
    assert_eq!(base.cell(people, RowNo(1), NAME), Cell::text("c"));
    assert_eq!(base.cell(people, RowNo(1), AGE), Cell::Number(1.0));
    let change =
        run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(1), RowNo(1)] });
    assert_eq!(change.deleted.len(), 1);
    let ids = Some(vec![RowNo(5), RowNo(5)]);
    let double = Command::CreateRecords { table: people, rows: vec![Vec::new(), Vec::new()], ids };
    assert_eq!(check(&base, rng, &double).unwrap_err()[0].code, CellCode::NotUnique);
}

#[test]
fn delete_then_restore() {
    let rng = &mut Rng(2);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    run(
        &mut base,
        rng,
        &Command::CreateRecords { table: teams, rows: vec![cells(&[(NAME, json!("Red"))])], ids: None },
    );
    let red = teams.record(RowNo(1)).to_string();
    let row =
        cells(&[(NAME, json!("Ann")), (TEAM, json!([red])), (STATE, json!("doing")), (BOSS, json!([]))]);
    run(&mut base, rng, &Command::CreateRecords { table: people, rows: vec![row], ids: None });
    let before = (dump(&base), base.meta(people, RowNo(1)).unwrap());
    let gone = run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(1)] });
    assert!(base.cell(teams, RowNo(1), MEMBERS).is_empty());
    let restore = Command::RestoreRecords { table: people, rows: gone.deleted };
    run(&mut base, rng, &restore);
    assert_eq!(dump(&base), before.0);
    let meta = base.meta(people, RowNo(1)).unwrap();
    assert_eq!((meta.created_us, &meta.created_by), (before.1.created_us, &before.1.created_by));
    assert!(meta.updated_us > before.1.updated_us);
    assert_eq!(check(&base, rng, &restore).unwrap_err()[0].code, CellCode::NotUnique);
    // What is gone by then is left out: the team, and the choice.
    let gone = run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(1)] });
    run(&mut base, rng, &Command::DeleteRecords { table: teams, rows: vec![RowNo(1)] });
    let kind = FieldKind::Select { choices: vec![choice("todo")] };
    run(&mut base, rng, &update_field(people, STATE, kind));
    run(&mut base, rng, &Command::RestoreRecords { table: people, rows: gone.deleted });
    assert_eq!(base.cells(people, RowNo(1)).into_keys().collect::<Vec<_>>(), [NAME]);
    // Row numbers are not given out again.
    let made =
        run(&mut base, rng, &Command::CreateRecords { table: people, rows: vec![Vec::new()], ids: None });
    assert_eq!(made.created[0].row, RowNo(2));
}

fn update_field(table: TableNo, field: FieldNo, kind: FieldKind) -> Command {
    Command::UpdateField {
        table,
        field,
        name: None,
        description: None,
        kind: Some(kind),
        rules: None,
        position: None,
    }
}

#[test]
fn a_record_linked_to_itself() {
    let rng = &mut Rng(3);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let own = json!([people.record(RowNo(1)).to_string()]);
    run(&mut base, rng, &Command::CreateRecords { table: people, rows: vec![Vec::new()], ids: None });
    run(
        &mut base,
        rng,
        &Command::UpdateRecords {
            table: people,
            rows: vec![(RowNo(1), cells(&[(BOSS, own.clone()), (REPORTS, own)]))],
        },
    );
    assert_eq!(base.cell(people, RowNo(1), REPORTS), Cell::links(vec![RowNo(1)]));
    assert_eq!(base.cell(people, RowNo(1), BOSS), Cell::links(vec![RowNo(1)]));
    let gone = run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(1)] });
    run(&mut base, rng, &Command::RestoreRecords { table: people, rows: gone.deleted });
    both_sides(&base);
    assert_eq!(base.cell(people, RowNo(1), BOSS), Cell::links(vec![RowNo(1)]));
}

#[test]
fn all_mistakes_at_once() {
    let rng = &mut Rng(4);
    let (base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let rows = vec![
        cells(&[(NAME, json!(5)), (AGE, json!("5")), (DONE, json!("yes")), (FieldNo(99), json!(1))]),
        cells(&[
            (DAY, json!("2026-02-30")),
            (AT, json!("noon")),
            (STATE, json!("open")),
            (NAME, json!("x".repeat(10_001))),
        ]),
        cells(&[
            (TEAM, json!([teams.record(RowNo(9)).to_string()])),
            (BOSS, json!("me")),
            (NAME, json!("a\u{0}")),
        ]),
    ];
    let errors = check(&base, rng, &Command::CreateRecords { table: people, rows, ids: None }).unwrap_err();
    let codes: Vec<(usize, &str)> = errors.iter().map(|error| (error.row, error.code.name())).collect();
    assert_eq!(
        codes,
        [
            (0, "wrong_type"),
            (0, "wrong_type"),
            (0, "wrong_type"),
            (0, "unknown_field"),
            (1, "invalid_value"),
            (1, "invalid_value"),
            (1, "unknown_choice"),
            (1, "too_long"),
            (2, "unknown_record"),
            (2, "wrong_type"),
            (2, "invalid_value"),
        ]
    );
}

#[test]
fn typecast_reads_texts_and_makes_choices() {
    let rng = &mut Rng(5);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    run(
        &mut base,
        rng,
        &Command::CreateRecords { table: teams, rows: vec![cells(&[(NAME, json!("Red team"))])], ids: None },
    );
    let row = cells(&[
        (NAME, json!(12)),
        (AGE, json!("1,200")),
        (DONE, json!("yes")),
        (DAY, json!("21.11.2026")),
        (STATE, json!("Blocked")),
        (TEAM, json!("red TEAM")),
        (AT, json!("2026-11-21 10:00")),
    ]);
    let command = Command::CreateRecords { table: people, rows: vec![row.clone(), row], ids: None };
    let mut random = || rng.next();
    let mut context = CheckContext::new("usr_test", NOW, &mut random);
    context.typecast = true;
    let change = base.check(&command, &mut context).unwrap();
    base.apply(base.seq() + 1, &change);
    let mut json = Vec::new();
    assert!(base.write_record(people, RowNo(2), Keys::Name, None, &mut json));
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        json["fields"],
        json!({"Name": "12", "Age": 1200, "Done": true, "Day": "2026-11-21", "At": "2026-11-21T10:00:00Z", "State": "Blocked",
               "In team": [teams.record(RowNo(1)).to_string()], "Boss": [], "People": []})
    );
    let FieldKind::Select { choices } = &base.schema().field(people.field(STATE)).unwrap().kind else {
        panic!()
    };
    assert_eq!(
        choices.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>(),
        ["todo", "Doing", "done", "Blocked"]
    );
    let mut window = Vec::new();
    assert!(base.write_window_row(people, RowNo(1), &[NAME, TEAM, STATE, DONE, BOSS], &mut window));
    let window: serde_json::Value = serde_json::from_slice(&window).unwrap();
    let team = json!([{"id": teams.record(RowNo(1)).to_string(), "name": "Red team"}]);
    assert_eq!(window, json!([people.record(RowNo(1)).to_string(), "12", team, choices[3].id, true, []]));
}

#[test]
fn schema_commands() {
    let rng = &mut Rng(6);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let row = cells(&[(NAME, json!("Ann")), (STATE, json!("done"))]);
    run(&mut base, rng, &Command::CreateRecords { table: people, rows: vec![row], ids: None });
    // Renaming a choice by id keeps the cells, leaving one out empties them.
    let FieldKind::Select { mut choices } = base.schema().field(people.field(STATE)).unwrap().kind.clone()
    else {
        panic!()
    };
    choices[2].name = "Finished".into();
    run(&mut base, rng, &update_field(people, STATE, FieldKind::Select { choices: choices.clone() }));
    assert_eq!(base.cell(people, RowNo(1), STATE), Cell::text(choices[2].id.as_str()));
    choices.pop();
    let change = run(&mut base, rng, &update_field(people, STATE, FieldKind::Select { choices }));
    assert_eq!(change.updated.len(), 1);
    assert!(base.cell(people, RowNo(1), STATE).is_empty());
    let refused =
        |base: &Base, rng: &mut Rng, command: Command| check(base, rng, &command).unwrap_err()[0].code;
    assert_eq!(refused(&base, rng, update_field(people, NAME, FieldKind::Checkbox)), CellCode::InvalidValue);
    assert_eq!(refused(&base, rng, Command::DeleteField { table: people, field: NAME }), CellCode::ReadOnly);
    let taken = Command::CreateField { table: people, field: field(" nAME ", FieldKind::Text) };
    assert_eq!(refused(&base, rng, taken), CellCode::NotUnique);
    let nameless = Command::CreateField { table: people, field: field(" ", FieldKind::Text) };
    assert_eq!(refused(&base, rng, nameless), CellCode::InvalidValue);
    // A deleted link takes its other side along; a deleted number is not given out again.
    assert!(base.schema().field(teams.field(MEMBERS)).is_some());
    run(&mut base, rng, &Command::DeleteField { table: people, field: TEAM });
    assert!(base.schema().field(teams.field(MEMBERS)).is_none());
    let made =
        run(&mut base, rng, &Command::CreateField { table: people, field: field("New", FieldKind::Text) });
    assert!(made.schema.iter().any(|edit| matches!(edit, SchemaEdit::Field { field: FieldNo(10), .. })));
    let undone = made.inverse().unwrap();
    base.apply(base.seq() + 1, &undone);
    let made =
        run(&mut base, rng, &Command::CreateField { table: people, field: field("New", FieldKind::Text) });
    assert!(made.schema.iter().any(|edit| matches!(edit, SchemaEdit::Field { field: FieldNo(11), .. })));
    // Order of fields, views, deletion of a table with links to it.
    let first = Command::UpdateField {
        table: people,
        field: BOSS,
        name: None,
        description: None,
        kind: None,
        rules: None,
        position: Some(0),
    };
    run(&mut base, rng, &first);
    assert_eq!(base.schema().table(people).unwrap().fields[0].no, BOSS);
    let link = field("People", FieldKind::Link { table: people, symmetric: None, single: false });
    run(&mut base, rng, &Command::CreateField { table: teams, field: link });
    let fields = base.schema().table(teams).unwrap().fields.len();
    let deleted = run(&mut base, rng, &Command::DeleteTable { table: people });
    assert_eq!(base.schema().table(teams).unwrap().fields.len(), fields - 1);
    assert!(base.schema().table(people).is_none());
    assert!(deleted.inverse().is_some(), "it is in the trash");
    let purged = run(&mut base, rng, &Command::Purge { until_us: i64::MAX });
    assert!(purged.inverse().is_none());
    assert_eq!(base.len(people), 0);
    assert!(base.schema().trash.is_empty());
}
