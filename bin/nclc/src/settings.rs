//! Where settings come from: `nclc.toml` (or the file that `--settings` names) and the environment.

use anyhow::Context as _;
use kernel_core::settings::Settings;
use std::path::Path;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "nclc.toml";

/// Reads the settings; a named file must exist, the default one may be absent.
///
/// # Errors
/// Names the setting, what is wrong with it, and an example.
pub fn load(file: Option<&Path>) -> anyhow::Result<Settings> {
    let text = match file {
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?
        }
        None => std::fs::read_to_string(DEFAULT_FILE).unwrap_or_default(),
    };
    // The log's filter has the prefix of the settings and is none: it is read before them.
    let environment = std::env::vars().filter(|(name, _)| name != "NCLC_LOG");
    Ok(Settings::load(&text, environment)?)
}
