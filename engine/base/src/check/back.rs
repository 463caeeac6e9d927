//! The steps of going back to a schema of before (spec row X8), as one change.
//!
//! They are those of the single commands and in an order that holds in both directions: after each of them names are free and the
//! field that names the records is there and can, so that undo takes them back one by one. What can't be as it was stays as it is
//! and is told. Personal views are their owners' and stay, too.

use super::draft::Draft;
use super::{Checked, convert, existing, fields, refuse, rules, trash, views};
use crate::back::{self, BackBlock, Blocked, GoingBack, PartId, SchemaGoal};
use crate::base::Base;
use crate::change::{Change, ChangeKind, FieldFacts, SchemaEdit};
use crate::command::{CellCode, CellError, CheckContext};
use crate::ids::{FieldNo, TableNo};
use crate::schema::{Field, FieldKind, Schema, Table, TableHead, View, same_name};
use crate::unique;
use crate::view::ViewAccess;
use rustc_hash::FxHashSet;

impl Base {
    /// What going back to a schema does, and the change that does it. Nothing is written.
    pub fn going_back(
        &self,
        goal: &SchemaGoal,
        context: &mut CheckContext<'_>,
    ) -> Result<(Change, GoingBack), Vec<CellError>> {
        let mut draft = Draft::new(self);
        let mut way = Way { goal, blocked: Vec::new(), stuck: FxHashSet::default() };
        way.look(draft.schema());
        way.tables(&mut draft, context)?;
        for table in &goal.schema.tables {
            if draft.schema().table(table.number()).is_some() {
                way.fields(&mut draft, context, table)?;
            }
        }
        heads(&mut draft, &goal.schema);
        for table in &goal.schema.tables {
            way.views(&mut draft, context, table)?;
        }
        views::refit(&mut draft);
        rules::stamp(&mut draft, context);
        let claims = rules::claims(&draft)?;
        let after = draft.schema().clone();
        let change = Change { claims, ..draft.finish(ChangeKind::Schema, context) };
        let told = GoingBack { blocked: way.blocked, ..back::told(self, &after, &change) };
        Ok((change, told))
    }
}

/// The change, if the schema is as it was when somebody was told what it does, and it does no more than that.
pub(super) fn checked(
    base: &Base,
    (goal, from): (&SchemaGoal, &Schema),
    (partly, blocked, lost): (bool, usize, usize),
    context: &mut CheckContext<'_>,
) -> Checked<Change> {
    if !back::same_shape(base.schema(), from) {
        return refuse(
            "version",
            CellCode::Changed,
            "Tables, fields or views were changed since. Look again.",
        );
    }
    let (change, told) = base.going_back(goal, context)?;
    if told.lost > lost {
        let detail = format!("{} values would be lost now, and not {lost}. Look again.", told.lost);
        return refuse("lost", CellCode::Changed, detail);
    }
    if told.blocked.len() > blocked {
        let detail =
            format!("{} parts can't be as they were now, and not {blocked}. Look again.", told.blocked.len());
        return refuse("blocked", CellCode::Changed, detail);
    }
    match told.blocked.first() {
        Some(first) if !partly => {
            let detail =
                format!("must be true, because {} can't be as it was. {}", first.name, first.why.detail());
            refuse("partly", CellCode::Required, detail)
        }
        _ => Ok(change),
    }
}

struct Way<'g> {
    goal: &'g SchemaGoal,
    blocked: Vec<Blocked>,
    /// Fields that keep their type.
    stuck: FxHashSet<(TableNo, FieldNo)>,
}

fn is_link(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Link { .. })
}

/// Why a field that is there can't become what it was.
fn obstacle(now: &Field, then: &Field) -> Option<BackBlock> {
    match (&now.kind, &then.kind) {
        (
            FieldKind::Link { table: a, symmetric: one, .. },
            FieldKind::Link { table: b, symmetric: other, .. },
        ) => ((a, one) != (b, other)).then_some(BackBlock::Link),
        _ if is_link(now) || is_link(then) => Some(BackBlock::Link),
        (now, then) if then.holds_files() && !now.holds_files() => Some(BackBlock::Files),
        _ => None,
    }
}

impl Way<'_> {
    fn block(&mut self, id: PartId, name: &str, why: BackBlock) {
        if self.blocked.iter().all(|blocked| blocked.id != id) {
            self.blocked.push(Blocked { id, name: name.to_owned(), why });
        }
    }

    /// Finds what can't be as it was.
    fn look(&mut self, now: &Schema) {
        let goal = self.goal;
        goal.purged.iter().for_each(|(id, name)| self.block(*id, name, BackBlock::Purged));
        for then in &goal.schema.tables {
            let table = then.number();
            let Some(shape) = now.any_table(table) else {
                self.block(PartId::Table(table), &then.head.name, BackBlock::Purged);
                continue;
            };
            for field in &then.fields {
                let id = PartId::Field(table, field.no);
                match shape.any_field(field.no) {
                    Some(here) => {
                        if let Some(why) = obstacle(here, field) {
                            self.stuck.insert((table, field.no));
                            self.block(id, &field.name, why);
                        }
                    }
                    None if is_link(field) => self.block(id, &field.name, BackBlock::Link),
                    None => self.block(id, &field.name, BackBlock::Purged),
                }
            }
            for view in then.views.iter().filter(|view| view.access != ViewAccess::Personal) {
                if shape.view(view.no).or_else(|| shape.trashed_view(view.no)).is_none() {
                    self.block(PartId::View(table, view.no), &view.name, BackBlock::Purged);
                }
            }
        }
    }

    fn then(&self, table: TableNo, field: FieldNo) -> Option<&Field> {
        self.goal.schema.table(table)?.field(field)
    }

    fn tables(&mut self, draft: &mut Draft<'_>, context: &CheckContext<'_>) -> Checked<()> {
        let goal = self.goal;
        let then = &goal.schema;
        let numbers = |tables: &[Table]| tables.iter().map(Table::number).collect::<Vec<_>>();
        for table in numbers(&draft.schema().tables) {
            if then.table(table).is_some() {
                continue;
            }
            if self.is_held(draft.schema(), table) {
                let name = existing(draft, table)?.head.name.clone();
                self.block(PartId::Table(table), &name, BackBlock::Needed);
            } else {
                trash::put_table(draft, context, table)?;
            }
        }
        // Those that went last first: a link between two is where it was when the first of them went.
        let mut trash: Vec<&Table> = draft.schema().trash.iter().collect();
        trash.sort_by_key(|table| table.head.deleted_us);
        let trash: Vec<TableNo> = trash.into_iter().rev().map(Table::number).collect();
        for table in trash {
            if then.table(table).is_some() {
                trash::restore_table(draft, table)?;
            }
        }
        Ok(())
    }

    /// Whether a field that stays as it is links to the table: it would go with it.
    fn is_held(&self, now: &Schema, table: TableNo) -> bool {
        now.tables.iter().any(|one| {
            let mut fields = one.fields.iter().filter(|field| field.linked() == Some(table));
            fields.any(|field| self.stuck.contains(&(one.number(), field.no)))
        })
    }

    fn fields(&mut self, draft: &mut Draft<'_>, context: &mut CheckContext<'_>, then: &Table) -> Checked<()> {
        let table = then.number();
        let primary = existing(draft, table)?.head.primary_field;
        let here: Vec<FieldNo> = existing(draft, table)?.fields.iter().map(|field| field.no).collect();
        for no in here {
            let Some(field) = live(draft, table, no) else { continue };
            // The other side of a link that was none then stays with it.
            let is_held = matches!(field.kind, FieldKind::Link { table: other, symmetric: Some(back), .. }
                if self.then(other, back).is_some());
            if then.field(no).is_none() && no != primary && !is_held {
                fields::delete(draft, context, table, no)?;
            }
        }
        for field in &then.fields {
            let there = existing(draft, table)?.trashed_field(field.no).is_some();
            if there && !self.stuck.contains(&(table, field.no)) {
                trash::restore_field(draft, table, field.no)?;
            }
        }
        let target = then.head.primary_field;
        if let Some(field) = then.field(target) {
            self.retype(draft, table, field);
        }
        self.name_by(draft, context, table, target)?;
        for field in &then.fields {
            self.retype(draft, table, field);
        }
        for field in &then.fields {
            look_like(draft, table, field);
        }
        Ok(())
    }

    /// Makes a field the one that names the records, and takes the one that did out if it was not there then.
    fn name_by(
        &mut self,
        draft: &mut Draft<'_>,
        context: &CheckContext<'_>,
        table: TableNo,
        target: FieldNo,
    ) -> Checked<()> {
        let shape = existing(draft, table)?;
        let now = shape.head.clone();
        if now.primary_field == target {
            return Ok(());
        }
        let old = shape.field(now.primary_field).cloned();
        if shape.field(target).is_some_and(|field| field.kind.can_be_primary()) {
            let after = TableHead { primary_field: target, ..now.clone() };
            draft.edit(SchemaEdit::Table { table, before: Some(now), after: Some(after) });
            if let Some(old) = old.filter(|old| self.then(table, old.no).is_none()) {
                fields::delete(draft, context, table, old.no)?;
            }
        } else if let Some(old) = old {
            self.block(PartId::Field(table, old.no), &old.name, BackBlock::Needed);
            // What could not name the records can't be made again while it has to.
            self.stuck.insert((table, old.no));
        }
        Ok(())
    }

    /// Gives a field the type, options and rules of then, and its cells what of them fits.
    fn retype(&mut self, draft: &mut Draft<'_>, table: TableNo, then: &Field) {
        let Some(now) = live(draft, table, then.no) else { return };
        let before = FieldFacts::of(&now);
        if self.stuck.contains(&(table, then.no)) || (now.kind == then.kind && now.rules == then.rules) {
            return;
        }
        let mut after = FieldFacts { kind: then.kind.clone(), rules: then.rules.clone(), ..before.clone() };
        let cells = if now.kind.type_name() == then.kind.type_name() {
            convert::without_choices(draft, table, &now, &then.kind)
        } else {
            convert::cells_of_then(draft.base, table, &now, &then.kind)
        };
        cells.into_iter().for_each(|(row, cell)| draft.set(table, row, then.no, cell));
        if after.rules.unique && has_double(draft, table, then.no) {
            after.rules.unique = false;
            self.block(PartId::Field(table, then.no), &then.name, BackBlock::Unique);
        }
        draft.edit(SchemaEdit::Field { table, field: then.no, before: Some(before), after: Some(after) });
        views::refit(draft);
    }

    fn views(&mut self, draft: &mut Draft<'_>, context: &CheckContext<'_>, then: &Table) -> Checked<()> {
        let table = then.number();
        let Some(shape) = draft.schema().table(table) else { return Ok(()) };
        let is_shared = |view: &View| view.access != ViewAccess::Personal;
        let gone: Vec<View> = shape.views.iter().filter(|view| is_shared(view)).cloned().collect();
        // One that is somebody's own, or was then, is theirs to share or not.
        for view in then.views.iter().filter(|view| is_shared(view)) {
            let shape = existing(draft, table)?;
            if shape.trashed_view(view.no).is_some_and(is_shared) {
                trash::restore_view(draft, table, view.no)?;
            } else if !shape.view(view.no).is_some_and(is_shared) {
                continue;
            }
            view_like(draft, table, view)?;
        }
        for view in gone.into_iter().filter(|view| then.view(view.no).is_none()) {
            if views::is_last(existing(draft, table)?, view.no) {
                self.block(PartId::View(table, view.no), &view.name, BackBlock::Needed);
            } else if let Some(now) = existing(draft, table)?.view(view.no).cloned() {
                trash::put_view(draft, context, table, now);
            }
        }
        Ok(())
    }
}

fn live(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> Option<Field> {
    draft.schema().table(table)?.field(field).cloned()
}

/// Whether two records have the same value, as the draft has them.
fn has_double(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> bool {
    let mut seen: FxHashSet<Box<str>> = FxHashSet::default();
    let rows = draft.base.row_numbers(table);
    let mut keys = rows.iter().filter_map(|row| unique::key(&draft.cell(table, *row, field)));
    keys.any(|key| !seen.insert(key))
}

/// Gives a field name, description and place of then; whoever has the name meanwhile gets a number.
fn look_like(draft: &mut Draft<'_>, table: TableNo, then: &Field) {
    let Some(shape) = draft.schema().table(table) else { return };
    let Some(now) = shape.field(then.no).map(FieldFacts::of) else { return };
    let other = shape.fields.iter().find(|other| other.no != then.no && same_name(&other.name, &then.name));
    if let Some(other) = other.cloned() {
        let name =
            trash::free(&other.name, |name| shape.fields.iter().any(|field| same_name(&field.name, name)));
        let before = FieldFacts::of(&other);
        let after = FieldFacts { name, ..before.clone() };
        draft.edit(SchemaEdit::Field { table, field: other.no, before: Some(before), after: Some(after) });
    }
    let after = FieldFacts {
        name: then.name.clone(),
        description: then.description.clone(),
        position: then.position,
        ..now.clone()
    };
    if now != after {
        draft.edit(SchemaEdit::Field { table, field: then.no, before: Some(now), after: Some(after) });
    }
}

/// Names, descriptions, icons and places of the tables.
fn heads(draft: &mut Draft<'_>, then: &Schema) {
    for goal in &then.tables {
        let schema = draft.schema();
        let Some(now) = schema.table(goal.number()).map(|table| table.head.clone()) else { continue };
        let is_other =
            |table: &&Table| table.number() != goal.number() && same_name(&table.head.name, &goal.head.name);
        if let Some(other) = schema.tables.iter().find(is_other).map(|table| table.head.clone()) {
            let name = trash::free(&other.name, |name| schema.table_by_name(name).is_some());
            let after = TableHead { name, ..other.clone() };
            let table = other.number;
            draft.edit(SchemaEdit::Table { table, before: Some(other), after: Some(after) });
        }
        let after = TableHead {
            name: goal.head.name.clone(),
            description: goal.head.description.clone(),
            icon: goal.head.icon.clone(),
            position: goal.head.position,
            ..now.clone()
        };
        if now != after {
            let table = goal.number();
            draft.edit(SchemaEdit::Table { table, before: Some(now), after: Some(after) });
        }
    }
}

/// Gives a view everything of then but who made it; whoever has the name meanwhile gets a number.
fn view_like(draft: &mut Draft<'_>, table: TableNo, then: &View) -> Checked<()> {
    let shape = existing(draft, table)?;
    let Some(now) = shape.view(then.no).cloned() else { return Ok(()) };
    let mut after = View { created_by: now.created_by.clone(), deleted_us: None, ..then.clone() };
    after.config.refit(shape);
    let is_taken = |view: &&View| {
        view.no != then.no && view.access != ViewAccess::Personal && same_name(&view.name, &then.name)
    };
    if let Some(other) = shape.views.iter().find(is_taken).cloned() {
        let name = trash::free(&other.name, |name| shape.view_by_name(name).is_some());
        let renamed = View { name, ..other.clone() };
        draft.edit(SchemaEdit::View { table, view: other.no, before: Some(other), after: Some(renamed) });
    }
    if now != after {
        draft.edit(SchemaEdit::View { table, view: then.no, before: Some(now), after: Some(after) });
    }
    Ok(())
}
