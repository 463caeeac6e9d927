//! The start of an import: what its plan says, what it asks of the caller, the table and fields that it makes.

use super::plan::{self, Chosen, File};
use super::primary;
use super::run::RunImport;
use super::service::{ImportState, Stored};
use super::{ColumnPlan, store, upload_path};
use crate::actor::OpenBase;
use crate::files::locale::{Dates, Numbers};
use crate::service::Bases;
use crate::sight::{self, Seen};
use engine_base::schema::MAX_ROWS;
use engine_base::{
    Command, FieldKind, FieldNo, FieldRules, Merge, NewField, SchemaEdit, StoredCells, TableNo,
};
use kernel_core::{Caller, Capability, Code, Error, FieldError, Result};
use kernel_db::Database;
use kernel_jobs::JobOptions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What becomes of the records that a table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They stay; every row becomes a record.
    #[default]
    Append,
    /// A row changes the record that has the same key.
    Update,
    /// They are deleted first.
    Replace,
}

/// What becomes of a row whose key no record has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// It becomes a record.
    #[default]
    Create,
    /// It is passed over.
    Skip,
}

/// What an empty value does to a record that is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Blanks {
    /// Its own value stays.
    #[default]
    Keep,
    /// It loses its value.
    Clear,
}

/// What to do with an uploaded file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportPlan {
    /// An existing table, `tbl…`.
    pub table: Option<String>,
    /// The name of a new table.
    pub name: Option<String>,
    /// The column whose values name the records of a new table; the preview's `primary` if absent.
    pub primary: Option<String>,
    /// What becomes of the records that the table has.
    pub mode: Mode,
    /// The column by whose values records are found, for `update`.
    pub key: Option<String>,
    /// What becomes of a row whose key no record has, for `update`.
    pub missing: Missing,
    /// What an empty value does to a record that is changed, for `update`.
    pub blanks: Blanks,
    /// How days are written; as the preview found it if absent.
    pub dates: Option<Dates>,
    /// How numbers are written; as the preview found it if absent.
    pub numbers: Option<Numbers>,
    /// What becomes of each column; those not named are taken as guessed.
    pub columns: Vec<ColumnPlan>,
}

/// Where the rows go.
struct Destination {
    table: TableNo,
    /// Fields that the plan gave no id and that were found or made, by column.
    fields: Vec<(String, FieldNo)>,
    /// Columns that no field takes.
    unused: Vec<ColumnPlan>,
    replace_below: Option<u64>,
}

impl ImportPlan {
    /// How records are found, among the fields that columns go to.
    ///
    /// # Errors
    /// `required`, `unknown_field`, `invalid_value` at `/key`.
    pub(super) fn merge(&self, pairs: &[(&str, FieldNo, &FieldKind)]) -> Result<Option<Merge>> {
        if self.mode != Mode::Update {
            return match self.key {
                None => Ok(None),
                Some(_) => Err(Error::field("/key", Code::InvalidValue, "goes with the mode update only")),
            };
        }
        let wanted = self.key.as_deref().ok_or_else(|| {
            Error::field("/key", Code::Required, "names the column by which records are found")
        })?;
        let (_, key, kind) = pairs.iter().find(|(column, ..)| *column == wanted).ok_or_else(|| {
            Error::field("/key", Code::UnknownField, format!("is no imported column: {wanted}"))
        })?;
        if matches!(
            kind,
            FieldKind::Link { .. }
                | FieldKind::Checkbox
                | FieldKind::MultiSelect { .. }
                | FieldKind::User { .. }
                | FieldKind::Attachment
                | FieldKind::Signature
        ) {
            let detail = format!("is a field of type {}, which tells no records apart", kind.type_name());
            return Err(Error::field("/key", Code::InvalidValue, detail));
        }
        let (create, clear) = (self.missing == Missing::Create, self.blanks == Blanks::Clear);
        Ok(Some(Merge { key: *key, create, clear }))
    }
}

impl Bases {
    /// Makes the table if it is a new one, and starts the run as a job.
    ///
    /// # Errors
    /// `conflict` when the import was started already; field errors of the plan; `too_many_rows`.
    pub async fn start_import(&self, caller: &Caller, id: Uuid, plan: ImportPlan) -> Result<ImportState> {
        self.begin_import(caller, id, plan, true).await?;
        self.import(caller, id).await
    }

    /// As [`Bases::start_import`]; `job` says whether a job runs it, or the caller does.
    pub(super) async fn begin_import(
        &self,
        caller: &Caller,
        id: Uuid,
        plan: ImportPlan,
        job: bool,
    ) -> Result<()> {
        caller.require(Capability::WriteRecords)?;
        let import = self.stored_import(caller.tenant, id).await?;
        let open = self.open(caller, import.base).await?;
        if import.state != "preview" {
            return Err(Error::new(Code::Conflict).detail("This import was started already."));
        }
        let none = ColumnPlan::default();
        let chosen = plan::chosen(&import.columns, &plan.columns, &none)?;
        let into = match (&plan.table, &plan.name) {
            (Some(_), None) if plan.primary.is_some() => {
                let detail = "goes with a new table only; this table has its primary field";
                return Err(Error::field("/primary", Code::InvalidValue, detail));
            }
            (Some(table), None) => {
                let table = crate::schema::table_no(table)?;
                self.destination(caller, &open, table, (&plan, &chosen), (&import, id)).await?
            }
            (None, Some(_)) if plan.mode != Mode::Append => {
                let detail = "goes with a table that is there; a new one has no records";
                return Err(Error::field("/mode", Code::InvalidValue, detail));
            }
            (None, Some(name)) => {
                caller.require(Capability::EditSchema)?;
                let names = primary::of_plan(&chosen, plan.primary.as_deref())?;
                let table = self.new_table(caller, &open, (name, names), &chosen, (&import, id)).await?;
                Destination { table, fields: Vec::new(), unused: Vec::new(), replace_below: None }
            }
            _ => return Err(Error::field("/name", Code::Required, "Give either table or name")),
        };
        let mut plan = plan.clone();
        plan.columns.retain(|column| !into.unused.iter().any(|unused| unused.column == column.column));
        plan.columns.extend(into.unused);
        for (column, field) in into.fields {
            let field = Some(into.table.field(field).to_string());
            match plan.columns.iter_mut().find(|plan| plan.column == column) {
                Some(plan) => plan.field = field,
                None => plan.columns.push(ColumnPlan { column, field, ..none.clone() }),
            }
        }
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let started = tx
            .execute(
                &store::START_IMPORT,
                &[
                    &caller.tenant.uuid(),
                    &id,
                    &into.table.0.cast_signed(),
                    &serde_json::to_value(&plan).map_err(Error::internal)?,
                    &self.0.clock.now(),
                    &into.replace_below.map(u64::cast_signed),
                ],
            )
            .await?;
        if started == 0 {
            return Err(Error::new(Code::Conflict).detail("This import was started already."));
        }
        if job {
            // The job is part of the transaction: a started import runs, whatever happens to this process.
            let run = RunImport { tenant: caller.tenant, import: id };
            kernel_jobs::enqueue(&mut tx, &run, JobOptions::default()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether the caller may do all of it to a table that is there; makes the fields that the plan adds to it.
    async fn destination(
        &self,
        caller: &Caller,
        open: &OpenBase,
        table: TableNo,
        (plan, chosen): (&ImportPlan, &[Chosen<'_>]),
        (import, id): (&Stored, Uuid),
    ) -> Result<Destination> {
        // Asked before anything is made.
        let (new, mut fields) = open.read(|base| {
            let schema = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
            let (old, new): (Vec<_>, Vec<_>) =
                chosen.iter().cloned().partition(|column| !plan::is_new(&schema, column));
            let old = plan::existing_fields(&schema, old, !new.is_empty())?;
            self.ask(caller, base, table, plan, &old)?;
            for (column, field) in &old {
                if let (Some(link), Some(FieldKind::Link { table, .. })) =
                    (&column.plan.link, schema.field(*field).map(|field| &field.kind))
                {
                    ask_link(caller, base, *table, link.by.as_deref(), "/columns")?;
                }
            }
            let room = MAX_ROWS.saturating_sub(base.len(table)) as u64;
            if plan.mode == Mode::Append && import.total > room {
                let detail = format!("A table has at most {MAX_ROWS} records; this one takes {room} more.");
                return Err(Error::new(Code::TooManyRows).detail(detail));
            }
            let names: Vec<(String, FieldNo)> =
                old.iter().map(|(column, field)| (column.preview.name.clone(), *field)).collect();
            Ok::<_, Error>((new, names))
        })?;
        for (column, field) in new.iter().zip(self.new_fields(caller, open, &new, (import, id))?) {
            let command = Command::CreateField { table, field };
            let written = self.write(open, caller, command).await?;
            let made = written.change.schema.iter().find_map(|edit| match edit {
                SchemaEdit::Field { table: of, field, before: None, .. } if *of == table => Some(*field),
                _ => None,
            });
            let made = made.ok_or_else(|| Error::internal("no field in the change"))?;
            fields.push((column.preview.name.clone(), made));
        }
        // A column that found no field here must not find a hidden one when the run looks.
        let is_used = |name: &str| fields.iter().any(|(column, _)| column == name);
        let unused = import.columns.iter().filter(|column| !is_used(&column.name));
        let skipped = unused.map(|column| ColumnPlan {
            column: column.name.clone(),
            skip: true,
            ..ColumnPlan::default()
        });
        let unused = skipped.collect();
        open.read(|base| {
            let schema = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
            let pairs: Vec<(&str, FieldNo, &FieldKind)> = fields
                .iter()
                .filter_map(|(column, no)| Some((column.as_str(), *no, &schema.field(*no)?.kind)))
                .collect();
            plan.merge(&pairs)?;
            let replace_below = (plan.mode == Mode::Replace).then_some(schema.next_row);
            Ok(Destination { table, fields: fields.clone(), unused, replace_below })
        })
    }

    /// The run writes as the product itself, so the caller is asked for here: as for one record with all these fields.
    fn ask(
        &self,
        caller: &Caller,
        base: &engine_base::Base,
        table: TableNo,
        plan: &ImportPlan,
        fields: &[(Chosen<'_>, FieldNo)],
    ) -> Result<()> {
        let now_us = self.0.clock.now().as_microsecond();
        let cells: StoredCells = fields.iter().map(|(_, field)| (*field, engine_base::Cell::Empty)).collect();
        let key = cells.first().map_or(FieldNo(0), |(field, _)| *field);
        let merge = (plan.mode == Mode::Update).then_some(Merge { key, create: true, clear: true });
        sight::permit(caller, base, &Command::ImportRecords { table, rows: vec![cells], merge }, now_us)?;
        if plan.mode == Mode::Replace {
            caller.require(Capability::DeleteRecords)?;
            if Seen::of(caller, base, table).is_some_and(|seen| seen.has_some_rows_only()) {
                let detail = "You see only some of this table's records, so you can't replace them all.";
                return Err(Error::new(Code::Forbidden).detail(detail));
            }
            sight::permit(caller, base, &Command::DeleteRecords { table, rows: Vec::new() }, now_us)?;
        }
        Ok(())
    }

    /// Fields for columns that have none yet.
    fn new_fields(
        &self,
        caller: &Caller,
        open: &OpenBase,
        columns: &[Chosen<'_>],
        (import, id): (&Stored, Uuid),
    ) -> Result<Vec<NewField>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        caller.require(Capability::EditSchema)?;
        let path = upload_path(&self.0.uploads, caller.tenant, id);
        let names: Vec<String> = import.columns.iter().map(|column| column.name.clone()).collect();
        let file = File { path: &path, format: &import.format, names: &names };
        let mut fields = open.read(|base| {
            let fields = plan::new_fields(base, columns)?;
            // By what the fields are, not by `link` alone: a type's options may name a table as well.
            for (index, (column, field)) in columns.iter().zip(&fields).enumerate() {
                if let FieldKind::Link { table, .. } = &field.kind {
                    let by = column.plan.link.as_ref().and_then(|link| link.by.as_deref());
                    ask_link(caller, base, *table, by, &format!("/columns/{index}"))?;
                }
            }
            Ok::<_, Error>(fields)
        })?;
        plan::fill_choices(&mut fields, columns, file)?;
        Ok(fields)
    }

    async fn new_table(
        &self,
        caller: &Caller,
        open: &OpenBase,
        (name, names): (&str, usize),
        chosen: &[Chosen<'_>],
        (import, id): (&Stored, Uuid),
    ) -> Result<TableNo> {
        let fields = self.new_fields(caller, open, chosen, (import, id))?;
        let command =
            Command::CreateTable { name: name.to_owned(), description: String::new(), icon: None, fields };
        let written = self.write(open, caller, command).await?;
        let made = written.change.schema.iter().find_map(|edit| match edit {
            SchemaEdit::Table { table, before: None, .. } => Some(*table),
            _ => None,
        });
        let table = made.ok_or_else(|| Error::internal("no table in the change"))?;
        if names > 0 {
            // The new table's fields stand in the order of the chosen columns.
            let field: Option<FieldNo> =
                open.read(|base| base.schema().table(table)?.fields.get(names).map(|field| field.no));
            let command = Command::UpdateTable {
                table,
                name: None,
                description: None,
                icon: None,
                primary_field: field,
                position: None,
            };
            self.write(open, caller, command).await?;
        }
        Ok(table)
    }
}

/// Whether the caller may have texts looked up in a table. The run does it as the product itself: what is hidden here would
/// otherwise be found out by which texts meet a record.
///
/// # Errors
/// Those of a table, or of a field, that is not there.
fn ask_link(
    caller: &Caller,
    base: &engine_base::Base,
    table: TableNo,
    by: Option<&str>,
    pointer: &str,
) -> Result<()> {
    let seen = Seen::of(caller, base, table).filter(|seen| !seen.has_some_rows_only()).ok_or_else(|| {
        Error::field(format!("{pointer}/link/table"), Code::InvalidValue, "is no table of this base")
    })?;
    let Some(by) = by else { return Ok(()) };
    // A field that is seen may have the id of a hidden one as its name; the run would take the hidden one.
    let meant = base.schema().table(table).and_then(|whole| whole.field_by_key(by)).map(|field| field.no);
    match seen.field_by_key(by) {
        Some(field) if Some(field.no) == meant => Ok(()),
        _ => {
            let detail = format!("{} has no such field", seen.head.name);
            Err(Error::field(format!("{pointer}/link/by"), Code::UnknownField, detail))
        }
    }
}

/// A field as a column says it.
pub(super) fn new_field(column: &Chosen<'_>, kind: FieldKind) -> NewField {
    NewField {
        name: column.plan.name.clone().unwrap_or_else(|| column.preview.name.clone()),
        description: String::new(),
        kind,
        rules: FieldRules::default(),
    }
}

/// Several mistakes of a plan at once.
pub(super) fn all_or(errors: Vec<FieldError>) -> Result<()> {
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}
