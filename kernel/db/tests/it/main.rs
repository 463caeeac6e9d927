//! `kernel_db` against a real cluster that the test starts in a temporary folder.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod check;
mod cluster;
mod isolation;
mod listen;
mod migrate;
mod pool;
mod tls;
mod world;
