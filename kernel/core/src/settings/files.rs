//! Settings of files of cells: who looks at them for malware before they are taken.

use super::{SettingError, Source, boolean};
use std::path::PathBuf;

/// Files of cells.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// Where a scanner that speaks clamd's protocol listens; `None`: files are not looked at.
    pub scanner: Option<ScannerPlace>,
    /// Whether a file is refused when the scanner can't be asked; else it is taken, and the log says so.
    pub scanner_required: bool,
}

/// Where a scanner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerPlace {
    /// A socket of this machine.
    Unix(PathBuf),
    /// `host:port`. Files go there in the clear.
    Tcp(String),
}

fn place(text: &str) -> Option<ScannerPlace> {
    if let Some(path) = text.strip_prefix("unix:") {
        return path.starts_with('/').then(|| ScannerPlace::Unix(path.into()));
    }
    let address = text.strip_prefix("tcp:")?;
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    (!host.is_empty() && port > 0).then(|| ScannerPlace::Tcp(address.to_owned()))
}

impl Source {
    pub(super) fn files(&mut self) -> Result<FileSettings, SettingError> {
        Ok(FileSettings {
            scanner: self.take("files.scanner", None, "unix:/run/clamav/clamd.ctl", |text| {
                if text.is_empty() { Some(None) } else { place(text).map(Some) }
            })?,
            scanner_required: self.take("files.scanner_required", true, "true", boolean)?,
        })
    }
}
