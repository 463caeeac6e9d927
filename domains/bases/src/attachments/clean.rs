//! Once a day files go that nobody needs: those that were uploaded and never named by a cell, and contents that no file has.
//! A file that a cell once named stays, for records in the trash, for histories and for undo.

use super::disk::Hash;
use super::store::{HELD, REMOVE_UNUSED};
use crate::service::Bases;
use jiff::SignedDuration;
use kernel_core::{Error, Result, TenantId};
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::Path;
use tokio::fs;

/// How long an upload waits for its cell.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// An upload that was broken off leaves no more than this behind, for so long.
const BROKEN_OFF: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);

/// Removes what nobody needs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CleanFiles {}

impl Job for CleanFiles {
    const NAME: &'static str = "bases_clean_files";
}

/// Adds the job, once a day.
pub(crate) fn schedule(jobs: Jobs, bases: &Bases) -> Jobs {
    let bases = bases.clone();
    jobs.on::<CleanFiles, _, _>(move |_, _| {
        let bases = bases.clone();
        async move { bases.clean_files().await.map_err(JobError::from) }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(24), || CleanFiles {}))
}

/// Names in a folder; none if there is no such folder.
async fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        Err(problem) => return Err(Error::internal(problem)),
    };
    while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

impl Bases {
    /// Removes files that no cell named within a day, and contents without a file.
    ///
    /// # Errors
    /// `internal`; what was removed until then is.
    pub async fn clean_files(&self) -> Result<()> {
        let until = self.0.clock.now() - GRACE;
        let gone = self.0.db.platform(&REMOVE_UNUSED, &[&until]).await?;
        if !gone.is_empty() {
            tracing::info!(files = gone.len(), "files that no cell named were removed");
        }
        for tenant in names(self.0.disk.folder()).await? {
            if let Ok(tenant) = tenant.parse() {
                self.clean_contents(TenantId::from_uuid(tenant)).await?;
            }
        }
        Ok(())
    }

    async fn clean_contents(&self, tenant: TenantId) -> Result<()> {
        let folder = self.0.disk.of(tenant);
        for part in names(&folder).await? {
            let path = folder.join(&part);
            if part == "incoming" {
                for name in names(&path).await? {
                    let path = path.join(name);
                    let age =
                        fs::metadata(&path).await.and_then(|facts| facts.modified()).map(|at| at.elapsed());
                    if matches!(age, Ok(Ok(age)) if age > BROKEN_OFF) {
                        fs::remove_file(&path).await.map_err(Error::internal)?;
                    }
                }
                continue;
            }
            let hashes: Vec<Hash> = names(&path)
                .await?
                .iter()
                .filter_map(|name| data_encoding::HEXLOWER.decode(name.as_bytes()).ok()?.try_into().ok())
                .collect();
            let asked: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_slice()).collect();
            let rows = self.0.db.read(tenant, &HELD, &[&tenant.uuid(), &asked]).await?;
            let held: HashSet<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect();
            for hash in hashes.iter().filter(|hash| !held.contains(hash.as_slice())) {
                self.0.disk.remove(tenant, hash).await?;
            }
        }
        Ok(())
    }
}
