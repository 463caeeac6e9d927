//! Going back to a schema of before (spec row X8): what is told is what is done, nothing is different from then afterwards, and an
//! undo gives what was there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use support::random::{reshape, rewrite, update_field};
use support::*;

/// What people see of a schema, part by part, as text. Numbers that were given out and who made a view are no part of it, personal
/// views are their owners'.
fn shape(schema: &Schema) -> BTreeMap<PartId, String> {
    let mut parts = BTreeMap::new();
    for table in &schema.tables {
        let (no, head) = (table.number(), &table.head);
        let text = format!(
            "{} {} {:?} {:?} {}",
            head.name, head.description, head.icon, head.primary_field, head.position
        );
        parts.insert(PartId::Table(no), text);
        for field in &table.fields {
            parts.insert(PartId::Field(no, field.no), format!("{field:?}"));
        }
        for view in table.views.iter().filter(|view| view.access != ViewAccess::Personal) {
            let View { name, kind, access, config, position, .. } = view;
            parts
                .insert(PartId::View(no, view.no), format!("{name} {kind} {access:?} {config:?} {position}"));
        }
    }
    parts
}

/// Live and deleted: what an undo has to give again. Links in any order, times of deletions are those of the day.
fn whole(base: &Base) -> (Dump, Vec<String>) {
    let mut cells = Dump::new();
    let schema = base.schema();
    for table in schema.tables.iter().chain(&schema.trash) {
        let no = table.number();
        for row in base.row_numbers(no) {
            let mut own = base.cells(no, row);
            for cell in own.values_mut() {
                if let Cell::Links(rows) = cell {
                    let mut rows = rows.to_vec();
                    rows.sort_unstable();
                    *cell = Cell::Links(rows.into());
                }
            }
            cells.insert((no, row), own);
        }
    }
    let mut shapes: Vec<String> = Vec::new();
    for table in schema.tables.iter().chain(&schema.trash) {
        let head = TableHead { next_field: 0, next_view: 0, deleted_us: None, ..table.head.clone() };
        shapes.push(format!("{} {head:?}", table.head.deleted_us.is_some()));
        let field = |field: &Field| {
            format!(
                "{} {:?}",
                field.deleted_us.is_some(),
                Field { deleted_us: None, outcome: None, ..field.clone() }
            )
        };
        shapes.extend(table.fields.iter().chain(&table.trash.fields).map(field));
        let view = |view: &View| {
            format!("{} {:?}", view.deleted_us.is_some(), View { deleted_us: None, ..view.clone() })
        };
        shapes.extend(table.views.iter().chain(&table.trash.views).map(view));
    }
    shapes.sort_unstable();
    (cells, shapes)
}

/// Changes that the fixture's own random ones lack: types of all kinds there and back, choices, rules, primary fields, names that
/// change places, calculated fields.
fn retype(rng: &mut Rng, base: &Base, n: usize) -> Option<Command> {
    let table = rng.pick(&base.schema().tables);
    let number = table.number();
    let field = rng.pick(&table.fields);
    let kind = |name: &str, options: serde_json::Value| FieldKind::from_parts(name, &options).unwrap();
    let options = |kind: FieldKind, rules: FieldRules| Command::UpdateField {
        table: number,
        field: field.no,
        name: None,
        description: Some(format!("d{n}")),
        kind: Some(kind),
        rules: Some(rules),
        position: None,
    };
    Some(match rng.below(9) {
        0 => {
            let other = rng.pick(&table.fields);
            // Names change places with the help of a third.
            let wanted = if rng.below(2) == 0 { format!("S{n}") } else { format!("{}x", other.name) };
            update_field(number, field.no, Some(&wanted), None)
        }
        1 => update_field(number, field.no, None, Some(kind("text", json!({})))),
        2 => update_field(number, field.no, None, Some(kind("number", json!({"precision": rng.below(3)})))),
        3 => update_field(number, field.no, None, Some(kind("select", json!({"choices": []})))),
        4 => update_field(number, field.no, None, Some(kind("multi_select", json!({"choices": []})))),
        5 => {
            let formula = rng.pick(&["{Age} & \"!\"", "1 + 1", "{Name}"]);
            update_field(number, field.no, None, Some(kind("formula", json!({"formula": formula}))))
        }
        6 => {
            // Some choices go, others come.
            let choices = field.kind.choices()?;
            let mut left: Vec<Choice> = choices.iter().filter(|_| rng.below(3) > 0).cloned().collect();
            left.push(choice(&format!("C{n}")));
            options(field.kind.with_choices(left), field.rules.clone())
        }
        7 => options(
            field.kind.clone(),
            FieldRules { unique: rng.below(2) == 0, required: rng.below(2) == 0, ..FieldRules::default() },
        ),
        _ => Command::UpdateTable {
            table: number,
            name: Some(format!("T{n}")),
            description: None,
            icon: None,
            primary_field: Some(field.no),
            position: Some(rng.below(2)),
        },
    })
}

fn told(base: &Base, rng: &mut Rng, goal: &SchemaGoal) -> (Change, GoingBack) {
    let mut random = || rng.next();
    base.going_back(
        goal,
        &mut CheckContext::new("usr_test", NOW + base.seq() as i64 * 1_000_000, &mut random),
    )
    .unwrap()
}

fn go_back(base: &Base, goal: &SchemaGoal, partly: bool, lost: usize) -> Command {
    let (goal, from) = (Box::new(goal.clone()), Box::new(base.schema().clone()));
    Command::GoBack { goal, from, partly, blocked: usize::MAX, lost }
}

/// The schema that a base had before these changes.
fn goal_before(base: &Base, done: &[Change]) -> SchemaGoal {
    let mut past = base.past();
    done.iter().rev().for_each(|change| past.revert(change));
    past.finish(NOW).goal()
}

/// The fixture with a third table, which both others link to.
fn three_tables(rng: &mut Rng) -> (Base, Vec<TableNo>) {
    let (mut base, mut tables, _) = fixture(rng);
    let fields = vec![field("Place", FieldKind::Text)];
    let places =
        Command::CreateTable { name: "Places".into(), description: String::new(), icon: None, fields };
    run(&mut base, rng, &places);
    let places = base.schema().table_by_name("places").unwrap().number();
    for table in tables.clone() {
        let new = field("At place", FieldKind::Link { table: places, symmetric: None, single: false });
        run(&mut base, rng, &Command::CreateField { table, field: new });
    }
    tables.push(places);
    (base, tables)
}

/// 60 random bases of 50 changes; back to any version, undone, done again.
#[test]
fn what_is_told_is_what_is_done() {
    let (full, partly, losses) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    seeds(60, &[], |rng| {
        let (mut base, _) = three_tables(rng);
        let start = base.seq();
        let mut done: Vec<Change> = Vec::new();
        for n in 0..50 {
            let command = match rng.below(6) {
                0 | 1 => reshape(rng, &base),
                2 | 3 => retype(rng, &base, n),
                4 if n % 25 == 24 => {
                    Some(Command::Purge { until_us: NOW + rng.below(60) as i64 * 1_000_000 })
                }
                _ => rewrite(rng, &base),
            };
            let Some(change) = command.and_then(|command| check(&base, rng, &command).ok()) else { continue };
            if !change.is_empty() {
                base.apply(base.seq() + 1, &change);
                done.push(Change::from_json(change.to_json().as_bytes()).unwrap());
            }
        }
        for _ in 0..4 {
            let to = start + rng.below((base.seq() - start + 1) as usize) as u64;
            let mut past = base.past();
            while past.seq() > to {
                let at = (past.seq() - start - 1) as usize;
                past.revert(&done[at]);
            }
            let goal = past.finish(NOW).goal();
            let before = (shape(base.schema()), whole(&base));
            let values: BTreeMap<_, _> = before.1.0.clone();
            let (_, report) = told(&base, rng, &goal);
            let change = match check(&base, rng, &go_back(&base, &goal, false, report.lost)) {
                Ok(change) if report.blocked.is_empty() => change,
                Ok(_) => panic!("what can't be as it was went unsaid"),
                Err(errors) => {
                    assert_eq!(errors[0].member, "partly", "{errors:?}");
                    assert!(!report.blocked.is_empty());
                    check(&base, rng, &go_back(&base, &goal, true, report.lost)).unwrap()
                }
            };
            base.apply(base.seq() + 1, &change);
            done.push(Change::from_json(change.to_json().as_bytes()).unwrap());
            let after = shape(base.schema());
            // Without what is in the way, the schema is the one of then, to the letter.
            if report.blocked.is_empty() {
                assert_eq!(after, shape(&goal.schema));
                full.fetch_add(1, Relaxed);
            } else {
                partly.fetch_add(1, Relaxed);
            }
            // Each difference was told, and each thing told is a difference.
            let all: BTreeSet<PartId> = before.0.keys().chain(after.keys()).copied().collect();
            let gone = |id: &PartId, shape: &BTreeMap<PartId, String>| match id {
                PartId::Table(_) => false,
                PartId::Field(table, _) | PartId::View(table, _) => {
                    !shape.contains_key(&PartId::Table(*table))
                }
            };
            for id in all {
                let part = report.parts.iter().find(|part| part.id == id);
                match (before.0.get(&id), after.get(&id), part.map(|part| part.done)) {
                    // What comes and goes with its table goes without saying.
                    (Some(_), None, None) => assert!(gone(&id, &after), "{id:?}"),
                    (None, Some(_), None) => assert!(gone(&id, &before.0), "{id:?}"),
                    (Some(_), None, done) => assert_eq!(done, Some(BackDone::Removed), "{id:?}"),
                    (None, Some(_), Some(done)) => {
                        assert!(done == BackDone::Restored || gone(&id, &before.0), "{id:?}");
                    }
                    // What a calculated field comes to follows from others.
                    (Some(a), Some(b), None) => {
                        assert_eq!(a.split("outcome").next(), b.split("outcome").next(), "{id:?}");
                    }
                    (Some(_), Some(_), done) => assert_eq!(done, Some(BackDone::Changed), "{id:?}"),
                    (None, None, _) => {}
                }
            }
            // Values that are gone are those that were counted, and no others.
            let now = whole(&base).0;
            let mut lost: BTreeMap<(TableNo, FieldNo), usize> = BTreeMap::new();
            for ((table, row), cells) in &values {
                for (field, cell) in cells {
                    let is_stamp = |schema: &Schema| {
                        schema.field(table.field(*field)).is_some_and(|field| field.kind.is_read_only())
                    };
                    let left = now[&(*table, *row)].get(field);
                    let is_shorter =
                        matches!((cell, left), (Cell::Texts(a), Some(Cell::Texts(b))) if b.len() < a.len());
                    if (left.is_none() || is_shorter) && !is_stamp(base.schema()) {
                        *lost.entry((*table, *field)).or_default() += 1;
                    }
                }
            }
            for ((table, field), count) in &lost {
                let part = report.parts.iter().find(|part| part.id == PartId::Field(*table, *field));
                assert!(part.is_some_and(|part| part.lost >= *count), "{table:?} {field:?} {count} {part:?}");
            }
            losses.fetch_add(report.lost, Relaxed);
            // And back, and there again.
            let back = run(&mut base, rng, &Command::Undo { change: Box::new(change) });
            assert_eq!(shape(base.schema()), before.0);
            assert_eq!(whole(&base), before.1);
            done.push(Change::from_json(back.to_json().as_bytes()).unwrap());
            let again = run(&mut base, rng, &Command::Undo { change: Box::new(back) });
            assert_eq!(shape(base.schema()), after);
            let back = run(&mut base, rng, &Command::Undo { change: Box::new(again.clone()) });
            done.extend([again, back]);
        }
    });
    let counts = [full.into_inner(), partly.into_inner(), losses.into_inner()];
    assert!(counts[0] > 50 && counts[1] > 10 && counts[2] > 50, "{counts:?}");
}

#[test]
fn what_changed_since_it_was_told_is_not_lost() {
    let rng = &mut Rng(8);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let rows = vec![vec![(NAME, json!("Ada")), (AGE, json!(36))], vec![(NAME, json!("Bo")), (AGE, json!(7))]];
    run(&mut base, rng, &Command::CreateRecords { table: people, rows, ids: None });
    let goal = base.goal();
    run(&mut base, rng, &update_field(people, AGE, Some("Years"), Some(FieldKind::Text)));
    let write = |value: &str| Command::UpdateRecords {
        table: people,
        rows: vec![(RowNo(1), vec![(AGE, json!(value))])],
    };
    run(&mut base, rng, &write("old"));
    let (_, report) = told(&base, rng, &goal);
    let part = &report.parts[0];
    assert_eq!((part.filled, part.lost, report.lost), (2, 1, 1), "{report:?}");
    assert_eq!((part.types, part.renamed.as_deref()), (Some(("text", "number")), Some("Age")));
    let order = go_back(&base, &goal, false, report.lost);
    // One more value that would be lost; a field that somebody made.
    let second =
        Command::UpdateRecords { table: people, rows: vec![(RowNo(2), vec![(AGE, json!("young"))])] };
    let undo = run(&mut base, rng, &second);
    assert_eq!(check(&base, rng, &order).unwrap_err()[0].code, CellCode::Changed);
    run(&mut base, rng, &Command::Undo { change: Box::new(undo) });
    let made =
        run(&mut base, rng, &Command::CreateField { table: people, field: field("New", FieldKind::Text) });
    assert_eq!(check(&base, rng, &order).unwrap_err()[0].code, CellCode::Changed);
    run(&mut base, rng, &Command::Undo { change: Box::new(made) });
    let order = go_back(&base, &goal, false, 1);
    run(&mut base, rng, &order);
    assert_eq!(base.cell(people, RowNo(1), AGE), Cell::Empty);
    assert_eq!(base.cell(people, RowNo(2), AGE), Cell::Number(7.0));
}

#[test]
fn what_can_not_be_again_is_named() {
    let rng = &mut Rng(9);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let mut done = Vec::new();
    let mut go = |base: &mut Base, rng: &mut Rng, command: Command| done.push(run(base, rng, &command));
    go(&mut base, rng, Command::DeleteField { table: people, field: AGE });
    go(&mut base, rng, Command::Purge { until_us: i64::MAX });
    go(&mut base, rng, update_field(people, BOSS, None, Some(FieldKind::Text)));
    go(&mut base, rng, Command::DeleteTable { table: teams });
    let goal = goal_before(&base, &done);
    let (_, report) = told(&base, rng, &goal);
    let mut blocked: Vec<(PartId, BackBlock)> = report.blocked.iter().map(|one| (one.id, one.why)).collect();
    blocked.sort_by_key(|(id, _)| *id);
    let field = |no| PartId::Field(people, no);
    let expected =
        [(field(AGE), BackBlock::Purged), (field(BOSS), BackBlock::Link), (field(REPORTS), BackBlock::Link)];
    assert_eq!(blocked, expected);
    // Less was told of than is in the way.
    let order = go_back(&base, &goal, true, 0);
    let Command::GoBack { goal: to, from, .. } = order.clone() else { unreachable!() };
    let fewer = Command::GoBack { goal: to, from, partly: true, blocked: 2, lost: 0 };
    assert_eq!(check(&base, rng, &fewer).unwrap_err()[0].code, CellCode::Changed);
    run(&mut base, rng, &order);
    let table = base.schema().table(people).unwrap();
    assert_eq!(table.field(BOSS).unwrap().kind, FieldKind::Text);
    assert!(table.field(TEAM).is_some() && base.schema().table(teams).is_some(), "the rest is as it was");
}

#[test]
fn somebodys_own_views_stay_theirs() {
    let rng = &mut Rng(10);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let (own, shared) = (ViewAccess::Personal, ViewAccess::Shared);
    for (name, access) in [("Shared then", shared), ("Own then", own), ("Deleted", shared)] {
        let (name, kind, config) = (name.to_owned(), "grid".to_owned(), ViewConfig::default());
        run(&mut base, rng, &Command::CreateView { table: people, name, kind, access, config });
    }
    let view = |base: &Base, name: &str| base.schema().table(people).unwrap().view_by_name(name).unwrap().no;
    let (first, second, third) =
        (view(&base, "Shared then"), view(&base, "Own then"), view(&base, "Deleted"));
    let access = |view, access, name: &str| Command::UpdateView {
        table: people,
        view,
        name: Some(name.to_owned()),
        kind: None,
        access: Some(access),
        config: None,
        position: None,
    };
    let commands = [
        access(first, own, "Mine now"),
        access(second, shared, "Everybody's now"),
        access(third, own, "Mine"),
        Command::DeleteView { table: people, view: third },
        update_field(people, AGE, Some("Years"), None),
    ];
    let done: Vec<Change> = commands.iter().map(|command| run(&mut base, rng, command)).collect();
    let goal = goal_before(&base, &done);
    let (_, report) = told(&base, rng, &goal);
    assert_eq!(report.parts.iter().map(|part| part.id).collect::<Vec<_>>(), [PartId::Field(people, AGE)]);
    assert_eq!(report.blocked, []);
    let order = go_back(&base, &goal, false, 0);
    run(&mut base, rng, &order);
    let table = base.schema().table(people).unwrap();
    let now = |no| table.view(no).map(|view| (view.name.as_str(), view.access));
    assert_eq!(now(first), Some(("Mine now", own)));
    assert_eq!(now(second), Some(("Everybody's now", shared)));
    assert_eq!(now(third), None);
}

#[test]
fn linked_tables_come_back_and_go_again() {
    let rng = &mut Rng(11);
    let (mut base, tables) = three_tables(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let names = |name: &str| vec![vec![(NAME, json!(name))]];
    run(&mut base, rng, &Command::CreateRecords { table: teams, rows: names("Red"), ids: None });
    let red = json!([teams.record(RowNo(1)).to_string()]);
    let ada = vec![vec![(NAME, json!("Ada")), (TEAM, red)]];
    run(&mut base, rng, &Command::CreateRecords { table: people, rows: ada, ids: None });
    for (first, second) in [(teams, people), (people, teams)] {
        let start = (shape(base.schema()), whole(&base));
        let commands = [first, second].map(|table| Command::DeleteTable { table });
        let gone: Vec<Change> = commands.iter().map(|command| run(&mut base, rng, command)).collect();
        let before = whole(&base);
        // One of the two alone: its link waits for the other.
        for table in [first, second] {
            let one = run(&mut base, rng, &Command::RestoreTable { table });
            run(&mut base, rng, &Command::Undo { change: Box::new(one) });
            assert_eq!(whole(&base), before);
        }
        let goal = goal_before(&base, &gone);
        let order = go_back(&base, &goal, false, 0);
        let change = run(&mut base, rng, &order);
        assert_eq!((shape(base.schema()), whole(&base)), start);
        let undo = run(&mut base, rng, &Command::Undo { change: Box::new(change) });
        assert_eq!(whole(&base), before);
        run(&mut base, rng, &Command::Undo { change: Box::new(undo) });
        assert_eq!((shape(base.schema()), whole(&base)), start);
    }
}

#[test]
fn a_field_that_stays_keeps_the_table_that_it_links_to() {
    let rng = &mut Rng(12);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let fields = vec![field("Shelf", FieldKind::Text)];
    let later = Command::CreateTable { name: "Later".into(), description: String::new(), icon: None, fields };
    let mut done = vec![run(&mut base, rng, &later)];
    let later = base.schema().table_by_name("later").unwrap().number();
    let link = FieldKind::Link { table: later, symmetric: None, single: false };
    done.push(run(&mut base, rng, &update_field(people, AGE, None, Some(link))));
    let goal = goal_before(&base, &done);
    let (_, report) = told(&base, rng, &goal);
    let blocked: Vec<(PartId, BackBlock)> = report.blocked.iter().map(|one| (one.id, one.why)).collect();
    let expected = [(PartId::Field(people, AGE), BackBlock::Link), (PartId::Table(later), BackBlock::Needed)];
    assert_eq!(blocked, expected);
    let order = go_back(&base, &goal, true, 0);
    run(&mut base, rng, &order);
    assert!(base.schema().table(later).is_some());
    assert_eq!(base.schema().field(people.field(AGE)).unwrap().linked(), Some(later));
}

#[test]
fn a_choice_that_was_renamed_is_the_one_of_then() {
    let rng = &mut Rng(13);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let rows = vec![vec![(NAME, json!("Ada")), (STATE, json!("done"))]];
    run(&mut base, rng, &Command::CreateRecords { table: people, rows, ids: None });
    let state = base.schema().field(people.field(STATE)).unwrap().kind.clone();
    let (goal, before) = (base.goal(), base.cell(people, RowNo(1), STATE));
    let mut choices = state.choices().unwrap().to_vec();
    choices.iter_mut().filter(|choice| choice.name == "done").for_each(|choice| choice.name = "ready".into());
    run(&mut base, rng, &update_field(people, STATE, None, Some(state.with_choices(choices.clone()))));
    let many = FieldKind::MultiSelect { choices };
    run(&mut base, rng, &update_field(people, STATE, None, Some(many)));
    let (_, report) = told(&base, rng, &goal);
    assert_eq!((report.lost, report.blocked.len()), (0, 0), "{report:?}");
    let order = go_back(&base, &goal, false, 0);
    run(&mut base, rng, &order);
    assert_eq!(base.cell(people, RowNo(1), STATE), before);
}
