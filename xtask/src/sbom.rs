//! `cargo xtask sbom`: the bill of materials of the program (CycloneDX 1.6, JSON), made without the network from what is
//! locked: `cargo metadata`, `Cargo.lock`, `ui/package-lock.json`. Only what ends up in the program: nothing that tests or
//! tools need. The same sources give the same file.

use crate::process;
use anyhow::{Context as _, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The program's crate.
const PROGRAM: &str = "nclc";
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Something that somebody else made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Component {
    /// Package URL, e.g. `pkg:cargo/serde@1.0.0`.
    purl: String,
    name: String,
    version: String,
    licence: String,
    /// Algorithm and hex digits, as the lock file has them.
    hash: Option<(&'static str, String)>,
}

/// Writes the file and says what is in it.
pub fn run(to: &Path) -> Result<()> {
    let (components, arrows) = collected()?;
    let document = document(&components, &arrows);
    let path = process::root().join(to);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, serde_json::to_string_pretty(&document)? + "\n")?;
    let of = |kind: &str| components.iter().filter(|component| component.purl.starts_with(kind)).count();
    println!("{}: {} crates, {} npm packages", to.display(), of("pkg:cargo/"), of("pkg:npm/"));
    Ok(())
}

/// Every component has a licence and a hash: what has none can't be checked by anybody.
pub fn check() -> Result<()> {
    let (components, _) = collected()?;
    let lacking: Vec<&str> = components
        .iter()
        .filter(|component| component.licence.is_empty() || component.hash.is_none())
        .map(|component| component.purl.as_str())
        .collect();
    if !lacking.is_empty() {
        bail!("without licence or hash: {}", lacking.join(", "));
    }
    println!("{} components, each with licence and hash", components.len());
    Ok(())
}

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn collected() -> Result<(BTreeSet<Component>, Arrows)> {
    let root = process::root();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--locked", "--offline", "--filter-platform", PLATFORM].map(str::to_owned))
        .exec()
        .context("cargo metadata")?;
    let lock = std::fs::read_to_string(root.join("Cargo.lock"))?;
    let (mut components, arrows) = crates(&metadata, &checksums(&lock))?;
    let npm = std::fs::read_to_string(root.join("ui/package-lock.json"))?;
    components.extend(packages(&serde_json::from_str(&npm)?));
    Ok((components, arrows))
}

/// Name and version → SHA-256, of `Cargo.lock`.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |name: &str| {
            let start = format!("{name} = \"");
            package.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"').map(str::to_owned))
        };
        if let (Some(name), Some(version), Some(sum)) = (value("name"), value("version"), value("checksum")) {
            found.insert((name, version), sum);
        }
    }
    found
}

/// What the program is built from and with, and who needs whom.
fn crates(
    metadata: &Metadata,
    sums: &BTreeMap<(String, String), String>,
) -> Result<(BTreeSet<Component>, Arrows)> {
    let graph = metadata.resolve.as_ref().context("cargo metadata without a graph")?;
    let program = metadata.packages.iter().find(|package| package.name.as_str() == PROGRAM);
    let mut waiting: Vec<&PackageId> = vec![&program.context("no program")?.id];
    let mut seen: BTreeSet<&PackageId> = waiting.iter().copied().collect();
    let (mut components, mut arrows) = (BTreeSet::new(), Arrows::new());
    while let Some(id) = waiting.pop() {
        let package = &metadata[id];
        let node = graph.nodes.iter().find(|node| node.id == *id).context("a crate without its place")?;
        let purl = format!("pkg:cargo/{}@{}", package.name, package.version);
        for dependency in &node.deps {
            if dependency.dep_kinds.iter().all(|kind| kind.kind == DependencyKind::Development) {
                continue;
            }
            let needed = &metadata[&dependency.pkg];
            let needed = format!("pkg:cargo/{}@{}", needed.name, needed.version);
            arrows.entry(purl.clone()).or_default().insert(needed);
            if seen.insert(&dependency.pkg) {
                waiting.push(&dependency.pkg);
            }
        }
        // The house's own crates are the program itself.
        if package.source.is_some() {
            let key = (package.name.to_string(), package.version.to_string());
            components.insert(Component {
                purl,
                licence: package.license.clone().unwrap_or_default().replace('/', " OR "),
                hash: sums.get(&key).map(|sum| ("SHA-256", sum.clone())),
                name: key.0,
                version: key.1,
            });
        }
    }
    Ok((components, arrows))
}

/// What the browser's code is built from: nothing that only builds or tests it.
fn packages(lock: &Value) -> Vec<Component> {
    let all = lock["packages"].as_object().into_iter().flatten();
    let shipped = all.filter(|(path, package)| !path.is_empty() && package["dev"] != json!(true));
    shipped
        .filter_map(|(path, package)| {
            let name = path.rsplit("node_modules/").next()?.to_owned();
            let version = package["version"].as_str()?.to_owned();
            let hash = package["integrity"].as_str().and_then(|text| text.strip_prefix("sha512-"));
            Some(Component {
                purl: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
                licence: package["license"].as_str().unwrap_or_default().to_owned(),
                hash: hash.and_then(hex_of_base64).map(|hex| ("SHA-512", hex)),
                name,
                version,
            })
        })
        .collect()
}

fn hex_of_base64(text: &str) -> Option<String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0, String::new());
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push_str(&format!("{:02x}", bits >> count & 0xff));
        }
    }
    Some(out)
}

fn document(components: &BTreeSet<Component>, arrows: &Arrows) -> Value {
    let listed = components.iter().map(|component| {
        let mut value = json!({
            "type": "library",
            "bom-ref": component.purl,
            "name": component.name,
            "version": component.version,
            "purl": component.purl,
            "licenses": [{ "expression": component.licence }],
        });
        if let Some((algorithm, content)) = &component.hash {
            value["hashes"] = json!([{ "alg": algorithm, "content": content }]);
        }
        value
    });
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application", "bom-ref": format!("pkg:cargo/{PROGRAM}@{version}"), "name": PROGRAM, "version": version,
        }},
        "components": listed.collect::<Vec<_>>(),
        "dependencies": arrows.iter().map(|(from, to)| json!({ "ref": from, "dependsOn": to })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_lock_files() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"ab12\"\n\
                    \n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        let sums = checksums(lock);
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[&("a".to_owned(), "1.0.0".to_owned())], "ab12");
        assert_eq!(hex_of_base64("AAECAwT/").as_deref(), Some("0001020304ff"));
        assert_eq!(hex_of_base64("/w==").as_deref(), Some("ff"));
        assert_eq!(hex_of_base64("!"), None);
    }

    #[test]
    fn only_what_is_shipped_is_listed() {
        let lock = json!({"packages": {
            "": {"name": "ui"},
            "node_modules/react": {"version": "1.2.3", "license": "MIT", "integrity": "sha512-AAEC"},
            "node_modules/@a/b": {"version": "1.0.0", "license": "ISC"},
            "node_modules/vite": {"version": "9.0.0", "dev": true, "license": "MIT"},
        }});
        let found: Vec<String> = packages(&lock).into_iter().map(|component| component.purl).collect();
        assert_eq!(found, ["pkg:npm/react@1.2.3", "pkg:npm/%40a/b@1.0.0"]);
    }

    #[test]
    fn the_program_itself_has_a_whole_bill() {
        let (components, arrows) = collected().unwrap();
        let has = |start: &str| components.iter().any(|component| component.purl.starts_with(start));
        assert!(has("pkg:cargo/tokio@") && has("pkg:npm/react@"), "{}", components.len());
        assert!(!has("pkg:cargo/proptest@") && !has("pkg:npm/vite@"), "tools are not in the program");
        assert!(arrows.keys().any(|from| from.starts_with("pkg:cargo/nclc@")));
        check().unwrap();
    }
}
