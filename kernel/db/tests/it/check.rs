//! The check finds what it promises to find: each fault is made on purpose.

use crate::world::World;
use kernel_db::{Access, Database, Statement, check};

async fn findings(world: &World, sql: &str, statements: &[&'static Statement]) -> Vec<String> {
    let urls = world.temporary.cluster().urls();
    let mut superuser = tokio_postgres::Config::new();
    superuser.host_path(world.temporary.cluster().socket_folder()).user("postgres").dbname("logs");
    let (client, connection) = superuser.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    let report = check::run_one(&urls, Database::Logs, statements).await.unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_tables_are_found() {
    let world = World::start(1).await;
    assert_eq!(findings(&world, "select 1", &[]).await, Vec::<String>::new());
    for (fault, mend, expected) in [
        (
            "alter table logs.notes no force row level security",
            "alter table logs.notes force row level security",
            "not enabled and forced",
        ),
        ("drop policy tenant on logs.notes", "select 1", "the policy `tenant` is missing"),
        (
            "create policy tenant on logs.notes to nclc_app using (true) with check (true)",
            "drop policy tenant on logs.notes; create policy tenant on logs.notes to nclc_app
               using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
               with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)",
            "the policy `tenant` is missing",
        ),
        (
            "create policy further on logs.notes to nclc_app using (true)",
            "drop policy further on logs.notes",
            "further permissive",
        ),
        (
            "create index wrong on logs.notes (text)",
            "drop index logs.wrong",
            "logs.wrong: an index of a tenant table has to start",
        ),
        ("alter role nclc_app bypassrls", "alter role nclc_app nobypassrls", "BYPASSRLS"),
        (
            "grant create on schema logs to nclc_app",
            "revoke create on schema logs from nclc_app",
            "may create in it",
        ),
        ("grant nclc_platform to nclc_app", "revoke nclc_platform from nclc_app", "can become"),
        (
            "grant truncate on logs.notes to nclc_app",
            "revoke truncate on logs.notes from nclc_app",
            "TRUNCATE",
        ),
        ("create view logs.v as select 1", "drop view logs.v", "security_invoker"),
        (
            "create function logs.f() returns int language sql security definer as 'select 1'",
            "drop function logs.f()",
            "security definer",
        ),
        ("create table public.t (id int)", "drop table public.t", "outside the database's schema"),
    ] {
        let found = findings(&world, fault, &[]).await;
        assert!(found.iter().any(|finding| finding.contains(expected)), "{fault}: {found:?}");
        let left = findings(&world, mend, &[]).await;
        let missing_policy = expected.contains("missing") && mend == "select 1";
        assert_eq!(left.is_empty(), !missing_policy, "{mend}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_statements_are_found() {
    static UNKNOWN_COLUMN: Statement =
        statement(Access::Tenant, "select nothing from logs.notes where tenant_id = $1");
    static NO_RIGHT: Statement = statement(Access::Global, "delete from logs.migrations");
    static GLOBAL: Statement = statement(Access::Global, "select count(*) from logs.notes");
    static GOOD: Statement =
        statement(Access::Tenant, "update logs.notes set text = $3 where tenant_id = $1 and id = $2");
    const fn statement(access: Access, sql: &'static str) -> Statement {
        Statement { name: "S", module: "test", database: Database::Logs, access, sql }
    }
    let world = World::start(1).await;
    for (statement, expected) in [
        (&UNKNOWN_COLUMN, Some("does not exist")),
        (&NO_RIGHT, Some("permission denied")),
        (&GLOBAL, Some("belongs to tenants")),
        (&GOOD, None),
    ] {
        let found = findings(&world, "select 1", &[statement]).await;
        match expected {
            Some(part) => assert!(found.len() == 1 && found[0].contains(part), "{found:?}"),
            None => assert_eq!(found, Vec::<String>::new()),
        }
    }
}
