//! A connection never carries a tenant or a transaction from one user to the next, whatever happens to the callers.

use crate::world::{ADD_NOTE, ALL_NOTES_GLOBAL, CONNECTION, NOTES, SLOW_NOTES, WHO, World, eventually};
use futures_util::FutureExt as _;
use kernel_core::TenantId;
use kernel_db::{Database, Db, ToSql};
use std::time::Duration;

async fn assert_clean(db: &Db, after: &str) {
    let rows = db.global(&CONNECTION, &[]).await.unwrap();
    let tenant: Option<&str> = rows[0].get(0);
    assert_eq!(tenant.unwrap_or_default(), "", "a tenant is left after {after}");
    let later = db.global(&CONNECTION, &[]).await.unwrap();
    assert_ne!(
        rows[0].get::<_, &str>(1),
        later[0].get::<_, &str>(1),
        "a transaction is left open after {after}"
    );
    let seen: i64 = db.global(&ALL_NOTES_GLOBAL, &[]).await.unwrap()[0].get(0);
    assert_eq!(seen, 0, "rows are visible after {after}");
}

/// Polls a future a few times and drops it.
async fn cancelled<T>(polls: u32, work: impl Future<Output = T>) {
    let mut work = std::pin::pin!(work);
    for _ in 0..polls {
        if work.as_mut().now_or_never().is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_callers_leave_clean_connections() {
    // One connection: every step meets what the step before left behind.
    let world = World::start(1).await;
    let db = &world.db;
    let tenant = world.tenant_with_notes(2).await;
    for polls in 0..40 {
        let id = i64::from(polls) + 1000;
        cancelled(polls, db.read(tenant, &NOTES, &[&tenant.uuid()])).await;
        assert_clean(db, "a cancelled read").await;
        cancelled(polls, async {
            let mut tx = db.begin(Database::Logs, tenant).await.unwrap();
            tx.execute(&ADD_NOTE, &[&tenant.uuid(), &id, &"x"]).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        assert_clean(db, "a cancelled transaction").await;
    }
    let uuid = tenant.uuid();
    let params: kernel_db::Params<'_> = &[&uuid];
    let slow = db.read(tenant, &SLOW_NOTES, params);
    assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
    assert_clean(db, "a timed-out read").await;
    assert_eq!(db.read(tenant, &NOTES, &[&tenant.uuid()]).await.unwrap().len(), 2, "nothing was committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_leave_clean_connections() {
    let world = World::start(1).await;
    let db = &world.db;
    let tenant = world.tenant_with_notes(1).await;
    // A parameter that can't be encoded never reaches the server, but BEGIN did.
    db.read(tenant, &NOTES, &[&"not a uuid"]).await.unwrap_err();
    assert_clean(db, "a parameter of the wrong type").await;
    db.write(tenant, &ADD_NOTE, &[&tenant.uuid(), &0i64, &"again"]).await.unwrap_err();
    assert_clean(db, "a violated constraint").await;
    let mut tx = db.begin(Database::Logs, tenant).await.unwrap();
    tx.execute(&ADD_NOTE, &[&"not a uuid" as &(dyn ToSql + Sync), &1i64, &"x"]).await.unwrap_err();
    drop(tx);
    assert_clean(db, "a transaction with a wrong parameter").await;
    let unused = db.begin(Database::Logs, tenant).await.unwrap();
    drop(unused);
    assert_clean(db, "an unused transaction").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowds_stay_apart() {
    let world = World::start(4).await;
    let mut tenants = Vec::new();
    for notes in 1..=8 {
        tenants.push((world.tenant_with_notes(notes).await, notes));
    }
    let tasks = (0..64usize).map(|number| {
        let db = world.db.clone();
        let (tenant, notes) = tenants[number % tenants.len()];
        tokio::spawn(async move {
            for round in 0..25usize {
                if (round + number).is_multiple_of(5) {
                    cancelled(2, db.read(tenant, &NOTES, &[&tenant.uuid()])).await;
                }
                let rows = db.read(tenant, &NOTES, &[&tenant.uuid()]).await.unwrap();
                assert_eq!(i64::try_from(rows.len()).unwrap(), notes);
            }
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_started_again_and_loses_nothing() {
    let world = World::start(2).await;
    let db = &world.db;
    let tenant = world.tenant_with_notes(3).await;
    let before: i32 = db.global(&WHO, &[]).await.unwrap()[0].get(1);
    let pid = world.temporary.cluster().pid();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    let rows = eventually("reading again", || async {
        let rows =
            db.read(tenant, &NOTES, &[&tenant.uuid()]).await.inspect_err(|error| eprintln!("{error}")).ok();
        rows.filter(|_| world.temporary.cluster().pid() != pid)
    })
    .await;
    assert_eq!(rows.len(), 3);
    let after: i32 = db.global(&WHO, &[]).await.unwrap()[0].get(1);
    assert_ne!(before, after);
    let other = TenantId::new();
    assert_eq!(db.read(other, &NOTES, &[&tenant.uuid()]).await.unwrap().len(), 0);
}
