//! The staff audit log: every sign-in, look and change of staff as one hash-chained sequence (spec X6).
//!
//! A row is written *before* the action it tells of. Without the row the action does not happen; an action that fails
//! afterwards leaves a second row with the same action and `outcome` "failed".

mod csv;
mod model;
pub(crate) mod routes;
mod service;
mod store;
mod views;

pub use model::{Action, Broken, Entry, Event, Head, Link, Outcome};
pub use service::{Audit, Filter};
pub(crate) use views::Line;
