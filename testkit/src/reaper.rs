//! Stops the cluster and removes its folder when the test binary ends, however it ends: a shell waits for the end of a pipe
//! that only this process holds open. Statics are never dropped, so nothing in the process itself could do it.

use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

/// Gives the end of the pipe to keep.
///
/// # Errors
/// There is no `sh`.
pub(crate) fn watch(postmaster: i32, folder: &Path) -> anyhow::Result<ChildStdin> {
    let script = r#"read -r _; kill -QUIT "$1" && tail --pid="$1" -f /dev/null; rm -rf "$2""#;
    let mut child = Command::new("sh")
        .args(["-c", script, "sh", &postmaster.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    child.stdin.take().ok_or_else(|| anyhow::anyhow!("the reaper has no pipe"))
}
