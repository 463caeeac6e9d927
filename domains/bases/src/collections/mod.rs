//! Records of a view for a published page: a bounded list with display values, and what it depends on.

mod choices;
mod format;
mod service;

pub use choices::ViewChoice;
pub use format::FieldFormat;
pub use service::MAX_ROWS;

use engine_base::{FieldId, RecordId, TableId};

/// A field of a collection.
#[derive(Clone, Debug)]
pub struct CollectionField {
    /// The field.
    pub id: FieldId,
    /// Its name today.
    pub name: String,
    /// Its type's API name, e.g. `number`.
    pub kind: &'static str,
    /// How its values are shown to people.
    pub format: FieldFormat,
}

/// One record of a collection.
#[derive(Clone, Debug)]
pub struct CollectionRow {
    /// The record.
    pub id: RecordId,
    /// Values by field id (`fld…`): text, number, bool, days (`2026-11-21`) and instants (RFC 3339) as text, a select's
    /// name, linked records' names joined by ", ". Their fields' formats say how people read them.
    pub values: serde_json::Map<String, serde_json::Value>,
}

/// The first records of a view, as a page shows them.
#[derive(Clone, Debug)]
pub struct Collection {
    /// The base's sequence number that this is the state of.
    pub seq: u64,
    /// The table that the view shows.
    pub table: TableId,
    /// Tables whose changes can change this answer: the view's own and those that its links lead to.
    pub depends_on: Vec<TableId>,
    /// Fields that the view shows, in its order.
    pub fields: Vec<CollectionField>,
    /// At most as many as were asked for.
    pub rows: Vec<CollectionRow>,
    /// How many records the view has.
    pub total: usize,
}
