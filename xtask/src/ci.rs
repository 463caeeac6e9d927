//! `cargo xtask ci`: every gate, one after the other, all of them even if one fails, and a count at the end.

use crate::process::{self, command, root, watched};
use crate::{arch, asvs, machine, sbom, test};
use anyhow::{Context as _, Result, bail};
use std::process::Command;
use std::time::Instant;

/// The version that is built when the machine has no cargo-deny.
const CARGO_DENY: &str = "0.20.2";

/// How many checks and tests passed and failed.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
    notes: Vec<String>,
}

impl Tally {
    /// A check: one passed or one failed.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        println!("\n── {name}");
        let began = Instant::now();
        match check() {
            Ok(()) => {
                self.passed += 1;
                println!("ok ({:.1} s)", began.elapsed().as_secs_f64());
            }
            Err(error) => self.fail(name, 1, &format!("{error:#}")),
        }
    }

    /// A test run: as many as it says itself. One that fails without a failed test (it did not compile) counts as one.
    pub fn tests(&mut self, name: &str, run: Command) -> Result<()> {
        println!("\n── {name}");
        let (fine, text) = watched(run)?;
        let (passed, failed) = counts(&text);
        self.passed += passed;
        if !fine || failed > 0 {
            self.fail(name, failed.max(1), "see above");
        }
        Ok(())
    }

    /// Something that could not be checked here.
    fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn fail(&mut self, name: &str, count: u64, why: &str) {
        println!("FAILED: {why}");
        self.failed += count;
        self.failures.push(name.to_owned());
    }

    /// Prints the sum; an error if anything failed.
    pub fn close(self) -> Result<()> {
        println!();
        for note in &self.notes {
            println!("note: {note}");
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 {
            bail!("not everything holds");
        }
        Ok(())
    }
}

/// All gates.
pub fn run(fast: bool) -> Result<()> {
    let mut tally = Tally::default();
    machine::postgres()?;
    machine::ui()?;
    tally.check("formatting", || process::run(command("", "cargo", &["fmt", "--all", "--check"])));
    tally.check("lints", || {
        let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::run(command("", "cargo", &arguments))
    });
    tally.check("types of the browser's code", || {
        process::run(command("ui", "npm", &["run", "--silent", "check"]))
    });
    tally.check("architecture", arch::run);
    tally.check("statements and tables", || check("db"));
    tally.check("templates", || check("templates"));
    tally.check("bill of materials", sbom::check);
    tally.check("security: proofs of ASVS lines", asvs::run);
    dependencies(&mut tally);
    if !fast {
        test::add(&mut tally, &[])?;
    }
    tally.close()
}

/// `nclc check …`, on a data folder that is made for it and thrown away.
pub fn check(what: &str) -> Result<()> {
    let folder = root().join(format!("target/check-{}", std::process::id()));
    let mut check = command("", "cargo", &["run", "--quiet", "--package", "nclc", "--", "check", what]);
    check.env("NCLC_DATABASE_DATA_FOLDER", &folder);
    let done = process::run(check);
    let _best_effort = std::fs::remove_dir_all(folder);
    done
}

/// Licences, sources and bans; advisories where their database can be reached.
fn dependencies(tally: &mut Tally) {
    let deny = match cargo_deny() {
        Ok(deny) => deny,
        Err(error) => return tally.fail("dependencies", 1, &format!("{error:#}")),
    };
    let run = |what: &[&str]| {
        let mut command = Command::new(&deny);
        command
            .current_dir(root())
            .args(["--log-level", "error", "check", "--hide-inclusion-graph"])
            .args(what);
        command
    };
    tally.check("dependencies: bans, licences, sources", || {
        process::run(run(&["bans", "licenses", "sources"]))
    });
    let reachable = process::said(Command::new("timeout").args([
        "20",
        "git",
        "ls-remote",
        "https://github.com/rustsec/advisory-db",
        "HEAD",
    ]));
    if reachable.is_some() {
        tally.check("dependencies: advisories", || process::run(run(&["advisories"])));
    } else {
        tally.note("advisories were not checked: github.com/rustsec/advisory-db can't be reached from here");
    }
}

/// The machine's cargo-deny, else one that is built once into `target/tools`.
fn cargo_deny() -> Result<String> {
    if process::has("cargo-deny") {
        return Ok("cargo-deny".to_owned());
    }
    let tools = root().join("target/tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        println!("\nbuilding cargo-deny {CARGO_DENY} once (some minutes)");
        let mut install = command("", "cargo", &["install", "cargo-deny", "--version", CARGO_DENY]);
        // Not optimised: it is built in a third of the time and runs some seconds.
        install.args(["--locked", "--profile", "dev", "--root"]).arg(&tools);
        process::run(install)?;
    }
    program.to_str().map(str::to_owned).context("the path of the repository is not UTF-8")
}

/// Passed and failed tests in what cargo test, nextest, vitest or Playwright say at the end.
fn counts(text: &str) -> (u64, u64) {
    let (mut passed, mut failed) = (0, 0);
    for line in text.lines().map(plain).filter(|line| is_summary(line)) {
        passed += before(&line, "passed").unwrap_or(0);
        failed += before(&line, "failed").unwrap_or(0);
    }
    (passed, failed)
}

fn is_summary(line: &str) -> bool {
    // Of cargo test; indented it is what nextest repeats of one test that failed, which its own summary counts.
    let of_cargo = line.starts_with("test result:");
    let line = line.trim_start();
    // Playwright's: `2 failed`, `14 passed (31.2s)`.
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let playwright =
        after_number != line && (after_number == " failed" || after_number.starts_with(" passed ("));
    of_cargo || line.starts_with("Summary [") || line.starts_with("Tests ") || playwright
}

/// The number before a word.
fn before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<_> = line.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|found| *found == word)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

/// Without terminal colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runner_is_understood() {
        for (text, expected) in [
            (
                "test result: ok. 12 passed; 1 failed; 0 ignored; 0 measured\nx\ntest result: ok. 3 passed; 0 failed",
                (15, 1),
            ),
            (
                "\u{1b}[32m     Summary\u{1b}[0m [  12.345s] 45 tests run: 44 passed, 1 failed, 0 skipped",
                (44, 1),
            ),
            (" Test Files  3 passed (3)\n      Tests  1 failed | 27 passed (28)", (27, 1)),
            ("  2 failed\n    journeys/a.spec.ts\n  14 passed (31.2s)", (14, 2)),
            (
                "    test result: FAILED. 0 passed; 1 failed; 0 ignored\n     Summary [ 2.0s] 9 tests run: 8 passed, 1 failed",
                (8, 1),
            ),
            ("3 passed through here", (0, 0)),
            ("error: could not compile", (0, 0)),
        ] {
            assert_eq!(counts(text), expected, "{text}");
        }
    }
}
