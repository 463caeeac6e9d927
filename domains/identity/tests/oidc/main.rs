//! Logging in with an account elsewhere, against a real database and providers inside the test.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../it/browser.rs"]
#[expect(dead_code, reason = "shared with the other tests of identity")]
mod browser;
mod idp;
mod pages;
mod protocol;
#[path = "../it/world.rs"]
#[expect(dead_code, reason = "shared with the other tests of identity")]
mod world;
