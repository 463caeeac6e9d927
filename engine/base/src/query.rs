//! What to show: a table, which rows, in which order. A query's canonical text is the key under which its order is kept.

use crate::condition::Condition;
use crate::ids::{FieldNo, RowNo, TableNo};
use serde::{Deserialize, Serialize};

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// A field's values.
    Field(FieldNo),
    /// When the record was created.
    CreatedTime,
    /// When the record was last changed.
    UpdatedTime,
}

/// One part of a sort. Empty values come last in both directions (a box that is not ticked is none); rows that tie stand in order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Highest first.
    pub desc: bool,
}

/// Rows of a table, filtered and sorted. `condition`, `filter` and `search` must all hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuerySpec {
    /// The table.
    pub table: TableNo,
    /// Conditions as a tree.
    pub condition: Option<Condition>,
    /// A filter in the expression language.
    pub filter: Option<String>,
    /// Most significant first; none means order of creation (row number).
    pub sort: Vec<Sort>,
    /// Text that some cell of the row must contain, without regard to case.
    pub search: Option<String>,
    /// Fields in which `search` does not look: who asks may not see them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsearched: Vec<FieldNo>,
}

impl QuerySpec {
    /// All rows of a table, in order of creation.
    pub fn all(table: TableNo) -> Self {
        Self { table, condition: None, filter: None, sort: Vec::new(), search: None, unsearched: Vec::new() }
    }

    /// The key of the kept order: equal for equal queries.
    pub(crate) fn key(&self) -> String {
        // Only text keys and finite numbers: writing it can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a query depends on besides the base.
#[derive(Debug, Clone, Copy)]
pub struct QueryContext<'a> {
    /// Now, in microseconds since 1970 UTC: `TODAY()` and `NOW()` of filters.
    pub now_us: i64,
    /// IANA zone in which days begin; unknown names are taken as UTC.
    pub zone: &'a str,
}

/// Why a query can't be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Where: `where`, `filter`, `sort`, `table`.
    pub member: &'static str,
    /// JSON pointer inside `where`, e.g. `/and/0/value`; empty elsewhere.
    pub pointer: String,
    /// `unknown_field`, `unknown_op`, `op_not_for_type`, `invalid_value`, `too_deep`, or the code of a filter diagnostic.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// Start and length in bytes of the filter's text, for filter errors.
    pub span: Option<(usize, usize)>,
}

/// A stretch of rows in the query's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Rows of the whole query.
    pub total: usize,
    /// Place of the first row of `rows`.
    pub offset: usize,
    /// The rows.
    pub rows: Vec<RowNo>,
}

/// One value of a row's sort key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum KeyValue {
    /// No value: after all others.
    #[serde(rename = "e")]
    Empty,
    /// Text, name of a linked record.
    #[serde(rename = "t")]
    Text(String),
    /// A number.
    #[serde(rename = "n")]
    Number(#[serde(deserialize_with = "crate::cell::exact")] f64),
    /// Days, microseconds, place of a choice, a ticked box.
    #[serde(rename = "i")]
    Int(i64),
}

/// Where a list stopped: the sort values of its last row as they were, and that row. Survives changes and deletion of the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// One value for each part of the sort.
    #[serde(rename = "k")]
    pub values: Vec<KeyValue>,
    /// The row.
    #[serde(rename = "r")]
    pub row: RowNo,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<RowNo>,
    /// Where to go on; None at the end.
    pub next: Option<SortKey>,
}
