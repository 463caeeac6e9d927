//! What happened in a base (spec D14): every change by whom, when, to what; and taking one back (spec D7).

pub(crate) mod api;
mod csv;
mod entry;
mod log;
mod store;
mod undo;

pub(crate) use api::{SchemaVersions, schema_versions};

/// Entries of one answer at most.
pub(crate) const MAX_PAGE: u64 = 200;
/// Bytes of a change that is read whole: of a bigger one (an import, a conversion) only the counts are told.
const MAX_READ: i32 = 256 << 10;
