//! One table of many rows and 20 fields of all plain types, for measuring.

use super::{import, owner, token};
use crate::System;
use bases::imports::{ColumnPlan, ImportPlan};
use std::io::{BufWriter, Write};

/// Names and types of the 20 columns.
const COLUMNS: [(&str, &str); 20] = [
    ("Key", "text"),
    ("Name", "text"),
    ("City", "text"),
    ("Country", "select"),
    ("Status", "select"),
    ("Amount", "number"),
    ("Price", "number"),
    ("Quantity", "number"),
    ("Latitude", "number"),
    ("Longitude", "number"),
    ("Score", "number"),
    ("Active", "checkbox"),
    ("Checked", "checkbox"),
    ("Day", "date"),
    ("Due", "date"),
    ("At", "datetime"),
    ("Email", "email"),
    ("Website", "url"),
    ("Notes", "long_text"),
    ("Code", "text"),
];
const COUNTRIES: [&str; 12] = [
    "Brazil", "France", "Germany", "Japan", "Kenya", "Norway", "Peru", "Poland", "Spain", "Turkey",
    "Vietnam", "Zambia",
];
const STATUSES: [&str; 4] = ["Operating", "Review", "Works", "Closed"];

/// Rate limits count by token: with these, load that one machine can make stays below them.
const TOKENS: usize = 64;

/// Makes the organisation and prints `{"token","tokens","tenant","base","table","slug","email","password"}`.
pub(super) async fn run(system: &System, rows: u64) -> anyhow::Result<()> {
    let tag = format!("{:x}", system.web.random().below(1 << 40));
    let (email, password) = (format!("bench-{tag}@example.com"), format!("correct horse {tag} battery"));
    let owner = owner(system, ("Bench", &email, &password), "Bench", &format!("bench-{tag}")).await?;
    let base = system.bases.create(&owner.caller, "Bench", None, None).await?;
    let folder = system.settings.database.data_folder.join("bench.csv");
    write_csv(&mut BufWriter::new(std::fs::File::create(&folder)?), rows)?;
    let column = |(name, kind): &(&str, &str)| ColumnPlan {
        column: (*name).to_owned(),
        kind: Some((*kind).to_owned()),
        ..ColumnPlan::default()
    };
    let plan = ImportPlan {
        name: Some("Records".to_owned()),
        columns: COLUMNS.iter().map(column).collect(),
        ..ImportPlan::default()
    };
    let imported = import(system, &owner.caller, base.id, &folder, plan).await?;
    std::fs::remove_file(&folder)?;
    let mut tokens = Vec::with_capacity(TOKENS);
    for _ in 0..TOKENS {
        tokens.push(token(system, &owner.caller, "bench").await?);
    }
    let table = imported.table.map(|table| table.to_string());
    println!(
        "{}",
        serde_json::json!({
            "token": tokens[0], "tokens": tokens, "tenant": owner.tenant.id.uuid(), "base": base.id, "table": table,
            "slug": owner.tenant.slug, "email": email, "password": password,
        })
    );
    Ok(())
}

/// Rows that are the same at every run: a multiplicative generator spreads the values.
fn write_csv(out: &mut impl Write, rows: u64) -> std::io::Result<()> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..rows {
        let mix = row.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
        let part = |shift: u32, below: u64| (mix >> shift) % below;
        writeln!(
            out,
            "K{row:08},Name {:06},City {},{},{},{},{}.{:02},{},{}.{:04},{}.{:04},{},{},{},20{:02}-{:02}-{:02},2026-{:02}-{:02},2025-{:02}-{:02}T{:02}:{:02}:00Z,p{}@example.com,https://example.com/{},Note {} about row {row},C{}",
            part(3, 1_000_000),
            part(7, 5_000),
            COUNTRIES[part(11, 12) as usize],
            STATUSES[part(17, 4) as usize],
            part(5, 100_000),
            part(9, 1_000),
            part(13, 100),
            part(19, 500),
            part(2, 90),
            part(23, 10_000),
            part(4, 180),
            part(29, 10_000),
            part(31, 1_000),
            if part(37, 2) == 0 { "true" } else { "" },
            if part(38, 3) == 0 { "true" } else { "" },
            10 + part(8, 16),
            1 + part(12, 12),
            1 + part(16, 28),
            1 + part(20, 12),
            1 + part(24, 28),
            1 + part(28, 12),
            1 + part(32, 28),
            part(36, 24),
            part(40, 60),
            part(6, 100_000),
            part(10, 100_000),
            part(14, 1_000),
            part(18, 10_000),
        )?;
    }
    out.flush()
}
