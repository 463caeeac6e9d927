//! What has been in the trash for too long is ended, once a day.

use super::{DAYS, store};
use crate::actor::Order;
use crate::service::Bases;
use engine_base::{Command, FileTexts};
use jiff::SignedDuration;
use kernel_core::{Code, Result, TenantId};
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Ends what is due.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EmptyTrash {}

impl Job for EmptyTrash {
    const NAME: &'static str = "bases_empty_trash";
}

/// Adds the job, once a day.
pub(crate) fn schedule(jobs: Jobs, bases: &Bases) -> Jobs {
    let bases = bases.clone();
    jobs.on::<EmptyTrash, _, _>(move |_, _| {
        let bases = bases.clone();
        async move { bases.empty_trash().await.map_err(JobError::from) }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(24), || EmptyTrash {}))
}

impl Bases {
    /// Ends for good what was deleted more than [`DAYS`] days ago, in every base. One that fails does not keep the others.
    ///
    /// # Errors
    /// The last of those that failed.
    pub async fn empty_trash(&self) -> Result<()> {
        let until = self.0.clock.now() - SignedDuration::from_hours(24 * DAYS);
        let mut failed = None;
        for row in self.0.db.platform(&store::DUE, &[&until]).await? {
            let (tenant, base) = (TenantId::from_uuid(row.get(0)), row.get::<_, i64>(1).unsigned_abs());
            let command = Command::Purge { until_us: until.as_microsecond() };
            let order = Order {
                command,
                typecast: false,
                files: FileTexts::default(),
                actor: Arc::from("system"),
                key: None,
            };
            let done = match self.0.registry.open(tenant, base).await {
                Ok(open) => {
                    let written = open.write(order).await.map(drop);
                    self.0.registry.pasts.forget(tenant, base);
                    written
                }
                Err(error) => Err(error),
            };
            // One that is not found was deleted meanwhile.
            if let Err(error) = done
                && error.code() != Code::NotFound
            {
                tracing::warn!(base, %error, "the trash of a base could not be emptied");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}
