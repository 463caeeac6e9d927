//! A snapshot becomes a new base: the base as it was, its tables under new numbers, its records in short transactions. The base is
//! hidden until the last one. A run that was interrupted is begun again and writes only what is missing.

use super::{renumber, store};
use crate::actor::{MOVED, schema_rows};
use crate::catalog::{COLOURS, ICONS};
use crate::service::Bases;
use engine_base::{Base, TableNo};
use jiff::Timestamp;
use kernel_core::{Code, Error, Result, TenantId};
use kernel_db::{Database, Params};
use kernel_jobs::Job;
use serde::{Deserialize, Serialize};

/// Records of one transaction.
const CHUNK: usize = 1_000;

/// Restores a snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RestoreSnapshot {
    /// The base that it is of.
    pub(crate) base: u64,
    /// The restore's id.
    pub(crate) restore: String,
}

impl Job for RestoreSnapshot {
    const NAME: &'static str = "bases_restore_snapshot";
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Bases {
    /// Runs a restore to its end. What can't succeed is written down as failed; an error means that it is worth another try.
    ///
    /// # Errors
    /// `unavailable`, `internal`.
    pub(crate) async fn run_restore(&self, tenant: TenantId, job: &RestoreSnapshot) -> Result<()> {
        let done = self.try_restore(tenant, job).await;
        match done {
            Err(error)
                if matches!(error.code(), Code::HistoryExpired | Code::TooFarBack | Code::NotFound) =>
            {
                self.finish_restore(tenant, job, "failed", Some(error.message())).await
            }
            done => done,
        }
    }

    async fn try_restore(&self, tenant: TenantId, job: &RestoreSnapshot) -> Result<()> {
        let stored = self.stored_restore(tenant, job.base, &job.restore).await?;
        if stored.state != "running" {
            return Ok(());
        }
        let open = self.0.registry.open(tenant, job.base).await?;
        let base = self.version_of(tenant, &open, stored.version, stored.at).await?;
        let numbers = renumber::numbers(&base, &job.restore);
        let schema = schema_rows(&renumber::schema(&base, &numbers, &stored.created_by)?);
        let info = &base.schema().info;
        let (id, target) = (tenant.uuid(), stored.target.cast_signed());
        let icon = info.icon.as_deref().unwrap_or(ICONS[0]);
        let colour = info.colour.as_deref().unwrap_or(COLOURS[0]);
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        let head: Params<'_> = &[
            &id,
            &target,
            &stored.name,
            &info.description,
            &icon,
            &colour,
            &stored.created_at,
            &stored.created_by,
        ];
        tx.execute(&store::INSERT_HIDDEN_BASE, head).await?;
        tx.query(&store::PUT_SCHEMA, &[&id, &target, &stored.created_at, &schema]).await?;
        tx.commit().await?;

        let total: usize = base.schema().tables.iter().map(|table| base.len(table.number())).sum();
        let mut done = 0;
        for table in &base.schema().tables {
            let Some(new) = numbers.get(&table.number()) else { continue };
            for rows in base.row_numbers(table.number()).chunks(CHUNK) {
                self.put_records(tenant, &base, (table.number(), *new), rows).await?;
                done += rows.len();
                self.restore_progress(tenant, job, done, total).await?;
            }
        }
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        tx.execute(&store::SHOW_BASE, &[&id, &target, &self.0.clock.now()]).await?;
        tx.notify("base_changed", &format!("{id} {target} {MOVED}")).await?;
        tx.commit().await?;
        self.finish_restore(tenant, job, "done", None).await
    }

    async fn put_records(
        &self,
        tenant: TenantId,
        base: &Base,
        (table, new): (TableNo, TableNo),
        rows: &[engine_base::RowNo],
    ) -> Result<()> {
        let stored: Vec<_> =
            rows.iter().filter_map(|row| Some((*row, base.stored_row(table, *row)?))).collect();
        let ids: Vec<i64> = stored.iter().map(|(row, _)| row.0.cast_signed()).collect();
        let data: Vec<&str> = stored.iter().map(|(_, (data, _))| data.as_str()).collect();
        let made: Vec<Timestamp> = stored.iter().map(|(_, (_, meta))| at(meta.created_us)).collect();
        let changed: Vec<Timestamp> = stored.iter().map(|(_, (_, meta))| at(meta.updated_us)).collect();
        let maker: Vec<&str> = stored.iter().map(|(_, (_, meta))| meta.created_by.as_str()).collect();
        let changer: Vec<&str> = stored.iter().map(|(_, (_, meta))| meta.updated_by.as_str()).collect();
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        let params: Params<'_> =
            &[&tenant.uuid(), &new.0.cast_signed(), &ids, &data, &made, &changed, &maker, &changer];
        tx.execute(&store::PUT_RECORDS, params).await?;
        Ok(tx.commit().await?)
    }

    async fn restore_progress(
        &self,
        tenant: TenantId,
        job: &RestoreSnapshot,
        done: usize,
        total: usize,
    ) -> Result<()> {
        let (base, now) = (job.base.cast_signed(), self.0.clock.now());
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        let params: Params<'_> =
            &[&tenant.uuid(), &base, &job.restore, &(done as i64), &(total as i64), &now];
        tx.execute(&store::PROGRESS, params).await?;
        Ok(tx.commit().await?)
    }

    async fn finish_restore(
        &self,
        tenant: TenantId,
        job: &RestoreSnapshot,
        state: &str,
        failure: Option<&str>,
    ) -> Result<()> {
        let (base, now) = (job.base.cast_signed(), self.0.clock.now());
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        let params: Params<'_> = &[&tenant.uuid(), &base, &job.restore, &state, &failure, &now];
        tx.execute(&store::FINISH, params).await?;
        Ok(tx.commit().await?)
    }

    /// The base as of a version, however far back, for a copy of it; kept nowhere.
    ///
    /// # Errors
    /// `history_expired`.
    async fn version_of(
        &self,
        tenant: TenantId,
        open: &crate::actor::OpenBase,
        version: u64,
        at: Timestamp,
    ) -> Result<Base> {
        let _turn = self.0.registry.restore_turn.acquire().await.map_err(Error::internal)?;
        let past = open.read(Base::past);
        let past = self.go_back(tenant, open.number(), past, version, None).await?;
        let base = tokio::task::spawn_blocking(move || past.finish(at.as_microsecond()));
        base.await.map_err(Error::internal)
    }
}
