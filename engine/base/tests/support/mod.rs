//! A base with all field types, a naive model of it, and random commands. Everything follows from a seed.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "test support")]

pub mod random;

use engine_base::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const PEOPLE: usize = 0;
pub const TEAMS: usize = 1;
pub const NAME: FieldNo = FieldNo(1);
pub const AGE: FieldNo = FieldNo(2);
pub const DONE: FieldNo = FieldNo(3);
pub const DAY: FieldNo = FieldNo(4);
pub const AT: FieldNo = FieldNo(5);
pub const STATE: FieldNo = FieldNo(6);
pub const TEAM: FieldNo = FieldNo(7);
pub const BOSS: FieldNo = FieldNo(8);
pub const REPORTS: FieldNo = FieldNo(9);
pub const MEMBERS: FieldNo = FieldNo(2);

/// Small, fast, the same everywhere (SplitMix64).
#[derive(Debug, Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

pub const NOW: i64 = 1_790_000_000_000_000;

/// Checks and applies; panics with the errors.
pub fn run(base: &mut Base, rng: &mut Rng, command: &Command) -> Change {
    let change = check(base, rng, command).unwrap_or_else(|errors| panic!("{command:?}: {errors:?}"));
    base.apply(base.seq() + 1, &change);
    change
}

pub fn check(base: &Base, rng: &mut Rng, command: &Command) -> Result<Change, Vec<CellError>> {
    let now = NOW + base.seq() as i64 * 1_000_000;
    let mut random = || rng.next();
    let mut context = CheckContext::new("usr_test", now, &mut random);
    context.files = files_of(command);
    base.check(command, &mut context)
}

/// What the service would have made of the files of a command.
fn files_of(command: &Command) -> FileTexts {
    let rows: Vec<&InputCells> = match command {
        Command::CreateRecords { rows, .. } => rows.iter().collect(),
        Command::UpdateRecords { rows, .. } => rows.iter().map(|(_, cells)| cells).collect(),
        _ => Vec::new(),
    };
    let lists = rows.into_iter().flatten().filter_map(|(_, value)| value.as_array());
    let texts = lists.flatten().filter_map(serde_json::Value::as_str);
    std::sync::Arc::new(texts.filter(|text| text.starts_with("att_")).map(Into::into).collect())
}

pub fn field(name: &str, kind: FieldKind) -> NewField {
    NewField { name: name.into(), description: String::new(), kind, rules: FieldRules::default() }
}

pub fn choice(name: &str) -> Choice {
    Choice { id: String::new(), name: name.into(), colour: String::new() }
}

/// Tables People and Teams, the changes that made them, in a base that held nothing before.
pub fn fixture(rng: &mut Rng) -> (Base, Vec<TableNo>, Vec<Change>) {
    let mut base = Base::new(BaseId(7), 0, Schema::default());
    let mut changes = Vec::new();
    let teams = Command::CreateTable {
        name: "Teams".into(),
        description: String::new(),
        icon: None,
        fields: vec![field("Team", FieldKind::Text)],
    };
    changes.push(run(&mut base, rng, &teams));
    let teams = base.schema().tables[0].number();
    let fields = vec![
        field("Name", FieldKind::Text),
        field("Age", FieldKind::Number { precision: None }),
        field("Done", FieldKind::Checkbox),
        field("Day", FieldKind::Date),
        field("At", FieldKind::DateTime { zone: None }),
        field("State", FieldKind::Select { choices: vec![choice("todo"), choice("Doing"), choice("done")] }),
    ];
    let people =
        Command::CreateTable { name: "People".into(), description: String::new(), icon: None, fields };
    changes.push(run(&mut base, rng, &people));
    let people = base.schema().table_by_name("people").unwrap().number();
    for (name, table) in [("In team", teams), ("Boss", people)] {
        let new = field(name, FieldKind::Link { table, symmetric: None, single: false });
        changes.push(run(&mut base, rng, &Command::CreateField { table: people, field: new }));
    }
    (base, vec![people, teams], changes)
}

/// All cells of a base that are not empty.
pub type Dump = BTreeMap<(TableNo, RowNo), BTreeMap<FieldNo, Cell>>;

pub fn context() -> QueryContext<'static> {
    QueryContext { now_us: NOW, zone: "UTC" }
}

pub fn dump(base: &Base) -> Dump {
    let mut dump = Dump::new();
    for table in &base.schema().tables {
        let table = table.number();
        let all = base.window(&QuerySpec::all(table), &context(), 0, usize::MAX).unwrap();
        assert_eq!(all.total, base.len(table));
        for row in all.rows {
            dump.insert((table, row), base.cells(table, row));
        }
    }
    dump
}

/// The naive model: what commands mean, one cell after the other.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub cells: Dump,
}

impl Model {
    fn links(&self, table: TableNo, row: RowNo, field: FieldNo) -> Vec<RowNo> {
        self.cells
            .get(&(table, row))
            .and_then(|cells| cells.get(&field))
            .map_or(Vec::new(), |c| c.rows().to_vec())
    }

    fn put(&mut self, table: TableNo, row: RowNo, field: FieldNo, cell: Cell) {
        let cells = self.cells.get_mut(&(table, row)).unwrap();
        if cell.is_empty() {
            cells.remove(&field);
        } else {
            cells.insert(field, cell);
        }
    }

    pub fn set(&mut self, schema: &Schema, table: TableNo, row: RowNo, field: FieldNo, cell: Cell) {
        let FieldKind::Link { table: other, symmetric: Some(back), .. } =
            schema.field(table.field(field)).unwrap().kind
        else {
            return self.put(table, row, field, cell);
        };
        let (old, new) = (self.links(table, row, field), cell.rows().to_vec());
        self.put(table, row, field, cell);
        for gone in old.iter().filter(|one| !new.contains(one)) {
            let rest = self.links(other, *gone, back).into_iter().filter(|one| *one != row).collect();
            self.put(other, *gone, back, Cell::links(rest));
        }
        for fresh in new.iter().filter(|one| !old.contains(one)) {
            let mut rows = self.links(other, *fresh, back);
            rows.push(row);
            self.put(other, *fresh, back, Cell::links(rows));
        }
    }

    pub fn create(&mut self, table: TableNo, row: RowNo) {
        assert!(self.cells.insert((table, row), BTreeMap::new()).is_none());
    }

    pub fn delete(&mut self, schema: &Schema, table: TableNo, row: RowNo) {
        if self.cells.contains_key(&(table, row)) {
            for field in &schema.table(table).unwrap().fields {
                self.set(schema, table, row, field.no, Cell::Empty);
            }
            self.cells.remove(&(table, row));
        }
    }

    pub fn rows(&self, table: TableNo) -> Vec<RowNo> {
        self.cells.keys().filter(|(one, _)| *one == table).map(|(_, row)| *row).collect()
    }
}

const WORDS: [&str; 14] = [
    "anna",
    "Anna",
    "Ängström",
    "Zoë",
    "zoe",
    "10",
    "9",
    "order 0001",
    "order 0002",
    "Straße",
    "日本",
    "_x",
    "a\u{301}b",
    "İx",
];

/// A random value of a field: as input, and as it is stored.
pub fn value(rng: &mut Rng, schema: &Schema, table: TableNo, no: FieldNo, model: &Model) -> (Value, Cell) {
    if rng.below(5) == 0 {
        return (Value::Null, Cell::Empty);
    }
    match &schema.field(table.field(no)).unwrap().kind {
        FieldKind::Number { .. } => {
            let number = (rng.below(21) as f64 - 10.0) / 2.0;
            (json!(number), Cell::Number(number))
        }
        FieldKind::Checkbox => {
            let ticked = rng.below(2) == 1;
            (json!(ticked), if ticked { Cell::True } else { Cell::Empty })
        }
        FieldKind::Date => {
            let day = format!("2026-0{}-1{}", 1 + rng.below(9), rng.below(10));
            (json!(day), Cell::text(day))
        }
        FieldKind::DateTime { .. } => {
            let at = format!("2026-11-0{}T10:0{}:00Z", 1 + rng.below(9), rng.below(10));
            (json!(at), Cell::text(at))
        }
        FieldKind::Select { choices } => {
            let choice = rng.pick(choices);
            (json!(choice.name.to_uppercase()), Cell::text(choice.id.as_str()))
        }
        FieldKind::Link { table: other, .. } => {
            let mut rows = model.rows(*other);
            let count = rng.below(4).min(rows.len());
            let mut picked = Vec::new();
            for _ in 0..count {
                picked.push(rows.remove(rng.below(rows.len())));
            }
            let ids: Vec<String> = picked.iter().map(|row| other.record(*row).to_string()).collect();
            (json!(ids), Cell::links(picked))
        }
        _ => {
            let text = *rng.pick(&WORDS);
            (json!(text), Cell::text(text))
        }
    }
}

/// A random command with what it does to the model, and the facts of deleted records kept for restoring.
pub fn step(
    rng: &mut Rng,
    base: &mut Base,
    tables: &[TableNo],
    model: &mut Model,
    bin: &mut Vec<RowFacts>,
) -> Change {
    let schema = base.schema().clone();
    let table = *rng.pick(tables);
    let fields = schema.table(table).unwrap().fields.iter().filter(|field| !field.kind.is_read_only());
    let fields: Vec<FieldNo> = fields.map(|field| field.no).collect();
    let rows = model.rows(table);
    let kind = rng.below(10);
    if kind < 4 || rows.is_empty() {
        let first = schema.table(table).unwrap().next_row;
        let count = 1 + rng.below(5) as u64;
        let mut input = Vec::new();
        let mut wanted = Vec::new();
        for row in (first..first + count).map(RowNo) {
            let mut cells = Vec::new();
            for no in &fields {
                if rng.below(3) > 0 {
                    let (given, stored) = value(rng, &schema, table, *no, model);
                    cells.push((*no, given));
                    wanted.push((row, *no, stored));
                }
            }
            input.push(cells);
        }
        (first..first + count).for_each(|row| model.create(table, RowNo(row)));
        wanted.into_iter().for_each(|(row, no, cell)| model.set(&schema, table, row, no, cell));
        return run(base, rng, &Command::CreateRecords { table, rows: input, ids: None });
    }
    if kind < 8 {
        let mut input = Vec::new();
        for _ in 0..1 + rng.below(6) {
            let row = *rng.pick(&rows);
            let mut cells = Vec::new();
            for _ in 0..1 + rng.below(3) {
                let no = *rng.pick(&fields);
                // A field that is named twice is refused.
                if cells.iter().any(|(named, _)| *named == no) {
                    continue;
                }
                let (given, stored) = value(rng, &schema, table, no, model);
                model.set(&schema, table, row, no, stored);
                cells.push((no, given));
            }
            input.push((row, cells));
        }
        return run(base, rng, &Command::UpdateRecords { table, rows: input });
    }
    if kind == 8 || bin.is_empty() {
        let gone: Vec<RowNo> = (0..1 + rng.below(4)).map(|_| *rng.pick(&rows)).collect();
        gone.iter().for_each(|row| model.delete(&schema, table, *row));
        let change = run(base, rng, &Command::DeleteRecords { table, rows: gone });
        bin.extend(change.deleted.iter().cloned());
        return change;
    }
    let facts = bin.swap_remove(rng.below(bin.len()));
    let table = facts.table;
    model.create(table, facts.row);
    for (no, cell) in &facts.cells {
        let FieldKind::Link { table: other, .. } = schema.field(table.field(*no)).unwrap().kind else {
            model.set(&schema, table, facts.row, *no, cell.clone());
            continue;
        };
        // A record that was linked to itself gets the other side with the first of the two fields.
        let mut kept = model.links(table, facts.row, *no);
        let old = cell.rows().iter().filter(|row| model.cells.contains_key(&(other, **row)));
        let fresh: Vec<RowNo> = old.filter(|row| !kept.contains(row)).copied().collect();
        kept.extend(fresh);
        model.set(&schema, table, facts.row, *no, Cell::links(kept));
    }
    run(base, rng, &Command::RestoreRecords { table, rows: vec![facts] })
}

/// Runs `test` for many seeds; a failure names its seed. `NAMED` seeds that failed once stay in the list.
pub fn seeds(count: u64, named: &[u64], test: impl Fn(&mut Rng)) {
    for seed in named.iter().copied().chain(0..count) {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&mut Rng(seed))));
        if let Err(panic) = result {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
