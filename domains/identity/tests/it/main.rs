//! The identity domain against a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod account;
mod browser;
mod pages;
mod passwords;
mod sessions;
mod signup;
mod world;
