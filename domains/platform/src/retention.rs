//! How long an organisation's audit trail is kept, by plan (spec A9). What goes leaves an anchor, so that the rest of the chain
//! can still be verified.

use billing::{Billing, PlanCode};
use identity::audit::chain::{chained, prune};
use jiff::{SignedDuration, Timestamp};
use kernel_core::Result;
use kernel_db::Db;
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};

/// Lets rows go that are older than their organisation's plan keeps them.
#[derive(Debug, Serialize, Deserialize)]
struct PruneTrails {}

impl Job for PruneTrails {
    const NAME: &'static str = "platform_prune_trails";
}

/// Days that a plan keeps the trail; `None`: for ever.
#[must_use]
pub const fn days(plan: PlanCode) -> Option<i64> {
    match plan {
        PlanCode::Free => Some(90),
        PlanCode::Pro => Some(365),
        PlanCode::Business => Some(3 * 365),
        PlanCode::Enterprise => None,
    }
}

/// Lets every organisation's old rows go; gives how many went.
///
/// # Errors
/// `internal` only.
pub async fn prune_trails(db: &Db, billing: &Billing, now: Timestamp) -> Result<u64> {
    let mut gone = 0;
    for tenant in chained(db).await? {
        if let Some(days) = days(billing.subscription(tenant).await?.plan) {
            gone += prune(db, tenant, now - SignedDuration::from_hours(24 * days)).await?;
        }
    }
    Ok(gone)
}

/// Adds the job, once a day.
#[must_use]
pub fn register(jobs: Jobs, billing: &Billing) -> Jobs {
    let billing = billing.clone();
    jobs.on::<PruneTrails, _, _>(move |context, _| {
        let billing = billing.clone();
        async move {
            let now = context.clock.now();
            let gone = prune_trails(&context.db, &billing, now).await.map_err(JobError::from)?;
            tracing::info!(gone, "let old rows of audit trails go");
            Ok(())
        }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(24), || PruneTrails {}))
}
