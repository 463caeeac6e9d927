//! Figures of `docs/security/*.md` against the code: a row whose column `in the code` says `path/to/file.rs::NAME` must show the
//! value of that constant in the column before it, and a test in the column `proof` must be there. A document that drifts fails.
//!
//! Values are evaluated, not compared as text: `24 * 7` hours are 7 days, `5 << 20` are 5 MiB.

use super::find;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

/// What is wrong with the tables of the documents, and how many figures were compared.
pub fn check(root: &Path) -> Result<(Vec<String>, usize)> {
    let (mut problems, mut compared) = (Vec::new(), 0);
    for entry in fs::read_dir(root.join("docs/security"))? {
        let path = entry?.path();
        if path.file_name().is_none_or(|name| name == "asvs.md") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        for (line, problem) in table(root, &text, &mut compared) {
            problems.push(format!("{name}, line {line}: {problem}"));
        }
    }
    Ok((problems, compared))
}

fn table(root: &Path, text: &str, compared: &mut usize) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut header: Vec<String> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            header.clear();
            continue;
        };
        if header.is_empty() {
            header = cells;
            continue;
        }
        for (place, cell) in cells.iter().enumerate() {
            let name = header.get(place).map(String::as_str).unwrap_or_default();
            let before = place.checked_sub(1).and_then(|place| cells.get(place));
            for span in cell.split('`').skip(1).step_by(2) {
                let done = match (name, before) {
                    ("in the code", Some(shown)) => {
                        *compared += 1;
                        same(root, span, shown)
                    }
                    ("proof", _) => find(root, span),
                    _ => Ok(()),
                };
                if let Err(problem) = done {
                    problems.push((at + 1, format!("{problem:#}")));
                }
            }
        }
    }
    problems
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split(" | ").map(|cell| cell.trim().to_owned()).collect())
}

/// Whether the document shows the value of the constant.
fn same(root: &Path, span: &str, shown: &str) -> Result<()> {
    let (file, name) = span.split_once("::").with_context(|| format!("{span}: file::NAME"))?;
    let text = fs::read_to_string(root.join(file)).with_context(|| format!("there is no {file}"))?;
    let expression = constant(&text, name).with_context(|| format!("{file} has no constant {name}"))?;
    let found = Value::of(name, &expression).with_context(|| format!("{name} = {expression}"))?;
    let said = Value::said(shown).with_context(|| format!("{shown:?} is no value"))?;
    if !same_value(found, said) {
        bail!("{shown:?} is said of {name}, which is {expression}");
    }
    Ok(())
}

/// What stands behind `const NAME: … =`, up to the semicolon.
fn constant(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("const {name}:"))?;
    let (_, rest) = rest.split_once('=')?;
    let (expression, _) = rest.split_once(';')?;
    Some(expression.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Number(f64),
    Milliseconds(f64),
    Bytes(f64),
    Range(f64, f64),
    /// So many at once, then one in so many seconds.
    Rate(f64, f64),
}

impl Value {
    /// A constant's value.
    fn of(name: &str, expression: &str) -> Option<Self> {
        let field = |field: &str| {
            let (_, rest) = expression.split_once(&format!("{field}:"))?;
            number(rest.split([',', '}']).next()?)
        };
        if expression.starts_with("Self {") || expression.starts_with("Policy {") {
            let seconds = match field("seconds_per_token") {
                Some(seconds) => seconds,
                None => field("window_seconds")? / field("quota")?,
            };
            return Some(Self::Rate(field("burst")?, seconds));
        }
        for (call, milliseconds) in
            [("from_millis(", 1.0), ("from_secs(", 1e3), ("from_mins(", 6e4), ("from_hours(", 3.6e6)]
        {
            if let Some((_, rest)) = expression.split_once(call) {
                return Some(Self::Milliseconds(number(rest.strip_suffix(')')?)? * milliseconds));
            }
        }
        if let Some((from, to)) = expression.split_once("..=") {
            return Some(Self::Range(number(from)?, number(to)?));
        }
        let value = number(expression)?;
        let time = [("SECONDS", 1e3), ("MINUTES", 6e4), ("HOURS", 3.6e6), ("DAYS", 8.64e7)];
        Some(match time.into_iter().find(|(unit, _)| name.ends_with(unit)) {
            Some((_, milliseconds)) => Self::Milliseconds(value * milliseconds),
            None => Self::Number(value),
        })
    }

    /// A cell's value: `7 days`, `5 MiB`, `1,800`, `8 to 200`, `10 at once, then one in 20 s`.
    fn said(cell: &str) -> Option<Self> {
        if let Some((burst, rest)) = cell.split_once(" at once, then one in ") {
            return Some(Self::Rate(number(burst)?, number(rest.strip_suffix(" s")?)?));
        }
        if let Some((from, to)) = cell.split_once(" to ") {
            return Some(Self::Range(number(from)?, number(to)?));
        }
        let Some((value, unit)) = cell.split_once(' ') else { return Some(Self::Number(number(cell)?)) };
        let value = number(value)?;
        Some(match unit.trim_end_matches('s') {
            "m" => Self::Milliseconds(value),
            "" | "second" => Self::Milliseconds(value * 1e3),
            "minute" => Self::Milliseconds(value * 6e4),
            "hour" => Self::Milliseconds(value * 3.6e6),
            "day" => Self::Milliseconds(value * 8.64e7),
            "kiB" | "KiB" => Self::Bytes(value * 1024.0),
            "MiB" => Self::Bytes(value * 1_048_576.0),
            "GiB" => Self::Bytes(value * 1_073_741_824.0),
            _ => return None,
        })
    }
}

/// Bytes are numbers in the code.
fn same_value(left: Value, right: Value) -> bool {
    let plain = |value| match value {
        Value::Bytes(bytes) => Value::Number(bytes),
        other => other,
    };
    plain(left) == plain(right)
}

/// `24 * 7`, `5 << 20`, `1_000`, `1,000`, `10.0`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some((left, right)) = text.split_once("<<") {
        return Some(number(left)? * f64::exp2(number(right)?));
    }
    text.split('*').map(|part| part.trim().replace(['_', ','], "").parse::<f64>().ok()).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_the_documents_is_the_codes() {
        let (problems, compared) = check(&crate::process::root()).unwrap();
        assert_eq!(problems, Vec::<String>::new());
        assert!(compared >= 60, "{compared} figures");
    }

    #[test]
    fn a_document_that_drifts_is_found() {
        for (name, expression, said, fits) in [
            ("LIFE", "SignedDuration::from_hours(24 * 7)", "7 days", true),
            ("LIFE", "SignedDuration::from_hours(24 * 7)", "8 days", false),
            ("LIFE", "SignedDuration::from_hours(24 * 7)", "7", false),
            ("LIFE_SECONDS", "600", "10 minutes", true),
            ("DAYS", "30", "30 days", true),
            ("LARGEST", "5 << 20", "5 MiB", true),
            ("LARGEST", "5 << 20", "5,242,880", true),
            ("MOST", "1_800", "1,800", true),
            ("MOST", "1_800", "1,801", false),
            ("PASSWORD", "8..=200", "8 to 200", true),
            (
                "A",
                "Policy { name: \"a\", burst: 10.0, seconds_per_token: 20.0 }",
                "10 at once, then one in 20 s",
                true,
            ),
            (
                "B",
                "Self { name: \"a\", quota: 30, window_seconds: 60, burst: 1_800 }",
                "1,800 at once, then one in 2 s",
                true,
            ),
            (
                "B",
                "Self { name: \"a\", quota: 30, window_seconds: 60, burst: 1_800 }",
                "1,800 at once, then one in 3 s",
                false,
            ),
        ] {
            let (found, said) = (Value::of(name, expression), Value::said(said));
            assert!(found.is_some() && said.is_some(), "{expression} {said:?}");
            assert_eq!(
                found.zip(said).is_some_and(|(found, said)| same_value(found, said)),
                fits,
                "{expression} {said:?}"
            );
        }
        let root = crate::process::root();
        let text = |value: &str| {
            format!(
                "| what | value | in the code |\n| --- | --- | --- |\n| x | {value} | `domains/identity/src/password/mod.rs::SHORTEST` |\n"
            )
        };
        let mut compared = 0;
        assert!(table(&root, &text("12"), &mut compared).is_empty());
        for wrong in
            [text("13"), text("12").replace("SHORTEST", "GONE"), text("12").replace("mod.rs", "gone.rs")]
        {
            assert_eq!(table(&root, &wrong, &mut compared).len(), 1, "{wrong}");
        }
        let proof = "| what | proof |\n| --- | --- |\n| x | `xtask/src/asvs.rs::no_such_test` |\n";
        assert_eq!(table(&root, proof, &mut compared).len(), 1);
    }
}
