//! The single call that makes a batch durable, and what becomes of it when the connection breaks meanwhile.

use super::Shared;
use super::batch::{Batch, sql};
use super::store::{APPLY_BATCH, BASE_HEAD_LOCKED, CHANGES_AFTER};
use jiff::Timestamp;
use kernel_core::{Code, Error, Result};
use kernel_db::{Database, Db, DbError};
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

/// Makes the batch durable as the changes after `seq`, or says why not.
///
/// # Errors
/// `unavailable` when the database can't be reached for [`PATIENCE`]; the batch may or may not have been committed. The
/// next batch finds out: its expected number no longer fits, and catching up brings memory where Postgres is.
pub(super) async fn write(
    db: &Db,
    shared: &Shared,
    batch: &Batch,
    seq: u64,
    now: Timestamp,
) -> Result<Outcome> {
    let error = match call(db, shared, batch, seq, now).await {
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
    settle(db, shared, batch, seq).await
}

async fn call(
    db: &Db,
    shared: &Shared,
    batch: &Batch,
    seq: u64,
    now: Timestamp,
) -> std::result::Result<Option<i64>, DbError> {
    let a = &batch.arrays;
    let row = db
        .call(
            &APPLY_BATCH,
            &[
                &shared.tenant.uuid(),
                &sql(shared.number),
                &sql(seq),
                &now,
                &a.actor,
                &a.kind,
                &a.table,
                &a.lo,
                &a.hi,
                &a.nonce,
                &a.change,
                &a.new_table,
                &a.new,
                &a.new_data,
                &a.new_created_at,
                &a.new_updated_at,
                &a.new_created_by,
                &a.new_updated_by,
                &a.edited_table,
                &a.edited,
                &a.edited_data,
                &a.edited_at,
                &a.edited_by,
                &a.gone_table,
                &a.gone,
                &a.span_change,
                &a.span_table,
                &a.span_lo,
                &a.span_hi,
                &a.key_scope,
                &a.key,
                &a.key_hash,
                &a.key_status,
                &a.key_change,
                &a.key_body,
                &a.schema,
            ],
        )
        .await?;
    Ok(row.and_then(|row| row.get::<_, Option<i64>>(0)))
}

/// The connection broke while the batch was on its way: finds out whether it was committed, so that nothing is written
/// twice and nothing acknowledged is lost.
async fn settle(db: &Db, shared: &Shared, batch: &Batch, seq: u64) -> Result<Outcome> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match committed(db, shared, batch, seq).await {
            Ok(true) => return Ok(Outcome::Committed),
            Ok(false) => return Ok(Outcome::Behind),
            Err(later) if tokio::time::Instant::now() >= deadline => {
                return Err(Error::new(Code::Unavailable).retry_after(2).source(later));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn committed(db: &Db, shared: &Shared, batch: &Batch, seq: u64) -> std::result::Result<bool, DbError> {
    let tenant = shared.tenant.uuid();
    let mut tx = db.begin(Database::Data, shared.tenant).await?;
    // The lock waits for a backend that is still committing the batch after our side of the connection died.
    tx.query_opt(&BASE_HEAD_LOCKED, &[&tenant, &sql(shared.number)]).await?;
    let rows = tx.query(&CHANGES_AFTER, &[&tenant, &sql(shared.number), &sql(seq), &1_i64]).await?;
    tx.commit().await?;
    let nonce: Option<i64> = rows.first().map(|row| row.get(3));
    Ok(nonce.is_some() && nonce == batch.first_nonce())
}
