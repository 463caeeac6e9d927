//! The queue against a real cluster.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use jiff::{SignedDuration, Timestamp};
use kernel_core::{Clock, FixedClock, Random, TenantId};
use kernel_db::cluster::testing::Temporary;
use kernel_db::{Database, Db, migrate};
use kernel_jobs::{Drained, Job, JobError, JobOptions, Jobs, Schedule, Worker, WorkerOptions, enqueue};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

kernel_db::statements! {
    /// A tenant's view of the queue.
    tenant Data MY_JOBS = "select count(*) from data.jobs where tenant_id = $1";
    /// What anybody without a tenant sees of it.
    platform Data ALL_JOBS = "select count(*) from data.jobs";
}

#[derive(Serialize, Deserialize)]
struct Note {
    text: String,
    fail: u16,
}

impl Job for Note {
    const NAME: &'static str = "note";
    const MAX_ATTEMPTS: u16 = 3;
}

fn note(text: &str, fail: u16) -> Note {
    Note { text: text.into(), fail }
}

/// What the handlers did: text → how often it was tried.
type Seen = Arc<Mutex<BTreeMap<String, u16>>>;

struct World {
    _temporary: Temporary,
    db: Db,
    clock: FixedClock,
    jobs: Jobs,
    seen: Seen,
}

impl World {
    async fn start() -> Self {
        let temporary = Temporary::start().await.unwrap();
        let urls = temporary.cluster().urls();
        for database in Database::ALL {
            let mut files = migrate::embedded(database).unwrap();
            files.truncate(1);
            migrate::run_one(&urls, database, &files).await.unwrap();
        }
        let db = Db::new(&urls, 8).unwrap();
        let clock = FixedClock::at("2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap());
        let seen = Seen::default();
        let jobs = jobs(&db, Clock::Fixed(clock.clone()), &seen);
        Self { _temporary: temporary, db, clock, jobs, seen }
    }

    async fn enqueue(&self, database: Database, tenant: Option<TenantId>, job: &Note, options: JobOptions) {
        let mut tx = match tenant {
            Some(tenant) => self.db.begin(database, tenant).await.unwrap(),
            None => self.db.begin_global(database).await.unwrap(),
        };
        enqueue(&mut tx, job, options).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn tried(&self, text: &str) -> u16 {
        self.seen.lock().get(text).copied().unwrap_or_default()
    }

    async fn left(&self) -> i64 {
        self.db.platform(&ALL_JOBS, &[]).await.unwrap()[0].get(0)
    }
}

fn jobs(db: &Db, clock: Clock, seen: &Seen) -> Jobs {
    let seen = seen.clone();
    Jobs::new(db.clone(), clock, Random::seeded(1)).on(move |context, job: Note| {
        let seen = seen.clone();
        async move {
            *seen.lock().entry(job.text.clone()).or_default() += 1;
            match job.text.as_str() {
                "panic" => panic!("on purpose"),
                "fatal" => return Err(JobError::fatal("can't ever work")),
                "slow" => tokio::time::sleep(Duration::from_secs(600)).await,
                _ => {}
            }
            if context.attempt <= job.fail {
                return Err(JobError::retry("not yet"));
            }
            Ok(())
        }
    })
}

async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_part_of_their_transaction_and_of_their_tenant() {
    let world = World::start().await;
    let tenant = TenantId::new();
    let mut tx = world.db.begin(Database::Data, tenant).await.unwrap();
    enqueue(&mut tx, &note("never", 0), JobOptions::default()).await.unwrap();
    tx.rollback().await.unwrap();
    world.enqueue(Database::Data, Some(tenant), &note("tenant", 0), JobOptions::default()).await;
    world.enqueue(Database::Data, None, &note("nobody", 0), JobOptions::default()).await;
    world.enqueue(Database::Control, None, &note("mail", 0), JobOptions::default()).await;

    let count = |rows: Vec<kernel_db::Row>| rows[0].get::<_, i64>(0);
    assert_eq!(count(world.db.read(tenant, &MY_JOBS, &[&tenant.uuid()]).await.unwrap()), 1);
    let nobody = uuid::Uuid::nil();
    assert_eq!(count(world.db.read(tenant, &MY_JOBS, &[&nobody]).await.unwrap()), 0);
    assert_eq!(count(world.db.read(TenantId::new(), &MY_JOBS, &[&tenant.uuid()]).await.unwrap()), 0);

    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 3, failed: 0, dead: 0 });
    assert_eq!(world.seen.lock().keys().cloned().collect::<Vec<_>>(), ["mail", "nobody", "tenant"]);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_come_back_later_and_end_as_dead_letters() {
    let world = World::start().await;
    let tenant = Some(TenantId::new());
    for (text, fail) in [("second try", 1), ("hopeless", 9), ("panic", 0), ("fatal", 0)] {
        world.enqueue(Database::Data, tenant, &note(text, fail), JobOptions::default()).await;
    }
    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 0, failed: 3, dead: 1 });
    // Nothing is due until the clock moves.
    assert_eq!(world.jobs.drain().await.unwrap(), Drained::default());
    world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 1, failed: 2, dead: 0 });
    world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 0, failed: 0, dead: 2 });

    let dead = world.jobs.dead(10).await.unwrap();
    let errors: BTreeMap<_, _> =
        dead.iter().map(|job| (job.payload["text"].as_str().unwrap(), job.error.as_str())).collect();
    assert_eq!(
        errors,
        BTreeMap::from([
            ("fatal", "can't ever work"),
            ("hopeless", "not yet"),
            ("panic", "panicked: on purpose"),
        ])
    );
    for job in &dead {
        assert_eq!(job.tenant, tenant);
        match job.payload["text"].as_str().unwrap() {
            "hopeless" => assert!(world.jobs.retry_dead(job).await.unwrap()),
            _ => assert!(world.jobs.discard_dead(job).await.unwrap()),
        }
    }
    assert!(!world.jobs.discard_dead(&dead[0]).await.unwrap());
    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 0, failed: 1, dead: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delays_and_keys() {
    let world = World::start().await;
    let tenant = Some(TenantId::new());
    let keyed = |key: &str| JobOptions { key: Some(key.into()), ..JobOptions::default() };
    world.enqueue(Database::Data, tenant, &note("first", 1), keyed("k")).await;
    world.enqueue(Database::Data, tenant, &note("dropped", 0), keyed("k")).await;
    world.enqueue(Database::Data, tenant, &note("other key", 0), keyed("l")).await;
    world.enqueue(Database::Data, Some(TenantId::new()), &note("other tenant", 0), keyed("k")).await;
    let later = Timestamp::from_second(Clock::Fixed(world.clock.clone()).now().as_second() + 30).unwrap();
    let at = JobOptions { run_at: Some(later), ..JobOptions::default() };
    world.enqueue(Database::Data, tenant, &note("later", 0), at).await;

    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 2, failed: 1, dead: 0 });
    assert_eq!((world.tried("dropped"), world.tried("later")), (0, 0));
    world.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(world.jobs.drain().await.unwrap(), Drained { done: 2, failed: 0, dead: 0 });
    assert_eq!((world.tried("first"), world.tried("later"), world.left().await), (2, 1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_share_the_work_and_each_job_is_done_once() {
    let world = World::start().await;
    let tenant = TenantId::new();
    let options = WorkerOptions { poll: Duration::from_millis(50), ..WorkerOptions::default() };
    let workers: Vec<Worker> =
        (0..3).map(|_| jobs(&world.db, Clock::System, &world.seen).start(options)).collect();
    for batch in 0..10 {
        let mut tx = world.db.begin(Database::Data, tenant).await.unwrap();
        for number in 0..20 {
            enqueue(&mut tx, &note(&format!("{batch}-{number}"), 0), JobOptions::default()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    eventually("200 jobs", || world.seen.lock().len() == 200).await;
    for worker in workers {
        worker.stop().await;
    }
    assert!(world.seen.lock().values().all(|tries| *tries == 1));
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_and_killed_workers_lose_nothing() {
    let world = World::start().await;
    let tenant = Some(TenantId::new());
    let options = WorkerOptions {
        poll: Duration::from_millis(50),
        grace: Duration::from_millis(50),
        hold: Duration::from_millis(600),
        ..WorkerOptions::default()
    };
    world.enqueue(Database::Data, tenant, &note("slow", 0), JobOptions::default()).await;

    // Stopped: the job is given back at once, and the try does not count.
    let worker = jobs(&world.db, Clock::System, &world.seen).start(options);
    eventually("the first try", || world.tried("slow") == 1).await;
    worker.stop().await;
    // Killed: another one takes it over when the hold has ended, which a living worker renews.
    let killed = jobs(&world.db, Clock::System, &world.seen).start(options);
    eventually("the second try", || world.tried("slow") == 2).await;
    let other = jobs(&world.db, Clock::System, &world.seen).start(options);
    tokio::time::sleep(options.hold * 3).await;
    assert_eq!(world.tried("slow"), 2, "a held job is not taken");
    drop(killed);
    eventually("the take-over", || world.tried("slow") == 3).await;
    other.stop().await;
    assert_eq!(world.left().await, 1);
    assert!(world.jobs.dead(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_enqueued_once_a_slot_by_whoever_is_up() {
    #[derive(Serialize, Deserialize)]
    struct Tidy;
    impl Job for Tidy {
        const NAME: &'static str = "tidy";
    }
    let world = World::start().await;
    let count = Arc::new(Mutex::new(0));
    let scheduled = || {
        let count = count.clone();
        Jobs::new(world.db.clone(), Clock::Fixed(world.clock.clone()), Random::seeded(2))
            .on(move |_, _: Tidy| {
                *count.lock() += 1;
                async { Ok(()) }
            })
            .schedule(Schedule::every(SignedDuration::from_hours(1), || Tidy))
    };
    let options = WorkerOptions { poll: Duration::from_millis(20), ..WorkerOptions::default() };
    let workers = [scheduled().start(options), scheduled().start(options)];
    for slot in 1..=3 {
        eventually("the slot's job", || *count.lock() >= slot).await;
        world.clock.advance(SignedDuration::from_hours(1));
    }
    eventually("the last slot's job", || *count.lock() >= 4).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(*count.lock(), 4);
}
