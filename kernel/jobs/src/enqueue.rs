//! Leaving a job, in the transaction of the change that needs it: both happen, or neither.

use crate::{Job, store};
use jiff::Timestamp;
use kernel_core::JobId;
use kernel_db::{DbError, Json, Tx};
use serde::Serialize;

/// How a job is to be run. The default: at once, with the kind's number of tries.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// Not before.
    pub run_at: Option<Timestamp>,
    /// Tries until it is a dead letter; `None`: [`Job::MAX_ATTEMPTS`].
    pub max_attempts: Option<u16>,
    /// While a job of this kind and key waits in the same tenant, another one is dropped.
    pub key: Option<String>,
}

/// Leaves a job in the transaction's database. It belongs to the transaction's tenant, or to none.
///
/// # Errors
/// The database's; the transaction can only be rolled back then.
pub async fn enqueue<J: Job>(tx: &mut Tx, job: &J, options: JobOptions) -> Result<JobId, DbError> {
    let queue = store::queue(tx.database());
    let id = JobId::new();
    let uuid = id.uuid();
    let payload = Json(Payload(job));
    let attempts = i32::from(options.max_attempts.unwrap_or(J::MAX_ATTEMPTS));
    match tx.tenant() {
        Some(tenant) => {
            let tenant = tenant.uuid();
            tx.query(
                queue.enqueue,
                &[&tenant, &uuid, &J::NAME, &payload, &options.key, &options.run_at, &attempts],
            )
            .await?;
        }
        None => {
            tx.query(
                queue.enqueue_global,
                &[&uuid, &J::NAME, &payload, &options.key, &options.run_at, &attempts],
            )
            .await?;
        }
    }
    Ok(id)
}

/// A job on its way into jsonb.
struct Payload<'a, J>(&'a J);

impl<J> std::fmt::Debug for Payload<'_, J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<J>())
    }
}

impl<J: Serialize> Serialize for Payload<'_, J> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
