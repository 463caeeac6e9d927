//! One statement, one round trip: BEGIN, enter the tenant, the statement and COMMIT leave in one write.
//!
//! Invariant: a connection never goes back to its pool inside a transaction. tokio-postgres sends a request when its
//! future is first polled; the four futures are polled in order within one poll (`biased`) and none of them waits before
//! it sends (statements are prepared beforehand). So a caller that goes away leaves either nothing sent, or all four.
//! `join!`, not `try_join!`: COMMIT is sent even if the statement's parameters can't be encoded.

use crate::{Access, Database, Db, DbError, Params, SqlState, Statement};
use deadpool_postgres::Object;
use kernel_core::TenantId;
use std::time::Instant;
use tokio_postgres::Row;

impl Db {
    /// Runs a tenant's statement in a transaction of its own. `params[0]` is the tenant (`$1`).
    ///
    /// # Errors
    /// The statement's, or an unreachable database.
    pub async fn read(
        &self,
        tenant: TenantId,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, DbError> {
        expect_access(statement, Access::Tenant)?;
        self.timed(statement, async {
            let client = self.client(statement.database, Access::Tenant).await?;
            match pipelined(&client, tenant, statement, params).await {
                Err(error) if is_stale_plan(&error) => {
                    // A migration changed the columns under a prepared statement (spec O13). Nothing was done: prepare anew.
                    client.statement_cache.clear();
                    pipelined(&client, tenant, statement, params).await
                }
                done => done,
            }
        })
        .await
    }

    /// [`Db::read`] of at most one row.
    ///
    /// # Errors
    /// As [`Db::read`]; several rows are an error too.
    pub async fn read_opt(
        &self,
        tenant: TenantId,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, DbError> {
        at_most_one(statement, self.read(tenant, statement, params).await?)
    }

    /// One writing statement of a tenant (an `insert … returning`, a function that does a whole batch): committed and
    /// durable when this returns. Never repeated by itself: after a broken connection the outcome is unknown.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write(
        &self,
        tenant: TenantId,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, DbError> {
        self.read(tenant, statement, params).await
    }

    /// Calls a function that enters the tenant by itself: one message, one answer. A statement that does not enter sees no
    /// row of any tenant. Committed and durable when this returns; never repeated by itself.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn call(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, DbError> {
        expect_access(statement, Access::Tenant)?;
        at_most_one(statement, self.single(statement, params).await?)
    }

    /// A statement on tables that belong to no tenant.
    ///
    /// # Errors
    /// The statement's, or an unreachable database.
    pub async fn global(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, DbError> {
        expect_access(statement, Access::Global)?;
        self.single(statement, params).await
    }

    /// [`Db::global`] of at most one row.
    ///
    /// # Errors
    /// As [`Db::global`]; several rows are an error too.
    pub async fn global_opt(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, DbError> {
        at_most_one(statement, self.global(statement, params).await?)
    }

    /// Runs a statement on tables that belong to no tenant; answers how many rows it changed.
    ///
    /// # Errors
    /// As [`Db::global`].
    pub async fn global_execute(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<u64, DbError> {
        expect_access(statement, Access::Global)?;
        self.timed(statement, async {
            let client = self.client(statement.database, statement.access).await?;
            let prepared = prepare(&client, statement).await?;
            client.execute(&prepared, params).await.map_err(|error| DbError::postgres(statement, error))
        })
        .await
    }

    /// A statement over the rows of all tenants, as the platform's role.
    ///
    /// # Errors
    /// The statement's, or an unreachable database.
    pub async fn platform(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, DbError> {
        expect_access(statement, Access::Platform)?;
        self.single(statement, params).await
    }

    /// [`Db::platform`] of at most one row.
    ///
    /// # Errors
    /// As [`Db::platform`]; several rows are an error too.
    pub async fn platform_opt(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, DbError> {
        at_most_one(statement, self.platform(statement, params).await?)
    }

    async fn single(&self, statement: &'static Statement, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        self.timed(statement, async {
            let client = self.client(statement.database, statement.access).await?;
            let prepared = prepare(&client, statement).await?;
            match client.query(&prepared, params).await.map_err(|error| DbError::postgres(statement, error)) {
                Err(error) if is_stale_plan(&error) => {
                    client.statement_cache.clear();
                    let prepared = prepare(&client, statement).await?;
                    client.query(&prepared, params).await.map_err(|error| DbError::postgres(statement, error))
                }
                done => done,
            }
        })
        .await
    }

    async fn timed<T>(
        &self,
        statement: &'static Statement,
        work: impl Future<Output = Result<T, DbError>>,
    ) -> Result<T, DbError> {
        let started = Instant::now();
        let result = work.await;
        measure(statement, started);
        result
    }
}

/// Counts a statement and its seconds, waiting for a connection included.
pub(crate) fn measure(statement: &'static Statement, started: Instant) {
    metrics::histogram!("db_statement_seconds", "database" => statement.database.name(), "statement" => statement.name)
        .record(started.elapsed());
}

pub(crate) fn expect_access(statement: &'static Statement, access: Access) -> Result<(), DbError> {
    if statement.access == access {
        return Ok(());
    }
    Err(DbError::misuse(
        statement,
        match access {
            Access::Tenant => "only a `tenant` statement can run for a tenant",
            Access::Global => "only a `global` statement can run without a tenant",
            Access::Platform => "only a `platform` statement can run across tenants",
        },
    ))
}

pub(crate) async fn prepare(
    client: &Object,
    statement: &'static Statement,
) -> Result<tokio_postgres::Statement, DbError> {
    client.prepare_cached(statement.sql).await.map_err(|error| DbError::postgres(statement, error))
}

pub(crate) async fn prepare_enter(
    client: &Object,
    database: Database,
) -> Result<tokio_postgres::Statement, DbError> {
    client.prepare_cached(database.enter_sql()).await.map_err(|error| DbError::session(database, error))
}

async fn pipelined(
    client: &Object,
    tenant: TenantId,
    statement: &'static Statement,
    params: Params<'_>,
) -> Result<Vec<Row>, DbError> {
    let database = statement.database;
    let enter = prepare_enter(client, database).await?;
    let prepared = prepare(client, statement).await?;
    let tenant = tenant.uuid();
    let entering: Params<'_> = &[&tenant];
    let (begun, entered, rows, committed) = tokio::join!(
        biased;
        client.batch_execute("begin"),
        client.execute(&enter, entering),
        client.query(&prepared, params),
        client.batch_execute("commit"),
    );
    begun.map_err(|error| DbError::session(database, error))?;
    entered.map_err(|error| DbError::session(database, error))?;
    let rows = rows.map_err(|error| DbError::postgres(statement, error))?;
    // A constraint that is checked at COMMIT fails here.
    committed.map_err(|error| DbError::postgres(statement, error))?;
    Ok(rows)
}

fn at_most_one(statement: &'static Statement, mut rows: Vec<Row>) -> Result<Option<Row>, DbError> {
    match rows.len() {
        0 | 1 => Ok(rows.pop()),
        _ => Err(DbError::misuse(statement, "several rows where at most one was expected")),
    }
}

/// A prepared statement met a schema that a migration has changed since.
pub(crate) fn is_stale_plan(error: &DbError) -> bool {
    error.code() == Some(SqlState::FEATURE_NOT_SUPPORTED)
        && error.to_string().contains("cached plan must not change result type")
}
