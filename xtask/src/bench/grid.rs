//! The grid in the browser: Chromium opens the seeded table and turns the wheel (`ui/dev/bench.mjs`). The main thread's
//! processor time counts, not the clock: it hardly depends on what else the machine does.

use super::Bench;
use super::report::{Met, Row, count};
use crate::machine;
use crate::process::{command, said};
use crate::rig::Seeded;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The workspace's script that every opening loads, gzipped: design section 8.
const SCRIPT_KB: f64 = 200.0;

/// Measures on the table of `seeded`; the server runs.
///
/// # Errors
/// Without Node.js or Chromium, or when the page does not work.
pub fn measure(bench: &Bench, seeded: &Seeded) -> Result<Vec<Row>> {
    machine::browser()?;
    machine::ui()?;
    let mut script = command("ui", "node", &["dev/bench.mjs", "--json"]);
    script
        .env("ORIGIN", format!("http://{}", bench.server.host("app")))
        .env("PLACE", format!("/o/{}/b/{}/{}", seeded.slug, seeded.base, seeded.table))
        .env("EMAIL", &seeded.email)
        .env("PASSWORD", &seeded.password);
    let output = script.output().context("can't run node")?;
    ensure!(output.status.success(), "ui/dev/bench.mjs: {}", String::from_utf8_lossy(&output.stderr).trim());
    let figures: Value =
        serde_json::from_slice(&output.stdout).context("ui/dev/bench.mjs printed no JSON")?;
    let figure = |name: &str| figures[name].as_f64().with_context(|| format!("no {name} was measured"));
    let size = format!("{} rows", count(figures["rows"].as_u64().context("no rows were seen")?));
    let row = |what: &str, name: &str, limit: f64, unit: &str| -> Result<Row> {
        Ok(Row::at_most(&format!("{what}, {size}"), figure(name)?, limit, unit))
    };
    Ok(vec![
        row("first rows after opening the page", "first_rows_ms", 500.0, "ms")?,
        row("wheel step of 120 px, main thread", "wheel_ms", 8.0, "ms")?,
        // Every row on the screen is new; the design's target is a step of the wheel.
        Row {
            target: "–".into(),
            met: Met::NoTarget,
            ..row("fling of 3,000 px a step, main thread", "fling_ms", 8.0, "ms")?
        },
        row("step of 60 px sideways, main thread", "sideways_ms", 8.0, "ms")?,
        Row::at_most("script of the workspace, gzipped", script_size()?, SCRIPT_KB, "kB"),
    ])
}

/// Kilobytes, from `npm run size`.
fn script_size() -> Result<f64> {
    let text = said(&mut command("ui", "node", &["scripts/size.mjs"])).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("workspace.tsx: "));
    let size = line.and_then(|line| line.split(' ').next()).and_then(|size| size.parse().ok());
    size.context("`npm run size` does not tell the size of workspace.tsx")
}
