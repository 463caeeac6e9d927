//! Tenants as staff see them: search, one tenant's facts, suspend, resume, change of plan (spec X2).

mod model;
pub(crate) mod routes;
mod service;
mod store;
mod views;

pub use model::{Cause, Detail, Listed, Search, State};
pub use service::Tenants;
