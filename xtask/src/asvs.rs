//! `cargo xtask asvs`: reads `docs/security/asvs.md` and looks for the tests that it names.
//!
//! A line of the table is `| 6.2.1 | L1 | what it asks for | proof |`. The proof is one or more tests in backticks, each
//! `path/to/file.rs::function` or `path/to/file.spec.ts::part of the title`; or `n/a:` and why it does not apply. Words
//! behind are for people. A line that has neither fails.
//!
//! The other documents of the folder are held against the code: their figures ([`facts`]), their lists ([`lists`]); and the
//! sources against what they must not do ([`sources`]).

mod facts;
mod lists;
mod sources;

use crate::process;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TABLE: &str = "docs/security/asvs.md";
/// Lines of levels 1 and 2 in ASVS 5.0.0.
const LINES: usize = 253;

/// How a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Proven(Vec<String>),
    NotApplicable,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    id: String,
    standing: Standing,
}

/// Checks the table; says how many lines are proven, and not applicable.
pub fn run() -> Result<()> {
    let root = process::root();
    let text = fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    let mut problems = Vec::new();
    let lines: Vec<Line> = rows(&text).map(|row| read(&row, &mut problems)).collect();
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    if ids.len() != lines.len() {
        problems.push("a line is there twice".to_owned());
    }
    let (mut proven, mut not) = (0, 0);
    for line in &lines {
        match &line.standing {
            Standing::NotApplicable => not += 1,
            Standing::Proven(tests) => {
                proven += 1;
                for test in tests {
                    if let Err(problem) = find(&root, test) {
                        problems.push(format!("{}: {problem:#}", line.id));
                    }
                }
            }
        }
    }
    let counted = lines.iter().filter(|line| !line.id.ends_with("(L3)")).count();
    if counted != LINES {
        problems.push(format!("{counted} lines of levels 1 and 2, and the standard has {LINES}"));
    }
    let (drifted, figures) = facts::check(&root)?;
    problems.extend(drifted);
    problems.extend(lists::check(&root)?);
    problems.extend(sources::check(&root)?);
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems in {TABLE}", problems.len());
    }
    println!("ASVS 5.0: {proven} lines proven, {not} not applicable; {figures} figures of documents hold");
    Ok(())
}

/// The cells of the table's rows.
fn rows(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    text.lines().filter_map(|line| {
        let cells: Vec<String> = line
            .strip_prefix('|')?
            .strip_suffix('|')?
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect();
        cells.first()?.starts_with(|first: char| first.is_ascii_digit()).then_some(cells)
    })
}

fn read(cells: &[String], problems: &mut Vec<String>) -> Line {
    let level = cells.get(1).map(String::as_str).unwrap_or_default();
    let mut id = cells.first().cloned().unwrap_or_default();
    if level == "L3" {
        id.push_str(" (L3)");
    }
    if cells.len() != 4 || !["L1", "L2", "L3"].contains(&level) {
        problems.push(format!("{id}: four cells are number, level, what it asks for, proof"));
    }
    let proof = cells.get(3).map(String::as_str).unwrap_or_default();
    let tests: Vec<String> = proof.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let standing = if proof.starts_with("n/a: ") {
        Standing::NotApplicable
    } else {
        if tests.is_empty() {
            problems.push(format!("{id}: names no test"));
        }
        Standing::Proven(tests)
    };
    Line { id, standing }
}

/// Whether the test is there.
fn find(root: &Path, test: &str) -> Result<()> {
    let (file, name) = test.split_once("::").with_context(|| format!("{test}: file::name"))?;
    let text = fs::read_to_string(root.join(file)).with_context(|| format!("there is no {file}"))?;
    let there = if file.ends_with(".rs") { has_rust(&text, name) } else { has_script(&text, name) };
    if !there {
        bail!("{file} has no test {name}");
    }
    Ok(())
}

/// A function of this name below an attribute that makes it a test.
fn has_rust(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    };
    lines.iter().enumerate().any(|(at, line)| {
        let attributes =
            lines[..at].iter().rev().take_while(|above| above.starts_with('#') || above.starts_with("//"));
        declared(line)
            && attributes.filter(|above| above.starts_with('#')).any(|above| {
                above.starts_with("#[test]")
                    || above.starts_with("#[tokio::test")
                    || above.starts_with("#[proptest")
            })
    })
}

/// A test whose title has these words.
fn has_script(text: &str, title: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        ["test('", "test(\"", "test(`", "it('"]
            .iter()
            .any(|start| line.strip_prefix(start).is_some_and(|rest| rest.contains(title)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_proven_or_not_applicable() {
        let text = "| id | level |\n| --- | --- |\n| 6.2.1 | L1 | long passwords | `a/b.rs::c`, `d.spec.ts::e f` |\n\
                    | 1.2.6 | L2 | LDAP | n/a: no LDAP |\n| 6.7.2 | L3 | challenge | `a/b.rs::d` (all of it) |\nwords\n";
        let mut problems = Vec::new();
        let lines: Vec<Line> = rows(text).map(|row| read(&row, &mut problems)).collect();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(lines[0].standing, Standing::Proven(vec!["a/b.rs::c".into(), "d.spec.ts::e f".into()]));
        assert_eq!(lines[1].standing, Standing::NotApplicable);
        assert_eq!(lines[2].standing, Standing::Proven(vec!["a/b.rs::d".into()]));
        assert_eq!(lines[2].id, "6.7.2 (L3)");
        for row in [
            "| 1.1.1 | L2 | x |  |",
            "| 1.1.1 | L4 | x | n/a: nothing |",
            "| 1.1.1 | L2 | n/a: nothing |",
            "| 1.1.1 | L2 | x | open: it waits for a provider |",
            "| 1.1.1 | L2 | x | n/a |",
        ] {
            let mut problems = Vec::new();
            rows(row).for_each(|row| {
                read(&row, &mut problems);
            });
            assert!(!problems.is_empty(), "{row}");
        }
    }

    #[test]
    fn only_tests_count() {
        let rust = "#[test]\nfn one() {}\n\n#[tokio::test]\n// why\nasync fn two() {}\n\nfn helper() {}\n";
        for (name, there) in
            [("one", true), ("two", true), ("helper", false), ("on", false), ("three", false)]
        {
            assert_eq!(has_rust(rust, name), there, "{name}");
        }
        let script = "test('a passkey logs in', async () => {\n  // test('planned')\n";
        assert!(has_script(script, "passkey logs in") && !has_script(script, "planned"));
    }
}
