//! How a field's values are shown, apart from the language of whoever looks.

use super::CollectionField;
use engine_base::{Field, FieldKind, TableNo};

/// What a field says of how its values are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldFormat {
    /// As they are.
    Text,
    /// With so many decimals; `None`: as many as the number has.
    Number(Option<u8>),
    /// Yes or no.
    Checkbox,
    /// A calendar day.
    Date,
    /// A moment, in this IANA zone; `None`: UTC.
    DateTime(Option<String>),
}

impl FieldFormat {
    /// The format of a field of this kind.
    #[must_use]
    pub fn of(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Number { precision } => Self::Number(*precision),
            FieldKind::Currency { precision, .. } => Self::Number(Some(precision.unwrap_or(2))),
            FieldKind::Rating { .. } => Self::Number(Some(0)),
            FieldKind::Checkbox => Self::Checkbox,
            FieldKind::Date => Self::Date,
            FieldKind::DateTime { zone } => Self::DateTime(zone.clone()),
            _ => Self::Text,
        }
    }
}

/// A table's field as collections hand it out.
pub(super) fn handed_out(table: TableNo, field: &Field) -> CollectionField {
    CollectionField {
        id: table.field(field.no),
        name: field.name.clone(),
        kind: field.kind.type_name(),
        format: FieldFormat::of(field.value_kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_fields_are_handed_on() {
        let zone = Some("Europe/Berlin".to_owned());
        for (kind, format) in [
            (FieldKind::Number { precision: Some(2) }, FieldFormat::Number(Some(2))),
            (FieldKind::Number { precision: None }, FieldFormat::Number(None)),
            (FieldKind::DateTime { zone: zone.clone() }, FieldFormat::DateTime(zone)),
            (FieldKind::Date, FieldFormat::Date),
            (FieldKind::Url, FieldFormat::Text),
            (FieldKind::Select { choices: Vec::new() }, FieldFormat::Text),
        ] {
            assert_eq!(FieldFormat::of(&kind), format);
        }
    }
}
