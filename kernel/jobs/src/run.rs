//! Claiming and running jobs. A claimed job is held for a while and the hold renewed as long as its handler runs: the jobs
//! of a worker that died are taken over when their hold ends.

use crate::registry::{Context, JobError, Jobs};
use crate::store::{QUEUES, Queue};
use jiff::SignedDuration;
use kernel_core::{JobId, TenantId};
use kernel_db::{DbError, Row};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use uuid::Uuid;

const LONGEST_ERROR: usize = 4000;
const LONGEST_BACKOFF: u64 = 3600;

/// A claimed job.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub queue: &'static Queue,
    pub worker: Uuid,
    tenant: Uuid,
    id: Uuid,
    kind: String,
    payload: serde_json::Value,
    attempts: i32,
    max_attempts: i32,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Retry,
    Dead,
    /// Another worker holds it now.
    Lost,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Dead => "dead",
            Self::Lost => "lost",
        }
    }
}

/// What [`Jobs::drain`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Jobs that were done.
    pub done: usize,
    /// Tries that failed and will be repeated later.
    pub failed: usize,
    /// Jobs that became dead letters.
    pub dead: usize,
}

impl Jobs {
    /// Runs every job that is due by the clock, and those that they enqueue, until none is left. For tests; a failed job
    /// is due again only when the clock has moved.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self) -> Result<Drained, DbError> {
        let worker = self.new_worker();
        let hold = Duration::from_secs(60);
        let mut drained = Drained::default();
        loop {
            let mut any = false;
            for queue in QUEUES {
                for job in self.claim(queue, worker, 1, hold).await? {
                    any = true;
                    match self.run(job, hold).await? {
                        Outcome::Done => drained.done += 1,
                        Outcome::Retry => drained.failed += 1,
                        Outcome::Dead => drained.dead += 1,
                        Outcome::Lost => {}
                    }
                }
            }
            if !any {
                return Ok(drained);
            }
        }
    }

    pub(crate) fn new_worker(&self) -> Uuid {
        Uuid::from_bytes(self.random.bytes())
    }

    /// Takes at most `limit` due jobs of known kinds.
    pub(crate) async fn claim(
        &self,
        queue: &'static Queue,
        worker: Uuid,
        limit: i64,
        hold: Duration,
    ) -> Result<Vec<Claimed>, DbError> {
        let now = self.clock.now();
        let until = now + SignedDuration::try_from(hold).unwrap_or(SignedDuration::from_secs(60));
        let rows = self.db.platform(queue.claim, &[&now, &self.kinds(), &limit, &worker, &until]).await?;
        Ok(rows.iter().map(|row| Claimed::of(row, queue, worker)).collect())
    }

    /// Runs a claimed job to its end and writes down what became of it.
    pub(crate) async fn run(&self, job: Claimed, hold: Duration) -> Result<Outcome, DbError> {
        let began = Instant::now();
        let Some(handler) = self.handlers.get(job.kind.as_str()) else { return Ok(Outcome::Lost) };
        let context = Context {
            db: self.db.clone(),
            clock: self.clock.clone(),
            tenant: (!job.tenant.is_nil()).then(|| TenantId::from_uuid(job.tenant)),
            id: JobId::from_uuid(job.id),
            attempt: u16::try_from(job.attempts).unwrap_or(u16::MAX),
            last: job.attempts >= job.max_attempts,
        };
        // A task of its own: a panic of the handler is a failed try, not the end of the worker.
        let mut running = Aborting(tokio::spawn(handler(context, job.payload.clone())));
        let result = loop {
            tokio::select! {
                ended = &mut running.0 => break ended.unwrap_or_else(|error| Err(panicked(error))),
                () = tokio::time::sleep(hold / 3) => if !self.hold(&job, hold).await {
                    tracing::warn!(kind = job.kind, job = %JobId::from_uuid(job.id), "lost the hold on a job");
                    return Ok(Outcome::Lost);
                },
            }
        };
        let outcome = match result {
            Ok(()) => self.finish(&job).await?,
            Err(error) => self.fail(&job, &error).await?,
        };
        let labels = [("kind", job.kind), ("outcome", outcome.name().to_owned())];
        metrics::counter!("jobs_total", &labels).increment(1);
        metrics::histogram!("job_seconds", &labels).record(began.elapsed());
        Ok(outcome)
    }

    async fn hold(&self, job: &Claimed, hold: Duration) -> bool {
        let until =
            self.clock.now() + SignedDuration::try_from(hold).unwrap_or(SignedDuration::from_secs(60));
        let held = self.db.platform(job.queue.hold, &[&job.tenant, &job.id, &job.worker, &until]).await;
        // A database that is away for a moment is no reason to stop: the hold is checked again when the job ends.
        held.map_or(true, |rows| !rows.is_empty())
    }

    async fn finish(&self, job: &Claimed) -> Result<Outcome, DbError> {
        let rows = self.db.platform(job.queue.done, &[&job.tenant, &job.id, &job.worker]).await?;
        Ok(if rows.is_empty() { Outcome::Lost } else { Outcome::Done })
    }

    async fn fail(&self, job: &Claimed, error: &JobError) -> Result<Outcome, DbError> {
        let dead = error.fatal || job.attempts >= job.max_attempts;
        let wait = backoff(job.attempts, self.random.below(1000));
        let next = (!dead).then(|| self.clock.now() + wait);
        let text: String = error.message.chars().take(LONGEST_ERROR).collect();
        let id = JobId::from_uuid(job.id);
        if dead {
            tracing::error!(kind = job.kind, job = %id, attempts = job.attempts, error = text, "a job is dead");
        } else {
            tracing::warn!(kind = job.kind, job = %id, attempts = job.attempts, error = text, "a job failed");
        }
        self.db.platform(job.queue.fail, &[&job.tenant, &job.id, &job.worker, &next, &text]).await?;
        Ok(if dead { Outcome::Dead } else { Outcome::Retry })
    }

    /// Puts a job that was not finished back, as if it had not been claimed.
    pub(crate) async fn give_back(
        &self,
        queue: &'static Queue,
        worker: Uuid,
        tenant: Uuid,
        id: Uuid,
    ) -> Result<(), DbError> {
        self.db.platform(queue.give_back, &[&tenant, &id, &worker]).await.map(drop)
    }
}

impl Claimed {
    fn of(row: &Row, queue: &'static Queue, worker: Uuid) -> Self {
        Self {
            queue,
            worker,
            tenant: row.get(0),
            id: row.get(1),
            kind: row.get(2),
            payload: row.get(3),
            attempts: row.get(4),
            max_attempts: row.get(5),
        }
    }

    pub(crate) fn key(&self) -> (Uuid, Uuid) {
        (self.tenant, self.id)
    }
}

/// A task that ends when nobody waits for it any more.
struct Aborting<T>(JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn panicked(error: tokio::task::JoinError) -> JobError {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            JobError::retry(format!("panicked: {text}"))
        }
        Err(error) => JobError::retry(error),
    }
}

/// 2, 4, 8 … seconds, at most an hour, ± 25 % so that jobs that failed together don't come back together.
/// `random`: 0 to 999.
fn backoff(attempts: i32, random: u64) -> SignedDuration {
    let exponent = u32::try_from(attempts).unwrap_or(1).clamp(1, 20);
    let seconds = 2u64.pow(exponent).min(LONGEST_BACKOFF);
    let milliseconds = seconds * 750 + seconds * random / 2;
    SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_an_hour_with_jitter() {
        for (attempts, random, milliseconds) in [
            (1, 0, 1500),
            (1, 500, 2000),
            (1, 999, 2499),
            (3, 500, 8000),
            (12, 500, 3_600_000),
            (i32::MAX, 999, 3_600 * 750 + 3_600 * 999 / 2),
        ] {
            assert_eq!(backoff(attempts, random).as_millis(), milliseconds, "{attempts} {random}");
        }
    }
}
