//! Programs that measuring needs; what is missing is told with the Debian package that has it.

use anyhow::{Result, bail};
use std::path::PathBuf;

/// Where PostgreSQL's programs are: Debian's own folder first, since the one on the path is a wrapper that looks for
/// clusters.
#[must_use]
pub fn postgres(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin").join(program)))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    found.pop().map_or_else(|| program.into(), |(_, path)| path)
}

/// Fails with everything that is missing among `(program, Debian package)`.
///
/// # Errors
/// Names the packages to install.
pub fn require(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|(program, _)| !postgres(program).is_absolute() && !on_path(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    bail!("missing: {} (Debian: sudo apt-get install {})", names.join(", "), packages.join(" "))
}

/// Whether the program is there, also in the folders of a system administrator (nginx).
#[must_use]
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::require;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let error =
            require(&[("sh", "dash"), ("no-such-program", "no-such-package")]).unwrap_err().to_string();
        assert!(
            error.contains("no-such-program") && error.contains("apt-get install no-such-package"),
            "{error}"
        );
        assert!(!error.contains("dash"), "{error}");
    }
}
