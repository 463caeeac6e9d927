//! Once a day files go that nobody needs: those that were uploaded and never named by a cell, and contents that no file has.
//! A file that a cell once named stays, for records in the trash, for histories and for undo.

use super::disk::{Hash, names};
use super::store::{HELD, REMOVE_UNUSED};
use crate::service::Bases;
use jiff::SignedDuration;
use kernel_core::{Result, TenantId};
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How long an upload waits for its cell.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// An upload that was begun and not finished is kept for so long.
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

impl Bases {
    /// Removes files that no cell named within a day, and contents without a file.
    ///
    /// # Errors
    /// `internal`; what was removed until then is.
    pub async fn clean_files(&self) -> Result<()> {
        let until = self.0.clock.now() - GRACE;
        let mut files = 0;
        loop {
            let gone = self.0.db.platform(&REMOVE_UNUSED, &[&until]).await?.len();
            files += gone;
            if gone == 0 {
                break;
            }
        }
        if files > 0 {
            tracing::info!(files, "files that no cell named were removed");
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
                self.0.disk.forget(tenant, BROKEN_OFF).await?;
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
