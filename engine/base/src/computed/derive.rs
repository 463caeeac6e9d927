//! What a change makes stale. Asked before the change is applied, while the old links are there: rows that are newly linked are
//! in the change themselves, since both sides of a link always are.

use super::{Graph, Key, Stale};
use crate::base::Base;
use crate::change::{Change, SchemaEdit};
use crate::ids::{FieldNo, RowNo, TableNo};
use engine_expr::Volatility;
use rustc_hash::{FxHashMap, FxHashSet};

/// A row with the computed fields of it that may change.
#[derive(Debug)]
pub(crate) struct Touch {
    pub(crate) table: TableNo,
    pub(crate) row: RowNo,
    pub(crate) fields: Vec<FieldNo>,
}

/// What has to be calculated anew.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    /// By node, in order; nodes without stale rows are not in it.
    pub(super) stale: Vec<(usize, Stale)>,
    /// Rows that were there before and may change; not those of `tables`.
    pub(crate) touches: Vec<Touch>,
    /// Tables of which a field is calculated for all rows.
    pub(crate) tables: FxHashSet<TableNo>,
}

/// Whether fields or tables change, so that the graph must be built anew.
pub(crate) fn reshapes(change: &Change) -> bool {
    change.schema.iter().any(|edit| matches!(edit, SchemaEdit::Table { .. } | SchemaEdit::Field { .. }))
}

impl Graph {
    /// What a change that leaves the schema's fields alone makes stale.
    pub(crate) fn derived(&self, base: &Base, change: &Change) -> Derived {
        if self.is_empty() {
            return Derived::default();
        }
        let mut direct: FxHashMap<(TableNo, FieldNo), Vec<RowNo>> = FxHashMap::default();
        let mut created: FxHashMap<TableNo, Vec<RowNo>> = FxHashMap::default();
        let mut edited: FxHashMap<TableNo, Vec<RowNo>> = FxHashMap::default();
        for edit in &change.updated {
            edited.entry(edit.table).or_default().push(edit.row);
            for cell in edit.cells.iter().filter(|cell| self.read.contains(&(edit.table, cell.field))) {
                direct.entry((edit.table, cell.field)).or_default().push(edit.row);
            }
        }
        for facts in &change.created {
            created.entry(facts.table).or_default().push(facts.row);
        }
        let mut found: FxHashMap<Key, FxHashSet<RowNo>> = FxHashMap::default();
        let mut derived = Derived::default();
        for (index, node) in self.nodes.iter().enumerate() {
            let table = node.key.table();
            let mut rows: FxHashSet<RowNo> = FxHashSet::default();
            // A new record has all its values to get; its links' names are read with them.
            if let Some(new) = created.get(&table) {
                rows.extend(new);
            }
            if node.whole {
                rows.extend(edited.get(&table).into_iter().flatten());
            }
            for field in &node.own {
                rows.extend(direct.get(&(table, *field)).into_iter().flatten());
                // Names matter only to those that need them.
                for key in [Key::Field(table, *field), Key::Names(table, *field)] {
                    if node.needs.contains(&key) {
                        rows.extend(found.get(&key).into_iter().flatten());
                    }
                }
            }
            if let Some(through) = node.through {
                let (other, target) = (through.other, through.target);
                let changed = direct.get(&(other, target)).into_iter().flatten();
                let calculated = [Key::Field(other, target), Key::Names(other, target)].into_iter();
                let calculated = calculated.filter_map(|key| found.get(&key)).flatten();
                for row in changed.chain(calculated) {
                    rows.extend(base.cell(other, *row, through.back).rows());
                }
            }
            if !rows.is_empty() {
                found.insert(node.key, rows.clone());
                derived.stale.push((index, Stale::Some(rows)));
            }
        }
        let new: FxHashSet<(TableNo, RowNo)> =
            change.created.iter().map(|facts| (facts.table, facts.row)).collect();
        let mut touches: FxHashMap<(TableNo, RowNo), Vec<FieldNo>> = FxHashMap::default();
        for (key, rows) in found {
            for row in rows.into_iter().filter(|row| !new.contains(&(key.table(), *row))) {
                // What reads names is told of a change of the link.
                touches.entry((key.table(), row)).or_default().push(key.field());
            }
        }
        derived.touches =
            touches.into_iter().map(|((table, row), fields)| Touch { table, row, fields }).collect();
        derived
    }

    /// What must be calculated anew after the schema's fields changed: nodes that are new or read something else than before
    /// (`old`), nodes that read what the change writes, and all that read those.
    pub(crate) fn reshaped(&self, old: &Self, change: &Change) -> Derived {
        let known = old.signatures();
        let mut written: FxHashSet<(TableNo, FieldNo)> = FxHashSet::default();
        let mut tables: FxHashSet<TableNo> = FxHashSet::default();
        for edit in &change.updated {
            written.extend(edit.cells.iter().map(|cell| (edit.table, cell.field)));
            tables.insert(edit.table);
        }
        tables.extend(change.created.iter().chain(&change.deleted).map(|facts| facts.table));
        let mut stale: FxHashSet<Key> = FxHashSet::default();
        let mut derived = Derived::default();
        for (index, node) in self.nodes.iter().enumerate() {
            let table = node.key.table();
            let reads = |field: &FieldNo| written.contains(&(table, *field));
            let through =
                node.through.is_some_and(|through| written.contains(&(through.other, through.target)));
            let is_stale = known.get(&node.key) != Some(&node.signature.as_str())
                || tables.contains(&table)
                || node.own.iter().any(reads)
                || through
                || node.needs.iter().any(|need| stale.contains(need));
            if is_stale {
                stale.insert(node.key);
                derived.tables.insert(table);
                derived.stale.push((index, Stale::All));
            }
        }
        derived
    }

    /// All nodes for all rows.
    pub(crate) fn everything(&self) -> Derived {
        let stale = (0..self.nodes.len()).map(|index| (index, Stale::All)).collect();
        let tables = self.nodes.iter().map(|node| node.key.table()).collect();
        Derived { stale, touches: Vec::new(), tables }
    }

    /// What changes as time goes by, at least as fast as this.
    pub(crate) fn volatile(&self, least: Volatility) -> Derived {
        let mut stale: FxHashSet<Key> = FxHashSet::default();
        let mut derived = Derived::default();
        for (index, node) in self.nodes.iter().enumerate() {
            if node.volatility >= least || node.needs.iter().any(|need| stale.contains(need)) {
                stale.insert(node.key);
                derived.tables.insert(node.key.table());
                derived.stale.push((index, Stale::All));
            }
        }
        derived
    }
}
