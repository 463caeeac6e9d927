//! Ids of the data plane: a three-letter prefix and 14 base-62 digits that encode 83 bits, `number · 2^39 + n`.
//!
//! `number` (44 bits) is the random number of a base or table, unique within its tenant; `n` (39 bits) is the field, view or
//! row within the table, from 1; 0 for the base or table itself. So a record id alone says which table and row it is.
//!
//! Invariant: text → id → text gives the same text; every id of a kind has the same length (17 bytes).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 14;
const N_BITS: u32 = 39;
const NUMBER_BITS: u32 = 44;

/// Highest number of a base or table (44 bits).
pub const MAX_NUMBER: u64 = (1 << NUMBER_BITS) - 1;
/// Highest row, field or view number (39 bits).
pub const MAX_N: u64 = (1 << N_BITS) - 1;
/// Bytes of an id's text: prefix and digits.
pub const ID_LEN: usize = 3 + WIDTH;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadId {
    /// The prefix that was expected, e.g. `tbl`.
    pub prefix: &'static str,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an id that starts with {} and has {ID_LEN} characters", self.prefix)
    }
}

impl std::error::Error for BadId {}

/// Number of a table, 44 bits, unique within the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TableNo(pub u64);

/// Number of a field within its table, from 1. Never used again after the field was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldNo(pub u32);

/// Number of a view within its table, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewNo(pub u32);

/// Number of a row within its table, from 1. Never used again, except by the restored record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowNo(pub u64);

/// Place of a row in the columns of its table; private to memory, reused after deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

fn encode(prefix: &str, number: u64, n: u64) -> [u8; ID_LEN] {
    let mut out = [b'0'; ID_LEN];
    out[..3].copy_from_slice(prefix.as_bytes());
    let value = (u128::from(number) << N_BITS) | u128::from(n);
    // Two 64-bit halves of seven digits each: dividing a u128 fourteen times costs more than all else in a record's JSON.
    const HALF: u128 = 62u128.pow(7);
    let (mut high, mut low) = ((value / HALF) as u64, (value % HALF) as u64);
    for place in out[10..].iter_mut().rev() {
        *place = DIGITS[(low % 62) as usize];
        low /= 62;
    }
    for place in out[3..10].iter_mut().rev() {
        *place = DIGITS[(high % 62) as usize];
        high /= 62;
    }
    out
}

fn decode(prefix: &'static str, text: &str) -> Result<(u64, u64), BadId> {
    let bad = BadId { prefix };
    let digits = text.strip_prefix(prefix).filter(|rest| rest.len() == WIDTH).ok_or_else(|| bad.clone())?;
    let mut value = 0u128;
    for byte in digits.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return Err(bad),
        };
        value = value * 62 + u128::from(digit);
    }
    let (number, n) = ((value >> N_BITS), (value & u128::from(MAX_N)) as u64);
    if number > u128::from(MAX_NUMBER) {
        return Err(bad);
    }
    Ok((number as u64, n))
}

// The kinds differ only in their parts; text, parsing and serde are written once.
macro_rules! text_forms {
    ($name:ident, $prefix:literal, |$id:ident| $parts:expr, |$number:ident, $n:ident| $make:expr) => {
        impl $name {
            /// The three letters in front.
            pub const PREFIX: &'static str = $prefix;

            /// The id's text as bytes, for writing JSON without an allocation.
            pub fn text(self) -> [u8; ID_LEN] {
                let $id = self;
                let (number, n) = $parts;
                encode($prefix, number, n)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = self.text();
                f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let ($number, $n) = decode($prefix, text)?;
                let made: Option<Self> = $make;
                made.ok_or(BadId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A base: `app…`. The number is unique within the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BaseId(pub u64);

/// A table: `tbl…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub TableNo);

/// A field of a table: `fld…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId {
    /// The table that the field belongs to.
    pub table: TableNo,
    /// The field within the table.
    pub field: FieldNo,
}

/// A view of a table: `viw…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId {
    /// The table that the view shows.
    pub table: TableNo,
    /// The view within the table.
    pub view: ViewNo,
}

/// A record: `rec…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// The table that the record is in.
    pub table: TableNo,
    /// The row within the table.
    pub row: RowNo,
}

text_forms!(BaseId, "app", |id| (id.0, 0), |number, n| (n == 0).then_some(BaseId(number)));
text_forms!(TableId, "tbl", |id| (id.0.0, 0), |number, n| (n == 0).then_some(TableId(TableNo(number))));
text_forms!(FieldId, "fld", |id| (id.table.0, u64::from(id.field.0)), |number, n| {
    u32::try_from(n).ok().filter(|n| *n > 0).map(|n| FieldId { table: TableNo(number), field: FieldNo(n) })
});
text_forms!(ViewId, "viw", |id| (id.table.0, u64::from(id.view.0)), |number, n| {
    u32::try_from(n).ok().filter(|n| *n > 0).map(|n| ViewId { table: TableNo(number), view: ViewNo(n) })
});
text_forms!(RecordId, "rec", |id| (id.table.0, id.row.0), |number, n| {
    (n > 0).then_some(RecordId { table: TableNo(number), row: RowNo(n) })
});

impl TableNo {
    /// The table's id.
    pub fn id(self) -> TableId {
        TableId(self)
    }

    /// The id of one of its fields.
    pub fn field(self, field: FieldNo) -> FieldId {
        FieldId { table: self, field }
    }

    /// The id of one of its views.
    pub fn view(self, view: ViewNo) -> ViewId {
        ViewId { table: self, view }
    }

    /// The id of one of its records.
    pub fn record(self, row: RowNo) -> RecordId {
        RecordId { table: self, row }
    }
}

/// A number for a new base or table from 64 random bits; never 0.
pub fn random_number(bits: u64) -> u64 {
    (bits & MAX_NUMBER).max(1)
}

/// Ten base-62 digits from 64 random bits, for ids of select choices (`sel…`).
pub(crate) fn choice_id(mut bits: u64) -> String {
    let mut id = String::with_capacity(13);
    id.push_str("sel");
    for _ in 0..10 {
        id.push(char::from(DIGITS[(bits % 62) as usize]));
        bits /= 62;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let record = RecordId { table: TableNo(MAX_NUMBER), row: RowNo(MAX_N) };
        let text = record.to_string();
        assert_eq!(text.len(), ID_LEN);
        assert_eq!(text.parse::<RecordId>(), Ok(record));
        assert_eq!(TableNo(1).id().to_string(), "tbl00000009g59MuG");
        assert_eq!("tbl00000009g59MuG".parse::<TableId>(), Ok(TableId(TableNo(1))));
    }

    #[test]
    fn other_kinds_and_broken_text_are_refused() {
        for text in
            ["", "tbl", "rec00000000000000", "tbl0000000000000é", "tblzzzzzzzzzzzzzz", "tbl00000009g59MuH"]
        {
            assert!(text.parse::<TableId>().is_err(), "{text}");
        }
        assert!("rec00000009g59MuG".parse::<RecordId>().is_err(), "row 0 is no record");
    }
}
