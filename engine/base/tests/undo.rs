//! Undo and trash: a change taken back leaves what was there before, done again what was there after; what is restored is what
//! was deleted; nobody's later work is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::json;
use support::random::{reshape, rewrite, update_field};
use support::*;

/// What people see of a base. Links of a cell in any order: an undo puts one back at the end.
fn state(base: &Base) -> (Dump, Vec<String>) {
    let mut cells = dump(base);
    for cell in cells.values_mut().flat_map(|cells| cells.values_mut()) {
        if let Cell::Links(rows) = cell {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            *cell = Cell::Links(rows.into());
        }
    }
    let mut shapes = Vec::new();
    for table in &base.schema().tables {
        shapes.push(format!("{:?} {} {:?}", table.number(), table.head.name, table.head.primary_field));
        shapes.extend(table.fields.iter().map(|field| format!("{field:?}")));
        shapes.extend(table.views.iter().map(|view| format!("{view:?}")));
    }
    (cells, shapes)
}

fn undo(base: &mut Base, rng: &mut Rng, change: &Change) -> Change {
    run(base, rng, &Command::Undo { change: Box::new(change.clone()) })
}

/// Every change is taken back, done again and taken back once more; and all of them in the end.
#[test]
fn undo_of_undo_is_what_was_there() {
    seeds(60, &[], |rng| {
        let (mut base, _, _) = fixture(rng);
        let mut done: Vec<(Change, (Dump, Vec<String>))> = Vec::new();
        for _ in 0..40 {
            let command = if rng.below(3) == 0 { reshape(rng, &base) } else { rewrite(rng, &base) };
            let Some(command) = command else { continue };
            let before = state(&base);
            let change = check(&base, rng, &command);
            // A link that is full, a name that is taken: refused, and nothing happens.
            let Ok(change) = change else { continue };
            if change.is_empty() {
                continue;
            }
            base.apply(base.seq() + 1, &change);
            let after = state(&base);
            let back = undo(&mut base, rng, &change);
            assert_eq!(state(&base), before, "{command:?}");
            let again = undo(&mut base, rng, &back);
            assert_eq!(state(&base), after, "{command:?}");
            done.push((again, before));
        }
        for (change, before) in done.into_iter().rev() {
            undo(&mut base, rng, &change);
            assert_eq!(state(&base), before, "{change:?}");
        }
    });
}

/// Memory with a trash is what loading the stored rows gives, also after the trash was emptied.
#[test]
fn a_trash_is_loaded_as_it_was_left() {
    seeds(40, &[], |rng| {
        let (mut base, _, _) = fixture(rng);
        let mut stored = std::collections::BTreeMap::new();
        for turn in 0..60 {
            let command = if rng.below(3) == 0 { reshape(rng, &base) } else { rewrite(rng, &base) };
            let command =
                if turn == 50 { Some(Command::Purge { until_us: NOW + 30_000_000 }) } else { command };
            let Some(change) = command.and_then(|command| check(&base, rng, &command).ok()) else { continue };
            let Stored { created, updated, deleted, .. } = base.stored(&change);
            created.into_iter().for_each(|row| drop(stored.insert((row.table, row.row), row.data)));
            updated.into_iter().for_each(|row| drop(stored.insert((row.table, row.row), row.data)));
            deleted.iter().for_each(|key| drop(stored.remove(key)));
            let read = Change::from_json(change.to_json().as_bytes()).unwrap();
            base.apply(base.seq() + 1, &read);
        }
        let mut loaded = Base::new(base.id(), base.seq(), base.schema().clone());
        for ((table, row), data) in &stored {
            loaded.load_row(*table, *row, data.as_bytes(), 0, 0, "", "").unwrap();
        }
        loaded.finish_load(NOW);
        for (table, row) in stored.keys() {
            assert_eq!(loaded.cells(*table, *row), base.cells(*table, *row), "{table:?} {row:?}");
        }
        // Restored, both are the same base still.
        while let Some(table) = base.schema().trash.first().map(Table::number) {
            let change = run(&mut base, rng, &Command::RestoreTable { table });
            loaded.apply(loaded.seq() + 1, &change);
        }
        assert_eq!(state(&loaded), state(&base));
    });
}

#[test]
fn later_work_is_not_lost() {
    let rng = &mut Rng(3);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let made = run(
        &mut base,
        rng,
        &Command::CreateRecords { table: people, rows: vec![vec![(NAME, json!("Ada"))]], ids: None },
    );
    let row = made.created[0].row;
    let age = |value| Command::UpdateRecords { table: people, rows: vec![(row, vec![(AGE, json!(value))])] };
    let first = run(&mut base, rng, &age(1));
    run(&mut base, rng, &age(2));
    for change in [&first, &made] {
        let errors = check(&base, rng, &Command::Undo { change: Box::new(change.clone()) }).unwrap_err();
        assert_eq!(errors[0].code, CellCode::Changed, "{errors:?}");
    }
    let renamed = update_field(people, AGE, Some("Years"), None);
    let change = run(&mut base, rng, &renamed);
    run(&mut base, rng, &Command::DeleteField { table: people, field: AGE });
    run(&mut base, rng, &Command::RestoreField { table: people, field: AGE });
    assert_eq!(base.cell(people, row, AGE), Cell::Number(2.0));
    undo(&mut base, rng, &change);
    assert_eq!(base.schema().field(people.field(AGE)).unwrap().name, "Age");
}

/// A record that goes while a link field is in the trash is not linked to when the field comes back.
#[test]
fn links_in_the_trash_follow_what_happens() {
    let rng = &mut Rng(4);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    for table in [people, teams] {
        run(&mut base, rng, &Command::CreateRecords { table, rows: vec![vec![]; 3], ids: None });
    }
    let both = json!([teams.record(RowNo(1)).to_string(), teams.record(RowNo(2)).to_string()]);
    run(
        &mut base,
        rng,
        &Command::UpdateRecords { table: people, rows: vec![(RowNo(1), vec![(TEAM, both)])] },
    );
    run(&mut base, rng, &Command::DeleteField { table: people, field: TEAM });
    assert!(base.schema().field(teams.field(MEMBERS)).is_none(), "the other side goes along");
    run(&mut base, rng, &Command::DeleteRecords { table: teams, rows: vec![RowNo(1)] });
    run(&mut base, rng, &Command::RestoreField { table: teams, field: MEMBERS });
    assert_eq!(base.cell(people, RowNo(1), TEAM), Cell::links(vec![RowNo(2)]));
    // And with its table.
    run(&mut base, rng, &Command::DeleteTable { table: teams });
    assert!(base.schema().field(people.field(TEAM)).is_none());
    let errors = check(&base, rng, &Command::RestoreField { table: people, field: TEAM }).unwrap_err();
    assert!(errors[0].detail.contains("Teams"), "{errors:?}");
    run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(1)] });
    run(&mut base, rng, &Command::RestoreTable { table: teams });
    assert_eq!(base.cell(teams, RowNo(2), MEMBERS), Cell::Empty);
    assert!(base.schema().field(people.field(TEAM)).is_some());
    // A name that is taken meanwhile gets a number.
    run(&mut base, rng, &Command::DeleteField { table: people, field: AGE });
    run(
        &mut base,
        rng,
        &Command::CreateField { table: people, field: field("Age", FieldKind::Number { precision: None }) },
    );
    run(&mut base, rng, &Command::RestoreField { table: people, field: AGE });
    assert_eq!(base.schema().field(people.field(AGE)).unwrap().name, "Age 2");
}

/// What an undo would break is refused, and what somebody deleted since stays deleted.
#[test]
fn an_undo_does_no_more_than_it_says() {
    let rng = &mut Rng(5);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let refused = |base: &Base, rng: &mut Rng, change: &Change| {
        check(base, rng, &Command::Undo { change: Box::new(change.clone()) }).unwrap_err()[0].code
    };
    // A value that was written after a change of type can't be a number again.
    let typed = run(&mut base, rng, &update_field(people, AGE, None, Some(FieldKind::Text)));
    let row = vec![(NAME, json!("Ada")), (AGE, json!("old"))];
    let made = run(&mut base, rng, &Command::CreateRecords { table: people, rows: vec![row], ids: None });
    assert_eq!(refused(&base, rng, &typed), CellCode::Changed);
    undo(&mut base, rng, &made);
    undo(&mut base, rng, &typed);
    // A field that was moved, renamed, and deleted since.
    let moved = Command::UpdateField {
        table: people,
        field: DONE,
        name: None,
        description: None,
        kind: None,
        rules: None,
        position: Some(0),
    };
    let moved = run(&mut base, rng, &moved);
    let renamed = run(&mut base, rng, &update_field(people, DAY, Some("When"), None));
    run(&mut base, rng, &Command::DeleteField { table: people, field: DAY });
    undo(&mut base, rng, &moved);
    assert!(base.schema().field(people.field(DAY)).is_none(), "it stays in the trash");
    assert_eq!(refused(&base, rng, &renamed), CellCode::Changed);
    // The field that named the records is in the trash.
    let primary = Command::UpdateTable {
        table: people,
        name: None,
        description: None,
        icon: None,
        primary_field: Some(AGE),
        position: None,
    };
    let primary = run(&mut base, rng, &primary);
    run(&mut base, rng, &Command::DeleteField { table: people, field: NAME });
    assert_eq!(refused(&base, rng, &primary), CellCode::Changed);
}

/// Both sides of a link end on the same day, however their tables were deleted and restored.
#[test]
fn both_sides_of_a_link_are_purged_together() {
    let rng = &mut Rng(6);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let first = run(&mut base, rng, &Command::DeleteTable { table: teams });
    for table in [people, teams] {
        run(
            &mut base,
            rng,
            &match table == people {
                true => Command::DeleteTable { table },
                false => Command::RestoreTable { table },
            },
        );
    }
    run(&mut base, rng, &Command::RestoreTable { table: people });
    let sides = |base: &Base| {
        let there = |table: TableNo, field: FieldNo| {
            base.schema().table(table).unwrap().trashed_field(field).is_some()
        };
        (there(people, TEAM), there(teams, MEMBERS))
    };
    assert_eq!(sides(&base), (true, true));
    run(&mut base, rng, &Command::Purge { until_us: first.at_us });
    assert_eq!(sides(&base), (false, false));
}
