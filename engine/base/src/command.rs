//! Commands: what somebody wants, loosely; `check` (in [`crate::check`]) makes exact facts of it or says all that is wrong.

use crate::back::SchemaGoal;
use crate::cell::Cell;
use crate::change::{Change, RowFacts};
use crate::files::FileTexts;
use crate::ids::{FieldNo, RowNo, TableNo, ViewNo};
use crate::schema::{BaseInfo, FieldKind, FieldRules, Schema};
use crate::view::{ViewAccess, ViewConfig};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// Cells as they came in, with the field that each is meant for. Values in the form of /v1: text, number, true/false,
/// `"2026-11-21"`, RFC 3339, the name or id of a choice, a list of record ids (or `{"id": …}`); null empties the cell.
pub type InputCells = Vec<(FieldNo, Value)>;

/// Cells in stored form, each field once.
pub type StoredCells = Vec<(FieldNo, Cell)>;

/// How the rows of an import find records that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// A record with the same value in this field is changed. Texts are the same without regard to case.
    pub key: FieldNo,
    /// Whether rows that find none become records; otherwise they are passed over.
    pub create: bool,
    /// Whether an empty cell empties the one of the record; otherwise it stays.
    pub clear: bool,
}

/// A field of a table that is to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewField {
    /// Shown name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Type and options.
    pub kind: FieldKind,
    /// What is asked of its cells.
    pub rules: FieldRules,
}

/// Something to be done. Optional members of updates that are None stay as they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Creates records, in this order.
    CreateRecords {
        /// The table.
        table: TableNo,
        /// Cells of each record.
        rows: Vec<InputCells>,
        /// Row numbers to use; as many as rows, none in use. Otherwise the next free ones are taken.
        ids: Option<Vec<RowNo>>,
    },
    /// Creates records from values that were coerced before ([`coerce`](crate::coerce())), or changes those that have the
    /// same key: what an import writes. A row that can't be written is left out and named in
    /// [`Change::refused`](crate::Change::refused); the others are written.
    ImportRecords {
        /// The table.
        table: TableNo,
        /// Cells of each record; an empty one says that the record has no value there, so no default is taken.
        rows: Vec<StoredCells>,
        /// How records that are there already are found; None: every row becomes a record.
        merge: Option<Merge>,
    },
    /// Changes cells. A record may occur more than once: the last value of a cell wins.
    UpdateRecords {
        /// The table.
        table: TableNo,
        /// Cells by record.
        rows: Vec<(RowNo, InputCells)>,
    },
    /// Changes records and creates others, as one change. An error's row counts the changed ones first.
    WriteRecords {
        /// The table.
        table: TableNo,
        /// Cells by record that is there.
        updates: Vec<(RowNo, InputCells)>,
        /// Cells of each record to create, in this order.
        creates: Vec<InputCells>,
    },
    /// Deletes records; links to them go too.
    DeleteRecords {
        /// The table.
        table: TableNo,
        /// The records; naming one twice is no error.
        rows: Vec<RowNo>,
    },
    /// Brings deleted records back as they were, from the facts of the change that deleted them. Links to records that are
    /// gone, and values of fields or choices that are gone, are left out.
    RestoreRecords {
        /// The table.
        table: TableNo,
        /// The facts that the deletion kept.
        rows: Vec<RowFacts>,
    },
    /// Name and look of the base.
    UpdateBase {
        /// The new values, all of them.
        info: BaseInfo,
    },
    /// Creates a table with one view. Without fields it gets a text field "Name".
    CreateTable {
        /// Shown name, unique in the base.
        name: String,
        /// Free text.
        description: String,
        /// Icon name.
        icon: Option<String>,
        /// The first one is primary.
        fields: Vec<NewField>,
    },
    /// Renames or describes a table, or picks another primary field.
    UpdateTable {
        /// The table.
        table: TableNo,
        /// Shown name.
        name: Option<String>,
        /// Free text.
        description: Option<String>,
        /// Icon name; `Some(None)` takes it away.
        icon: Option<Option<String>>,
        /// The field that names a record.
        primary_field: Option<FieldNo>,
        /// Place among the tables, from 0.
        position: Option<usize>,
    },
    /// Puts a table into the trash, and the link fields of other tables that point to it.
    DeleteTable {
        /// The table.
        table: TableNo,
    },
    /// Creates a field; for a link, also the field on the other side.
    CreateField {
        /// The table.
        table: TableNo,
        /// Name, type, options.
        field: NewField,
    },
    /// Renames or describes a field, changes its options, or converts it to another type: cells are read anew from what they
    /// show; those that the new type can't hold, and cells whose choice is gone, are emptied.
    UpdateField {
        /// The table.
        table: TableNo,
        /// The field.
        field: FieldNo,
        /// Shown name.
        name: Option<String>,
        /// Free text.
        description: Option<String>,
        /// Type and options.
        kind: Option<FieldKind>,
        /// What is asked of its cells.
        rules: Option<FieldRules>,
        /// Place among the fields, from 0.
        position: Option<usize>,
    },
    /// Puts a field into the trash; for a link, also its other side.
    DeleteField {
        /// The table.
        table: TableNo,
        /// The field; not the primary one.
        field: FieldNo,
    },
    /// Creates a view.
    CreateView {
        /// The table.
        table: TableNo,
        /// Shown name, unique in the table.
        name: String,
        /// One of [`crate::VIEW_TYPES`].
        kind: String,
        /// Who has it.
        access: ViewAccess,
        /// Its settings.
        config: ViewConfig,
    },
    /// Renames a view, makes it another type, replaces its settings or who has it.
    UpdateView {
        /// The table.
        table: TableNo,
        /// The view.
        view: ViewNo,
        /// Shown name.
        name: Option<String>,
        /// One of [`crate::VIEW_TYPES`].
        kind: Option<String>,
        /// Who has it.
        access: Option<ViewAccess>,
        /// All settings.
        config: Option<ViewConfig>,
        /// Place among the views, from 0.
        position: Option<usize>,
    },
    /// Puts a view into the trash; not the last one that is not personal.
    DeleteView {
        /// The table.
        table: TableNo,
        /// The view.
        view: ViewNo,
    },
    /// Brings a deleted table back, with its records and the links of others to it.
    RestoreTable {
        /// The table.
        table: TableNo,
    },
    /// Brings a deleted field back, with its values; a link with its other side.
    RestoreField {
        /// The table.
        table: TableNo,
        /// The field.
        field: FieldNo,
    },
    /// Brings a deleted view back.
    RestoreView {
        /// The table.
        table: TableNo,
        /// The view.
        view: ViewNo,
    },
    /// Ends what was deleted at this time or before, for good.
    Purge {
        /// Microseconds since 1970 UTC.
        until_us: i64,
    },
    /// Goes back to a schema of before: what came since goes to the trash, what went comes back, types and options are those of
    /// then. One change, like any other; records stay but for values that the types of then can't hold.
    GoBack {
        /// The schema of then.
        goal: Box<SchemaGoal>,
        /// The schema as it was when it was told what this does: it is refused if that is another one now.
        from: Box<Schema>,
        /// Whether it is done although some of it can't be.
        partly: bool,
        /// Parts that may be other than they were then.
        blocked: usize,
        /// Values that may be lost.
        lost: usize,
    },
    /// Takes a change back, if nothing that it wrote was changed since. What it made goes to the trash; what it deleted comes
    /// back; undoing that does it again.
    Undo {
        /// The change, as it was written.
        change: Box<Change>,
    },
}

impl Command {
    /// Whether it may change tables or fields: what is calculated then may come to something else, and a conversion reads
    /// calculated values.
    pub fn may_reshape(&self) -> bool {
        !matches!(
            self,
            Self::CreateRecords { .. }
                | Self::ImportRecords { .. }
                | Self::UpdateRecords { .. }
                | Self::WriteRecords { .. }
                | Self::DeleteRecords { .. }
                | Self::RestoreRecords { .. }
                | Self::UpdateBase { .. }
                | Self::CreateView { .. }
                | Self::UpdateView { .. }
                | Self::DeleteView { .. }
                | Self::RestoreView { .. }
        )
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellCode {
    /// The value's type does not fit the field.
    WrongType,
    /// Too many characters, links, fields, …
    TooLong,
    /// The right type, but not a value that can be.
    InvalidValue,
    /// No such field in the table.
    UnknownField,
    /// No such record.
    UnknownRecord,
    /// No such choice in the select field.
    UnknownChoice,
    /// Can't be written.
    ReadOnly,
    /// No such table.
    UnknownTable,
    /// No such view.
    UnknownView,
    /// Something must be given.
    Required,
    /// A formula that can't be read, or names what is not there.
    InvalidFormula,
    /// A computed field would depend on itself.
    Cycle,
    /// The name or number is taken.
    NotUnique,
    /// A value breaks the rule of its field; the detail is the owner's message.
    RuleBroken,
    /// What the command was made for was changed since.
    Changed,
}

impl CellCode {
    /// The code on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::TooLong => "too_long",
            Self::InvalidValue => "invalid_value",
            Self::UnknownField => "unknown_field",
            Self::UnknownRecord => "unknown_record",
            Self::UnknownChoice => "unknown_choice",
            Self::ReadOnly => "read_only",
            Self::UnknownTable => "unknown_table",
            Self::UnknownView => "unknown_view",
            Self::Required => "required",
            Self::InvalidFormula => "invalid_formula",
            Self::Cycle => "cycle",
            Self::NotUnique => "not_unique",
            Self::RuleBroken => "rule_broken",
            Self::Changed => "changed",
        }
    }
}

/// One thing that is wrong with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// Index into the command's rows (or fields, for a schema command); 0 if there is only one thing.
    pub row: usize,
    /// The field, if a cell is meant.
    pub field: Option<FieldNo>,
    /// The member of a schema command that is meant: `name`, `options`, `config/kanban/field` …; empty for cells.
    pub member: Cow<'static, str>,
    /// What kind of mistake it is.
    pub code: CellCode,
    /// A sentence for people.
    pub detail: String,
}

impl CellError {
    pub(crate) fn cell(row: usize, field: FieldNo, code: CellCode, detail: impl Into<String>) -> Self {
        Self { row, field: Some(field), member: Cow::Borrowed(""), code, detail: detail.into() }
    }

    pub(crate) fn member(
        member: impl Into<Cow<'static, str>>,
        code: CellCode,
        detail: impl Into<String>,
    ) -> Self {
        Self { row: 0, field: None, member: member.into(), code, detail: detail.into() }
    }
}

/// What `check` needs besides the base. Keep one context over the commands of a batch: `next_rows` remembers the row
/// numbers that earlier commands of the batch took, which the base does not know yet.
pub struct CheckContext<'a> {
    /// Who does it (actor text).
    pub actor: &'a str,
    /// Now, in microseconds since 1970 UTC.
    pub now_us: i64,
    /// Accept texts for other types: numbers, days, names of choices (made if missing) and of linked records.
    pub typecast: bool,
    /// 64 random bits, for numbers of tables and ids of choices.
    pub random: &'a mut dyn FnMut() -> u64,
    /// Next row number by table, as far as the batch has moved it.
    pub next_rows: FxHashMap<TableNo, u64>,
    /// Files as the service made their texts for this command; cells take no others, whatever a client writes.
    pub files: FileTexts,
}

impl<'a> CheckContext<'a> {
    /// A context for one command or the first of a batch.
    pub fn new(actor: &'a str, now_us: i64, random: &'a mut dyn FnMut() -> u64) -> Self {
        Self {
            actor,
            now_us,
            typecast: false,
            random,
            next_rows: FxHashMap::default(),
            files: FileTexts::default(),
        }
    }
}
