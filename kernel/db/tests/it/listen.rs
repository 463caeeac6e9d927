//! NOTIFY reaches every listener, and a listener knows when it may have missed some.

use crate::world::{World, eventually};
use kernel_db::{Database, Notification};
use std::time::Duration;

async fn next(listener: &mut kernel_db::Listener) -> Notification {
    tokio::time::timeout(Duration::from_secs(30), listener.recv()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn committed_notifications_arrive_and_reconnection_is_told() {
    let world = World::start(2).await;
    let mut first = world.db.listen(Database::Logs, "first");
    assert_eq!(next(&mut first).await, Notification::Reconnected);
    let mut second = world.db.listen(Database::Logs, "second");
    assert_eq!(next(&mut second).await, Notification::Reconnected);

    let notify = async |channel, payload: &str, commit: bool| {
        let mut tx = world.db.begin_global(Database::Logs).await.unwrap();
        tx.notify(channel, payload).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        }
    };
    notify("first", "never", false).await;
    notify("second", "two", true).await;
    notify("first", "one", true).await;
    assert_eq!(next(&mut first).await, Notification::Payload("one".into()));
    assert_eq!(next(&mut second).await, Notification::Payload("two".into()));

    let pid = world.temporary.cluster().pid();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!(next(&mut first).await, Notification::Reconnected);
    assert_eq!(next(&mut second).await, Notification::Reconnected);
    eventually("notifying again", || async {
        let mut tx = world.db.begin_global(Database::Logs).await.ok()?;
        tx.notify("first", "back").await.ok()?;
        tx.commit().await.ok()
    })
    .await;
    assert_eq!(next(&mut first).await, Notification::Payload("back".into()));
}
