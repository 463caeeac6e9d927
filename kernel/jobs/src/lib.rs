//! Work that outlives its request: jobs in Postgres, enqueued in the transaction that needs them (spec O4, ADR 0003).
//!
//! A job runs at least once: handlers are idempotent. A failed one is tried again with backoff and jitter; one that has
//! used up its tries stays as a dead letter until staff retries or discards it. Several processes share the queues.
//!
//! ```ignore
//! #[derive(Serialize, Deserialize)]
//! struct SendMail { to: String }
//! impl Job for SendMail { const NAME: &'static str = "send_mail"; }
//!
//! kernel_jobs::enqueue(&mut tx, &SendMail { to }, JobOptions::default()).await?;   // in the use case's transaction
//! let jobs = Jobs::new(db, clock, random).on::<SendMail, _, _>(move |_ctx, job| { … async move { … } });
//! let worker = jobs.start(WorkerOptions::default());                               // in the server
//! jobs.drain().await?;                                                             // in tests
//! ```

mod dead;
mod enqueue;
mod registry;
mod run;
mod schedule;
mod store;
mod worker;

pub use dead::DeadJob;
pub use enqueue::{JobOptions, enqueue};
pub use registry::{Context, Job, JobError, Jobs};
pub use run::Drained;
pub use schedule::Schedule;
pub use worker::{Worker, WorkerOptions};
