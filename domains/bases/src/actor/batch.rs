//! One batch: changes that fit together, and the single call that makes them durable.

use super::Shared;
use super::schema_rows;
use super::store::{APPLY_BATCH, BASE_HEAD_LOCKED, CHANGES_AFTER};
use super::writer::{Checked, Write};
use engine_base::ids::{RowNo, TableNo};
use engine_base::{Change, Touched};
use jiff::Timestamp;
use kernel_core::{Code, Error, Result};
use kernel_db::postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use kernel_db::{Database, Db, DbError};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a lost database is waited for before writers are told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a batch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Committed,
    /// Another process wrote first; nothing of ours was written.
    Behind,
    /// The base was deleted.
    NoBase,
    /// An idempotency key of the batch exists already.
    KeyTaken,
}

/// Checked commands that touch different things.
#[derive(Debug)]
pub(super) struct Batch {
    seq: u64,
    checked: Vec<Checked>,
    touched: Touched,
    keys: FxHashSet<(String, String)>,
}

impl Batch {
    pub(super) fn new(seq: u64) -> Self {
        Self { seq, checked: Vec::new(), touched: Touched::default(), keys: FxHashSet::default() }
    }

    /// Takes the change in, or gives the command back when it touches what the batch already does.
    pub(super) fn add(&mut self, write: Write, change: Change, nonce: i64) -> Result<(), Box<Write>> {
        let touched = change.touched();
        let key = write.key.as_ref().map(|key| (key.scope.clone(), key.key.clone()));
        let clash = !self.checked.is_empty() && self.touched.conflicts(&touched)
            || key.as_ref().is_some_and(|key| self.keys.contains(key));
        if clash {
            return Err(Box::new(write));
        }
        self.touched.merge(touched);
        self.keys.extend(key);
        self.checked.push(Checked { write, change: Arc::new(change), nonce });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.checked.is_empty()
    }
    pub(super) fn len(&self) -> usize {
        self.checked.len()
    }
    pub(super) fn rows(&self) -> usize {
        self.touched.rows.len()
    }
    pub(super) fn has_schema(&self) -> bool {
        self.touched.schema
    }
    pub(super) fn into_writes(self) -> Vec<Write> {
        self.checked.into_iter().map(|checked| checked.write).collect()
    }
    pub(super) fn into_checked(self) -> Vec<Checked> {
        self.checked
    }
}

/// JSON text sent as `jsonb` without parsing it here.
#[derive(Debug)]
struct JsonText(String);

impl ToSql for JsonText {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut kernel_db::postgres_types::private::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        // The binary form of jsonb is a version byte and the text.
        out.extend_from_slice(&[1]);
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }
    to_sql_checked!();
}

/// The arrays of `data.apply_batch`, one entry a row.
#[derive(Default)]
struct Arrays {
    seq: Vec<i64>,
    actor: Vec<String>,
    kind: Vec<&'static str>,
    table: Vec<Option<i64>>,
    lo: Vec<Option<i64>>,
    hi: Vec<Option<i64>>,
    nonce: Vec<i64>,
    change: Vec<JsonText>,
    row_table: Vec<i64>,
    row: Vec<i64>,
    row_data: Vec<JsonText>,
    row_created_at: Vec<Timestamp>,
    row_created_by: Vec<String>,
    row_updated_by: Vec<String>,
    gone_table: Vec<i64>,
    gone: Vec<i64>,
    key_scope: Vec<String>,
    key: Vec<String>,
    key_hash: Vec<Vec<u8>>,
    key_status: Vec<i32>,
    key_version: Vec<i64>,
    key_body: Vec<String>,
    schema: Option<serde_json::Value>,
}

/// Postgres has no unsigned integers; the engine's numbers stay far below the sign bit.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn arrays(shared: &Shared, batch: &Batch) -> Arrays {
    let base = shared.state.read();
    let mut out = Arrays::default();
    for (index, checked) in batch.checked.iter().enumerate() {
        let change = &checked.change;
        let seq = sql(batch.seq + index as u64 + 1);
        let span = main_span(change);
        out.seq.push(seq);
        out.actor.push(checked.write.actor.to_string());
        out.kind.push(change.kind.name());
        out.table.push(span.map(|(table, _)| sql(table.0)));
        out.lo.push(span.and_then(|(_, rows)| rows).map(|(lo, _)| sql(lo.0)));
        out.hi.push(span.and_then(|(_, rows)| rows).map(|(_, hi)| sql(hi.0)));
        out.nonce.push(checked.nonce);
        out.change.push(JsonText(change.to_json()));
        let stored = base.stored(change);
        for row in stored.upserts {
            out.row_table.push(sql(row.table.0));
            out.row.push(sql(row.row.0));
            out.row_data.push(JsonText(row.data));
            out.row_created_at
                .push(Timestamp::from_microsecond(row.meta.created_us).unwrap_or(Timestamp::UNIX_EPOCH));
            out.row_created_by.push(row.meta.created_by);
            out.row_updated_by.push(row.meta.updated_by);
        }
        for (table, row) in stored.deletes {
            out.gone_table.push(sql(table.0));
            out.gone.push(sql(row.0));
        }
        if let Some(key) = &checked.write.key {
            out.key_scope.push(key.scope.clone());
            out.key.push(key.key.clone());
            out.key_hash.push(key.hash.to_vec());
            out.key_status.push(key.status);
            out.key_version.push(seq);
            out.key_body.push(records_of(change, span.map(|(table, _)| table)).join(","));
        }
        if !change.schema.is_empty() {
            out.schema = Some(schema_rows::of(change));
        }
    }
    out
}

/// The table that the command was about, with its lowest and highest row. Other tables of a change are other sides of
/// links; their records' histories do not list it.
fn main_span(change: &Change) -> Option<(TableNo, Option<(RowNo, RowNo)>)> {
    let main = match (change.created.first(), change.deleted.first(), change.updated.first()) {
        (Some(row), _, _) | (None, Some(row), _) => Some(row.table),
        (None, None, edit) => edit.map(|edit| edit.table),
    };
    let spans = change.spans();
    match main {
        Some(main) => spans.into_iter().find(|(table, _)| *table == main),
        None => spans.into_iter().next(),
    }
}

/// The records that a request was about, in its order.
fn records_of(change: &Change, table: Option<TableNo>) -> Vec<String> {
    let whole = change.created.iter().chain(&change.deleted).map(|row| (row.table, row.row));
    let edits = change.updated.iter().map(|edit| (edit.table, edit.row));
    whole
        .chain(edits)
        .filter(|(of, _)| Some(*of) == table)
        .map(|(table, row)| table.record(row).to_string())
        .collect()
}

/// Makes the batch durable, or says why not.
///
/// # Errors
/// `unavailable` when the database can't be reached for [`PATIENCE`]; the batch may or may not have been committed. The
/// next batch finds out: its expected number no longer fits, and catching up brings memory where Postgres is.
pub(super) async fn write(db: &Db, shared: &Shared, batch: &Batch, now: Timestamp) -> Result<Outcome> {
    let arrays = arrays(shared, batch);
    let error = match call(db, shared, batch, now, &arrays).await {
        Ok(Some(seq)) if seq < 0 => return Ok(Outcome::Behind),
        Ok(Some(_)) => return Ok(Outcome::Committed),
        Ok(None) => return Ok(Outcome::NoBase),
        Err(error) => error,
    };
    if error.constraint() == Some("idempotency_pkey") {
        return Ok(Outcome::KeyTaken);
    }
    if !error.is_unreachable() {
        return Err(Error::from(error));
    }
    tracing::warn!(base = shared.number, %error, "the database went away during a write");
    settle(db, shared, batch).await
}

async fn call(
    db: &Db,
    shared: &Shared,
    batch: &Batch,
    now: Timestamp,
    a: &Arrays,
) -> std::result::Result<Option<i64>, DbError> {
    let row = db
        .read_opt(
            shared.tenant,
            &APPLY_BATCH,
            &[
                &shared.tenant.uuid(),
                &sql(shared.number),
                &sql(batch.seq),
                &now,
                &a.seq,
                &a.actor,
                &a.kind,
                &a.table,
                &a.lo,
                &a.hi,
                &a.nonce,
                &a.change,
                &a.row_table,
                &a.row,
                &a.row_data,
                &a.row_created_at,
                &a.row_created_by,
                &a.row_updated_by,
                &a.gone_table,
                &a.gone,
                &a.key_scope,
                &a.key,
                &a.key_hash,
                &a.key_status,
                &a.key_version,
                &a.key_body,
                &a.schema,
            ],
        )
        .await?;
    Ok(row.and_then(|row| row.get::<_, Option<i64>>(0)))
}

/// The connection broke while the batch was on its way: finds out whether it was committed, so that nothing is written
/// twice and nothing acknowledged is lost.
async fn settle(db: &Db, shared: &Shared, batch: &Batch) -> Result<Outcome> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match committed(db, shared, batch).await {
            Ok(true) => return Ok(Outcome::Committed),
            Ok(false) => return Ok(Outcome::Behind),
            Err(later) if tokio::time::Instant::now() >= deadline => {
                return Err(Error::new(Code::Unavailable).retry_after(2).source(later));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn committed(db: &Db, shared: &Shared, batch: &Batch) -> std::result::Result<bool, DbError> {
    let tenant = shared.tenant.uuid();
    let mut tx = db.begin(Database::Data, shared.tenant).await?;
    // The lock waits for a backend that is still committing the batch after our side of the connection died.
    tx.query_opt(&BASE_HEAD_LOCKED, &[&tenant, &sql(shared.number)]).await?;
    let rows = tx.query(&CHANGES_AFTER, &[&tenant, &sql(shared.number), &sql(batch.seq), &1_i64]).await?;
    tx.commit().await?;
    let nonce: Option<i64> = rows.first().map(|row| row.get(3));
    Ok(nonce.is_some() && nonce == batch.checked.first().map(|checked| checked.nonce))
}
