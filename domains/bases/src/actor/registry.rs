//! Bases in memory, by tenant: opened on demand, unloaded when idle and memory asks for it.

use super::{INBOX, OpenBase, Shared, load, writer};
use crate::attachments::Addresses;
use crate::events::{BaseEvent, Events};
use crate::past::Pasts;
use kernel_core::settings;
use kernel_core::{Clock, Random, Result, TenantId};
use kernel_db::Db;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use tokio::sync::{OnceCell, Semaphore, mpsc};

/// The sequence number by which a base is announced that went to the trash or came back: it has to be loaded anew.
pub(crate) const MOVED: u64 = i64::MAX as u64;

type Key = (TenantId, u64);
type Slot = Arc<OnceCell<Arc<OpenBase>>>;

/// All bases in memory. No lookup by base alone exists: the tenant is half of the key.
#[derive(Debug)]
pub(crate) struct Registry {
    db: Db,
    clock: Clock,
    random: Random,
    limits: settings::Bases,
    events: Events,
    addresses: Addresses,
    open: Mutex<HashMap<Key, Slot>>,
    /// Copies of bases as they were.
    pub(crate) pasts: Pasts,
    /// Such copies are made two at a time,
    pub(crate) past_turns: Semaphore,
    /// and beside them one for a restore, which may go back further.
    pub(crate) restore_turn: Semaphore,
}

impl Registry {
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        random: Random,
        limits: settings::Bases,
        events: Events,
        addresses: Addresses,
    ) -> Self {
        Self {
            db,
            clock,
            random,
            limits,
            events,
            addresses,
            open: Mutex::default(),
            pasts: Pasts::default(),
            past_turns: Semaphore::new(2),
            restore_turn: Semaphore::new(1),
        }
    }

    /// The base, loaded if it is not in memory. Concurrent callers share one load.
    ///
    /// # Errors
    /// `not_found` when the tenant has no such base.
    pub(crate) async fn open(&self, tenant: TenantId, number: u64) -> Result<Arc<OpenBase>> {
        let slot = {
            let mut open = self.open.lock();
            let slot = open.entry((tenant, number)).or_default();
            if slot.get().is_some_and(|base| base.is_dead()) {
                *slot = Slot::default();
            }
            Arc::clone(slot)
        };
        let base = slot.get_or_try_init(|| self.load(tenant, number)).await;
        match base {
            Ok(base) => {
                base.touch(self.clock.now().as_second());
                Ok(Arc::clone(base))
            }
            Err(error) => {
                let mut open = self.open.lock();
                if open.get(&(tenant, number)).is_some_and(|slot| !slot.initialized()) {
                    open.remove(&(tenant, number));
                }
                Err(error)
            }
        }
    }

    async fn load(&self, tenant: TenantId, number: u64) -> Result<Arc<OpenBase>> {
        let started = self.clock.now();
        let mut base = load::load(&self.db, tenant, number, started).await?;
        base.set_file_urls(Arc::new(self.addresses.of(tenant)));
        let took = self.clock.now().duration_since(started);
        tracing::info!(tenant = %tenant, base = number, seq = base.seq(), ms = took.as_millis(), "base loaded");
        metrics::histogram!("base_load_seconds").record(took.as_secs_f64());
        let (inbox, messages) = mpsc::channel(INBOX);
        let shared = Arc::new(Shared {
            tenant,
            number,
            seq: AtomicU64::new(base.seq()),
            state: RwLock::new(base),
            used_at: AtomicI64::new(self.clock.now().as_second()),
        });
        let writer = writer::Writer::new(
            Arc::clone(&shared),
            self.db.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.events.clone(),
        );
        // The task ends when the last handle is gone; until then it is the base's only writer.
        tokio::spawn(writer.run(messages));
        Ok(Arc::new(OpenBase { shared, inbox }))
    }

    /// The base if it is in memory.
    pub(crate) fn get(&self, tenant: TenantId, number: u64) -> Option<Arc<OpenBase>> {
        self.open.lock().get(&(tenant, number)).and_then(|slot| slot.get().cloned())
    }

    /// Forgets a base (deleted, or its memory no longer trusted). The next use loads it anew.
    pub(crate) fn close(&self, tenant: TenantId, number: u64) {
        self.open.lock().remove(&(tenant, number));
        self.pasts.forget(tenant, number);
    }

    /// Bytes that copies of bases as they were may take.
    pub(crate) fn past_budget(&self) -> u64 {
        self.limits.memory_budget / 4
    }

    /// Takes note of a change announced by Postgres: ours or another process's.
    pub(crate) fn announced(&self, tenant: TenantId, number: u64, seq: u64) {
        if seq == MOVED {
            self.close(tenant, number);
        }
        match self.get(tenant, number) {
            Some(base) if base.seq() >= seq => {}
            Some(base) => base.nudge(seq),
            None => self.events.publish(BaseEvent {
                tenant,
                base: number,
                seq,
                actor: Arc::from("unknown"),
                schema: true,
                tables: None,
            }),
        }
    }

    /// Lets every base in memory look for changes: after the listening connection was lost.
    pub(crate) fn nudge_all(&self) {
        let bases: Vec<_> = self.open.lock().values().filter_map(|slot| slot.get().cloned()).collect();
        for base in bases {
            base.nudge(u64::MAX);
        }
    }

    /// Calculates anew what formulas say of the present time.
    pub(crate) fn tick(&self) {
        let now_us = self.clock.now().as_microsecond();
        let bases: Vec<_> = self.open.lock().values().filter_map(|slot| slot.get().cloned()).collect();
        for base in bases {
            if base.tick(now_us) {
                self.events.publish(base.all_may_have_changed());
            }
        }
    }

    /// Bytes that bases in memory take.
    pub(crate) fn memory(&self) -> u64 {
        let bases: Vec<_> = self.open.lock().values().filter_map(|slot| slot.get().cloned()).collect();
        let now: u64 = bases.iter().map(|base| base.read(|base| base.memory().total()) as u64).sum();
        now + self.pasts.bytes()
    }

    /// Unloads bases: those idle for long, then the least used until the budget holds. Bases in use stay.
    pub(crate) fn sweep(&self) {
        self.pasts.sweep(self.clock.now());
        let now = self.clock.now().as_second();
        let mut bases: Vec<(Key, Arc<OpenBase>, u64)> = {
            let open = self.open.lock();
            open.iter().filter_map(|(key, slot)| Some((*key, slot.get()?.clone(), 0))).collect()
        };
        for (_, base, bytes) in &mut bases {
            *bytes = base.read(|base| base.memory().total()) as u64;
        }
        bases.sort_by_key(|(_, base, _)| base.used_at());
        let mut total: u64 = bases.iter().map(|(_, _, bytes)| bytes).sum::<u64>() + self.pasts.bytes();
        let mut count = bases.len();
        for (key, base, bytes) in bases {
            let idle = now - base.used_at() >= i64::try_from(self.limits.idle_seconds).unwrap_or(i64::MAX);
            if !idle && total <= self.limits.memory_budget {
                continue;
            }
            let mut open = self.open.lock();
            // Two handles are the slot's and ours: nobody is in the middle of something.
            if Arc::strong_count(&base) == 2 {
                open.remove(&key);
                total -= bytes;
                count -= 1;
                tracing::info!(tenant = %key.0, base = key.1, bytes, "base unloaded");
            }
        }
        metrics::gauge!("bases_open").set(count as f64);
        metrics::gauge!("bases_bytes").set(total as f64);
    }
}
