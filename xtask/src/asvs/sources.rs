//! What our sources must not do, found by reading them: unsafe code, randomness from elsewhere, patterns made of values,
//! advisories that are excused; and in the browser, markup from values, storage, messages between windows.

use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// A word that may stand in no file but these.
struct Rule {
    word: &'static str,
    /// Files, and why.
    but: &'static [(&'static str, &'static str)],
}

const fn never(word: &'static str) -> Rule {
    Rule { word, but: &[] }
}

const BROWSER: &[Rule] = &[
    never("postMessage("),
    never(".outerHTML"),
    never("insertAdjacentHTML"),
    never("document.write"),
    never(" eval("),
    never("new Function"),
    Rule { word: "localStorage", but: &[("ui/workspace/folds.ts", "which groups are folded, by ids")] },
    never("sessionStorage"),
    never("indexedDB"),
    Rule { word: ".innerHTML", but: &[("ui/grid/src/view/icon.ts", "drawings of our own, by name")] },
    Rule {
        word: "dangerouslySetInnerHTML",
        but: &[("ui/workspace/ui/icon.tsx", "drawings of our own, by name")],
    },
    Rule { word: "document.cookie", but: &[("ui/small/theme.ts", "light or dark, which is no secret")] },
    Rule { word: "'paste'", but: &[("ui/grid/src/index.ts", "cells, never a field of a form")] },
];

const SERVER: &[Rule] = &[
    never("allow(unsafe_code)"),
    never("expect(unsafe_code)"),
    never("thread_rng"),
    never("fastrand"),
    never("SmallRng"),
    // Logs go to standard error and to the receiver that is set, and nowhere else.
    never("tracing_appender"),
    Rule {
        word: "syslog",
        but: &[
            ("adapters/syslog", "the receiver that is set"),
            ("bin/nclc/src/log.rs", "hands it every line"),
            ("bin/nclc/src/main.rs", "starts and ends it"),
            ("kernel/core/src/settings", "its settings"),
        ],
    },
    Rule {
        word: "process::Command",
        but: &[("kernel/db/src/cluster", "the embedded PostgreSQL is a program")],
    },
    Rule { word: "use rand::", but: &[("kernel/core/src/random.rs", "the one generator")] },
    never("Regex::new("),
    Rule {
        word: "RegexBuilder::new(",
        but: &[(
            "engine/expr/src/functions/pattern.rs",
            "patterns that people write as patterns, in linear time",
        )],
    },
];

/// What is wrong.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (folders, endings, rules) in [
        (&["ui/grid/src", "ui/workspace", "ui/small"][..], &["ts", "tsx"][..], BROWSER),
        (&["bin", "domains", "engine", "kernel", "adapters"][..], &["rs"][..], SERVER),
    ] {
        for folder in folders {
            for file in files(&root.join(folder), endings)? {
                let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
                let tests = name.contains("/test/") || name.contains("/tests/") || name.ends_with("tests.rs");
                if !tests {
                    broken(&name, &fs::read_to_string(&file)?, rules, &mut problems);
                }
            }
        }
    }
    manifests(root, &mut problems)?;
    advisories(root, &mut problems)?;
    Ok(problems)
}

fn broken(name: &str, text: &str, rules: &[Rule], problems: &mut Vec<String>) {
    // Tests at the end of a file may do what they like.
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    for rule in rules {
        let allowed = rule.but.iter().any(|(place, _)| name.starts_with(place));
        if !allowed && text.contains(rule.word) {
            problems.push(format!("{name}: {} must not be there", rule.word.trim()));
        }
    }
}

/// Every crate takes the house's lints, which refuse unsafe code.
fn manifests(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    let lints = fs::read_to_string(root.join("Cargo.toml"))?;
    if !lints.contains("unsafe_code = \"deny\"") && !lints.contains("unsafe_code = \"forbid\"") {
        problems.push("Cargo.toml: unsafe code is not refused".to_owned());
    }
    for folder in ["bin", "domains", "engine", "kernel", "adapters"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path().join("Cargo.toml");
            let takes =
                fs::read_to_string(&path).is_ok_and(|text| text.contains("[lints]\nworkspace = true"));
            if path.is_file() && !takes {
                problems.push(format!("{}: does not take the house's lints", path.display()));
            }
        }
    }
    Ok(())
}

/// An advisory about a library fails `cargo xtask ci`, and none is excused.
fn advisories(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    if !fs::read_to_string(root.join("deny.toml"))?.contains("[advisories]\nignore = []\n") {
        problems.push("deny.toml: advisories are excused, or not looked for".to_owned());
    }
    if !fs::read_to_string(root.join("xtask/src/ci.rs"))?.contains("\"advisories\"") {
        problems.push("xtask/src/ci.rs: advisories are not looked for".to_owned());
    }
    Ok(())
}

fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "node_modules" && name != "fuzz") {
                found.extend(files(&path, endings)?);
            }
        } else if path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one)) {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_sources_keep_to_it() {
        let root = crate::process::root();
        assert_eq!(check(&root).unwrap(), Vec::<String>::new());
        // The walk has been somewhere, and what is excused is there: an excuse for nothing hides the next one.
        assert!(files(&root.join("ui/workspace"), &["ts", "tsx"]).unwrap().len() > 20);
        assert!(files(&root.join("domains"), &["rs"]).unwrap().len() > 150);
        for rule in BROWSER.iter().chain(SERVER) {
            for (place, _) in rule.but.iter().filter(|(place, _)| place.contains('.')) {
                assert!(
                    fs::read_to_string(root.join(place)).unwrap().contains(rule.word),
                    "{place}: {}",
                    rule.word
                );
            }
        }
    }

    #[test]
    fn what_must_not_be_there_is_found() {
        let mut problems = Vec::new();
        broken("ui/small/x.ts", "node.innerHTML = name; window.localStorage.a = 1", BROWSER, &mut problems);
        broken("domains/x/src/y.rs", "#![allow(unsafe_code)] Regex::new(value)", SERVER, &mut problems);
        broken("domains/x/src/z.rs", "fn x() {}\n#[cfg(test)]\nmod t { thread_rng }", SERVER, &mut problems);
        broken("kernel/core/src/random.rs", "use rand::rngs::StdRng", SERVER, &mut problems);
        assert_eq!(problems.len(), 4, "{problems:?}");
    }
}
