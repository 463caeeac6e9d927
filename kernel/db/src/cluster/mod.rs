//! The program's own PostgreSQL: with no database URL configured, it makes and runs a cluster in its data folder.
//!
//! - Several servers may share one data folder: the first starts the cluster, the others find it by its socket, the last one
//!   that leaves stops it (each holds a shared lock on `users.lock`; who can turn it into an exclusive one is the last).
//! - A server that is killed leaves its cluster running; the next one takes it over. A cluster that dies is started again,
//!   and PostgreSQL recovers from its WAL. Leftover `postmaster.pid` files are recognised.
//! - Access: no TCP at all (`listen_addresses = ''`). The socket is in a folder that only the cluster's user (and root) may
//!   enter, so `trust` on it gives nobody anything: whoever can enter could read the data files as well. Passwords would
//!   have to lie beside the socket, under the same permissions.
//! - WAL archive: finished segments are copied to `wal/` and the newest [`supervise::KEPT_SEGMENTS`] are kept. With a base
//!   backup they give point-in-time recovery as far back as they reach; see `docs/operations.md`.

mod binaries;
mod configuration;
mod place;
mod process;
mod supervise;
pub mod testing;

pub use binaries::{Binaries, OLDEST};
pub use configuration::Durability;

use crate::Urls;
use kernel_core::settings;
use parking_lot::Mutex;
use place::Place;
use process::Server;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long starting may wait for another process that is starting or stopping the same cluster.
const LOCK_PATIENCE: Duration = Duration::from_secs(120);
/// How long a fast shutdown may take before it is left to itself.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// Why the cluster does not run, and what to do about it.
#[derive(Debug)]
pub struct ClusterError(String);

impl ClusterError {
    pub(crate) fn new(problem: String) -> Self {
        Self(problem)
    }
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "embedded PostgreSQL: {}", self.0)
    }
}

impl std::error::Error for ClusterError {}

/// A running cluster. [`Cluster::stop`] (or dropping it) leaves it; the last process that leaves stops it.
#[derive(Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
    supervisor: tokio::task::JoinHandle<()>,
    left: bool,
}

#[derive(Debug)]
struct Inner {
    place: Place,
    binaries: Binaries,
    durability: Durability,
    server: Mutex<Server>,
    /// Locked shared as long as this process uses the cluster.
    users: File,
}

/// Starts the cluster of `settings.data_folder`, or joins the one that runs there.
///
/// # Errors
/// What is missing or wrong, with the last lines of PostgreSQL's log when it did not come up.
pub async fn start(settings: &settings::Database) -> Result<Cluster, ClusterError> {
    start_with(settings, Durability::Durable).await
}

/// As [`start`]; tests take [`Durability::Fast`], which loses data when the machine (not the process) crashes.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    settings: &settings::Database,
    durability: Durability,
) -> Result<Cluster, ClusterError> {
    let place = Place::prepare(&settings.data_folder)?;
    let starting = lock(&place.start_lock).await?;
    let users = open(&place.users_lock)?;
    users.lock_shared().map_err(|error| ClusterError::new(format!("users.lock: {error}")))?;
    let binaries = binaries::find(settings.postgres_folder.as_deref(), place.cluster_major())?;
    let began = Instant::now();
    let server = if let Some(running) = process::running(&place).await {
        tracing::info!(pid = running.pid(), "joined a running PostgreSQL");
        running
    } else {
        process::initialise(&place, &binaries).await?;
        process::launch(&place, &binaries, durability).await?
    };
    process::create_databases(&place).await?;
    tracing::info!(
        major = binaries.major,
        pid = server.pid(),
        socket = %place.socket.display(),
        milliseconds = began.elapsed().as_millis(),
        "PostgreSQL runs"
    );
    let inner = Arc::new(Inner { place, binaries, durability, server: Mutex::new(server), users });
    let supervisor = tokio::spawn(supervise::run(inner.clone()));
    drop(starting);
    Ok(Cluster { inner, supervisor, left: false })
}

impl Cluster {
    /// The addresses of the four databases.
    #[must_use]
    pub fn urls(&self) -> Urls {
        Urls::of_socket(&self.inner.place.socket)
    }

    /// Folder of the socket: `psql -h <folder> -U nclc_owner data`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.inner.place.socket
    }

    /// Folder of archived WAL segments.
    #[must_use]
    pub fn wal_folder(&self) -> &Path {
        &self.inner.place.wal
    }

    /// Folder of PostgreSQL's programs, e.g. for `pg_dump` and `pgbench`.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.inner.binaries.folder.clone()
    }

    /// Process id of the postmaster.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.inner.server.lock().pid()
    }

    /// Leaves the cluster; the last process that leaves stops it (fast shutdown: transactions roll back, nothing that was
    /// committed is lost). Answers whether it was stopped.
    pub async fn stop(mut self) -> bool {
        self.left = true;
        self.supervisor.abort();
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.leave()).await.unwrap_or(false)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.left {
            self.supervisor.abort();
            self.inner.leave();
        }
    }
}

impl Inner {
    /// Blocks until the server is down, if nobody else uses it.
    fn leave(&self) -> bool {
        // Nobody may join between the look at the users and the signal.
        let Ok(stopping) = open(&self.place.start_lock) else { return false };
        if stopping.lock().is_err() || self.users.try_lock().is_err() {
            let _left = self.users.unlock();
            return false;
        }
        let stopped = self.server.lock().stop(STOP_PATIENCE);
        if !stopped {
            tracing::error!("PostgreSQL is still shutting down after {STOP_PATIENCE:?}");
        }
        let _left = self.users.unlock();
        stopped
    }
}

fn open(path: &Path) -> Result<File, ClusterError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| ClusterError::new(format!("{}: {error}", path.display())))
}

/// Takes a lock without blocking the runtime.
async fn lock(path: &Path) -> Result<File, ClusterError> {
    let file = open(path)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(ClusterError::new(format!("{}: {error}", path.display()))),
        }
    }
}
