//! Lists and single records, over HTTP with a token, against pgbench.

use super::load::{Shape, Target, encode, paths};
use super::pgbench::{self, Script, Trip};
use super::reference::{self, Reference};
use super::report::{Row, count};
use super::{Bench, perf};
use crate::rig::{Client, Seeded};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// Connections, ours and pgbench's.
const CLIENTS: u32 = 32;
/// Different records that are asked for one by one.
const IDS: u64 = 10_000;

/// Measures.
///
/// # Errors
/// When the server or pgbench does not work, or the two answer differently.
pub fn measure(bench: &mut Bench, seeded: &Seeded, reference: &Reference) -> Result<Vec<Row>> {
    let mut api = bench.server.api(&seeded.token);
    let statuses: Vec<String> =
        reference.column("Status")?.choices.iter().map(|(_, name)| name.clone()).collect();
    let (sql, folder) = (bench.server.sql(), bench.server.folder().to_owned());
    let list = |status: &str, more: &str| {
        format!(
            "select id, {}, created_at, updated_at from reference.records where tenant_id = :tenant and \"status\" = '{status}'{more} \
             order by \"amount\" desc, id limit 100",
            reference.list()
        )
    };
    let kept: Vec<String> = statuses.iter().map(|status| list_path(&seeded.table, status)).collect();
    for (status, path) in statuses.iter().zip(&kept) {
        same_answer(&mut api, &sql, &seeded.tenant, status, path)?;
    }
    let scripts: Vec<Script> =
        statuses.iter().map(|status| Script { set: String::new(), sql: list(status, "") }).collect();
    let fresh: Vec<Script> = statuses
        .iter()
        .map(|status| Script {
            set: "\\set below random(20000, 99999)".into(),
            sql: list(status, " and \"amount\" < :below"),
        })
        .collect();
    let one = [Script {
        set: format!("\\set id random(1, {})", bench.scale.rows),
        sql: format!(
            "select id, {}, created_at, updated_at from reference.records where tenant_id = :tenant and id = :id",
            reference.list()
        ),
    }];
    let ids = record_ids(&mut api, &seeded.table, bench.scale.rows)?;
    let target = Target {
        address: bench.server.address(),
        host: bench.server.host("api"),
        tokens: &seeded.tokens,
        folder: &folder,
        server: Some(&bench.server),
    };
    let shape = Shape { clients: CLIENTS, threads: 1, time: bench.scale.time };
    let against = |scripts: &[Script], trip| {
        pgbench::run(&bench.server, &seeded.tenant, scripts, trip, (CLIENTS, bench.scale.time))
    };
    let mut rows = Vec::new();

    let kept_lua = paths(&kept);
    let ours = target.run(&kept_lua, shape)?;
    let four = against(&scripts, Trip::FourRoundTrips)?;
    let one_write = against(&scripts, Trip::OneWrite)?;
    let work = |what: &str| {
        format!(
            "list 100 of {} records, one of {} filters, sorted{what}",
            count(bench.scale.rows),
            statuses.len()
        )
    };
    let mut row = Row::rate(
        &work("; pgbench with the index, four round trips"),
        &ours.figure(),
        &four.figure(),
        Some(2.0),
    );
    perf::explain(bench, &mut row, || target.run(&kept_lua, shape).map(drop));
    rows.push(row);
    rows.push(Row::rate(
        &work("; pgbench with the index, one write"),
        &ours.figure(),
        &one_write.figure(),
        None,
    ));

    let fresh_lua = fresh_lists(&seeded.table, &statuses);
    let ours_fresh = target.run(&fresh_lua, shape)?;
    let theirs_fresh = against(&fresh, Trip::FourRoundTrips)?;
    let work_fresh =
        "the same, a filter that was never asked before; pgbench with the index, four round trips";
    let mut row = Row::rate(work_fresh, &ours_fresh.figure(), &theirs_fresh.figure(), Some(2.0));
    perf::explain(bench, &mut row, || target.run(&fresh_lua, shape).map(drop));
    rows.push(row);

    reference::drop_index(&sql)?;
    let slow = against(&scripts, Trip::OneWrite)?;
    rows.push(Row::rate(&work("; pgbench without the index"), &ours.figure(), &slow.figure(), Some(100.0)));

    let one_lua = paths(&ids.iter().map(|id| format!("/v1/records/{id}")).collect::<Vec<_>>());
    let ours = target.run(&one_lua, shape)?;
    let four = against(&one, Trip::FourRoundTrips)?;
    let one_write = against(&one, Trip::OneWrite)?;
    let mut row =
        Row::rate("one record by id; pgbench, four round trips", &ours.figure(), &four.figure(), Some(2.0));
    perf::explain(bench, &mut row, || target.run(&one_lua, shape).map(drop));
    rows.push(row);
    rows.push(Row::rate("one record by id; pgbench, one write", &ours.figure(), &one_write.figure(), None));
    Ok(rows)
}

fn list_path(table: &str, status: &str) -> String {
    let filter = encode(&format!("{{Status}} = \"{status}\""));
    format!("/v1/records?table={table}&filter={filter}&sort=-Amount&limit=100")
}

/// Lua that asks for another limit of the amount each time.
fn fresh_lists(table: &str, statuses: &[String]) -> String {
    let heads: Vec<String> = statuses
        .iter()
        .map(|status| {
            let filter = encode(&format!("{{Status}} = \"{status}\" and {{Amount}} < "));
            super::load::lua(&format!("/v1/records?table={table}&sort=-Amount&limit=100&filter={filter}"))
        })
        .collect();
    format!(
        "local heads, n = {{ {} }}, 0\nfunction request()\n  n = n + 1\n  \
         return format(\"GET\", heads[n % #heads + 1] .. (20000 + n * 7919 % 80000) .. \".\" .. n)\nend\n",
        heads.join(", ")
    )
}

/// Both must give the same hundred, or the comparison means nothing.
fn same_answer(
    api: &mut Client,
    sql: &crate::rig::Sql,
    tenant: &str,
    status: &str,
    path: &str,
) -> Result<()> {
    let answer = api.get(path)?.json()?;
    let data = answer["data"].as_array().context("a page without data")?;
    let ours: Vec<f64> = data.iter().filter_map(|record| record["fields"]["Amount"].as_f64()).collect();
    let rows = sql.rows(&format!(
        "select \"amount\" from reference.records where tenant_id = '{tenant}' and \"status\" = '{status}' \
         order by \"amount\" desc, id limit 100"
    ))?;
    let theirs: Vec<f64> = rows.iter().flatten().map(|text| text.parse()).collect::<Result<_, _>>()?;
    ensure!(ours.len() == 100 && ours == theirs, "{path} answers {ours:?}, PostgreSQL {theirs:?}");
    Ok(())
}

/// Ids from all over the table.
///
/// # Errors
/// When the server does not answer.
pub fn record_ids(api: &mut Client, table: &str, rows: u64) -> Result<Vec<String>> {
    const PAGE: u64 = 500;
    let mut out = Vec::new();
    let pages = (IDS / PAGE).min(rows.div_ceil(PAGE)).max(1);
    for page in 0..pages {
        let body = json!({ "offset": page * rows / pages, "limit": PAGE, "fields": ["Key"] });
        let answer = api.post(&format!("/v1/tables/{table}/window"), &body)?.json()?;
        let rows = answer["rows"].as_array().context("a window without rows")?;
        out.extend(rows.iter().filter_map(|row| row.get(0).and_then(Value::as_str).map(str::to_owned)));
    }
    ensure!(!out.is_empty(), "the table is empty");
    // Neighbours are asked for far apart.
    let mut dice = crate::rig::Dice::new(1);
    for place in (1..out.len()).rev() {
        out.swap(place, dice.below(place as u64 + 1) as usize);
    }
    Ok(out)
}
