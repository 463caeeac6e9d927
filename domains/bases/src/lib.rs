//! Bases: relational tables of a tenant, kept in memory while somebody uses them, written through one actor each.
//!
//! - [`Bases`] is the service; [`api`] gives the routes of `api.`, [`routes`] the workspace page of `app.`.
//! - [`events`] tells other domains of this process what changed; [`collections`] gives a view's records to pages.

mod activity;
mod actor;
mod attachments;
pub mod catalog;
pub mod collections;
mod comments;
pub mod developers;
pub mod events;
mod exports;
mod files;
mod history;
mod http;
mod idempotency;
pub mod imports;
mod openapi;
mod past;
mod people;
mod problem;
mod records;
mod retention;
mod schema;
mod search;
mod service;
mod shares;
mod sight;
mod snapshots;
mod timed_id;
mod trash;
mod upserts;
pub mod v0;
mod who;
mod windows;
pub mod workspace;

use kernel_jobs::{JobError, Jobs};

/// Adds this domain's kinds of jobs.
#[must_use]
pub fn jobs(jobs: Jobs, bases: &Bases) -> Jobs {
    let jobs = trash::schedule(jobs, bases);
    let jobs = attachments::schedule(jobs, bases);
    let (importer, teller) = (bases.clone(), bases.clone());
    let (counter, notifier) = (bases.clone(), bases.clone());
    let restorer = bases.clone();
    let jobs = jobs.on::<snapshots::restore::RestoreSnapshot, _, _>(move |context, job| {
        let bases = restorer.clone();
        async move {
            let tenant = context.tenant.ok_or_else(|| JobError::fatal("a snapshot of no tenant"))?;
            bases.run_restore(tenant, &job).await.map_err(JobError::from)
        }
    });
    jobs.on::<imports::run::RunImport, _, _>(move |_, job| {
        let bases = importer.clone();
        async move { bases.run_import(&job).await.map_err(JobError::from) }
    })
    .on::<comments::MentionJob, _, _>(move |context, job| {
        let bases = teller.clone();
        async move {
            let tenant = context.tenant.ok_or_else(|| JobError::fatal("a mention of no tenant"))?;
            bases.tell_mentioned(tenant, &job).await.map_err(JobError::from)
        }
    })
    .on::<v0::webhooks::ChangesJob, _, _>(move |context, job| {
        let bases = counter.clone();
        async move {
            let tenant = context.tenant.ok_or_else(|| JobError::fatal("a base of no tenant"))?;
            bases.count_for_webhooks(tenant, &job).await.map_err(JobError::from)
        }
    })
    .on::<v0::webhooks::NotifyJob, _, _>(move |context, job| {
        let bases = notifier.clone();
        async move { bases.notify_receiver(&context, &job).await }
    })
}

pub use attachments::{Scanning, StorageLimits};
pub use collections::{Collection, CollectionField, CollectionRow, FieldFormat, ViewChoice};
pub use openapi::{api, document};
pub use retention::{HistoryPlans, schedule as keep_history_by_plan};
pub use service::{Bases, Parts};
pub use workspace::routes;
