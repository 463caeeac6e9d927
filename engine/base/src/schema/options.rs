//! Options of field types as JSON: read with their limits, written as stored and as /v1 shows them.

use super::kind::{Choice, FieldKind, TYPE_NAMES};
use crate::ids::{FieldId, TableId};
use crate::rollup::Summary;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberOptions {
    #[serde(default)]
    precision: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrencyOptions {
    #[serde(default)]
    precision: Option<u8>,
    currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatingOptions {
    #[serde(default = "five")]
    max: u8,
}

fn five() -> u8 {
    5
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneOptions {
    #[serde(default)]
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModifiedOptions {
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    fields: Vec<FieldId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldsOptions {
    #[serde(default)]
    fields: Vec<FieldId>,
}

#[derive(Deserialize)]
struct ChoiceInput {
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    colour: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectOptions {
    #[serde(default)]
    choices: Vec<ChoiceInput>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserOptions {
    #[serde(default)]
    many: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOptions {
    table: TableId,
    #[serde(default)]
    symmetric_field: Option<FieldId>,
    #[serde(default = "yes")]
    many: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupOptions {
    link_field: FieldId,
    field: FieldId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollupOptions {
    link_field: FieldId,
    field: FieldId,
    function: Summary,
    #[serde(default)]
    format: Option<FormatOptions>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountOptions {
    link_field: FieldId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormulaOptions {
    formula: String,
    #[serde(default)]
    format: Option<FormatOptions>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormatOptions {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    options: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ButtonOptions {
    label: String,
    formula: String,
}

fn format_of(format: Option<FormatOptions>) -> Result<Option<Box<FieldKind>>, String> {
    let Some(FormatOptions { kind, options }) = format else { return Ok(None) };
    match FieldKind::from_parts(&kind, &options)? {
        kind @ (FieldKind::Number { .. }
        | FieldKind::Currency { .. }
        | FieldKind::Percent { .. }
        | FieldKind::Duration
        | FieldKind::Rating { .. }
        | FieldKind::DateTime { .. }
        | FieldKind::Email
        | FieldKind::Url
        | FieldKind::Phone
        | FieldKind::LongText
        | FieldKind::RichText
        | FieldKind::Colour) => Ok(Some(Box::new(kind))),
        other => Err(format!("A result can't be shown as {}.", other.type_name())),
    }
}

fn format_json(format: &Option<Box<FieldKind>>) -> Option<Value> {
    format.as_ref().map(|kind| json!({ "type": kind.type_name(), "options": kind.options() }))
}

fn with(mut options: Value, name: &str, value: Option<Value>) -> Value {
    if let (Some(map), Some(value)) = (options.as_object_mut(), value) {
        map.insert(name.to_owned(), value);
    }
    options
}

impl FieldKind {
    /// The options as JSON (`{}` for a type without any), as stored and as /v1 shows them.
    pub fn options(&self) -> Value {
        match self {
            Self::Number { precision: Some(places) } | Self::Percent { precision: Some(places) } => {
                json!({ "precision": places })
            }
            Self::Currency { precision, currency } => {
                with(json!({ "currency": currency }), "precision", precision.map(Value::from))
            }
            Self::Rating { max } => json!({ "max": max }),
            Self::DateTime { zone: Some(zone) } | Self::CreatedTime { zone: Some(zone) } => {
                json!({ "zone": zone })
            }
            Self::ModifiedTime { zone, fields } => {
                let fields = (!fields.is_empty()).then(|| json!(fields));
                with(with(json!({}), "zone", zone.clone().map(Value::from)), "fields", fields)
            }
            Self::ModifiedBy { fields } if !fields.is_empty() => json!({ "fields": fields }),
            Self::Select { choices } | Self::MultiSelect { choices } => json!({ "choices": choices }),
            Self::User { many: true } => json!({ "many": true }),
            Self::Link { table, symmetric, single } => json!({
                "table": table.id(),
                "symmetric_field": symmetric.map(|field| table.field(field)),
                "many": !single,
            }),
            Self::Lookup { link, field } => json!({ "link_field": link, "field": field }),
            Self::Rollup { link, field, summary, format } => {
                let options = json!({ "link_field": link, "field": field, "function": summary });
                with(options, "format", format_json(format))
            }
            Self::Count { link } => json!({ "link_field": link }),
            Self::Formula { formula, format } => {
                with(json!({ "formula": formula }), "format", format_json(format))
            }
            Self::Button { label, formula } => json!({ "label": label, "formula": formula }),
            Self::List { of } => json!({ "of": { "type": of.type_name(), "options": of.options() } }),
            _ => Value::Object(Map::new()),
        }
    }

    /// The opposite of [`type_name`](Self::type_name) and [`options`](Self::options). Choices without an id keep an empty
    /// id, which `check` fills in. The error is a sentence for people.
    pub fn from_parts(type_name: &str, options: &Value) -> Result<Self, String> {
        let options = if options.is_null() { Value::Object(Map::new()) } else { options.clone() };
        let empty = |kind: Self, options: &Value| match options.as_object() {
            Some(map) if map.is_empty() => Ok(kind),
            _ => Err(format!("A field of type {type_name} takes no options.")),
        };
        let broken = |error: serde_json::Error| format!("The options can't be read: {error}.");
        let made = |c: ChoiceInput| Choice { id: c.id, name: c.name, colour: c.colour };
        Ok(match type_name {
            "text" => empty(Self::Text, &options)?,
            "long_text" => empty(Self::LongText, &options)?,
            "rich_text" => empty(Self::RichText, &options)?,
            "duration" => empty(Self::Duration, &options)?,
            "checkbox" => empty(Self::Checkbox, &options)?,
            "date" => empty(Self::Date, &options)?,
            "time" => empty(Self::Time, &options)?,
            "year" => empty(Self::Year, &options)?,
            "email" => empty(Self::Email, &options)?,
            "url" => empty(Self::Url, &options)?,
            "phone" => empty(Self::Phone, &options)?,
            "barcode" => empty(Self::Barcode, &options)?,
            "json" => empty(Self::Json, &options)?,
            "uuid" => empty(Self::Uuid, &options)?,
            "colour" => empty(Self::Colour, &options)?,
            "geo" => empty(Self::Geo, &options)?,
            "attachment" => empty(Self::Attachment, &options)?,
            "signature" => empty(Self::Signature, &options)?,
            "autonumber" => empty(Self::Autonumber, &options)?,
            "created_by" => empty(Self::CreatedBy, &options)?,
            "number" => {
                let NumberOptions { precision } = serde_json::from_value(options).map_err(broken)?;
                Self::Number { precision }
            }
            "percent" => {
                let NumberOptions { precision } = serde_json::from_value(options).map_err(broken)?;
                Self::Percent { precision }
            }
            "currency" => {
                let CurrencyOptions { precision, currency } =
                    serde_json::from_value(options).map_err(broken)?;
                Self::Currency { precision, currency }
            }
            "rating" => {
                let RatingOptions { max } = serde_json::from_value(options).map_err(broken)?;
                Self::Rating { max }
            }
            "datetime" => {
                let ZoneOptions { zone } = serde_json::from_value(options).map_err(broken)?;
                Self::DateTime { zone }
            }
            "created_time" => {
                let ZoneOptions { zone } = serde_json::from_value(options).map_err(broken)?;
                Self::CreatedTime { zone }
            }
            "modified_time" => {
                let ModifiedOptions { zone, fields } = serde_json::from_value(options).map_err(broken)?;
                Self::ModifiedTime { zone, fields }
            }
            "modified_by" => {
                let FieldsOptions { fields } = serde_json::from_value(options).map_err(broken)?;
                Self::ModifiedBy { fields }
            }
            "select" => {
                let SelectOptions { choices } = serde_json::from_value(options).map_err(broken)?;
                Self::Select { choices: choices.into_iter().map(made).collect() }
            }
            "multi_select" => {
                let SelectOptions { choices } = serde_json::from_value(options).map_err(broken)?;
                Self::MultiSelect { choices: choices.into_iter().map(made).collect() }
            }
            "user" => {
                let UserOptions { many } = serde_json::from_value(options).map_err(broken)?;
                Self::User { many }
            }
            "link" => {
                let link: LinkOptions = serde_json::from_value(options).map_err(broken)?;
                if link.symmetric_field.is_some_and(|field| field.table != link.table.0) {
                    return Err("symmetric_field is not a field of the linked table.".into());
                }
                let symmetric = link.symmetric_field.map(|field| field.field);
                Self::Link { table: link.table.0, symmetric, single: !link.many }
            }
            "lookup" => {
                let LookupOptions { link_field, field } = serde_json::from_value(options).map_err(broken)?;
                Self::Lookup { link: link_field, field }
            }
            "rollup" => {
                let RollupOptions { link_field, field, function, format } =
                    serde_json::from_value(options).map_err(broken)?;
                Self::Rollup { link: link_field, field, summary: function, format: format_of(format)? }
            }
            "count" => {
                let CountOptions { link_field } = serde_json::from_value(options).map_err(broken)?;
                Self::Count { link: link_field }
            }
            "formula" => {
                let FormulaOptions { formula, format } = serde_json::from_value(options).map_err(broken)?;
                Self::Formula { formula, format: format_of(format)? }
            }
            "button" => {
                let ButtonOptions { label, formula } = serde_json::from_value(options).map_err(broken)?;
                Self::Button { label, formula }
            }
            other => {
                return Err(format!("There is no field type {other}; use one of {}.", TYPE_NAMES.join(", ")));
            }
        })
    }
}

impl Serialize for FieldKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.type_name(), self.options()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FieldKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, options) = <(String, Value)>::deserialize(deserializer)?;
        Self::from_parts(&name, &options).map_err(serde::de::Error::custom)
    }
}
