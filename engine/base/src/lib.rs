//! A base in memory: typed columns, links with both sides, kept orders of queries, and the changes that all of it follows.
//!
//! ```text
//! rows ──load_row──▶ Base ──check(command)──▶ Change ──stored──▶ Postgres
//!                     ▲                          │
//!                     └────── apply(seq, …) ◀────┘──▶ Effects
//! ```
//!
//! Invariants:
//! - [`Base::check`] may fail and writes nothing; [`Base::apply`] can't fail. So there is no rollback.
//! - Memory is the fold of the changes: loading rows at some sequence number and applying the changes since gives the same
//!   base as applying all changes, and so does reading the changes back from JSON.
//! - Both sides of a link are fields, and both are in every change that touches either.
//! - A kept order equals the order made from scratch; a window is a slice of it, and groups are runs of it.
//! - No clock, no randomness, no IO: now, random bits and time zones are parameters.

#![cfg_attr(
    test,
    expect(clippy::duplicate_mod, reason = "each test file brings the support module along, see below")
)]

mod aggregate;
mod apply;
mod back;
mod base;
mod cell;
mod change;
mod check;
mod coerce;
mod collate;
mod column;
mod command;
mod computed;
mod condition;
mod files;
mod first_sort;
mod groups;
pub mod ids;
mod json;
mod kept_json;
mod lists;
mod order;
mod orders;
mod past;
mod plain;
mod query;
mod rollup;
mod rows;
mod scan;
pub mod schema;
mod select;
mod sort;
mod stored;
mod time;
mod unique;
mod view;

pub use aggregate::{Aggregate, AggregateValue};
pub use back::{BackBlock, BackDone, BackPart, Blocked, GoingBack, PartId, SchemaGoal};
pub use base::{Base, LoadError, Memory};
pub use cell::Cell;
pub use change::{
    CHANGE_VERSION, CellEdit, Change, ChangeKind, Effects, FieldFacts, RowEdit, RowFacts, RowMeta,
    SchemaEdit, TableEffects, Touched,
};
pub use check::Conversion;
pub use coerce::{Refusal, coerce, strict};
pub use command::{CellCode, CellError, CheckContext, Command, InputCells, Merge, NewField, StoredCells};
pub use computed::Part;
pub use condition::{Condition, Op};
pub use files::{FileFacts, FileTexts, FileUrls, MAX_FILE_NAME, MAX_FILES, SIGNATURE_TYPE};
pub use groups::{Folded, GroupKey, GroupLine, Grouping, Line, LinePlace, Lines};
pub use ids::{BaseId, FieldId, FieldNo, RecordId, RowNo, TableId, TableNo, ViewId, ViewNo};
pub use json::Keys;
pub use past::Past;
pub use plain::Plain;
pub use query::{KeyValue, Page, QueryContext, QueryError, QuerySpec, Sort, SortBy, SortKey, Window};
pub use rollup::Summary;
pub use schema::{
    BaseInfo, Choice, Field, FieldKind, FieldRules, Outcome, Schema, Table, TableHead, Trash, Validation,
    View,
};
pub use stored::{EditedRow, NewRow, Stored};
pub use view::{
    Calendar, Colour, Form, FormField, Gallery, Gantt, Group, Kanban, ListView, MAX_GROUPS, Need, VIEW_TYPES,
    ViewAccess, ViewConfig, ViewSort,
};

// The oracle tests run twice: as they are, and in here, where chunks and limits are small enough for ten rows to reach them.
#[cfg(test)]
extern crate self as engine_base;
#[cfg(test)]
#[path = "../tests/back.rs"]
mod back_small;
#[cfg(test)]
#[path = "../tests/computed.rs"]
mod computed_small;
#[cfg(test)]
#[path = "../tests/filters.rs"]
mod filters_small;
#[cfg(test)]
#[path = "../tests/fold.rs"]
mod fold_small;
#[cfg(test)]
#[path = "../tests/groups.rs"]
mod groups_small;
#[cfg(test)]
#[path = "../tests/model.rs"]
mod model_small;
#[cfg(test)]
#[path = "../tests/orders.rs"]
mod orders_small;
#[cfg(test)]
#[path = "../tests/past.rs"]
mod past_small;
#[cfg(test)]
#[path = "../tests/undo.rs"]
mod undo_small;
