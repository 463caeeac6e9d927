//! Types of fields with their options (spec row D2): names on the wire, storage, which of them are computed.
//!
//! A new type is a variant here; what it stores ([`Storage`]) decides how it is filtered, sorted and totalled.

use super::{MAX_LONG_TEXT, MAX_TEXT};
use crate::ids::{FieldId, FieldNo, TableNo};
use crate::rollup::Summary;
use serde::{Deserialize, Serialize};

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
