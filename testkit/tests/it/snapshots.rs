//! Snapshots over HTTP: made, listed, deleted, restored as a new base in which links, formulas and views are those of the copy; the
//! base itself stays as it is.

use crate::permissions::{Office, field_key, grant};
use kernel_core::{FieldLevel, Grants, Role};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
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
    async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.api.request("DELETE".parse()?, path).token(self.token).send().await
    }
    /// Makes a snapshot; its id.
    async fn keep(&self, base: &str, body: Value) -> anyhow::Result<String> {
        let made = self.send("POST", &format!("/v1/bases/{base}/snapshots"), body).await?.expect(201)?;
        Ok(made.json()["id"].as_str().unwrap_or_default().to_owned())
    }
    /// Restores a snapshot; the new base once it is there.
    async fn restored(&self, base: &str, snapshot: &str, body: Value) -> anyhow::Result<String> {
        let path = format!("/v1/bases/{base}/snapshots/{snapshot}/restore");
        let mut state = self.send("POST", &path, body).await?.expect(202)?.json();
        let path = format!("/v1/bases/{base}/restores/{}", state["id"].as_str().unwrap_or_default());
        let until = Instant::now() + Duration::from_secs(60);
        while state["state"] == "running" {
            anyhow::ensure!(Instant::now() < until, "{state}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            state = self.get(&path).await?.expect(200)?.json();
        }
        anyhow::ensure!(state["state"] == "done" && state["done"] == state["total"], "{state}");
        Ok(state["base"].as_str().unwrap_or_default().to_owned())
    }
}

#[test]
fn a_snapshot_becomes_a_new_base() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let at = At { api: system.api(), token: &ours.token };
        let formula =
            json!({"name": "Card", "type": "formula", "options": {"formula": "{Name} & \" of \" & {Team}"}});
        at.send("POST", &format!("/v1/tables/{people}/fields"), formula).await?.expect(201)?;
        let snapshot = at.keep(base, json!({"name": "Before the move"})).await?;
        let list = at.get(&format!("/v1/bases/{base}/snapshots")).await?.expect(200)?.json();
        assert_eq!(
            (&list["data"][0]["id"], list["data"].as_array().map(Vec::len)),
            (&json!(snapshot), Some(1))
        );
        let version = list["data"][0]["version"].as_u64().unwrap_or_default();

        let edit = json!({"fields": {"Name": "Anna", "Team": "East"}});
        at.send("PATCH", &format!("/v1/records/{first}"), edit).await?.expect(200)?;
        at.delete(&format!("/v1/fields/{salary}")).await?.expect(204)?;
        let now = at.get(&format!("/v1/records?table={people}")).await?.json();

        // A moment that is over can be kept as well.
        at.keep(base, json!({"name": "Again", "as_of": version.to_string()})).await?;
        let copy = at.restored(base, &snapshot, json!({"name": "Office then"})).await?;
        let shape = at.get(&format!("/v1/bases/{copy}")).await?.expect(200)?.json();
        assert_eq!(shape["name"], "Office then");
        let ids: Vec<&str> =
            shape["tables"].as_array().into_iter().flatten().filter_map(|t| t["id"].as_str()).collect();
        assert_eq!(ids.len(), 2);
        let text = shape.to_string();
        assert!(!text.contains(&people[3..11]), "an id of the old table is left: {text}");
        // Records, the link from the other table, the formula, the view with its filter.
        let there = at.get(&format!("/v1/records?table={}&sort=Name", ids[0])).await?.expect(200)?.json();
        let fields = &there["data"][0]["fields"];
        assert_eq!((&fields["Name"], &fields["Salary"]), (&json!("Ann"), &json!("topsecret")), "{there}");
        assert_eq!(fields["Card"], "Ann of North");
        assert_eq!(there["data"][0]["created_at"], now["data"][0]["created_at"]);
        let tasks =
            at.send("POST", &format!("/v1/tables/{}/window", ids[1]), json!({})).await?.expect(200)?;
        assert!(tasks.text.contains("\"Ann\""), "{}", tasks.text);
        let rich = at.send("POST", &format!("/v1/tables/{}/window", ids[0]), json!({"view": "Rich"})).await?;
        assert_eq!(rich.expect(200)?.json()["total"], 2);
        // The copy is a base like any other, the old one is as it was.
        let new = json!({"table": ids[0], "fields": {"Name": "Dee", "Team": "South"}});
        let made = at.send("POST", "/v1/records", new).await?.expect(201)?.json();
        assert_eq!(made["fields"]["Card"], "Dee of South");
        assert_eq!(at.get(&format!("/v1/records?table={people}")).await?.json(), now);

        // Without a name it is called after both.
        let second = at.restored(base, &snapshot, json!({})).await?;
        let shape = at.get(&format!("/v1/bases/{second}")).await?.expect(200)?.json();
        assert_eq!(shape["name"], "Office (Before the move)");
        at.delete(&format!("/v1/bases/{base}/snapshots/{snapshot}")).await?.expect(204)?;
        assert_eq!(at.delete(&format!("/v1/bases/{base}/snapshots/{snapshot}")).await?.status, 404);
        Ok(())
    });
}

#[test]
fn snapshots_are_for_who_manages_the_base() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, salary, .. } = &office;
        let owner = At { api: system.api(), token: &ours.token };
        let path = format!("/v1/bases/{base}/snapshots");
        for (body, code) in [
            (json!({"name": " "}), "required"),
            (json!({"name": "x".repeat(101)}), "invalid_value"),
            (json!({"name": "x", "as_of": "soon"}), "invalid_value"),
            (json!({"name": "x", "as_of": "99999"}), "invalid_value"),
        ] {
            let answer = owner.send("POST", &path, body.clone()).await?;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code), "{body}");
        }
        let snapshot = owner.keep(base, json!({"name": "One"})).await?;
        let editor = system.join(&ours, Role::Editor).await?;
        let editor = At { api: system.api(), token: &editor.token };
        assert_eq!(editor.get(&path).await?.json()["data"][0]["name"], "One");
        let restore = format!("{path}/{snapshot}/restore");
        assert_eq!(editor.send("POST", &path, json!({"name": "Mine"})).await?.status, 403);
        assert_eq!(editor.send("POST", &restore, json!({})).await?.status, 403);
        assert_eq!(editor.delete(&format!("{path}/{snapshot}")).await?.status, 403);
        // Who may not see everything can't take a copy of everything.
        let admin = system.join(&ours, Role::Admin).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &admin, &hidden).await?;
        let admin = At { api: system.api(), token: &admin.token };
        assert_eq!(admin.send("POST", &restore, json!({})).await?.status, 403);

        let strangers = system.fresh_tenant().await?;
        let stranger = At { api: system.api(), token: &strangers.token };
        assert_eq!(stranger.get(&path).await?.status, 404);
        assert_eq!(stranger.send("POST", &restore, json!({})).await?.status, 404);
        assert_eq!(stranger.delete(&format!("{path}/{snapshot}")).await?.status, 404);
        // A snapshot of one base is none of another.
        let other = owner.send("POST", "/v1/bases", json!({"name": "Other"})).await?.expect(201)?.json();
        let other = other["id"].as_str().unwrap_or_default();
        assert_eq!(
            owner
                .send("POST", &format!("/v1/bases/{other}/snapshots/{snapshot}/restore"), json!({}))
                .await?
                .status,
            404
        );
        for _ in 1..50 {
            owner.keep(base, json!({"name": "More"})).await?;
        }
        assert_eq!(owner.send("POST", &path, json!({"name": "Too many"})).await?.code(), "limit_reached");
        Ok(())
    });
}
