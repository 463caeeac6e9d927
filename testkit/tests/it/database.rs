//! Row-level security from below the product: the application's role sees nothing before it has entered a tenant.

use crate::world::World;
use testkit::run;

const TENANT_TABLES: &str = "select c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = $1::text::regnamespace order by 1";

#[test]
fn the_application_role_sees_no_row_without_a_tenant() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        World::of(system, &ours).await?;
        World::of(system, &theirs).await?;
        let (mut tables, mut filled) = (0, 0);
        for database in ["control", "billing", "data", "logs"] {
            let app = system.sql(database, "nclc_app").await?;
            let all = system.sql(database, "nclc_platform").await?;
            for row in all.query(TENANT_TABLES, &[&database]).await? {
                let (table, on, forced): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
                assert!(on && forced, "{table}: row-level security is on: {on}, forced: {forced}");
                let count = format!("select count(*) from {table}");
                let seen: i64 = app.query_one(&count, &[]).await?.get(0);
                assert_eq!(seen, 0, "{table}: rows without a tenant");
                let there: i64 = all.query_one(&count, &[]).await?.get(0);
                tables += 1;
                filled += i32::from(there > 0);
                // Within a tenant: that tenant's rows and no other.
                app.batch_execute("begin").await?;
                app.query(&format!("select {database}.enter($1)"), &[&theirs.summary.id.uuid()]).await?;
                let strange = format!("select count(*) from {table} where tenant_id <> $1");
                let strange: i64 = app.query_one(&strange, &[&theirs.summary.id.uuid()]).await?.get(0);
                app.batch_execute("rollback").await?;
                assert_eq!(strange, 0, "{table}: rows of another tenant");
            }
        }
        // The walk has found the tables, and they were not simply empty.
        assert!(tables >= 15 && filled >= 8, "{tables} tenant tables, {filled} with rows");
        Ok(())
    });
}

#[test]
fn the_application_role_can_not_write_for_another_tenant_nor_leave_its_role() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        World::of(system, &ours).await?;
        let app = system.sql("data", "nclc_app").await?;
        app.batch_execute("begin").await?;
        app.query("select data.enter($1)", &[&theirs.summary.id.uuid()]).await?;
        let insert = "insert into data.bases (tenant_id, id, name, created_at, created_by) values ($1, 1, 'x', now(), 'x')";
        let refused = app.execute(insert, &[&ours.summary.id.uuid()]).await.unwrap_err();
        assert!(refused.to_string().contains("db error"), "{refused}");
        assert_eq!(
            refused.code().map(|code| code.code().to_owned()).as_deref(),
            Some("42501"),
            "{refused:?}"
        );
        app.batch_execute("rollback").await?;
        for statement in [
            "set role nclc_platform",
            "set role nclc_owner",
            "alter table data.bases disable row level security",
        ] {
            assert!(app.batch_execute(statement).await.is_err(), "{statement} was allowed");
        }
        Ok(())
    });
}
