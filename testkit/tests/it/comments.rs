//! Comments of records over `/v1`: who may what, threads, mentions, and what becomes of them.

use crate::world::small_table;
use kernel_core::Role;
use serde_json::{Value, json};
use testkit::{Answer, TestSystem, run};

/// Speaks about one record.
struct Talk<'a> {
    system: &'a TestSystem,
    record: String,
}

impl Talk<'_> {
    async fn ask(&self, method: &str, token: &str, at: &str, body: Value) -> anyhow::Result<Answer> {
        let path = format!("/v1/records/{}/comments{at}", self.record);
        let request = self.system.api().request(method.parse()?, &path).token(token);
        if body.is_null() { request.send().await } else { request.json(&body).send().await }
    }

    async fn say(&self, token: &str, body: Value) -> anyhow::Result<Value> {
        Ok(self.ask("POST", token, "", body).await?.expect(201)?.json())
    }

    async fn texts(&self, token: &str) -> anyhow::Result<Vec<String>> {
        let page = self.ask("GET", token, "", Value::Null).await?.expect(200)?.json();
        let texts = page["data"].as_array().into_iter().flatten();
        Ok(texts.map(|comment| comment["text"].as_str().unwrap_or_default().to_owned()).collect())
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

async fn talk<'a>(system: &'a TestSystem, token: &str, table: &str) -> anyhow::Result<Talk<'a>> {
    let body = json!({"table": table, "fields": {"Name": "Berlin"}});
    let record = system.api().post("/v1/records").token(token).json(&body).send().await?.expect(201)?;
    Ok(Talk { system, record: id(&record.json()) })
}

#[test]
fn authors_edit_and_delete_their_own() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let at = talk(system, &tenant.token, &table).await?;
        let editor = system.join(&tenant, Role::Editor).await?;
        let first = at.say(&editor.token, json!({"text": "  first "})).await?;
        assert_eq!((first["text"].as_str(), first["updated_at"].is_null()), (Some("first"), true));
        let own = format!("/{}", id(&first));
        let edited =
            at.ask("PATCH", &editor.token, &own, json!({"text": "first, better"})).await?.expect(200)?;
        assert!(edited.json()["updated_at"].is_string(), "{}", edited.text);
        // The owner may not put words into somebody's mouth, but may take them away.
        let foreign = at.ask("PATCH", &tenant.token, &own, json!({"text": "never said"})).await?;
        assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (403, "forbidden"));
        let theirs = at.say(&tenant.token, json!({"text": "the owner's"})).await?;
        let taken = at.ask("DELETE", &editor.token, &format!("/{}", id(&theirs)), Value::Null).await?;
        assert_eq!((taken.status.as_u16(), taken.code().as_str()), (403, "forbidden"));
        assert_eq!(at.texts(&tenant.token).await?, ["the owner's", "first, better"]);
        at.ask("DELETE", &tenant.token, &own, Value::Null).await?.expect(204)?;
        let again = at.ask("DELETE", &tenant.token, &own, Value::Null).await?;
        assert_eq!((again.status.as_u16(), again.code().as_str()), (404, "not_found"));
        let viewer = system.join(&tenant, Role::Viewer).await?;
        assert_eq!(at.texts(&viewer.token).await?, ["the owner's"]);
        at.ask("POST", &viewer.token, "", json!({"text": "psst"})).await?.expect(403)?;
        Ok(())
    });
}

#[test]
fn threads_pages_keys_and_mistakes() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let (at, elsewhere) =
            (talk(system, &tenant.token, &table).await?, talk(system, &tenant.token, &table).await?);
        let token = &tenant.token;
        let root = id(&at.say(token, json!({"text": "root"})).await?);
        let answer = at.say(token, json!({"text": "answer", "parent": root})).await?;
        assert_eq!(answer["parent"], json!(root));
        // An answer to an answer belongs to the same thread.
        let deeper = at.say(token, json!({"text": "deeper", "parent": id(&answer)})).await?;
        assert_eq!(deeper["parent"], json!(root));
        for (body, code, field) in [
            (json!({"text": " \n"}), "required", "/text"),
            (json!({"text": "x".repeat(10_001)}), "too_long", "/text"),
            (json!({"text": "x", "parent": "com00000000000000"}), "unknown_record", "/parent"),
            (json!({"text": "nul \u{0}"}), "invalid_value", "/text"),
            (json!({}), "required", "/text"),
            (json!({"text": "x", "colour": 1}), "unknown_field", "/colour"),
        ] {
            let refused = at.ask("POST", token, "", body).await?.expect(422)?;
            assert_eq!(
                (refused.code().as_str(), &refused.json()["errors"][0]["pointer"]),
                (code, &json!(format!("#{field}"))),
                "{}",
                refused.text
            );
        }
        // A comment of another record is no parent here.
        let foreign = elsewhere.ask("POST", token, "", json!({"text": "x", "parent": root})).await?;
        assert_eq!(foreign.code(), "unknown_record");
        let path = format!("/v1/records/{}/comments", at.record);
        let send = async || {
            let request = system.api().post(&path).token(token).header("idempotency-key", "said-once");
            request.json(&json!({"text": "once"})).send().await?.expect(201)
        };
        let (once, again) = (send().await?, send().await?);
        assert_eq!((once.json(), again.header("idempotent-replayed")), (again.json(), "true"));
        let all = at.texts(token).await?;
        assert_eq!(all, ["once", "deeper", "answer", "root"]);
        let mut read = Vec::new();
        let mut cursor = String::new();
        loop {
            let page =
                at.ask("GET", token, &format!("?limit=3{cursor}"), Value::Null).await?.expect(200)?.json();
            let texts = page["data"].as_array().into_iter().flatten();
            read.extend(texts.map(|comment| comment["text"].as_str().unwrap_or_default().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(read, all);
        assert_eq!(at.ask("GET", token, "?cursor=com1", Value::Null).await?.code(), "bad_cursor");
        assert_eq!(at.ask("GET", token, "?limit=0", Value::Null).await?.code(), "invalid_value");
        // Answers outlive what they answered.
        at.ask("DELETE", token, &format!("/{root}"), Value::Null).await?.expect(204)?;
        let left = at.ask("GET", token, "", Value::Null).await?.json();
        assert!(left["data"].as_array().into_iter().flatten().all(|one| one["parent"].is_null()), "{left}");
        Ok(())
    });
}

#[test]
fn members_who_are_mentioned_are_told() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let at = talk(system, &tenant.token, &table).await?;
        let member = system.join(&tenant, Role::Viewer).await?;
        let stranger = system.fresh_tenant().await?;
        let text = format!("Is it right, @[{}]? And @[{}]?", member.user, stranger.owner.user);
        let said = at.say(&tenant.token, json!({"text": text})).await?;
        assert_eq!(said["mentions"].as_array().map(Vec::len), Some(1), "a stranger is text: {said}");
        assert_eq!(said["mentions"][0]["id"], json!(member.user.to_string()));
        let mail = system.mail(&member.email, "mentioned you on Berlin").await?;
        let name = said["mentions"][0]["name"].as_str().unwrap_or_default();
        assert!(mail.contains(&format!("Is it right, @{name}?")), "{mail}");
        assert!(mail.contains(&at.record), "{mail}");
        Ok(())
    });
}

#[test]
fn comments_come_back_with_their_record() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let (at, api) = (talk(system, &tenant.token, &table).await?, system.api());
        at.say(&tenant.token, json!({"text": "kept"})).await?;
        let record = format!("/v1/records/{}", at.record);
        api.request("DELETE".parse()?, &record).token(&tenant.token).send().await?.expect(204)?;
        at.ask("GET", &tenant.token, "", Value::Null).await?.expect(404)?;
        at.ask("POST", &tenant.token, "", json!({"text": "too late"})).await?.expect(404)?;
        let back = json!({"records": [at.record]});
        let restore = api.post(&format!("/v1/tables/{table}/restore")).token(&tenant.token).json(&back);
        restore.send().await?.expect(200)?;
        assert_eq!(at.texts(&tenant.token).await?, ["kept"]);
        Ok(())
    });
}
