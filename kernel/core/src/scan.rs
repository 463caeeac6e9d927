//! Looking at files for malware, as data; what looks is an adapter.

use std::path::Path;
use std::pin::Pin;

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that the scanner knows.
    Clean,
    /// Something, by the scanner's name for it.
    Found(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanFailure {
    /// The scanner does not take files of this size; it never will.
    #[error("the scanner does not take a file of this size")]
    TooLarge,
    /// Nobody answers in time, or the answer is none. The sentence is for the log.
    #[error("the scanner can't be asked: {0}")]
    Unavailable(String),
    /// The file can't be read.
    #[error("the file can't be read: {0}")]
    File(#[from] std::io::Error),
}

/// Something that looks at files. At the process edge, so that tests choose what it finds.
pub trait Scanner: Send + Sync {
    /// Looks at a whole file that nobody writes to.
    ///
    /// # Errors
    /// There is no verdict; the file must not be taken for clean.
    fn scan<'a>(
        &'a self,
        file: &'a Path,
    ) -> Pin<Box<dyn Future<Output = Result<Verdict, ScanFailure>> + Send + 'a>>;
}
