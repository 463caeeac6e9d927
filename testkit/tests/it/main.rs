//! The whole system over a real cluster: tenants apart, processes together, nothing lost and nothing doubled.

mod app_cases;
mod app_isolation;
mod cases;
mod database;
mod history;
mod idempotency;
mod imports;
mod isolation;
mod processes;
mod sites;
mod v0;
mod v0_formulas;
mod v0_isolation;
mod world;
mod writers;
