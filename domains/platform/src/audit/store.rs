//! SQL of the staff audit log. Rows are added and read; no role may change or remove them.

use super::model::{Head, Link};
use kernel_core::{Error, Result};
use kernel_db::{Database, Db, Tx, statements};
use tokio_postgres::Row;

statements! {
    /// Orders writers of all processes: the number is "audit" in ASCII.
    platform Logs LOCK_CHAIN = "select 1 from pg_advisory_xact_lock(418514725236)";
    /// The end of the chain.
    platform Logs HEAD = "select seq, hash from logs.audit order by seq desc limit 1";
    /// One row's hash, to compare with the head kept elsewhere.
    platform Logs HASH_AT = "select hash from logs.audit where seq = $1";
    /// Adds a row.
    platform Logs APPEND = "insert into logs.audit (seq, prev, hash, event) values ($1, $2, $3, $4)";
    /// One page, newest first.
    platform Logs PAGE = "select seq, prev, hash, event from logs.audit
        where seq < $1 and ($2::text is null or actor = $2) and ($3::text is null or about_tenant = $3)
          and ($4::text is null or action = $4) and at_micros >= $5 and at_micros < $6
        order by seq desc limit $7";
    /// A stretch of the chain, oldest first, for the check.
    platform Logs CHAIN_AFTER = "select seq, prev, hash, event from logs.audit where seq > $1 order by seq limit $2";
    /// Everybody who ever acted, by the name of their last row, for the filter.
    platform Logs ACTORS = "select distinct on (actor) actor, actor_name from logs.audit
        where actor like 'stf\\_%' order by actor, seq desc";
}

pub(super) async fn begin(db: &Db) -> Result<Tx> {
    let mut tx = db.begin_platform(Database::Logs).await?;
    tx.query(&LOCK_CHAIN, &[]).await?;
    Ok(tx)
}

pub(super) async fn head_for_update(tx: &mut Tx) -> Result<Head> {
    tx.query_opt(&HEAD, &[]).await?.map_or(Ok(Head::default()), |row| head(&row))
}

pub(super) async fn append(tx: &mut Tx, link: &Link) -> Result<()> {
    tx.execute(&APPEND, &[&link.seq, &link.prev.as_slice(), &link.hash.as_slice(), &link.event]).await?;
    Ok(())
}

pub(super) async fn hash_at(db: &Db, seq: i64) -> Result<Option<[u8; 32]>> {
    let rows = db.platform(&HASH_AT, &[&seq]).await?;
    rows.first().map(|row| bytes(row, 0)).transpose()
}

/// What a page is limited to; times in microseconds, the end is exclusive.
pub(super) struct Query<'a> {
    pub before: i64,
    pub actor: Option<&'a str>,
    pub tenant: Option<&'a str>,
    pub action: Option<&'a str>,
    pub from: i64,
    pub to: i64,
    pub limit: i64,
}

pub(super) async fn page(db: &Db, q: &Query<'_>) -> Result<Vec<Link>> {
    let rows =
        db.platform(&PAGE, &[&q.before, &q.actor, &q.tenant, &q.action, &q.from, &q.to, &q.limit]).await?;
    rows.iter().map(link).collect()
}

pub(super) async fn chain_after(db: &Db, seq: i64, limit: i64) -> Result<Vec<Link>> {
    db.platform(&CHAIN_AFTER, &[&seq, &limit]).await?.iter().map(link).collect()
}

pub(super) async fn actors(db: &Db) -> Result<Vec<(String, String)>> {
    Ok(db.platform(&ACTORS, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn head(row: &Row) -> Result<Head> {
    Ok(Head { seq: row.get(0), hash: bytes(row, 1)? })
}

fn link(row: &Row) -> Result<Link> {
    Ok(Link { seq: row.get(0), prev: bytes(row, 1)?, hash: bytes(row, 2)?, event: row.get(3) })
}

fn bytes(row: &Row, column: usize) -> Result<[u8; 32]> {
    row.get::<_, &[u8]>(column).try_into().map_err(Error::internal)
}
