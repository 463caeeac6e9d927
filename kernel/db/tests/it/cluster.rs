//! Several servers share one cluster; leftovers of killed ones don't stop the next.

use kernel_db::cluster::testing::Temporary;
use kernel_db::cluster::{Durability, start_with};
use kernel_db::{Db, cluster};

/// A zombie counts as dead: it is the child of a cluster of this process that left earlier.
fn alive(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_one_out_stops_the_cluster() {
    let mut temporary = Temporary::start().await.unwrap();
    let second = start_with(&temporary.settings(), Durability::Fast).await.unwrap();
    let pid = second.pid();
    assert_eq!(temporary.cluster().pid(), pid);
    assert!(!second.stop().await, "somebody else still uses it");
    assert!(alive(pid));
    Db::new(&temporary.cluster().urls(), 1).unwrap().ready().await.unwrap();

    let third = start_with(&temporary.settings(), Durability::Fast).await.unwrap();
    assert!(!temporary.stop().await);
    assert!(alive(pid), "the one that started it left, another is there");
    assert!(third.stop().await);
    assert!(!alive(pid));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_servers_pid_file_is_recognised() {
    let mut temporary = Temporary::start().await.unwrap();
    let first = temporary.cluster().pid();
    let pid_file = temporary.cluster().socket_folder().parent().unwrap().join("cluster/postmaster.pid");
    let text = std::fs::read_to_string(&pid_file).unwrap();
    assert!(temporary.stop().await);
    assert!(!alive(first));
    // As after a crash of the whole machine: the file is there and its number belongs to somebody else (this test).
    std::fs::write(&pid_file, text.replacen(&first.to_string(), &std::process::id().to_string(), 1)).unwrap();
    let again = start_with(&temporary.settings(), Durability::Fast).await.unwrap();
    assert_ne!(again.pid(), first);
    Db::new(&again.urls(), 1).unwrap().ready().await.unwrap();
    assert!(again.stop().await);
}

#[tokio::test]
async fn a_folder_without_programs_is_an_error_with_advice() {
    let temporary = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut settings = kernel_core::settings::Settings::load("", []).unwrap().database;
    settings.data_folder = temporary.path().join("data");
    settings.postgres_folder = Some(temporary.path().to_owned());
    let error = cluster::start(&settings).await.unwrap_err().to_string();
    assert!(error.contains("NCLC_DATABASE_POSTGRES_FOLDER"), "{error}");
}
