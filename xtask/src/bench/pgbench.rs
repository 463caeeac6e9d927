//! The reference of records: pgbench over the server's own PostgreSQL, as the role that the server uses.

use super::report::{Figure, number};
use crate::process::said;
use crate::rig::{Server, tools};
use anyhow::{Context as _, Result};
use std::process::Command;
use std::time::Duration;

/// What a run gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transactions {
    /// Transactions a second.
    pub per_second: f64,
    /// Mean latency in milliseconds.
    pub mean: f64,
    /// All transactions.
    pub count: f64,
    /// Processor time of a transaction in microseconds, PostgreSQL's side.
    pub processor: f64,
}

impl Transactions {
    /// For the results.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let shown = format!("{}/s, mean {} ms", number(self.per_second), number(self.mean));
        Figure { value: self.per_second, shown, processor: Some(self.processor) }
    }
}

/// How a transaction travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// BEGIN, tenant, statement and COMMIT in one write, as the server does.
    OneWrite,
    /// Each waits for the one before.
    FourRoundTrips,
}

/// Statements of one transaction each, chosen at random with the same weight; `set`: pgbench's meta-commands before it.
#[derive(Clone, Debug)]
pub struct Script {
    /// e.g. `\set id random(1, 100)`.
    pub set: String,
    /// The statement; `:tenant` is the tenant.
    pub sql: String,
}

impl Script {
    fn text(&self, trip: Trip) -> String {
        let (begin, end) = match trip {
            Trip::OneWrite => ("\\startpipeline\n", "\\endpipeline\n"),
            Trip::FourRoundTrips => ("", ""),
        };
        format!("{}\n{begin}begin;\nselect data.enter(:tenant);\n{};\ncommit;\n{end}", self.set, self.sql)
    }
}

/// Runs the scripts.
///
/// # Errors
/// When pgbench fails.
pub fn run(
    server: &Server,
    tenant: &str,
    scripts: &[Script],
    trip: Trip,
    (clients, time): (u32, Duration),
) -> Result<Transactions> {
    let mut pgbench = Command::new(tools::postgres("pgbench"));
    pgbench.args(["-n", "-M", "prepared", "-j", "1", "-c", &clients.to_string()]);
    pgbench.args(["-T", &time.as_secs().max(1).to_string(), "-D", &format!("tenant={tenant}")]);
    for (number, script) in scripts.iter().enumerate() {
        let path = server.folder().join(format!("reference-{number}.sql"));
        std::fs::write(&path, script.text(trip))?;
        pgbench.arg("-f").arg(path);
    }
    server.sql().address(&mut pgbench, "nclc_app");
    pgbench.arg("data");
    let before = server.processor_time();
    let done = parse(&said(&mut pgbench).context("pgbench failed")?)?;
    let taken = server.processor_time().saturating_sub(before);
    Ok(Transactions { processor: taken.as_secs_f64() * 1e6 / done.count, ..done })
}

fn parse(text: &str) -> Result<Transactions> {
    let after = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let word =
            line.and_then(|rest| rest.split_whitespace().next()).context("pgbench printed no figures")?;
        Ok::<f64, anyhow::Error>(word.parse()?)
    };
    let failed = text.lines().find_map(|line| line.strip_prefix("number of failed transactions: "));
    anyhow::ensure!(
        failed.is_none_or(|failed| failed.starts_with("0 ")),
        "pgbench: transactions failed: {failed:?}"
    );
    Ok(Transactions {
        per_second: after("tps = ")?,
        mean: after("latency average = ")?,
        count: after("number of transactions actually processed: ")?,
        processor: 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let text = "number of transactions actually processed: 5000\nnumber of failed transactions: 0 (0.000%)\nlatency average = 0.345 ms\n\
                    tps = 10050.5 (without initial connection time)\n";
        assert_eq!(
            parse(text).unwrap(),
            Transactions { per_second: 10050.5, mean: 0.345, count: 5000.0, processor: 0.0 }
        );
        assert!(parse("").is_err());
        assert!(parse(&text.replace("transactions: 0 (", "transactions: 4 (")).is_err());
    }

    #[test]
    fn one_write_is_a_pipeline() {
        let script = Script { set: "\\set id 1".into(), sql: "select :id".into() };
        assert!(script.text(Trip::OneWrite).contains("\\startpipeline\nbegin;"));
        assert!(!script.text(Trip::FourRoundTrips).contains("pipeline"));
    }
}
