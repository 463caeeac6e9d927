//! `cargo xtask up`: from a fresh clone to a running product in one command; a second time in seconds.
//!
//! The server takes this process's place (exec), so Ctrl-C reaches it alone: it finishes its requests and jobs and stops
//! its PostgreSQL. It prints the addresses, the link for the first staff account and where mail goes.

use crate::{machine, process};
use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;
use std::os::unix::process::CommandExt as _;

/// Installs, builds, serves.
pub fn run(demo: bool) -> Result<()> {
    machine::postgres()?;
    machine::ui()?;
    process::run(process::command("", "cargo", &["build", "--release", "--package", "nclc"]))?;
    let metadata = MetadataCommand::new()
        .manifest_path(process::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let program = metadata.target_directory.join("release/nclc");
    if !program.exists() {
        bail!("{program} was not built");
    }
    if demo {
        process::run(process::command("", program.as_str(), &["seed", "--demo"]))?;
    }
    let error = process::command("", program.as_str(), &["serve"]).exec();
    Err(error).with_context(|| format!("can't run {program}"))
}
