//! Timings of a base with one table of 1,000,000 records × 20 fields (first argument: another number of records).
//! `cargo run --release -p engine_base --example bench`

use engine_base::*;
use serde_json::json;
use std::time::Instant;

const TABLE: TableNo = TableNo(1);
const CITIES: [&str; 8] =
    ["Frankfurt", "München", "Paris", "New York", "São Paulo", "Tokyo", "London", "Zürich"];

fn kinds() -> Vec<FieldKind> {
    let choices = (0..6).map(|n| Choice {
        id: format!("sel{n:010}"),
        name: format!("Choice {n}"),
        colour: "blue".into(),
    });
    let select = FieldKind::Select { choices: choices.collect() };
    let number = FieldKind::Number { precision: Some(2) };
    let mut kinds = vec![FieldKind::Text; 6];
    kinds.extend(vec![number; 6]);
    kinds.extend(vec![select; 3]);
    kinds.extend([FieldKind::Checkbox, FieldKind::Checkbox]);
    kinds.extend([FieldKind::Date, FieldKind::Date, FieldKind::DateTime { zone: None }]);
    kinds
}

fn schema() -> Schema {
    let fields = kinds().into_iter().zip(1..).map(|(kind, no)| Field {
        no: FieldNo(no),
        name: format!("Field {no}"),
        description: String::new(),
        kind,
        rules: engine_base::FieldRules::default(),
        outcome: None,
        deleted_us: None,
        position: no as i32,
    });
    let head = TableHead {
        number: TABLE,
        name: "Bench".into(),
        description: String::new(),
        icon: None,
        primary_field: FieldNo(1),
        position: 0,
        next_field: 21,
        next_view: 1,
        deleted_us: None,
    };
    let table =
        Table { head, next_row: 1, fields: fields.collect(), views: Vec::new(), trash: Trash::default() };
    Schema { info: BaseInfo::default(), tables: vec![table], trash: Vec::new() }
}

fn row(n: u64, out: &mut String) {
    use std::fmt::Write;
    let r = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = |shift: u32, modulus: u64| (r >> shift) % modulus;
    out.clear();
    let _ = write!(out, "{{\"1\": \"Order {:07}\"", bits(3, 10_000_000));
    for no in 2..=6 {
        let _ = write!(out, ", \"{no}\": \"{} {}\"", CITIES[bits(no * 5, 8) as usize], bits(no * 3, 5000));
    }
    for no in 7..=12 {
        let _ = write!(out, ", \"{no}\": {}.{:02}", bits(no * 2, 100_000), bits(no, 100));
    }
    for no in 13..=15 {
        let _ = write!(out, ", \"{no}\": \"sel{:010}\"", bits(no, 6));
    }
    if bits(9, 2) == 0 {
        out.push_str(", \"16\": true");
    }
    for no in 18..=19 {
        let _ = write!(
            out,
            ", \"{no}\": \"20{:02}-{:02}-{:02}\"",
            10 + bits(no, 15),
            1 + bits(no + 3, 12),
            1 + bits(no + 7, 28)
        );
    }
    let _ = write!(
        out,
        ", \"20\": \"2026-11-{:02}T{:02}:{:02}:00Z\"}}",
        1 + bits(5, 28),
        bits(11, 24),
        bits(13, 60)
    );
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    println!("{what:<48} {:>10.3} ms", start.elapsed().as_secs_f64() * 1e3);
    value
}

/// The best of many batches: what it costs when nothing else runs.
fn best(what: &str, mut work: impl FnMut(usize) -> usize) {
    const BATCH: usize = 20;
    let mut best = f64::INFINITY;
    let mut rows = 0;
    for batch in 0..20 {
        let start = Instant::now();
        rows = (0..BATCH).map(|n| work(batch * BATCH + n)).sum::<usize>() / BATCH;
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
    }
    println!("{what:<58} {best:>10.1} µs ({rows} rows)");
}

/// Lists as the records API asks for them: 100 records, filtered, sorted by a number.
fn lists(base: &Base) {
    let context = QueryContext { now_us: 1_790_000_000_000_000, zone: "UTC" };
    let sort = vec![Sort { by: SortBy::Field(FieldNo(7)), desc: true }];
    let spec =
        |filter: String| QuerySpec { filter: Some(filter), sort: sort.clone(), ..QuerySpec::all(TABLE) };
    let rows = |filter: String| base.list(&spec(filter), &context, None, 100).map(|page| page.rows);
    let of = |n: usize| format!("{{Field 13}} = \"Choice {}\"", n % 4);
    let below = |n: usize| 20_000 + n * 7919 % 80_000;
    let records = |rows: Vec<RowNo>, out: &mut Vec<u8>| {
        out.clear();
        base.write_records(TABLE, &rows, Keys::Name, None, out);
        rows.len()
    };
    let mut out = Vec::new();
    let _ = rows(of(0));
    best("list: one of 4 filters", |n| rows(of(n)).map_or(0, |rows| rows.len()));
    best("list: one of 4 filters, with JSON", |n| rows(of(n)).map_or(0, |rows| records(rows, &mut out)));
    best("list: a fresh filter, bound on the sort's field", |n| {
        rows(format!("{} and {{Field 7}} < {}.{n}", of(n), below(n))).map_or(0, |rows| rows.len())
    });
    best("list: a fresh filter, bound on another field", |n| {
        rows(format!("{} and {{Field 8}} < {}.{n}", of(n), below(n))).map_or(0, |rows| rows.len())
    });
    best("list: a fresh filter, few hits", |n| {
        rows(format!("{} and {{Field 8}} < {}.{n}", of(n), 100 + n % 100)).map_or(0, |rows| rows.len())
    });
    best("list: a fresh filter, text contains", |n| {
        rows(format!("CONTAINS({{Field 2}}, \"paris {}\")", n % 40)).map_or(0, |rows| rows.len())
    });
    best("list: a fresh filter that only the evaluator knows", |n| {
        rows(format!("{{Field 8}} + {{Field 9}} > {}.{n}", below(n))).map_or(0, |rows| rows.len())
    });
}

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let mut base = Base::new(BaseId(1), 0, schema());
    let mut rows = vec![String::new(); 1000];
    let mut loading = std::time::Duration::ZERO;
    let mut bytes = 0;
    for start in (1..=count).step_by(1000) {
        (start..).zip(&mut rows).for_each(|(n, out)| row(n, out));
        let begun = Instant::now();
        for (n, json) in (start..).zip(&rows).take_while(|(n, _)| *n <= count) {
            bytes += json.len();
            if let Err(error) =
                base.load_row(TABLE, RowNo(n), json.as_bytes(), n as i64, n as i64, "usr_a", "usr_a")
            {
                println!("{error}");
            }
        }
        loading += begun.elapsed();
    }
    println!("load {count} × 20 ({} MB of JSON) {:>27.3} ms", bytes >> 20, loading.as_secs_f64() * 1e3);
    timed("finish load", || base.finish_load(5));
    let memory = base.memory();
    println!("memory: columns {} MB, rows {} MB", memory.columns >> 20, memory.rows >> 20);

    let context = QueryContext { now_us: 1_790_000_000_000_000, zone: "UTC" };
    let by = |no: u32, desc| Sort { by: SortBy::Field(FieldNo(no)), desc };
    let sorted = |sort: Vec<Sort>| QuerySpec { sort, ..QuerySpec::all(TABLE) };
    let window = |base: &Base, spec: &QuerySpec, at: usize| {
        base.window(spec, &context, at, 100).map(|w| w.rows.len()).unwrap_or(0)
    };
    let specs = [
        ("text, common start, all different", sorted(vec![by(1, false)])),
        ("text, not only ASCII, then number", sorted(vec![by(2, true), by(8, false)])),
        ("number", sorted(vec![by(7, true)])),
        ("select, then date", sorted(vec![by(13, false), by(18, true)])),
    ];
    for (what, spec) in &specs {
        let mut best = f64::INFINITY;
        for round in 0..5 {
            // Kept orders go when a field changes.
            let command = Command::UpdateField {
                table: TABLE,
                field: FieldNo(20),
                name: None,
                description: Some(format!("round {round} of {what}")),
                kind: None,
                rules: None,
                position: None,
            };
            if let Ok(change) = base.check(&command, &mut CheckContext::new("usr_a", 5, &mut || 1)) {
                base.apply(base.seq() + 1, &change);
            }
            let start = Instant::now();
            window(&base, spec, 0);
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{:<48} {:>10.3} ms", format!("first sort: {what}"), best * 1e3);
    }
    for (what, text) in [("number", "{Field 7} > 50000"), ("text", "CONTAINS({Field 2}, \"paris\")")] {
        let spec = QuerySpec { filter: Some(text.into()), ..QuerySpec::all(TABLE) };
        timed(&format!("first time filter in the language: {what}"), || window(&base, &spec, 0));
    }
    if let Some(table) = base.schema().table(TABLE) {
        let json = json!({"and": [{"field": "Field 7", "op": "gt", "value": 50000}, {"field": "Field 2", "op": "contains", "value": "paris"}]});
        let spec = QuerySpec {
            condition: Condition::parse(&json, table).ok(),
            sort: vec![by(7, false)],
            ..QuerySpec::all(TABLE)
        };
        timed("first time conditions, sorted", || window(&base, &spec, 0));
    }
    for at in [0, count as usize * 9 / 10] {
        timed(&format!("1,000 windows of 100 at {at}"), || {
            (0..1000).map(|_| window(&base, &specs[0].1, at)).sum::<usize>()
        });
    }
    let mut out = Vec::new();
    let fields: Vec<FieldNo> = (1..=20).map(FieldNo).collect();
    timed("1,000 windows of 100 × 20 as JSON", || {
        for _ in 0..1000 {
            out.clear();
            for row in base.window(&specs[0].1, &context, 5_000, 100).map(|w| w.rows).unwrap_or_default() {
                base.write_window_row(TABLE, row, &fields, &mut out);
            }
        }
    });
    timed("1,000 lists of 100 × 20 as JSON", || {
        for _ in 0..1000 {
            out.clear();
            for row in base.list(&specs[0].1, &context, None, 100).map(|page| page.rows).unwrap_or_default() {
                base.write_record(TABLE, row, Keys::Name, None, &mut out);
            }
        }
    });
    lists(&base);
    timed("sum of a number", || {
        base.aggregates(&specs[2].1, &context, &[(FieldNo(7), Aggregate::Sum)]).map_or(0, |totals| totals.0)
    });

    for (_, spec) in &specs {
        window(&base, spec, 0);
    }
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed
    };
    let updates: Vec<Command> = (0..1000u64)
        .map(|n| {
            let cells = vec![
                (FieldNo(1), json!(format!("Order {:07}", n * 7919))),
                (FieldNo(7), json!(n)),
                (FieldNo(2), json!("Lyon")),
            ];
            Command::UpdateRecords { table: TABLE, rows: vec![(RowNo(1 + n * 997 % count), cells)] }
        })
        .collect();
    let mut checking = std::time::Duration::ZERO;
    let mut applying = std::time::Duration::ZERO;
    for command in &updates {
        let begun = Instant::now();
        let change = base.check(command, &mut CheckContext::new("usr_a", 5, &mut random));
        checking += begun.elapsed();
        if let Ok(change) = change {
            let begun = Instant::now();
            base.apply(base.seq() + 1, &change);
            applying += begun.elapsed();
        }
    }
    println!(
        "update of 3 cells, every kept order moves:  check {:.1} µs, apply {:.1} µs",
        checking.as_secs_f64() * 1e3,
        applying.as_secs_f64() * 1e3
    );
    let rows: Vec<InputCells> =
        (0..10_000).map(|n| vec![(FieldNo(1), json!(format!("New {n}"))), (FieldNo(7), json!(n))]).collect();
    let create = Command::CreateRecords { table: TABLE, rows, ids: None };
    let change = timed("check: create 10,000", || {
        base.check(&create, &mut CheckContext::new("usr_a", 5, &mut random))
    });
    if let Ok(change) = change {
        timed("stored rows of them", || base.stored(&change).created.len());
        timed("apply them", || base.apply(base.seq() + 1, &change).seq);
    }
    let memory = base.memory();
    println!(
        "memory: columns {} MB, rows {} MB, orders {} MB",
        memory.columns >> 20,
        memory.rows >> 20,
        memory.orders >> 20
    );
}
