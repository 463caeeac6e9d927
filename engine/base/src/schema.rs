//! Tables, fields and views as data. The schema holds no values and no caches.
//!
//! Invariants (kept by `check`, trusted everywhere else): names are unique within their list without regard to case; every
//! link has its other side (`symmetric`) in the table that it points to; the primary field exists and can be read as text;
//! field and view numbers are below the table's counters.

use crate::ids::{FieldId, FieldNo, TableId, TableNo, ViewNo};
use crate::view::ViewConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Tables of a base.
pub const MAX_TABLES: usize = 200;
/// Fields of a table.
pub const MAX_FIELDS: usize = 500;
/// Views of a table.
pub const MAX_VIEWS: usize = 500;
/// Choices of a select field.
pub const MAX_CHOICES: usize = 2_000;
/// Characters of a name of a base, table, field, view or choice.
pub const MAX_NAME: usize = 100;
/// Characters of a description.
pub const MAX_DESCRIPTION: usize = 10_000;
/// Characters of a `text`, `email` or `url` cell.
pub const MAX_TEXT: usize = 10_000;
/// Characters of a `long_text` cell.
pub const MAX_LONG_TEXT: usize = 100_000;
/// Records in one link cell.
pub const MAX_LINKS: usize = 10_000;
/// Rows of a table that memory can address.
pub const MAX_ROWS: usize = 16_000_000;

/// Name and look of the base itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BaseInfo {
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    #[serde(default)]
    pub description: String,
    /// Icon name, if one was chosen.
    #[serde(default)]
    pub icon: Option<String>,
    /// Colour token name, if one was chosen.
    #[serde(default)]
    pub colour: Option<String>,
}

/// All tables of a base, in order of `position`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// Name and look of the base.
    pub info: BaseInfo,
    /// The tables, sorted by (`position`, number).
    pub tables: Vec<Table>,
}

/// What is stored about a table besides its fields, views and rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHead {
    /// The table's number.
    pub number: TableNo,
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    #[serde(default)]
    pub description: String,
    /// Icon name, if one was chosen.
    #[serde(default)]
    pub icon: Option<String>,
    /// The field that names a record.
    pub primary_field: FieldNo,
    /// Place among the tables, ascending.
    pub position: i32,
    /// Number that the next field gets.
    pub next_field: u32,
    /// Number that the next view gets.
    pub next_view: u32,
}

/// A table: head, fields and views.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name, counters and so on.
    pub head: TableHead,
    /// Number that the next row gets. Not part of the head: it moves with every created record.
    pub next_row: u64,
    /// Sorted by (`position`, number).
    pub fields: Vec<Field>,
    /// Sorted by (`position`, number).
    pub views: Vec<View>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field within its table.
    pub no: FieldNo,
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    pub description: String,
    /// Type and options.
    pub kind: FieldKind,
    /// Place among the fields, ascending.
    pub position: i32,
}

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
    /// f64, never NaN or infinite.
    Number {
        /// Decimal places shown and used for totals, 0–8.
        precision: Option<u8>,
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
    /// One of the choices.
    Select {
        /// In the order that people gave them; sorting follows it.
        choices: Vec<Choice>,
    },
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// Ordered list of records of another (or the same) table.
    Link {
        /// The table that is pointed to.
        table: TableNo,
        /// The field there that shows the same links from the other side. None only inside a command that creates the field.
        symmetric: Option<FieldNo>,
    },
}

/// Every type name, in the order in which a person is offered them.
pub const TYPE_NAMES: [&str; 10] =
    ["text", "long_text", "number", "checkbox", "date", "datetime", "select", "email", "url", "link"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberOptions {
    #[serde(default)]
    precision: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateTimeOptions {
    #[serde(default)]
    zone: Option<String>,
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
struct LinkOptions {
    table: TableId,
    #[serde(default)]
    symmetric_field: Option<FieldId>,
    #[serde(default)]
    #[expect(dead_code, reason = "part of the wire form; a link always holds a list in this version")]
    many: Option<bool>,
}

impl FieldKind {
    /// The type's name on the wire and in SQL.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Number { .. } => "number",
            Self::Checkbox => "checkbox",
            Self::Date => "date",
            Self::DateTime { .. } => "datetime",
            Self::Select { .. } => "select",
            Self::Email => "email",
            Self::Url => "url",
            Self::Link { .. } => "link",
        }
    }

    /// The options as JSON (`{}` for a type without any), as stored and as /v1 shows them.
    pub fn options(&self) -> Value {
        match self {
            Self::Number { precision: Some(places) } => json!({ "precision": places }),
            Self::DateTime { zone: Some(zone) } => json!({ "zone": zone }),
            Self::Select { choices } => json!({ "choices": choices }),
            Self::Link { table, symmetric } => json!({
                "table": table.id(),
                "symmetric_field": symmetric.map(|field| table.field(field)),
                "many": true,
            }),
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
        Ok(match type_name {
            "text" => empty(Self::Text, &options)?,
            "long_text" => empty(Self::LongText, &options)?,
            "checkbox" => empty(Self::Checkbox, &options)?,
            "date" => empty(Self::Date, &options)?,
            "email" => empty(Self::Email, &options)?,
            "url" => empty(Self::Url, &options)?,
            "number" => {
                let NumberOptions { precision } = serde_json::from_value(options).map_err(broken)?;
                Self::Number { precision }
            }
            "datetime" => {
                let DateTimeOptions { zone } = serde_json::from_value(options).map_err(broken)?;
                Self::DateTime { zone }
            }
            "select" => {
                let SelectOptions { choices } = serde_json::from_value(options).map_err(broken)?;
                let made = |c: ChoiceInput| Choice { id: c.id, name: c.name, colour: c.colour };
                Self::Select { choices: choices.into_iter().map(made).collect() }
            }
            "link" => {
                let link: LinkOptions = serde_json::from_value(options).map_err(broken)?;
                if link.symmetric_field.is_some_and(|field| field.table != link.table.0) {
                    return Err("symmetric_field is not a field of the linked table.".into());
                }
                Self::Link { table: link.table.0, symmetric: link.symmetric_field.map(|field| field.field) }
            }
            other => {
                return Err(format!("There is no field type {other}; use one of {}.", TYPE_NAMES.join(", ")));
            }
        })
    }

    /// Whether cells are stored as free text.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Email | Self::Url)
    }

    /// Whether a field of this type can be the primary field (links and checkboxes can't name a record).
    pub fn can_be_primary(&self) -> bool {
        !matches!(self, Self::Link { .. } | Self::Checkbox)
    }

    /// Most characters of a text cell.
    pub(crate) fn max_chars(&self) -> usize {
        if matches!(self, Self::LongText) { MAX_LONG_TEXT } else { MAX_TEXT }
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

/// A saved view of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The view within its table.
    pub no: ViewNo,
    /// Shown name.
    pub name: String,
    /// `grid` in this version; kept as text so that later types are not lost.
    #[serde(rename = "type")]
    pub kind: String,
    /// Filter, sort, hidden fields and so on.
    pub config: ViewConfig,
    /// Place among the views, ascending.
    pub position: i32,
    /// Who made it (actor text), empty if unknown.
    #[serde(default)]
    pub created_by: String,
}

impl TableHead {
    /// This head with counters that are not behind the other's: a number that was given out is never given out again.
    pub(crate) fn counted_on(mut self, other: Option<&Self>) -> Self {
        if let Some(other) = other {
            self.next_field = self.next_field.max(other.next_field);
            self.next_view = self.next_view.max(other.next_view);
        }
        self
    }
}

impl Schema {
    /// The table with this number.
    pub fn table(&self, number: TableNo) -> Option<&Table> {
        self.tables.iter().find(|table| table.head.number == number)
    }

    /// The table with this name, without regard to case.
    pub fn table_by_name(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| same_name(&table.head.name, name))
    }

    /// The field, if table and field exist.
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        self.table(id.table)?.field(id.field)
    }

    pub(crate) fn table_mut(&mut self, number: TableNo) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.head.number == number)
    }
}

impl Table {
    /// The table's number.
    pub fn number(&self) -> TableNo {
        self.head.number
    }

    /// The field with this number.
    pub fn field(&self, no: FieldNo) -> Option<&Field> {
        self.fields.iter().find(|field| field.no == no)
    }

    /// The field with this name, without regard to case.
    pub fn field_by_name(&self, name: &str) -> Option<&Field> {
        let exact = self.fields.iter().find(|field| field.name == name);
        exact.or_else(|| self.fields.iter().find(|field| same_name(&field.name, name)))
    }

    /// The field that an API caller means by `text`: an id (`fld…`) of this table or a name.
    pub fn field_by_key(&self, text: &str) -> Option<&Field> {
        if let Ok(id) = text.parse::<FieldId>()
            && id.table == self.head.number
            && let Some(field) = self.field(id.field)
        {
            return Some(field);
        }
        self.field_by_name(text)
    }

    /// The field that names a record.
    pub fn primary(&self) -> Option<&Field> {
        self.field(self.head.primary_field)
    }

    /// The view with this number.
    pub fn view(&self, no: ViewNo) -> Option<&View> {
        self.views.iter().find(|view| view.no == no)
    }

    /// The view with this name, without regard to case.
    pub fn view_by_name(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| same_name(&view.name, name))
    }
}

/// Whether two names are the same to a person: equal without regard to case.
pub fn same_name(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

/// The name without surrounding space, or a sentence that says what is wrong with it.
pub fn clean_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err("Enter a name.".into());
    }
    if name.chars().count() > MAX_NAME {
        return Err(format!("A name has at most {MAX_NAME} characters."));
    }
    if name.chars().any(char::is_control) {
        return Err("A name can't contain line breaks or other control characters.".into());
    }
    Ok(name.to_owned())
}
