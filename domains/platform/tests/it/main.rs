//! The staff portal over HTTP against a migrated PostgreSQL: sign-in, audit chain, tenants.

mod audit;
mod sign_in;
mod templates;
mod tenants;
mod world;
