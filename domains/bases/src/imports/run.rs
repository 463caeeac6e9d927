//! The run of an import: a job that may be repeated at any point without writing a row twice.

use super::convert::{self, Column, Links, Locale, Names};
use super::service::Stored;
use super::source::{self, Row};
use super::{CHUNK, ColumnPlan, MAX_ERRORS, RowError, plan, store, upload_path};
use crate::actor::{KeyToStore, OpenBase, Order};
use crate::idempotency;
use crate::service::Bases;
use engine_base::{
    Change, Command, FieldId, FieldKind, FieldNo, FileTexts, Merge, QueryContext, QuerySpec, RowNo,
    StoredCells, TableNo,
};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use jiff::SignedDuration;
use kernel_core::{Caller, Code, Error, Result, TenantId};
use kernel_db::Database;
use kernel_jobs::Job;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// The job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunImport {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub import: Uuid,
}

impl Job for RunImport {
    const NAME: &'static str = "import_csv";
}

/// Rows read from the file, ready to be written.
#[derive(Default)]
struct Chunk {
    rows: Vec<StoredCells>,
    /// The lines that they begin at.
    lines: Vec<u64>,
    /// Rows read, bad ones included.
    read: u64,
    /// Rows that became records, and that changed some.
    created: u64,
    updated: u64,
    errors: Vec<RowError>,
}

/// Chunks that are being written at the same time: while Postgres works on one, the next is checked and encoded.
const IN_FLIGHT: usize = 3;
/// How often progress is saved and a cancellation is seen.
const SAVE_EVERY: SignedDuration = SignedDuration::from_millis(400);

/// What has been done so far.
struct Progress {
    done: u64,
    created: u64,
    updated: u64,
    deleted: u64,
    error_count: u64,
    errors: Vec<RowError>,
}

impl Progress {
    /// What an earlier run has saved.
    fn of(import: &Stored) -> Self {
        Self {
            done: import.done,
            created: import.created,
            updated: import.updated,
            deleted: import.deleted,
            error_count: import.error_count,
            errors: import.errors.clone(),
        }
    }

    fn add(&mut self, chunk: Chunk) {
        self.done += chunk.read;
        self.created += chunk.created;
        self.updated += chunk.updated;
        self.error_count += chunk.errors.len() as u64;
        let room = MAX_ERRORS - self.errors.len().min(MAX_ERRORS);
        self.errors.extend(chunk.errors.into_iter().take(room));
    }
}

/// Where rows go and how.
#[derive(Clone)]
struct Target {
    table: TableNo,
    merge: Option<Merge>,
    /// Names of the fields that are written, for messages.
    fields: Arc<[(FieldNo, String)]>,
}

impl Bases {
    /// Runs an import to its end. A mistake of the file or the plan ends it as failed; a fault of ours is returned, so that
    /// the job is tried again and goes on where it was.
    ///
    /// # Errors
    /// Only those worth another try.
    pub async fn run_import(&self, job: &RunImport) -> Result<()> {
        let import = match self.stored_import(job.tenant, job.import).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            import => import?,
        };
        if import.state != "running" {
            return Ok(());
        }
        match self.run_rows(job, import).await {
            Ok(true) => self.finish_import(job.tenant, job.import, "done", None).await,
            Ok(false) => self.finish_import(job.tenant, job.import, "cancelled", None).await,
            Err(error) if error.code().retryable() => Err(error),
            Err(error) => self.finish_import(job.tenant, job.import, "failed", Some(error.message())).await,
        }
    }

    /// Whether the end of the file was reached.
    async fn run_rows(&self, job: &RunImport, import: Stored) -> Result<bool> {
        let caller = Caller::system(job.tenant);
        let open = self.open(&caller, import.base).await?;
        let table = import.table.ok_or_else(|| Error::internal("an import runs without a table"))?;
        let actor: Arc<str> = Arc::from(import.created_by.as_str());
        let (mut progress, mut saved_at) = (Progress::of(&import), self.0.clock.now());
        let path = upload_path(&self.0.uploads, job.tenant, job.import);
        if let Some(below) = import.replace_below {
            // What can't be imported any more deletes nothing. The columns are asked again below: links may be into this table.
            columns(&open, &import, table)?;
            tokio::fs::metadata(&path).await.map_err(Error::internal)?;
            if !self.clear(job, &open, (table, below), &actor, &mut progress).await? {
                return Ok(false);
            }
        }
        let (columns, target, locale) = columns(&open, &import, table)?;
        let (sender, mut chunks) = mpsc::channel(2);
        let format = import.format.clone();
        let names: Vec<String> = import.columns.iter().map(|column| column.name.clone()).collect();
        let key = target.merge.map(|merge| merge.key);
        // Reading and converting go on while the chunk before is written.
        let reader = tokio::task::spawn_blocking(move || -> Result<()> {
            let mut chunk = Chunk::default();
            let mut keys = FxHashSet::default();
            source::rows(&path, &format, &names, &mut |row| {
                chunk.take(row, &columns, locale, key.map(|key| (key, &mut keys)));
                if chunk.rows.len() < CHUNK && chunk.read < 2 * CHUNK as u64 {
                    return Ok(true);
                }
                Ok(sender.blocking_send(std::mem::take(&mut chunk)).is_ok())
            })?;
            if chunk.read > 0 {
                // A run that ended wants no more.
                let _ = sender.blocking_send(chunk);
            }
            Ok(())
        });
        let (mut number, mut read, mut missing, mut more) = (0_u32, 0, 0, true);
        let mut state = "running".to_owned();
        let mut writing = FuturesOrdered::new();
        loop {
            let mut chunk = tokio::select! {
                biased;
                Some(written) = writing.next(), if !writing.is_empty() => {
                    progress.add(written?);
                    if self.0.clock.now().duration_since(saved_at) >= SAVE_EVERY {
                        state = self.save(job, &progress).await?;
                        saved_at = self.0.clock.now();
                        more &= state == "running";
                    }
                    continue;
                }
                chunk = chunks.recv(), if more && writing.len() < IN_FLIGHT => match chunk {
                    Some(chunk) => chunk,
                    None => {
                        more = false;
                        continue;
                    }
                },
                else => break,
            };
            number += 1;
            read += chunk.read;
            let key = idempotency::Request::of_job(&format!("import {}", job.import), &number.to_string());
            // What an earlier run wrote is not written again, nor counted if it was.
            if read <= import.done {
                continue;
            }
            // Its progress may not have been saved, not even once; and of the chunks that were in flight when it ended, a
            // later one may be there without an earlier one.
            let before =
                if missing < IN_FLIGHT { key.stored_for(&self.0.db, job.tenant).await? } else { None };
            missing += usize::from(before.is_none() && !chunk.rows.is_empty());
            if let Some(before) = before {
                self.count_written(job.tenant, import.base, before.version, &target, &mut chunk).await?;
                chunk.rows.clear();
            }
            let (open, actor, target) = (&open, Arc::clone(&actor), target.clone());
            writing.push_back(async move {
                if !chunk.rows.is_empty() {
                    write_chunk(open, &target, &mut chunk, actor, key.to_store(200)).await?;
                }
                Ok::<Chunk, Error>(chunk)
            });
        }
        drop(writing);
        drop(chunks);
        let end = reader.await.map_err(Error::internal)?;
        if state == "running" {
            state = self.save(job, &progress).await?;
        }
        end.map(|()| state == "running")
    }

    /// Deletes the records with lower numbers, as many at once as rows are written; whether the import goes on.
    async fn clear(
        &self,
        job: &RunImport,
        open: &OpenBase,
        (table, below): (TableNo, u64),
        actor: &Arc<str>,
        progress: &mut Progress,
    ) -> Result<bool> {
        loop {
            let rows = open.read(|base| {
                let all = QueryContext { now_us: 0, zone: "UTC" };
                // In the order of their numbers: those that go come first.
                let rows = base.window(&QuerySpec::all(table), &all, 0, CHUNK);
                let rows = rows.map(|window| window.rows).unwrap_or_default();
                rows.into_iter().filter(|row| row.0 < below).collect::<Vec<RowNo>>()
            });
            if rows.is_empty() {
                return Ok(true);
            }
            let count = rows.len() as u64;
            let command = Command::DeleteRecords { table, rows };
            let order = Order {
                command,
                typecast: false,
                files: FileTexts::default(),
                actor: Arc::clone(actor),
                key: None,
            };
            match open.write(order).await {
                Ok(_) => progress.deleted += count,
                // Somebody deleted one of them meanwhile: it is looked again.
                Err(error) if error.code() == Code::UnknownRecord => {}
                Err(error) => return Err(error),
            }
            if self.save(job, progress).await? != "running" {
                return Ok(false);
            }
        }
    }

    /// What a chunk did that an earlier run wrote and did not note.
    async fn count_written(
        &self,
        tenant: TenantId,
        base: u64,
        version: u64,
        target: &Target,
        chunk: &mut Chunk,
    ) -> Result<()> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &base.cast_signed(), &version.cast_signed()];
        let Some(row) = self.0.db.read_opt(tenant, &store::IMPORTED_CHANGE, params).await? else {
            return Ok(());
        };
        let change = Change::from_json(row.get::<_, &str>(0).as_bytes()).map_err(Error::internal)?;
        chunk.count(&change, target);
        Ok(())
    }

    /// Saves progress; gives the import's state as others see it.
    async fn save(&self, job: &RunImport, progress: &Progress) -> Result<String> {
        let mut tx = self.0.db.begin(Database::Data, job.tenant).await?;
        let row = tx
            .query_one(
                &store::IMPORT_PROGRESS,
                &[
                    &job.tenant.uuid(),
                    &job.import,
                    &progress.done.cast_signed(),
                    &progress.created.cast_signed(),
                    &progress.error_count.cast_signed(),
                    &serde_json::to_value(&progress.errors).map_err(Error::internal)?,
                    &self.0.clock.now(),
                    &progress.updated.cast_signed(),
                    &progress.deleted.cast_signed(),
                ],
            )
            .await?;
        tx.commit().await?;
        Ok(row.get(0))
    }
}

/// Writes the rows of a chunk and notes what became of them.
async fn write_chunk(
    open: &OpenBase,
    target: &Target,
    chunk: &mut Chunk,
    actor: Arc<str>,
    key: KeyToStore,
) -> Result<()> {
    let Target { table, merge, fields } = target;
    let rows = std::mem::take(&mut chunk.rows);
    let command = Command::ImportRecords { table: *table, rows, merge: *merge };
    let written = open
        .write(Order { command, typecast: false, files: FileTexts::default(), actor, key: Some(key) })
        .await?;
    let change = &written.change;
    chunk.count(change, target);
    for error in &change.refused {
        let field = fields.iter().find(|(no, _)| Some(*no) == error.field);
        chunk.errors.push(RowError {
            row: chunk.lines.get(error.row).copied().unwrap_or_default(),
            column: field.map(|(_, name)| name.clone()),
            value: None,
            message: format!("The row is left out. {}", error.detail),
            field: error.field.map(|field| FieldId { table: *table, field }),
            left_out: true,
        });
    }
    Ok(())
}

/// The columns that are written, where to, and how their texts are read.
fn columns(open: &OpenBase, import: &Stored, table: TableNo) -> Result<(Vec<Column>, Target, Locale)> {
    let none = ColumnPlan::default();
    let import_plan = import.plan.clone().unwrap_or_default();
    let chosen = plan::chosen(&import.columns, &import_plan.columns, &none)?;
    open.read(|base| {
        let schema = base.schema().table(table).ok_or_else(Error::not_found)?;
        let pairs = if import_plan.table.is_some() {
            plan::existing_fields(schema, chosen, false)?
        } else {
            // The new table's fields stand in the order of the chosen columns.
            chosen.into_iter().zip(schema.fields.iter().map(|field| field.no)).collect()
        };
        let column = |(column, no): (plan::Chosen<'_>, FieldNo)| {
            let kind = schema.field(no).map(|field| field.kind.clone()).ok_or_else(Error::not_found)?;
            let links = match &kind {
                FieldKind::Link { table, single, .. } => {
                    let link = column.plan.link.clone().unwrap_or_default();
                    let (table, by) = plan::link_source(base, *table, link.by.as_deref())?;
                    let rows = Arc::new(Names::of(base, table, by));
                    Some(Links { table, single: *single, separator: link.separator, rows })
                }
                _ => None,
            };
            Ok(Column {
                index: column.index,
                name: column.preview.name.clone(),
                table,
                field: no,
                kind,
                links,
            })
        };
        let columns: Vec<Column> = pairs.into_iter().map(column).collect::<Result<_>>()?;
        let keyed: Vec<_> =
            columns.iter().map(|column| (column.name.as_str(), column.field, &column.kind)).collect();
        let merge = import_plan.merge(&keyed)?;
        let fields = schema.fields.iter().map(|field| (field.no, field.name.clone())).collect();
        let locale = Locale {
            dates: import_plan.dates.unwrap_or(import.format.dates),
            numbers: import_plan.numbers.unwrap_or(import.format.numbers),
        };
        Ok((columns, Target { table, merge, fields }, locale))
    })
}

impl Chunk {
    /// Notes what a change made of it.
    fn count(&mut self, change: &Change, target: &Target) {
        let table = target.table;
        self.created = change.created.iter().filter(|facts| facts.table == table).count() as u64;
        let changed = change.updated.iter().filter(|edit| edit.table == table).count() as u64;
        // Without a key only the other ends of links within the table change.
        self.updated = if target.merge.is_some() { changed } else { 0 };
    }

    /// Takes a row in, or says why not. `keys` are those of the rows before, if records are found by one.
    fn take(
        &mut self,
        row: Row,
        columns: &[Column],
        locale: Locale,
        keys: Option<(FieldNo, &mut FxHashSet<String>)>,
    ) {
        self.read += 1;
        let left_out = |message: String| RowError {
            row: row.line,
            column: None,
            value: None,
            message,
            field: None,
            left_out: true,
        };
        let cells = match row.cells {
            Ok(cells) => convert::row(columns, locale, &cells, row.line, &mut self.errors),
            Err(problem) => {
                return self.errors.push(left_out(format!("The row is left out: it {problem}.")));
            }
        };
        if let Some((key, keys)) = keys
            && let Some((_, cell)) = cells.iter().find(|(no, cell)| *no == key && !cell.is_empty())
        {
            let text = serde_json::to_string(cell).unwrap_or_default().to_lowercase();
            if !keys.insert(text) {
                let message = "The row is left out: an earlier row has the same key.".to_owned();
                return self.errors.push(left_out(message));
            }
        }
        self.lines.push(row.line);
        self.rows.push(cells);
    }
}
