//! What a saved view keeps: filter, conditions, sort, which fields are shown and how. Pure data; queries are made from it.

use crate::ids::FieldId;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One field of a sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewSort {
    /// The field.
    pub field: FieldId,
    /// Highest first.
    #[serde(default)]
    pub desc: bool,
}

/// Settings of a view, as stored and as /v1 shows them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewConfig {
    /// Filter in the expression language.
    pub filter: Option<String>,
    /// Conditions as JSON (see [`crate::condition`]).
    #[serde(rename = "where")]
    pub where_: Option<Value>,
    /// Sort, most significant first.
    pub sort: Vec<ViewSort>,
    /// Fields that are not shown.
    pub hidden: Vec<FieldId>,
    /// Column widths in CSS pixels.
    pub widths: IndexMap<FieldId, u32>,
    /// Order of the columns; fields that are not named follow in table order.
    pub order: Vec<FieldId>,
    /// `short`, `medium`, `tall`.
    pub row_height: Option<String>,
    /// Members that this version does not know; kept, so that an older process loses nothing.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ViewConfig {
    /// Forgets a field that was deleted. The conditions stay: they report the missing field when they are used.
    pub(crate) fn forget(&mut self, field: FieldId) -> bool {
        let before = (self.sort.len(), self.hidden.len(), self.widths.len(), self.order.len());
        self.sort.retain(|sort| sort.field != field);
        self.hidden.retain(|hidden| *hidden != field);
        self.widths.shift_remove(&field);
        self.order.retain(|shown| *shown != field);
        before != (self.sort.len(), self.hidden.len(), self.widths.len(), self.order.len())
    }
}
