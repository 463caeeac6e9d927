//! Use cases of imports: take a file, look at it, follow it, stop it.

use super::format::{FileKind, Format, Reading};
use super::preview::{self, Preview};
use super::primary;
use super::run::RunImport;
use super::start::ImportPlan;
use super::{ColumnPreview, RowError, SHOWN_ERRORS, store, upload_path};
use crate::files::locale::{Dates, Numbers};
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{BaseId, FieldId, TableId, TableNo};
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, TenantId, enough};
use kernel_db::{Database, Row};
use serde::Serialize;
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
    /// What the file is, by its content.
    pub format: FileKind,
    /// The separator of a text; empty for other files.
    pub delimiter: String,
    /// The encoding of a text, a name of the Encoding Standard; empty for a workbook.
    pub encoding: String,
    /// The sheets of a workbook, and the one that is shown.
    pub sheets: Vec<String>,
    /// The sheet that is shown.
    pub sheet: Option<String>,
    /// How days are written.
    pub dates: Dates,
    /// How numbers are written.
    pub numbers: Numbers,
    /// The file's size.
    pub bytes: u64,
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
    /// Records that were found by their key.
    pub updated: u64,
    /// Records that were deleted before the rows came in.
    pub deleted: u64,
    /// The first errors: 100 as long as it runs, 1,000 at its end.
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
    pub(super) bytes: u64,
    pub(super) format: Format,
    pub(super) columns: Vec<ColumnPreview>,
    pub(super) plan: Option<ImportPlan>,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) deleted: u64,
    /// Records with lower numbers go before the rows come in.
    pub(super) replace_below: Option<u64>,
    pub(super) error_count: u64,
    pub(super) errors: Vec<RowError>,
    pub(super) failure: Option<String>,
    pub(super) created_by: String,
}

fn read<T: serde::de::DeserializeOwned>(row: &Row, index: usize) -> Result<T> {
    serde_json::from_value(row.get(index)).map_err(Error::internal)
}

fn shown(id: Uuid, found: Preview, bytes: u64) -> ImportPreview {
    let Preview { format, sheets, columns, rows, total } = found;
    let primary = primary::of_preview(&columns).to_owned();
    let is_text = matches!(format.kind, FileKind::Csv | FileKind::Tsv);
    let delimiter = if is_text { char::from(format.delimiter).to_string() } else { String::new() };
    let encoding = if format.kind == FileKind::Xlsx { String::new() } else { format.encoding };
    let (dates, numbers, sheet) = (format.dates, format.numbers, format.sheet);
    let format = format.kind;
    ImportPreview {
        id,
        columns,
        rows,
        total,
        primary,
        format,
        delimiter,
        encoding,
        sheets,
        sheet,
        dates,
        numbers,
        bytes,
    }
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
            bytes: row.get::<_, i64>(4).unsigned_abs(),
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
            updated: row.get::<_, i64>(17).unsigned_abs(),
            deleted: row.get::<_, i64>(18).unsigned_abs(),
            replace_below: row.get::<_, Option<i64>>(19).map(i64::unsigned_abs),
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
        let found = self.look(caller.tenant, id, Reading::default()).await?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        tx.execute(
            &store::INSERT_IMPORT,
            &[
                &caller.tenant.uuid(),
                &id,
                &base.0.cast_signed(),
                &file_name,
                &bytes.cast_signed(),
                &serde_json::to_value(&found.format).map_err(Error::internal)?,
                &serde_json::to_value(&found.columns).map_err(Error::internal)?,
                &found.total.cast_signed(),
                &caller.actor.to_string(),
                &self.0.clock.now(),
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(shown(id, found, bytes))
    }

    /// Looks at an uploaded file in another way: another sheet, encoding, separator or country.
    ///
    /// # Errors
    /// `conflict` when the import was started; those of the preview.
    pub async fn reread_import(&self, caller: &Caller, id: Uuid, reading: Reading) -> Result<ImportPreview> {
        caller.require(Capability::WriteRecords)?;
        let import = self.stored_import(caller.tenant, id).await?;
        self.open(caller, import.base).await?;
        let started = || Error::new(Code::Conflict).detail("This import was started already.");
        if import.state != "preview" {
            return Err(started());
        }
        let found = self.look(caller.tenant, id, reading).await?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let changed = tx
            .execute(
                &store::REREAD_IMPORT,
                &[
                    &caller.tenant.uuid(),
                    &id,
                    &serde_json::to_value(&found.format).map_err(Error::internal)?,
                    &serde_json::to_value(&found.columns).map_err(Error::internal)?,
                    &found.total.cast_signed(),
                    &self.0.clock.now(),
                ],
            )
            .await?;
        if changed == 0 {
            return Err(started());
        }
        tx.commit().await?;
        Ok(shown(id, found, import.bytes))
    }

    async fn look(&self, tenant: TenantId, id: Uuid, reading: Reading) -> Result<Preview> {
        let path = upload_path(&self.0.uploads, tenant, id);
        let looked = tokio::task::spawn_blocking(move || preview::preview(&path, &reading));
        looked.await.map_err(Error::internal)?
    }

    /// Imports a file of this machine, from its first row to its last, and answers at the end: for seeds and tools.
    ///
    /// # Errors
    /// As [`Bases::start_import`]; `bad_csv`, `bad_file`.
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
        let mut errors = import.errors;
        if import.state == "running" {
            errors.truncate(SHOWN_ERRORS);
        }
        if let Some(table) = import.table
            && errors.iter().any(|error| error.field.is_some())
        {
            let open = self.open(caller, import.base).await?;
            open.read(|base| {
                let seen = Seen::of(caller, base, table);
                let sees =
                    |field: FieldId| seen.as_ref().is_some_and(|seen| seen.field(field.field).is_some());
                let hidden = |error: &&mut RowError| error.field.is_some_and(|field| !sees(field));
                errors.iter_mut().filter(hidden).for_each(RowError::untold);
            });
        }
        Ok(ImportState {
            id,
            state: import.state,
            table: import.table.map(TableId),
            done: import.done,
            total: import.total,
            created: import.created,
            updated: import.updated,
            deleted: import.deleted,
            errors,
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
