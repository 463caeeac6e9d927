//! A person's own account: name, time zone, theme, password, sessions (spec A12).

pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;
