//! Fields that are calculated for all rows of a large table: part by part, so that neither readers nor writers wait for a
//! million rows. A part is calculated while others read ([`Base::next_part`]) and put in afterwards ([`Base::put_part`]).
//!
//! Invariants: what is left stands in the order of the graph; a field that reads one that is left is left too, whatever the
//! size of its table; when nothing is left, every computed cell equals what calculating it from scratch gives. Until then a
//! cell has its value of before. Rows that are written meanwhile are calculated with their change as always, and once more.

use super::derive::Derived;
use super::{Graph, Key, Stale};
use crate::base::Base;
use crate::ids::{FieldNo, Slot, TableNo};
use engine_expr::Value;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Rows from which a table's fields are calculated in parts.
const LARGE: usize = if cfg!(test) { 3 } else { 1 << 16 };
/// Rows of a part: some milliseconds.
const PART: usize = if cfg!(test) { 2 } else { 1 << 14 };

/// What is left to calculate.
#[derive(Debug, Default)]
pub(crate) struct Later {
    keys: VecDeque<Key>,
    /// The slot where the next part of the first one begins.
    at: usize,
    /// One more with every change: a part that was calculated before it is not put in.
    round: u64,
}

impl Later {
    /// A change comes: a part that is on its way is out of date.
    pub(crate) fn overtake(&mut self) {
        self.round += 1;
    }
}

/// Calculated values that are not in their column yet.
#[derive(Debug)]
pub struct Part {
    round: u64,
    key: Key,
    slots: Vec<Slot>,
    values: Vec<Value>,
    /// Where the next part begins; None if this was the last of its field.
    next: Option<usize>,
}

impl Base {
    /// Leaves fields of large tables, and what reads them, for [`Base::next_part`]; gives what is calculated now. Called
    /// whenever the graph was built anew.
    pub(crate) fn put_off(&mut self, graph: &Graph, mut derived: Derived) -> Derived {
        let first = self.later.keys.front().copied();
        let mut late: FxHashSet<Key> = self.later.keys.drain(..).collect();
        let mut is_begun_anew = false;
        derived.stale.retain(|(index, stale)| {
            let node = &graph.nodes[*index];
            let is_large =
                || self.tables.get(&node.key.table()).is_some_and(|rows| rows.slot_count() >= LARGE);
            let is_late = matches!(stale, Stale::All)
                && (node.needs.iter().any(|need| late.contains(need)) || is_large());
            if is_late {
                late.insert(node.key);
                is_begun_anew |= Some(node.key) == first;
            }
            !is_late
        });
        if !late.is_empty() {
            let left = graph.nodes.iter().map(|node| node.key).filter(|key| late.contains(key));
            self.later.keys.extend(left);
        }
        if is_begun_anew || self.later.keys.front().copied() != first {
            self.later.at = 0;
        }
        derived
    }

    /// Whether something is left to calculate.
    pub fn is_calculating(&self) -> bool {
        !self.later.keys.is_empty()
    }

    /// The share of a field's cells that have been calculated, from 0 to 1; None when nothing of it is left.
    pub fn calculated(&self, table: TableNo, field: FieldNo) -> Option<f64> {
        let place = self.later.keys.iter().position(|key| *key == Key::Field(table, field))?;
        let all = self.tables.get(&table).map_or(0, crate::rows::Rows::slot_count).max(1);
        Some(if place == 0 { self.later.at as f64 / all as f64 } else { 0.0 })
    }

    /// Calculates the next part. Nothing changes: others may read meanwhile.
    pub fn next_part(&self) -> Option<Part> {
        let key = *self.later.keys.front()?;
        let (round, at) = (self.later.round, self.later.at);
        let node = self.graph.nodes.iter().find(|node| node.key == key);
        let rows = self.tables.get(&key.table()).filter(|_| matches!(key, Key::Field(..)));
        let (Some(node), Some(rows)) = (node, rows) else {
            return Some(Part { round, key, slots: Vec::new(), values: Vec::new(), next: None });
        };
        let slots: Vec<Slot> = rows.live_slots_from(at).take(PART).collect();
        let next = slots.last().filter(|_| slots.len() == PART).map(|last| last.0 as usize + 1);
        let values = self.values(node, &slots);
        Some(Part { round, key, slots, values, next })
    }

    /// Writes a part into its column. One that a change has overtaken is left out: it comes again.
    pub fn put_part(&mut self, part: Part) {
        let Part { round, key, slots, values, next } = part;
        if round != self.later.round || self.later.keys.front() != Some(&key) {
            return;
        }
        let (table, field) = (key.table(), key.field());
        let mut is_changed = false;
        if let Some(rows) = self.tables.get_mut(&table) {
            for (slot, value) in slots.iter().zip(&values) {
                is_changed |= rows.put(field, *slot, value);
            }
        }
        if is_changed {
            self.orders.forget_field(table, field);
            self.json.forget_tables(&FxHashSet::from_iter([table]));
        }
        self.later.at = next.unwrap_or(0);
        if next.is_none() {
            self.later.keys.pop_front();
        }
    }

    /// Calculates all that is left.
    pub(crate) fn calculate(&mut self) {
        while let Some(part) = self.next_part() {
            self.put_part(part);
        }
    }
}
