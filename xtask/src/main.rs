//! `cargo xtask …`: everything that is done with this repository.
//!
//! One module a command; a new command is a module, a variant of [`Command`] and an arm of `main`.

mod arch;
mod asvs;
mod bench;
mod ci;
mod clients;
mod external;
mod fault;
mod machine;
mod process;
mod rig;
mod sbom;
mod sql;
mod test;
mod up;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds and serves the product on this machine; installs what is missing where it may.
    Up {
        /// Fills an organisation with data to look at first.
        #[arg(long)]
        demo: bool,
    },
    /// Runs all tests, or some.
    Test {
        /// Only these suites.
        #[arg(value_enum)]
        suites: Vec<test::Suite>,
        /// Instead: judges that other people wrote, installed from their registries.
        #[arg(long, conflicts_with = "suites")]
        external: bool,
    },
    /// Everything that must hold before a change goes in: formatting, lints, architecture, statements, templates,
    /// dependencies, tests.
    Ci {
        /// Leaves the tests out.
        #[arg(long)]
        fast: bool,
    },
    /// The bill of materials (CycloneDX, JSON).
    Sbom {
        /// Where it is written.
        #[arg(long, default_value = "target/sbom.cdx.json")]
        to: std::path::PathBuf,
    },
    /// Looks for the tests that `docs/security/asvs.md` names.
    Asvs,
    /// Dependencies between crates, and between domains and tables.
    Arch,
    /// The database's side of the product.
    Db {
        #[command(subcommand)]
        what: Check,
    },
    /// The templates.
    Templates {
        #[command(subcommand)]
        what: Check,
    },
    /// Measures the speed targets of the design against pgbench and nginx in one run; writes `bench/results.md`.
    Bench(bench::Arguments),
    /// Breaks a server under load and judges what is left: nothing lost, nothing doubled.
    Fault(fault::Arguments),
}

#[derive(Subcommand)]
enum Check {
    /// Proves them sound.
    Check,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up { demo } => up::run(demo),
        Command::Test { suites, external } => test::run(&suites, external),
        Command::Ci { fast } => ci::run(fast),
        Command::Sbom { to } => sbom::run(&to),
        Command::Asvs => asvs::run(),
        Command::Arch => arch::run(),
        Command::Db { what: Check::Check } => ci::check("db"),
        Command::Templates { what: Check::Check } => ci::check("templates"),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Fault(arguments) => fault::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
