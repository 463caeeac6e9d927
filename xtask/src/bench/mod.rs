//! `cargo xtask bench`: the speed targets of the design (section 8), each against a reference in the same run on the same
//! machine: pgbench on the same data in typed, indexed columns of the same cluster; nginx serving the same bytes.
//!
//! Results go to `bench/results.md`. What is not measured is listed there too. All traffic stays on 127.0.0.1.

mod calculated;
mod grid;
mod import;
mod load;
mod nginx;
mod pages;
mod perf;
mod person;
mod pgbench;
mod process;
mod records;
mod reference;
mod report;
mod sign_in;
mod window;
mod writes;

use crate::rig::{Server, server, tools};
use anyhow::Result;
use clap::{Args, ValueEnum};
use report::{Environment, Row, Section};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Start and memory of the idle server.
    Process,
    /// A hundred log-ins at once, and what others notice.
    SignIn,
    /// Lists and single records.
    Records,
    /// Creates and updates.
    Writes,
    /// CSV into a table.
    Import,
    /// A published page.
    Pages,
    /// Windows of a large table.
    Window,
    /// Calculated fields.
    Calculated,
    /// The grid in Chromium.
    Grid,
}

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Small data and short runs, to see that everything works; the figures mean little and `bench/results.md` stays.
    #[arg(long)]
    quick: bool,
    /// Only these parts; `bench/results.md` stays.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// A built program; by default the optimised one is built first.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Leaves `perf` out for rows that fall short.
    #[arg(long)]
    no_perf: bool,
}

/// How large and how long.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Rows of the table that is listed.
    pub rows: u64,
    /// Rows of the table whose windows are shown.
    pub large: u64,
    /// How long one figure is measured.
    pub time: Duration,
}

/// What all parts work with.
#[derive(Debug)]
pub struct Bench {
    /// The server under measurement.
    pub server: Server,
    /// Sizes.
    pub scale: Scale,
    /// Whether to look with `perf` at what falls short.
    pub perf: bool,
}

/// Measures and writes the results.
///
/// # Errors
/// When a program is missing, or the server or a reference does not work. A missed target is no error: it is a result.
pub fn run(arguments: &Arguments) -> Result<()> {
    tools::require(&[
        ("wrk", "wrk"),
        ("nginx", "nginx"),
        ("psql", "postgresql-client"),
        ("pgbench", "postgresql-contrib"),
    ])?;
    let program = match &arguments.program {
        Some(program) => std::path::absolute(program)?,
        None => server::build(true)?,
    };
    let scale = if arguments.quick {
        Scale { rows: 2_000, large: 5_000, time: Duration::from_secs(1) }
    } else {
        Scale { rows: 100_000, large: 1_000_000, time: Duration::from_secs(6) }
    };
    let began = Instant::now();
    let server = Server::new(&program, "bench")?;
    let mut bench = Bench { server, scale, perf: !arguments.no_perf && tools::on_path("perf") };
    let sections = measure(&mut bench, &arguments.only)?;
    let environment = Environment::read(&scale, began.elapsed());
    let text = report::render(&environment, &sections);
    println!("{text}");
    if !arguments.quick && arguments.only.is_empty() {
        let path = crate::process::root().join("bench/results.md");
        std::fs::write(&path, text)?;
        println!("written: {}", path.display());
    }
    Ok(())
}

fn measure(bench: &mut Bench, only: &[Part]) -> Result<Vec<Section>> {
    let wanted = |part: Part| only.is_empty() || only.contains(&part);
    let mut sections = Vec::new();
    let mut add = |title: &'static str, rows: Vec<Row>| {
        for row in &rows {
            println!("{}", row.line());
        }
        sections.push(Section { title, rows });
    };
    // The data is there before the first start, so that starting means what it does on a customer's machine.
    let seeded = bench.server.seed(bench.scale.rows)?;
    let idle = process::measure(bench)?;
    let idle_memory = idle.memory;
    if wanted(Part::Process) {
        add("Process", idle.rows);
    }
    if wanted(Part::SignIn) {
        add("Logging in", sign_in::measure(bench, &seeded)?);
    }
    // What changes the table comes after what reads it.
    let reference = reference::Reference::make(&bench.server.sql(), &seeded)?;
    if wanted(Part::Records) {
        add("Records, read", records::measure(bench, &seeded, &reference)?);
    }
    if wanted(Part::Import) {
        add("Import", import::measure(bench, &seeded, &reference.columns)?);
    }
    if wanted(Part::Writes) {
        add("Records, written (durable, with history)", writes::measure(bench, &seeded, &reference)?);
    }
    if wanted(Part::Pages) {
        add("Published page", pages::measure(bench)?);
    }
    if wanted(Part::Window) {
        add("Large table", window::measure(bench, idle_memory)?);
    }
    if wanted(Part::Calculated) {
        add("Calculated fields", calculated::measure(bench)?);
    }
    if wanted(Part::Grid) {
        let seeded = bench.server.seed(bench.scale.large)?;
        if !bench.server.runs() {
            bench.server.start()?;
        }
        add("Grid in the browser", grid::measure(bench, &seeded)?);
    }
    Ok(sections)
}
