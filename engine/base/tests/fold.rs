//! Memory is the fold of the changes: replayed from JSON, taken back by their inverses, loaded from what they stored.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use std::collections::BTreeMap;
use support::*;

#[test]
fn changes_fold_to_the_same_base() {
    seeds(40, &[], |rng| {
        let (mut base, tables, mut changes) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        let mut stored: BTreeMap<(TableNo, RowNo), (String, RowMeta)> = BTreeMap::new();
        for _ in 0..50 {
            let copy = changes.clone();
            let mut before = replay(&copy);
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            // What is written to Postgres is computed before the change is applied.
            let Stored { change: json, created, updated, deleted } = before.stored(&change);
            assert_eq!(json, change.to_json());
            for row in created {
                assert!(stored.insert((row.table, row.row), (row.data, row.meta.clone())).is_none());
            }
            for row in updated {
                let (data, meta) = stored.get_mut(&(row.table, row.row)).unwrap();
                *data = row.data;
                meta.updated_us = change.at_us;
                meta.updated_by.clone_from(&change.actor);
            }
            deleted.iter().for_each(|key| assert!(stored.remove(key).is_some()));
            let effects = before.apply(before.seq() + 1, &change);
            let touched: usize =
                effects.tables.values().map(|t| t.created.len() + t.updated.len() + t.deleted.len()).sum();
            assert_eq!(touched, change.touched().rows.len());
            changes.push(change);
        }
        assert_eq!(dump(&replay(&changes)), dump(&base));
        assert_eq!(replay(&changes).schema(), base.schema());
        let mut loaded = Base::new(base.id(), base.seq(), base.schema().clone());
        for ((table, row), (data, meta)) in &stored {
            loaded
                .load_row(
                    *table,
                    *row,
                    data.as_bytes(),
                    meta.created_us,
                    meta.updated_us,
                    &meta.created_by,
                    &meta.updated_by,
                )
                .unwrap();
            assert_eq!(base.meta(*table, *row).as_ref(), Some(meta));
        }
        loaded.finish_load(NOW);
        assert_eq!(dump(&loaded), dump(&base));
    });
}

fn replay(changes: &[Change]) -> Base {
    let mut base = Base::new(BaseId(7), 0, Schema::default());
    for change in changes {
        let json = change.to_json();
        let read = Change::from_json(json.as_bytes()).unwrap();
        assert_eq!(&read, change, "{json}");
        base.apply(base.seq() + 1, &read);
    }
    base
}

#[test]
fn an_inverse_restores() {
    seeds(40, &[], |rng| {
        let (mut base, tables, _) = fixture(rng);
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for _ in 0..40 {
            let before = dump(&base);
            let change = step(rng, &mut base, &tables, &mut model, &mut bin);
            let after = dump(&base);
            let inverse = change.inverse().unwrap();
            base.apply(base.seq() + 1, &inverse);
            assert_eq!(dump(&base), before, "{change:?}");
            base.apply(base.seq() + 1, &inverse.inverse().unwrap());
            assert_eq!(dump(&base), after, "{change:?}");
        }
    });
}

#[test]
fn schema_changes_fold_and_turn_around() {
    let rng = &mut Rng(9);
    let (base, _, changes) = fixture(rng);
    assert_eq!(replay(&changes).schema(), base.schema());
    let mut base = base;
    for change in changes.iter().rev() {
        base.apply(base.seq() + 1, &change.inverse().unwrap());
    }
    assert!(base.schema().tables.is_empty());
}

#[test]
fn other_versions_and_broken_changes_are_refused() {
    for json in [
        "",
        "{}",
        r#"{"v":3,"kind":"update","at_us":1,"actor":""}"#,
        r#"{"v":1,"kind":"explode","at_us":1,"actor":""}"#,
    ] {
        assert!(Change::from_json(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn changes_of_the_first_version_are_read() {
    let json = r#"{"v":1,"kind":"create","at_us":5,"actor":"usr_a","created":[{"t":1,"r":2,"c":{"1":"x"},
        "m":{"ca":3,"ua":4,"cb":"usr_b","ub":"usr_c"}}]}"#;
    let change = Change::from_json(json.as_bytes()).unwrap();
    assert_eq!((change.created[0].meta.created_us, change.created[0].meta.updated_by.as_str()), (3, "usr_c"));
    assert_eq!(Change::from_json(change.to_json().as_bytes()).unwrap(), change);
}

#[test]
fn broken_rows_are_refused_and_unknown_members_left_out() {
    let rng = &mut Rng(10);
    let (base, tables, _) = fixture(rng);
    let mut loaded = Base::new(base.id(), 3, base.schema().clone());
    let mut load =
        |row, data: &str| loaded.load_row(tables[PEOPLE], RowNo(row), data.as_bytes(), 0, 0, "a", "b");
    assert!(load(1, r#"{"1": "x", "77": {"a": 1}}"#).is_ok());
    assert!(load(1, "{}").is_err());
    assert!(load(2, "{").is_err());
    loaded.finish_load(NOW);
    assert_eq!(loaded.cells(tables[PEOPLE], RowNo(1)).len(), 1);
}

#[test]
fn a_batch_takes_numbers_once_and_knows_its_conflicts() {
    let rng = &mut Rng(11);
    let (base, tables, _) = fixture(rng);
    let create =
        Command::CreateRecords { table: tables[PEOPLE], rows: vec![Vec::new(), Vec::new()], ids: None };
    let mut random = || rng.next();
    let mut context = CheckContext::new("usr_test", NOW, &mut random);
    let first = base.check(&create, &mut context).unwrap();
    let second = base.check(&create, &mut context).unwrap();
    assert_eq!(second.created[0].row, RowNo(3));
    assert!(!first.touched().conflicts(&second.touched()));
    assert!(first.touched().conflicts(&first.touched()));
    assert_eq!(second.next_rows(), [(tables[PEOPLE], 5)]);
    assert_eq!(second.spans(), [(tables[PEOPLE], Some((RowNo(3), RowNo(4))))]);
}
