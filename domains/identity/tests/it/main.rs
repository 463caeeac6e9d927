//! The identity domain against a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod account;
mod browser;
mod factor_pages;
mod factors;
mod links;
mod pages;
mod passwords;
mod sessions;
mod signup;
mod world;
