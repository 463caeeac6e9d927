//! The writer task of one base: collects waiting commands, checks them in memory, writes them in one call, then applies.
//!
//! Invariants: one batch in flight; memory changes only after commit; commands of one batch touch different records, so
//! that each was checked against the state it meets. A command that touches what an earlier one of the batch does waits
//! for the next batch.

use super::batch::{Batch, Outcome};
use super::{Shared, batch, catch_up};
use crate::events::{BaseEvent, ChangedRows, Events, MAX_ROWS_NAMED};
use crate::problem;
use engine_base::{Change, Effects};
use engine_base::{CheckContext, Command};
use kernel_core::{Clock, Code, Error, Random, Result};
use kernel_db::Db;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{mpsc, oneshot};

/// Commands that one batch takes at most (measured: more only adds latency).
const MAX_BATCH: usize = 512;
/// Records that one batch writes at most, so that small writes do not wait behind several imports.
const MAX_BATCH_ROWS: usize = 10_000;
/// How often a batch is tried again when other processes write at the same time.
const MAX_TRIES: usize = 20;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    Write(Box<Write>),
    CatchUp(oneshot::Sender<Result<()>>),
}

/// One command and where its answer goes.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) command: Command,
    pub(super) typecast: bool,
    pub(super) actor: Arc<str>,
    pub(super) key: Option<KeyToStore>,
    pub(super) reply: oneshot::Sender<Result<Written>>,
}

/// An idempotency key to be stored together with the effect.
#[derive(Clone, Debug)]
pub(crate) struct KeyToStore {
    /// Who and where: token or user, method and route.
    pub(crate) scope: String,
    /// The client's key.
    pub(crate) key: String,
    /// SHA-256 of the request.
    pub(crate) hash: [u8; 32],
    /// The status of the answer.
    pub(crate) status: i32,
}

/// A committed change.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) seq: u64,
    pub(crate) change: Arc<Change>,
}

/// A command that was found right.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) write: Write,
    pub(super) change: Arc<Change>,
    pub(super) nonce: i64,
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    db: Db,
    clock: Clock,
    random: Random,
    events: Events,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, db: Db, clock: Clock, random: Random, events: Events) -> Self {
        Self { shared, db, clock, random, events }
    }

    /// Works until every handle of the base is gone.
    pub(super) async fn run(self, mut inbox: mpsc::Receiver<Message>) {
        let mut waiting: VecDeque<Write> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match inbox.recv().await {
                    None => return,
                    Some(Message::Write(write)) => waiting.push_back(*write),
                    Some(Message::CatchUp(reply)) => self.answer_catch_up(reply).await,
                }
            }
            while waiting.len() < MAX_BATCH {
                match inbox.try_recv() {
                    Ok(Message::Write(write)) => waiting.push_back(*write),
                    Ok(Message::CatchUp(reply)) => self.answer_catch_up(reply).await,
                    Err(_) => break,
                }
            }
            self.write_batch(&mut waiting).await;
        }
    }

    async fn answer_catch_up(&self, reply: oneshot::Sender<Result<()>>) {
        let done =
            catch_up::catch_up(&self.db, &self.shared, |effects, actor| self.publish(effects, actor)).await;
        if let Err(error) = &done {
            tracing::warn!(base = self.shared.number, %error, "catch-up failed");
        }
        // The asker may be gone.
        let _ = reply.send(done);
    }

    /// Takes what fits together from the front of `waiting`, writes and answers it.
    async fn write_batch(&self, waiting: &mut VecDeque<Write>) {
        let mut batch = self.check_waiting(waiting);
        for _ in 0..MAX_TRIES {
            if batch.is_empty() {
                return;
            }
            let now = self.clock.now();
            match batch::write(&self.db, &self.shared, &batch, now).await {
                Ok(Outcome::Committed) => return self.apply(batch),
                Ok(Outcome::Behind) => {
                    let caught = self.catch_up().await;
                    let writes = batch.into_writes();
                    if let Err(error) = caught {
                        return fail(writes, &error);
                    }
                    let mut again: VecDeque<Write> = writes.into();
                    batch = self.check_waiting(&mut again);
                    // What no longer fits together goes first next time.
                    while let Some(write) = again.pop_back() {
                        waiting.push_front(write);
                    }
                }
                Ok(Outcome::NoBase) => return fail(batch.into_writes(), &Error::not_found()),
                Ok(Outcome::KeyTaken) => {
                    // Another process used one of the keys. Alone, each command tells for itself.
                    let writes = batch.into_writes();
                    if writes.len() == 1 {
                        return fail(writes, &Error::new(Code::IdempotencyInProgress).retry_after(1));
                    }
                    for write in writes {
                        let mut alone = VecDeque::from([write]);
                        Box::pin(self.write_batch(&mut alone)).await;
                    }
                    return;
                }
                Err(error) => return fail(batch.into_writes(), &error),
            }
        }
        fail(batch.into_writes(), &Error::new(Code::Unavailable).retry_after(1));
    }

    async fn catch_up(&self) -> Result<()> {
        catch_up::catch_up(&self.db, &self.shared, |effects, actor| self.publish(effects, actor)).await
    }

    /// Checks commands against memory; wrong ones are answered at once.
    fn check_waiting(&self, waiting: &mut VecDeque<Write>) -> Batch {
        let base = self.shared.state.read();
        let mut batch = Batch::new(base.seq());
        let now_us = self.clock.now().as_microsecond();
        let mut random = || self.random.below(u64::MAX);
        let mut next_rows = FxHashMap::default();
        let mut later = VecDeque::new();
        while let Some(write) = waiting.pop_front() {
            if batch.rows() >= MAX_BATCH_ROWS || batch.has_schema() {
                later.push_back(write);
                continue;
            }
            let mut context = CheckContext::new(&write.actor, now_us, &mut random);
            context.typecast = write.typecast;
            context.next_rows = next_rows;
            let checked = base.check(&write.command, &mut context);
            next_rows = context.next_rows;
            match checked {
                Err(errors) => {
                    let problem = problem::of_command(&base, &write.command, &errors);
                    let _ = write.reply.send(Err(problem));
                }
                Ok(change) if change.is_empty() && write.key.is_none() => {
                    let written = Written { seq: base.seq(), change: Arc::new(change) };
                    let _ = write.reply.send(Ok(written));
                }
                Ok(change) => {
                    let nonce = self.random.below(i64::MAX as u64).cast_signed();
                    if let Err(write) = batch.add(write, change, nonce) {
                        later.push_back(*write);
                    }
                }
            }
        }
        *waiting = later;
        batch
    }

    fn apply(&self, batch: Batch) {
        let mut answers = Vec::with_capacity(batch.len());
        let mut published = Vec::with_capacity(batch.len());
        {
            let mut base = self.shared.state.write();
            let mut seq = base.seq();
            for checked in batch.into_checked() {
                seq += 1;
                let effects = base.apply(seq, &checked.change);
                published.push((effects, Arc::clone(&checked.write.actor)));
                answers.push((checked.write.reply, Written { seq, change: checked.change }));
            }
            self.shared.seq.store(seq, Ordering::Release);
        }
        metrics::histogram!("base_batch_commands").record(answers.len() as f64);
        for (reply, written) in answers {
            // A client that went away has its change nevertheless.
            let _ = reply.send(Ok(written));
        }
        for (effects, actor) in published {
            self.publish(&effects, &actor);
        }
    }

    fn publish(&self, effects: &Effects, actor: &Arc<str>) {
        self.events.publish(event_of(&self.shared, effects, actor));
    }
}

fn fail(writes: Vec<Write>, error: &Error) {
    for write in writes {
        let copy = Error::new(error.code()).detail(error.message().to_owned());
        let copy = match error.wait_seconds() {
            Some(seconds) => copy.retry_after(seconds),
            None => copy,
        };
        let _ = write.reply.send(Err(copy));
    }
}

fn event_of(shared: &Shared, effects: &Effects, actor: &Arc<str>) -> BaseEvent {
    let tables = effects.tables.iter().map(|(table, rows)| {
        let count = rows.created.len() + rows.updated.len() + rows.deleted.len();
        let rows = if count > MAX_ROWS_NAMED {
            ChangedRows::Many
        } else {
            let all = rows.created.iter().chain(rows.updated.iter().map(|(row, _)| row)).chain(&rows.deleted);
            ChangedRows::These(all.map(|row| row.0).collect())
        };
        (table.0, rows)
    });
    BaseEvent {
        tenant: shared.tenant,
        base: shared.number,
        seq: effects.seq,
        actor: Arc::clone(actor),
        schema: effects.schema_changed,
        tables: Some(tables.collect()),
    }
}
