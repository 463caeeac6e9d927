//! A cell's stored value, as it stands in Postgres and in changes: JSON without its type. What a text means (text, day,
//! instant, choice id) is said by the field.

use crate::ids::RowNo;
use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// A stored value. JSON: null, `true`, number, text, list of row numbers, list of texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// No value. Empty text, `false` and an empty list of links are stored as this.
    #[default]
    Empty,
    /// A ticked checkbox.
    True,
    /// Never NaN or infinite.
    Number(f64),
    /// Text; a day `2026-11-21`; an instant in RFC 3339 with `Z`; the id of a choice. Never empty.
    Text(Box<str>),
    /// Ids of choices or people, in order, without repetition. Never empty.
    Texts(Box<[Box<str>]>),
    /// Rows of the linked table, in order, without repetition. Never empty.
    Links(Box<[RowNo]>),
}

impl Cell {
    /// Text, or Empty for an empty one.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// Links, or Empty for none.
    pub fn links(rows: Vec<RowNo>) -> Self {
        if rows.is_empty() { Self::Empty } else { Self::Links(rows.into_boxed_slice()) }
    }

    /// Ids, or Empty for none.
    pub fn texts(ids: Vec<Box<str>>) -> Self {
        if ids.is_empty() { Self::Empty } else { Self::Texts(ids.into_boxed_slice()) }
    }

    /// The ids; none for any other value.
    pub fn ids(&self) -> &[Box<str>] {
        if let Self::Texts(ids) = self { ids } else { &[] }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The linked rows; none for any other value.
    pub fn rows(&self) -> &[RowNo] {
        if let Self::Links(rows) = self { rows } else { &[] }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_unit(),
            Self::True => serializer.serialize_bool(true),
            // Whole numbers without ".0": shorter, and the same to every JSON reader.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                serializer.serialize_i64(*number as i64)
            }
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(ids) => serializer.collect_seq(ids.iter()),
            Self::Links(rows) => {
                let mut list = serializer.serialize_seq(Some(rows.len()))?;
                for row in rows {
                    list.serialize_element(row)?;
                }
                list.end()
            }
        }
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, true, a number, a text or a list of row numbers or texts")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Empty)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(if value { Cell::True } else { Cell::Empty })
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Element {
            Row(RowNo),
            Id(Box<str>),
        }
        let (mut rows, mut ids) = (Vec::with_capacity(list.size_hint().unwrap_or(0).min(64)), Vec::new());
        while let Some(element) = list.next_element::<Element>()? {
            match element {
                Element::Row(row) => rows.push(row),
                Element::Id(id) => ids.push(id),
            }
        }
        Ok(if ids.is_empty() { Cell::links(rows) } else { Cell::texts(ids) })
    }
}

/// Reads a number to the last bit. serde_json by itself may be off by one in the last place, and then memory would differ
/// from what was written.
pub(crate) fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    exact_number(raw.get())
}

fn exact_number<E: de::Error>(text: &str) -> Result<f64, E> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| E::custom("expected a finite number"))
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return exact_number(text).map(Self::Number);
        }
        serde_json::Deserializer::from_str(text).deserialize_any(CellVisitor).map_err(de::Error::custom)
    }
}
