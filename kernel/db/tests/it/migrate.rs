//! Migrations run once, keep their history, and refuse what would break it (spec O13).

use kernel_db::cluster::testing::Temporary;
use kernel_db::migrate::{Migration, embedded, run, run_one};
use kernel_db::{Database, check};

fn with(mut files: Vec<Migration>, sql: &str) -> Vec<Migration> {
    let number = files.last().map_or(1, |last| last.number + 1);
    files.push(Migration { number, name: format!("{number:04}_test.sql"), sql: sql.into() });
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_runs_once_even_when_two_processes_start() {
    let temporary = Temporary::start().await.unwrap();
    let urls = temporary.cluster().urls();
    let (first, second) = tokio::join!(run(&urls), run(&urls));
    let (first, second) = (first.unwrap(), second.unwrap());
    for database in Database::ALL {
        assert_eq!(first[&database] + second[&database], embedded(database).unwrap().len(), "{database}");
    }
    assert!(run(&urls).await.unwrap().values().all(|count| *count == 0));

    // The product's own schema holds to the rules.
    for database in Database::ALL {
        let report = check::run_one(&urls, database, &[]).await.unwrap();
        assert_eq!(report.findings, [], "{database}");
    }

    let files = embedded(Database::Billing).unwrap();
    // A file that fails leaves nothing behind.
    let broken = with(files.clone(), "create table billing.half (id int); select 1/0");
    let error = run_one(&urls, Database::Billing, &broken).await.unwrap_err().to_string();
    assert!(error.contains("division by zero"), "{error}");
    // A table must say what it is.
    let undeclared = with(files.clone(), "create table billing.half (id int)");
    let error = run_one(&urls, Database::Billing, &undeclared).await.unwrap_err().to_string();
    assert!(error.contains("billing.tenant_table('billing.half')"), "{error}");
    // So the same table can still be made rightly.
    let right = with(
        files.clone(),
        "create table billing.half (id int); select billing.global_table('billing.half')",
    );
    assert_eq!(run_one(&urls, Database::Billing, &right).await.unwrap(), 1);
    // A tenant table can't be passed off as global.
    let wrong = with(
        right.clone(),
        "create table billing.mine (tenant_id uuid not null); select billing.global_table('billing.mine')",
    );
    assert!(
        run_one(&urls, Database::Billing, &wrong).await.unwrap_err().to_string().contains("use tenant_table")
    );
    // An older program may still run on the newer schema.
    assert_eq!(run_one(&urls, Database::Billing, &files).await.unwrap(), 0);
    // An applied file never changes.
    let mut changed = right;
    changed[0].sql.push_str("-- changed");
    let error = run_one(&urls, Database::Billing, &changed).await.unwrap_err().to_string();
    assert!(error.contains("has changed since"), "{error}");
}
