//! Writes a change into memory. Nothing here decides or fails: a change holds exact facts, checked before.
//!
//! Kept orders follow in three steps: rows that will move are taken out while their old values are still there, the values
//! are written, the rows are put in again at their new places.

use crate::base::Base;
use crate::change::{Change, Effects, SchemaEdit};
use crate::computed::{Changed, Graph, reshapes};
use crate::rows::{Rows, Stamp};
use crate::schema::{Schema, Table, Trash};
use engine_expr::Volatility;
use rustc_hash::{FxHashMap, FxHashSet};

/// Microseconds.
const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

impl Base {
    /// Applies a checked change (or one read from `data.changes`) as number `seq`. Changes must come in order, each once.
    pub fn apply(&mut self, seq: u64, change: &Change) -> Effects {
        let effects = self.apply_at_once(seq, change);
        self.calculate();
        effects
    }

    /// As [`Base::apply`], but leaves fields that are calculated for all rows of a large table to [`Base::next_part`].
    pub fn apply_at_once(&mut self, seq: u64, change: &Change) -> Effects {
        self.now_us = self.now_us.max(change.at_us);
        self.later.overtake();
        let mut orders = std::mem::take(&mut self.orders);
        let mut graph = std::mem::take(&mut self.graph);
        let derived = if reshapes(change) {
            let old = graph;
            let mut schema = self.schema.clone();
            change.schema.iter().for_each(|edit| edit_schema(&mut schema, edit));
            graph = Graph::build(&mut schema);
            let derived = graph.reshaped(&old, change);
            orders.before(self, change, &derived);
            self.json.forget(&self.tables, change, &derived);
            self.schema = schema;
            self.shape_columns(&change.schema);
            self.unique.shape(&self.schema, &self.tables);
            self.validations.follow(&self.schema, &change.schema);
            self.put_off(&graph, derived)
        } else {
            let derived = graph.derived(self, change);
            orders.before(self, change, &derived);
            self.json.forget(&self.tables, change, &derived);
            change.schema.iter().for_each(|edit| edit_schema(&mut self.schema, edit));
            derived
        };
        self.apply_rows(change);
        let changed = self.recalculate(&graph, &derived);
        orders.after(self);
        self.orders = orders;
        self.graph = graph;
        self.unique.follow(change);
        self.seq = seq;
        effects(seq, change, changed)
    }

    /// Calculates anew what depends on the time: `TODAY()` once a day (UTC), `NOW()` once a minute. Large tables are left to
    /// [`Base::next_part`]. Whether anything was due.
    pub fn tick(&mut self, now_us: i64) -> bool {
        let is_new_day = now_us.div_euclid(DAY) > self.ticked_us.div_euclid(DAY);
        let least = if is_new_day { Volatility::Day } else { Volatility::Instant };
        let derived = self.graph.volatile(least);
        if derived.tables.is_empty() || !is_new_day && now_us < self.ticked_us + MINUTE {
            return false;
        }
        self.now_us = self.now_us.max(now_us);
        self.ticked_us = now_us;
        self.later.overtake();
        let graph = std::mem::take(&mut self.graph);
        let tables = derived.tables.clone();
        let derived = self.put_off(&graph, derived);
        self.recalculate(&graph, &derived);
        self.graph = graph;
        self.orders.forget(&tables);
        self.json.forget_tables(&tables);
        true
    }

    /// Whether values change as time goes by.
    pub fn is_volatile(&self) -> bool {
        self.graph.is_volatile()
    }

    /// Columns for the fields that the schema has after these edits.
    pub(crate) fn shape_columns(&mut self, edits: &[SchemaEdit]) {
        for edit in edits {
            match edit {
                SchemaEdit::Table { table, after: None, .. } => drop(self.tables.remove(table)),
                SchemaEdit::Field { table, field, after: None, .. } => {
                    if let Some(rows) = self.tables.get_mut(table) {
                        rows.remove_column(*field);
                    }
                }
                _ => {}
            }
        }
        for table in self.schema.all_tables() {
            let rows = self.tables.entry(table.number()).or_insert_with(|| Rows::new(table));
            rows.shape_all(table);
        }
    }

    fn apply_rows(&mut self, change: &Change) {
        for facts in &change.deleted {
            if let Some(rows) = self.tables.get_mut(&facts.table) {
                rows.remove(facts.row);
            }
        }
        for facts in &change.created {
            let stamp = Stamp {
                created_us: facts.meta.created_us,
                updated_us: facts.meta.updated_us,
                created_by: self.actors.intern(&facts.meta.created_by),
                updated_by: self.actors.intern(&facts.meta.updated_by),
            };
            let Some(rows) = self.tables.get_mut(&facts.table) else { continue };
            let Some(slot) = rows.insert(facts.row, stamp) else { continue };
            for (field, cell) in &facts.cells {
                if let Some(column) = rows.stored_mut(*field) {
                    column.set(slot, cell);
                }
            }
        }
        for (table, next_row) in change.next_rows() {
            if let Some(table) = self.schema.any_table_mut(table) {
                table.next_row = table.next_row.max(next_row);
            }
        }
        let actor = self.actors.intern(&change.actor);
        for edit in &change.updated {
            let Some(rows) = self.tables.get_mut(&edit.table) else { continue };
            let Some(slot) = rows.slot(edit.row) else { continue };
            for cell in &edit.cells {
                if let Some(column) = rows.stored_mut(cell.field) {
                    column.set(slot, &cell.after);
                }
            }
            if let Some(stamp) = rows.stamp_mut(slot) {
                stamp.updated_us = change.at_us;
                stamp.updated_by = actor;
            }
        }
    }
}

fn effects(seq: u64, change: &Change, changed: Vec<Changed>) -> Effects {
    let mut effects = Effects { seq, schema_changed: !change.schema.is_empty(), ..Effects::default() };
    let tables = &mut effects.tables;
    for facts in &change.created {
        tables.entry(facts.table).or_default().created.push(facts.row);
    }
    for edit in &change.updated {
        let fields = edit.cells.iter().map(|cell| cell.field).collect();
        tables.entry(edit.table).or_default().updated.push((edit.row, fields));
    }
    for facts in &change.deleted {
        tables.entry(facts.table).or_default().deleted.push(facts.row);
    }
    if !changed.is_empty() {
        let created: FxHashSet<_> = change.created.iter().map(|facts| (facts.table, facts.row)).collect();
        let mut places: FxHashMap<_, usize> = FxHashMap::default();
        for edit in &change.updated {
            let next = places.len();
            places.insert((edit.table, edit.row), next);
        }
        let mut calculated: std::collections::BTreeMap<_, Vec<_>> = std::collections::BTreeMap::new();
        for (table, row, field) in
            changed.into_iter().filter(|(table, row, _)| !created.contains(&(*table, *row)))
        {
            calculated.entry((table, row)).or_default().push(field);
        }
        for ((table, row), fields) in calculated {
            let rows = &mut tables.entry(table).or_default().updated;
            match places
                .contains_key(&(table, row))
                .then(|| rows.iter_mut().find(|(one, _)| *one == row))
                .flatten()
            {
                Some((_, known)) => known.extend(fields),
                None => rows.push((row, fields)),
            }
        }
    }
    effects
}

/// Applies one edit to a schema. Lists stay in order of (position, number).
pub(crate) fn edit_schema(schema: &mut Schema, edit: &SchemaEdit) {
    match edit {
        SchemaEdit::Base { after, .. } => schema.info = after.clone(),
        SchemaEdit::Table { table, after, .. } => {
            let old = take(&mut schema.tables, |one| one.head.number == *table)
                .or_else(|| take(&mut schema.trash, |one| one.head.number == *table));
            if let Some(head) = after {
                let made = match old {
                    Some(old) => Table { head: head.clone(), ..old },
                    None => Table {
                        head: head.clone(),
                        next_row: 1,
                        fields: Vec::new(),
                        views: Vec::new(),
                        trash: Trash::default(),
                    },
                };
                let list = if head.deleted_us.is_some() { &mut schema.trash } else { &mut schema.tables };
                list.push(made);
                list.sort_by_key(|one| (one.head.position, one.head.number));
            }
        }
        SchemaEdit::Field { table, field, after, .. } => {
            if let Some(table) = schema.any_table_mut(*table) {
                table.fields.retain(|one| one.no != *field);
                table.trash.fields.retain(|one| one.no != *field);
                if let Some(made) = after.as_ref().map(|facts| facts.field(*field)) {
                    let list =
                        if made.deleted_us.is_some() { &mut table.trash.fields } else { &mut table.fields };
                    list.push(made);
                    list.sort_by_key(|one| (one.position, one.no));
                }
            }
        }
        SchemaEdit::View { table, view, after, .. } => {
            if let Some(table) = schema.any_table_mut(*table) {
                table.views.retain(|one| one.no != *view);
                table.trash.views.retain(|one| one.no != *view);
                if let Some(made) = after.clone() {
                    let list =
                        if made.deleted_us.is_some() { &mut table.trash.views } else { &mut table.views };
                    list.push(made);
                    list.sort_by_key(|one| (one.position, one.no));
                }
            }
        }
    }
}

fn take<T>(list: &mut Vec<T>, is: impl FnMut(&T) -> bool) -> Option<T> {
    list.iter().position(is).map(|at| list.remove(at))
}
