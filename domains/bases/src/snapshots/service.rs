//! Use cases of snapshots: make, list, delete, begin a restore, see how far it is.

use super::restore::RestoreSnapshot;
use super::{MAX_RESTORES, MAX_SNAPSHOTS, store};
use crate::actor::OpenBase;
use crate::catalog::MAX_BASES;
use crate::past::Moment;
use crate::retention::HISTORY_LOCK;
use crate::service::Bases;
use crate::timed_id;
use crate::who::{ActorInfo, Names};
use engine_base::ids::{BaseId, random_number};
use engine_base::schema::clean_name;
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Caller, Capability, Code, Error, Level, Result, enough};
use kernel_db::{Database, Row};
use kernel_jobs::JobOptions;
use serde::Serialize;
use utoipa::ToSchema;

/// A snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// `snp…`.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The version of the base that it is.
    pub(crate) version: u64,
    /// The moment that it shows.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) created_by: ActorInfo,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// A snapshot on its way into a new base.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestoreState {
    /// `rst…`.
    pub(crate) id: String,
    /// `running`, `done`, `failed`.
    pub(crate) state: String,
    /// The new base; there once the state is `done`.
    #[schema(value_type = String)]
    pub(crate) base: BaseId,
    /// Its name.
    pub(crate) name: String,
    /// Records written.
    pub(crate) done: u64,
    /// Records to write; 0 until it is known.
    pub(crate) total: u64,
    /// Why it failed.
    pub(crate) failure: Option<String>,
}

/// A stored restore.
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) at: Timestamp,
    pub(super) target: u64,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) failure: Option<String>,
    pub(super) created_by: String,
    pub(super) created_at: Timestamp,
}

fn number(row: &Row, at: usize) -> u64 {
    row.get::<_, i64>(at).unsigned_abs()
}

fn snapshot(row: &Row, names: &Names) -> Snapshot {
    Snapshot {
        id: row.get(0),
        name: row.get(1),
        version: number(row, 2),
        at: row.get(3),
        created_by: names.info(row.get(4)),
        created_at: row.get(5),
    }
}

/// A name of a snapshot or of a restored base.
fn checked_name(name: &str) -> Result<String> {
    clean_name(name).map_err(|detail| {
        let code = if name.trim().is_empty() { Code::Required } else { Code::InvalidValue };
        Error::field("name", code, detail)
    })
}

impl Bases {
    /// The snapshots of a base, the newest state first.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn snapshots(&self, caller: &Caller, open: &OpenBase) -> Result<Vec<Snapshot>> {
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &open.number().cast_signed()];
        let rows = self.0.db.read(caller.tenant, &store::SNAPSHOTS, params).await?;
        let names = Names::of(self, caller.tenant, rows.iter().map(|row| row.get(4))).await?;
        Ok(rows.iter().map(|row| snapshot(row, &names)).collect())
    }

    async fn snapshot(&self, caller: &Caller, open: &OpenBase, id: &str) -> Result<Snapshot> {
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &open.number().cast_signed(), &id];
        let row = self.0.db.read_opt(caller.tenant, &store::SNAPSHOT, params).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let names = Names::of(self, caller.tenant, std::iter::once(row.get(4))).await?;
        Ok(snapshot(&row, &names))
    }

    /// Keeps a moment of the base under a name: the present one, or `moment`.
    ///
    /// # Errors
    /// Of the name; `limit_reached`; those of a moment.
    pub(crate) async fn make_snapshot(
        &self,
        caller: &Caller,
        open: &OpenBase,
        name: &str,
        moment: Option<Moment>,
    ) -> Result<Snapshot> {
        self.may_keep(caller, open)?;
        let name = checked_name(name)?;
        let now = self.0.clock.now();
        let moment = moment.unwrap_or(Moment::Version(open.seq()));
        let id = timed_id::new("snp", now, &self.0.random);
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        // What is kept now stays kept until the snapshot says so.
        let lock: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &open.number().cast_signed()];
        tx.query_opt(&HISTORY_LOCK, lock).await?.ok_or_else(Error::not_found)?;
        let (version, at) = self.place(caller.tenant, open, moment).await?;
        let (number, version) = (open.number().cast_signed(), version.cast_signed());
        let actor = caller.actor.to_string();
        let params: kernel_db::Params<'_> =
            &[&caller.tenant.uuid(), &number, &id, &name, &version, &at, &actor, &now, &MAX_SNAPSHOTS];
        if tx.execute(&store::INSERT_SNAPSHOT, params).await? == 0 {
            let detail = format!("A base has at most {MAX_SNAPSHOTS} snapshots. Delete one first.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        tx.commit().await?;
        self.snapshot(caller, open, &id).await
    }

    /// Forgets a snapshot; the base and its history stay.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn delete_snapshot(&self, caller: &Caller, open: &OpenBase, id: &str) -> Result<()> {
        self.may_keep(caller, open)?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &open.number().cast_signed(), &id];
        let gone = tx.execute(&store::DELETE_SNAPSHOT, params).await?;
        tx.commit().await?;
        if gone == 0 { Err(Error::not_found()) } else { Ok(()) }
    }

    fn may_keep(&self, caller: &Caller, open: &OpenBase) -> Result<()> {
        caller.require(Capability::EditSchema)?;
        enough(caller.base(open.number()), Level::Manage)
    }

    /// Begins to restore a snapshot as a new base. Who may not see everything in the base can't copy it.
    ///
    /// # Errors
    /// `not_found`, `limit_reached`; of the name.
    pub(crate) async fn restore_snapshot(
        &self,
        caller: &Caller,
        open: &OpenBase,
        id: &str,
        name: Option<&str>,
    ) -> Result<RestoreState> {
        self.may_keep(caller, open)?;
        caller.require(Capability::CreateBases)?;
        if !caller.access.sees_whole_bases() {
            let detail = "A copy holds all of the base. Somebody who sees all of it can make one.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        let snapshot = self.snapshot(caller, open, id).await?;
        let given = name.map(checked_name).transpose()?;
        let name = given.unwrap_or_else(|| {
            let of = open.read(|base| base.schema().info.name.clone());
            format!("{of} ({})", snapshot.name).chars().take(engine_base::schema::MAX_NAME).collect()
        });
        if self.list(&Caller::system(caller.tenant)).await?.len() >= MAX_BASES {
            let detail = format!("An organisation has at most {MAX_BASES} bases.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let (tenant, base, now) = (caller.tenant.uuid(), open.number(), self.0.clock.now());
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let since = now - SignedDuration::from_hours(24);
        let running = tx.query_one(&store::RUNNING, &[&tenant, &since]).await?;
        if running.get::<_, i64>(0) >= MAX_RESTORES {
            let detail = format!("{MAX_RESTORES} restores are running. Wait until one has ended.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let restore = timed_id::new("rst", now, &self.0.random);
        let target = random_number(self.0.random.below(u64::MAX));
        let (at, version) = (snapshot.at, snapshot.version.cast_signed());
        let actor = caller.actor.to_string();
        let params: kernel_db::Params<'_> = &[
            &tenant,
            &base.cast_signed(),
            &restore,
            &version,
            &at,
            &target.cast_signed(),
            &name,
            &actor,
            &now,
        ];
        tx.execute(&store::INSERT_RESTORE, params).await?;
        let job = RestoreSnapshot { base, restore: restore.clone() };
        kernel_jobs::enqueue(&mut tx, &job, JobOptions::default()).await?;
        tx.commit().await?;
        self.restore_state(caller, open, &restore).await
    }

    /// How far a restore is.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn restore_state(
        &self,
        caller: &Caller,
        open: &OpenBase,
        id: &str,
    ) -> Result<RestoreState> {
        enough(caller.base(open.number()), Level::Manage)?;
        let stored = self.stored_restore(caller.tenant, open.number(), id).await?;
        let Stored { target, name, state, done, total, failure, .. } = stored;
        Ok(RestoreState { id: id.to_owned(), state, base: BaseId(target), name, done, total, failure })
    }

    pub(super) async fn stored_restore(
        &self,
        tenant: kernel_core::TenantId,
        base: u64,
        id: &str,
    ) -> Result<Stored> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &base.cast_signed(), &id];
        let row = self.0.db.read_opt(tenant, &store::RESTORE, params).await?.ok_or_else(Error::not_found)?;
        Ok(Stored {
            version: number(&row, 0),
            at: row.get(1),
            target: number(&row, 2),
            name: row.get(3),
            state: row.get(4),
            done: number(&row, 5),
            total: number(&row, 6),
            failure: row.get(7),
            created_by: row.get(8),
            created_at: row.get(9),
        })
    }
}
