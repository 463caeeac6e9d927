//! The staff portal over HTTP against a migrated PostgreSQL: sign-in, audit chain, tenants.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod audit;
mod sign_in;
mod templates;
mod tenants;
mod world;
