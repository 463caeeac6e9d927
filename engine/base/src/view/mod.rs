//! What a saved view keeps: filter, conditions, sort, which fields are shown and how; and a part for each type of view. Pure
//! data; queries are made from it.
//!
//! Invariants of a view that [`ViewConfig::read`] and the checks of commands let through: every field that it names is in its
//! table and of a type that fits its place ([`Need`]). A field that goes, or becomes something else, is forgotten
//! ([`ViewConfig::refit`]), and the view stays. Parts of other types than the view's own are kept: a view that becomes a
//! calendar and a board again is the board that it was.

mod fit;
mod parts;
mod shape;

use crate::ids::FieldId;
pub use fit::Need;
use indexmap::IndexMap;
pub use parts::{Calendar, Colour, Form, FormField, Gallery, Gantt, Group, Kanban, ListView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Types of views, in the order in which they are offered.
pub const VIEW_TYPES: [&str; 7] = ["grid", "kanban", "calendar", "gantt", "gallery", "list", "form"];
/// Fields that a view is grouped by, at most.
pub const MAX_GROUPS: usize = 4;
/// Characters of a text of a form, at most.
pub const MAX_FORM_TEXT: usize = 10_000;

/// Who has a view. Its owner is who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewAccess {
    /// Everybody who sees the table; whoever may edit views edits it.
    #[default]
    Shared,
    /// Its owner alone. For anybody else it is not there.
    Personal,
    /// Everybody sees it, nobody edits it before it is unlocked.
    Locked,
}

impl ViewAccess {
    pub(crate) fn is_shared(&self) -> bool {
        *self == Self::Shared
    }
}

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
    /// `short`, `medium`, `tall`, `extra`.
    pub row_height: Option<String>,
    /// What stands below the columns.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub totals: IndexMap<FieldId, String>,
    /// What rows are grouped by, outermost first: they are sorted by it before anything else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<Group>,
    /// What gives a record its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// A board.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kanban: Option<Kanban>,
    /// A calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// Bars on a line of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gantt: Option<Gantt>,
    /// Cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gallery: Option<Gallery>,
    /// Records with linked ones below them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<ListView>,
    /// A form that makes records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Members that this version does not know; kept, so that an older process loses nothing.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
