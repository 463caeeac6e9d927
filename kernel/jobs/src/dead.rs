//! Dead letters: jobs that have used up their tries, for staff to look at, retry or discard.

use crate::{Jobs, store};
use jiff::Timestamp;
use kernel_core::{JobId, TenantId};
use kernel_db::{Database, DbError};

/// A job that will not be tried again by itself.
#[derive(Clone, Debug)]
pub struct DeadJob {
    /// The database whose queue has it.
    pub database: Database,
    /// Whose job it is.
    pub tenant: Option<TenantId>,
    /// The job.
    pub id: JobId,
    /// Its kind ([`crate::Job::NAME`]).
    pub kind: String,
    /// What it was to do.
    pub payload: serde_json::Value,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub error: String,
    /// When it was enqueued.
    pub created_at: Timestamp,
}

impl Jobs {
    /// The newest dead letters of all databases, at most `limit` of each.
    ///
    /// # Errors
    /// The database's.
    pub async fn dead(&self, limit: i64) -> Result<Vec<DeadJob>, DbError> {
        let mut found = Vec::new();
        for queue in store::QUEUES {
            for row in self.db.platform(queue.dead, &[&limit]).await? {
                let tenant: uuid::Uuid = row.get(0);
                found.push(DeadJob {
                    database: queue.database,
                    tenant: (!tenant.is_nil()).then(|| TenantId::from_uuid(tenant)),
                    id: JobId::from_uuid(row.get(1)),
                    kind: row.get(2),
                    payload: row.get(3),
                    attempts: row.get(4),
                    error: row.get::<_, Option<String>>(5).unwrap_or_default(),
                    created_at: row.get(6),
                });
            }
        }
        found.sort_by_key(|job| std::cmp::Reverse(job.id));
        Ok(found)
    }

    /// Gives a dead letter all its tries again. `false`: it is not there (any more).
    ///
    /// # Errors
    /// The database's.
    pub async fn retry_dead(&self, job: &DeadJob) -> Result<bool, DbError> {
        let queue = store::queue(job.database);
        let tenant = job.tenant.map_or_else(uuid::Uuid::nil, TenantId::uuid);
        Ok(!self.db.platform(queue.retry, &[&tenant, &job.id.uuid()]).await?.is_empty())
    }

    /// Throws a dead letter away. `false`: it is not there (any more).
    ///
    /// # Errors
    /// The database's.
    pub async fn discard_dead(&self, job: &DeadJob) -> Result<bool, DbError> {
        let queue = store::queue(job.database);
        let tenant = job.tenant.map_or_else(uuid::Uuid::nil, TenantId::uuid);
        Ok(!self.db.platform(queue.discard, &[&tenant, &job.id.uuid()]).await?.is_empty())
    }

    /// Publishes how many jobs wait, run and are dead.
    ///
    /// # Errors
    /// The database's.
    pub async fn report(&self) -> Result<(), DbError> {
        for queue in store::QUEUES {
            let rows = self.db.platform(queue.counts, &[]).await?;
            for state in ["ready", "running", "dead"] {
                let row = rows.iter().find(|row| row.get::<_, &str>(0) == state);
                let count: i64 = row.map_or(0, |row| row.get(1));
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52 jobs")]
                metrics::gauge!("jobs", "database" => queue.database.name(), "state" => state)
                    .set(count as f64);
            }
        }
        Ok(())
    }
}
