//! Tables, fields and views of a base over HTTP (spec D1, D2). Every change of them is a change of the base's sequence.

pub(crate) mod back;
pub(crate) mod fields;
mod store;
pub(crate) mod tables;
pub(crate) mod versions;
pub(crate) mod views;

use crate::sight::Seen;
use engine_base::{
    Base, Field, FieldId, FieldKind, FieldNo, FieldRules, NewField, TableId, TableNo, View, ViewAccess,
    ViewId, ViewNo,
};
use kernel_core::{Caller, Capability, Code, Error, FieldError, Level, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A table as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableSchema {
    #[schema(value_type = String)]
    id: TableId,
    name: String,
    description: String,
    #[schema(value_type = String)]
    primary_field: FieldId,
    /// How many records the table has.
    records: usize,
    fields: Vec<FieldSchema>,
    views: Vec<ViewSchema>,
}

/// A field as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldSchema {
    #[schema(value_type = String)]
    id: FieldId,
    name: String,
    /// `text`, `number`, `select`, `link` …
    #[serde(rename = "type")]
    kind: &'static str,
    description: String,
    /// By type: `precision`, `choices`, `table` …
    options: serde_json::Value,
    /// Whether the value is computed, or may not be changed by whoever asks.
    read_only: bool,
    /// While the values of a large table are calculated in the background: the share that has been, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    calculated: Option<f64>,
}

/// A view as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ViewSchema {
    #[schema(value_type = String)]
    id: ViewId,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    /// `shared`, `personal` or `locked`.
    #[schema(value_type = String)]
    access: ViewAccess,
    /// What whoever asks may do with the view itself: `edit` it, change its `access`, make it `personal`, make links to it
    /// (`share`).
    may: Vec<&'static str>,
    /// For all types `filter`, `where`, `sort`, `hidden`, `widths`, `order`, `row_height`, `totals`, `group`, `colour`; and a part
    /// for each type: `kanban`, `calendar`, `gantt`, `gallery`, `list`, `form`.
    #[schema(value_type = Object)]
    config: engine_base::ViewConfig,
}

impl TableSchema {
    pub(crate) fn of(base: &Base, table: &Seen<'_>, now_us: i64) -> Self {
        let number = table.number();
        Self {
            id: number.id(),
            name: table.head.name.clone(),
            description: table.head.description.clone(),
            primary_field: number.field(table.head.primary_field),
            records: table.count(base, now_us),
            fields: table.fields.iter().map(|field| FieldSchema::of(base, table, field)).collect(),
            views: table.views.iter().map(|view| ViewSchema::of(table, view)).collect(),
        }
    }
}

impl TableSchema {
    /// A table as it was: nothing of it can be written.
    pub(crate) fn past(base: &Base, table: &Seen<'_>, now_us: i64) -> Self {
        let mut shown = Self::of(base, table, now_us);
        shown.fields.iter_mut().for_each(|field| field.read_only = true);
        shown.views.iter_mut().for_each(|view| view.may.clear());
        shown
    }
}

impl FieldSchema {
    pub(crate) fn of(base: &Base, table: &Seen<'_>, field: &Field) -> Self {
        Self {
            id: table.number().field(field.no),
            name: field.name.clone(),
            kind: field.kind.type_name(),
            description: field.description.clone(),
            options: base.schema().shown_options(table, field),
            read_only: !table.writes(field.no),
            calculated: base.calculated(table.number(), field.no),
        }
    }
}

impl ViewSchema {
    pub(crate) fn of(table: &Seen<'_>, view: &View) -> Self {
        Self {
            id: table.number().view(view.no),
            name: view.name.clone(),
            kind: view.kind.clone(),
            access: view.access,
            may: table.may(view),
            config: view.config.clone(),
        }
    }
}

/// A field to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldInput {
    /// Shown name, 1 to 100 characters, unique in the table.
    name: String,
    /// One of the field types, e.g. `text`, `number`, `select`, `link`, `formula`.
    #[serde(rename = "type", default = "text")]
    kind: String,
    /// By type: `{"precision": 2}`, `{"choices": [{"name": "Open"}]}`, `{"table": "tbl…"}`, `{"formula": "{Price} * 2"}`; for any
    /// type that is not computed also `required`, `unique` and `default`.
    #[serde(default)]
    options: serde_json::Value,
    /// Free text.
    #[serde(default)]
    description: String,
}

fn text() -> String {
    "text".to_owned()
}

impl FieldInput {
    /// The engine's form; errors at `{pointer}/type` or `{pointer}/options`.
    pub(crate) fn into_new(self, pointer: &str) -> Result<NewField, FieldError> {
        let (rules, own) = rules_of(&self.options, pointer)?;
        let kind = kind_of(&self.kind, &own, pointer)?;
        Ok(NewField { name: self.name, description: self.description, kind, rules })
    }
}

/// The rules among a field's options, and the options of its type.
pub(crate) fn rules_of(
    options: &serde_json::Value,
    pointer: &str,
) -> Result<(FieldRules, serde_json::Value), FieldError> {
    FieldRules::split(options)
        .map_err(|problem| FieldError::new(format!("{pointer}/options"), Code::InvalidValue, problem))
}

pub(crate) fn kind_of(
    name: &str,
    options: &serde_json::Value,
    pointer: &str,
) -> Result<FieldKind, FieldError> {
    FieldKind::from_parts(name, options).map_err(|problem| {
        let known = engine_base::schema::TYPE_NAMES.contains(&name);
        let member = if known { "options" } else { "type" };
        FieldError::new(format!("{pointer}/{member}"), Code::InvalidValue, problem)
    })
}

/// What the caller may do in a base, in the words of token scopes. Some of its tables may be closed further.
pub(crate) fn permissions(caller: &Caller, base: u64) -> Vec<&'static str> {
    let level = caller.base(base);
    [
        (Capability::ReadRecords, Level::Read, "read"),
        (Capability::CommentRecords, Level::Comment, "comment"),
        (Capability::WriteRecords, Level::Edit, "write"),
        (Capability::DeleteRecords, Level::Edit, "delete"),
        (Capability::EditViews, Level::Edit, "views"),
        (Capability::EditSchema, Level::Manage, "schema"),
        (Capability::ExportData, Level::Read, "export"),
    ]
    .into_iter()
    .filter_map(|(capability, needed, name)| (level >= needed && caller.may(capability)).then_some(name))
    .collect()
}

pub(crate) fn table_no(text: &str) -> Result<TableNo> {
    text.parse::<TableId>().map(|id| id.0).map_err(|_| Error::not_found())
}

pub(crate) fn field_no(text: &str) -> Result<(TableNo, FieldNo)> {
    text.parse::<FieldId>().map(|id| (id.table, id.field)).map_err(|_| Error::not_found())
}

pub(crate) fn view_no(text: &str) -> Result<(TableNo, ViewNo)> {
    text.parse::<ViewId>().map(|id| (id.table, id.view)).map_err(|_| Error::not_found())
}
