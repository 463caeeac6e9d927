//! Two servers over one cluster see each other's writes.

use crate::world::{names, small_table};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::{eventually, run};

#[test]
fn a_write_through_one_is_soon_in_the_others_window() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        // The other has the base in memory before anything is written.
        names(&other, &tenant.token, &table).await?;
        for number in 0..10 {
            let name = format!("record {number}");
            let body = json!({"table": table, "fields": {"Name": name}});
            system.api().post("/v1/records").token(&tenant.token).json(&body).send().await?.expect(201)?;
            let began = Instant::now();
            eventually("the write in the other's window", Duration::from_secs(1), async || {
                let path = format!("/v1/tables/{table}/window");
                let window =
                    other.api().post(&path).token(&tenant.token).json(&json!({"limit": 500})).send().await?;
                Ok(window.expect(200)?.text.contains(&name).then_some(()))
            })
            .await?;
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        }
        Ok(())
    });
}

#[test]
fn a_read_with_min_version_never_sees_less() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        for number in 0..100 {
            // Each server writes in turn, and the other one reads what was written at once.
            let (writer, reader) = if number % 2 == 0 { (&**system, &other) } else { (&other, &**system) };
            let name = format!("record {number}");
            let body = json!({"table": table, "fields": {"Name": name}});
            let written = writer
                .api()
                .post("/v1/records")
                .token(&tenant.token)
                .json(&body)
                .send()
                .await?
                .expect(201)?;
            let (version, id) =
                (written.version()?, written.json()["id"].as_str().unwrap_or_default().to_owned());
            for path in [
                format!("/v1/records/{id}"),
                format!("/v1/records?table={table}&sort=-Name&count=true"),
                format!("/v1/bases/{base}"),
            ] {
                let read =
                    reader.api().get(&path).token(&tenant.token).header("min-version", &version.to_string());
                let read = read.send().await?.expect(200)?;
                assert!(read.version()? >= version, "{path}: {} < {version}", read.version()?);
            }
        }
        assert_eq!(names(&other, &tenant.token, &table).await?.len(), 100);
        Ok(())
    });
}

#[test]
fn a_schema_change_and_a_revoked_token_reach_the_other_server() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        names(&other, &tenant.token, &table).await?;
        let body = json!({"name": "Added", "type": "number", "options": {}});
        let path = format!("/v1/tables/{table}/fields");
        system.api().post(&path).token(&tenant.token).json(&body).send().await?.expect(201)?;
        eventually("the field on the other server", Duration::from_secs(1), async || {
            let seen = other
                .api()
                .get(&format!("/v1/bases/{base}"))
                .token(&tenant.token)
                .send()
                .await?
                .expect(200)?;
            Ok(seen.text.contains("\"Added\"").then_some(()))
        })
        .await?;
        system.system.tenancy.suspend(tenant.summary.id, "a test").await?;
        eventually("the suspension on the other server", Duration::from_secs(2), async || {
            let refused = other.api().get("/v1/bases").token(&tenant.token).send().await?;
            Ok((refused.status == 403 && refused.code() == "tenant_suspended").then_some(()))
        })
        .await?;
        system.system.tenancy.resume(tenant.summary.id).await?;
        eventually("the end of the suspension", Duration::from_secs(2), async || {
            Ok((other.api().get("/v1/bases").token(&tenant.token).send().await?.status == 200).then_some(()))
        })
        .await
    });
}
