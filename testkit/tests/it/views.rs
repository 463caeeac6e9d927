//! Views over `/v1`: types and their settings, and who has a view: shared, personal, locked.

use crate::world::small_table;
use kernel_core::Role;
use serde_json::{Value, json};
use testkit::{Answer, Member, Tenant, TestSystem, run};

/// A person's own token: personal views are people's, not those of API tokens.
pub async fn person(system: &TestSystem, tenant: &Tenant, member: &Member) -> anyhow::Result<String> {
    let home = format!("/o/{}/", tenant.slug);
    let answer = system.browser(member).submit(&home, &format!("{home}api-token"), &[]).await?.expect(200)?;
    Ok(answer.json()["token"].as_str().unwrap_or_default().to_owned())
}

pub async fn ask(
    system: &TestSystem,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
) -> anyhow::Result<Answer> {
    let request = system.api().request(method.parse()?, path).token(token);
    if body.is_null() { request.send().await } else { request.json(&body).send().await }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_type_has_its_settings_and_mistakes_their_place() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (base, _) = small_table(system, &tenant).await?;
        let fields = json!([
            {"name": "Name", "type": "text"}, {"name": "Due", "type": "date"},
            {"name": "State", "type": "select", "options": {"choices": [{"name": "Open"}, {"name": "Done"}]}}
        ]);
        let body = json!({"base": base, "name": "Tasks", "fields": fields});
        let table = ask(system, &tenant.token, "POST", "/v1/tables", body).await?.expect(201)?.json();
        let (id, due, state) =
            (text(&table["id"]), text(&table["fields"][1]["id"]), text(&table["fields"][2]["id"]));
        let views = format!("/v1/tables/{id}/views");
        let board = json!({"name": "Board", "type": "kanban", "config": {"kanban": {"field": state, "hide_empty": true}}});
        let board = ask(system, &tenant.token, "POST", &views, board).await?.expect(201)?.json();
        assert_eq!((board["type"].as_str(), board["access"].as_str()), (Some("kanban"), Some("shared")));
        assert_eq!(board["config"]["kanban"], json!({"field": state, "cover": null, "hide_empty": true}));
        assert_eq!(board["may"], json!(["edit", "access", "share"]));
        for (sent, pointer, code) in [
            (json!({"type": "map"}), "#/type", "invalid_value"),
            (json!({"config": {"kanban": {"field": due}}}), "#/config/kanban/field", "invalid_value"),
            (json!({"config": {"calendar": {"field": "fld"}}}), "#/config/calendar/field", "invalid_value"),
            (json!({"config": {"density": 3}}), "#/config/density", "unknown_field"),
            (json!({"config": {"group": [{"by": state}]}}), "#/config/group/0/by", "unknown_field"),
            (json!({"config": {"hidden": "all"}}), "#/config/hidden", "wrong_type"),
        ] {
            let mut body = sent.clone();
            body["name"] = json!("Odd");
            let refused = ask(system, &tenant.token, "POST", &views, body).await?;
            assert_eq!(refused.status, 422, "{sent}: {}", refused.text);
            let errors = refused.json();
            let first = &errors["errors"][0];
            assert_eq!(
                (first["pointer"].as_str(), first["code"].as_str()),
                (Some(pointer), Some(code)),
                "{sent}"
            );
        }
        // Another type keeps what the first one had, and a field that goes is forgotten.
        let path = format!("/v1/views/{}", text(&board["id"]));
        let sent =
            json!({"type": "calendar", "config": {"kanban": {"field": state}, "calendar": {"field": due}}});
        ask(system, &tenant.token, "PATCH", &path, sent).await?.expect(200)?;
        ask(system, &tenant.token, "DELETE", &format!("/v1/fields/{due}"), Value::Null).await?.expect(204)?;
        let table =
            ask(system, &tenant.token, "GET", &format!("/v1/tables/{id}"), Value::Null).await?.expect(200)?;
        let shown = &table.json()["views"][1];
        assert_eq!(
            (shown["type"].as_str(), &shown["config"]["calendar"]["field"]),
            (Some("calendar"), &Value::Null)
        );
        assert_eq!(shown["config"]["kanban"]["field"], json!(state));
        // Another process reads the same from what is stored.
        let other = system.another_server().await?;
        let theirs =
            other.api().get(&format!("/v1/tables/{id}")).token(&tenant.token).send().await?.expect(200)?;
        assert_eq!(theirs.json()["views"], table.json()["views"]);
        Ok(())
    });
}

#[test]
fn a_personal_view_is_nowhere_for_others() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let editor = system.join(&tenant, Role::Editor).await?;
        let (mine, owners) =
            (person(system, &tenant, &editor).await?, person(system, &tenant, &tenant.owner).await?);
        let views = format!("/v1/tables/{table}/views");
        let body = json!({"name": "Hush", "access": "personal", "config": {"filter": "{Name} != \"hush\""}});
        let made = ask(system, &mine, "POST", &views, body.clone()).await?.expect(201)?.json();
        let view = text(&made["id"]);
        assert_eq!(made["may"], json!(["edit", "access", "personal"]), "no link to a personal view");
        // A program has none of its own.
        let refused = ask(system, &editor.token, "POST", &views, body).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["errors"][0]["pointer"].as_str()),
            (422, Some("#/access"))
        );
        ask(system, &mine, "GET", &format!("/v1/tables/{table}/export.csv?view={view}"), Value::Null)
            .await?
            .expect(200)?;
        let window = json!({"view": view});
        ask(system, &mine, "POST", &format!("/v1/tables/{table}/window"), window.clone())
            .await?
            .expect(200)?;
        for who in [&owners, &tenant.token, &editor.token] {
            for path in [
                format!("/v1/bases/{base}"),
                format!("/v1/tables/{table}"),
                format!("/v0/meta/bases/{base}/tables"),
            ] {
                let answer = ask(system, who, "GET", &path, Value::Null).await?.expect(200)?;
                assert!(
                    !answer.text.contains("Hush") && !answer.text.contains(&view),
                    "{path}: {}",
                    answer.text
                );
            }
            for (method, path, body) in [
                ("PATCH", format!("/v1/views/{view}"), json!({"name": "Mine now"})),
                ("PATCH", format!("/v1/views/{view}"), json!({"access": "shared"})),
                ("DELETE", format!("/v1/views/{view}"), Value::Null),
                ("DELETE", format!("/v0/meta/bases/{base}/views/{view}"), Value::Null),
                ("GET", format!("/v1/views/{view}/shares"), Value::Null),
                ("POST", format!("/v1/views/{view}/shares"), json!({})),
                ("POST", format!("/v1/tables/{table}/window"), window.clone()),
                ("POST", format!("/v1/tables/{table}/aggregates"), window.clone()),
                ("GET", format!("/v1/records?table={table}&view={view}"), Value::Null),
                ("GET", format!("/v1/records?table={table}&view=Hush"), Value::Null),
                ("GET", format!("/v1/tables/{table}/export.csv?view={view}"), Value::Null),
            ] {
                let answer = ask(system, who, method, &path, body).await?;
                // Airtable's API says 403 for what is not there.
                let nothing = if path.starts_with("/v0") { 403 } else { 404 };
                assert_eq!(answer.status, nothing, "{method} {path}: {}", answer.text);
            }
        }
        // Its name is free for others, and its owner makes it everybody's under another.
        ask(system, &owners, "POST", &views, json!({"name": "Hush"})).await?.expect(201)?;
        let path = format!("/v1/views/{view}");
        let taken = ask(system, &mine, "PATCH", &path, json!({"access": "shared"})).await?;
        assert_eq!(
            (taken.status.as_u16(), taken.json()["errors"][0]["pointer"].as_str()),
            (409, Some("#/name"))
        );
        ask(system, &mine, "PATCH", &path, json!({"access": "shared", "name": "Loud"})).await?.expect(200)?;
        let answer =
            ask(system, &owners, "GET", &format!("/v1/tables/{table}"), Value::Null).await?.expect(200)?;
        assert!(answer.text.contains("Loud"), "{}", answer.text);
        // Somebody who manages the table does not make it theirs.
        let stolen = ask(system, &owners, "PATCH", &path, json!({"access": "personal"})).await?;
        assert_eq!(stolen.status, 403, "{}", stolen.text);
        Ok(())
    });
}

#[test]
fn a_locked_view_is_unlocked_first() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let (editor, other) =
            (system.join(&tenant, Role::Editor).await?, system.join(&tenant, Role::Editor).await?);
        let views = format!("/v1/tables/{table}/views");
        let made =
            ask(system, &editor.token, "POST", &views, json!({"name": "Fixed", "access": "locked"})).await?;
        let made = made.expect(201)?.json();
        assert_eq!(made["may"], json!(["access", "share"]));
        let path = format!("/v1/views/{}", text(&made["id"]));
        for who in [&editor.token, &other.token, &tenant.token] {
            for (method, body) in [
                ("PATCH", json!({"name": "Loose"})),
                ("PATCH", json!({"config": {}})),
                ("PATCH", json!({"type": "list"})),
                ("DELETE", Value::Null),
            ] {
                let refused = ask(system, who, method, &path, body.clone()).await?;
                assert_eq!(refused.status, 403, "{method} {body}: {}", refused.text);
            }
        }
        let refused = ask(system, &other.token, "PATCH", &path, json!({"access": "shared"})).await?;
        assert_eq!(refused.status, 403, "an editor who did not make it: {}", refused.text);
        ask(system, &tenant.token, "PATCH", &path, json!({"access": "shared"})).await?.expect(200)?;
        ask(system, &other.token, "PATCH", &path, json!({"name": "Loose"})).await?.expect(200)?;
        // Unlocked and changed in one go by who made it.
        ask(system, &editor.token, "PATCH", &path, json!({"access": "locked"})).await?.expect(200)?;
        ask(system, &editor.token, "PATCH", &path, json!({"access": "shared", "name": "Free"}))
            .await?
            .expect(200)?;
        Ok(())
    });
}

#[test]
fn the_last_view_that_everybody_sees_stays() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let mine = person(system, &tenant, &tenant.owner).await?;
        let views = format!("/v1/tables/{table}/views");
        let all =
            ask(system, &mine, "GET", &format!("/v1/tables/{table}"), Value::Null).await?.expect(200)?;
        let all = format!("/v1/views/{}", text(&all.json()["views"][0]["id"]));
        ask(system, &mine, "POST", &views, json!({"name": "Mine", "access": "personal"}))
            .await?
            .expect(201)?;
        let gone = ask(system, &mine, "DELETE", &all, Value::Null).await?;
        assert_eq!(gone.status, 422, "{}", gone.text);
        let own = ask(system, &mine, "POST", &views, json!({"name": "Shared"})).await?.expect(201)?.json();
        ask(system, &mine, "DELETE", &all, Value::Null).await?.expect(204)?;
        let personal = ask(
            system,
            &mine,
            "PATCH",
            &format!("/v1/views/{}", text(&own["id"])),
            json!({"access": "personal"}),
        )
        .await?;
        assert_eq!(
            (personal.status.as_u16(), personal.json()["errors"][0]["pointer"].as_str()),
            (422, Some("#/access"))
        );
        Ok(())
    });
}
