//! The trash of a base (spec D1, D7): deleted tables, fields, views and records, for 30 days.

pub(crate) mod api;
mod empty;
mod list;
mod store;

pub(crate) use empty::schedule;
pub(crate) use list::TableName;

/// Days that something stays in the trash.
pub(crate) const DAYS: i64 = 30;
