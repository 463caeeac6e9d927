//! The bases of all tenants: what routes, other domains and jobs call. Use cases stand in their feature's folder.

use crate::actor::{OpenBase, Order, Registry, Written};
use crate::attachments::{Addresses, Disk, Scanning, StorageLimits};
use crate::catalog;
use crate::events::Events;
use crate::problem;
use crate::sight::{self, Seen};
use engine_base::ids::TableNo;
use engine_base::{CheckContext, Command, Conversion, FileTexts};
use kernel_core::outgoing::Outgoing;
use kernel_core::sealed::Sealing;
use kernel_core::{Caller, Clock, Code, Error, Random, Result, TenantId, settings};
use kernel_db::{Database, Db, Notification};
use kernel_web::Web;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often unused bases are looked for, and every base in memory is compared with Postgres: NOTIFY is a hint.
const SWEEP: Duration = Duration::from_secs(15);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Bases(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) registry: Registry,
    pub(crate) events: Events,
    pub(crate) tenancy: tenancy::Tenancy,
    pub(crate) web: Web,
    pub(crate) cursor_key: kernel_core::secret::SigningKey,
    pub(crate) sealing: Sealing,
    pub(crate) outgoing: Arc<dyn Outgoing>,
    /// Folder of uploaded files that wait for their import.
    pub(crate) uploads: PathBuf,
    /// Contents of files of cells.
    pub(crate) disk: Disk,
    /// Addresses of files of cells.
    pub(crate) addresses: Addresses,
    pub(crate) storage: Arc<dyn StorageLimits>,
    /// Who looks at files before they are taken.
    pub(crate) scanning: Option<Scanning>,
    /// The base of a table. Tables never move, so an entry never changes.
    base_of_table: RwLock<FxHashMap<(TenantId, u64), u64>>,
}

/// What the service needs.
pub struct Parts {
    /// The databases.
    pub db: Db,
    /// The web layer.
    pub web: Web,
    /// Members and tokens.
    pub tenancy: tenancy::Tenancy,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Memory limits.
    pub limits: settings::Bases,
    /// Key that cursors are signed with.
    pub cursor_key: kernel_core::secret::SigningKey,
    /// Encrypts secrets that must be read again.
    pub sealing: Sealing,
    /// Sends notifications of webhooks.
    pub outgoing: Arc<dyn Outgoing>,
    /// Folder for uploads.
    pub uploads: PathBuf,
    /// Folder for files of cells.
    pub files: PathBuf,
    /// Key that addresses of files are signed with.
    pub file_key: kernel_core::secret::SigningKey,
    /// What plans say of files.
    pub storage: Arc<dyn StorageLimits>,
    /// Who looks at files before they are taken; `None`: nobody.
    pub scanning: Option<Scanning>,
}

impl Bases {
    /// The service; call [`Bases::run`] as well, so that it hears of other processes.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let events = Events::default();
        let origin = parts.web.origins().api.clone();
        let addresses = Addresses::new(parts.file_key, origin, parts.clock.clone());
        let registry = Registry::new(
            parts.db.clone(),
            parts.clock.clone(),
            parts.random.clone(),
            parts.limits,
            events.clone(),
            addresses.clone(),
        );
        Self(Arc::new(Inner {
            db: parts.db,
            clock: parts.clock,
            random: parts.random,
            registry,
            events,
            tenancy: parts.tenancy,
            web: parts.web,
            cursor_key: parts.cursor_key,
            sealing: parts.sealing,
            outgoing: parts.outgoing,
            uploads: parts.uploads,
            disk: Disk::new(parts.files),
            addresses,
            storage: parts.storage,
            scanning: parts.scanning,
            base_of_table: RwLock::default(),
        }))
    }

    /// What happens in bases, from now on.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// Hears of other processes' changes and unloads what is not used. Runs until it is dropped.
    pub async fn run(&self) {
        let mut listener = self.0.db.listen(Database::Data, "base_changed");
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                notification = listener.recv() => match notification {
                    Notification::Payload(payload) => self.heard(&payload),
                    Notification::Reconnected => self.0.registry.nudge_all(),
                },
                _ = sweep.tick() => {
                    self.0.registry.tick();
                    self.0.registry.sweep();
                    self.0.registry.nudge_all();
                }
            }
        }
    }

    /// `<tenant uuid> <base number> <seq>`.
    fn heard(&self, payload: &str) {
        let mut parts = payload.split(' ');
        let parsed = (|| {
            let tenant = TenantId::from_uuid(parts.next()?.parse().ok()?);
            Some((tenant, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        })();
        match parsed {
            Some((tenant, base, seq)) => self.0.registry.announced(tenant, base, seq),
            None => tracing::warn!(payload, "a notification of base_changed can't be read"),
        }
    }

    /// Bytes that bases in memory take.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.0.registry.memory()
    }

    /// The base, in memory.
    pub(crate) async fn open(&self, caller: &Caller, number: u64) -> Result<Arc<OpenBase>> {
        if !caller.sees_base(number) {
            return Err(Error::not_found());
        }
        self.0.registry.open(caller.tenant, number).await
    }

    /// As [`Bases::open`], at `seq` or further.
    pub(crate) async fn open_at(
        &self,
        caller: &Caller,
        number: u64,
        seq: Option<u64>,
    ) -> Result<Arc<OpenBase>> {
        let base = self.open(caller, number).await?;
        if let Some(seq) = seq {
            base.catch_up(seq).await?;
        }
        Ok(base)
    }

    /// The base that the table is in, in memory. The table is there for the caller.
    pub(crate) async fn open_table(
        &self,
        caller: &Caller,
        table: TableNo,
        seq: Option<u64>,
    ) -> Result<Arc<OpenBase>> {
        let number = self.base_of(caller.tenant, table).await?;
        let base = self.open_at(caller, number, seq).await?;
        if base.read(|base| Seen::of(caller, base, table).is_some()) {
            return Ok(base);
        }
        Err(Error::not_found())
    }

    async fn base_of(&self, tenant: TenantId, table: TableNo) -> Result<u64> {
        let key = (tenant, table.0);
        if let Some(base) = self.0.base_of_table.read().get(&key) {
            return Ok(*base);
        }
        let base = catalog::base_of_table(&self.0.db, tenant, table).await?.ok_or_else(Error::not_found)?;
        self.0.base_of_table.write().insert(key, base);
        Ok(base)
    }

    /// What a conversion of a field would keep and lose, at which version.
    ///
    /// # Errors
    /// Those of the command; `forbidden` for who sees some of the table's rows only.
    pub(crate) async fn preview(
        &self,
        base: &Arc<OpenBase>,
        caller: &Caller,
        command: Command,
    ) -> Result<(u64, Conversion)> {
        self.permit(base, caller, &command)?;
        if problem::table_of(&command).is_some_and(|table| caller.access.rows(table.0).is_some()) {
            let detail =
                "You see some of this table's records only. What would become of the others is not told.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        let (base, actor, random) = (Arc::clone(base), caller.actor.to_string(), self.0.random.clone());
        let now_us = self.0.clock.now().as_microsecond();
        // All values of a field are read: not on a thread that answers others.
        let told = tokio::task::spawn_blocking(move || {
            let mut random = || random.below(u64::MAX);
            base.conversion(&command, &mut CheckContext::new(&actor, now_us, &mut random))
        });
        told.await.map_err(Error::internal)?
    }

    /// Asked before every command of a caller.
    pub(crate) fn permit(&self, base: &OpenBase, caller: &Caller, command: &Command) -> Result<()> {
        let now_us = self.0.clock.now().as_microsecond();
        base.read(|base| sight::permit(caller, base, command, now_us))
    }

    /// Writes one command as this caller.
    pub(crate) async fn write(&self, base: &OpenBase, caller: &Caller, command: Command) -> Result<Written> {
        self.permit(base, caller, &command)?;
        let actor = Arc::from(caller.actor.to_string());
        base.write(Order { command, typecast: false, files: FileTexts::default(), actor, key: None }).await
    }
}
