//! The tenancy domain against a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
#[path = "../../../identity/tests/it/browser.rs"]
#[expect(dead_code, reason = "shared with the tests of identity")]
mod browser;
mod members;
mod pages;
mod security;
mod tenants;
mod tokens;
mod town;
#[path = "../../../identity/tests/it/world.rs"]
mod world;
