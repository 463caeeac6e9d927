//! In which order a query's rows stand: comparison of two rows, and of a row and a remembered key. The first sort is in
//! [`crate::first_sort`].

use crate::base::Base;
use crate::collate;
use crate::column::ValueRef;
use crate::first_sort::FirstSort;
use crate::ids::{FieldNo, Slot, TableNo};
use crate::json::push_value;
use crate::query::{KeyValue, QueryError, Sort, SortBy, SortKey};
use crate::rows::Rows;
use crate::schema::{FieldKind, Storage, Table};
use crate::select::{Range, Reads};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key<'a> {
    Empty,
    Text(Cow<'a, str>),
    Number(f64),
    Int(i64),
}

/// How a part is read.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Names of records of this table.
    Linked(TableNo),
    /// As text, by this type.
    Text(FieldKind),
}

/// One part of a sort, resolved against the schema.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) sort: Sort,
    /// Place of each choice, for selects.
    pub(crate) places: FxHashMap<Box<str>, i64>,
    /// What is compared is what people read: names of linked records, of several choices, elements of a list.
    pub(crate) shown: Option<Shown>,
    /// A box that is not ticked says so: it is no missing value, and stands first, or last where the sort is turned.
    pub(crate) is_flag: bool,
}

/// The order of a query. Total: rows that tie stand in order of their numbers.
#[derive(Debug)]
pub(crate) struct Sorter {
    pub(crate) parts: Vec<Part>,
}

impl Sorter {
    /// Resolves a sort; notes in `reads` what it reads.
    pub(crate) fn compile(table: &Table, sort: &[Sort], reads: &mut Reads) -> Result<Self, Vec<QueryError>> {
        let mut errors = Vec::new();
        let mut parts = Vec::with_capacity(sort.len());
        for (i, sort) in sort.iter().enumerate() {
            let mut part = Part { sort: *sort, places: FxHashMap::default(), shown: None, is_flag: false };
            match sort.by {
                SortBy::CreatedTime => {}
                SortBy::UpdatedTime => reads.all = true,
                SortBy::Field(no) => match table.field(no) {
                    None => errors.push(QueryError {
                        member: "sort",
                        pointer: format!("/{i}"),
                        code: "unknown_field".into(),
                        detail: "There is no such field.".into(),
                        span: None,
                    }),
                    Some(field) => {
                        reads.fields.insert(no);
                        let kind = field.value_kind();
                        match kind.storage() {
                            Storage::Choice => {
                                let ids = kind
                                    .choices()
                                    .unwrap_or_default()
                                    .iter()
                                    .map(|one| one.id.as_str().into());
                                part.places = ids.zip(0..).collect();
                            }
                            Storage::Choices | Storage::List => part.shown = Some(Shown::Text(kind.clone())),
                            Storage::Links => {
                                reads.links.insert(no);
                                part.shown = field.linked().map(Shown::Linked);
                            }
                            Storage::Flag => part.is_flag = true,
                            _ => {}
                        }
                    }
                },
            }
            parts.push(part);
        }
        if errors.is_empty() { Ok(Self { parts }) } else { Err(errors) }
    }

    /// Order of two rows.
    pub(crate) fn compare(&self, base: &Base, rows: &Rows, a: Slot, b: Slot) -> Ordering {
        self.compare_from(0, base, rows, a, b)
    }

    /// Order of two rows of which the parts before `first` say nothing.
    pub(crate) fn compare_from(&self, first: usize, base: &Base, rows: &Rows, a: Slot, b: Slot) -> Ordering {
        for part in &self.parts[first..] {
            let order = part.order(&part.key(base, rows, a), &part.key(base, rows, b));
            if order.is_ne() {
                return order;
            }
        }
        rows.row(a).cmp(&rows.row(b))
    }

    /// The field of the first part.
    pub(crate) fn first_field(&self) -> Option<FieldNo> {
        match self.parts.first()?.sort.by {
            SortBy::Field(field) => Some(field),
            SortBy::CreatedTime | SortBy::UpdatedTime => None,
        }
    }

    /// Where a row stands by the first part: before the rows with a value in the range, among them, or after. Says "among" of
    /// values that are neither numbers nor moments.
    pub(crate) fn side_of(&self, rows: &Rows, slot: Slot, range: &Range) -> Ordering {
        let Some(part) = self.parts.first() else { return Ordering::Equal };
        let SortBy::Field(field) = part.sort.by else { return Ordering::Equal };
        let side = |is_low: bool, is_high: bool| {
            part.turn(if is_low {
                Ordering::Less
            } else if is_high {
                Ordering::Greater
            } else {
                Ordering::Equal
            })
        };
        let (low, high) = range.moments;
        match rows.value(field, slot) {
            ValueRef::Number(number) => side(number < range.numbers.0, number > range.numbers.1),
            ValueRef::Day(day) => side(i64::from(day) < low, i64::from(day) > high),
            ValueRef::Instant(at) => side(at < low, at > high),
            // Empty values come last in both directions, and are in no range.
            ValueRef::Empty => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }

    /// Order of a row and a remembered key.
    pub(crate) fn compare_key(&self, base: &Base, rows: &Rows, slot: Slot, key: &SortKey) -> Ordering {
        for (part, value) in self.parts.iter().zip(&key.values) {
            let value = match value {
                KeyValue::Empty => Key::Empty,
                KeyValue::Text(text) => Key::Text(Cow::Borrowed(text)),
                KeyValue::Number(number) => Key::Number(*number),
                KeyValue::Int(int) => Key::Int(*int),
            };
            let order = part.order(&part.key(base, rows, slot), &value);
            if order.is_ne() {
                return order;
            }
        }
        rows.row(slot).cmp(&key.row)
    }

    /// The key of a row, to be remembered.
    pub(crate) fn key(&self, base: &Base, rows: &Rows, slot: Slot) -> SortKey {
        let value = |part: &Part| match part.key(base, rows, slot) {
            Key::Empty => KeyValue::Empty,
            Key::Text(text) => KeyValue::Text(text.into_owned()),
            Key::Number(number) => KeyValue::Number(number),
            Key::Int(int) => KeyValue::Int(int),
        };
        SortKey { values: self.parts.iter().map(value).collect(), row: rows.row(slot) }
    }

    /// Sorts slots from scratch.
    pub(crate) fn sort(&self, base: &Base, rows: &Rows, mut slots: Vec<Slot>) -> Vec<Slot> {
        // Rows mostly lie in slots in the order in which they were made.
        if !slots.is_sorted_by_key(|slot| rows.row(*slot)) {
            slots.sort_unstable_by_key(|slot| rows.row(*slot));
        }
        FirstSort { sorter: self, base, rows }.sort(0, slots)
    }
}

impl Part {
    pub(crate) fn key<'a>(&self, base: &Base, rows: &'a Rows, slot: Slot) -> Key<'a> {
        let field = match self.sort.by {
            SortBy::Field(field) => field,
            SortBy::CreatedTime => return Key::Int(rows.stamp(slot).created_us),
            SortBy::UpdatedTime => return Key::Int(rows.stamp(slot).updated_us),
        };
        match rows.value(field, slot) {
            ValueRef::Empty if self.is_flag => Key::Int(0),
            ValueRef::Empty => Key::Empty,
            ValueRef::Text(text) => Key::Text(Cow::Borrowed(text)),
            ValueRef::Number(number) => Key::Number(number),
            ValueRef::True => Key::Int(1),
            ValueRef::Day(day) => Key::Int(day.into()),
            ValueRef::Instant(micros) => Key::Int(micros),
            ValueRef::Choice(id) => self.places.get(id).map_or(Key::Empty, |place| Key::Int(*place)),
            // By the names, as they are shown.
            value @ (ValueRef::Links(_) | ValueRef::Choices(_) | ValueRef::List(_)) => {
                let mut text = String::new();
                match (&self.shown, value) {
                    (Some(Shown::Linked(table)), ValueRef::Links(linked)) => {
                        for (i, row) in linked.iter().enumerate() {
                            if i > 0 {
                                text.push_str(", ");
                            }
                            base.push_name(*table, *row, &mut text);
                        }
                    }
                    (Some(Shown::Text(kind)), value) => push_value(kind, value, &mut text),
                    _ => {}
                }
                Key::Text(Cow::Owned(text))
            }
        }
    }

    pub(crate) fn turn(&self, order: Ordering) -> Ordering {
        if self.sort.desc { order.reverse() } else { order }
    }

    /// Order of two values: empty ones last, whatever the direction.
    pub(crate) fn order(&self, a: &Key<'_>, b: &Key<'_>) -> Ordering {
        match (a, b) {
            (Key::Empty, Key::Empty) => Ordering::Equal,
            (Key::Empty, _) => Ordering::Greater,
            (_, Key::Empty) => Ordering::Less,
            (Key::Text(a), Key::Text(b)) => self.turn(collate::compare(a, b)),
            (Key::Number(a), Key::Number(b)) => self.turn(a.total_cmp(b)),
            (Key::Int(a), Key::Int(b)) => self.turn(a.cmp(b)),
            // A remembered key of a field that has another type by now: any fixed order will do.
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

fn rank(key: &Key<'_>) -> u8 {
    match key {
        Key::Int(_) => 0,
        Key::Number(_) => 1,
        Key::Text(_) => 2,
        Key::Empty => 3,
    }
}

/// Bits that compare as the numbers do.
pub(crate) fn ordered_bits(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
