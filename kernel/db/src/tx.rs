//! Several statements, all or nothing.
//!
//! Invariant: the connection goes back to its pool outside a transaction, whatever happens to the future that holds the
//! [`Tx`]. BEGIN leaves together with the first statement; dropping an open transaction puts a ROLLBACK behind whatever
//! was sent before, so the next user of the connection starts clean.

use crate::read::{is_stale_plan, measure, prepare, prepare_enter};
use crate::{Access, Database, Db, DbError, Params, Statement};
use deadpool_postgres::Object;
use futures_util::{FutureExt as _, TryStreamExt as _};
use kernel_core::TenantId;
use std::time::Instant;
use tokio_postgres::Row;

/// A transaction in one database. Dropped without [`Tx::commit`], it never happened.
pub struct Tx {
    client: Object,
    database: Database,
    platform: bool,
    tenant: Option<TenantId>,
    /// All statements see the database as the first one does.
    snapshot: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// BEGIN was not sent yet.
    Pending,
    Open,
    /// A statement failed: PostgreSQL will only roll back.
    Failed,
    Done,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("database", &self.database)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Db {
    /// A transaction of one tenant. Tenant and global statements of `database` may run in it.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self, database: Database, tenant: TenantId) -> Result<Tx, DbError> {
        self.start(database, Access::Tenant, Some(tenant)).await
    }

    /// As [`Db::begin`], and all statements see the same moment (REPEATABLE READ): for loading what must fit together.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin_snapshot(&self, database: Database, tenant: TenantId) -> Result<Tx, DbError> {
        let mut tx = self.begin(database, tenant).await?;
        tx.snapshot = true;
        Ok(tx)
    }

    /// A transaction without a tenant: global statements, and tenant statements after [`Tx::enter`].
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin_global(&self, database: Database) -> Result<Tx, DbError> {
        self.start(database, Access::Global, None).await
    }

    /// A transaction as the platform's role, which sees all tenants' rows. Any statement of `database` may run in it.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin_platform(&self, database: Database) -> Result<Tx, DbError> {
        self.start(database, Access::Platform, None).await
    }

    async fn start(
        &self,
        database: Database,
        access: Access,
        tenant: Option<TenantId>,
    ) -> Result<Tx, DbError> {
        let client = self.client(database, access).await?;
        let platform = access == Access::Platform;
        Ok(Tx { client, database, platform, tenant, snapshot: false, state: State::Pending })
    }

    /// Hands every row of a tenant's statement to `each` as it arrives, without collecting them.
    ///
    /// # Errors
    /// The statement's, or an unreachable database.
    pub async fn read_each(
        &self,
        tenant: TenantId,
        statement: &'static Statement,
        params: Params<'_>,
        each: impl FnMut(Row),
    ) -> Result<(), DbError> {
        let mut tx = self.begin(statement.database, tenant).await?;
        tx.each(statement, params, each).await?;
        tx.commit().await
    }
}

impl Tx {
    /// The database of this transaction.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database
    }

    /// The tenant whose rows are visible.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    /// Makes another tenant's rows visible, from here to the end of the transaction.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn enter(&mut self, tenant: TenantId) -> Result<(), DbError> {
        self.tenant = Some(tenant);
        if self.state == State::Pending {
            return Ok(());
        }
        let enter = prepare_enter(&self.client, self.database).await?;
        let entered = self.client.execute(&enter, &[&tenant.uuid()]).await;
        self.noting(entered.map_err(|error| DbError::session(self.database, error))).map(drop)
    }

    /// The rows of a statement.
    ///
    /// # Errors
    /// The statement's; the transaction can only be rolled back then.
    pub async fn query(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, DbError> {
        let started = Instant::now();
        let prepared = self.ready(statement).await?;
        let opening = self.opening().await?;
        let (begun, rows) =
            tokio::join!(biased; begin(&self.client, opening), self.client.query(&prepared, params));
        measure(statement, started);
        let begun = begun.map_err(|error| DbError::session(self.database, error));
        self.noting(begun.and_then(|()| rows.map_err(|error| DbError::postgres(statement, error))))
    }

    /// At most one row.
    ///
    /// # Errors
    /// As [`Tx::query`]; several rows are an error too.
    pub async fn query_opt(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, DbError> {
        let mut rows = self.query(statement, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(DbError::misuse(statement, "several rows where at most one was expected")),
        }
    }

    /// Exactly one row.
    ///
    /// # Errors
    /// As [`Tx::query`]; no row is an error too.
    pub async fn query_one(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Row, DbError> {
        self.query_opt(statement, params)
            .await?
            .ok_or_else(|| DbError::misuse(statement, "no row where one was expected"))
    }

    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn execute(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<u64, DbError> {
        let started = Instant::now();
        let prepared = self.ready(statement).await?;
        let opening = self.opening().await?;
        let (begun, count) =
            tokio::join!(biased; begin(&self.client, opening), self.client.execute(&prepared, params));
        measure(statement, started);
        let begun = begun.map_err(|error| DbError::session(self.database, error));
        self.noting(begun.and_then(|()| count.map_err(|error| DbError::postgres(statement, error))))
    }

    /// Hands every row to `each` as it arrives.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn each(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
        mut each: impl FnMut(Row),
    ) -> Result<(), DbError> {
        let started = Instant::now();
        let prepared = self.ready(statement).await?;
        let opening = self.opening().await?;
        let rows = async {
            let rows = self.client.query_raw(&prepared, params.iter().copied()).await?;
            let mut rows = std::pin::pin!(rows);
            while let Some(row) = rows.try_next().await? {
                each(row);
            }
            Ok(())
        };
        let (begun, done) = tokio::join!(biased; begin(&self.client, opening), rows);
        measure(statement, started);
        let begun = begun.map_err(|error| DbError::session(self.database, error));
        self.noting(begun.and_then(|()| done.map_err(|error| DbError::postgres(statement, error))))
    }

    /// Sends NOTIFY when the transaction commits: a hint that listeners may miss, at most 7,999 bytes.
    ///
    /// # Errors
    /// When the connection broke or the payload is too long.
    pub async fn notify(&mut self, channel: &'static str, payload: &str) -> Result<(), DbError> {
        let sql = "select pg_notify($1, $2)";
        let prepared =
            self.client.prepare_cached(sql).await.map_err(|error| DbError::session(self.database, error))?;
        let opening = self.opening().await?;
        let params: Params<'_> = &[&channel, &payload];
        let (begun, done) =
            tokio::join!(biased; begin(&self.client, opening), self.client.execute(&prepared, params));
        self.noting(begun.and(done).map_err(|error| DbError::session(self.database, error))).map(drop)
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// When the transaction had failed, a deferred constraint is violated, or the connection broke (outcome unknown).
    pub async fn commit(mut self) -> Result<(), DbError> {
        let database = self.database;
        match std::mem::replace(&mut self.state, State::Done) {
            State::Pending => Ok(()),
            State::Open => {
                self.client.batch_execute("commit").await.map_err(|error| DbError::session(database, error))
            }
            State::Failed | State::Done => {
                self.state = State::Failed;
                Err(DbError::misuse_of(
                    database,
                    "commit after a failed statement; everything was rolled back",
                ))
            }
        }
    }

    /// Ends the transaction without effect. Dropping it does the same without waiting.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Pending | State::Done => Ok(()),
            State::Open | State::Failed => {
                let done = self.client.batch_execute("rollback").await;
                done.map_err(|error| DbError::session(self.database, error))
            }
        }
    }

    /// Checks that the statement may run here and prepares it.
    async fn ready(&self, statement: &'static Statement) -> Result<tokio_postgres::Statement, DbError> {
        if statement.database != self.database {
            return Err(DbError::misuse(statement, "the transaction is in another database"));
        }
        match statement.access {
            Access::Platform if !self.platform => {
                Err(DbError::misuse(statement, "a `platform` statement needs begin_platform"))
            }
            Access::Tenant if !self.platform && self.tenant.is_none() => {
                Err(DbError::misuse(statement, "a `tenant` statement needs a tenant: Tx::enter"))
            }
            _ => prepare(&self.client, statement).await,
        }
    }

    /// What has to be sent before the first statement. From here on the transaction counts as open: if the caller goes
    /// away before anything was sent, the ROLLBACK that follows is without effect.
    async fn opening(&mut self) -> Result<Opening, DbError> {
        if self.state != State::Pending {
            return Ok(Opening::Nothing);
        }
        let begin = if self.snapshot { "begin isolation level repeatable read" } else { "begin" };
        let opening = match self.tenant {
            Some(tenant) => {
                Opening::BeginAndEnter(begin, prepare_enter(&self.client, self.database).await?, tenant)
            }
            None => Opening::Begin(begin),
        };
        self.state = State::Open;
        Ok(opening)
    }

    fn noting<T>(&mut self, result: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &result {
            self.state = State::Failed;
            if is_stale_plan(error) {
                // The next transaction on this connection prepares anew (spec O13).
                self.client.statement_cache.clear();
            }
        }
        result
    }
}

enum Opening {
    Nothing,
    Begin(&'static str),
    BeginAndEnter(&'static str, tokio_postgres::Statement, TenantId),
}

async fn begin(client: &Object, opening: Opening) -> Result<(), tokio_postgres::Error> {
    match opening {
        Opening::Nothing => Ok(()),
        Opening::Begin(begin) => client.batch_execute(begin).await,
        Opening::BeginAndEnter(begin, enter, tenant) => {
            let tenant = tenant.uuid();
            let params: Params<'_> = &[&tenant];
            let (begun, entered) =
                tokio::join!(biased; client.batch_execute(begin), client.execute(&enter, params));
            begun.and(entered).map(drop)
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if matches!(self.state, State::Open | State::Failed) {
            // The first poll sends; nobody has to wait for the answer, requests of a connection are answered in order.
            let _sent = self.client.batch_execute("rollback").now_or_never();
        }
    }
}
