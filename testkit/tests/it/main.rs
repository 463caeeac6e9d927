//! The whole system over a real cluster: tenants apart, processes together, nothing lost and nothing doubled.

mod app_cases;
mod app_isolation;
mod cases;
mod database;
mod idempotency;
mod imports;
mod isolation;
mod processes;
mod world;
mod writers;
