//! Rules of fields (spec row D2): bounds, lengths, patterns and formulas are asked of what is written, of nothing else, and say what
//! their owner wrote.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::{Value, json};
use support::random::update_field;
use support::*;

fn ruled(people: TableNo, field: FieldNo, rule: Value) -> Command {
    let (rules, _) = FieldRules::split(&json!({"validation": rule})).unwrap();
    Command::UpdateField {
        table: people,
        field,
        name: None,
        description: None,
        kind: None,
        rules: Some(rules),
        position: None,
    }
}

fn create(people: TableNo, rows: Vec<Vec<(FieldNo, Value)>>) -> Command {
    Command::CreateRecords { table: people, rows, ids: None }
}

fn update(people: TableNo, row: u64, cells: Vec<(FieldNo, Value)>) -> Command {
    Command::UpdateRecords { table: people, rows: vec![(RowNo(row), cells)] }
}

/// Index, field, code and words of each error.
fn told(base: &Base, rng: &mut Rng, command: &Command) -> Vec<String> {
    let errors = check(base, rng, command).err().unwrap_or_default();
    let one = |error: CellError| {
        let no = error.field.map_or(0, |field| field.0);
        format!("{} {no} {} {}", error.row, error.code.name(), error.detail)
    };
    errors.into_iter().map(one).collect()
}

#[test]
fn bounds_lengths_and_patterns() {
    let rng = &mut Rng(1);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    run(&mut base, rng, &ruled(people, AGE, json!({"min": 0, "max": 150})));
    run(&mut base, rng, &ruled(people, DAY, json!({"min": "2020-01-01", "message": "Too early."})));
    run(&mut base, rng, &ruled(people, AT, json!({"max": "2030-01-01T00:00:00Z", "message": "Too late."})));
    let text = json!({"min_length": 2, "max_length": 5, "pattern": "[A-Z][a-zä]*", "message": "A name."});
    run(&mut base, rng, &ruled(people, NAME, text));
    let good = vec![(NAME, json!("Adä")), (AGE, json!(150)), (DAY, json!("2020-01-01"))];
    let bad = vec![(NAME, json!("ada")), (AGE, json!(150.5)), (DAY, json!("2019-12-31"))];
    let late = vec![(NAME, json!("Adalin")), (AT, json!("2030-01-01T00:00:01Z"))];
    // Empty cells break nothing; all mistakes of all records are said at once.
    assert_eq!(
        told(&base, rng, &create(people, vec![good.clone(), bad, late, vec![]])),
        [
            "1 1 rule_broken A name.",
            "1 2 rule_broken Age must be at least 0 and at most 150.",
            "1 4 rule_broken Too early.",
            "2 1 rule_broken A name.",
            "2 5 rule_broken Too late.",
        ]
    );
    run(&mut base, rng, &create(people, vec![good, vec![]]));
    assert_eq!(told(&base, rng, &update(people, 1, vec![(AGE, json!(-1))])).len(), 1);
    assert_eq!(told(&base, rng, &update(people, 1, vec![(AGE, Value::Null)])), [""; 0]);
    // An import leaves the row out and writes the others.
    let row = |age| vec![(NAME, Cell::text("Bo")), (AGE, Cell::Number(age))];
    let import = Command::ImportRecords { table: people, rows: vec![row(-1.0), row(3.0)], merge: None };
    let change = run(&mut base, rng, &import);
    assert_eq!((change.created.len(), change.refused.len()), (1, 1));
    assert_eq!((change.refused[0].row, change.refused[0].code), (0, CellCode::RuleBroken));
    let merge = Merge { key: NAME, create: true, clear: false };
    let import = Command::ImportRecords { table: people, rows: vec![row(900.0)], merge: Some(merge) };
    let change = run(&mut base, rng, &import);
    assert_eq!((change.updated.len(), change.refused.len()), (0, 1));
}

#[test]
fn a_formula_over_the_record() {
    let rng = &mut Rng(2);
    let (mut base, tables, _) = fixture(rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    let old = vec![(NAME, json!("Old")), (DAY, json!("2020-01-01")), (AT, json!("2019-01-01T00:00:00Z"))];
    run(&mut base, rng, &create(people, vec![old]));
    run(
        &mut base,
        rng,
        &Command::CreateRecords { table: teams, rows: vec![vec![(NAME, json!("Red"))]], ids: None },
    );
    let rule = json!({"formula": "{At} >= {Day}", "message": "Not before the day."});
    let preview = |base: &Base, rng: &mut Rng, command: &Command| {
        let mut random = || rng.next();
        base.conversion(command, &mut CheckContext::new("usr_test", NOW, &mut random)).unwrap().broken
    };
    let command = ruled(people, AT, rule);
    assert_eq!(preview(&base, rng, &command), 1, "what is there and breaks it is counted");
    run(&mut base, rng, &command);
    // What broke the rule before stays, also when something else of the record is written, or the same value again.
    let same = vec![(NAME, json!("Older")), (AT, json!("2019-01-01T00:00:00Z"))];
    run(&mut base, rng, &update(people, 1, same));
    // Either of the two may break it; the error is at the field of the rule.
    let expected = ["0 5 rule_broken Not before the day."];
    assert_eq!(told(&base, rng, &update(people, 1, vec![(DAY, json!("2021-01-01"))])), expected);
    run(&mut base, rng, &update(people, 1, vec![(AT, json!("2020-06-01T00:00:00Z"))]));
    assert_eq!(told(&base, rng, &update(people, 1, vec![(DAY, json!("2021-01-01"))])), expected);
    assert_eq!(told(&base, rng, &update(people, 1, vec![(AT, json!("2019-06-01T00:00:00Z"))])), expected);
    let both = vec![(DAY, json!("2021-01-01")), (AT, json!("2021-06-01T00:00:00Z"))];
    run(&mut base, rng, &update(people, 1, both));
    // Another field that is blank is what the language makes of it: nothing is later than it. Its own is not asked.
    let alone =
        create(people, vec![vec![(AT, json!("2019-06-01T00:00:00Z"))], vec![(DAY, json!("2019-06-01"))]]);
    assert_eq!(told(&base, rng, &alone), expected);
    run(&mut base, rng, &create(people, vec![vec![(DAY, json!("2019-06-01"))]]));
    // Names may change: the formula is kept by ids, and shown by names.
    run(&mut base, rng, &update_field(people, DAY, Some("First day"), None));
    assert_eq!(told(&base, rng, &update(people, 1, vec![(DAY, json!("2022-01-01"))])), expected);
    let shown = |base: &Base, field: FieldNo| {
        let table = base.schema().table(people).unwrap();
        base.schema().shown_options(table, table.field(field).unwrap())["validation"].clone()
    };
    assert_eq!(shown(&base, AT)["formula"], "{At} >= {First day}");
    // A field of it that goes ends the asking, and says so, until it is back.
    run(&mut base, rng, &Command::DeleteField { table: people, field: DAY });
    assert!(shown(&base, AT)["problem"].is_string());
    run(&mut base, rng, &update(people, 1, vec![(AT, json!("2001-01-01T00:00:00Z"))]));
    run(&mut base, rng, &update_field(people, AT, Some("When"), None));
    run(&mut base, rng, &Command::RestoreField { table: people, field: DAY });
    assert_eq!(told(&base, rng, &update(people, 1, vec![(AT, json!("2002-01-01T00:00:00Z"))])), expected);

    // Choices by name, links by the names of their records, one's own field by its new name.
    run(
        &mut base,
        rng,
        &ruled(people, STATE, json!({"formula": "OR({State} != \"done\", {In team} != \"\")"})),
    );
    let team = json!([teams.record(RowNo(1)).to_string()]);
    let expected = ["0 6 rule_broken State does not follow the rule of this field."];
    assert_eq!(told(&base, rng, &create(people, vec![vec![(STATE, json!("done"))]])), expected);
    run(&mut base, rng, &create(people, vec![vec![(STATE, json!("done")), (TEAM, team)]]));
    let (rules, _) = FieldRules::split(&json!({"validation": {"formula": "{Shoe} > 30"}})).unwrap();
    let shoe = NewField { rules, ..field("Shoe", FieldKind::Number { precision: None }) };
    let made = run(&mut base, rng, &Command::CreateField { table: people, field: shoe });
    let no = base.schema().table(people).unwrap().field_by_name("Shoe").unwrap().no;
    assert!(!made.schema.is_empty());
    assert_eq!(told(&base, rng, &create(people, vec![vec![(no, json!(30))]])).len(), 1);
}

#[test]
fn what_comes_back_is_not_asked() {
    let rng = &mut Rng(3);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    run(&mut base, rng, &create(people, vec![vec![(AGE, json!(7))], vec![(AGE, json!(8))]]));
    let first = run(&mut base, rng, &update(people, 1, vec![(AGE, json!(40))]));
    let gone = run(&mut base, rng, &Command::DeleteRecords { table: people, rows: vec![RowNo(2)] });
    run(&mut base, rng, &ruled(people, AGE, json!({"min": 18})));
    run(&mut base, rng, &Command::Undo { change: Box::new(first) });
    run(&mut base, rng, &Command::RestoreRecords { table: people, rows: gone.deleted });
    assert_eq!(base.cell(people, RowNo(1), AGE), Cell::Number(7.0));
    assert_eq!(base.cell(people, RowNo(2), AGE), Cell::Number(8.0));
    // Loaded from what is stored, the rule is the same.
    let json = base.schema().field(people.field(AGE)).unwrap().stored_options();
    assert_eq!(FieldRules::split(&json).unwrap().0.validation.unwrap().min, json!(18.0));
}

#[test]
fn a_rule_that_can_not_be_is_refused() {
    let rng = &mut Rng(4);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let kind = FieldKind::from_parts("formula", &json!({"formula": "{Age} * 2"})).unwrap();
    run(&mut base, rng, &Command::CreateField { table: people, field: field("Twice", kind) });
    for (field, rule) in [
        (NAME, json!({"min": 3})),
        (AGE, json!({"min": "three"})),
        (AGE, json!({"min": 3, "max": 2})),
        (AGE, json!({"pattern": "a"})),
        (NAME, json!({"pattern": "("})),
        (NAME, json!({"pattern": "a)|(b"})),
        (NAME, json!({"pattern": "(a{1000}){1000}"})),
        (NAME, json!({"min_length": 3, "max_length": 2})),
        (DAY, json!({"min": "yesterday"})),
        (AGE, json!({"formula": "{Age} >"})),
        (AGE, json!({"formula": "{Nothing} > 1"})),
        (AGE, json!({"formula": "{Name}"})),
        (AGE, json!({"formula": "{Twice} > 1"})),
        (AGE, json!({"formula": " "})),
        (AGE, json!({"min": 1, "message": "m".repeat(501)})),
    ] {
        let errors = check(&base, rng, &ruled(people, field, rule.clone())).unwrap_err();
        assert_eq!(errors[0].member, "options", "{rule}");
    }
    assert!(FieldRules::split(&json!({"validation": {"minimum": 1}})).is_err());
    // Of nothing, nothing is kept.
    run(&mut base, rng, &ruled(people, AGE, json!({"message": "Never seen"})));
    assert_eq!(base.schema().field(people.field(AGE)).unwrap().rules.validation, None);
    // What stands together in a rule.
    run(&mut base, rng, &ruled(people, AT, json!({"formula": "{At} >= {Day}"})));
    assert_eq!((base.ruled_with(people, DAY), base.ruled_with(people, AT)), (&[AT][..], &[DAY][..]));
    assert_eq!(base.ruled_with(people, AGE), []);
    assert!(base.memory().rules > 0);
    run(&mut base, rng, &Command::DeleteTable { table: people });
    assert_eq!((base.ruled_with(people, DAY), base.memory().rules), (&[][..], 0));
    run(&mut base, rng, &Command::RestoreTable { table: people });
    assert_eq!(base.ruled_with(people, DAY), [AT]);
}

#[test]
fn a_type_that_a_rule_is_not_for_ends_the_rule_alone() {
    let rng = &mut Rng(5);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let (rules, _) = FieldRules::split(&json!({"required": true, "validation": {"min": 0}})).unwrap();
    let shoe = NewField { rules, ..field("Shoe", FieldKind::Number { precision: None }) };
    run(&mut base, rng, &Command::CreateField { table: people, field: shoe });
    let no = base.schema().table(people).unwrap().field_by_name("Shoe").unwrap().no;
    run(&mut base, rng, &update_field(people, no, None, Some(FieldKind::Text)));
    let rules = &base.schema().field(people.field(no)).unwrap().rules;
    assert_eq!((rules.required, rules.validation.is_none()), (true, true));
}

#[test]
fn a_kept_formula_is_of_ids() {
    let rng = &mut Rng(6);
    let (mut base, tables, _) = fixture(rng);
    let people = tables[PEOPLE];
    let row = vec![(DAY, json!("2020-01-01")), (AT, json!("2021-01-01T00:00:00Z"))];
    run(&mut base, rng, &create(people, vec![row]));
    run(&mut base, rng, &ruled(people, AT, json!({"formula": "{At} >= {Day}", "message": "No."})));
    // A field that is named like the id of another one is not that one.
    let id = people.field(DAY).to_string();
    run(&mut base, rng, &update_field(people, AGE, Some(&id), None));
    let early = update(people, 1, vec![(AT, json!("2019-01-01T00:00:00Z"))]);
    assert_eq!(told(&base, rng, &early), ["0 5 rule_broken No."]);
    // Other options can be changed after a field of the rule is gone: it is given as it was told.
    run(&mut base, rng, &Command::DeleteField { table: people, field: DAY });
    let table = base.schema().table(people).unwrap();
    let mut shown = base.schema().shown_options(table, table.field(AT).unwrap());
    shown["required"] = json!(true);
    let (rules, _) = FieldRules::split(&shown).unwrap();
    let command = |rules: FieldRules| Command::UpdateField {
        table: people,
        field: AT,
        name: None,
        description: None,
        kind: None,
        rules: Some(rules),
        position: None,
    };
    let before = table.field(AT).unwrap().rules.validation.clone();
    run(&mut base, rng, &command(rules.clone()));
    let after = &base.schema().field(people.field(AT)).unwrap().rules;
    assert_eq!((&after.validation, after.required), (&before, true));
    // Another one with what is gone is refused.
    let mut rules = rules;
    rules.validation.as_mut().unwrap().formula = Some("{At} > {Day}".into());
    assert_eq!(check(&base, rng, &command(rules)).unwrap_err()[0].code, CellCode::InvalidFormula);
    run(&mut base, rng, &Command::RestoreField { table: people, field: DAY });
    assert_eq!(told(&base, rng, &early), ["0 5 rule_broken No."]);
}
