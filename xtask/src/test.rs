//! `cargo xtask test`: the tests in Rust, in the browser's code, and in a real browser.

use crate::ci::Tally;
use crate::process::{command, has, root, run as run_command};
use crate::{clients, external, machine};
use anyhow::Result;
use clap::ValueEnum;

/// A kind of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Crates: unit, property, service and HTTP tests against a real PostgreSQL.
    Rust,
    /// The browser's code: vitest.
    Ui,
    /// Published clients of Airtable's API against `/v0`.
    Clients,
    /// Programs of others that the product must get on with, such as a provider of OpenID Connect; named, also the judges.
    External,
    /// People's journeys in Chromium: Playwright.
    E2e,
}

/// Runs the suites (none named: all), or the judges from outside, and prints how many tests passed and failed.
pub fn run(suites: &[Suite], judges: bool) -> Result<()> {
    let mut tally = Tally::default();
    if judges {
        external::add(&mut tally)?;
    } else {
        add(&mut tally, suites)?;
    }
    tally.close()
}

/// Runs the suites into a tally that goes on.
pub fn add(tally: &mut Tally, suites: &[Suite]) -> Result<()> {
    let wanted = |suite| suites.is_empty() || suites.contains(&suite);
    if wanted(Suite::Rust) {
        machine::postgres()?;
        machine::ui()?;
        let arguments: &[&str] = if has("cargo-nextest") {
            &["nextest", "run", "--workspace", "--no-fail-fast"]
        } else {
            &["test", "--workspace", "--no-fail-fast", "--all-targets"]
        };
        tally.tests("Rust tests", command("", "cargo", arguments))?;
        // nextest does not run the examples in the documentation.
        tally.tests(
            "documentation examples",
            command("", "cargo", &["test", "--workspace", "--doc", "--no-fail-fast"]),
        )?;
    }
    if wanted(Suite::Ui) {
        machine::modules("ui")?;
        tally.tests("browser code", command("ui", "npm", &["test", "--silent"]))?;
    }
    if wanted(Suite::Clients) {
        clients::add(tally)?;
    }
    if wanted(Suite::External) {
        machine::postgres()?;
        machine::ui()?;
        machine::clamd()?;
        machine::rsyslog()?;
        machine::modules(clients::FOLDER)?;
        let arguments = ["test", "--package", "testkit", "--test", "external", "--", "--ignored"];
        tally.tests("programs of others", command("", "cargo", &arguments))?;
        // Minutes each, so only when they are asked for.
        if suites.contains(&Suite::External) {
            external::add(tally)?;
        }
    }
    if wanted(Suite::E2e) && root().join("e2e/package.json").exists() {
        machine::postgres()?;
        machine::ui()?;
        machine::browser()?;
        machine::modules("e2e")?;
        machine::modules(clients::FOLDER)?;
        run_command(command("", "cargo", &["build", "--quiet", "--package", "nclc"]))?;
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().exec()?;
        let mut journeys = command("e2e", "npm", &["test", "--silent"]);
        journeys.env("NCLC_BINARY", metadata.target_directory.join("debug/nclc"));
        tally.tests("journeys in Chromium", journeys)?;
    }
    Ok(())
}
