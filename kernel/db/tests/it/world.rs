//! A migrated cluster with one tenant table and one global table beside the product's own.

use kernel_core::TenantId;
use kernel_db::cluster::testing::Temporary;
use kernel_db::{Database, Db, migrate};
use std::time::{Duration, Instant};

kernel_db::statements! {
    /// Adds a note.
    tenant Logs ADD_NOTE = "insert into logs.notes (tenant_id, id, text) values ($1, $2, $3)";
    /// A tenant's notes.
    tenant Logs NOTES = "select id, text from logs.notes where tenant_id = $1 order by id";
    /// Takes its time.
    tenant Logs SLOW_NOTES = "select id, text, pg_sleep(0.2)::text from logs.notes where tenant_id = $1";
    /// Everybody's notes: row-level security alone decides. (No tenant named: only a test does this.)
    tenant Logs ALL_NOTES = "select count(*) from logs.notes";
    /// The same without a tenant.
    global Logs ALL_NOTES_GLOBAL = "select count(*) from logs.notes";
    /// The same as the platform.
    platform Logs ALL_NOTES_PLATFORM = "select count(*) from logs.notes";
    /// The tenant that the connection is in, and the time, which stands still while a transaction is open.
    global Logs CONNECTION = "select current_setting('app.tenant', true), now()::text";
    /// Who serves.
    global Logs WHO = "select current_user::text, pg_backend_pid()";
}

pub struct World {
    pub db: Db,
    pub temporary: Temporary,
}

pub const NOTES_TABLE: &str = "create table logs.notes (
    tenant_id uuid not null, id bigint not null, text text not null, primary key (tenant_id, id));
  select logs.tenant_table('logs.notes');";

impl World {
    pub async fn start(pool_size: usize) -> Self {
        let temporary = Temporary::start().await.unwrap();
        let urls = temporary.cluster().urls();
        let mut files = migrate::embedded(Database::Logs).unwrap();
        files.truncate(1);
        files.push(migrate::Migration { number: 2, name: "0002_notes.sql".into(), sql: NOTES_TABLE.into() });
        migrate::run_one(&urls, Database::Logs, &files).await.unwrap();
        Self { db: Db::new(&urls, pool_size).unwrap(), temporary }
    }

    pub async fn tenant_with_notes(&self, notes: i64) -> TenantId {
        let tenant = TenantId::new();
        let mut tx = self.db.begin(Database::Logs, tenant).await.unwrap();
        for id in 0..notes {
            tx.execute(&ADD_NOTE, &[&tenant.uuid(), &id, &format!("note {id}")]).await.unwrap();
        }
        tx.commit().await.unwrap();
        tenant
    }
}

/// Polls until `done` answers, or the deadline.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut done: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
