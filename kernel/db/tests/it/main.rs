//! `kernel_db` against a real cluster that the test starts in a temporary folder.

mod check;
mod cluster;
mod isolation;
mod listen;
mod migrate;
mod pool;
mod world;
