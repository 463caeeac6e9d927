//! Computed fields: what is kept equals what is calculated from scratch, whatever happens in between; cycles are refused with
//! their path; conversions keep what can be read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::{Value, json};
use support::*;

/// Every cell of every record as windows show it.
fn shown(base: &Base) -> Vec<String> {
    let mut out = Vec::new();
    for table in &base.schema().tables {
        let fields: Vec<FieldNo> = table.fields.iter().map(|field| field.no).collect();
        let all = base.window(&QuerySpec::all(table.number()), &context(), 0, usize::MAX).unwrap();
        for row in all.rows {
            let mut json = Vec::new();
            assert!(base.write_window_row(table.number(), row, &fields, &mut json));
            out.push(format!("{}: {}", table.head.name, String::from_utf8(json).unwrap()));
        }
    }
    out
}

/// The same records in a base that calculates everything at once.
fn from_scratch(base: &Base) -> Base {
    let mut fresh = Base::new(base.id(), base.seq(), base.schema().clone());
    for ((table, row), cells) in dump(base) {
        let meta = base.meta(table, row).unwrap();
        let data = serde_json::to_string(
            &cells
                .iter()
                .map(|(no, cell)| (no.0.to_string(), cell))
                .collect::<std::collections::BTreeMap<_, _>>(),
        )
        .unwrap();
        let (made, changed) = (meta.created_us, meta.updated_us);
        fresh
            .load_row(table, row, data.as_bytes(), made, changed, &meta.created_by, &meta.updated_by)
            .unwrap();
    }
    fresh.finish_load(NOW);
    fresh
}

fn try_create(
    base: &mut Base,
    rng: &mut Rng,
    table: TableNo,
    name: &str,
    kind: &str,
    options: Value,
) -> Option<Change> {
    let kind = FieldKind::from_parts(kind, &options).unwrap();
    let command = Command::CreateField { table, field: field(name, kind) };
    match check(base, rng, &command) {
        Ok(change) => {
            base.apply(base.seq() + 1, &change);
            Some(change)
        }
        Err(errors) => {
            assert!(
                errors.iter().all(|error| matches!(
                    error.code,
                    CellCode::Cycle | CellCode::InvalidFormula | CellCode::NotUnique
                )),
                "{errors:?}"
            );
            None
        }
    }
}

fn create(base: &mut Base, rng: &mut Rng, table: TableNo, name: &str, kind: &str, options: Value) -> FieldNo {
    let kind = FieldKind::from_parts(kind, &options).unwrap();
    let no = FieldNo(base.schema().table(table).unwrap().head.next_field);
    run(base, rng, &Command::CreateField { table, field: field(name, kind) });
    no
}

const FORMULAS: [&str; 12] = [
    "{Age} * 2",
    "IF({Done}, {Name}, \"open\")",
    "10 / {Age}",
    "{Name} & \" in \" & ARRAYJOIN({In team}, \"+\")",
    "LEN({Name}) + COUNTALL({Boss})",
    "DATEADD({Day}, 3, \"days\")",
    "YEAR({At})",
    "ARRAYUNIQUE({Boss})",
    "CREATED_TIME()",
    "LAST_MODIFIED_TIME()",
    "RECORD_ID()",
    "{State} = \"done\"",
];

/// A random computed field over what there is, computed fields among it.
fn grow(base: &mut Base, rng: &mut Rng, tables: &[TableNo], n: usize) -> Option<Change> {
    let table = *rng.pick(tables);
    let shape = base.schema().table(table).unwrap().clone();
    let links: Vec<&Field> =
        shape.fields.iter().filter(|field| matches!(field.kind, FieldKind::Link { .. })).collect();
    let name = format!("C{n}");
    let what = rng.below(8);
    if what < 3 || links.is_empty() {
        let read = rng.pick(&shape.fields).name.clone();
        let formula = match rng.below(3) {
            0 => format!("{{{read}}} & \"!\""),
            1 => format!("IF({{{read}}}, 1, 0)"),
            _ => (*rng.pick(&FORMULAS)).to_owned(),
        };
        return try_create(base, rng, table, &name, "formula", json!({"formula": formula}));
    }
    let link = *rng.pick(&links);
    let FieldKind::Link { table: other, .. } = link.kind else { unreachable!() };
    let id = table.field(link.no);
    let target = other.field(rng.pick(&base.schema().table(other).unwrap().fields).no);
    let summary =
        *rng.pick(&["sum", "max", "filled", "all", "unique", "join", "list", "first", "or", "empty"]);
    let (kind, options) = match what {
        3 => ("count", json!({"link_field": id})),
        4 | 5 => ("lookup", json!({"link_field": id, "field": target})),
        _ => ("rollup", json!({"link_field": id, "field": target, "function": summary})),
    };
    try_create(base, rng, table, &name, kind, options)
}

#[test]
fn kept_values_are_those_from_scratch() {
    seeds(60, &[], |rng| {
        let (mut base, tables, mut changes) = fixture(rng);
        changes.clear();
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for table in &tables {
            for (name, kind) in [
                ("No", "autonumber"),
                ("Made", "created_time"),
                ("By", "created_by"),
                ("Changed", "modified_time"),
            ] {
                create(&mut base, rng, *table, name, kind, json!({}));
            }
        }
        for n in 0..40 {
            match rng.below(5) {
                0 => drop(grow(&mut base, rng, &tables, n)),
                1 => drop(alter(&mut base, rng, &tables)),
                _ => drop(step(rng, &mut base, &tables, &mut model, &mut bin)),
            }
            assert_eq!(shown(&base), shown(&from_scratch(&base)), "after step {n}");
            orders_hold(&base, rng);
        }
    });
}

/// A base that calculates in parts, with changes in between and parts that come too late, gets to the same values.
#[test]
fn parts_come_to_the_same() {
    seeds(60, &[], |rng| {
        let (mut base, tables, mut changes) = fixture(rng);
        changes.clear();
        let (mut model, mut bin) = (Model::default(), Vec::new());
        for _ in 0..12 {
            step(rng, &mut base, &tables, &mut model, &mut bin);
        }
        let (mut slow, mut held) = (from_scratch(&base), None);
        for n in 0..40 {
            let change = match rng.below(5) {
                0 | 1 => grow(&mut base, rng, &tables, n),
                2 => alter(&mut base, rng, &tables),
                _ => Some(step(rng, &mut base, &tables, &mut model, &mut bin)),
            };
            if let Some(change) = change {
                slow.apply_at_once(slow.seq() + 1, &change);
            }
            // One calculated before the change is put in after it: it must not count.
            if let Some(part) = held.take() {
                slow.put_part(part);
            }
            for _ in 0..rng.below(4) {
                if let Some(part) = slow.next_part() {
                    slow.put_part(part);
                }
            }
            if rng.below(2) == 0 {
                held = slow.next_part();
            }
            for table in &tables {
                // Orders and totals of groups are made meanwhile, by values on their way.
                slow.window(&by_any_field(&slow, rng, *table), &context(), 0, 10).unwrap();
                totals(&slow, *table);
            }
        }
        while let Some(part) = slow.next_part() {
            slow.put_part(part);
        }
        assert!(!slow.is_calculating());
        assert_eq!(shown(&slow), shown(&base));
        for table in &tables {
            assert_eq!(totals(&slow, *table), totals(&from_scratch(&base), *table));
        }
        orders_hold(&slow, rng);
    });
}

/// Renames, deletes or moves a field that others may read; or makes a computed field the name of the records.
fn alter(base: &mut Base, rng: &mut Rng, tables: &[TableNo]) -> Option<Change> {
    let table = *rng.pick(tables);
    let shape = base.schema().table(table).unwrap().clone();
    let field = rng.pick(&shape.fields).clone();
    let command = match rng.below(4) {
        0 => Command::UpdateField {
            table,
            field: field.no,
            name: Some(format!("{}x", field.name)),
            description: None,
            kind: None,
            rules: None,
            position: None,
        },
        // Fields of the fixture stay: the model knows them.
        1 if field.no.0 > 9 || (table == tables[TEAMS] && field.no.0 > 2) => {
            Command::DeleteField { table, field: field.no }
        }
        2 => Command::UpdateTable {
            table,
            name: None,
            description: None,
            icon: None,
            primary_field: Some(field.no),
            position: None,
        },
        _ => return None,
    };
    let change = check(base, rng, &command).ok()?;
    base.apply(base.seq() + 1, &change);
    Some(change)
}

/// Kept orders by computed fields equal those made from scratch.
fn orders_hold(base: &Base, rng: &mut Rng) {
    for table in &base.schema().tables {
        let spec = by_any_field(base, rng, table.number());
        let kept = base.window(&spec, &context(), 0, usize::MAX).unwrap();
        let fresh = from_scratch(base).window(&spec, &context(), 0, usize::MAX).unwrap();
        assert_eq!(kept.rows, fresh.rows, "{:?} of {}", spec.sort, table.head.name);
    }
}

/// How many values of each field there are, by groups of the first field.
fn totals(base: &Base, table: TableNo) -> Vec<Line> {
    let spec =
        QuerySpec { sort: vec![Sort { by: SortBy::Field(NAME), desc: false }], ..QuerySpec::all(table) };
    let fields = &base.schema().table(table).unwrap().fields;
    let totals = fields.iter().map(|field| (field.no, Aggregate::Filled)).collect();
    let grouping = Grouping { levels: 1, folded: Folded::Only(Vec::new()), totals };
    base.lines(&spec, &context(), &grouping, 0, 1000).map_or(Vec::new(), |lines| lines.lines)
}

/// All records, by one of the fields.
fn by_any_field(base: &Base, rng: &mut Rng, table: TableNo) -> QuerySpec {
    let by = SortBy::Field(rng.pick(&base.schema().table(table).unwrap().fields).no);
    QuerySpec { sort: vec![Sort { by, desc: rng.below(2) == 0 }], ..QuerySpec::all(table) }
}

struct World {
    rng: Rng,
    base: Base,
    people: TableNo,
    teams: TableNo,
}

impl World {
    fn new() -> Self {
        let mut rng = Rng(1);
        let (base, tables, _) = fixture(&mut rng);
        Self { rng, base, people: tables[PEOPLE], teams: tables[TEAMS] }
    }

    fn field(&mut self, table: TableNo, name: &str, kind: &str, options: Value) -> FieldNo {
        create(&mut self.base, &mut self.rng, table, name, kind, options)
    }

    fn run(&mut self, command: &Command) -> Change {
        run(&mut self.base, &mut self.rng, command)
    }

    fn make(&mut self, table: TableNo, cells: InputCells) -> RowNo {
        self.run(&Command::CreateRecords { table, rows: vec![cells], ids: None }).created[0].row
    }

    fn set(&mut self, table: TableNo, row: RowNo, field: FieldNo, value: Value) -> Effects {
        let command = Command::UpdateRecords { table, rows: vec![(row, vec![(field, value)])] };
        let change = check(&self.base, &mut self.rng, &command).unwrap();
        self.base.apply(self.base.seq() + 1, &change)
    }

    fn value(&self, table: TableNo, row: RowNo, field: FieldNo) -> Value {
        let mut json = Vec::new();
        assert!(self.base.write_window_row(table, row, &[field], &mut json));
        serde_json::from_slice::<Vec<Value>>(&json).unwrap().pop().unwrap()
    }

    fn refused(&mut self, command: &Command) -> (CellCode, String) {
        let errors = check(&self.base, &mut self.rng, command).unwrap_err();
        (errors[0].code, errors[0].detail.clone())
    }

    fn convert(&mut self, table: TableNo, field: FieldNo, kind: &str, options: Value) -> Command {
        let kind = Some(FieldKind::from_parts(kind, &options).unwrap());
        let _ = &self.base;
        Command::UpdateField {
            table,
            field,
            name: None,
            description: None,
            kind,
            rules: None,
            position: None,
        }
    }
}

#[test]
fn values_follow_along_links() {
    let mut w = World::new();
    let (people, teams) = (w.people, w.teams);
    let red = w.make(teams, vec![(NAME, json!("Red"))]);
    let team = json!([teams.record(red).to_string()]);
    let ann = w.make(people, vec![(NAME, json!("Ann")), (AGE, json!(40)), (TEAM, team.clone())]);
    let bob = w.make(
        people,
        vec![
            (NAME, json!("Bob")),
            (AGE, json!(30)),
            (TEAM, team),
            (BOSS, json!([people.record(ann).to_string()])),
        ],
    );
    let years = w.field(
        teams,
        "Years",
        "rollup",
        json!({"link_field": teams.field(MEMBERS), "field": people.field(AGE), "function": "sum"}),
    );
    let half = w.field(teams, "Half", "formula", json!({"formula": "{Years} / 2"}));
    let halves = w.field(
        people,
        "Halves",
        "lookup",
        json!({"link_field": people.field(TEAM), "field": teams.field(half)}),
    );
    let bosses = w.field(
        people,
        "Boss teams",
        "lookup",
        json!({"link_field": people.field(BOSS), "field": people.field(TEAM)}),
    );
    assert_eq!(w.value(teams, red, half), json!(35));
    assert_eq!(w.value(people, bob, halves), json!([35]));
    assert_eq!(w.value(people, bob, bosses), json!(["Red"]));
    let effects = w.set(people, ann, AGE, json!(50));
    assert_eq!(w.value(people, bob, halves), json!([40]));
    assert_eq!(effects.tables[&teams].updated, [(red, vec![years, half])]);
    assert_eq!(effects.tables[&people].updated.len(), 2, "{effects:?}");
    // Names two links away.
    w.set(teams, red, NAME, json!("Crimson"));
    assert_eq!(w.value(people, bob, bosses), json!(["Crimson"]));
    w.set(people, ann, TEAM, json!([]));
    assert_eq!((w.value(teams, red, years), w.value(people, bob, bosses)), (json!(30), json!([])));
    // Errors are values.
    let share = w.field(people, "Share", "formula", json!({"formula": "100 / {Age}"}));
    w.set(people, bob, AGE, json!(0));
    assert_eq!(w.value(people, bob, share), json!({"error": "divide_by_zero"}));
    w.set(people, bob, AGE, json!(50));
    assert_eq!(w.value(people, bob, share), json!(2));
    // Renaming keeps a formula, which shows the new name.
    w.run(&Command::UpdateField {
        table: people,
        field: AGE,
        name: Some("Years".into()),
        description: None,
        kind: None,
        rules: None,
        position: None,
    });
    let schema = w.base.schema();
    let shape = schema.table(people).unwrap();
    assert_eq!(schema.shown_options(shape, shape.field(share).unwrap())["formula"], "100 / {Years}");
    // Without the field that it reads it has no values, and says why.
    w.run(&Command::DeleteField { table: people, field: AGE });
    let shape = w.base.schema().table(people).unwrap();
    assert!(shape.field(share).unwrap().problem().is_some());
    assert_eq!(w.value(people, bob, share), json!(null));
}

#[test]
fn cycles_are_refused_with_their_path() {
    let mut w = World::new();
    let (people, teams) = (w.people, w.teams);
    let a = w.field(people, "A", "formula", json!({"formula": "{Age} + 1"}));
    w.field(people, "B", "formula", json!({"formula": "{A} + 1"}));
    let total = w.field(teams, "Total", "rollup", json!({"link_field": teams.field(MEMBERS), "field": people.field(FieldNo(a.0 + 1)), "function": "sum"}));
    let back = w.convert(people, a, "formula", json!({"formula": "{B} + 1"}));
    assert_eq!(
        w.refused(&back),
        (CellCode::Cycle, "The field would depend on itself: People.A → People.B → People.A.".into())
    );
    let around = w.convert(
        people,
        a,
        "rollup",
        json!({"link_field": people.field(TEAM), "field": teams.field(total), "function": "sum"}),
    );
    assert_eq!(
        w.refused(&around),
        (
            CellCode::Cycle,
            "The field would depend on itself: People.A → Teams.Total → People.B → People.A.".into()
        )
    );
    let own = Command::CreateField {
        table: people,
        field: field("Self", FieldKind::from_parts("formula", &json!({"formula": "{Self}"})).unwrap()),
    };
    assert_eq!(w.refused(&own).0, CellCode::InvalidFormula);
    let text = w.convert(people, a, "formula", json!({"formula": "{Agee} + "}));
    let (code, detail) = w.refused(&text);
    assert_eq!(code, CellCode::InvalidFormula);
    assert!(detail.contains("character"), "{detail}");
}

#[test]
fn rules_of_fields() {
    let mut w = World::new();
    let people = w.people;
    let mail = w.field(people, "Mail", "email", json!({}));
    let rules =
        |required, unique, default: Value| Some(FieldRules { required, unique, default, validation: None });
    let set = |field, rules| Command::UpdateField {
        table: people,
        field,
        name: None,
        description: None,
        kind: None,
        rules,
        position: None,
    };
    w.run(&set(mail, rules(true, true, Value::Null)));
    w.run(&set(AGE, rules(false, false, json!(18))));
    w.run(&set(DAY, rules(false, false, json!("now"))));
    assert_eq!(w.refused(&set(AGE, rules(false, false, json!("x")))).0, CellCode::WrongType);
    let create = |cells: Vec<InputCells>| Command::CreateRecords { table: people, rows: cells, ids: None };
    assert_eq!(w.refused(&create(vec![vec![(NAME, json!("x"))]])).0, CellCode::Required);
    let ann = w.make(people, vec![(mail, json!("a@x.de"))]);
    assert_eq!((w.value(people, ann, AGE), w.value(people, ann, DAY)), (json!(18), json!("2026-09-21")));
    let none = w.make(people, vec![(mail, json!("b@x.de")), (AGE, Value::Null)]);
    assert_eq!(w.value(people, none, AGE), Value::Null);
    assert_eq!(w.refused(&create(vec![vec![(mail, json!("A@x.de"))]])).0, CellCode::NotUnique);
    let twice = create(vec![vec![(mail, json!("c@x.de"))], vec![(mail, json!("C@x.de"))]]);
    assert_eq!(w.refused(&twice).0, CellCode::NotUnique);
    // Two records may exchange their values; two commands of a batch may not take the same.
    let swap = vec![(ann, vec![(mail, json!("b@x.de"))]), (none, vec![(mail, json!("a@x.de"))])];
    w.run(&Command::UpdateRecords { table: people, rows: swap });
    assert_eq!(w.refused(&create(vec![vec![(mail, json!("b@x.de"))]])).0, CellCode::NotUnique);
    let command = create(vec![vec![(mail, json!("d@x.de"))]]);
    let (one, two) =
        (check(&w.base, &mut w.rng, &command).unwrap(), check(&w.base, &mut w.rng, &command).unwrap());
    assert!(one.touched().conflicts(&two.touched()));
    let empty = Command::UpdateRecords { table: people, rows: vec![(ann, vec![(mail, Value::Null)])] };
    assert_eq!(w.refused(&empty).0, CellCode::Required);
    w.run(&Command::DeleteRecords { table: people, rows: vec![ann] });
    w.make(people, vec![(mail, json!("b@x.de"))]);
    // Times of chosen fields.
    let at = w.field(people, "Mail changed", "modified_time", json!({"fields": [people.field(mail)]}));
    w.set(people, none, AGE, json!(5));
    assert_eq!(w.value(people, none, at), Value::Null);
    w.set(people, none, mail, json!("e@x.de"));
    assert!(w.value(people, none, at).is_string());
    let write = Command::UpdateRecords {
        table: people,
        rows: vec![(none, vec![(at, json!("2026-01-01T00:00:00Z"))])],
    };
    assert_eq!(w.refused(&write).0, CellCode::ReadOnly);
}

#[test]
fn every_pair_of_types_converts_and_turns_around() {
    let mut w = World::new();
    let people = w.people;
    let kinds: Vec<(&str, Value, Value)> = vec![
        ("text", json!({}), json!("12")),
        ("long_text", json!({}), json!("12")),
        ("rich_text", json!({}), json!("**12**")),
        ("number", json!({}), json!(3)),
        ("currency", json!({"currency": "EUR"}), json!(3.5)),
        ("percent", json!({}), json!(0.25)),
        ("duration", json!({}), json!(5400)),
        ("rating", json!({}), json!(3)),
        ("checkbox", json!({}), json!(true)),
        ("date", json!({}), json!("2026-11-21")),
        ("datetime", json!({}), json!("2026-11-21T10:30:00Z")),
        ("time", json!({}), json!("10:30")),
        ("year", json!({}), json!(2026)),
        ("select", json!({"choices": [{"name": "12"}]}), json!("12")),
        ("multi_select", json!({"choices": [{"name": "12"}, {"name": "b"}]}), json!(["12", "b"])),
        ("user", json!({"many": true}), json!(["usr_a"])),
        ("email", json!({}), json!("a@x.de")),
        ("url", json!({}), json!("https://x.de")),
        ("phone", json!({}), json!("+41 12")),
        ("barcode", json!({}), json!("12")),
        ("json", json!({}), json!({"a": 1})),
        ("uuid", json!({}), json!("0f8fad5b-d9cb-469f-a165-70867728950e")),
        ("colour", json!({}), json!("#aabbcc")),
        ("geo", json!({}), json!("47.37, 8.54")),
        ("attachment", json!({}), json!(["att_1|5|image/png|2x2|12", "att_2|7|text/plain||b, c.txt"])),
        ("signature", json!({}), json!(["att_1|5|image/png|2x2|12"])),
        ("link", json!({"table": w.teams.id()}), json!([])),
        ("formula", json!({"formula": "{Name} & \"x\""}), Value::Null),
        ("autonumber", json!({}), Value::Null),
        ("created_time", json!({}), Value::Null),
        ("created_by", json!({}), Value::Null),
    ];
    w.make(people, vec![(NAME, json!("Ann"))]);
    let teams = w.teams;
    let red = w.make(teams, vec![(NAME, json!("12"))]);
    let linked = json!([teams.record(red).to_string()]);
    for (n, (from, options, value)) in kinds.iter().enumerate() {
        for (to, other, _) in &kinds {
            let no = w.field(people, &format!("F{n}"), from, options.clone());
            if !value.is_null() {
                let value = if *from == "link" { &linked } else { value };
                w.set(people, RowNo(1), no, value.clone());
            }
            let before = shown(&w.base);
            let command = w.convert(people, no, to, other.clone());
            let mut source = Rng(n as u64);
            let mut random = || source.next();
            let holds_files = |kind: &str| kind == "attachment" || kind == "signature";
            if holds_files(to) && !holds_files(from) {
                let refused = w.base.conversion(&command, &mut CheckContext::new("usr_a", NOW, &mut random));
                assert_eq!(refused.unwrap_err()[0].member, "type", "{from} → {to}");
                w.run(&Command::DeleteField { table: people, field: no });
                continue;
            }
            let preview =
                w.base.conversion(&command, &mut CheckContext::new("usr_a", NOW, &mut random)).unwrap();
            assert_eq!(preview.filled, 1, "{from} → {to}");
            let change = w.run(&command);
            let after = shown(&w.base);
            assert_eq!(after, shown(&from_scratch(&w.base)), "{from} → {to}");
            let replayed = Change::from_json(change.to_json().as_bytes()).unwrap();
            assert_eq!(replayed, change);
            if from == to {
                assert_eq!(before, after, "{from} → {to}");
            }
            let is_kept = w.value(people, RowNo(1), no);
            let lost = matches!(is_kept, Value::Null | Value::Bool(false)) || is_kept == json!([]);
            if !FieldKind::from_parts(to, other).unwrap().is_computed() {
                assert_eq!(preview.lost == 1, lost, "{from} → {to}: {is_kept} {preview:?}");
            }
            if let Some(inverse) = change.inverse() {
                w.base.apply(w.base.seq() + 1, &inverse);
                assert_eq!(shown(&w.base), before, "{from} → {to} and back");
            }
            w.run(&Command::DeleteField { table: people, field: no });
        }
    }
}

#[test]
fn some_conversions() {
    let mut w = World::new();
    let (people, teams) = (w.people, w.teams);
    let red = w.make(teams, vec![(NAME, json!("Red"))]);
    for name in ["Red", "red, Blue", "5", ""] {
        w.make(people, vec![(NAME, json!("x")), (AGE, json!(1)), (STATE, json!("done"))]);
        let no = w.base.schema().table(people).unwrap().next_row - 1;
        w.set(people, RowNo(no), NAME, json!(name));
    }
    let no = w.field(people, "Copy", "text", json!({}));
    for (row, text) in (1..).zip(["Red", "red, Blue", "5", ""]) {
        w.set(people, RowNo(row), no, json!(text));
    }
    let to_select = w.convert(people, no, "multi_select", json!({}));
    w.run(&to_select);
    let FieldKind::MultiSelect { choices } = &w.base.schema().field(people.field(no)).unwrap().kind else {
        panic!()
    };
    assert_eq!(choices.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>(), ["Red", "Blue", "5"]);
    let to_link = w.convert(people, no, "link", json!({"table": teams.id()}));
    let mut source = Rng(5);
    let mut random = || source.next();
    let preview = w.base.conversion(&to_link, &mut CheckContext::new("usr_a", NOW, &mut random)).unwrap();
    assert_eq!((preview.filled, preview.lost), (3, 1));
    assert_eq!(preview.samples[0], (RowNo(3), "5".into(), None));
    w.run(&to_link);
    assert_eq!(w.value(people, RowNo(2), no)[0]["name"], "Red");
    let back = w.base.schema().table(teams).unwrap().field_by_name("People 2").unwrap().no;
    assert_eq!(w.base.cell(teams, red, back), Cell::links(vec![RowNo(1), RowNo(2)]));
    // One link only: whoever takes a record takes it away from the other.
    let single = w.convert(teams, back, "link", json!({"table": people.id(), "many": false}));
    w.run(&single);
    w.set(teams, red, back, json!([people.record(RowNo(4)).to_string()]));
    assert_eq!(w.base.cell(people, RowNo(1), no), Cell::Empty);
    assert_eq!(w.base.cell(people, RowNo(4), no), Cell::links(vec![red]));
    w.set(people, RowNo(2), no, json!([teams.record(red).to_string()]));
    assert_eq!(w.base.cell(teams, red, back), Cell::links(vec![RowNo(2)]));
    assert_eq!(w.base.cell(people, RowNo(4), no), Cell::Empty);
}
