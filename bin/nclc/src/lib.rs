//! The one program: everything put together. `main.rs` is its command line; tests start a [`System`] of their own.

pub mod check;
pub mod log;
pub mod portals;
pub mod providers;
pub mod seed;
pub mod settings;
pub mod system;
pub mod trail;

pub use system::System;
