//! Where the server's time goes when a target is missed: the top symbols of `perf`.

use super::Bench;
use super::report::{Met, Row};
use crate::process::said;
use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::{Command, Stdio};

/// Symbols that are shown.
const TOP: usize = 10;

/// Runs the load of a missed row once more under `perf` and notes the symbols.
pub fn explain(bench: &Bench, row: &mut Row, load: impl FnOnce() -> Result<()>) {
    if row.met != Met::No || !bench.perf {
        return;
    }
    row.symbols = record(bench, load).unwrap_or_else(|error| vec![format!("perf: {error:#}")]);
}

fn record(bench: &Bench, load: impl FnOnce() -> Result<()>) -> Result<Vec<String>> {
    let pid = bench.server.pid().context("no server runs")?;
    let file = bench.server.folder().join("perf.data");
    let seconds = bench.scale.time.as_secs().clamp(1, 3).to_string();
    let mut perf = Command::new("perf")
        .args(["record", "-q", "-F", "499", "-p", &pid.to_string(), "-o"])
        .arg(&file)
        .args(["--", "sleep", &seconds])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let loaded = load();
    let status = perf.wait()?;
    loaded?;
    anyhow::ensure!(status.success(), "not allowed here ({status})");
    report(&file)
}

fn report(file: &Path) -> Result<Vec<String>> {
    let mut report = Command::new("perf");
    report.args(["report", "-q", "--stdio", "--no-children", "--sort", "symbol", "-i"]).arg(file);
    Ok(top(&said(&mut report).context("perf report failed")?))
}

fn top(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| line.contains('%'));
    // Columns that perf leaves empty are dashes at the end.
    lines
        .take(TOP)
        .map(|line| {
            line.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches([' ', '-']).to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn the_first_symbols_are_taken() {
        let mut text = String::from("# comment\n\n");
        for number in 0..20 {
            text.push_str(&format!("    {number}.00%  [.] symbol_{number}  -  -   \n"));
        }
        let found = top(&text);
        assert_eq!((found.len(), found[0].as_str()), (10, "0.00% [.] symbol_0"));
    }
}
