//! Rows of an import: each by itself right or told of, whatever the others are.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use engine_base::*;
use support::*;

fn text(value: &str) -> Cell {
    Cell::text(value)
}

fn with_rules(base: &mut Base, rng: &mut Rng, table: TableNo) {
    let rules = FieldRules { required: true, unique: true, ..FieldRules::default() };
    let command = Command::UpdateField {
        table,
        field: NAME,
        name: None,
        description: None,
        kind: None,
        rules: Some(rules),
        position: None,
    };
    run(base, rng, &command);
}

fn import(
    base: &mut Base,
    rng: &mut Rng,
    table: TableNo,
    rows: &[StoredCells],
    merge: Option<Merge>,
) -> Change {
    run(base, rng, &Command::ImportRecords { table, rows: rows.to_vec(), merge })
}

#[test]
fn a_row_that_breaks_a_rule_is_left_out_alone() {
    let mut rng = Rng(7);
    let (mut base, tables, _) = fixture(&mut rng);
    let (people, teams) = (tables[PEOPLE], tables[TEAMS]);
    with_rules(&mut base, &mut rng, people);
    let team = import(&mut base, &mut rng, teams, &[vec![(NAME, text("Red"))]], None).created[0].row;
    let rows = [
        vec![(NAME, text("Ann")), (TEAM, Cell::links(vec![team]))],
        vec![(AGE, Cell::Number(5.0))],
        vec![(NAME, text("ANN"))],
        vec![(NAME, text("Bob")), (TEAM, Cell::links(vec![RowNo(999)]))],
        vec![(NAME, text("Cleo")), (STATE, text("selNothing"))],
        vec![(NAME, text("Dan"))],
    ];
    let change = import(&mut base, &mut rng, people, &rows, None);
    let told: Vec<(usize, CellCode)> = change.refused.iter().map(|error| (error.row, error.code)).collect();
    let expected = [
        (1, CellCode::Required),
        (2, CellCode::NotUnique),
        (3, CellCode::UnknownRecord),
        (4, CellCode::InvalidValue),
    ];
    assert_eq!(told, expected);
    assert_eq!(change.created.len(), 2);
    assert_eq!(base.cell(teams, team, MEMBERS).rows().len(), 1, "the other side of the link follows");
    // Against what is there as well.
    let again =
        import(&mut base, &mut rng, people, &[vec![(NAME, text("dan"))], vec![(NAME, text("Eve"))]], None);
    assert_eq!((again.refused.len(), again.created.len()), (1, 1));
}

#[test]
fn records_are_found_by_their_key() {
    let mut rng = Rng(8);
    let (mut base, tables, _) = fixture(&mut rng);
    let people = tables[PEOPLE];
    let rows = |list: &[(&str, f64)]| -> Vec<StoredCells> {
        list.iter().map(|(name, age)| vec![(NAME, text(name)), (AGE, Cell::Number(*age))]).collect()
    };
    import(
        &mut base,
        &mut rng,
        people,
        &rows(&[("Ann", 1.0), ("Bob", 2.0), ("Two", 3.0), ("two", 4.0)]),
        None,
    );
    let merge = |create, clear| Some(Merge { key: NAME, create, clear });
    let change = import(
        &mut base,
        &mut rng,
        people,
        &rows(&[("ann", 10.0), ("Cleo", 3.0), ("TWO", 5.0)]),
        merge(true, false),
    );
    assert_eq!((change.created.len(), change.updated.len(), change.refused.len()), (1, 1, 1));
    let ann = change.updated[0].row;
    assert_eq!(base.cell(people, ann, AGE), Cell::Number(10.0));
    // An empty cell keeps or clears; a row without its key, or with that of an earlier row, is told of.
    let blank = vec![(NAME, text("Ann")), (AGE, Cell::Empty)];
    let kept = import(&mut base, &mut rng, people, std::slice::from_ref(&blank), merge(false, false));
    assert_eq!(base.cell(people, ann, AGE), Cell::Number(10.0), "{kept:?}");
    let twice = [blank.clone(), blank.clone(), vec![(AGE, Cell::Number(1.0))], vec![(NAME, text("Nobody"))]];
    let change = import(&mut base, &mut rng, people, &twice, merge(false, true));
    assert_eq!(base.cell(people, ann, AGE), Cell::Empty);
    assert_eq!((change.created.len(), change.refused.len()), (0, 2));
    // The same with an index: a unique field.
    let two = base.find_by_text(people, NAME, &["two"])[0].unwrap();
    run(&mut base, &mut rng, &Command::DeleteRecords { table: people, rows: vec![two] });
    with_rules(&mut base, &mut rng, people);
    let change =
        import(&mut base, &mut rng, people, &rows(&[("BOB", 20.0), ("New", 1.0)]), merge(true, false));
    assert_eq!((change.created.len(), change.updated.len(), change.refused.len()), (1, 1, 0));
}
