//! Going back to a version of the schema over HTTP: told, done as told, undone; refused when something changed since, and to who
//! does not see everything.

use crate::permissions::{Office, field_key, grant};
use crate::views::person;
use kernel_core::{FieldLevel, Grants, Role};
use serde_json::{Value, json};
use testkit::{Answer, run};

#[test]
fn a_schema_goes_back_as_told_and_forth_again() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, .. } = &office;
        let api = system.api();
        let send = async |method: &str, path: &str, body: Value| -> anyhow::Result<Answer> {
            api.request(method.parse()?, path).token(&ours.token).json(&body).send().await
        };
        let shape = async || -> anyhow::Result<Value> {
            Ok(api.get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.expect(200)?.json())
        };
        let then = shape().await?;
        let to = then["version"].as_u64().unwrap_or_default();
        // Renamed and made a number, of which "topsecret" is none; a field more; a table less.
        let patch = json!({"name": "Pay", "type": "number"});
        send("PATCH", &format!("/v1/fields/{salary}"), patch).await?.expect(200)?;
        let number = json!({"fields": {"Pay": 12.5}});
        send("PATCH", &format!("/v1/records/{first}"), number).await?.expect(200)?;
        let patch = json!({"type": "select", "options": {"choices": [{"name": "Q"}]}});
        send("PATCH", &format!("/v1/fields/{salary}"), patch).await?.expect(200)?;
        let made = json!({"name": "Age", "type": "number"});
        send("POST", &format!("/v1/tables/{people}/fields"), made).await?.expect(201)?;
        let tasks = then["tables"][1]["id"].as_str().unwrap_or_default();
        api.request("DELETE".parse()?, &format!("/v1/tables/{tasks}"))
            .token(&ours.token)
            .send()
            .await?
            .expect(204)?;
        let now = shape().await?;

        let path = |version: u64, what: &str| format!("/v1/bases/{base}/schema/versions/{version}/{what}");
        let validate = async |version: u64| -> anyhow::Result<Value> {
            let asked = api.post(&path(version, "validate")).token(&ours.token).send().await?;
            Ok(asked.expect(200)?.json())
        };
        let told = validate(to).await?;
        let lines: Vec<String> = told["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| format!("{} {} {}", part["done"], part["what"], part["name"]).replace('"', ""))
            .collect();
        for line in ["changed field Pay", "removed field Age", "restored table Tasks"] {
            assert!(lines.iter().any(|one| one == line), "{line}: {lines:?}");
        }
        assert_eq!((&told["lost"], &told["blocked"]), (&json!(0), &json!([])), "{told}");
        // Nothing was changed by asking.
        assert_eq!(shape().await?, now);
        let (version, lost) = (told["version"].clone(), told["lost"].clone());
        let order = json!({"version": version, "lost": lost});
        let done = send("POST", &path(to, "restore"), order.clone()).await?.expect(200)?.json();
        let diff = api.get(&path(to, "diff")).token(&ours.token).send().await?.expect(200)?.json();
        assert_eq!(diff["data"], json!([]), "nothing is different from then");
        let fields = api.get(&format!("/v1/records/{first}")).token(&ours.token).send().await?.json();
        assert_eq!(fields["fields"]["Salary"], "12.5");

        // Told of another state than the one that is there.
        let again = send("POST", &path(to, "restore"), order).await?;
        assert_eq!(
            (again.status.as_u16(), again.json()["code"].as_str()),
            (409, Some("conflict")),
            "{:?}",
            again.json()
        );
        // Undone like any change.
        let undo = format!("/v1/bases/{base}/changes/{}/undo", done["version"]);
        send("POST", &undo, json!({})).await?.expect(200)?;
        let back = shape().await?;
        let told_back = json!({"a": back["tables"], "b": now["tables"]});
        assert_eq!(told_back["a"], told_back["b"]);

        // A value that the type of then can't hold is told, and no more than that is lost.
        let text = json!({"name": "Age", "type": "text"});
        let age = now["tables"][0]["fields"].as_array().and_then(|fields| fields.last()).cloned();
        let age = age.unwrap_or_default()["id"].as_str().unwrap_or_default().to_owned();
        let before = shape().await?["version"].as_u64().unwrap_or_default();
        send("PATCH", &format!("/v1/fields/{age}"), text).await?.expect(200)?;
        send("PATCH", &format!("/v1/records/{first}"), json!({"fields": {"Age": "old"}}))
            .await?
            .expect(200)?;
        let told = validate(before).await?;
        assert_eq!(told["lost"], 1, "{told}");
        assert_eq!(told["data"][0]["types"], json!({"now": "text", "then": "number"}), "{told}");
        let order = json!({"version": told["version"], "lost": 0});
        assert_eq!(send("POST", &path(before, "restore"), order).await?.status, 409);
        // A record that is written in between is no change of the schema.
        send("PATCH", &format!("/v1/records/{first}"), json!({"fields": {"Name": "Anna"}}))
            .await?
            .expect(200)?;
        let order = json!({"version": told["version"], "lost": 1});
        send("POST", &path(before, "restore"), order).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn who_does_not_see_everything_does_not_go_back() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, salary, .. } = &office;
        let member = system.join(&ours, Role::Admin).await?;
        let api = system.api();
        let post = async |what: &str, token: &str, body: Value| {
            let path = format!("/v1/bases/{base}/schema/versions/{what}");
            api.post(&path).token(token).json(&body).send().await
        };
        assert_eq!(post("1/validate", &member.token, json!({})).await?.status, 200);
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let order = json!({"version": 1, "lost": 0});
        for (what, body) in [("1/validate", json!({})), ("1/restore", order.clone())] {
            assert_eq!(post(what, &member.token, body).await?.status, 403, "{what}");
        }
        for version in ["none", "-1", "99999999999999999999"] {
            let path = format!("{version}/validate");
            assert_eq!(post(&path, &ours.token, json!({})).await?.status, 404, "{version}");
        }
        assert_eq!(post("999999/validate", &ours.token, json!({})).await?.status, 422);
        let later = json!({"version": 999_999, "lost": 0});
        assert_eq!(post("1/restore", &ours.token, later).await?.status, 422);
        assert_eq!(post("1/restore", &ours.token, json!({"version": 1})).await?.status, 422);
        Ok(())
    });
}

#[test]
fn somebodys_own_views_are_not_told() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, people, .. } = &Office::of(system, &ours).await?;
        let member = system.join(&ours, Role::Admin).await?;
        let mine = person(system, &ours, &member).await?;
        let api = system.api();
        let to = api.get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.json();
        let path = format!("/v1/bases/{base}/schema/versions/{}/validate", to["version"]);
        let field = json!({"name": "Age", "type": "number"});
        let field =
            api.post(&format!("/v1/tables/{people}/fields")).token(&ours.token).json(&field).send().await?;
        let id = field.expect(201)?.json()["id"].clone();
        let view = json!({"name": "Private list", "access": "personal", "config": {"sort": [{"field": id}]}});
        let made = api.post(&format!("/v1/tables/{people}/views")).token(&mine).json(&view).send().await?;
        made.expect(201)?;
        let told = api.post(&path).token(&mine).send().await?.expect(200)?;
        assert!(told.text.contains("Private list"), "{}", told.text);
        let told = api.post(&path).token(&ours.token).send().await?.expect(200)?;
        assert!(told.text.contains("Age") && !told.text.contains("Private list"), "{}", told.text);
        Ok(())
    });
}
