//! One field's values over all slots, in the storage kind of its type. A slot beyond the end is empty.
//!
//! Invariants: an empty text, `false` and an empty list are the same as no value; numbers are finite.

mod interned;
mod link;
mod list;
mod text;

use crate::cell::Cell;
use crate::ids::{RowNo, Slot};
use crate::schema::Storage;
use crate::time;
use engine_expr::Value;
pub(crate) use interned::Interned;
pub(crate) use link::LinkColumn;
pub(crate) use list::ListColumn;
use std::sync::Arc;
pub(crate) use text::TextColumn;

const NO_DAY: i32 = i32::MIN;
const NO_INSTANT: i64 = i64::MIN;

/// Values of one field.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Text(TextColumn),
    /// NaN is "no value".
    Number(Vec<f64>),
    /// One bit a slot.
    Flag(Vec<u64>),
    /// Days since 1970-01-01.
    Day(Vec<i32>),
    /// Microseconds since 1970 UTC.
    Instant(Vec<i64>),
    /// Ids of choices.
    Choice(Interned<str>),
    /// Lists of ids, not empty.
    Choices(Interned<[Box<str>]>),
    Links(LinkColumn),
    List(ListColumn),
}

/// A value, borrowed from its column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ValueRef<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    True,
    Day(i32),
    Instant(i64),
    /// The choice's id.
    Choice(&'a str),
    /// Ids, not empty.
    Choices(&'a [Box<str>]),
    Links(&'a [RowNo]),
    /// Not empty.
    List(&'a Arc<[Value]>),
}

fn put<T: Copy>(values: &mut Vec<T>, slot: Slot, value: T, empty: T, is_empty: bool) {
    let at = slot.0 as usize;
    if at >= values.len() {
        if is_empty {
            return;
        }
        values.resize(at + 1, empty);
    }
    values[at] = value;
}

impl Column {
    /// An empty column.
    pub(crate) fn new(storage: Storage) -> Self {
        match storage {
            Storage::Text => Self::Text(TextColumn::default()),
            Storage::Number => Self::Number(Vec::new()),
            Storage::Flag => Self::Flag(Vec::new()),
            Storage::Day => Self::Day(Vec::new()),
            Storage::Instant => Self::Instant(Vec::new()),
            Storage::Choice => Self::Choice(Interned::default()),
            Storage::Choices => Self::Choices(Interned::default()),
            Storage::Links => Self::Links(LinkColumn::default()),
            Storage::List => Self::List(ListColumn::default()),
        }
    }

    /// The value at a slot.
    pub(crate) fn value(&self, slot: Slot) -> ValueRef<'_> {
        let at = slot.0 as usize;
        match self {
            Self::Text(column) => match column.get(slot) {
                "" => ValueRef::Empty,
                text => ValueRef::Text(text),
            },
            Self::Number(values) => match values.get(at) {
                Some(number) if !number.is_nan() => ValueRef::Number(*number),
                _ => ValueRef::Empty,
            },
            Self::Flag(bits) => match bits.get(at / 64) {
                Some(word) if word >> (at % 64) & 1 == 1 => ValueRef::True,
                _ => ValueRef::Empty,
            },
            Self::Day(values) => match values.get(at) {
                Some(day) if *day != NO_DAY => ValueRef::Day(*day),
                _ => ValueRef::Empty,
            },
            Self::Instant(values) => match values.get(at) {
                Some(micros) if *micros != NO_INSTANT => ValueRef::Instant(*micros),
                _ => ValueRef::Empty,
            },
            Self::Choice(column) => column.get(slot).map_or(ValueRef::Empty, ValueRef::Choice),
            Self::Choices(column) => column.get(slot).map_or(ValueRef::Empty, ValueRef::Choices),
            Self::Links(column) => match column.get(slot) {
                [] => ValueRef::Empty,
                rows => ValueRef::Links(rows),
            },
            Self::List(column) => column.get(slot).map_or(ValueRef::Empty, ValueRef::List),
        }
    }

    /// Whether there is a value at a slot.
    pub(crate) fn is_filled(&self, slot: Slot) -> bool {
        match self {
            Self::Text(column) => column.is_filled(slot),
            _ => self.value(slot) != ValueRef::Empty,
        }
    }

    /// The value in stored form.
    pub(crate) fn cell(&self, slot: Slot) -> Cell {
        match self.value(slot) {
            ValueRef::Empty => Cell::Empty,
            ValueRef::Text(text) | ValueRef::Choice(text) => Cell::text(text),
            ValueRef::Number(number) => Cell::Number(number),
            ValueRef::True => Cell::True,
            ValueRef::Day(day) => Cell::text(time::day_text(day)),
            ValueRef::Instant(micros) => Cell::text(time::instant_text(micros)),
            ValueRef::Choices(ids) => Cell::Texts(ids.into()),
            ValueRef::Links(rows) => Cell::links(rows.to_vec()),
            // Lists are of computed fields only, which store nothing.
            ValueRef::List(_) => Cell::Empty,
        }
    }

    /// Writes a stored value. One that does not fit the column's kind empties the slot.
    pub(crate) fn set(&mut self, slot: Slot, cell: &Cell) {
        match cell {
            Cell::Empty => self.clear(slot),
            Cell::True => self.set_true(slot),
            Cell::Number(number) => self.set_number(slot, *number),
            Cell::Text(text) => self.set_text(slot, text),
            Cell::Texts(ids) => self.set_choices(slot, ids),
            Cell::Links(rows) => match self {
                Self::Links(column) => column.set(slot, rows),
                _ => self.clear(slot),
            },
        }
    }

    /// Writes a stored text: what it means is up to the kind.
    pub(crate) fn set_text(&mut self, slot: Slot, text: &str) {
        match self {
            Self::Text(column) => column.set(slot, text),
            Self::Day(values) => {
                let day = time::parse_day(text).unwrap_or(NO_DAY);
                put(values, slot, day, NO_DAY, day == NO_DAY);
            }
            Self::Instant(values) => {
                let micros = time::parse_instant(text).unwrap_or(NO_INSTANT);
                put(values, slot, micros, NO_INSTANT, micros == NO_INSTANT);
            }
            Self::Choice(column) => column.set(slot, text),
            Self::Number(_) | Self::Flag(_) | Self::Choices(_) | Self::Links(_) | Self::List(_) => {
                self.clear(slot)
            }
        }
    }

    pub(crate) fn set_number(&mut self, slot: Slot, number: f64) {
        match self {
            Self::Number(values) => put(values, slot, number, f64::NAN, number.is_nan()),
            _ => self.clear(slot),
        }
    }

    pub(crate) fn set_true(&mut self, slot: Slot) {
        let Self::Flag(bits) = self else { return self.clear(slot) };
        let at = slot.0 as usize;
        if at / 64 >= bits.len() {
            bits.resize(at / 64 + 1, 0);
        }
        bits[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn set_choices(&mut self, slot: Slot, ids: &[Box<str>]) {
        match self {
            Self::Choices(column) if !ids.is_empty() => column.set(slot, ids),
            _ => self.clear(slot),
        }
    }

    /// Writes a calculated value; false if it says the same as before. One that does not fit the column's kind, and an error,
    /// empties the slot.
    pub(crate) fn put(&mut self, slot: Slot, value: &Value) -> bool {
        if self.holds(slot, value) {
            return false;
        }
        match (&mut *self, value) {
            (Self::Text(column), Value::Text(text)) => column.set(slot, text),
            (Self::Number(_), Value::Number(number)) => self.set_number(slot, *number),
            (Self::Flag(_), Value::Bool(true)) => self.set_true(slot),
            (Self::Day(values), Value::Date(day)) => put(values, slot, *day, NO_DAY, false),
            (Self::Instant(values), Value::DateTime(micros)) => put(values, slot, *micros, NO_INSTANT, false),
            (Self::Choices(column), Value::Text(id)) => column.set(slot, &[id.as_ref().into()]),
            (Self::List(column), Value::List(list)) => column.set(slot, Some(list.clone())),
            _ => self.clear(slot),
        }
        true
    }

    /// Whether [`put`](Self::put) would change nothing.
    fn holds(&self, slot: Slot, value: &Value) -> bool {
        match (self.value(slot), value) {
            (ValueRef::Text(held), Value::Text(text)) => *held == **text,
            (ValueRef::Number(held), Value::Number(number)) => held == *number,
            (ValueRef::True, Value::Bool(flag)) => *flag,
            (ValueRef::Day(held), Value::Date(day)) => held == *day,
            (ValueRef::Instant(held), Value::DateTime(micros)) => held == *micros,
            (ValueRef::Choices([held]), Value::Text(id)) => **held == **id,
            (ValueRef::List(held), Value::List(list)) => held == list,
            (ValueRef::Empty, Value::Null | Value::Error(_) | Value::Bool(false)) => true,
            (ValueRef::Empty, value) => value.is_blank(),
            _ => false,
        }
    }

    pub(crate) fn set_links(&mut self, slot: Slot, rows: &[RowNo]) {
        match self {
            Self::Links(column) => column.set(slot, rows),
            _ => self.clear(slot),
        }
    }

    /// Takes the value away.
    pub(crate) fn clear(&mut self, slot: Slot) {
        let at = slot.0 as usize;
        match self {
            Self::Text(column) => column.set(slot, ""),
            Self::Number(values) => put(values, slot, f64::NAN, f64::NAN, true),
            Self::Flag(bits) => {
                if let Some(word) = bits.get_mut(at / 64) {
                    *word &= !(1 << (at % 64));
                }
            }
            Self::Day(values) => put(values, slot, NO_DAY, NO_DAY, true),
            Self::Instant(values) => put(values, slot, NO_INSTANT, NO_INSTANT, true),
            Self::Choice(column) => column.clear(slot),
            Self::Choices(column) => column.clear(slot),
            Self::Links(column) => column.set(slot, &[]),
            Self::List(column) => column.set(slot, None),
        }
    }

    /// Gives back what growing has reserved; after a load.
    pub(crate) fn shrink(&mut self) {
        match self {
            Self::Text(column) => column.shrink(),
            Self::Number(values) => values.shrink_to_fit(),
            Self::Flag(bits) => bits.shrink_to_fit(),
            Self::Day(values) => values.shrink_to_fit(),
            Self::Instant(values) => values.shrink_to_fit(),
            Self::Choice(column) => column.shrink(),
            Self::Choices(column) => column.shrink(),
            Self::List(column) => column.shrink(),
            Self::Links(column) => column.shrink(),
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(column) => column.bytes(),
            Self::Number(values) => values.capacity() * 8,
            Self::Flag(bits) => bits.capacity() * 8,
            Self::Day(values) => values.capacity() * 4,
            Self::Instant(values) => values.capacity() * 8,
            Self::Choice(column) => column.bytes(),
            Self::Choices(column) => column.bytes(),
            Self::List(column) => column.bytes(),
            Self::Links(column) => column.bytes(),
        }
    }
}
