//! The run of an import: a job that may be repeated at any point without writing a row twice.

use super::convert::{self, Column, Links};
use super::service::Stored;
use super::{CHUNK, ColumnPlan, MAX_ERRORS, RowError, plan, preview, store, upload_path};
use crate::actor::{KeyToStore, OpenBase, Order};
use crate::idempotency;
use crate::service::Bases;
use engine_base::{Command, StoredCells, TableNo};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use jiff::SignedDuration;
use kernel_core::{Caller, Code, Error, Result, TenantId};
use kernel_db::Database;
use kernel_jobs::Job;
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
struct Chunk {
    rows: Vec<StoredCells>,
    /// Rows read, bad ones included.
    read: u64,
    /// Rows that became records.
    created: u64,
    errors: Vec<RowError>,
}

/// Chunks that are being written at the same time: while Postgres works on one, the next is checked and encoded.
const IN_FLIGHT: usize = 3;
/// How often progress is saved and a cancellation is seen.
const SAVE_EVERY: SignedDuration = SignedDuration::from_millis(400);

/// What has been done so far.
#[derive(Default)]
struct Progress {
    done: u64,
    created: u64,
    error_count: u64,
    errors: Vec<RowError>,
}

impl Progress {
    fn add(&mut self, chunk: Chunk) {
        self.done += chunk.read;
        self.created += chunk.created;
        self.error_count += chunk.errors.len() as u64;
        let room = MAX_ERRORS - self.errors.len().min(MAX_ERRORS);
        self.errors.extend(chunk.errors.into_iter().take(room));
    }
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
        let columns = columns(&open, &import, table)?;
        let path = upload_path(&self.0.uploads, job.tenant, job.import);
        let (sender, mut chunks) = mpsc::channel(2);
        let format = import.format;
        // Reading and converting go on while the chunk before is written.
        let reader = tokio::task::spawn_blocking(move || -> Result<()> {
            let mut rows = preview::open(&path, format)?;
            loop {
                let chunk = read_chunk(&mut rows, &columns)?;
                if chunk.read == 0 || sender.blocking_send(chunk).is_err() {
                    return Ok(());
                }
            }
        });
        let actor: Arc<str> = Arc::from(import.created_by.as_str());
        let (mut progress, mut saved_at) = (Progress::default(), self.0.clock.now());
        let (mut number, mut read, mut missing, mut more) = (0_u32, 0, 0, true);
        let mut state = "running".to_owned();
        let mut writing = FuturesOrdered::new();
        loop {
            let mut chunk = tokio::select! {
                biased;
                Some(written) = writing.next(), if !writing.is_empty() => {
                    progress.add(written?);
                    let due = self.0.clock.now().duration_since(saved_at) >= SAVE_EVERY;
                    if due && progress.done > import.done {
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
            // What an earlier run wrote is not written again. Its progress may not have been saved, not even once; and of
            // the chunks that were in flight when it ended, a later one may be there without an earlier one.
            let written_before = read <= import.done;
            let repeated = written_before
                || missing < IN_FLIGHT && key.stored_for(&self.0.db, job.tenant).await?.is_some();
            if !repeated && !chunk.rows.is_empty() {
                missing += 1;
            }
            let rows = std::mem::take(&mut chunk.rows);
            chunk.created = rows.len() as u64;
            let (open, actor) = (&open, Arc::clone(&actor));
            writing.push_back(async move {
                if !repeated && !rows.is_empty() {
                    write_chunk(open, table, rows, actor, key.to_store(200)).await?;
                }
                Ok::<Chunk, Error>(chunk)
            });
        }
        drop(writing);
        drop(chunks);
        let end = reader.await.map_err(Error::internal)?;
        if progress.done > import.done {
            state = self.save(job, &progress).await?;
        }
        end.map(|()| state == "running")
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
                ],
            )
            .await?;
        tx.commit().await?;
        Ok(row.get(0))
    }
}

async fn write_chunk(
    open: &OpenBase,
    table: TableNo,
    rows: Vec<StoredCells>,
    actor: Arc<str>,
    key: KeyToStore,
) -> Result<()> {
    let command = Command::ImportRecords { table, rows };
    open.write(Order { command, typecast: false, actor, key: Some(key) }).await.map(drop)
}

fn columns(open: &OpenBase, import: &Stored, table: TableNo) -> Result<Vec<Column>> {
    let none = ColumnPlan::default();
    let import_plan = import.plan.clone().unwrap_or_default();
    let chosen = plan::chosen(&import.columns, &import_plan.columns, &none)?;
    open.read(|base| {
        let schema = base.schema().table(table).ok_or_else(Error::not_found)?;
        let pairs = if import_plan.table.is_some() {
            plan::existing_fields(schema, chosen)?
        } else {
            // The new table's fields stand in the order of the chosen columns.
            chosen.into_iter().zip(schema.fields.iter().map(|field| field.no)).collect()
        };
        pairs
            .into_iter()
            .map(|(column, field)| {
                let kind =
                    schema.field(field).map(|field| field.kind.clone()).ok_or_else(Error::not_found)?;
                let links = match &kind {
                    engine_base::FieldKind::Link { table, .. } => {
                        let link = column.plan.link.clone().unwrap_or_default();
                        let (table, by) = plan::link_source(base, *table, link.by.as_deref())?;
                        let rows = Arc::new(convert::index_by_text(base, table, by));
                        Some(Links { separator: link.separator, rows })
                    }
                    _ => None,
                };
                Ok(Column { index: column.index, name: column.preview.name.clone(), field, kind, links })
            })
            .collect()
    })
}

fn read_chunk<R: std::io::Read>(rows: &mut super::reader::Rows<R>, columns: &[Column]) -> Result<Chunk> {
    let mut chunk = Chunk { rows: Vec::with_capacity(CHUNK), read: 0, created: 0, errors: Vec::new() };
    while chunk.rows.len() < CHUNK && chunk.read < 2 * CHUNK as u64 {
        let (cells, line) = match rows.next()? {
            None => break,
            Some(Err(bad)) => {
                chunk.read += 1;
                let message = format!("The row is left out: it {}.", bad.problem);
                chunk.errors.push(RowError { row: bad.line, column: None, value: None, message });
                continue;
            }
            Some(Ok(row)) => row,
        };
        chunk.read += 1;
        chunk.rows.push(convert::row(columns, &cells, line, &mut chunk.errors));
    }
    Ok(chunk)
}
