//! The chain in the database: gapless under concurrency, append-only for the program, tampering found.

use crate::world::World;
use kernel_db::statements;
use platform::audit::{Action, Event, Filter, Outcome};

statements! {
    /// What no role may do.
    platform Logs CHANGE_ROW = "update logs.audit set event = '{}' where seq = 1";
    /// What no role may do.
    platform Logs REMOVE_ROW = "delete from logs.audit where seq = 1";
    /// The application's role has no business here at all.
    global Logs READ_AS_APP = "select seq from logs.audit";
    /// Nor with staff's password hashes.
    global Control READ_STAFF_AS_APP = "select password_hash from control.staff";
}

fn event(number: usize) -> Event {
    Event {
        at: 1_795_255_200_000_000 + number as i64,
        actor: format!("stf_{}", number % 3),
        actor_name: format!("Person {}", number % 3),
        action: if number.is_multiple_of(2) { Action::SignedIn } else { Action::SignedOut },
        outcome: Outcome::Done,
        tenant: None,
        target: String::new(),
        detail: number.to_string(),
        cause: String::new(),
        reason: "quotes \" and ünïcode".into(),
        address: "127.0.0.1".into(),
        request_id: "req_1".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_once_make_one_gapless_chain_that_nobody_may_change() {
    let world = World::own(&[]).await;
    let audit = &world.admin.audit;
    let writers = (0..24).map(|number| {
        let audit = audit.clone();
        tokio::spawn(async move { audit.write(&event(number)).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
    let head = audit.check().await.unwrap().unwrap();
    assert_eq!(head.seq, 24);
    for statement in [&CHANGE_ROW, &REMOVE_ROW] {
        let error = world.db.platform(statement, &[]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{error}");
    }
    for statement in [&READ_AS_APP, &READ_STAFF_AS_APP] {
        let error = world.db.global(statement, &[]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{error}");
    }

    let pages = |filter: Filter| async move { audit.page(&filter, None, 100).await.unwrap().len() };
    let day = |text: &str| Some(text.parse().unwrap());
    assert_eq!(pages(Filter::default()).await, 24);
    assert_eq!(pages(Filter { actor: Some("stf_1".into()), ..Filter::default() }).await, 8);
    assert_eq!(pages(Filter { action: Some(Action::SignedOut), ..Filter::default() }).await, 12);
    assert_eq!(
        pages(Filter { from: day("2026-11-21"), to: day("2026-11-21"), ..Filter::default() }).await,
        24
    );
    assert_eq!(pages(Filter { to: day("2026-11-20"), ..Filter::default() }).await, 0);
    let older = audit.page(&Filter::default(), Some(5), 100).await.unwrap();
    assert_eq!(older.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let csv = audit.csv(&Filter::default()).await.unwrap();
    assert_eq!(csv.matches("\r\n").count(), 25, "{csv}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_the_tables_is_found() {
    let world = World::own(&[]).await;
    let audit = &world.admin.audit;
    for number in 0..6 {
        audit.write(&event(number)).await.unwrap();
    }
    for (tamper, at) in [
        ("update logs.audit set event = replace(event, 'Person', 'Nobody') where seq = 3", 3),
        ("update logs.audit set event = replace(event, 'Nobody', 'Person') where seq = 3", 0),
        ("delete from logs.audit where seq = 6", 6),
    ] {
        world.as_superuser("logs", tamper);
        let found = audit.check().await.unwrap();
        assert_eq!(found.map_or_else(|broken| broken.seq, |_| 0), at, "{tamper}");
    }
    // A head file that somebody wrote without the key is not believed.
    std::fs::write(world.folder().join("audit-head"), [0; 72]).unwrap();
    assert!(audit.check().await.is_err());
}
