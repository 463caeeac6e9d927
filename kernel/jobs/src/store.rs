//! The queue's SQL, once for each database. Workers see all tenants' jobs: role `nclc_platform`.

use kernel_db::{Database, Statement};

/// The statements of one database's queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub database: Database,
    /// `$1` tenant, id, kind, payload, key, run_at, max_attempts.
    pub enqueue: &'static Statement,
    /// The same without the tenant.
    pub enqueue_global: &'static Statement,
    /// `$1` now, `$2` kinds, `$3` how many, `$4` worker, `$5` until when.
    pub claim: &'static Statement,
    /// `$1` tenant, `$2` id, `$3` worker, `$4` until when.
    pub hold: &'static Statement,
    /// `$1` tenant, `$2` id, `$3` worker.
    pub done: &'static Statement,
    /// `$1` tenant, `$2` id, `$3` worker, `$4` next run or null when dead, `$5` error.
    pub fail: &'static Statement,
    /// `$1` tenant, `$2` id, `$3` worker: as if it had never been claimed.
    pub give_back: &'static Statement,
    /// `$1` how many.
    pub dead: &'static Statement,
    /// `$1` tenant, `$2` id.
    pub retry: &'static Statement,
    /// `$1` tenant, `$2` id.
    pub discard: &'static Statement,
    /// Counts by state.
    pub counts: &'static Statement,
}

macro_rules! queue {
    ($module:ident, $database:ident, $schema:literal) => {
        mod $module {
            kernel_db::statements! {
                /// Leaves a tenant's job.
                tenant $database ENQUEUE = concat!("select ", $schema, ".enqueue($1, $2, $3, $4, $5, $6, $7)");
                /// Leaves a job that belongs to no tenant.
                global $database ENQUEUE_GLOBAL = concat!(
                    "select ", $schema, ".enqueue('00000000-0000-0000-0000-000000000000', $1, $2, $3, $4, $5, $6)");
                /// Takes due jobs, and those whose worker died.
                platform $database CLAIM_JOBS = concat!(
                    "update ", $schema, ".jobs j set state = 'running', attempts = attempts + 1, held_by = $4, held_until = $5
                     from (select tenant_id, id from ", $schema, ".jobs
                       where state <> 'dead' and run_at <= $1 and kind = any($2)
                         and (state = 'ready' or held_until < $1)
                       order by run_at, id limit $3 for update skip locked) due
                     where j.tenant_id = due.tenant_id and j.id = due.id
                     returning j.tenant_id, j.id, j.kind, j.payload, j.attempts, j.max_attempts");
                /// Goes on holding a running job.
                platform $database HOLD_JOB = concat!(
                    "update ", $schema, ".jobs set held_until = $4
                     where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running' returning id");
                /// A job is done.
                platform $database DONE_JOB = concat!(
                    "delete from ", $schema, ".jobs where tenant_id = $1 and id = $2 and held_by = $3 returning id");
                /// A job failed: later again, or dead. A waiting job with the same key makes this one superfluous.
                platform $database FAIL_JOB = concat!(
                    "with twin as (
                       select 1 from ", $schema, ".jobs a join ", $schema, ".jobs b
                         on b.tenant_id = a.tenant_id and b.kind = a.kind and b.key = a.key and b.state = 'ready'
                       where a.tenant_id = $1 and a.id = $2 and $4::timestamptz is not null),
                     gone as (
                       delete from ", $schema, ".jobs
                       where tenant_id = $1 and id = $2 and held_by = $3 and exists (select from twin) returning id)
                     update ", $schema, ".jobs set held_by = null, held_until = null, last_error = $5,
                       state = case when $4::timestamptz is null then 'dead' else 'ready' end, run_at = coalesce($4, run_at)
                     where tenant_id = $1 and id = $2 and held_by = $3 and not exists (select from twin) returning id");
                /// A worker stops before the job is done.
                platform $database GIVE_BACK_JOB = concat!(
                    "update ", $schema, ".jobs set held_until = 'epoch', attempts = attempts - 1
                     where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running' returning id");
                /// Dead letters, newest first.
                platform $database DEAD_JOBS = concat!(
                    "select tenant_id, id, kind, payload, attempts, last_error, created_at
                     from ", $schema, ".jobs where state = 'dead' order by id desc limit $1");
                /// A dead letter gets another chance, with all its tries.
                platform $database RETRY_JOB = concat!(
                    "update ", $schema, ".jobs set state = 'ready', key = null, attempts = 0, run_at = 'epoch'
                     where tenant_id = $1 and id = $2 and state = 'dead' returning pg_notify('jobs', kind)::text");
                /// A dead letter is thrown away.
                platform $database DISCARD_JOB = concat!(
                    "delete from ", $schema, ".jobs where tenant_id = $1 and id = $2 and state = 'dead' returning id");
                /// How many jobs there are, by state.
                platform $database JOB_COUNTS = concat!(
                    "select state, count(*) from ", $schema, ".jobs group by state");
            }
            pub(super) static QUEUE: super::Queue = super::Queue {
                database: kernel_db::Database::$database,
                enqueue: &ENQUEUE,
                enqueue_global: &ENQUEUE_GLOBAL,
                claim: &CLAIM_JOBS,
                hold: &HOLD_JOB,
                done: &DONE_JOB,
                fail: &FAIL_JOB,
                give_back: &GIVE_BACK_JOB,
                dead: &DEAD_JOBS,
                retry: &RETRY_JOB,
                discard: &DISCARD_JOB,
                counts: &JOB_COUNTS,
            };
        }
    };
}

queue!(control, Control, "control");
queue!(billing, Billing, "billing");
queue!(data, Data, "data");
queue!(logs, Logs, "logs");

/// All queues.
pub(crate) static QUEUES: [&Queue; 4] = [&control::QUEUE, &billing::QUEUE, &data::QUEUE, &logs::QUEUE];

pub(crate) fn queue(database: Database) -> &'static Queue {
    match database {
        Database::Control => &control::QUEUE,
        Database::Billing => &billing::QUEUE,
        Database::Data => &data::QUEUE,
        Database::Logs => &logs::QUEUE,
    }
}

kernel_db::statements! {
    /// Marks a schedule's time slot as enqueued; yields a row for the one process that may enqueue it.
    global Control TAKE_SLOT = "insert into control.schedules as s (name, slot) values ($1, $2)
        on conflict (name) do update set slot = excluded.slot where s.slot < excluded.slot returning name";
}
