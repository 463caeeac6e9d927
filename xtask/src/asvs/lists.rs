//! Lists of `docs/security` against what there is: every table has a class of data, every way to log in and every crate of
//! cryptography its line, every adapter its place among those that talk to others, every field of the access log its word.
//! Both ways: what is new and undocumented fails, and so does what is documented and gone.

use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Names of crates, as they stand in the root manifest, that are cryptography or bring it.
const CRYPTOGRAPHY: [&str; 22] = [
    "aes",
    "aes-gcm",
    "argon2",
    "aws-lc-rs",
    "bcrypt",
    "blake2",
    "blake3",
    "chacha20poly1305",
    "ed25519-dalek",
    "hmac",
    "jsonwebtoken",
    "md-5",
    "openssl",
    "p256",
    "rand",
    "ring",
    "rsa",
    "rustls",
    "scrypt",
    "sha1",
    "sha2",
    "subtle",
];

/// What is wrong.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let document = |name: &str| {
        fs::read_to_string(root.join("docs/security").join(name)).with_context(|| name.to_owned())
    };
    let (data, login, keys) =
        (document("data.md")?, document("logging-in.md")?, document("cryptography.md")?);
    let mut problems = Vec::new();
    let mut compare = |what: &str, there: BTreeSet<String>, said: BTreeSet<String>| {
        problems.extend(there.difference(&said).map(|one| format!("{what}: {one} is not documented")));
        problems.extend(said.difference(&there).map(|one| format!("{what}: {one} is documented and gone")));
    };
    compare("tables", tables(root)?, listed(&data, "## Tables"));
    compare("adapters", folders(&root.join("adapters"))?, listed(&data, "## Who talks to whom"));
    let log = fs::read_to_string(root.join("kernel/web/src/log.rs"))?;
    compare("fields of the access log", fields(&log), listed(&data, "## The access log"));
    compare("ways to log in", ways(root)?, listed(&login, "## Ways to log in"));
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let crates = dependencies(&manifest).filter(|name| CRYPTOGRAPHY.contains(&name.as_str())).collect();
    compare("crates", crates, listed(&keys, "## What is used"));
    Ok(problems)
}

/// The code spans in the first cells of the table below a heading.
fn listed(text: &str, heading: &str) -> BTreeSet<String> {
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    lines
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned))
        .collect()
}

fn tables(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for database in folders(&root.join("migrations"))? {
        for entry in fs::read_dir(root.join("migrations").join(database))? {
            let text = fs::read_to_string(entry?.path())?;
            for line in text.lines() {
                let name = |rest: &str| rest.split([' ', '(', ';']).next().unwrap_or_default().to_owned();
                if let Some(rest) = line.strip_prefix("create table ") {
                    found.insert(name(rest));
                } else if let Some(rest) = line.strip_prefix("drop table ") {
                    found.remove(&name(rest));
                }
            }
        }
    }
    Ok(found)
}

fn folders(folder: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// The names of what the access log writes.
fn fields(source: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once("target: \"access\",").unwrap_or_default();
    let (inside, _) = rest.split_once("\"request\"").unwrap_or_default();
    inside.lines().filter_map(|line| Some(line.trim().split_once(" = ")?.0.to_owned())).collect()
}

/// Paths of the app below `/login`, and those where links of mails let somebody in.
fn ways(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.join("domains/identity/src"), root.join("domains/tenancy/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path)?;
                let routes = text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(
                    routes
                        .filter(|route| {
                            route.starts_with("/login") || ["/link", "/verify", "/reset"].contains(route)
                        })
                        .map(str::to_owned),
                );
            }
        }
    }
    Ok(found)
}

/// Names of the workspace's dependencies.
fn dependencies(manifest: &str) -> impl Iterator<Item = String> + '_ {
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_way_and_crate_is_documented() {
        let root = crate::process::root();
        assert_eq!(check(&root).unwrap(), Vec::<String>::new());
        // Each list has found something: an empty one would agree with an empty document.
        let log = fs::read_to_string(root.join("kernel/web/src/log.rs")).unwrap();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let crates = dependencies(&manifest).filter(|name| CRYPTOGRAPHY.contains(&name.as_str())).count();
        assert!(tables(&root).unwrap().len() > 60 && fields(&log).len() > 8 && crates > 5);
        assert!(ways(&root).unwrap().len() > 8 && folders(&root.join("adapters")).unwrap().len() > 2);
    }

    #[test]
    fn lists_are_read() {
        let text = "## A\n\n| x | y |\n| --- | --- |\n| `one`, `two` | `not` |\n\n## B\n\n| `three` | z |\n";
        assert_eq!(listed(text, "## A"), BTreeSet::from(["one".into(), "two".into()]));
        assert!(listed(text, "## C").is_empty());
        let log = "target: \"access\",\n a = 1,\n b = %c,\n \"request\"";
        assert_eq!(fields(log), BTreeSet::from(["a".into(), "b".into()]));
        let manifest = "[workspace.dependencies]\n# c\nsha2 = \"1\"\nmd-5 = { x = 1 }\n[profile]\nrsa = 1\n";
        assert_eq!(dependencies(manifest).collect::<Vec<_>>(), ["sha2", "md-5"]);
    }
}
