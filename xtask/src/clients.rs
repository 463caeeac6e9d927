//! `cargo xtask test clients`: the published clients of Airtable's API, unchanged, against `/v0` of a server of its own.

use crate::ci::Tally;
use crate::machine;
use crate::process::{command, root};
use crate::rig::{Server, server};
use anyhow::Result;
use std::process::Command;

/// The folder of the programs.
pub const FOLDER: &str = "testkit/clients";

/// Starts a server, runs the programs, counts what they say.
pub fn add(tally: &mut Tally) -> Result<()> {
    machine::postgres()?;
    machine::ui()?;
    machine::modules(FOLDER)?;
    let python = machine::python(&root().join(FOLDER).join("requirements.txt"), "clients")?;
    let mut rig = Server::new(&server::build(false)?, "clients")?;
    let seeded = rig.seed(1)?;
    rig.start()?;
    let python = python.to_string_lossy();
    let programs = [
        ("pyairtable against /v0", command(FOLDER, &python, &["python_client.py"])),
        ("airtable.js against /v0", command(FOLDER, "node", &["javascript_client.mjs"])),
    ];
    for (name, program) in programs {
        tally.tests(name, pointed(program, &rig, &seeded.token))?;
    }
    Ok(())
}

fn pointed(mut program: Command, rig: &Server, token: &str) -> Command {
    program.env("NCLC_API", format!("http://{}", rig.host("api"))).env("NCLC_TOKEN", token);
    program
}
