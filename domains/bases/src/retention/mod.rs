//! How long the history of bases is kept, by plan (spec D7, ADR 0009). Older changes go in short transactions, from the oldest on.
//!
//! Invariants: the changes that are left follow each other without a gap up to the present; what a snapshot needs stays, and so does
//! the last change; a number of a record that was given out is never given out again.

mod store;

pub(crate) use store::HISTORY_LOCK;

use crate::service::Bases;
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Code, Result, TenantId};
use kernel_db::{Database, Params};
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Changes of one transaction.
const BATCH: u64 = 500;
/// No plan keeps less: bases without older changes are not looked at.
const LEAST_DAYS: i64 = 30;

/// How long an organisation's plan keeps the history of its bases.
pub trait HistoryPlans: Send + Sync {
    /// Days; `None`: for ever.
    fn history_days(&self, tenant: TenantId) -> tenancy::Later<'_, Option<i64>>;
}

/// Lets old changes go.
#[derive(Debug, Serialize, Deserialize)]
struct PruneHistory {}

impl Job for PruneHistory {
    const NAME: &'static str = "bases_prune_history";
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now - SignedDuration::from_hours(24 * days.max(LEAST_DAYS))
}

/// Adds the job, once a day.
#[must_use]
pub fn schedule(jobs: Jobs, bases: &Bases, plans: Arc<dyn HistoryPlans>) -> Jobs {
    let bases = bases.clone();
    jobs.on::<PruneHistory, _, _>(move |_, _| {
        let (bases, plans) = (bases.clone(), Arc::clone(&plans));
        async move {
            let gone = bases.prune_history(&*plans).await.map_err(JobError::from)?;
            tracing::info!(gone, "let old changes of bases go");
            Ok(())
        }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(24), || PruneHistory {}))
}

impl Bases {
    /// Lets changes go that are older than their organisation's plan keeps them; gives how many went. A base that fails does not
    /// keep the others.
    ///
    /// # Errors
    /// The last of those that failed.
    pub async fn prune_history(&self, plans: &dyn HistoryPlans) -> Result<u64> {
        let now = self.0.clock.now();
        let (mut gone, mut failed) = (0, None);
        for row in self.0.db.platform(&store::OLD_HISTORIES, &[&days_before(now, LEAST_DAYS)]).await? {
            let (tenant, base) = (TenantId::from_uuid(row.get(0)), row.get::<_, i64>(1).unsigned_abs());
            let done = match plans.history_days(tenant).await {
                Ok(Some(days)) => self.prune_base(tenant, base, days_before(now, days)).await,
                Ok(None) => Ok(0),
                Err(error) => Err(error),
            };
            match done {
                Ok(some) => gone += some,
                // Deleted meanwhile.
                Err(error) if error.code() == Code::NotFound => {}
                Err(error) => {
                    tracing::warn!(base, %error, "the history of a base could not be shortened");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(gone), Err)
    }

    async fn prune_base(&self, tenant: TenantId, base: u64, until: Timestamp) -> Result<u64> {
        let (id, number) = (tenant.uuid(), base.cast_signed());
        let Some((first, _)) = self.first_change(tenant, number).await? else { return Ok(0) };
        // A restore that has not ended after a week never will.
        let since = self.0.clock.now() - SignedDuration::from_hours(7 * 24);
        let mut gone = 0;
        let mut next = first;
        loop {
            let mut tx = self.0.db.begin(Database::Data, tenant).await?;
            let head = tx.query_opt(&store::HISTORY_LOCK, &[&id, &number]).await?;
            let Some(head) = head else { return Ok(gone) };
            let last = head.get::<_, i64>(0).unsigned_abs();
            let version = self.version_at(tenant, number, (next - 1, last), until).await?;
            let needed: Option<i64> = tx.query_one(&store::NEEDED, &[&id, &number, &since]).await?.get(0);
            let needed = needed.map_or(u64::MAX, i64::unsigned_abs);
            let horizon = version.min(needed).min(last.saturating_sub(1));
            if horizon < next {
                return Ok(gone);
            }
            let to = horizon.min(next + BATCH - 1);
            self.mark_payloads(tenant, base, to).await?;
            let params: Params<'_> = &[&id, &number, &to.cast_signed()];
            tx.execute(&store::KEEP_NUMBERS, params).await?;
            gone += tx.execute(&store::DELETE_CHANGES, params).await?;
            tx.execute(&store::DELETE_SPANS, params).await?;
            tx.commit().await?;
            next = to + 1;
        }
    }
}
