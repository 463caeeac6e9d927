//! Clusters for tests: a private one that disappears with its test, or one that all tests of this schema share.

use super::{Cluster, ClusterError, Durability, open, start_with};
use crate::{Database, migrate};
use kernel_core::settings;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A cluster in a folder of its own, stopped and removed when dropped.
#[derive(Debug)]
pub struct Temporary {
    cluster: Option<Cluster>,
    folder: PathBuf,
}

impl Temporary {
    /// Makes and starts one; nothing is migrated.
    ///
    /// # Errors
    /// As [`super::start`].
    pub async fn start() -> Result<Self, ClusterError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("nclc-t-{}-{number}", std::process::id()));
        let cluster = start_with(&settings_of(&folder), Durability::Fast).await?;
        Ok(Self { cluster: Some(cluster), folder })
    }

    /// The running cluster.
    ///
    /// # Panics
    /// After [`Temporary::stop`].
    #[must_use]
    #[expect(clippy::expect_used, reason = "for tests")]
    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("the cluster was stopped")
    }

    /// Stops it; the folder stays until the drop. Answers whether nobody else used it.
    pub async fn stop(&mut self) -> bool {
        match self.cluster.take() {
            Some(cluster) => cluster.stop().await,
            None => false,
        }
    }

    /// The data folder, to start a second server on it.
    #[must_use]
    pub fn settings(&self) -> settings::Database {
        settings_of(&self.folder)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(self.cluster.take());
        let _best_effort = std::fs::remove_dir_all(&self.folder);
    }
}

/// The migrated cluster that all test processes of this user and this schema share, each with tenants of its own. A
/// changed migration makes another one; those of former schemas that nobody uses are removed.
///
/// # Errors
/// As [`super::start`], or the migration that failed.
pub async fn shared() -> Result<Cluster, Box<dyn std::error::Error + Send + Sync>> {
    let mut text = String::new();
    for database in Database::ALL {
        for migration in migrate::embedded(database)? {
            text.push_str(&migration.name);
            text.push_str(&migration.sql);
        }
    }
    let digest: String =
        kernel_core::secret::sha256(text.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let prefix = format!("nclc-test-{}-", nix::unistd::Uid::effective());
    let folder = std::env::temp_dir().join(format!("{prefix}{digest}"));
    let cluster = start_with(&settings_of(&folder), Durability::Fast).await?;
    remove_unused(&std::env::temp_dir(), &prefix, &folder);
    migrate::run(&cluster.urls()).await?;
    Ok(cluster)
}

/// `NCLC_DATABASE_POSTGRES_FOLDER` chooses another PostgreSQL for a test run.
fn settings_of(folder: &Path) -> settings::Database {
    let postgres_folder = std::env::var_os("NCLC_DATABASE_POSTGRES_FOLDER").map(PathBuf::from);
    settings::Database { data_folder: folder.to_owned(), urls: None, postgres_folder, pool_size: 8 }
}

fn remove_unused(parent: &Path, prefix: &str, keep: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let folder = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with(prefix) && folder != keep;
        let lock = folder.join("postgres/users.lock");
        if ours && lock.exists() && open(&lock).is_ok_and(|file| file.try_lock().is_ok()) {
            let _best_effort = std::fs::remove_dir_all(folder);
        }
    }
}
