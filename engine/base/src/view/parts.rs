//! The parts of a view's settings. A part keeps members that this version does not know, so that an older process loses nothing;
//! [`super::ViewConfig::read`] lets none in.

use crate::ids::FieldId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One level of groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The field.
    pub field: FieldId,
    /// Highest first.
    #[serde(default)]
    pub desc: bool,
    /// Whether the group without a value and groups without records are left out.
    #[serde(default)]
    pub hide_empty: bool,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A record has the colour of the choice in this field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Colour {
    /// A select field.
    pub field: FieldId,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A board: a stack for each value of a field.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kanban {
    /// A select, a person or a link of one record. None: the board is not set up yet.
    pub field: Option<FieldId>,
    /// A field with the address of a picture.
    pub cover: Option<FieldId>,
    /// Whether stacks without records are left out.
    pub hide_empty: bool,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A calendar.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Calendar {
    /// The day or the moment at which a record begins.
    pub field: Option<FieldId>,
    /// Where it ends; none: it takes one day, or no time.
    pub end: Option<FieldId>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Bars on a line of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Gantt {
    /// Where a bar begins.
    pub start: Option<FieldId>,
    /// Where it ends.
    pub end: Option<FieldId>,
    /// How much of it is done: a percentage or a number.
    pub progress: Option<FieldId>,
    /// A link to records of the same table that must be done before.
    pub dependencies: Option<FieldId>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Cards.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Gallery {
    /// A field with the address of a picture.
    pub cover: Option<FieldId>,
    /// What stands on a card; none: the fields that the view shows.
    pub fields: Vec<FieldId>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Records with linked ones below them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListView {
    /// Links of the table whose records stand below each record.
    pub levels: Vec<FieldId>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A form that makes records.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Above everything; the view's name if empty.
    pub title: String,
    /// Below the title.
    pub description: String,
    /// What is asked, in this order.
    pub fields: Vec<FormField>,
    /// What the button says.
    pub submit: String,
    /// What is said afterwards.
    pub after_text: String,
    /// Where to go afterwards, instead.
    pub after_url: Option<String>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A question of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormField {
    /// What the answer is written to.
    pub field: FieldId,
    /// Whether there must be an answer, besides what the field itself asks.
    #[serde(default)]
    pub required: bool,
    /// Below the question.
    #[serde(default)]
    pub help: String,
    /// When it is asked: conditions on the answers (see [`crate::condition`]); none: always.
    #[serde(default)]
    pub condition: Option<Value>,
    /// What a newer version keeps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
