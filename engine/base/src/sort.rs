//! In which order a query's rows stand: comparison of two rows, of a row and a remembered key, and the first sort.

use crate::base::Base;
use crate::collate;
use crate::column::ValueRef;
use crate::ids::{FieldNo, Slot, TableNo};
use crate::query::{KeyValue, QueryError, Sort, SortBy, SortKey};
use crate::rows::Rows;
use crate::schema::{FieldKind, Table};
use crate::select::Reads;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Rows from which a sort uses several threads.
const PARALLEL: usize = if cfg!(test) { 8 } else { 50_000 };

/// A value as it is compared.
#[derive(Debug, Clone, PartialEq)]
enum Key<'a> {
    Empty,
    Text(Cow<'a, str>),
    Number(f64),
    Int(i64),
}

/// One part of a sort, resolved against the schema.
#[derive(Debug)]
struct Part {
    sort: Sort,
    /// Place of each choice, for selects.
    places: FxHashMap<Box<str>, i64>,
    /// The linked table, for links.
    linked: Option<TableNo>,
}

/// The order of a query. Total: rows that tie stand in order of their numbers.
#[derive(Debug)]
pub(crate) struct Sorter {
    parts: Vec<Part>,
}

impl Sorter {
    /// Resolves a sort; notes in `reads` what it reads.
    pub(crate) fn compile(table: &Table, sort: &[Sort], reads: &mut Reads) -> Result<Self, Vec<QueryError>> {
        let mut errors = Vec::new();
        let mut parts = Vec::with_capacity(sort.len());
        for (i, sort) in sort.iter().enumerate() {
            let mut part = Part { sort: *sort, places: FxHashMap::default(), linked: None };
            match sort.by {
                SortBy::CreatedTime => {}
                SortBy::UpdatedTime => reads.all = true,
                SortBy::Field(no) => match table.field(no).map(|field| &field.kind) {
                    None => errors.push(QueryError {
                        member: "sort",
                        pointer: format!("/{i}"),
                        code: "unknown_field".into(),
                        detail: "There is no such field.".into(),
                        span: None,
                    }),
                    Some(kind) => {
                        reads.fields.insert(no);
                        if let FieldKind::Select { choices } = kind {
                            part.places = choices.iter().map(|one| one.id.as_str().into()).zip(0..).collect();
                        }
                        if let FieldKind::Link { table, .. } = kind {
                            reads.links.insert(no);
                            part.linked = Some(*table);
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

    fn compare_from(&self, first: usize, base: &Base, rows: &Rows, a: Slot, b: Slot) -> Ordering {
        for part in &self.parts[first..] {
            let order = part.order(&part.key(base, rows, a), &part.key(base, rows, b));
            if order.is_ne() {
                return order;
            }
        }
        rows.row(a).cmp(&rows.row(b))
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
    pub(crate) fn sort(&self, base: &Base, rows: &Rows, slots: Vec<Slot>) -> Vec<Slot> {
        let Some(part) = self.parts.first() else {
            let keyed = keyed(&slots, &|slot| rows.row(slot));
            // Rows mostly lie in slots in the order in which they were made.
            return if keyed.is_sorted() { slots } else { sort_keyed(keyed, &|a, b| a.0.cmp(&b.0)) };
        };
        let (filled, empty): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| !part.is_empty(rows, *slot));
        let ties = Ties { sorter: self, base, rows };
        let mut sorted = match part.text_field(rows) {
            Some(field) => part.sort_texts(field, &filled, &ties),
            None if part.linked.is_some() => {
                let compare = |a: &((), Slot), b: &((), Slot)| self.compare(base, rows, a.1, b.1);
                sort_keyed(keyed(&filled, &|_| ()), &compare)
            }
            None => part.sort_numbers(&filled, &ties),
        };
        let empty = keyed(&empty, &|slot| ties.key(slot));
        sorted.extend(sort_keyed(empty, &|a, b| ties.compare(*a, *b)));
        sorted
    }
}

/// What decides where the first part of a sort does not.
struct Ties<'a> {
    sorter: &'a Sorter,
    base: &'a Base,
    rows: &'a Rows,
}

impl Ties<'_> {
    /// A number that decides most ties without another look at the columns: equal numbers decide nothing.
    fn key(&self, slot: Slot) -> u64 {
        match self.sorter.parts.get(1) {
            None => self.rows.row(slot).0,
            Some(part) if part.linked.is_some() || part.text_field(self.rows).is_some() => 0,
            Some(part) => {
                part.number(self.base, self.rows, slot).map_or(u64::MAX, |key| key.min(u64::MAX - 1))
            }
        }
    }

    fn compare(&self, a: (u64, Slot), b: (u64, Slot)) -> Ordering {
        a.0.cmp(&b.0).then_with(|| self.sorter.compare_from(1, self.base, self.rows, a.1, b.1))
    }
}

impl Part {
    fn key<'a>(&self, base: &Base, rows: &'a Rows, slot: Slot) -> Key<'a> {
        let field = match self.sort.by {
            SortBy::Field(field) => field,
            SortBy::CreatedTime => return Key::Int(rows.stamp(slot).created_us),
            SortBy::UpdatedTime => return Key::Int(rows.stamp(slot).updated_us),
        };
        match rows.value(field, slot) {
            ValueRef::Empty => Key::Empty,
            ValueRef::Text(text) => Key::Text(Cow::Borrowed(text)),
            ValueRef::Number(number) => Key::Number(number),
            ValueRef::True => Key::Int(1),
            ValueRef::Day(day) => Key::Int(day.into()),
            ValueRef::Instant(micros) => Key::Int(micros),
            ValueRef::Choice(id) => self.places.get(id).map_or(Key::Empty, |place| Key::Int(*place)),
            // By the names, as they are shown.
            ValueRef::Links(linked) => {
                let mut names = String::new();
                if let Some(table) = self.linked {
                    for (i, row) in linked.iter().enumerate() {
                        if i > 0 {
                            names.push_str(", ");
                        }
                        base.push_name(table, *row, &mut names);
                    }
                }
                Key::Text(Cow::Owned(names))
            }
        }
    }

    fn is_empty(&self, rows: &Rows, slot: Slot) -> bool {
        let SortBy::Field(field) = self.sort.by else { return false };
        match rows.value(field, slot) {
            ValueRef::Empty => true,
            ValueRef::Choice(id) => !self.places.contains_key(id),
            _ => false,
        }
    }

    fn text_field(&self, rows: &Rows) -> Option<FieldNo> {
        let SortBy::Field(field) = self.sort.by else { return None };
        matches!(rows.column(field), Some(crate::column::Column::Text(_))).then_some(field)
    }

    fn turn(&self, order: Ordering) -> Ordering {
        if self.sort.desc { order.reverse() } else { order }
    }

    /// Order of two values: empty ones last, whatever the direction.
    fn order(&self, a: &Key<'_>, b: &Key<'_>) -> Ordering {
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

    /// A number that compares as the values do, in the direction of the sort; None for empty ones and texts.
    fn number(&self, base: &Base, rows: &Rows, slot: Slot) -> Option<u64> {
        let key = match self.key(base, rows, slot) {
            Key::Number(number) => ordered_bits(number),
            Key::Int(int) => int.cast_unsigned() ^ (1 << 63),
            Key::Text(_) | Key::Empty => return None,
        };
        Some(if self.sort.desc { !key } else { key })
    }

    fn sort_numbers(&self, slots: &[Slot], ties: &Ties<'_>) -> Vec<Slot> {
        let number = |slot| self.number(ties.base, ties.rows, slot).unwrap_or(u64::MAX);
        let keyed = keyed(slots, &|slot| (number(slot), ties.key(slot)));
        sort_keyed(keyed, &|a, b| a.0.0.cmp(&b.0.0).then_with(|| ties.compare((a.0.1, a.1), (b.0.1, b.1))))
    }

    fn sort_texts(&self, field: FieldNo, slots: &[Slot], ties: &Ties<'_>) -> Vec<Slot> {
        let text = |slot: Slot| match ties.rows.value(field, slot) {
            ValueRef::Text(text) => text,
            _ => "",
        };
        // What all texts begin with ("Order 00…") says nothing about their order.
        let skip = slots.first().map_or(0, |first| {
            let first = text(*first);
            slots.iter().fold(first.len(), |shared, slot| {
                if shared == 0 { 0 } else { shared.min(collate::shared(first, text(*slot))) }
            })
        });
        let keyed = keyed(slots, &|slot| (collate::prefix(text(slot), skip), ties.key(slot)));
        let cut = keyed.iter().filter(|(key, _)| collate::is_cut(key.0)).count();
        if cut * 8 > keyed.len() {
            return self.sort_by_keys(&text, slots, ties);
        }
        sort_keyed(keyed, &|a, b| {
            let order = collate::compare_prefixes(a.0.0, b.0.0);
            let order = order.unwrap_or_else(|| collate::compare(text(a.1), text(b.1)));
            self.turn(order).then_with(|| ties.compare((a.0.1, a.1), (b.0.1, b.1)))
        })
    }

    /// For texts of other scripts: the collator's sort keys, made once for each row.
    fn sort_by_keys<'a>(
        &self,
        text: &(dyn Fn(Slot) -> &'a str + Sync),
        slots: &[Slot],
        ties: &Ties<'_>,
    ) -> Vec<Slot> {
        let make = |slots: &[Slot]| {
            let mut bytes = Vec::with_capacity(slots.len() * 16);
            let ends: Vec<usize> = slots
                .iter()
                .map(|slot| {
                    if !collate::sort_key(text(*slot), &mut bytes) {
                        bytes.extend_from_slice(text(*slot).as_bytes());
                    }
                    bytes.len()
                })
                .collect();
            (bytes, ends)
        };
        let half = slots.len() / 2;
        let (first, second) = both(|| make(&slots[..half]), || make(&slots[half..]));
        let key = |place: usize| {
            let ((bytes, ends), place) = if place < half { (&first, place) } else { (&second, place - half) };
            &bytes[place.checked_sub(1).map_or(0, |before| ends[before])..ends[place]]
        };
        let keyed: Vec<((u64, usize, u64), Slot)> = slots
            .iter()
            .enumerate()
            .map(|(place, slot)| {
                let mut head = [0u8; 8];
                let key = key(place);
                let length = key.len().min(8);
                head[..length].copy_from_slice(&key[..length]);
                ((u64::from_be_bytes(head), place, ties.key(*slot)), *slot)
            })
            .collect();
        sort_keyed(keyed, &|a, b| {
            let order = a.0.0.cmp(&b.0.0).then_with(|| key(a.0.1).cmp(key(b.0.1)));
            self.turn(order).then_with(|| ties.compare((a.0.2, a.1), (b.0.2, b.1)))
        })
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
fn ordered_bits(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Both results, the first from a thread of its own.
fn both<T: Send>(first: impl FnOnce() -> T + Send, second: impl FnOnce() -> T) -> (T, T) {
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        match first.join() {
            Ok(first) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Slots with a key each, made on two threads where that pays.
fn keyed<K: Send>(slots: &[Slot], key: &(dyn Fn(Slot) -> K + Sync)) -> Vec<(K, Slot)> {
    let make = |slots: &[Slot]| -> Vec<(K, Slot)> { slots.iter().map(|slot| (key(*slot), *slot)).collect() };
    if slots.len() < PARALLEL {
        return make(slots);
    }
    let (first, second) = slots.split_at(slots.len() / 2);
    let (mut first, second) = both(|| make(first), || make(second));
    first.extend(second);
    first
}

/// Sorts by a total order, on two threads where that pays.
fn sort_keyed<K: Copy + Send + Sync>(
    mut keyed: Vec<(K, Slot)>,
    compare: &(impl Fn(&(K, Slot), &(K, Slot)) -> Ordering + Sync),
) -> Vec<Slot> {
    if keyed.len() < PARALLEL {
        keyed.sort_unstable_by(compare);
        return keyed.into_iter().map(|(_, slot)| slot).collect();
    }
    let half = keyed.len() / 2;
    let (left, right) = keyed.split_at_mut(half);
    both(|| left.sort_unstable_by(compare), || right.sort_unstable_by(compare));
    let mut merged = Vec::with_capacity(keyed.len());
    let (mut a, mut b) = (0, half);
    while a < half && b < keyed.len() {
        let next = if compare(&keyed[a], &keyed[b]).is_le() { &mut a } else { &mut b };
        merged.push(keyed[*next].1);
        *next += 1;
    }
    merged.extend(keyed[a..half].iter().chain(&keyed[b..]).map(|(_, slot)| *slot));
    merged
}
