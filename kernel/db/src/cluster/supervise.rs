//! Looks after the running cluster: starts it again when it died, keeps the WAL archive bounded.

use super::process::{self, Server};
use super::{Inner, lock};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// WAL segments (16 MiB each) that the archive keeps: 1 GiB.
pub const KEPT_SEGMENTS: usize = 64;
const LOOK_EVERY: Duration = Duration::from_millis(200);
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// Runs until it is aborted.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut pruned: Option<Instant> = None;
    loop {
        if pruned.is_none_or(|at| at.elapsed() > PRUNE_EVERY) {
            if let Err(error) = prune(&inner.place.wal, KEPT_SEGMENTS) {
                tracing::warn!(%error, "can't tidy the WAL archive");
            }
            pruned = Some(Instant::now());
        }
        let alive = inner.server.lock().alive();
        if !alive {
            tracing::error!("PostgreSQL died; starting it again");
            metrics::counter!("db_cluster_restarts_total").increment(1);
            match revive(&inner).await {
                Ok(server) => {
                    tracing::info!(pid = server.pid(), "PostgreSQL runs again");
                    *inner.server.lock() = server;
                }
                Err(error) => {
                    tracing::error!(%error, "PostgreSQL does not start");
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Another process that shares the cluster may have been faster.
async fn revive(inner: &Inner) -> Result<Server, super::ClusterError> {
    let _starting = lock(&inner.place.start_lock).await?;
    match process::running(&inner.place).await {
        Some(server) => Ok(server),
        None => process::launch(&inner.place, &inner.binaries, inner.durability).await,
    }
}

/// Deletes the oldest files beyond `keep`; their names are in the order of their making.
fn prune(wal: &Path, keep: usize) -> std::io::Result<()> {
    let mut files: Vec<_> = std::fs::read_dir(wal)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_none_or(|extension| extension != "part"))
        .collect();
    files.sort();
    let surplus = files.len().saturating_sub(keep);
    files[..surplus].iter().try_for_each(std::fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_segments_stay() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5 {
            std::fs::write(folder.path().join(format!("00000001000000000000000{number}")), "").unwrap();
        }
        prune(folder.path(), 2).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["000000010000000000000003", "000000010000000000000004"]);
    }
}
