//! Snapshots of a base (spec D7, ADR 0009): named versions, listed, deleted, restored as new bases. A base is never overwritten.

pub(crate) mod api;
mod renumber;
pub(crate) mod restore;
mod service;
mod store;

/// Snapshots that a base may have.
pub(crate) const MAX_SNAPSHOTS: i64 = 50;
/// Restores that an organisation may have running at a time.
const MAX_RESTORES: i64 = 3;
