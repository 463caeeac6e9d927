//! Types of fields with their options (spec row D2): names on the wire, storage, which of them are computed.
//!
//! A new type is a variant here; what it stores ([`Storage`]) decides how it is filtered, sorted and totalled.

use super::{MAX_LONG_TEXT, MAX_TEXT};
use crate::ids::{FieldId, FieldNo, TableId, TableNo};
use crate::rollup::Summary;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Stable id, `sel…`; this is what cells store.
    pub id: String,
    /// Shown name, unique within the field without regard to case.
    pub name: String,
    /// Colour token name.
    #[serde(default)]
    pub colour: String,
}

/// Type of a field, with its options.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// Text of several lines.
    LongText,
    /// Text of several lines in Markdown.
    RichText,
    /// f64, never NaN or infinite.
    Number {
        /// Decimal places shown and used for totals, 0–8.
        precision: Option<u8>,
    },
    /// An amount of money, f64.
    Currency {
        /// Decimal places, 0–8; 2 if absent.
        precision: Option<u8>,
        /// ISO 4217 code or a symbol, at most eight characters.
        currency: String,
    },
    /// A share of one: 0.25 is shown as 25 %.
    Percent {
        /// Decimal places of what is shown, 0–8.
        precision: Option<u8>,
    },
    /// Seconds, f64.
    Duration,
    /// A whole number from 1 up to `max`.
    Rating {
        /// 1–10.
        max: u8,
    },
    /// True or empty.
    Checkbox,
    /// A calendar day.
    Date,
    /// An instant.
    DateTime {
        /// IANA zone that it is shown in; UTC if absent.
        zone: Option<String>,
    },
    /// A time of the day, in seconds since midnight; `10:30` or `10:30:15` on the wire.
    Time,
    /// A year, 1–9999.
    Year,
    /// One of the choices.
    Select {
        /// In the order that people gave them; sorting follows it.
        choices: Vec<Choice>,
    },
    /// Any of the choices, in the order that they were picked.
    MultiSelect {
        /// In the order that people gave them.
        choices: Vec<Choice>,
    },
    /// People of the tenant, by actor text (`usr_…`).
    User {
        /// Several; otherwise at most one.
        many: bool,
    },
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A telephone number.
    Phone,
    /// What a barcode or QR code says.
    Barcode,
    /// Any JSON; stored and compared as compact text.
    Json,
    /// RFC 9562, lower case.
    Uuid,
    /// `#rrggbb`.
    Colour,
    /// `latitude, longitude` in degrees (WGS 84).
    Geo,
    /// Files, in order.
    Attachment,
    /// One drawn picture; its name says whose.
    Signature,
    /// Ordered list of records of another (or the same) table.
    Link {
        /// The table that is pointed to.
        table: TableNo,
        /// The field there that shows the same links from the other side. None only inside a command that creates the field.
        symmetric: Option<FieldNo>,
        /// At most one record.
        single: bool,
    },
    /// Values of a field of the linked records.
    Lookup {
        /// A link field of the same table.
        link: FieldId,
        /// A field of the linked table.
        field: FieldId,
    },
    /// One value made of a field of all linked records.
    Rollup {
        /// A link field of the same table.
        link: FieldId,
        /// A field of the linked table.
        field: FieldId,
        /// How.
        summary: Summary,
        /// A type with the same storage that says how the result is shown.
        format: Option<Box<FieldKind>>,
    },
    /// Number of linked records.
    Count {
        /// A link field of the same table.
        link: FieldId,
    },
    /// A value calculated from the record, in the expression language.
    Formula {
        /// Fields by id (`{fld…}`) once checked.
        formula: String,
        /// A type with the same storage that says how the result is shown.
        format: Option<Box<FieldKind>>,
    },
    /// A number that every record has for itself, ascending in order of creation.
    Autonumber,
    /// When the record was made.
    CreatedTime {
        /// IANA zone that it is shown in; UTC if absent.
        zone: Option<String>,
    },
    /// When the record was changed last.
    ModifiedTime {
        /// IANA zone that it is shown in; UTC if absent.
        zone: Option<String>,
        /// Only changes of these fields count; of any field if empty.
        fields: Vec<FieldId>,
    },
    /// Who made the record.
    CreatedBy,
    /// Who changed the record last.
    ModifiedBy {
        /// Only changes of these fields count; of any field if empty.
        fields: Vec<FieldId>,
    },
    /// A button that opens an address.
    Button {
        /// What it says.
        label: String,
        /// The address, in the expression language; fields by id once checked.
        formula: String,
    },
    /// What a lookup through a link of many records holds: never stored, never chosen by a person.
    List {
        /// Type of an element.
        of: Box<FieldKind>,
    },
}

/// How values of a type are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Text,
    Number,
    Flag,
    Day,
    Instant,
    /// One id out of few.
    Choice,
    /// Ids out of few, or files, in order.
    Choices,
    Links,
    /// Values of other records.
    List,
}

/// Every type name that a person can choose, in the order in which they are offered.
pub const TYPE_NAMES: [&str; 37] = [
    "text",
    "long_text",
    "rich_text",
    "number",
    "currency",
    "percent",
    "duration",
    "rating",
    "checkbox",
    "date",
    "datetime",
    "time",
    "year",
    "select",
    "multi_select",
    "user",
    "email",
    "url",
    "phone",
    "barcode",
    "json",
    "uuid",
    "colour",
    "geo",
    "attachment",
    "signature",
    "link",
    "lookup",
    "rollup",
    "count",
    "formula",
    "autonumber",
    "created_time",
    "modified_time",
    "created_by",
    "modified_by",
    "button",
];

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
    /// The type's name on the wire and in SQL.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::RichText => "rich_text",
            Self::Number { .. } => "number",
            Self::Currency { .. } => "currency",
            Self::Percent { .. } => "percent",
            Self::Duration => "duration",
            Self::Rating { .. } => "rating",
            Self::Checkbox => "checkbox",
            Self::Date => "date",
            Self::DateTime { .. } => "datetime",
            Self::Time => "time",
            Self::Year => "year",
            Self::Select { .. } => "select",
            Self::MultiSelect { .. } => "multi_select",
            Self::User { .. } => "user",
            Self::Email => "email",
            Self::Url => "url",
            Self::Phone => "phone",
            Self::Barcode => "barcode",
            Self::Json => "json",
            Self::Uuid => "uuid",
            Self::Colour => "colour",
            Self::Geo => "geo",
            Self::Attachment => "attachment",
            Self::Signature => "signature",
            Self::Link { .. } => "link",
            Self::Lookup { .. } => "lookup",
            Self::Rollup { .. } => "rollup",
            Self::Count { .. } => "count",
            Self::Formula { .. } => "formula",
            Self::Autonumber => "autonumber",
            Self::CreatedTime { .. } => "created_time",
            Self::ModifiedTime { .. } => "modified_time",
            Self::CreatedBy => "created_by",
            Self::ModifiedBy { .. } => "modified_by",
            Self::Button { .. } => "button",
            Self::List { .. } => "list",
        }
    }

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

    /// How values are kept in memory. Of a computed type: Text; what its result is, [`super::Field::value_kind`] says.
    pub(crate) fn storage(&self) -> Storage {
        match self {
            Self::Number { .. }
            | Self::Currency { .. }
            | Self::Percent { .. }
            | Self::Duration
            | Self::Rating { .. }
            | Self::Year
            | Self::Time
            | Self::Autonumber
            | Self::Count { .. } => Storage::Number,
            Self::Checkbox => Storage::Flag,
            Self::Date => Storage::Day,
            Self::DateTime { .. } | Self::CreatedTime { .. } | Self::ModifiedTime { .. } => Storage::Instant,
            Self::Select { .. } => Storage::Choice,
            Self::MultiSelect { .. }
            | Self::User { .. }
            | Self::CreatedBy
            | Self::ModifiedBy { .. }
            | Self::Attachment
            | Self::Signature => Storage::Choices,
            Self::Link { .. } => Storage::Links,
            Self::List { .. } => Storage::List,
            _ => Storage::Text,
        }
    }

    /// Whether values are calculated and nothing is stored.
    pub fn is_computed(&self) -> bool {
        match self {
            Self::Lookup { .. }
            | Self::Rollup { .. }
            | Self::Count { .. }
            | Self::Formula { .. }
            | Self::Button { .. }
            | Self::Autonumber
            | Self::CreatedTime { .. }
            | Self::CreatedBy => true,
            // Times of single fields are facts that nothing else remembers.
            Self::ModifiedTime { fields, .. } | Self::ModifiedBy { fields } => fields.is_empty(),
            _ => false,
        }
    }

    /// Whether nobody can write a cell.
    pub fn is_read_only(&self) -> bool {
        self.is_computed() || matches!(self, Self::ModifiedTime { .. } | Self::ModifiedBy { .. })
    }

    /// Whether cells are stored as text that people write.
    pub fn is_text(&self) -> bool {
        self.storage() == Storage::Text && !self.is_computed()
    }

    /// Whether a field of this type can be the primary field, which names a record.
    pub fn can_be_primary(&self) -> bool {
        !matches!(
            self,
            Self::Link { .. }
                | Self::Checkbox
                | Self::Lookup { .. }
                | Self::Rollup { .. }
                | Self::Count { .. }
                | Self::Button { .. }
                | Self::User { .. }
                | Self::MultiSelect { .. }
                | Self::CreatedBy
                | Self::ModifiedBy { .. }
                | Self::Attachment
                | Self::Signature
                | Self::List { .. }
        )
    }

    /// Whether cells hold files.
    pub fn holds_files(&self) -> bool {
        matches!(self, Self::Attachment | Self::Signature)
    }

    /// The choices of a select or multi select.
    pub fn choices(&self) -> Option<&[Choice]> {
        match self {
            Self::Select { choices } | Self::MultiSelect { choices } => Some(choices),
            _ => None,
        }
    }

    /// The same type with other choices; unchanged for a type without choices.
    pub fn with_choices(&self, choices: Vec<Choice>) -> Self {
        match self {
            Self::Select { .. } => Self::Select { choices },
            Self::MultiSelect { .. } => Self::MultiSelect { choices },
            other => other.clone(),
        }
    }

    /// Most characters of a text cell.
    pub(crate) fn max_chars(&self) -> usize {
        match self {
            Self::LongText | Self::RichText | Self::Json => MAX_LONG_TEXT,
            Self::Phone => 100,
            _ => MAX_TEXT,
        }
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
