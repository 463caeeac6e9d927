//! Use cases of imports: take a file, plan it, follow it, stop it.

use super::plan::{self, Chosen};
use super::preview::{self, Preview};
use super::primary;
use super::run::RunImport;
use super::{ColumnPlan, ColumnPreview, Format, RowError, store, upload_path};
use crate::service::Bases;
use crate::sight::{self, Seen};
use engine_base::{BaseId, Command, FieldNo, SchemaEdit, TableId, TableNo};
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, TenantId, enough};
use kernel_db::{Database, Row};
use kernel_jobs::JobOptions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an import is after upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPreview {
    /// The import's id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The file's columns with guessed types.
    pub columns: Vec<ColumnPreview>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// Rows of the file.
    pub total: u64,
    /// The column whose values name the records of a new table, unless the plan says another.
    pub primary: String,
    /// The separator.
    pub delimiter: String,
    /// The file's size.
    pub bytes: u64,
}

/// What to do with an uploaded file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportPlan {
    /// An existing table to append to, `tbl…`.
    pub table: Option<String>,
    /// The name of a new table.
    pub name: Option<String>,
    /// The column whose values name the records of a new table; the preview's `primary` if absent.
    pub primary: Option<String>,
    /// What becomes of each column; those not named are taken as guessed.
    pub columns: Vec<ColumnPlan>,
}

/// Where an import is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportState {
    /// The import's id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// `preview`, `running`, `done`, `failed`, `cancelled`.
    pub state: String,
    /// The table it writes to.
    #[schema(value_type = Option<String>)]
    pub table: Option<TableId>,
    /// Rows read.
    pub done: u64,
    /// Rows of the file.
    pub total: u64,
    /// Records made.
    pub created: u64,
    /// The first errors.
    pub errors: Vec<RowError>,
    /// How many errors there are.
    pub error_count: u64,
    /// Why it failed.
    pub failure: Option<String>,
}

/// A stored import.
pub(super) struct Stored {
    pub(super) base: u64,
    pub(super) table: Option<TableNo>,
    pub(super) state: String,
    pub(super) format: Format,
    pub(super) columns: Vec<ColumnPreview>,
    pub(super) plan: Option<ImportPlan>,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) created: u64,
    pub(super) error_count: u64,
    pub(super) errors: Vec<RowError>,
    pub(super) failure: Option<String>,
    pub(super) created_by: String,
}

fn read<T: serde::de::DeserializeOwned>(row: &Row, index: usize) -> Result<T> {
    serde_json::from_value(row.get(index)).map_err(Error::internal)
}

impl Bases {
    pub(super) async fn stored_import(&self, tenant: TenantId, id: Uuid) -> Result<Stored> {
        let row = self.0.db.read_opt(tenant, &store::IMPORT, &[&tenant.uuid(), &id]).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let plan: Option<serde_json::Value> = row.get(7);
        Ok(Stored {
            base: row.get::<_, i64>(0).unsigned_abs(),
            table: row.get::<_, Option<i64>>(1).map(|table| TableNo(table.unsigned_abs())),
            state: row.get(2),
            format: read(&row, 5)?,
            columns: read(&row, 6)?,
            plan: plan.map(serde_json::from_value).transpose().map_err(Error::internal)?,
            done: row.get::<_, i64>(8).unsigned_abs(),
            total: row.get::<_, i64>(9).unsigned_abs(),
            created: row.get::<_, i64>(10).unsigned_abs(),
            error_count: row.get::<_, i64>(11).unsigned_abs(),
            errors: read(&row, 12)?,
            failure: row.get(13),
            created_by: row.get(14),
        })
    }

    /// Looks at a file that was saved at [`upload_path`] and keeps it for [`Bases::start_import`].
    pub(super) async fn preview_import(
        &self,
        caller: &Caller,
        base: BaseId,
        id: Uuid,
        file_name: &str,
        bytes: u64,
    ) -> Result<ImportPreview> {
        let path = upload_path(&self.0.uploads, caller.tenant, id);
        let Preview { format, columns, rows, total } =
            tokio::task::spawn_blocking(move || preview::preview(&path)).await.map_err(Error::internal)??;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        tx.execute(
            &store::INSERT_IMPORT,
            &[
                &caller.tenant.uuid(),
                &id,
                &base.0.cast_signed(),
                &file_name,
                &bytes.cast_signed(),
                &serde_json::to_value(format).map_err(Error::internal)?,
                &serde_json::to_value(&columns).map_err(Error::internal)?,
                &total.cast_signed(),
                &caller.actor.to_string(),
                &self.0.clock.now(),
            ],
        )
        .await?;
        tx.commit().await?;
        let delimiter = char::from(format.delimiter).to_string();
        let primary = primary::of_preview(&columns).to_owned();
        Ok(ImportPreview { id, columns, rows, total, primary, delimiter, bytes })
    }

    /// Makes the table if it is a new one, and starts the run as a job.
    ///
    /// # Errors
    /// `conflict` when the import was started already; field errors of the plan.
    pub async fn start_import(&self, caller: &Caller, id: Uuid, plan: ImportPlan) -> Result<ImportState> {
        self.begin_import(caller, id, plan, true).await?;
        self.import(caller, id).await
    }

    /// As [`Bases::start_import`]; `job` says whether a job runs it, or the caller does.
    async fn begin_import(&self, caller: &Caller, id: Uuid, plan: ImportPlan, job: bool) -> Result<()> {
        caller.require(Capability::WriteRecords)?;
        let import = self.stored_import(caller.tenant, id).await?;
        let open = self.open(caller, import.base).await?;
        if import.state != "preview" {
            return Err(Error::new(Code::Conflict).detail("This import was started already."));
        }
        let none = ColumnPlan::default();
        let chosen = plan::chosen(&import.columns, &plan.columns, &none)?;
        let mut unused: Vec<ColumnPlan> = Vec::new();
        let table = match (&plan.table, &plan.name) {
            (Some(_), None) if plan.primary.is_some() => {
                let detail = "goes with a new table only; this table has its primary field";
                return Err(Error::field("/primary", Code::InvalidValue, detail));
            }
            (Some(table), None) => {
                let table = crate::schema::table_no(table)?;
                let now_us = self.0.clock.now().as_microsecond();
                open.read(|base| {
                    let schema = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
                    let fields = plan::existing_fields(&schema, chosen.clone())?;
                    // The run writes as the product itself: asked for here, as one record with all these fields.
                    let cells = fields.iter().map(|(_, field)| (*field, serde_json::Value::Null)).collect();
                    let rows = vec![cells];
                    sight::permit(caller, base, &Command::CreateRecords { table, rows, ids: None }, now_us)?;
                    // A column that found no field here must not find a hidden one when the run looks.
                    let used: Vec<usize> = fields.iter().map(|(column, _)| column.index).collect();
                    unused = import
                        .columns
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| !used.contains(at))
                        .map(|(_, column)| ColumnPlan {
                            column: column.name.clone(),
                            skip: true,
                            ..none.clone()
                        })
                        .collect();
                    Ok::<_, Error>(table)
                })?
            }
            (None, Some(name)) => {
                caller.require(Capability::EditSchema)?;
                let names = primary::of_plan(&chosen, plan.primary.as_deref())?;
                self.new_table(caller, &open, (name, names), &chosen, (id, import.format)).await?
            }
            _ => return Err(Error::field("/name", Code::Required, "Give either table or name")),
        };
        let mut plan = plan.clone();
        plan.columns.retain(|column| !unused.iter().any(|unused| unused.column == column.column));
        plan.columns.append(&mut unused);
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let started = tx
            .execute(
                &store::START_IMPORT,
                &[
                    &caller.tenant.uuid(),
                    &id,
                    &table.0.cast_signed(),
                    &serde_json::to_value(&plan).map_err(Error::internal)?,
                    &now,
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

    async fn new_table(
        &self,
        caller: &Caller,
        open: &crate::actor::OpenBase,
        (name, names): (&str, usize),
        chosen: &[Chosen<'_>],
        (id, format): (Uuid, Format),
    ) -> Result<TableNo> {
        let path = upload_path(&self.0.uploads, caller.tenant, id);
        let fields = open.read(|base| plan::new_fields(base, chosen, &path, format))?;
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

    /// Imports a file of this machine, from its first row to its last, and answers at the end: for seeds and tools.
    ///
    /// # Errors
    /// As [`Bases::start_import`]; `bad_csv`.
    pub async fn import_file(
        &self,
        caller: &Caller,
        base: BaseId,
        file: &std::path::Path,
        plan: ImportPlan,
    ) -> Result<ImportState> {
        let id = self.new_uuid();
        let path = upload_path(&self.0.uploads, caller.tenant, id);
        tokio::fs::create_dir_all(&self.0.uploads).await.map_err(Error::internal)?;
        let bytes = tokio::fs::copy(file, &path).await.map_err(Error::internal)?;
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.preview_import(caller, base, id, &name, bytes).await?;
        self.begin_import(caller, id, plan, false).await?;
        self.run_import(&RunImport { tenant: caller.tenant, import: id }).await?;
        self.import(caller, id).await
    }

    /// Where the import is.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn import(&self, caller: &Caller, id: Uuid) -> Result<ImportState> {
        caller.require(Capability::ReadRecords)?;
        let import = self.stored_import(caller.tenant, id).await?;
        let there = match import.table {
            Some(table) => caller.table(import.base, table.0),
            None => caller.base(import.base),
        };
        enough(there, Level::Read)?;
        Ok(ImportState {
            id,
            state: import.state,
            table: import.table.map(TableId),
            done: import.done,
            total: import.total,
            created: import.created,
            errors: import.errors,
            error_count: import.error_count,
            failure: import.failure,
        })
    }

    /// Stops an import; what it has written stays.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn cancel_import(&self, caller: &Caller, id: Uuid) -> Result<ImportState> {
        caller.require(Capability::WriteRecords)?;
        self.import(caller, id).await?;
        self.finish_import(caller.tenant, id, "cancelled", None).await?;
        self.import(caller, id).await
    }

    /// Ends an import that has not ended, and lets its file go.
    pub(super) async fn finish_import(
        &self,
        tenant: TenantId,
        id: Uuid,
        state: &str,
        failure: Option<&str>,
    ) -> Result<()> {
        let now: Timestamp = self.0.clock.now();
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        tx.execute(&store::FINISH_IMPORT, &[&tenant.uuid(), &id, &state, &failure, &now]).await?;
        tx.commit().await?;
        let path = upload_path(&self.0.uploads, tenant, id);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "an uploaded file could not be removed");
            }
            _ => {}
        }
        Ok(())
    }
}
