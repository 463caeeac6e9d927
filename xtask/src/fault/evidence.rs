//! Reads what is there: rows and changes by SQL, records by the API.

use super::judge::{Row, Seen, Sequence};
use crate::rig::sql::quote;
use crate::rig::{Client, Seeded, Sql};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything about one table (by its name, unique in the base).
///
/// # Errors
/// When the database or the API does not answer.
pub fn collect(sql: &Sql, api: &mut Client, seeded: &Seeded, table: &str, name: &str) -> Result<Seen> {
    let tenant = quote(&seeded.tenant);
    let number = sql.value(&format!(
        "select id from data.tables where tenant_id = {tenant} and name = {} and deleted_at is null",
        quote(name)
    ))?;
    anyhow::ensure!(!number.is_empty(), "the table {name} is not stored");
    let of_table = format!("tenant_id = {tenant} and table_id = {number}");
    // Fields are numbered in the order in which they were made: 1 is Key, 2 is Count.
    let rows = sql.rows(&format!(
        "select id, data ->> '1', coalesce(data ->> '2', '0') from data.records where {of_table} order by id"
    ))?;
    let mut stored = Vec::with_capacity(rows.len());
    let mut key_of = BTreeMap::new();
    for row in &rows {
        let [id, key, count] = row.as_slice() else { anyhow::bail!("a row of {} values", row.len()) };
        stored.push(Row { key: key.clone(), count: count.parse().with_context(|| count.clone())? });
        key_of.insert(id.clone(), key.clone());
    }
    let counted = sql.rows(&format!(
        "select record_lo, count(*) from data.changes where {of_table} and kind = 'update' and record_lo = record_hi
         group by record_lo"
    ))?;
    let mut updates = BTreeMap::new();
    for row in &counted {
        let [id, count] = row.as_slice() else { anyhow::bail!("a row of {} values", row.len()) };
        let key = key_of.get(id).cloned().unwrap_or_else(|| format!("record {id}, which is not there"));
        updates.insert(key, count.parse().with_context(|| count.clone())?);
    }
    Ok(Seen { stored, listed: listed(api, table)?, updates, sequence: sequence(sql, &tenant)? })
}

/// The tenant has one base.
fn sequence(sql: &Sql, tenant: &str) -> Result<Sequence> {
    let rows = sql.rows(&format!(
        "select b.seq, count(c.seq), coalesce(min(c.seq), 0), coalesce(max(c.seq), 0)
         from data.bases b left join data.changes c on c.tenant_id = b.tenant_id and c.base_id = b.id
         where b.tenant_id = {tenant} group by b.id, b.seq"
    ))?;
    let numbers: Vec<u64> = rows.iter().flatten().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [base, count, first, last] = numbers[..] else {
        anyhow::bail!("{} bases instead of one", rows.len())
    };
    Ok(Sequence { base, count, first, last })
}

fn listed(api: &mut Client, table: &str) -> Result<Vec<(String, Row)>> {
    let mut out = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/records?table={table}&limit=100{cursor}"))?.json()?;
        let data = page.get("data").and_then(Value::as_array).context("a page without data")?;
        for record in data {
            let id = record["id"].as_str().context("a record without id")?;
            let key = record["fields"]["Key"].as_str().unwrap_or_default().to_owned();
            let count = record["fields"]["Count"].as_f64().unwrap_or_default() as u64;
            out.push((id.to_owned(), Row { key, count }));
        }
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(out),
        }
    }
}
