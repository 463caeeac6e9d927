//! Nobody sees another tenant's rows, whatever the statement says (spec O3).

use crate::world::{ADD_NOTE, ALL_NOTES, ALL_NOTES_GLOBAL, ALL_NOTES_PLATFORM, NOTES, WHO, World};
use kernel_core::Code;
use kernel_core::settings::DatabaseUrls;
use kernel_db::{Database, Db, SqlState, Urls, migrate};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_level_security_decides() {
    let world = World::start(2).await;
    let db = &world.db;
    let (mine, other) = (world.tenant_with_notes(3).await, world.tenant_with_notes(5).await);

    let count = |rows: Vec<kernel_db::Row>| rows[0].get::<_, i64>(0);
    assert_eq!(db.read(mine, &NOTES, &[&mine.uuid()]).await.unwrap().len(), 3);
    // In my tenant, asking for the other's rows by name, or for all.
    assert_eq!(db.read(mine, &NOTES, &[&other.uuid()]).await.unwrap().len(), 0);
    assert_eq!(count(db.read(mine, &ALL_NOTES, &[]).await.unwrap()), 3);
    // Without a tenant; then across tenants as the platform.
    assert_eq!(count(db.global(&ALL_NOTES_GLOBAL, &[]).await.unwrap()), 0);
    assert_eq!(count(db.platform(&ALL_NOTES_PLATFORM, &[]).await.unwrap()), 8);

    // Writing into the other tenant is refused.
    let error = db.write(mine, &ADD_NOTE, &[&other.uuid(), &99i64, &"x"]).await.unwrap_err();
    assert_eq!(error.code(), Some(SqlState::INSUFFICIENT_PRIVILEGE), "{error}");

    // A transaction changes tenants; each sees its own.
    let mut tx = db.begin(Database::Logs, mine).await.unwrap();
    assert_eq!(count(tx.query(&ALL_NOTES, &[]).await.unwrap()), 3);
    tx.enter(other).await.unwrap();
    assert_eq!(count(tx.query(&ALL_NOTES, &[]).await.unwrap()), 5);
    tx.rollback().await.unwrap();

    // Roles.
    let who = db.global(&WHO, &[]).await.unwrap();
    assert_eq!(who[0].get::<_, &str>(0), "nclc_app");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misuse_is_refused_before_it_reaches_the_database() {
    let world = World::start(2).await;
    let tenant = world.tenant_with_notes(1).await;
    let db = &world.db;
    for error in [
        db.read(tenant, &ALL_NOTES_GLOBAL, &[]).await.unwrap_err(),
        db.global(&ALL_NOTES, &[]).await.unwrap_err(),
        db.global(&ALL_NOTES_PLATFORM, &[]).await.unwrap_err(),
        db.begin_global(Database::Logs).await.unwrap().query(&ALL_NOTES, &[]).await.unwrap_err(),
        db.begin(Database::Logs, tenant).await.unwrap().query(&ALL_NOTES_PLATFORM, &[]).await.unwrap_err(),
        db.begin(Database::Data, tenant).await.unwrap().query(&ALL_NOTES, &[]).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), None);
        assert_eq!(kernel_core::Error::from(error).code(), Code::Internal);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn constraints_and_failed_transactions_are_told() {
    let world = World::start(2).await;
    let tenant = world.tenant_with_notes(1).await;
    let mut tx = world.db.begin(Database::Logs, tenant).await.unwrap();
    let error = tx.execute(&ADD_NOTE, &[&tenant.uuid(), &0i64, &"again"]).await.unwrap_err();
    assert_eq!(error.constraint(), Some("notes_pkey"));
    assert_eq!(error.code(), Some(SqlState::UNIQUE_VIOLATION));
    // PostgreSQL would answer COMMIT with a silent ROLLBACK.
    assert!(tx.commit().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configured_urls_serve_in_the_application_role() {
    let world = World::start(1).await;
    let tenant = world.tenant_with_notes(2).await;
    let folder = world.temporary.cluster().socket_folder().display().to_string().replace('/', "%2F");
    let url = |name: &str| kernel_core::Secret::new(format!("postgres://nclc_owner@{folder}/{name}"));
    let urls = Urls::from_settings(&DatabaseUrls {
        control: url("control"),
        billing: url("billing"),
        data: url("data"),
        logs: url("logs"),
    })
    .unwrap();
    let files = migrate::embedded(Database::Control).unwrap();
    migrate::run_one(&urls, Database::Control, &files).await.unwrap();
    let db = Db::new(&urls, 2).unwrap();
    assert_eq!(db.global(&WHO, &[]).await.unwrap()[0].get::<_, &str>(0), "nclc_app");
    assert_eq!(db.read(tenant, &ALL_NOTES, &[]).await.unwrap()[0].get::<_, i64>(0), 2);
    assert_eq!(db.global(&ALL_NOTES_GLOBAL, &[]).await.unwrap()[0].get::<_, i64>(0), 0);
    assert_eq!(db.platform(&ALL_NOTES_PLATFORM, &[]).await.unwrap()[0].get::<_, i64>(0), 2);
}
