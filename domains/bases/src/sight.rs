//! What one caller sees of a base, and what it may do there. The one place between permissions and records.
//!
//! Invariants: names are looked up in a [`Seen`] table, which lacks the fields that are hidden, so that a hidden field is as
//! unknown as one that never was: in answers, filters, sorts, searches, totals, exports, history and in what is written. A
//! table whose primary field is hidden is not there, because that field names its records elsewhere; a link into a table
//! that is not wholly there is hidden, because it would name its records. A view keeps its own filter, also on hidden fields:
//! who may set those decided what it shows. A personal view is there for its owner alone. Only what [`permit`] lets through
//! is written.

mod back;
mod past;
mod rows;
mod rules;
mod undo;

pub(crate) use back::{goes_back, restores_field};
pub(crate) use rows::{rows_to_show, rows_to_store};
pub(crate) use rules::without_hidden;

use crate::problem;
use engine_base::{
    Base, Command, Condition, Field, FieldKind, FieldNo, QueryContext, QuerySpec, RowNo, Table, TableNo,
    View, ViewAccess, ViewConfig, ViewNo,
};
use kernel_core::{
    Access, Actor, Caller, Capability, Code, Error, FieldError, FieldKey, FieldLevel, Level, Result, enough,
};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;

/// A table as one caller sees it.
pub(crate) struct Seen<'a> {
    table: Cow<'a, Table>,
    whole: &'a Table,
    base: &'a Base,
    caller: &'a Caller,
    level: Level,
}

impl Deref for Seen<'_> {
    type Target = Table;
    fn deref(&self) -> &Table {
        &self.table
    }
}

/// Whether the caller made the view.
fn owns(caller: &Caller, view: &View) -> bool {
    caller.actor != Actor::System && view.created_by == caller.actor.to_string()
}

/// Whether a view is there for the caller: a personal one only for who made it.
pub(crate) fn sees_view(caller: &Caller, view: &View) -> bool {
    view.access != ViewAccess::Personal || owns(caller, view)
}

/// Whether the caller may hand out records as files; a link for everybody does no less.
fn exports(caller: &Caller) -> bool {
    caller.may(Capability::ReadRecords) && caller.may(Capability::ExportData)
}

fn field_level(access: &Access, level: Level, table: TableNo, field: FieldNo) -> FieldLevel {
    access.field(level, FieldKey { table: table.0, field: field.0 })
}

/// Whether a table is there with all its rows, and the field that names them.
fn names_are_seen(caller: &Caller, base: &Base, table: TableNo) -> bool {
    let level = caller.table(base.id().0, table.0);
    let primary = base.schema().table(table).map(|table| table.head.primary_field);
    level > Level::None
        && caller.access.rows(table.0).is_none()
        && primary.is_some_and(|no| {
            field_level(&caller.access, level, table, no) > FieldLevel::Hidden
                && reads_are_seen(caller, base, table, no)
        })
}

/// Whether everything that a calculated value says something of is there: what is hidden does not come back through a formula.
fn reads_are_seen(caller: &Caller, base: &Base, table: TableNo, field: FieldNo) -> bool {
    base.reads(table, field).into_iter().all(|read| {
        let level = caller.table(base.id().0, read.table.0);
        level > Level::None
            && (read.table == table || caller.access.rows(read.table.0).is_none())
            && field_level(&caller.access, level, read.table, read.field) > FieldLevel::Hidden
    })
}

impl<'a> Seen<'a> {
    /// The table, if it is there for the caller.
    pub(crate) fn of(caller: &'a Caller, base: &'a Base, table: TableNo) -> Option<Self> {
        let whole = base.schema().table(table)?;
        let (access, level) = (&*caller.access, caller.table(base.id().0, table.0));
        if level == Level::None {
            return None;
        }
        let is_shown = |field: &Field| {
            field_level(access, level, table, field.no) > FieldLevel::Hidden
                && match &field.kind {
                    FieldKind::Link { table: other, .. } => names_are_seen(caller, base, *other),
                    kind if kind.is_computed() => reads_are_seen(caller, base, table, field.no),
                    _ => true,
                }
        };
        let has_view = |view: &View| view.access != ViewAccess::Personal || owns(caller, view);
        let all_fields = access.sees_whole_bases() || whole.fields.iter().all(is_shown);
        if all_fields && whole.views.iter().all(has_view) {
            return Some(Self { table: Cow::Borrowed(whole), whole, base, caller, level });
        }
        if !all_fields && !whole.primary().is_some_and(is_shown) {
            return None;
        }
        let mut table = whole.clone();
        table.views.retain(has_view);
        if !all_fields {
            table.fields.retain(is_shown);
            let views = std::mem::take(&mut table.views);
            table.views = views.into_iter().map(|view| redacted(view, &table)).collect();
        }
        Some(Self { table: Cow::Owned(table), whole, base, caller, level })
    }

    /// Whether every field and row is there.
    pub(crate) fn is_whole(&self) -> bool {
        self.fields.len() == self.whole.fields.len() && !self.has_some_rows_only()
    }

    /// Settings that replace a view's: what the caller does not see and the view hides stays hidden.
    pub(crate) fn keep_hidden(&self, view: ViewNo, config: &mut ViewConfig) {
        let hidden = self.whole.view(view).map(|view| view.config.hidden.as_slice()).unwrap_or_default();
        config.hidden.extend(hidden.iter().copied().filter(|field| self.field(field.field).is_none()));
    }

    /// What the caller may do with a view itself, in the words of the API.
    pub(crate) fn may(&self, view: &View) -> Vec<&'static str> {
        let edits = self.level >= Level::Edit && self.caller.may(Capability::EditViews);
        let mine = edits && owns(self.caller, view) && matches!(self.caller.actor, Actor::User(_));
        let rules = edits && (owns(self.caller, view) || self.level >= Level::Manage);
        let shares = rules && view.access != ViewAccess::Personal && self.is_whole() && exports(self.caller);
        [
            (edits && view.access != ViewAccess::Locked, "edit"),
            (rules, "access"),
            (mine, "personal"),
            (shares, "share"),
        ]
        .into_iter()
        .filter_map(|(may, word)| may.then_some(word))
        .collect()
    }

    /// The tables of a base that are there for the caller, in their order.
    pub(crate) fn all(caller: &'a Caller, base: &'a Base) -> impl Iterator<Item = Self> {
        base.schema().tables.iter().filter_map(|table| Self::of(caller, base, table.number()))
    }

    /// The fields to write into answers; `None`: all.
    pub(crate) fn shown(&self) -> Option<Vec<FieldNo>> {
        let is_all = self.fields.len() == self.whole.fields.len();
        (!is_all).then(|| self.fields.iter().map(|field| field.no).collect())
    }

    /// Whether the caller may change a field's values.
    pub(crate) fn writes(&self, field: FieldNo) -> bool {
        self.field(field).is_some_and(|field| !field.kind.is_read_only())
            && field_level(&self.caller.access, self.level, self.number(), field) == FieldLevel::Write
            && self.rules_are_seen(field)
    }

    /// Whether all that stands in one rule with a field is there: who writes would learn from the rule of what is hidden.
    fn rules_are_seen(&self, field: FieldNo) -> bool {
        self.fields.len() == self.whole.fields.len()
            || self.base.ruled_with(self.number(), field).iter().all(|other| self.field(*other).is_some())
    }

    /// What the caller may do in the table.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Whether only some of the rows are there.
    pub(crate) fn has_some_rows_only(&self) -> bool {
        self.caller.access.rows(self.number().0).is_some()
    }

    /// Narrows a query to the rows that are there, and a search to the fields that are.
    ///
    /// # Errors
    /// `bad_filter` when the query's filter can't be read.
    pub(crate) fn narrow(&self, spec: &mut QuerySpec) -> Result<()> {
        if let Some(rows) = self.caller.access.rows(self.number().0) {
            spec.filter = Some(match spec.filter.take() {
                // Not the text as it came: a bracket in it could close ours and leave the rows' condition to an `or`.
                Some(filter) => format!("({}) and ({rows})", canonical(&filter)?),
                None => rows.to_owned(),
            });
        }
        let gone = self.whole.fields.iter().map(|field| field.no);
        spec.unsearched = gone.filter(|no| self.field(*no).is_none()).collect();
        Ok(())
    }

    /// Refuses a filter that names a field which is not there.
    ///
    /// # Errors
    /// `bad_filter` with the words of an unknown field.
    pub(crate) fn check_filter(&self, filter: &str) -> Result<()> {
        if matches!(self.table, Cow::Borrowed(_)) {
            return Ok(());
        }
        match unknown_in(filter, self) {
            None => Ok(()),
            Some(name) => {
                let detail = format!("There is no field {name} in {}.", self.head.name);
                Err(Error::field("/filter", Code::BadFilter, detail.clone()).detail(detail))
            }
        }
    }

    /// Whether the row is there for the caller.
    pub(crate) fn has(&self, base: &Base, row: RowNo, now_us: i64) -> bool {
        if !base.contains(self.number(), row) {
            return false;
        }
        if !self.has_some_rows_only() {
            return true;
        }
        let mut spec = QuerySpec::all(self.number());
        let context = QueryContext { now_us, zone: "UTC" };
        self.narrow(&mut spec).is_ok() && matches!(base.position(&spec, &context, row), Ok(Some(_)))
    }

    /// How many records are there.
    pub(crate) fn count(&self, base: &Base, now_us: i64) -> usize {
        if !self.has_some_rows_only() {
            return base.len(self.number());
        }
        let mut spec = QuerySpec::all(self.number());
        let narrowed = self.narrow(&mut spec);
        let context = QueryContext { now_us, zone: "UTC" };
        narrowed.ok().and_then(|()| base.count(&spec, &context).ok()).unwrap_or_default()
    }
}

/// The first field that the expression names and the table lacks.
fn unknown_in(text: &str, table: &Table) -> Option<String> {
    let unknown = RefCell::new(None);
    let _ = engine_expr::parse(text).ast.print_renamed(|name| {
        if table.field_by_key(name).is_none() {
            unknown.borrow_mut().get_or_insert_with(|| name.to_owned());
        }
        None
    });
    unknown.into_inner()
}

/// Whether all that a view does with fields is about fields of the table. Its widths and hidden fields are no matter.
fn fits(config: &ViewConfig, table: &Table) -> bool {
    let mut fits = true;
    config.clone().retain(&mut |used| {
        let is_look = ["hidden/", "order/", "widths/"].iter().any(|look| used.at.starts_with(look));
        fits &= is_look || table.field(used.field.field).is_some();
        true
    });
    let asks = |condition: &Option<serde_json::Value>| {
        condition.as_ref().is_none_or(|json| json.is_null() || Condition::parse(json, table).is_ok())
    };
    fits && config.filter.as_deref().is_none_or(|filter| unknown_in(filter, table).is_none())
        && asks(&config.where_)
        && config.form.iter().flat_map(|form| &form.fields).all(|field| asks(&field.condition))
}

/// A view without what it says of fields that the table lacks.
fn redacted(mut view: View, table: &Table) -> View {
    let config = &mut view.config;
    if config.filter.as_deref().is_some_and(|filter| unknown_in(filter, table).is_some()) {
        config.filter = None;
    }
    let forget = |condition: &mut Option<serde_json::Value>| {
        if condition.as_ref().is_some_and(|json| Condition::parse(json, table).is_err()) {
            *condition = None;
        }
    };
    forget(&mut config.where_);
    config.form.iter_mut().flat_map(|form| &mut form.fields).for_each(|field| forget(&mut field.condition));
    config.retain(&mut |used| table.field(used.field.field).is_some());
    view
}

/// A filter in its canonical form, in which it can be put between brackets.
fn canonical(filter: &str) -> Result<String> {
    let parsed = engine_expr::parse(filter);
    match parsed.diagnostics.iter().find(|one| one.severity == engine_expr::Severity::Error) {
        None => Ok(parsed.ast.print()),
        Some(mistake) => {
            let detail = mistake.message.clone();
            Err(Error::field("/filter", Code::BadFilter, detail.clone()).detail(detail))
        }
    }
}

/// Whether the caller may give this command. What it reads is the base before the command.
///
/// # Errors
/// `not_found` for what is not there for the caller, `read_only_field`, `forbidden`.
pub(crate) fn permit(caller: &Caller, base: &Base, command: &Command, now_us: i64) -> Result<()> {
    let number = base.id().0;
    let seen = |table: TableNo, needed: Level| -> Result<Seen<'_>> {
        let seen = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
        enough(seen.level, needed)?;
        Ok(seen)
    };
    let rows_there = |seen: &Seen<'_>, rows: &mut dyn Iterator<Item = RowNo>| -> Result<()> {
        if seen.has_some_rows_only() {
            for row in rows {
                // One that was deleted meanwhile is the engine's to report.
                if base.contains(seen.number(), row) && !seen.has(base, row, now_us) {
                    let id = seen.number().record(row);
                    return Err(Error::not_found().detail(format!("There is no record {id}.")));
                }
            }
        }
        Ok(())
    };
    match command {
        Command::CreateRecords { table, rows, .. } => {
            let seen = seen(*table, Level::Edit)?;
            writable(&seen, rows.iter().map(|cells| cells.iter().map(|(field, _)| *field)))
        }
        Command::ImportRecords { table, rows, merge } => {
            let seen = seen(*table, Level::Edit)?;
            if merge.is_some() && seen.has_some_rows_only() {
                // Which records the rows will meet is not known yet.
                return Err(refused());
            }
            writable(&seen, rows.iter().map(|cells| cells.iter().map(|(field, _)| *field)))
        }
        Command::UpdateRecords { table, rows } => {
            let seen = seen(*table, Level::Edit)?;
            rows_there(&seen, &mut rows.iter().map(|(row, _)| *row))?;
            writable(&seen, rows.iter().map(|(_, cells)| cells.iter().map(|(field, _)| *field)))
        }
        Command::WriteRecords { table, updates, creates } => {
            let seen = seen(*table, Level::Edit)?;
            rows_there(&seen, &mut updates.iter().map(|(row, _)| *row))?;
            let cells = updates.iter().map(|(_, cells)| cells).chain(creates);
            let fields: Vec<_> = cells.map(|cells| cells.iter().map(|(field, _)| *field)).collect();
            writable(&seen, fields.into_iter())
        }
        Command::DeleteRecords { table, rows } => {
            let seen = seen(*table, Level::Edit)?;
            rows_there(&seen, &mut rows.iter().copied())?;
            deletes(caller, number, *table)
        }
        Command::RestoreRecords { table, .. } => {
            let seen = seen(*table, Level::Edit)?;
            if seen.has_some_rows_only() {
                // Whether a deleted row was there can't be told from what is left of it.
                return Err(refused());
            }
            deletes(caller, number, *table)
        }
        Command::CreateView { table, config, access, .. } => {
            let seen = seen(*table, Level::Edit)?;
            personal_of_people(caller, *access)?;
            if fits(config, &seen) { Ok(()) } else { Err(names_hidden()) }
        }
        Command::UpdateView { table, view, config, access, .. } => {
            let seen = seen(*table, Level::Edit)?;
            let now = editable(&seen, *view, *access)?;
            match config {
                None => Ok(()),
                // What the caller doesn't see of the view would be lost.
                Some(_) if !fits(&now.config, &seen) => Err(refused()),
                Some(config) if !fits(config, &seen) => Err(names_hidden()),
                Some(_) => Ok(()),
            }
        }
        Command::DeleteView { table, view } => {
            let seen = seen(*table, Level::Edit)?;
            editable(&seen, *view, None).map(drop)
        }
        Command::UpdateField { table, field, .. } | Command::DeleteField { table, field, .. } => {
            let seen = seen(*table, Level::Manage)?;
            seen.field(*field).ok_or_else(Error::not_found)?;
            rules::names_seen(&seen, command)
        }
        Command::CreateField { table, .. } => rules::names_seen(&seen(*table, Level::Manage)?, command),
        Command::UpdateTable { table, .. } | Command::DeleteTable { table } => {
            seen(*table, Level::Manage).map(drop)
        }
        Command::RestoreView { table, view } => {
            let seen = seen(*table, Level::Edit)?;
            let trashed = seen.whole.trashed_view(*view);
            trashed.filter(|view| sees_view(caller, view)).map(drop).ok_or_else(Error::not_found)
        }
        Command::RestoreField { table, field } => {
            seen(*table, Level::Manage)?;
            if restores_field(caller, base, *table, *field) { Ok(()) } else { Err(Error::not_found()) }
        }
        Command::RestoreTable { table } => enough(caller.table(number, table.0), Level::Manage),
        Command::UpdateBase { .. } | Command::CreateTable { .. } | Command::Purge { .. } => {
            enough(caller.base(number), Level::Manage)
        }
        Command::Undo { change } => undo::undoes(caller, base, change, now_us),
        Command::GoBack { .. } => back::goes_back(caller, base),
    }
}

/// A view that the caller may change, to `access` if it is said.
fn editable<'s>(seen: &'s Seen<'_>, view: ViewNo, access: Option<ViewAccess>) -> Result<&'s View> {
    seen.view(view).ok_or_else(Error::not_found)?;
    let now = seen.whole.view(view).ok_or_else(Error::not_found)?;
    if let Some(access) = access.filter(|access| *access != now.access) {
        let is_owner = owns(seen.caller, now);
        if !is_owner && seen.level < Level::Manage {
            let detail = "This is for its owner, or for who manages the table.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        if access == ViewAccess::Personal && !is_owner {
            let detail = "Only who made a view can make it personal: nobody else would see it.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        personal_of_people(seen.caller, access)?;
        return Ok(now);
    }
    if now.access == ViewAccess::Locked {
        return Err(Error::new(Code::Forbidden).detail("This view is locked. Unlock it first."));
    }
    Ok(now)
}

/// A program's own views would be seen by nobody.
fn personal_of_people(caller: &Caller, access: ViewAccess) -> Result<()> {
    if access == ViewAccess::Personal && !matches!(caller.actor, Actor::User(_)) {
        let detail = "Personal views are people's; a view that an API token makes is shared.";
        return Err(Error::field("/access", Code::InvalidValue, detail));
    }
    Ok(())
}

fn deletes(caller: &Caller, base: u64, table: TableNo) -> Result<()> {
    if caller.access.deletes(base, table.0) { Ok(()) } else { Err(refused()) }
}

fn refused() -> Error {
    Error::new(Code::Forbidden).detail("Your permissions here do not include this.")
}

fn names_hidden() -> Error {
    Error::field("/config", Code::UnknownField, "names a field that is not there")
}

/// Every field that is written is there and may be changed.
fn writable(
    seen: &Seen<'_>,
    rows: impl ExactSizeIterator<Item = impl Iterator<Item = FieldNo>>,
) -> Result<()> {
    let many = rows.len() > 1;
    let mut errors = Vec::new();
    // Asked once a field, not once a cell.
    let mut known: BTreeMap<FieldNo, bool> = BTreeMap::new();
    for (index, fields) in rows.enumerate() {
        for no in fields {
            if *known.entry(no).or_insert_with(|| seen.writes(no)) {
                continue;
            }
            let record = if many { format!("/records/{index}") } else { String::new() };
            errors.push(match seen.field(no) {
                Some(field) => FieldError::new(
                    format!("{record}/fields/{}", problem::escape(&field.name)),
                    Code::ReadOnlyField,
                    "can't be changed with your permissions",
                ),
                None => FieldError::new(
                    format!("{record}/fields/{}", seen.number().field(no)),
                    Code::UnknownField,
                    "is not there",
                ),
            });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}
