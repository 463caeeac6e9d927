//! Kinds of jobs and their handlers.

use crate::Schedule;
use kernel_core::{Clock, JobId, Random, TenantId};
use kernel_db::Db;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// A kind of job: its payload as it is stored.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stored name; never changes once jobs of it may be waiting.
    const NAME: &'static str;
    /// Tries until it is a dead letter. The default spreads over about three hours.
    const MAX_ATTEMPTS: u16 = 13;
}

/// What a handler knows besides the job.
#[derive(Clone, Debug)]
pub struct Context {
    /// The databases.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The tenant whose job it is.
    pub tenant: Option<TenantId>,
    /// The job: the same for every try, so it can serve as an idempotency key.
    pub id: JobId,
    /// Which try this is, from 1.
    pub attempt: u16,
    /// Whether a failure now makes it a dead letter.
    pub last: bool,
}

/// Why a job failed, and whether trying again may help.
#[derive(Debug)]
pub struct JobError {
    pub(crate) message: String,
    pub(crate) fatal: bool,
}

impl JobError {
    /// Trying again can't help: the job becomes a dead letter at once.
    pub fn fatal(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), fatal: true }
    }
    /// It may work later.
    pub fn retry(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), fatal: false }
    }
}

impl<E: std::error::Error> From<E> for JobError {
    /// It may work later. The stored text has the causes as well.
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { message, fatal: false }
    }
}

type Running = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;
type Handler = Arc<dyn Fn(Context, serde_json::Value) -> Running + Send + Sync>;

/// All kinds of jobs that a program can run. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) handlers: Arc<BTreeMap<&'static str, Handler>>,
    pub(crate) schedules: Arc<Vec<Schedule>>,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("kinds", &self.kinds()).finish_non_exhaustive()
    }
}

impl Jobs {
    /// No kinds yet.
    #[must_use]
    pub fn new(db: Db, clock: Clock, random: Random) -> Self {
        Self { db, clock, random, handlers: Arc::default(), schedules: Arc::default() }
    }

    /// Says how jobs of one kind are done. The later of two handlers wins.
    #[must_use]
    pub fn on<J: Job, F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Context, J) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |context, payload| match serde_json::from_value::<J>(payload) {
            Ok(job) => Box::pin(handler(context, job)),
            Err(error) => {
                let failed = JobError::fatal(format!("the stored payload is not a {}: {error}", J::NAME));
                Box::pin(std::future::ready(Err(failed)))
            }
        });
        Arc::make_mut(&mut self.handlers).insert(J::NAME, handler);
        self
    }

    /// Enqueues a job again and again, once for each time slot, whichever process is up.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        Arc::make_mut(&mut self.schedules).push(schedule);
        self
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }
}
