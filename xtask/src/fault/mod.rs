//! `cargo xtask fault F1|F2|F19`: breaks a real server under load, again and again, and judges what is left.
//!
//! - F1: SIGKILL of the server, then a restart. F2: SIGKILL of PostgreSQL and its children; the server must recover by
//!   itself. F19: SIGTERM; requests in hand are answered, the server ends well, and starts again.
//! - Writers give every write an idempotency key and repeat it until it is acknowledged (a 2xx that was read to its end).
//! - The judge ([`judge`]) compares what was acknowledged with SQL, with the API, and with the sequence of changes.

mod evidence;
mod judge;
mod round;
mod writer;

use crate::rig::{Dice, Server, server, tools};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use round::{Report, Stage};
use std::path::PathBuf;
use std::time::Duration;

/// How long a server may take to be ready again after SIGKILL (F1) and to write again after PostgreSQL's (F2).
const READY_WITHIN: Duration = Duration::from_secs(5);
const RECOVERED_WITHIN: Duration = Duration::from_secs(10);

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// SIGKILL of the server.
    #[value(name = "F1", alias = "f1")]
    KillServer,
    /// SIGKILL of PostgreSQL.
    #[value(name = "F2", alias = "f2")]
    KillPostgres,
    /// SIGTERM of the server.
    #[value(name = "F19", alias = "f19")]
    Terminate,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::KillServer => "F1: SIGKILL of the server",
            Self::KillPostgres => "F2: SIGKILL of PostgreSQL",
            Self::Terminate => "F19: SIGTERM of the server",
        }
    }
}

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What to break.
    #[arg(value_enum, required = true)]
    faults: Vec<Fault>,
    /// How often.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Concurrent writers.
    #[arg(long, default_value_t = 8)]
    writers: usize,
    /// Where the random moments start from; the same number gives the same moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A built program; by default it is built first.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Builds and breaks the optimised program.
    #[arg(long)]
    release: bool,
}

/// Runs all rounds of all faults.
///
/// # Errors
/// When a write was lost or doubled, memory and database differ, or the server did not come back in time.
pub fn run(arguments: &Arguments) -> Result<()> {
    tools::require(&[("psql", "postgresql-client")])?;
    let program = match &arguments.program {
        Some(program) => std::path::absolute(program)?,
        None => server::build(arguments.release)?,
    };
    let mut failed = Vec::new();
    for fault in &arguments.faults {
        if !run_fault(*fault, arguments, &program)? {
            failed.push(fault.name());
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn run_fault(fault: Fault, arguments: &Arguments, program: &std::path::Path) -> Result<bool> {
    let mut server = Server::new(program, "fault")?;
    let seeded = server.seed(100)?;
    server.start()?;
    let mut stage = Stage { server, seeded, dice: Dice::new(arguments.seed), writers: arguments.writers };
    println!("{}, {} rounds, {} writers", fault.name(), arguments.rounds, arguments.writers);
    println!("{}", Report::HEAD);
    let mut reports = Vec::new();
    for number in 1..=arguments.rounds {
        let report = stage.round(fault, number)?;
        println!("{}", report.line());
        for finding in report.findings() {
            println!("      {finding}");
        }
        reports.push(report);
    }
    println!("{}", round::summary(&reports));
    Ok(reports.iter().all(|report| report.findings().is_empty()))
}
