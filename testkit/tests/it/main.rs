//! The whole system over a real cluster: tenants apart, processes together, nothing lost and nothing doubled.

mod app_cases;
mod app_isolation;
mod cases;
mod comments;
mod database;
mod events;
mod guards;
mod history;
mod idempotency;
mod imports;
mod isolation;
mod matrix;
mod permissions;
mod processes;
mod records_api;
mod secrets;
mod sites;
mod team;
mod trail;
mod v0;
mod v0_formulas;
mod v0_isolation;
mod v0_webhooks;
mod world;
mod writers;
