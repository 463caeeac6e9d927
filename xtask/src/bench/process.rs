//! Start and idle memory of the server.

use super::Bench;
use super::report::{Row, milliseconds, percentile};
use anyhow::{Result, ensure};

/// Starts that are measured.
const STARTS: usize = 5;
const MIB: f64 = 1024.0 * 1024.0;

/// Rows, and what memory the idle server takes in MiB.
#[derive(Debug)]
pub struct Idle {
    pub rows: Vec<Row>,
    pub memory: f64,
}

/// Measures; the server runs afterwards.
///
/// # Errors
/// When the server does not start or a portal does not answer.
pub fn measure(bench: &mut Bench) -> Result<Idle> {
    let with_postgres = milliseconds(bench.server.start()?);
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        // SIGKILL leaves PostgreSQL running: the next start is the program's own.
        bench.server.kill();
        starts.push(milliseconds(bench.server.start()?));
    }
    starts.sort_by(f64::total_cmp);
    for (portal, path) in [("www", "/"), ("app", "/login"), ("api", "/"), ("admin", "/login")] {
        let answer = bench.server.visitor(portal).send("GET", path, &[], None)?;
        ensure!(answer.status < 500, "{portal}{path}: {answer}");
    }
    let memory = bench.server.resident() as f64 / MIB;
    let mut together =
        Row::at_most("start with its PostgreSQL, on an existing data folder", with_postgres, f64::MAX, "ms");
    "–".clone_into(&mut together.target);
    together.met = super::report::Met::NoTarget;
    Ok(Idle {
        rows: vec![
            Row::at_most(
                "start besides PostgreSQL, on an existing data folder (median of 5)",
                percentile(&starts, 0.5),
                1000.0,
                "ms",
            ),
            together,
            Row::at_most("resident memory, all portals asked once, idle", memory, 120.0, "MiB"),
        ],
        memory,
    })
}
