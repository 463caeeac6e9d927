//! From a command to exact facts: everything is validated here, and everything that is wrong is said at once.

mod back;
mod convert;
mod draft;
mod fields;
mod formulas;
mod import;
mod links;
mod records;
mod rules;
mod tables;
mod trash;
mod undo;
mod validation;
mod views;

use crate::base::Base;
use crate::change::{Change, ChangeKind};
use crate::command::{CellCode, CellError, CheckContext, Command};
use crate::ids::TableNo;
use crate::schema::Table;
use draft::Draft;
use std::borrow::Cow;

pub use convert::Conversion;
pub(crate) use validation::Validations;

type Checked<T> = Result<T, Vec<CellError>>;

fn refuse<T>(member: &'static str, code: CellCode, detail: impl Into<String>) -> Checked<T> {
    Err(vec![CellError::member(member, code, detail)])
}

impl Base {
    /// What the command would change, or all that is wrong with it. Nothing is written. A command that changes nothing
    /// gives an empty change ([`Change::is_empty`]).
    pub fn check(&self, command: &Command, context: &mut CheckContext<'_>) -> Result<Change, Vec<CellError>> {
        if let Command::GoBack { goal, from, partly, blocked, lost } = command {
            return back::checked(self, (goal, from), (*partly, *blocked, *lost), context);
        }
        let mut draft = Draft::new(self);
        let mut refused = Vec::new();
        let kind = match command {
            Command::CreateRecords { table, rows, ids } => {
                records::create(&mut draft, context, *table, rows, ids.as_deref())?;
                ChangeKind::Create
            }
            Command::ImportRecords { table, rows, merge } => {
                refused = import::import(&mut draft, context, *table, rows, *merge)?;
                if merge.is_some() { ChangeKind::Mixed } else { ChangeKind::Create }
            }
            Command::UpdateRecords { table, rows } => {
                records::update(&mut draft, context, *table, rows)?;
                ChangeKind::Update
            }
            Command::WriteRecords { table, updates, creates } => {
                records::update(&mut draft, context, *table, updates)?;
                records::create(&mut draft, context, *table, creates, None).map_err(|mut errors| {
                    errors.iter_mut().for_each(|error| error.row += updates.len());
                    errors
                })?;
                if creates.is_empty() { ChangeKind::Update } else { ChangeKind::Mixed }
            }
            Command::Undo { change } => {
                undo::undo(&mut draft, context, change)?;
                ChangeKind::Mixed
            }
            Command::DeleteRecords { table, rows } => {
                records::delete(&mut draft, *table, rows)?;
                ChangeKind::Delete
            }
            Command::RestoreRecords { table, rows } => {
                records::restore(&mut draft, context, *table, rows)?;
                ChangeKind::Restore
            }
            other => {
                schema_command(&mut draft, context, other)?;
                ChangeKind::Schema
            }
        };
        rules::stamp(&mut draft, context);
        let claims = rules::claims(&draft)?;
        Ok(Change { claims, refused, ..draft.finish(kind, context) })
    }
}

fn schema_command(draft: &mut Draft<'_>, context: &mut CheckContext<'_>, command: &Command) -> Checked<()> {
    match command {
        Command::CreateRecords { .. }
        | Command::ImportRecords { .. }
        | Command::UpdateRecords { .. }
        | Command::WriteRecords { .. }
        | Command::DeleteRecords { .. }
        | Command::RestoreRecords { .. }
        | Command::Undo { .. }
        | Command::GoBack { .. } => Ok(()),
        Command::UpdateBase { info } => tables::update_base(draft, info),
        Command::CreateTable { name, description, icon, fields } => {
            tables::create(draft, context, name, description, icon.as_deref(), fields)
        }
        Command::UpdateTable { table, name, description, icon, primary_field, position } => {
            let edit = tables::Edit {
                name: name.as_deref(),
                description: description.as_deref(),
                icon: icon.as_ref(),
                primary_field: *primary_field,
                position: *position,
            };
            tables::update(draft, *table, &edit)
        }
        Command::DeleteTable { table } => trash::put_table(draft, context, *table),
        Command::CreateField { table, field } => {
            existing(draft, *table)?;
            fields::create(draft, context, *table, field, 0).map(drop)
        }
        Command::UpdateField { table, field, name, description, kind, rules, position } => {
            let edit = fields::Edit {
                name: name.as_deref(),
                description: description.as_deref(),
                kind: kind.as_ref(),
                rules: rules.as_ref(),
                position: *position,
            };
            fields::update(draft, context, *table, *field, &edit)
        }
        Command::DeleteField { table, field } => fields::delete(draft, context, *table, *field),
        Command::CreateView { table, name, kind, access, config } => {
            existing(draft, *table)?;
            views::create(draft, context, *table, name, kind, *access, config)
        }
        Command::UpdateView { table, view, name, kind, access, config, position } => {
            let edit = views::Edit {
                name: name.as_deref(),
                kind: kind.as_deref(),
                access: *access,
                config: config.as_ref(),
                position: *position,
            };
            views::update(draft, *table, *view, &edit)
        }
        Command::DeleteView { table, view } => views::delete(draft, context, *table, *view),
        Command::RestoreTable { table } => trash::restore_table(draft, *table),
        Command::RestoreField { table, field } => trash::restore_field(draft, *table, *field),
        Command::RestoreView { table, view } => trash::restore_view(draft, *table, *view),
        Command::Purge { until_us } => {
            trash::purge(draft, *until_us);
            Ok(())
        }
    }
}

fn existing<'d>(draft: &'d Draft<'_>, table: TableNo) -> Checked<&'d Table> {
    match draft.schema().table(table) {
        Some(table) => Ok(table),
        None => refuse("table", CellCode::UnknownTable, "There is no such table."),
    }
}

/// As [`existing`], to be read while the draft is written.
fn shape<'b>(draft: &Draft<'b>, table: TableNo) -> Checked<Cow<'b, Table>> {
    match draft.shape(table) {
        Some(table) => Ok(table),
        None => refuse("table", CellCode::UnknownTable, "There is no such table."),
    }
}

/// The order after moving the element at `from` to `to` (both indices; `to` may be past the end).
fn moved<T: Copy>(list: &[T], from: usize, to: usize) -> Vec<T> {
    let mut list = list.to_vec();
    let element = list.remove(from);
    list.insert(to.min(list.len()), element);
    list
}
