//! The worker of a process: claims, runs several jobs at once, stops without losing any.

use crate::registry::Jobs;
use crate::run::Claimed;
use crate::store::{QUEUES, Queue};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How a worker works.
#[derive(Clone, Copy, Debug)]
pub struct WorkerOptions {
    /// Jobs at once, over all databases.
    pub concurrency: usize,
    /// How long a job of a worker that died waits to be taken over.
    pub hold: Duration,
    /// Looks for due jobs at least this often; NOTIFY makes it sooner.
    pub poll: Duration,
    /// How long [`Worker::stop`] waits for running jobs before it gives them back.
    pub grace: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            concurrency: 8,
            hold: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(20),
        }
    }
}

/// A running worker. Dropped, it stops at once: its jobs are taken over when their hold ends.
#[derive(Debug)]
pub struct Worker {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Starts a worker in this process.
    #[must_use]
    pub fn start(&self, options: WorkerOptions) -> Worker {
        let (stop, stopping) = watch::channel(false);
        let slots = Arc::new(Semaphore::new(options.concurrency));
        let mut tasks = JoinSet::new();
        for queue in QUEUES {
            tasks.spawn(serve(self.clone(), queue, slots.clone(), options, stopping.clone()));
        }
        if !self.schedules.is_empty() {
            tasks.spawn(keep_schedules(self.clone(), options.poll, stopping));
        }
        Worker { stop, tasks }
    }
}

impl Worker {
    /// Takes no further jobs, waits for the running ones, and gives back those that take too long. Loses nothing.
    pub async fn stop(mut self) {
        let _stopping = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn keep_schedules(jobs: Jobs, poll: Duration, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        if let Err(error) = jobs.enqueue_scheduled().await {
            tracing::warn!(%error, "can't enqueue scheduled jobs");
        }
        tokio::select! {
            () = tokio::time::sleep(poll) => {}
            _ = stopping.changed() => {}
        }
    }
}

async fn serve(
    jobs: Jobs,
    queue: &'static Queue,
    slots: Arc<Semaphore>,
    options: WorkerOptions,
    mut stopping: watch::Receiver<bool>,
) {
    let worker = jobs.new_worker();
    let mut listener = jobs.db.listen(queue.database, "jobs");
    let mut running = JoinSet::new();
    let mut held: HashSet<(Uuid, Uuid)> = HashSet::new();
    let share = (options.concurrency / QUEUES.len()).max(1);
    while !*stopping.borrow() {
        // Places first, jobs second: a claimed job never waits while its hold runs out.
        let first = tokio::select! {
            first = slots.clone().acquire_owned() => first,
            _ = stopping.changed() => continue,
        };
        let mut places: Vec<_> = first.into_iter().collect();
        while places.len() < share
            && let Ok(place) = slots.clone().try_acquire_owned()
        {
            places.push(place);
        }
        let wanted = places.len();
        let claimed = match jobs.claim(queue, worker, i64::try_from(wanted).unwrap_or(1), options.hold).await
        {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(database = %queue.database, %error, "can't claim jobs");
                Vec::new()
            }
        };
        let full = claimed.len() == wanted;
        for (job, place) in claimed.into_iter().zip(places.drain(..)) {
            held.insert(job.key());
            running.spawn(run_one(jobs.clone(), job, options.hold, place));
        }
        drop(places);
        while let Some(ended) = running.try_join_next() {
            forget(&mut held, ended);
        }
        if full {
            continue;
        }
        // Jitter, so that processes that started together don't ask together.
        let wait = options.poll.mul_f64(0.75 + 0.0005 * precise(jobs.random.below(1000)));
        tokio::select! {
            _ = stopping.changed() => {}
            _ = listener.recv() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    let finish = async {
        while let Some(ended) = running.join_next().await {
            forget(&mut held, ended);
        }
    };
    if tokio::time::timeout(options.grace, finish).await.is_err() {
        running.shutdown().await;
        for (tenant, id) in held {
            if let Err(error) = jobs.give_back(queue, worker, tenant, id).await {
                tracing::warn!(%error, "a job could not be given back; it is taken over later");
            }
        }
    }
}

fn precise(thousandths: u64) -> f64 {
    f64::from(u32::try_from(thousandths).unwrap_or_default())
}

fn forget(held: &mut HashSet<(Uuid, Uuid)>, ended: Result<(Uuid, Uuid), tokio::task::JoinError>) {
    if let Ok(key) = ended {
        held.remove(&key);
    }
}

async fn run_one(jobs: Jobs, job: Claimed, hold: Duration, _place: OwnedSemaphorePermit) -> (Uuid, Uuid) {
    let key = job.key();
    if let Err(error) = jobs.run(job, hold).await {
        tracing::error!(%error, "what became of a job could not be written down; it will be run again");
    }
    key
}
