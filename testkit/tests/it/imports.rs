//! An import that is run several times, even at the same time, writes each row once.

use crate::world::small_table;
use bases::imports::run::RunImport;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use testkit::{eventually, run};

const ROWS: usize = 9_000;

#[test]
fn an_import_run_by_three_at_once_doubles_nothing() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let mut csv = "Name\n".to_owned();
        for row in 0..ROWS {
            csv.push_str(&format!("row {row}\n"));
        }
        let upload = system.api().post("/v1/imports").token(&tenant.token).upload(&base, csv.trim_end());
        let import = upload.send().await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1/imports/{import}/start");
        system
            .api()
            .post(&path)
            .token(&tenant.token)
            .json(&json!({"table": table}))
            .send()
            .await?
            .expect(202)?;
        // The workers of both servers may take the job; here two more run it without asking.
        let job = RunImport { tenant: tenant.summary.id, import: import.parse()? };
        let runs = join_all([&**system, &other].map(|server| server.system.bases.run_import(&job))).await;
        for error in runs.into_iter().filter_map(Result::err) {
            // A run that lost is told so and would be tried again; anything else is a fault.
            assert!(error.code().retryable() || error.code() == kernel_core::Code::Conflict, "{error:?}");
        }
        let path = format!("/v1/imports/{import}");
        let done = eventually("the end of the import", Duration::from_secs(60), async || {
            let state = system.api().get(&path).token(&tenant.token).send().await?.expect(200)?.json();
            Ok((state["state"] != "running").then_some(state))
        })
        .await?;
        assert_eq!(
            (done["state"].as_str(), done["created"].as_u64()),
            (Some("done"), Some(ROWS as u64)),
            "{done}"
        );
        let sql = system.sql("data", "nclc_platform").await?;
        let counted = sql
            .query_one(
                "select count(*), count(distinct data->>'1') from data.records where tenant_id = $1",
                &[&tenant.summary.id.uuid()],
            )
            .await?;
        let (rows, distinct): (i64, i64) = (counted.get(0), counted.get(1));
        assert_eq!((rows, distinct), (ROWS as i64, ROWS as i64));
        // A run after the end does nothing.
        other.system.bases.run_import(&job).await?;
        let path = format!("/v1/records?table={table}&count=true&limit=1");
        let page = other.api().get(&path).token(&tenant.token).send().await?.expect(200)?;
        assert_eq!(page.json()["count"], ROWS);
        Ok(())
    });
}
