//! Going back to a schema of before (spec row X8): what it would do, told before it is done and derived from the very change
//! that does it, so that the two can't differ. The steps are in `check/back.rs`.

use crate::base::Base;
use crate::cell::Cell;
use crate::change::{Change, FieldFacts};
use crate::column::ValueRef;
use crate::ids::{FieldNo, TableNo, ViewNo};
use crate::schema::{Field, Schema, Table, View};
use rustc_hash::FxHashMap;

/// A table, field or view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartId {
    /// A table.
    Table(TableNo),
    /// A field of a table.
    Field(TableNo, FieldNo),
    /// A view of a table.
    View(TableNo, ViewNo),
}

/// A schema to go back to: that of a base as it was ([`Base::past`]).
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaGoal {
    /// The schema then; what was in its trash stays where it is.
    pub schema: Schema,
    /// What was there then and was deleted for good since, with its name.
    pub purged: Vec<(PartId, String)>,
}

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackDone {
    /// It comes back from the trash, with what it holds.
    Restored,
    /// It goes to the trash.
    Removed,
    /// It is changed.
    Changed,
}

/// A part that going back does something to.
#[derive(Debug, Clone, PartialEq)]
pub struct BackPart {
    /// The part.
    pub id: PartId,
    /// Its name now, or the one that it has in the trash.
    pub name: String,
    /// Its name then, if it is another one.
    pub renamed: Option<String>,
    /// What happens to it.
    pub done: BackDone,
    /// What of it becomes different: `name`, `description`, `type`, `options`, `position`, `primary_field`, `access`, `config`, `icon`.
    pub members: Vec<&'static str>,
    /// The names of its types now and then, if they differ.
    pub types: Option<(&'static str, &'static str)>,
    /// Records with a value in a field that is converted or removed; records of a table that comes or goes.
    pub filled: usize,
    /// Of a field that is converted: records whose value the type of then can't hold, or not all of it.
    pub lost: usize,
}

/// Why a part can't be as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackBlock {
    /// It was deleted for good.
    Purged,
    /// It became a link, or was one: the other side can't be made again.
    Link,
    /// It held files, which no other type can be made into.
    Files,
    /// It was unique, and values occur twice now.
    Unique,
    /// Something that stays needs it: records the field that names them, a table its last view, a link its table.
    Needed,
}

impl BackBlock {
    /// The word for it on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purged => "purged",
            Self::Link => "link",
            Self::Files => "files",
            Self::Unique => "unique",
            Self::Needed => "needed",
        }
    }

    /// A sentence for people.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Purged => "It was deleted for good and can't be made again.",
            Self::Link => {
                "It was a link, or became one since: that can't be turned around. It stays as it is."
            }
            Self::Files => "It held files, which the values that it has now can't become. It stays as it is.",
            Self::Unique => {
                "Its values had to be unique, and some occur more than once now. It comes back without that."
            }
            Self::Needed => "Something that stays needs it, so it stays as well.",
        }
    }
}

/// A part that can't be as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocked {
    /// The part.
    pub id: PartId,
    /// Its name then.
    pub name: String,
    /// Why.
    pub why: BackBlock,
}

/// What going back to a schema does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GoingBack {
    /// What happens, in the order of the tables: theirs first, then fields, then views.
    pub parts: Vec<BackPart>,
    /// What can't be as it was.
    pub blocked: Vec<Blocked>,
    /// Values lost in all.
    pub lost: usize,
}

impl Base {
    /// This base's schema as one to go back to. Of a base as it was ([`Past::finish`](crate::Past::finish)).
    pub fn goal(&self) -> SchemaGoal {
        let purged = self.purged.iter().map(|(id, name)| (*id, name.clone())).collect();
        SchemaGoal { schema: self.schema.clone(), purged }
    }
}

/// Whether two schemas are the same but for numbers of rows.
pub(crate) fn same_shape(a: &Schema, b: &Schema) -> bool {
    let same = |a: &[Table], b: &[Table]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| {
                a.head == b.head && a.fields == b.fields && a.views == b.views && a.trash == b.trash
            })
    };
    a.info == b.info && same(&a.tables, &b.tables) && same(&a.trash, &b.trash)
}

/// The parts that the change does something to: what people see before and after it is compared.
pub(super) fn told(base: &Base, after: &Schema, change: &Change) -> GoingBack {
    let teller = Teller { base, edits: edits(change) };
    let mut parts = Vec::new();
    for table in &after.tables {
        let no = table.number();
        let Some(before) = base.schema.any_table(no) else { continue };
        let live = base.schema.table(no).is_some();
        teller.table(before, table, live, &mut parts);
        for field in &table.fields {
            parts.extend(teller.field(before, field));
        }
        for field in before.fields.iter().filter(|field| table.field(field.no).is_none()) {
            let filled = teller.filled(no, field.no);
            let id = PartId::Field(no, field.no);
            parts.push(BackPart { filled, ..part(id, &field.name, BackDone::Removed) });
        }
        parts.extend(table.views.iter().filter_map(|view| view_part(before, view)));
        let gone = before.views.iter().filter(|view| table.view(view.no).is_none());
        parts.extend(gone.map(|view| part(PartId::View(no, view.no), &view.name, BackDone::Removed)));
    }
    for table in base.schema.tables.iter().filter(|table| after.table(table.number()).is_none()) {
        let id = PartId::Table(table.number());
        let filled = base.row_numbers(table.number()).len();
        parts.push(BackPart { filled, ..part(id, &table.head.name, BackDone::Removed) });
    }
    let lost = parts.iter().map(|part| part.lost).sum();
    GoingBack { parts, blocked: Vec::new(), lost }
}

fn part(id: PartId, name: &str, done: BackDone) -> BackPart {
    let name = name.to_owned();
    BackPart { id, name, renamed: None, done, members: Vec::new(), types: None, filled: 0, lost: 0 }
}

/// What each field's cells held and hold, of those that a change writes.
type Edits<'a> = FxHashMap<(TableNo, FieldNo), Vec<(&'a Cell, &'a Cell)>>;

fn edits(change: &Change) -> Edits<'_> {
    let mut edits = Edits::default();
    for edit in &change.updated {
        for cell in &edit.cells {
            let own = edits.entry((edit.table, cell.field)).or_default();
            own.push((&cell.before, &cell.after));
        }
    }
    edits
}

struct Teller<'a> {
    base: &'a Base,
    edits: Edits<'a>,
}

impl Teller<'_> {
    fn filled(&self, table: TableNo, field: FieldNo) -> usize {
        let Some(rows) = self.base.tables.get(&table) else { return 0 };
        rows.live_slots().filter(|slot| rows.value(field, *slot) != ValueRef::Empty).count()
    }

    fn table(&self, before: &Table, after: &Table, live: bool, parts: &mut Vec<BackPart>) {
        let (old, new) = (&before.head, &after.head);
        let members = [
            ("name", old.name != new.name),
            ("description", old.description != new.description),
            ("icon", old.icon != new.icon),
            ("primary_field", old.primary_field != new.primary_field),
            ("position", old.position != new.position),
        ];
        let members: Vec<_> = members.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
        if live && members.is_empty() {
            return;
        }
        let done = if live { BackDone::Changed } else { BackDone::Restored };
        let renamed = (old.name != new.name).then(|| new.name.clone());
        let filled = if live { 0 } else { self.base.row_numbers(before.number()).len() };
        let id = PartId::Table(before.number());
        parts.push(BackPart { renamed, members, filled, ..part(id, &old.name, done) });
    }

    fn field(&self, table: &Table, field: &Field) -> Option<BackPart> {
        let live = table.field(field.no);
        let before = table.any_field(field.no)?;
        let (old, new) = (FieldFacts::of(before), FieldFacts::of(field));
        let types = (before.kind.type_name(), field.kind.type_name());
        let retyped = types.0 != types.1;
        let members = [
            ("name", old.name != new.name),
            ("description", old.description != new.description),
            ("type", retyped),
            ("options", old.kind != new.kind || old.rules != new.rules),
            ("position", old.position != new.position),
        ];
        let members: Vec<_> = members.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
        if live.is_some() && members.is_empty() {
            return None;
        }
        let done = if live.is_some() { BackDone::Changed } else { BackDone::Restored };
        let renamed = (old.name != new.name).then(|| new.name.clone());
        let key = (table.number(), field.no);
        let mut told = part(PartId::Field(key.0, key.1), &old.name, done);
        if old.kind != new.kind {
            told.filled = self.filled(key.0, key.1);
            told.lost = self.lost(before, field, key, told.filled);
        }
        Some(BackPart { renamed, members, types: retyped.then_some(types), ..told })
    }

    /// Records whose value the field of then can't hold, or not all of it.
    fn lost(&self, before: &Field, after: &Field, key: (TableNo, FieldNo), filled: usize) -> usize {
        let edits = self.edits.get(&key).map(Vec::as_slice).unwrap_or_default();
        if before.kind.is_computed() {
            // What was calculated is kept where it is written now. Calculated anew, it is no loss.
            let kept = edits.iter().filter(|(_, after)| !after.is_empty()).count();
            return if after.kind.is_computed() { 0 } else { filled.saturating_sub(kept) };
        }
        let is_shorter = |before: &Cell, after: &Cell| match (before, after) {
            (Cell::Texts(before), Cell::Texts(after)) => after.len() < before.len(),
            _ => false,
        };
        let is_lost = |(before, after): &&(&Cell, &Cell)| {
            !before.is_empty() && (after.is_empty() || is_shorter(before, after))
        };
        edits.iter().filter(is_lost).count()
    }
}

fn view_part(table: &Table, view: &View) -> Option<BackPart> {
    let live = table.view(view.no);
    let before = live.or_else(|| table.trashed_view(view.no))?;
    let members = [
        ("name", before.name != view.name),
        ("type", before.kind != view.kind),
        ("access", before.access != view.access),
        ("config", before.config != view.config),
        ("position", before.position != view.position),
    ];
    let members: Vec<_> = members.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
    if live.is_some() && members.is_empty() {
        return None;
    }
    let done = if live.is_some() { BackDone::Changed } else { BackDone::Restored };
    let renamed = (before.name != view.name).then(|| view.name.clone());
    Some(BackPart { renamed, members, ..part(PartId::View(table.number(), view.no), &before.name, done) })
}
