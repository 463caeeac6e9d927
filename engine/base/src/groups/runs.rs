//! Where the groups of a level begin in an order. Found in one pass over the field's column; what differs there is compared as
//! the sort does, so that rows which tie in the sort are in one group.

use super::GroupKey;
use crate::base::Base;
use crate::collate;
use crate::column::ValueRef;
use crate::ids::Slot;
use crate::order::OrderVec;
use crate::query::SortBy;
use crate::rows::Rows;
use crate::sort::{Key, Part};
use std::sync::OnceLock;

/// The groups of one level: those of the level above, divided.
#[derive(Debug)]
pub(super) struct Level {
    /// Place of the first row of each, ascending; places of the level above are among them.
    pub(super) starts: Vec<u32>,
    /// Made when groups are folded by name.
    pub(super) keys: OnceLock<Vec<GroupKey>>,
}

impl Level {
    pub(super) fn new(base: &Base, rows: &Rows, part: &Part, order: &OrderVec, above: Option<&Self>) -> Self {
        let column = match part.sort.by {
            SortBy::Field(field) => rows.column(field),
            SortBy::CreatedTime | SortBy::UpdatedTime => None,
        };
        let held = |slot: Slot| column.map_or(ValueRef::Empty, |column| column.value(slot));
        let same = |a: Slot, b: Slot| {
            column.is_some() && held(a) == held(b)
                || part.order(&part.key(base, rows, a), &part.key(base, rows, b)).is_eq()
        };
        let mut outer = above.map_or(&[][..], |above| &above.starts).iter().peekable();
        let (mut starts, mut last) = (Vec::new(), None);
        for (place, slot) in (0u32..).zip(order.iter_from(0)) {
            let is_outer = outer.next_if_eq(&&place).is_some();
            if is_outer || last.is_none_or(|last| !same(last, slot)) {
                starts.push(place);
            }
            last = Some(slot);
        }
        starts.shrink_to_fit();
        Self { starts, keys: OnceLock::new() }
    }

    pub(super) fn make_keys(
        &self,
        base: &Base,
        rows: &Rows,
        part: &Part,
        order: &OrderVec,
        above: Option<(&Self, &[GroupKey])>,
    ) -> Vec<GroupKey> {
        let (mut starts, mut keys) = (self.starts.iter().peekable(), Vec::with_capacity(self.starts.len()));
        let mut outer = 0;
        for (place, slot) in (0u32..).zip(order.iter_from(0)) {
            if starts.next_if_eq(&&place).is_none() {
                continue;
            }
            let above = above.map(|(level, keys)| {
                while level.starts.get(outer + 1).is_some_and(|start| *start <= place) {
                    outer += 1;
                }
                keys[outer]
            });
            keys.push(key_of(base, rows, part, slot, above));
        }
        keys
    }

    pub(super) fn bytes(&self) -> usize {
        self.starts.capacity() * 4 + self.keys.get().map_or(0, Vec::capacity) * size_of::<GroupKey>()
    }
}

/// The key of the group that a row is in, below the group with the key `above`: a hash (FNV-1a) of the values that it stands
/// for, equal for values that compare as equal. A choice is known by its id, so that its place may change.
pub(super) fn key_of(base: &Base, rows: &Rows, part: &Part, slot: Slot, above: Option<GroupKey>) -> GroupKey {
    let mut bytes = Vec::with_capacity(32);
    let value = match part.sort.by {
        SortBy::Field(field) => rows.value(field, slot),
        SortBy::CreatedTime | SortBy::UpdatedTime => ValueRef::Empty,
    };
    match (part.key(base, rows, slot), value) {
        (Key::Empty, _) => bytes.push(0),
        (Key::Int(_), ValueRef::Choice(id)) => {
            bytes.push(1);
            bytes.extend_from_slice(id.as_bytes());
        }
        (Key::Int(int), _) => {
            bytes.push(2);
            bytes.extend_from_slice(&int.to_le_bytes());
        }
        (Key::Number(number), _) => {
            bytes.push(3);
            bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        (Key::Text(text), _) => {
            bytes.push(4);
            if !collate::sort_key(&text, &mut bytes) {
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    let start = above.map_or(0xcbf2_9ce4_8422_2325, |above| above.0 ^ 0x9e37_79b9_7f4a_7c15);
    GroupKey(bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
}
