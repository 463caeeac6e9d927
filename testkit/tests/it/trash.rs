//! The trash, the activity log and undo over HTTP: what is deleted comes back, also on another process and after its memory is
//! gone; nobody restores, reads or undoes what is not theirs.

use crate::permissions::{Office, field_key, grant, table_no};
use kernel_core::access::TableGrant;
use kernel_core::{FieldLevel, Grants, Level, Role};
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
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        let request = self.api.request(method.parse()?, path).token(self.token);
        match &body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }
    async fn restore(&self, base: &str, item: &str) -> anyhow::Result<Answer> {
        self.send("POST", &format!("/v1/bases/{base}/trash/{item}/restore"), None).await
    }
    async fn undo(&self, base: &str, version: u64) -> anyhow::Result<Answer> {
        self.send("POST", &format!("/v1/bases/{base}/changes/{version}/undo"), None).await
    }
    /// Kind and name of what is in the trash, newest first.
    async fn trash(&self, base: &str) -> anyhow::Result<Vec<String>> {
        let answer = self.get(&format!("/v1/bases/{base}/trash")).await?.expect(200)?.json();
        let line = |item: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{} {}", text(&item["kind"]), text(&item["name"]))
        };
        Ok(answer["data"].as_array().into_iter().flatten().map(line).collect())
    }
}

#[test]
fn what_is_deleted_comes_back_everywhere() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let before = at.get(&format!("/v1/records/{first}")).await?.expect(200)?.json();
        for path in
            [format!("/v1/records/{first}"), format!("/v1/fields/{salary}"), format!("/v1/tables/{people}")]
        {
            let gone = at.send("DELETE", &path, None).await?;
            assert!(gone.status.is_success(), "{path}: {}", gone.text);
        }
        assert_eq!(at.get(&format!("/v1/tables/{people}")).await?.status, 404);
        // The record and the field are in a table that is there no more.
        assert_eq!(at.trash(base).await?, ["table People"]);
        assert_eq!(at.restore(base, salary).await?.status, 404);

        // Another process loads the base with its trash.
        let other = system.another_server().await?;
        let there = At { api: other.api(), token: &ours.token };
        assert_eq!(there.trash(base).await?, ["table People"]);
        there.restore(base, people).await?.expect(200)?;
        assert_eq!(there.trash(base).await?, ["field Salary", "record Ann"]);
        let version = there.restore(base, salary).await?.expect(200)?.version()?;
        there.restore(base, first).await?.expect(200)?;
        assert_eq!(there.restore(base, first).await?.status, 404, "there already");
        let path = format!("/v1/records/{first}");
        let after = at.api.get(&path).token(at.token).header("Min-Version", &(version + 1).to_string());
        assert_eq!(after.send().await?.expect(200)?.json()["fields"], before["fields"]);
        // The link of the other table came back with the table.
        let shown = at.get(&format!("/v1/bases/{base}")).await?;
        assert!(shown.text.contains("\"Who\""), "{}", shown.text);
        assert_eq!(at.trash(base).await?, Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn what_is_due_is_ended() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        at.send("DELETE", &format!("/v1/fields/{salary}"), None).await?.expect(204)?;
        system.system.bases.empty_trash().await?;
        assert_eq!(at.trash(base).await?, ["field Salary"], "not due yet");
        // Thirty-one days later.
        let data = system.sql("data", "nclc_platform").await?;
        data.execute("update data.fields set deleted_at = deleted_at - interval '31 days' where deleted_at is not null", &[])
            .await?;
        let other = system.another_server().await?;
        other.system.bases.empty_trash().await?;
        let there = At { api: other.api(), token: &ours.token };
        assert_eq!(there.trash(base).await?, Vec::<String>::new());
        assert_eq!(there.restore(base, salary).await?.status, 404);
        // Its number is not given out again, and a new field of the name is empty.
        let new = json!({"name": "Salary", "type": "text", "options": {}});
        let made =
            there.send("POST", &format!("/v1/tables/{people}/fields"), Some(new)).await?.expect(201)?.json();
        assert_ne!(made["id"], json!(salary));
        let records = there.get(&format!("/v1/records?table={people}")).await?;
        assert!(!records.text.contains("topsecret"), "{}", records.text);
        Ok(())
    });
}

#[test]
fn changes_are_told_and_taken_back() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let record = format!("/v1/records/{first}");
        let patch = |value: &str| Some(json!({"fields": {"Team": value}}));
        let one = at.send("PATCH", &record, patch("East")).await?.expect(200)?.version()?;
        let log = at.get(&format!("/v1/bases/{base}/activity?limit=1")).await?.expect(200)?.json();
        let entry = &log["data"][0];
        assert_eq!((entry["version"].as_u64(), &entry["kind"]), (Some(one), &json!("update")), "{log}");
        assert_eq!(entry["tables"][0]["fields"], json!(["Team"]), "{log}");
        assert_eq!(entry["tables"][0]["records"][0]["name"], "Ann", "{log}");
        assert_eq!(log["next"].as_u64(), Some(one));

        let two = at.undo(base, one).await?.expect(200)?.json()["version"].as_u64().unwrap_or_default();
        assert_eq!(at.get(&record).await?.json()["fields"]["Team"], "North");
        assert_eq!(at.undo(base, one).await?.code(), "conflict", "it was taken back already");
        at.undo(base, two).await?.expect(200)?;
        assert_eq!(at.get(&record).await?.json()["fields"]["Team"], "East", "and done again");
        at.send("PATCH", &record, patch("West")).await?.expect(200)?;
        let refused = at.undo(base, one).await?;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "conflict"));
        assert_eq!(at.get(&record).await?.json()["fields"]["Team"], "West");

        // A deleted field comes back by undo as well.
        let gone = at.send("DELETE", &format!("/v1/fields/{salary}"), None).await?.expect(204)?;
        let gone = match gone.version() {
            Ok(version) => version,
            Err(_) => at.get(&format!("/v1/bases/{base}")).await?.version()?,
        };
        at.undo(base, gone).await?.expect(200)?;
        assert_eq!(at.get(&record).await?.json()["fields"]["Salary"], "topsecret");

        for (what, status, path) in [
            ("by kind", 200, format!("/v1/bases/{base}/activity?kind=schema&table={people}")),
            ("by actor", 200, format!("/v1/bases/{base}/activity?actor=usr_nobody")),
            (
                "by time",
                200,
                format!("/v1/bases/{base}/activity?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"),
            ),
            ("limit", 422, format!("/v1/bases/{base}/activity?limit=1000")),
            ("kind", 422, format!("/v1/bases/{base}/activity?kind=everything")),
            ("member", 422, format!("/v1/bases/{base}/activity?who=me")),
        ] {
            let answer = at.get(&path).await?;
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
            if what == "by kind" {
                assert!(
                    answer.text.contains("\"deleted\"") && !answer.text.contains("\"update\""),
                    "{}",
                    answer.text
                );
            } else if status == 200 {
                assert_eq!(answer.json()["data"], json!([]), "{what}");
            }
        }
        let file = at.get(&format!("/v1/bases/{base}/activity.csv")).await?.expect(200)?;
        let lines: Vec<&str> = file.text.lines().collect();
        assert!(lines[0].ends_with("version,at,who,name,done,what,in,names,count"), "{}", lines[0]);
        let told = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
        assert_eq!((told(",deleted,field,People,Salary,1"), told(",restored,field,People,Salary,1")), (1, 1));
        assert!(told(",changed,record,People,Ann,1") >= 4, "{}", file.text);
        for missing in [0, 999_999] {
            assert_eq!(at.undo(base, missing).await?.status, 404, "{missing}");
        }
        Ok(())
    });
}

#[test]
fn others_changes_and_hidden_fields_are_not_ones_own() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let owner = At { api: system.api(), token: &ours.token };
        let editor = system.join(&ours, Role::Editor).await?;
        let editor = At { api: system.api(), token: &editor.token };
        let patch = |value: &str| Some(json!({"fields": {"Team": value}}));
        let record = format!("/v1/records/{first}");
        let theirs = owner.send("PATCH", &record, patch("East")).await?.expect(200)?.version()?;
        assert_eq!(editor.undo(base, theirs).await?.status, 403, "somebody else's");
        let own = editor.send("PATCH", &record, patch("South")).await?.expect(200)?.version()?;
        editor.undo(base, own).await?.expect(200)?;
        assert_eq!(editor.get(&format!("/v1/bases/{base}/activity")).await?.status, 403);

        // A manager of the base from whom a field is hidden.
        let admin = system.join(&ours, Role::Admin).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &admin, &hidden).await?;
        let admin = At { api: system.api(), token: &admin.token };
        let raise = Some(json!({"fields": {"Salary": "topsecret2"}}));
        let raise = owner.send("PATCH", &record, raise).await?.expect(200)?.version()?;
        owner.send("DELETE", &format!("/v1/fields/{salary}"), None).await?.expect(204)?;
        let log = admin.get(&format!("/v1/bases/{base}/activity?table={people}")).await?.expect(200)?;
        let file = admin.get(&format!("/v1/bases/{base}/activity.csv")).await?.expect(200)?;
        for text in [&log.text, &file.text] {
            assert!(!text.contains("Salary") && !text.contains("topsecret"), "{text}");
        }
        assert_eq!(admin.trash(base).await?, Vec::<String>::new());
        assert_eq!(admin.restore(base, salary).await?.status, 404);
        assert_eq!(admin.undo(base, raise).await?.status, 403);
        owner.restore(base, salary).await?.expect(200)?;
        let kept = owner.get(&record).await?.json();
        assert_eq!(kept["fields"]["Salary"], "topsecret2");

        // That a table went is told to who could restore it, also in the log of that table alone.
        let reader = system.join(&ours, Role::Admin).await?;
        let reads = TableGrant { level: Some(Level::Read), ..TableGrant::default() };
        let reads = Grants { table: [(table_no(people), reads)].into(), ..Grants::default() };
        grant(system, &ours, &reader, &reads).await?;
        let reader = At { api: system.api(), token: &reader.token };
        owner.send("DELETE", &format!("/v1/tables/{people}"), None).await?.expect(204)?;
        for (at, is_told) in [(&owner, true), (&reader, false)] {
            let log = at.get(&format!("/v1/bases/{base}/activity?table={people}")).await?.expect(200)?.json();
            let entries = log["data"].as_array().into_iter().flatten();
            let mut parts = entries.flat_map(|entry| entry["schema"].as_array().into_iter().flatten());
            let told = parts.any(|part| part["what"] == "table" && part["done"] == "deleted");
            assert_eq!(told, is_told, "{log}");
        }

        let strangers = system.fresh_tenant().await?;
        let stranger = At { api: system.api(), token: &strangers.token };
        for answer in [
            stranger.get(&format!("/v1/bases/{base}/trash")).await?,
            stranger.get(&format!("/v1/bases/{base}/activity")).await?,
            stranger.get(&format!("/v1/bases/{base}/activity.csv")).await?,
            stranger.undo(base, raise).await?,
            stranger.restore(base, salary).await?,
        ] {
            assert_eq!(answer.status, 404, "{}", answer.text);
        }
        Ok(())
    });
}
