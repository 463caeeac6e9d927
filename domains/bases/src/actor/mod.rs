//! The base actor: a base in memory, one writer, one gapless sequence (design 3).
//!
//! [`OpenBase`] is what readers and the writer share. Readers take the lock for microseconds; only the writer task
//! (`writer.rs`) changes the state, and only after Postgres has committed. Before an acknowledged answer nothing is only in memory.

mod batch;
mod call;
mod catch_up;
mod load;
mod registry;
mod schema_rows;
mod store;
mod writer;

pub(crate) use registry::{MOVED, Registry};
pub(crate) use schema_rows::of as schema_rows;
pub(crate) use writer::{KeyToStore, Written};

use crate::events::BaseEvent;
use crate::problem;
use engine_base::{Base, Change, CheckContext, Command, Conversion, FileTexts, RecordId, RowNo, TableNo};
use kernel_core::{Code, Error, Result, TenantId};
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Messages that wait for the writer at most; more are refused as `unavailable`.
const INBOX: usize = 4096;

/// A command with what belongs to it.
#[derive(Debug)]
pub(crate) struct Order {
    /// What to do.
    pub(crate) command: Command,
    /// Whether texts are taken for other types.
    pub(crate) typecast: bool,
    /// Files that its cells may take.
    pub(crate) files: FileTexts,
    /// Who does it.
    pub(crate) actor: Arc<str>,
    /// The idempotency key to keep with the effect.
    pub(crate) key: Option<KeyToStore>,
}

/// What to write, decided when its turn has come: from exactly the state that it meets. It may be asked more than once.
pub(crate) trait Plan: std::fmt::Debug + Send + Sync {
    /// The change and the records it is about, in the order of the request; ones that it makes are in the change.
    ///
    /// # Errors
    /// Field errors; nothing is written then.
    fn decide(&self, base: &Base, context: &mut CheckContext<'_>) -> Result<(Change, Vec<RecordId>)>;
}

/// The version that a record must have when it is written (`If-Match`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expect {
    pub(crate) table: TableNo,
    pub(crate) row: RowNo,
    /// When it was changed last.
    pub(crate) updated_us: i64,
}

/// A base in memory.
#[derive(Debug)]
pub(crate) struct OpenBase {
    shared: Arc<Shared>,
    inbox: mpsc::Sender<writer::Message>,
}

/// What readers and the writer share.
pub(crate) struct Shared {
    pub(crate) tenant: TenantId,
    pub(crate) number: u64,
    state: RwLock<Base>,
    /// A copy of the base's sequence number, readable without the lock.
    seq: AtomicU64,
    /// Seconds since the epoch of the last use, for unloading.
    used_at: AtomicI64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("tenant", &self.tenant)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Tells listeners of calculated values, which may be anywhere, and that no field is being calculated any more.
    fn all_may_have_changed(&self) -> BaseEvent {
        BaseEvent {
            tenant: self.tenant,
            base: self.number,
            seq: self.seq.load(Ordering::Acquire),
            actor: Arc::from("system"),
            schema: true,
            tables: None,
        }
    }
}

impl OpenBase {
    fn all_may_have_changed(&self) -> BaseEvent {
        self.shared.all_may_have_changed()
    }

    /// The base's number.
    pub(crate) fn number(&self) -> u64 {
        self.shared.number
    }

    /// Whether its writer has ended by a panic: nothing can be written, and memory is not kept up to date.
    pub(crate) fn is_dead(&self) -> bool {
        self.inbox.is_closed()
    }

    /// Reads. Keep it short: the writer waits meanwhile.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Base) -> T) -> T {
        read(&self.shared.state.read())
    }

    /// What an `UpdateField` that changes the type would keep and lose.
    pub(crate) fn conversion(
        &self,
        command: &Command,
        context: &mut CheckContext<'_>,
    ) -> Result<(u64, Conversion)> {
        self.read(|base| {
            let preview = base.conversion(command, context);
            let preview = preview.map_err(|errors| problem::of_command(base, command, &errors))?;
            Ok((base.seq(), preview))
        })
    }

    /// Tells the base the time. Whether values changed with it that were calculated at once; the writer calculates the rest,
    /// and tells of it.
    pub(crate) fn tick(&self, now_us: i64) -> bool {
        if !self.read(Base::is_volatile) || !self.shared.state.write().tick(now_us) {
            return false;
        }
        self.nudge(0);
        true
    }

    /// The sequence number that a read gives at least.
    pub(crate) fn seq(&self) -> u64 {
        self.shared.seq.load(Ordering::Acquire)
    }

    pub(crate) fn touch(&self, now_seconds: i64) {
        self.shared.used_at.store(now_seconds, Ordering::Relaxed);
    }

    pub(crate) fn used_at(&self) -> i64 {
        self.shared.used_at.load(Ordering::Relaxed)
    }

    /// Writes durably: the answer means committed.
    ///
    /// # Errors
    /// Field errors of the command; `unavailable` when the database can't be reached.
    pub(crate) async fn write(&self, order: Order) -> Result<Written> {
        self.write_expecting(order, None).await
    }

    /// As [`OpenBase::write`], if the record still has the version that the caller knows.
    ///
    /// # Errors
    /// `precondition_failed` when it has another.
    pub(crate) async fn write_expecting(&self, order: Order, expect: Option<Expect>) -> Result<Written> {
        let Order { command, typecast, files, actor, key } = order;
        let work = writer::Work::Command { command, files, expect };
        self.hand_over(work, typecast, actor, key).await
    }

    /// As [`OpenBase::write`], of what a plan decides.
    ///
    /// # Errors
    /// Those of the plan.
    pub(crate) async fn write_planned(
        &self,
        plan: Box<dyn Plan>,
        actor: Arc<str>,
        key: Option<KeyToStore>,
    ) -> Result<Written> {
        self.hand_over(writer::Work::Plan(plan), false, actor, key).await
    }

    async fn hand_over(
        &self,
        work: writer::Work,
        typecast: bool,
        actor: Arc<str>,
        key: Option<KeyToStore>,
    ) -> Result<Written> {
        let (reply, answer) = oneshot::channel();
        let write = writer::Write { work, typecast, actor, key, rows: Vec::new(), reply };
        let message = writer::Message::Write(Box::new(write));
        self.inbox.send(message).await.map_err(|_| Error::new(Code::Unavailable))?;
        answer.await.map_err(|_| Error::new(Code::Unavailable))?
    }

    /// Returns when memory is at `seq` or further.
    ///
    /// # Errors
    /// `unavailable` when the database has no such change either, or can't be reached.
    pub(crate) async fn catch_up(&self, seq: u64) -> Result<()> {
        if self.seq() >= seq {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        let ask = writer::Ask { seq, reply: Some(reply) };
        self.inbox.send(writer::Message::CatchUp(ask)).await.map_err(|_| Error::new(Code::Unavailable))?;
        answer.await.map_err(|_| Error::new(Code::Unavailable))??;
        if self.seq() >= seq {
            return Ok(());
        }
        Err(Error::new(Code::Unavailable).detail("The base is not at the version that Min-Version asks for."))
    }

    /// Lets the writer look for changes of other processes up to a number, without waiting. Nothing is asked when the
    /// number turns out to be its own.
    pub(crate) fn nudge(&self, seq: u64) {
        // A full inbox means that a batch is about to be written, which finds the same out.
        let _ = self.inbox.try_send(writer::Message::CatchUp(writer::Ask { seq, reply: None }));
    }
}
