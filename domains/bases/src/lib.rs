//! Bases: relational tables of a tenant, kept in memory while somebody uses them, written through one actor each.
//!
//! - [`Bases`] is the service; [`api`] gives the routes of `api.`, [`routes`] the workspace page of `app.`.
//! - [`events`] tells other domains of this process what changed; [`collections`] gives a view's records to pages.

mod actor;
pub mod catalog;
pub mod collections;
pub mod developers;
pub mod events;
mod exports;
mod history;
mod http;
mod idempotency;
pub mod imports;
mod openapi;
mod problem;
mod records;
mod schema;
mod service;
pub mod v0;
mod windows;
pub mod workspace;

use kernel_jobs::{JobError, Jobs};

/// Adds this domain's kinds of jobs.
#[must_use]
pub fn jobs(jobs: Jobs, bases: &Bases) -> Jobs {
    let bases = bases.clone();
    jobs.on::<imports::run::RunImport, _, _>(move |_, job| {
        let bases = bases.clone();
        async move { bases.run_import(&job).await.map_err(JobError::from) }
    })
}

pub use collections::{Collection, CollectionField, CollectionRow, FieldFormat, ViewChoice};
pub use openapi::{api, document};
pub use service::{Bases, Parts};
pub use workspace::routes;
