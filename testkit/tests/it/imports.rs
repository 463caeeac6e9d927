//! An import that is run several times, even at the same time, writes each row once.

use crate::permissions::{Office, field_key, grant, table_no};
use crate::world::small_table;
use bases::imports::run::RunImport;
use futures_util::future::join_all;
use kernel_core::access::TableGrant;
use kernel_core::{FieldLevel, Grants, Level, Role};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Tenant, TestSystem, eventually, run};
use uuid::Uuid;

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
        assert_eq!(counts(system, &tenant).await?, (ROWS as i64, ROWS as i64));
        // A run after the end does nothing.
        other.system.bases.run_import(&job).await?;
        let path = format!("/v1/records?table={table}&count=true&limit=1");
        let page = other.api().get(&path).token(&tenant.token).send().await?.expect(200)?;
        assert_eq!(page.json()["count"], ROWS);
        Ok(())
    });
}

#[test]
fn a_new_table_is_named_by_what_people_call_its_records() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let post = |path: &str| system.api().post(path).token(&tenant.token);
        let upload = async || {
            let sent = post("/v1/imports").upload(&base, "ID,Name,City\n1,Oak,Ulm\n2,Ash,Ulm\n");
            anyhow::Ok(sent.send().await?.expect(201)?.json())
        };
        // The field that names the records of the table that an import made.
        let primary = async |started: serde_json::Value| {
            let schema = system.api().get(&format!("/v1/bases/{base}")).token(&tenant.token);
            let schema = schema.send().await?.expect(200)?.json();
            let tables = schema["tables"].as_array().cloned().unwrap_or_default();
            let made = tables.iter().find(|made| made["id"] == started["table"]).cloned().unwrap_or_default();
            let fields = made["fields"].as_array().cloned().unwrap_or_default();
            let field = fields.iter().find(|field| field["id"] == made["primary_field"]);
            anyhow::Ok(
                field.map_or_else(String::new, |field| field["name"].as_str().unwrap_or_default().to_owned()),
            )
        };
        for (plan, expected) in [
            (json!({"name": "Guessed"}), "Name"),
            (json!({"name": "Chosen", "primary": "City"}), "City"),
            (
                json!({"name": "Left out", "columns": [{"column": "Name", "skip": true}], "primary": "City"}),
                "City",
            ),
            (json!({"name": "First", "primary": "ID"}), "ID"),
        ] {
            let preview = upload().await?;
            assert_eq!(preview["primary"], "Name");
            let path = format!("/v1/imports/{}/start", preview["id"].as_str().unwrap_or_default());
            let started = post(&path).json(&plan).send().await?.expect(202)?.json();
            assert_eq!(primary(started).await?, expected, "{plan}");
        }
        for (plan, code) in [
            (json!({"name": "Wrong", "primary": "Town"}), "unknown_field"),
            (json!({"table": table, "primary": "Name"}), "invalid_value"),
        ] {
            let preview = upload().await?;
            let path = format!("/v1/imports/{}/start", preview["id"].as_str().unwrap_or_default());
            let refused = post(&path).json(&plan).send().await?.expect(422)?.json();
            assert_eq!(
                (&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]),
                (&json!(code), &json!("#/primary")),
                "{plan}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_link_column_does_not_find_out_what_is_hidden() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, people, salary, .. } = Office::of(system, &ours).await?;
        let member = system.join(&ours, Role::Admin).await?;
        let schema = system.api().get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.json();
        let tasks = schema["tables"].as_array().into_iter().flatten().find(|table| table["name"] == "Tasks");
        let tasks = tasks.and_then(|table| table["id"].as_str()).unwrap_or_default();
        let start = async |plan: Value| {
            let post = |path: &str| system.api().post(path).token(&member.token);
            let sent = post("/v1/imports").upload(&base, "Title,Who\nSpy,topsecret\n").send().await?;
            let import = sent.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
            post(&format!("/v1/imports/{import}/start")).json(&plan).send().await
        };
        let link = |by: &str| json!([{"column": "Who", "link": {"table": people, "by": by}}]);
        let hidden = Grants { field: [(field_key(&salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        for (plan, pointer) in [
            (json!({"table": tasks, "columns": link("Salary")}), "#/columns/link/by"),
            (json!({"table": tasks, "columns": link(&salary)}), "#/columns/link/by"),
            (json!({"name": "Spies", "columns": link("Salary")}), "#/columns/1/link/by"),
        ] {
            let refused = start(plan.clone()).await?.expect(422)?.json();
            let error = &refused["errors"][0];
            let told = (&error["code"], &error["pointer"]);
            assert_eq!(told, (&json!("unknown_field"), &json!(pointer)), "{plan}: {refused}");
        }
        start(json!({"table": tasks, "columns": link("Name")})).await?.expect(202)?;
        // A table that is not there, by either way of naming it.
        let none = TableGrant { level: Some(Level::None), ..TableGrant::default() };
        let grants = Grants { table: [(table_no(&people), none)].into(), ..Grants::default() };
        grant(system, &ours, &member, &grants).await?;
        for column in [
            json!({"column": "Who", "link": {"table": people}}),
            json!({"column": "Who", "type": "link", "options": {"table": people}}),
        ] {
            let refused = start(json!({"name": "Spies", "columns": [column]})).await?.expect(422)?.json();
            let error = &refused["errors"][0];
            let told = (&error["code"], &error["pointer"]);
            assert_eq!(told, (&json!("invalid_value"), &json!("#/columns/1/link/table")), "{refused}");
        }
        Ok(())
    });
}

/// Records of the tenant, and their different names.
async fn counts(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<(i64, i64)> {
    let sql = system.sql("data", "nclc_platform").await?;
    let counted = sql
        .query_one(
            "select count(*), count(distinct data->>'1') from data.records where tenant_id = $1",
            &[&tenant.summary.id.uuid()],
        )
        .await?;
    Ok((counted.get(0), counted.get(1)))
}

#[test]
fn an_import_that_ends_before_its_first_saved_progress_goes_on_without_loss_or_repetition() {
    run(async |system| {
        const ROWS: usize = 16_000;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let csv: String = (0..ROWS).fold("Name".to_owned(), |csv, row| format!("{csv}\nrow {row}"));
        let upload = system.api().post("/v1/imports").token(&tenant.token).upload(&base, &csv);
        let import = upload.send().await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let import: Uuid = import.parse()?;
        // Started as the route does it, but without the job: nobody else runs it.
        let sql = system.sql("data", "nclc_platform").await?;
        let started = "update data.imports set state = 'running', plan = $3,
            table_id = (select id from data.tables t where t.tenant_id = $1 order by t.position, t.id limit 1)
            where tenant_id = $1 and id = $2";
        let tenant_id = tenant.summary.id.uuid();
        sql.execute(started, &[&tenant_id, &import, &json!({"table": table})]).await?;

        // The run ends as at a kill: after the first chunks are committed, before anything was noted about them.
        let job = RunImport { tenant: tenant.summary.id, import };
        let bases = &system.system.bases;
        tokio::select! {
            done = bases.run_import(&job) => panic!("the run came to its end: {done:?}"),
            written = eventually("the first chunk", Duration::from_secs(60), async || {
                let (rows, _) = counts(system, &tenant).await?;
                Ok((rows > 0).then_some(rows))
            }) => assert!(written? < ROWS as i64),
        }
        let progress = "select done from data.imports where tenant_id = $1 and id = $2";
        let done: i64 = sql.query_one(progress, &[&tenant_id, &import]).await?.get(0);
        assert_eq!(done, 0, "progress was saved already: the test sees nothing");

        // Chunks that were on their way to Postgres may still arrive; a run that meets one is told to try again.
        eventually("the end of the import", Duration::from_secs(60), async || {
            match bases.run_import(&job).await {
                Ok(()) => Ok(Some(())),
                Err(error) if error.code().retryable() => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
        assert_eq!(counts(system, &tenant).await?, (ROWS as i64, ROWS as i64));
        let state = "select state, done, created from data.imports where tenant_id = $1 and id = $2";
        let row = sql.query_one(state, &[&tenant_id, &import]).await?;
        let state: (&str, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(state, ("done", ROWS as i64, ROWS as i64));
        Ok(())
    });
}

#[test]
fn a_replacing_import_that_is_interrupted_goes_on_and_keeps_what_it_made() {
    run(async |system| {
        const OLD: usize = 3_000;
        const ROWS: usize = 12_000;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let post = |path: &str| system.api().post(path).token(&tenant.token);
        let csv = |word: &str, rows: usize| {
            (0..rows).fold("Name".to_owned(), |csv, row| format!("{csv}\n{word} {row}"))
        };
        let upload = async |csv: String| {
            let sent = post("/v1/imports").upload(&base, &csv).send().await?.expect(201)?;
            anyhow::Ok(sent.json()["id"].as_str().unwrap_or_default().parse::<Uuid>()?)
        };
        let bases = &system.system.bases;
        let sql = system.sql("data", "nclc_platform").await?;
        let tenant_id = tenant.summary.id.uuid();
        let start = "update data.imports set state = 'running', plan = $3,
            table_id = (select id from data.tables t where t.tenant_id = $1 limit 1),
            replace_below = (select max(r.id) + 1 from data.records r where r.tenant_id = $1)
            where tenant_id = $1 and id = $2";
        let old = upload(csv("old", OLD)).await?;
        sql.execute(start, &[&tenant_id, &old, &json!({"table": table})]).await?;
        bases.run_import(&RunImport { tenant: tenant.summary.id, import: old }).await?;
        assert_eq!(counts(system, &tenant).await?.0, OLD as i64);

        let import = upload(csv("row", ROWS)).await?;
        sql.execute(start, &[&tenant_id, &import, &json!({"table": table, "mode": "replace"})]).await?;
        let job = RunImport { tenant: tenant.summary.id, import };
        let written = "select count(*) from data.records where tenant_id = $1 and data->>'1' like 'row %'";
        tokio::select! {
            done = bases.run_import(&job) => panic!("the run came to its end: {done:?}"),
            rows = eventually("the first chunk", Duration::from_secs(60), async || {
                let rows: i64 = sql.query_one(written, &[&tenant_id]).await?.get(0);
                Ok((rows > 0).then_some(rows))
            }) => assert!(rows? < ROWS as i64),
        }
        eventually("the end of the import", Duration::from_secs(60), async || {
            match bases.run_import(&job).await {
                Ok(()) => Ok(Some(())),
                Err(error) if error.code().retryable() => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
        assert_eq!(counts(system, &tenant).await?, (ROWS as i64, ROWS as i64));
        let state = "select state, created, deleted from data.imports where tenant_id = $1 and id = $2";
        let row = sql.query_one(state, &[&tenant_id, &import]).await?;
        let state: (&str, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(state, ("done", ROWS as i64, OLD as i64));
        Ok(())
    });
}

#[test]
fn what_a_hidden_field_did_not_take_is_not_told() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, people, salary, .. } = Office::of(system, &ours).await?;
        let api = system.api();
        // Who owns the field sees what its rule said of the file.
        let rule = json!({"options": {"validation": {"max_length": 5, "message": "Salaries are short."}}});
        let path = format!("/v1/fields/{salary}");
        api.patch(&path).token(&ours.token).json(&rule).send().await?.expect(200)?;
        let post = |path: &str| api.post(path).token(&ours.token);
        let csv = "Name,Salary\nCleo,0123456789\nDan,ok\n";
        let sent = post("/v1/imports").upload(&base, csv).send().await?.expect(201)?.json();
        let import = sent["id"].as_str().unwrap_or_default().to_owned();
        let plan = json!({"table": people});
        post(&format!("/v1/imports/{import}/start")).json(&plan).send().await?.expect(202)?;
        let state = async |token: &str| {
            let answer = api.get(&format!("/v1/imports/{import}")).token(token).send().await?.expect(200)?;
            anyhow::Ok(answer.json())
        };
        let ended = eventually("the import's end", Duration::from_secs(30), async || {
            Ok(Some(state(&ours.token).await?).filter(|state| state["state"] != "running"))
        });
        let ended = ended.await?;
        assert_eq!((&ended["created"], &ended["error_count"]), (&json!(1), &json!(1)), "{ended}");
        let told = &ended["errors"][0];
        assert!(told["message"].as_str().is_some_and(|text| text.contains("Salaries are short.")), "{told}");
        assert_eq!((&told["column"], &told["field"]), (&json!("Salary"), &json!(salary)));
        // Whoever does not see the field is told that a row is missing.
        let member = system.join(&ours, Role::Editor).await?;
        let hidden = Grants { field: [(field_key(&salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let told = state(&member.token).await?["errors"][0].clone();
        assert_eq!(
            (&told["row"], &told["left_out"], &told["column"]),
            (&json!(2), &json!(true), &json!(null))
        );
        let text = told.to_string();
        for word in ["Salar", "0123456789", salary.as_str()] {
            assert!(!text.contains(word), "{text}");
        }
        Ok(())
    });
}
