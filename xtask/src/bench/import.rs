//! A CSV file into a new table, against psql's `\copy` of the same file into a typed table.

use super::Bench;
use super::reference::{self, Column};
use super::report::{Row, count, met, number};
use crate::process::said;
use crate::rig::{Client, Seeded, Sql, tools};
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How often each is done; the median counts.
const TIMES: usize = 3;
/// What the design allows.
const MOST: f64 = 4.0;
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures.
///
/// # Errors
/// When the server or psql does not work.
pub fn measure(bench: &mut Bench, seeded: &Seeded, columns: &[Column]) -> Result<Vec<Row>> {
    let mut api = bench.server.api(&seeded.token);
    let sql = bench.server.sql();
    let csv = api.get(&format!("/v1/tables/{}/export.csv", seeded.table))?.body;
    let path = bench.server.folder().join("import.csv");
    std::fs::write(&path, &csv)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for time in 0..TIMES {
        theirs.push(copy(&sql, columns, &path, &format!("imported_{time}"), bench.scale.rows)?);
        ours.push(import(&mut api, seeded, columns, &csv, &format!("Imported {time}"), bench.scale.rows)?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let megabytes = csv.len() as f64 / 1e6;
    Ok(vec![Row {
        work: format!(
            "import a CSV of {} rows ({} MB), upload to done; psql's COPY into a typed table",
            count(bench.scale.rows),
            number(megabytes)
        ),
        ours: format!("{} s", number(ours.as_secs_f64())),
        reference: format!("{} s", number(theirs.as_secs_f64())),
        ratio: Some(ratio),
        processor: None,
        target: format!("≤ {MOST}×"),
        met: met(ratio <= MOST),
        symbols: Vec::new(),
    }])
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn copy(sql: &Sql, columns: &[Column], file: &Path, table: &str, rows: u64) -> Result<Duration> {
    reference::make_import_table(sql, columns, table)?;
    let names: Vec<String> = columns.iter().map(Column::name).collect();
    let copy =
        format!("\\copy reference.{table} ({}) from '{}' csv header", names.join(", "), file.display());
    let mut psql = Command::new(tools::postgres("psql"));
    psql.args(["-X", "-v", "ON_ERROR_STOP=1"]);
    sql.address(&mut psql, "postgres");
    psql.args(["-d", "data", "-c", &copy]);
    let began = Instant::now();
    let told = said(&mut psql).context("psql's \\copy failed")?;
    let took = began.elapsed();
    anyhow::ensure!(told == format!("COPY {rows}"), "psql says {told}");
    Ok(took)
}

fn import(
    api: &mut Client,
    seeded: &Seeded,
    columns: &[Column],
    csv: &[u8],
    name: &str,
    rows: u64,
) -> Result<Duration> {
    const BOUNDARY: &str = "nclc-bench-boundary";
    let mut form = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"base\"\r\n\r\n{}\r\n--{BOUNDARY}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"records.csv\"\r\ncontent-type: text/csv\r\n\r\n",
        seeded.base
    )
    .into_bytes();
    form.extend_from_slice(csv);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("content-type: multipart/form-data; boundary={BOUNDARY}");
    let plan: Vec<_> =
        columns.iter().map(|column| json!({ "column": column.field, "type": column.kind })).collect();

    let began = Instant::now();
    let preview = api.send("POST", "/v1/imports", &[&kind], Some(&form))?;
    anyhow::ensure!(preview.is_success(), "POST /v1/imports: {preview}");
    let id = preview.json()?["id"].as_str().context("an import without id")?.to_owned();
    api.post(&format!("/v1/imports/{id}/start"), &json!({ "name": name, "columns": plan }))?;
    loop {
        let state = api.get(&format!("/v1/imports/{id}"))?.json()?;
        match state["state"].as_str() {
            Some("done") if state["created"].as_u64() == Some(rows) => return Ok(began.elapsed()),
            Some("running" | "preview") if began.elapsed() < PATIENCE => {}
            _ => bail!("the import: {state}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
