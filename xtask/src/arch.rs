//! `cargo xtask arch`: arrows go down only.
//!
//! `bin → domains → engine, kernel`; `adapters → kernel`; engine and kernel know nobody above. Between domains:
//! `identity ← tenancy ← bases ← {sites, automations}`; `platform` (staff) may look at identity, tenancy and billing, nobody
//! at `platform` or `billing` but the program and the staff. Tests may use the test kit.

use crate::{process, sql};
use anyhow::{Context as _, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;

/// What each crate of the house may depend on, directly. A name that is not here may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("engine_expr", &[]),
    ("engine_base", &["engine_expr"]),
    ("engine_page", &["engine_expr"]),
    ("kernel_core", &[]),
    ("kernel_tls", &["kernel_core", "kernel_tls"]),
    ("kernel_db", &["kernel_core", "kernel_tls"]),
    ("kernel_web", &["kernel_core", "kernel_db", "kernel_tls"]),
    ("kernel_jobs", &["kernel_core", "kernel_db"]),
    ("adapter_*", &["kernel_*"]),
    ("identity", &["kernel_*", "engine_*"]),
    ("tenancy", &["kernel_*", "engine_*", "identity"]),
    ("bases", &["kernel_*", "engine_*", "identity", "tenancy"]),
    ("sites", &["kernel_*", "engine_*", "identity", "tenancy", "bases"]),
    ("automations", &["kernel_*", "engine_*", "identity", "tenancy", "bases"]),
    ("billing", &["kernel_*", "engine_*", "identity", "tenancy"]),
    ("platform", &["kernel_*", "engine_*", "identity", "tenancy", "billing"]),
    (
        "nclc",
        &[
            "kernel_*",
            "engine_*",
            "adapter_*",
            "identity",
            "tenancy",
            "bases",
            "sites",
            "automations",
            "billing",
            "platform",
        ],
    ),
    (
        "testkit",
        &[
            "kernel_*",
            "engine_*",
            "adapter_*",
            "identity",
            "tenancy",
            "bases",
            "sites",
            "automations",
            "billing",
            "platform",
            "nclc",
        ],
    ),
    ("xtask", &[]),
];

/// What tests of any crate may use besides.
const FOR_TESTS: &[&str] = &["testkit", "engine_*"];

/// One dependency between two crates of the house.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// Only its tests need it.
    pub test: bool,
}

/// Checks crates and tables.
pub fn run() -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(process::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let crates: Vec<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut arrows = Vec::new();
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|dependency| crates.contains(&dependency.name)) {
            arrows.push(Arrow {
                from: package.name.to_string(),
                to: dependency.name.clone(),
                test: dependency.kind == DependencyKind::Development,
            });
        }
    }
    let mut problems = problems(&crates, &arrows);
    let mut uses: sql::Uses = BTreeMap::new();
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().context("a package without a folder")?;
        let is_domain = folder.parent().is_some_and(|parent| parent.ends_with("domains"));
        if is_domain {
            sql::collect(package.name.as_str(), folder.join("src").as_std_path(), &mut uses)?;
        }
    }
    problems.extend(sql::problems(&uses));
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} arrows point the wrong way", problems.len());
    }
    println!("{} crates, {} arrows, {} tables: all point down", crates.len(), arrows.len(), uses.len());
    Ok(())
}

/// Every arrow that the list above does not have, and every crate that it does not know.
pub fn problems(crates: &[String], arrows: &[Arrow]) -> Vec<String> {
    let mut problems = Vec::new();
    for name in crates {
        if allowed_of(name).is_none() {
            problems.push(format!("{name}: an unknown crate; give it its place in xtask/src/arch.rs"));
        }
    }
    for arrow in arrows {
        let allowed = allowed_of(&arrow.from).unwrap_or_default();
        let in_tests = if arrow.test { FOR_TESTS } else { &[] };
        if !allowed.iter().chain(in_tests).any(|pattern| matches(pattern, &arrow.to)) {
            let kind = if arrow.test { " (tests)" } else { "" };
            problems.push(format!("{} → {}{kind}: not allowed", arrow.from, arrow.to));
        }
    }
    problems
}

fn allowed_of(name: &str) -> Option<&'static [&'static str]> {
    ALLOWED.iter().find(|(pattern, _)| matches(pattern, name)).map(|(_, allowed)| *allowed)
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, test: bool, fine: bool) {
        let crates = [from.to_owned(), to.to_owned()];
        let arrow = Arrow { from: from.into(), to: to.into(), test };
        assert_eq!(problems(&crates, &[arrow]).is_empty(), fine, "{from} → {to}");
    }

    #[test]
    fn arrows_go_down_only() {
        check("nclc", "platform", false, true);
        check("sites", "bases", false, true);
        check("bases", "engine_base", false, true);
        check("adapter_smtp", "kernel_core", false, true);
        // Upwards and sideways.
        check("bases", "sites", false, false);
        check("identity", "tenancy", false, false);
        check("bases", "billing", false, false);
        check("kernel_db", "identity", false, false);
        check("kernel_core", "kernel_db", false, false);
        check("kernel_web", "engine_page", false, false);
        check("engine_base", "kernel_core", false, false);
        check("engine_expr", "engine_base", false, false);
        check("bases", "adapter_smtp", false, false);
        check("adapter_smtp", "identity", false, false);
        check("bases", "nclc", false, false);
        // The test kit is for tests.
        check("bases", "testkit", true, true);
        check("bases", "testkit", false, false);
        check("bases", "sites", true, false);
    }

    #[test]
    fn an_unknown_crate_needs_a_place() {
        assert_eq!(problems(&["misc".to_owned()], &[]).len(), 1);
    }
}
