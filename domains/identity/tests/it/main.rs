//! The identity domain against a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod account;
mod authenticator;
mod browser;
mod factor_pages;
mod factors;
mod leaving;
mod links;
mod pages;
mod passkey_checks;
mod passkeys;
mod passwords;
mod sessions;
mod signup;
mod world;
