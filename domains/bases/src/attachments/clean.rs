//! Once a day files go that nobody needs: those that were uploaded and never named by a cell, those that nothing names any more
//! ([`super::needed`]), and contents that no file has.

use super::disk::{Hash, names};
use super::store::{HELD, REMOVE_UNUSED};
use crate::service::Bases;
use jiff::SignedDuration;
use kernel_core::{Result, TenantId};
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How long an upload waits for its cell, and how long a file that was used is left alone.
pub(super) const GRACE: SignedDuration = SignedDuration::from_hours(24);
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
    /// Removes files that no cell named within a day, those that nothing needs any more, and contents without a file. An organisation
    /// that fails does not keep the others.
    ///
    /// # Errors
    /// The last of those that failed; what was removed is.
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
        let mut failed = None;
        for tenant in names(self.0.disk.folder()).await? {
            let Ok(tenant) = tenant.parse().map(TenantId::from_uuid) else { continue };
            if let Err(error) = self.clean_tenant(tenant).await {
                tracing::warn!(%tenant, %error, "files of an organisation could not be cleaned");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn clean_tenant(&self, tenant: TenantId) -> Result<()> {
        let files = self.give_room_back(tenant).await?;
        if files > 0 {
            tracing::info!(%tenant, files, "files that nothing needs any more were removed");
        }
        self.clean_contents(tenant).await
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
