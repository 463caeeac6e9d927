//! A base as of a version or a time over HTTP: records, windows and schema as they were then; nothing that is hidden today; clear
//! answers beyond what is kept.

use crate::permissions::{Office, field_key, grant, table_no};
use kernel_core::access::TableGrant;
use kernel_core::{Clock, FieldLevel, Grants, Role, TenantId};
use serde_json::{Value, json};
use testkit::{Answer, Client, run};

struct At<'a> {
    api: Client,
    token: &'a str,
}

impl At<'_> {
    async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.api.get(path).token(self.token).send().await
    }
    async fn send(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.api.request(method.parse()?, path).token(self.token).json(&body).send().await
    }
    async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.api.request("DELETE".parse()?, path).token(self.token).send().await?.expect(204)?;
        Ok(())
    }
    async fn version(&self, base: &str) -> anyhow::Result<u64> {
        self.get(&format!("/v1/bases/{base}")).await?.expect(200)?.version()
    }
}

#[test]
fn records_and_schema_are_as_they_were() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, second, view } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let record = format!("/v1/records/{first}");
        let list = format!("/v1/records?table={people}&sort=Name");
        let (then, before) = (at.version(base).await?, Clock::System.now());
        let one = at.get(&record).await?.expect(200)?.json();
        let all = at.get(&list).await?.expect(200)?.json();
        let shape = at.get(&format!("/v1/bases/{base}")).await?.json();

        at.send("PATCH", &record, json!({"fields": {"Name": "Anna", "Team": "East"}})).await?.expect(200)?;
        let renamed = at.version(base).await?;
        at.send("PATCH", &format!("/v1/fields/{salary}"), json!({"name": "Pay"})).await?.expect(200)?;
        at.delete(&format!("/v1/fields/{salary}")).await?;
        at.delete(&format!("/v1/records/{second}")).await?;
        at.send("POST", "/v1/records", json!({"table": people, "fields": {"Name": "Cy"}}))
            .await?
            .expect(201)?;

        for moment in [then.to_string(), before.to_string()] {
            let past = at.get(&format!("{record}?as_of={moment}")).await?.expect(200)?;
            assert_eq!((past.version()?, past.json()), (then, one.clone()), "{moment}");
            assert_eq!(at.get(&format!("{list}&as_of={moment}")).await?.expect(200)?.json(), all, "{moment}");
            let asked = json!({"table": people, "sort": [{"field": "Name"}], "as_of": moment});
            let asked = at.send("POST", "/v1/records/query", asked).await?.expect(200)?;
            assert_eq!(asked.json(), all, "{moment}");
            let past = at.get(&format!("/v1/bases/{base}?as_of={moment}")).await?.expect(200)?.json();
            let names = |shape: &Value| -> Vec<String> {
                let tables = shape["tables"].as_array().into_iter().flatten();
                let fields = tables.flat_map(|table| table["fields"].as_array().into_iter().flatten());
                fields.map(|field| field["name"].to_string()).collect()
            };
            assert_eq!((names(&past), &past["version"]), (names(&shape), &json!(then)));
            // To be read and nothing else.
            assert_eq!(past["may"], json!(["read"]));
            assert!(!past.to_string().contains("\"read_only\":false"), "{past}");
            let window = format!("/v1/tables/{people}/window?as_of={moment}");
            let rows = at.send("POST", &window, json!({"view": view})).await?.expect(200)?.json();
            assert_eq!((&rows["total"], &rows["version"]), (&json!(2), &json!(then)), "{rows}");
            assert!(rows.to_string().contains("topsecret"), "{rows}");
            let totals = format!("/v1/tables/{people}/aggregates?as_of={moment}");
            let totals =
                at.send("POST", &totals, json!({"fields": {"Salary": "filled"}})).await?.expect(200)?;
            assert_eq!(totals.json()["values"][salary], 2);
            let place = format!("/v1/tables/{people}/position?as_of={moment}");
            let place = at.send("POST", &place, json!({"record": second})).await?.expect(200)?;
            assert_eq!(place.json()["position"], 1);
        }
        // In between: on the way back from a copy that is kept, and on another process.
        let other = system.another_server().await?;
        for api in [system.api(), other.api()] {
            let at = At { api, token: &ours.token };
            let past = at.get(&format!("{record}?as_of={renamed}")).await?.expect(200)?.json();
            let fields = &past["fields"];
            assert_eq!((&fields["Name"], &fields["Team"]), (&json!("Anna"), &json!("East")), "{past}");
            assert_eq!(fields["Salary"], "topsecret");
        }
        // Nothing of it has changed what is now.
        let here = at.get(&record).await?.json();
        assert_eq!((&here["fields"]["Name"], &here["fields"]["Salary"]), (&json!("Anna"), &Value::Null));

        // What the schema was, version by version, and what is different since.
        let versions =
            at.get(&format!("/v1/bases/{base}/schema/versions?limit=2")).await?.expect(200)?.json();
        let done = |at: usize| versions["data"][at]["schema"][0]["done"].clone();
        assert_eq!((done(0), done(1)), (json!("deleted"), json!("changed")), "{versions}");
        assert_eq!(versions["next"].as_u64(), versions["data"][1]["version"].as_u64());
        assert_eq!(at.get(&format!("/v1/bases/{base}/schema/versions?limit=0")).await?.status, 422);
        let path = format!("/v1/bases/{base}/schema/versions/{then}/diff");
        let diff = at.get(&path).await?.expect(200)?.json();
        let gone = diff["data"].as_array().into_iter().flatten().find(|part| part["done"] == "removed");
        assert_eq!(gone.map(|part| &part["id"]), Some(&json!(salary)), "{diff}");
        let pay = at.get(&format!("{path}?to={}", renamed + 1)).await?.expect(200)?.json();
        let name = json!([{"member": "name", "before": "Salary", "after": "Pay"}]);
        assert_eq!((&pay["data"][0]["members"], pay["to"].as_u64()), (&name, Some(renamed + 1)), "{pay}");
        assert_eq!(at.get(&format!("{path}?to=soon")).await?.status, 422);

        // A table that is gone is found by its id.
        at.delete(&format!("/v1/tables/{people}")).await?;
        assert_eq!(at.get(&list).await?.status, 404);
        assert_eq!(at.get(&format!("{list}&as_of={then}")).await?.expect(200)?.json(), all);
        Ok(())
    });
}

#[test]
fn what_is_no_moment_of_the_base_is_refused() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, first, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let next = at.version(base).await? + 1;
        for (moment, code) in [
            ("soon".to_owned(), "invalid_value"),
            (String::new(), "invalid_value"),
            ("-1".to_owned(), "invalid_value"),
            (next.to_string(), "invalid_value"),
            ("2001-01-01T00:00:00Z".to_owned(), "invalid_value"),
            ("2999-01-01T00:00:00Z".to_owned(), "invalid_value"),
        ] {
            for path in [
                format!("/v1/bases/{base}?as_of={moment}"),
                format!("/v1/records/{first}?as_of={moment}"),
                format!("/v1/records?table={people}&as_of={moment}"),
            ] {
                let answer = at.get(&path).await?;
                assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code), "{path}");
            }
        }
        // Before anything was in it.
        let empty = at.get(&format!("/v1/bases/{base}?as_of=0")).await?.expect(200)?.json();
        assert_eq!(empty["tables"], json!([]));
        assert_eq!(at.get(&format!("/v1/records/{first}?as_of=0")).await?.status, 404);
        // What would say something of today.
        for more in ["expand=Tasks", "include=comment_count"] {
            let answer = at.get(&format!("/v1/records/{first}?as_of=1&{more}")).await?;
            assert_eq!(answer.status, 422, "{more}: {}", answer.text);
        }
        // A field of today is none of then.
        let made = at.version(base).await?;
        let new = json!({"name": "Floor", "type": "number"});
        at.send("POST", &format!("/v1/tables/{people}/fields"), new).await?.expect(201)?;
        let asked = format!("/v1/records?table={people}&filter=%7BFloor%7D%3D1");
        at.get(&asked).await?.expect(200)?;
        assert_eq!(at.get(&format!("{asked}&as_of={made}")).await?.code(), "bad_filter");
        // History that is not kept any more.
        let data = system.sql("data", "nclc_platform").await?;
        let tenant = ours.summary.id.uuid();
        data.execute("delete from data.changes where tenant_id = $1 and seq <= 3", &[&tenant]).await?;
        for (moment, status) in [(0, 410), (2, 410), (3, 200), (made, 200)] {
            let fresh = system.another_server().await?;
            let answer = fresh
                .api()
                .get(&format!("/v1/bases/{base}?as_of={moment}"))
                .token(&ours.token)
                .send()
                .await?;
            assert_eq!(answer.status.as_u16(), status, "{moment}: {}", answer.text);
            if status == 410 {
                assert_eq!(answer.code(), "history_expired");
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_hidden_today_is_hidden_in_the_past() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let owner = At { api: system.api(), token: &ours.token };
        let show =
            json!({"name": "Shown pay", "type": "formula", "options": {"formula": "{Salary} & \"!\""}});
        let show = owner.send("POST", &format!("/v1/tables/{people}/fields"), show).await?.expect(201)?;
        let show = show.json()["id"].as_str().unwrap_or_default().to_owned();
        let then = owner.version(base).await?;
        // The formula becomes a plain text that says something else: today it may be read, then it may not.
        let text = json!({"type": "text"});
        owner.send("PATCH", &format!("/v1/fields/{show}"), text).await?.expect(200)?;
        let clear = json!({"fields": {"Shown pay": "none"}});
        owner.send("PATCH", &format!("/v1/records/{first}"), clear).await?.expect(200)?;

        let member = system.join(&ours, Role::Editor).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let member = At { api: system.api(), token: &member.token };
        let check = async || {
            for path in [
                format!("/v1/bases/{base}?as_of={then}"),
                format!("/v1/records/{first}?as_of={then}"),
                format!("/v1/records?table={people}&as_of={then}"),
            ] {
                let answer = member.get(&path).await?.expect(200)?;
                assert!(answer.text.contains("Team"), "{}", answer.text);
                for secret in ["topsecret", "Salary", "Shown pay"] {
                    assert!(!answer.text.contains(secret), "{path}: {}", answer.text);
                }
            }
            let asked =
                format!("/v1/records?table={people}&as_of={then}&filter=%7BSalary%7D%3D%22topsecret%22");
            assert_eq!(member.get(&asked).await?.code(), "bad_filter");
            let window = format!("/v1/tables/{people}/window?as_of={then}");
            let rows = member.send("POST", &window, json!({"search": "topsecret"})).await?.expect(200)?;
            assert_eq!(rows.json()["total"], 0, "{}", rows.text);
            anyhow::Ok(())
        };
        check().await?;
        // Also when it is deleted.
        owner.delete(&format!("/v1/fields/{salary}")).await?;
        check().await?;

        // Who sees some rows only sees none of the past, nor the names of those records elsewhere.
        let some = system.join(&ours, Role::Editor).await?;
        let rows = TableGrant { rows: Some("{Team} = \"South\"".to_owned()), ..TableGrant::default() };
        let rows = Grants { table: [(table_no(people), rows)].into(), ..Grants::default() };
        grant(system, &ours, &some, &rows).await?;
        let some = At { api: system.api(), token: &some.token };
        some.get(&format!("/v1/records?table={people}")).await?.expect(200)?;
        assert_eq!(some.get(&format!("/v1/records?table={people}&as_of={then}")).await?.status, 403);
        let shape = some.get(&format!("/v1/bases/{base}?as_of={then}")).await?.expect(200)?;
        assert!(shape.text.contains("Tasks") && !shape.text.contains("\"Who\""), "{}", shape.text);

        let strangers = system.fresh_tenant().await?;
        let stranger = At { api: system.api(), token: &strangers.token };
        for path in [
            format!("/v1/bases/{base}?as_of={then}"),
            format!("/v1/records/{first}?as_of={then}"),
            format!("/v1/records?table={people}&as_of={then}"),
        ] {
            assert_eq!(stranger.get(&path).await?.status, 404, "{path}");
        }
        Ok(())
    });
}

/// A plan that keeps history for a month.
struct Month;

impl bases::HistoryPlans for Month {
    fn history_days(&self, _: TenantId) -> tenancy::Later<'_, Option<i64>> {
        Box::pin(async { Ok(Some(30)) })
    }
}

#[test]
fn old_changes_go_and_what_a_snapshot_needs_stays() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, second, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let wanted = json!({"options": {"filters": {"dataTypes": ["tableData", "tableFields"]}}});
        let hooks = format!("/v0/bases/{base}/webhooks");
        let hook = at.send("POST", &hooks, json!({"specification": wanted})).await?.expect(200)?.json();
        let payloads = format!("{hooks}/{}/payloads", hook["id"].as_str().unwrap_or_default());
        at.delete(&format!("/v1/records/{second}")).await?;
        let kept = at.version(base).await?;
        let snapshots = format!("/v1/bases/{base}/snapshots");
        let snapshot = at.send("POST", &snapshots, json!({"name": "Kept"})).await?.expect(201)?.json();
        at.send("POST", &format!("/v1/tables/{people}/fields"), json!({"name": "Floor", "type": "text"}))
            .await?
            .expect(201)?;
        let last = at.version(base).await?;
        let told = at.get(&payloads).await?.expect(200)?.json()["payloads"].clone();
        assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
        // Forty days later.
        let data = system.sql("data", "nclc_platform").await?;
        let tenant = ours.summary.id.uuid();
        let aged = "update data.changes set at = at - interval '40 days' where tenant_id = $1";
        data.execute(aged, &[&tenant]).await?;
        let first = async || {
            let row =
                data.query_one("select min(seq) from data.changes where tenant_id = $1", &[&tenant]).await?;
            anyhow::Ok(row.get::<_, i64>(0).unsigned_abs())
        };
        assert_eq!(first().await?, 1);
        system.system.bases.prune_history(&Month).await?;
        assert_eq!(first().await?, kept + 1, "the snapshot's version can be reached");
        let fresh = system.another_server().await?;
        let there = At { api: fresh.api(), token: &ours.token };
        let past = there.get(&format!("/v1/bases/{base}?as_of={kept}")).await?.expect(200)?;
        assert!(!past.text.contains("Floor"), "{}", past.text);
        for path in [format!("/v1/bases/{base}?as_of={}", kept - 1), format!("/v1/records/{second}?as_of=1")]
        {
            let answer = there.get(&path).await?;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (410, "history_expired"), "{path}");
        }
        // Cursors of webhooks mean what they meant, as far as there is something to tell.
        let second_only = there.get(&format!("{payloads}?cursor=2")).await?.expect(200)?.json();
        assert_eq!(second_only["payloads"], json!([told[1]]), "{second_only}");
        assert_eq!(there.get(&format!("{payloads}?cursor=1")).await?.status, 422);
        let undo = there.send("POST", &format!("/v1/bases/{base}/changes/2/undo"), json!({})).await?;
        assert_eq!((undo.status.as_u16(), undo.code().as_str()), (410, "history_expired"));
        let log = there.get(&format!("/v1/bases/{base}/activity")).await?.expect(200)?.json();
        assert_eq!(
            (log["data"].as_array().map(Vec::len), log["kept_since"].is_string()),
            (Some(1), true),
            "{log}"
        );
        // The deleted record's number is not given out again, though nothing but a change knew of it.
        let new = json!({"table": people, "fields": {"Name": "Dee"}});
        let made = there.send("POST", "/v1/records", new).await?.expect(201)?.json();
        assert_ne!(made["id"], json!(second));

        // Without the snapshot all goes but the last days, and always the last change stays.
        let id = snapshot["id"].as_str().unwrap_or_default();
        at.delete(&format!("{snapshots}/{id}")).await?;
        system.system.bases.prune_history(&Month).await?;
        assert_eq!(first().await?, last + 1);
        data.execute(aged, &[&tenant]).await?;
        system.system.bases.prune_history(&Month).await?;
        assert_eq!(first().await?, last + 1);
        Ok(())
    });
}
