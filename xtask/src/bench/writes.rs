//! Creates and updates of one record each, against pgbench inserting the bare row with as many clients.

use super::load::{Shape, Target, lua};
use super::pgbench::{self, Script, Trip};
use super::records::record_ids;
use super::reference::{Column, Reference};
use super::report::Row;
use super::{Bench, perf};
use crate::rig::Seeded;
use crate::rig::sql::quote;
use anyhow::Result;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Clients, and what the design asks for.
const STEPS: [(u32, f64); 3] = [(1, 0.5), (32, 1.3), (128, 2.5)];

/// Measures.
///
/// # Errors
/// When the server or pgbench does not work.
pub fn measure(bench: &mut Bench, seeded: &Seeded, reference: &Reference) -> Result<Vec<Row>> {
    let folder = bench.server.folder().to_owned();
    let ids = record_ids(&mut bench.server.api(&seeded.token), &seeded.table, bench.scale.rows)?;
    let target = Target {
        address: bench.server.address(),
        host: bench.server.host("api"),
        tokens: &seeded.tokens,
        folder: &folder,
        server: Some(&bench.server),
    };
    let create = creates(&seeded.table, &reference.columns);
    let update = updates(&ids);
    let insert = [insert(&reference.columns)];
    let mut rows = Vec::new();
    for (clients, least) in STEPS {
        let shape = Shape { clients, threads: 1, time: bench.scale.time };
        let size = (clients, bench.scale.time);
        let theirs = pgbench::run(&bench.server, &seeded.tenant, &insert, Trip::OneWrite, size)?;
        for (what, script) in [("create", &create), ("update", &update)] {
            let ours = target.run(script, shape)?;
            let s = if clients == 1 { "" } else { "s" };
            let work =
                format!("{what} one record, {clients} writer{s}; pgbench inserts the bare row, one write");
            let mut row = Row::rate(&work, &ours.figure(), &theirs.figure(), Some(least));
            perf::explain(bench, &mut row, || target.run(script, shape).map(drop));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A value that suits a column, as JSON.
fn value(column: &Column) -> Value {
    match column.kind.as_str() {
        "number" => json!(1234.5),
        "checkbox" => json!(true),
        "date" => json!("2026-11-21"),
        "datetime" => json!("2026-11-21T10:20:00Z"),
        "email" => json!("person@example.com"),
        "url" => json!("https://example.com/page"),
        "select" => json!(column.choices.first().map(|(_, name)| name.as_str())),
        "long_text" => json!("A note of some words that says a little"),
        _ => json!("A text of a few words"),
    }
}

/// Lua: every body has a key of its own.
fn creates(table: &str, columns: &[Column]) -> String {
    let mut fields: Map<String, Value> =
        columns.iter().map(|column| (column.field.clone(), value(column))).collect();
    fields.insert("Key".to_owned(), json!("@KEY@"));
    let body = json!({ "table": table, "fields": fields }).to_string();
    let (before, after) = body.split_once("@KEY@").unwrap_or((&body, ""));
    format!(
        "local before, after, n = {}, {}, 0\nlocal run = os.time()\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         function request()\n  n = n + 1\n  return format(\"POST\", \"/v1/records\", before .. \"W\" .. run .. \"-\" .. n .. after)\nend\n",
        lua(before),
        lua(after)
    )
}

fn updates(ids: &[String]) -> String {
    let mut out = String::from("local ids = {\n");
    for id in ids {
        let _ = writeln!(out, "  {},", lua(id));
    }
    out.push_str(
        "}\nlocal n = 0\nwrk.headers[\"Content-Type\"] = \"application/json\"\nfunction request()\n  n = n + 1\n  \
         return format(\"PATCH\", \"/v1/records/\" .. ids[n % #ids + 1], '{\"fields\":{\"Amount\":' .. n .. '}}')\nend\n",
    );
    out
}

fn insert(columns: &[Column]) -> Script {
    let values: Vec<String> = columns
        .iter()
        .map(|column| match (column.field.as_str(), value(column)) {
            ("Key", _) => "'W' || :n::text".to_owned(),
            (_, Value::String(text)) => quote(&text),
            (_, other) => other.to_string(),
        })
        .collect();
    let names: Vec<String> = columns.iter().map(Column::name).collect();
    Script {
        set: "\\set n random(1, 1000000000)".into(),
        sql: format!(
            "insert into reference.inserted (tenant_id, {}, created_at, updated_at) values (:tenant, {}, now(), now())",
            names.join(", "),
            values.join(", ")
        ),
    }
}
