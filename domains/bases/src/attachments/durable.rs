//! Locks, names and removals of files on disk. Blocking: never on an async thread, except for a removal.
//!
//! Invariants: a lock counts only on the file that the name still leads to; a name lasts from the moment that it is given.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the name of a file in parts has behind it, for what is known of it.
pub(super) const ABOUT: &str = ".about";

/// Where that is kept.
pub(super) fn about_of(path: &Path) -> PathBuf {
    path.with_extension(&ABOUT[1..])
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
        _ => Ok(()),
    }
}

/// Whether a name leads to this file.
pub(super) fn is_at(file: &std::fs::File, path: &Path) -> io::Result<bool> {
    match std::fs::metadata(path) {
        Ok(facts) => file.metadata().map(|own| (own.dev(), own.ino()) == (facts.dev(), facts.ino())),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Opens an upload for its one writer; `None` while there is another.
pub(super) fn locked(path: &Path) -> io::Result<Option<std::fs::File>> {
    let file = std::fs::OpenOptions::new().read(true).append(true).open(path)?;
    match file.try_lock() {
        // It has become a content between the two.
        Ok(()) if !is_at(&file, path)? => Err(io::ErrorKind::NotFound.into()),
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(problem)) => Err(problem),
    }
}

/// The time that files are compared with is the machine's.
#[expect(clippy::disallowed_methods, reason = "ages of files are measured by the file system's clock")]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// Gives a whole content its name, or makes the one of that name young.
pub(super) fn place(file: &std::fs::File, from: &Path, to: &Path) -> io::Result<()> {
    file.set_modified(now())?;
    file.sync_all()?;
    create_parent(to)?;
    if refresh(to)? {
        remove(from)?
    } else {
        std::fs::rename(from, to)?
    }
    remove(&about_of(from))?;
    sync_parent(to)
}

/// Makes a content young; false if there is none.
fn refresh(path: &Path) -> io::Result<bool> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(problem) => return Err(problem),
    };
    file.lock()?;
    if !is_at(&file, path)? {
        return Ok(false);
    }
    file.set_modified(now())?;
    Ok(true)
}

/// A new folder lasts once the one that it is in does.
pub(super) fn create_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|parent| !parent.exists()) else { return Ok(()) };
    std::fs::create_dir_all(parent)?;
    parent.ancestors().skip(1).take(2).try_for_each(|folder| std::fs::File::open(folder)?.sync_all())
}

/// Makes the new name last: a rename is durable once its folder is.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| std::fs::File::open(parent)?.sync_all())
}
