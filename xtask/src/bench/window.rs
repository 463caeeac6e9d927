//! Windows of a large table as the grid asks for them; how long it takes to come into memory, and what it takes there.

use super::Bench;
use super::report::{Met, Row, count, milliseconds, number, percentile};
use crate::rig::Client;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Rows of a window.
const LIMIT: u64 = 100;
/// Windows that are timed one after the other.
const TIMES: usize = 200;
/// Sorts whose first window is timed: number, text (Unicode collation), day, two fields.
const SORTS: [(&str, &[(&str, bool)]); 4] = [
    ("a number", &[("Amount", true)]),
    ("a text", &[("Name", false)]),
    ("a day", &[("Day", false)]),
    ("a choice, then a number", &[("Status", false), ("Price", true)]),
];
const MIB: f64 = 1024.0 * 1024.0;

/// Measures. `idle`: the server's memory without a base, in MiB.
///
/// # Errors
/// When the server does not work.
pub fn measure(bench: &mut Bench, idle: f64) -> Result<Vec<Row>> {
    let rows = bench.scale.large;
    bench.server.kill();
    let seeded = bench.server.seed(rows)?;
    // A process that has nothing in memory.
    bench.server.start()?;
    let mut api = bench.server.api(&seeded.token);
    let path = format!("/v1/tables/{}/window", seeded.table);
    let size = format!("{} × 20", count(rows));
    let mut out = Vec::new();

    let (cold, total) = timed(&mut api, &path, &json!({ "offset": 0, "limit": LIMIT }))?;
    ensure!(total == rows, "the table has {total} rows instead of {rows}");
    let loaded = bench.server.resident() as f64 / MIB - idle;
    let load = format!("cold load of {size} from rows, with its first window");
    out.push(Row::at_most(&load, milliseconds(cold) / 1000.0, 5.0, "s"));
    out.push(Row::at_most(&format!("memory of {size}, after the load"), loaded, 600.0, "MiB"));

    for (what, sort) in SORTS {
        let body = |offset: u64| json!({ "sort": sorts(sort), "offset": offset, "limit": LIMIT });
        let (first, _) = timed(&mut api, &path, &body(0))?;
        let work = format!("first window of {size} sorted by {what}, seen by the client");
        out.push(Row::at_most(&work, milliseconds(first), 150.0, "ms"));
        for offset in [0, rows / 10 * 9] {
            let mut times = Vec::with_capacity(TIMES);
            for _ in 0..TIMES {
                times.push(milliseconds(timed(&mut api, &path, &body(offset))?.0));
            }
            times.sort_by(f64::total_cmp);
            let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
            let work = format!("{LIMIT} rows of it at row {}, sort kept, seen by the client", count(offset));
            let mut row = Row::at_most(&work, p50, 2.0, "ms");
            row.ours = format!("p50 {} ms, p99 {} ms", number(p50), number(p99));
            out.push(row);
        }
    }
    let kept = bench.server.resident() as f64 / MIB - idle;
    out.push(Row {
        target: "–".into(),
        met: Met::NoTarget,
        ..Row::at_most(&format!("memory of {size}, four sorts kept"), kept, 600.0, "MiB")
    });
    grouped(&mut api, &path, rows, &mut out)?;
    Ok(out)
}

/// Windows of lines: headings of groups with the records below them.
fn grouped(api: &mut Client, path: &str, rows: u64, out: &mut Vec<Row>) -> Result<()> {
    let size = format!("{} × 20", count(rows));
    let by_choice = |offset: u64| {
        let group = json!([{ "field": "Status" }]);
        json!({ "lines": true, "group": group, "sort": [{ "field": "Price", "desc": true }], "offset": offset, "limit": LIMIT })
    };
    let (first, lines) = timed(api, path, &by_choice(0))?;
    ensure!(lines > rows, "{lines} lines of {rows} rows have no headings");
    let work = format!("first window of {size} grouped by a choice, its sort kept, seen by the client");
    out.push(Row::at_most(&work, milliseconds(first), 50.0, "ms"));
    for offset in [0, rows / 10 * 9] {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(milliseconds(timed(api, path, &by_choice(offset))?.0));
        }
        times.sort_by(f64::total_cmp);
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        let work = format!("{LIMIT} lines of it at line {}, groups kept, seen by the client", count(offset));
        let mut row = Row::at_most(&work, p50, 2.0, "ms");
        row.ours = format!("p50 {} ms, p99 {} ms", number(p50), number(p99));
        out.push(row);
    }
    let inner = json!({
        "lines": true, "group": [{ "field": "Status" }, { "field": "Day" }], "totals": { "Amount": "sum" }, "expanded": [], "limit": LIMIT
    });
    let (first, _) = timed(api, path, &inner)?;
    let work = format!(
        "first headings of {size} grouped by a choice and a day, with sums over all, seen by the client"
    );
    out.push(Row::at_most(&work, milliseconds(first), 250.0, "ms"));
    Ok(())
}

fn sorts(sort: &[(&str, bool)]) -> Value {
    sort.iter().map(|(field, desc)| json!({ "field": field, "desc": desc })).collect()
}

/// How long the answer took, and the view's number of rows.
fn timed(api: &mut Client, path: &str, body: &Value) -> Result<(Duration, u64)> {
    let began = Instant::now();
    let answer = api.post(path, body)?;
    let took = began.elapsed();
    let total = answer.json()?["total"].as_u64().context("a window without total")?;
    Ok((took, total))
}
