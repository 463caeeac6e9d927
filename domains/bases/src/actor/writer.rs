//! The writer task of one base: collects waiting commands, checks them in memory, writes them in one call, then applies.
//!
//! Invariants: one batch in flight; memory changes only after commit. While a batch is in flight the next one is made: a
//! command is checked as soon as it comes, and taken in when it touches nothing that the batch in flight, the next batch or
//! an earlier waiting command touches. So each is checked against exactly the state that it meets, and commands on the
//! same record keep their order. When Postgres answers, the next batch leaves at once, and what was committed is put into
//! memory and answered while Postgres works.

use super::batch::Batch;
use super::call::{self, Outcome};
use super::{Expect, Plan, Shared, catch_up};
use crate::events::{BaseEvent, ChangedRows, Events, MAX_ROWS_NAMED};
use crate::problem;
use engine_base::{Base, Change, CheckContext, Command, Effects, FileTexts, RecordId, TableNo, Touched};
use kernel_core::{Clock, Code, Error, Random, Result};
use kernel_db::Db;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use tokio::sync::{mpsc, oneshot};

/// Commands that one batch takes at most (measured: more only adds latency).
const MAX_BATCH: usize = 512;
/// Records that one batch writes at most, so that small writes do not wait behind several imports.
const MAX_BATCH_ROWS: usize = 10_000;
/// Changes of tables and fields that wait for a calculation at most.
const MAX_PARKED: usize = 64;
/// How often a batch is tried again when other processes write at the same time.
const MAX_TRIES: usize = 20;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    Write(Box<Write>),
    CatchUp(Ask),
}

/// Somebody needs the changes up to a number, committed by whomever.
#[derive(Debug)]
pub(super) struct Ask {
    /// `u64::MAX`: whatever there is.
    pub(super) seq: u64,
    /// None: nobody waits.
    pub(super) reply: Option<oneshot::Sender<Result<()>>>,
}

/// One command and where its answer goes.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) work: Work,
    pub(super) typecast: bool,
    pub(super) actor: Arc<str>,
    pub(super) key: Option<KeyToStore>,
    /// The records of a plan that was decided, in the order of its request.
    pub(super) rows: Vec<RecordId>,
    pub(super) reply: oneshot::Sender<Result<Written>>,
}

/// What to write.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a write is boxed as a whole on its way")]
pub(super) enum Work {
    Command { command: Command, files: FileTexts, expect: Option<Expect> },
    Plan(Box<dyn Plan>),
}

impl Work {
    fn may_reshape(&self) -> bool {
        matches!(self, Self::Command { command, .. } if command.may_reshape())
    }

    /// Whether it depends on more records than it writes: which record has a key, for one.
    fn reads_more(&self) -> bool {
        match self {
            Self::Plan(_) => true,
            Self::Command { command, .. } => matches!(command, Command::ImportRecords { merge: Some(_), .. }),
        }
    }
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
    /// Whether the records are kept with it, for the answer to a repeated request.
    pub(crate) names_records: bool,
}

/// A committed change.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) seq: u64,
    pub(crate) change: Arc<Change>,
    /// The records of a plan, in the order of its request.
    pub(crate) rows: Vec<RecordId>,
}

/// A command that was found right.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) write: Write,
    pub(super) change: Arc<Change>,
    pub(super) nonce: i64,
}

/// The batch in the making.
#[derive(Debug, Default)]
struct Next {
    batch: Batch,
    /// Commands that have to wait for a batch after it, in order.
    later: VecDeque<Write>,
    /// What those touch that were checked already.
    ahead: Touched,
    /// Nothing more goes in, so that what waits has its turn.
    full: bool,
}

impl Next {
    fn wait(&mut self, write: Write, touched: Touched) {
        // A change of the schema, or the first of too many: all that come after it wait behind it.
        self.full |= touched.schema;
        self.ahead.merge(touched);
        self.later.push_back(write);
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    db: Db,
    clock: Clock,
    random: Random,
    events: Events,
    /// Row numbers given out and not yet in memory.
    next_rows: FxHashMap<TableNo, u64>,
    /// Questions for changes that memory does not have yet.
    asks: Vec<Ask>,
    /// How often the present batch found that another process had written.
    tries: usize,
    /// Changes of the schema whose fields are being calculated: answered when the values are there.
    unsettled: Vec<(oneshot::Sender<Result<Written>>, Written)>,
    /// Changes of tables and fields that wait until nothing is being calculated: they may read calculated values.
    parked: VecDeque<Write>,
    /// Commands from the front that go alone, so that each tells for itself whether its key is taken.
    solo: usize,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, db: Db, clock: Clock, random: Random, events: Events) -> Self {
        let (next_rows, asks, unsettled) = (FxHashMap::default(), Vec::new(), Vec::new());
        let parked = VecDeque::new();
        Self { shared, db, clock, random, events, next_rows, asks, tries: 0, unsettled, parked, solo: 0 }
    }

    /// Works until every handle of the base is gone.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut arrived = Vec::new();
        let mut next = Next::default();
        loop {
            if !self.asks.is_empty() {
                self.answer_asks().await;
            }
            self.settle();
            self.gather(&mut next, &mut arrived, None);
            if next.batch.is_empty() && self.is_calculating() {
                self.calculate_part().await;
                while arrived.len() < MAX_BATCH
                    && let Ok(message) = inbox.try_recv()
                {
                    arrived.push(message);
                }
                continue;
            }
            if next.batch.is_empty() {
                // A question that has just been taken in is answered before anything is waited for.
                if self.asks.is_empty() && inbox.recv_many(&mut arrived, MAX_BATCH).await == 0 {
                    return;
                }
                continue;
            }
            self.fly(&mut inbox, &mut next, &mut arrived).await;
        }
    }

    /// Writes batch after batch, until there is none or somebody has to be asked what happened elsewhere.
    async fn fly(
        &mut self,
        inbox: &mut mpsc::Receiver<Message>,
        next: &mut Next,
        arrived: &mut Vec<Message>,
    ) {
        let mut landed: Option<Batch> = None;
        let mut seq = self.shared.seq.load(Ordering::Acquire);
        while !next.batch.is_empty() {
            let batch = std::mem::take(&mut next.batch);
            self.solo = self.solo.saturating_sub(1);
            let outcome = {
                let (db, shared, now) = (self.db.clone(), Arc::clone(&self.shared), self.clock.now());
                let mut call = pin!(call::write(&db, &shared, &batch, seq, now));
                // The first poll sends it.
                let sent = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
                if let Some(landed) = landed.take() {
                    self.apply(landed);
                }
                match sent {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => {
                        self.gather(next, arrived, Some(&batch));
                        loop {
                            tokio::select! {
                                biased;
                                outcome = &mut call => break outcome,
                                count = inbox.recv_many(arrived, MAX_BATCH), if !next.full && !inbox.is_closed() => {
                                    if count > 0 {
                                        self.take_in(next, arrived, Some(&batch));
                                    }
                                }
                            }
                        }
                    }
                }
            };
            if !matches!(outcome, Ok(Outcome::Committed)) {
                return self.not_written(batch, outcome, next).await;
            }
            self.tries = 0;
            seq += batch.len() as u64;
            landed = Some(batch);
            // Under steady writes a calculation gets on too; who has written has the answer before.
            if self.is_calculating() {
                landed.take().into_iter().for_each(|landed| self.apply(landed));
                self.calculate_part().await;
            }
            if self.asks.iter().any(|ask| ask.seq > seq) {
                break;
            }
        }
        if let Some(landed) = landed {
            self.apply(landed);
        }
    }

    /// Goes once more through what had to wait, then through what has come.
    fn gather(&mut self, next: &mut Next, arrived: &mut Vec<Message>, flying: Option<&Batch>) {
        next.full = false;
        next.ahead = Touched::default();
        // A batch that was made and not sent is checked anew: memory may have moved.
        let made = std::mem::take(&mut next.batch).into_writes();
        let parked = if self.is_calculating() { VecDeque::new() } else { std::mem::take(&mut self.parked) };
        let waited: Vec<Write> = made.chain(std::mem::take(&mut next.later)).chain(parked).collect();
        self.check(next, waited, flying);
        self.take_in(next, arrived, flying);
    }

    fn take_in(&mut self, next: &mut Next, arrived: &mut Vec<Message>, flying: Option<&Batch>) {
        let mut writes = Vec::with_capacity(arrived.len());
        for message in arrived.drain(..) {
            match message {
                Message::Write(write) => writes.push(*write),
                Message::CatchUp(ask) => self.asks.push(ask),
            }
        }
        self.check(next, writes, flying);
        self.settle_asks();
    }

    /// Checks commands against memory; wrong ones are answered at once.
    fn check(&mut self, next: &mut Next, writes: Vec<Write>, flying: Option<&Batch>) {
        if writes.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let base = shared.state.read();
        let now_us = self.clock.now().as_microsecond();
        for mut write in writes {
            let most = if self.solo > 0 { 1 } else { MAX_BATCH };
            next.full |=
                next.batch.len() >= most || next.batch.rows() >= MAX_BATCH_ROWS || next.batch.has_schema();
            // A plan reads more than it writes: what is on its way must be in memory before.
            let is_early = write.work.reads_more()
                && (flying.is_some() || !next.batch.is_empty() || !next.later.is_empty());
            next.full |= is_early;
            if write.work.may_reshape() && base.is_calculating() {
                match self.parked.len() {
                    MAX_PARKED => {
                        let busy = Error::new(Code::Unavailable).retry_after(5);
                        drop(write.reply.send(Err(busy.detail("The base calculates a field; try again."))));
                    }
                    _ => self.parked.push_back(write),
                }
                continue;
            }
            if next.full {
                next.later.push_back(write);
                continue;
            }
            match self.facts(&base, &mut write, now_us) {
                Err(problem) => drop(write.reply.send(Err(problem))),
                Ok(change) if change.is_empty() && write.key.is_none() => {
                    let rows = std::mem::take(&mut write.rows);
                    let written = Written { seq: base.seq(), change: Arc::new(change), rows };
                    let _ = write.reply.send(Ok(written));
                }
                Ok(change) => {
                    let (touched, key) = (change.touched(), write.key.as_ref());
                    let clashes = next.batch.clashes(&touched, key)
                        || !next.later.is_empty() && next.ahead.conflicts(&touched)
                        || flying.is_some_and(|flying| flying.clashes(&touched, key));
                    if clashes {
                        next.wait(write, touched);
                    } else {
                        let nonce = self.random.below(i64::MAX as u64).cast_signed();
                        next.batch.add(&base, write, change, touched, nonce);
                    }
                }
            }
        }
    }

    fn facts(&mut self, base: &Base, write: &mut Write, now_us: i64) -> Result<Change> {
        let mut random = || self.random.below(u64::MAX);
        let mut context = CheckContext::new(&write.actor, now_us, &mut random);
        context.typecast = write.typecast;
        context.next_rows = std::mem::take(&mut self.next_rows);
        if let Work::Command { files, .. } = &write.work {
            context.files = files.clone();
        }
        let checked = match &write.work {
            Work::Command { expect: Some(expect), .. } if !holds(base, expect) => {
                Err(Error::new(Code::PreconditionFailed))
            }
            Work::Command { command, .. } => base
                .check(command, &mut context)
                .map_err(|errors| problem::of_command(base, command, &errors)),
            Work::Plan(plan) => plan.decide(base, &mut context).map(|(change, rows)| {
                write.rows = rows;
                change
            }),
        };
        self.next_rows = context.next_rows;
        checked
    }

    /// A batch that was not committed, as far as it is known. What was made behind it is checked again.
    async fn not_written(&mut self, batch: Batch, outcome: Result<Outcome>, next: &mut Next) {
        let error = match outcome {
            Ok(Outcome::Committed) => None,
            Ok(Outcome::Behind) => {
                self.tries += 1;
                match self.catch_up().await {
                    Err(error) => Some(error),
                    Ok(()) if self.tries >= MAX_TRIES => Some(Error::new(Code::Unavailable).retry_after(1)),
                    Ok(()) => None,
                }
            }
            Ok(Outcome::NoBase) => Some(Error::not_found()),
            // Another process used the key.
            Ok(Outcome::KeyTaken) if batch.len() == 1 => {
                Some(Error::new(Code::IdempotencyInProgress).retry_after(1))
            }
            Ok(Outcome::KeyTaken) => {
                self.solo = batch.len();
                None
            }
            Err(error) => Some(error),
        };
        let behind = std::mem::take(&mut next.batch).into_writes().chain(std::mem::take(&mut next.later));
        match error {
            Some(error) => {
                self.tries = 0;
                fail(batch.into_writes(), &error);
                next.later = behind.collect();
            }
            None => next.later = batch.into_writes().chain(behind).collect(),
        }
    }

    fn is_calculating(&self) -> bool {
        self.shared.state.read().is_calculating()
    }

    /// Calculates some thousand cells of what a change left to be calculated, while others read.
    async fn calculate_part(&mut self) {
        let shared = Arc::clone(&self.shared);
        let work = move || {
            let part = shared.state.read().next_part();
            let mut base = shared.state.write();
            if let Some(part) = part {
                base.put_part(part);
            }
        };
        match tokio::task::spawn_blocking(work).await {
            // As a panic while a change is applied: the writer ends, and whoever comes next loads the base anew.
            Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
            Ok(()) | Err(_) => {
                if !self.is_calculating() {
                    self.events.publish(self.shared.all_may_have_changed());
                }
            }
        }
        self.settle();
    }

    /// Answers those whose change is calculated.
    fn settle(&mut self) {
        if self.unsettled.is_empty() || self.is_calculating() {
            return;
        }
        for (reply, written) in self.unsettled.drain(..) {
            let _ = reply.send(Ok(written));
        }
    }

    async fn catch_up(&self) -> Result<()> {
        catch_up::catch_up(&self.db, &self.shared, |effects, actor| self.publish(effects, actor)).await
    }

    /// Looks in the database for what was asked for.
    async fn answer_asks(&mut self) {
        self.settle_asks();
        if self.asks.is_empty() {
            return;
        }
        let done = self.catch_up().await;
        if let Err(error) = &done {
            tracing::warn!(base = self.shared.number, %error, "catch-up failed");
        }
        for ask in self.asks.drain(..) {
            let answer = done.as_ref().copied().map_err(copy);
            // The asker may be gone.
            let _ = ask.reply.map(|reply| reply.send(answer));
        }
    }

    /// Answers those who asked for what memory has.
    fn settle_asks(&mut self) {
        let seq = self.shared.seq.load(Ordering::Acquire);
        for ask in self.asks.extract_if(.., |ask| ask.seq <= seq) {
            let _ = ask.reply.map(|reply| reply.send(Ok(())));
        }
    }

    fn apply(&mut self, batch: Batch) {
        let mut answers = Vec::with_capacity(batch.len());
        let mut published = Vec::with_capacity(batch.len());
        {
            let mut base = self.shared.state.write();
            let mut seq = base.seq();
            for checked in batch.into_checked() {
                seq += 1;
                let effects = base.apply_at_once(seq, &checked.change);
                let waits = effects.schema_changed && base.is_calculating();
                published.push((effects, Arc::clone(&checked.write.actor)));
                let Write { reply, rows, .. } = checked.write;
                let answer = (reply, Written { seq, change: checked.change, rows });
                if waits { &mut self.unsettled } else { &mut answers }.push(answer);
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
        self.settle_asks();
    }

    fn publish(&self, effects: &Effects, actor: &Arc<str>) {
        self.events.publish(event_of(&self.shared, effects, actor));
    }
}

fn holds(base: &Base, expect: &Expect) -> bool {
    base.meta(expect.table, expect.row).is_some_and(|meta| meta.updated_us == expect.updated_us)
}

fn copy(error: &Error) -> Error {
    let copy = Error::new(error.code()).detail(error.message().to_owned());
    match error.wait_seconds() {
        Some(seconds) => copy.retry_after(seconds),
        None => copy,
    }
}

fn fail(writes: impl Iterator<Item = Write>, error: &Error) {
    for write in writes {
        let _ = write.reply.send(Err(copy(error)));
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
