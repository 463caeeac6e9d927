//! What a tenant of these tests has: a base with a table, records, a second view, an upload that waits, a comment, a webhook, a link
//! to the view.

use serde_json::{Value, json};
use testkit::{Server, Tenant, TestSystem};

pub struct World {
    pub base: String,
    pub table: String,
    pub field: String,
    pub view: String,
    pub record: String,
    pub import: String,
    pub comment: String,
    pub webhook: String,
    pub share: String,
    pub upload: String,
}

impl World {
    pub async fn of(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<Self> {
        let api = system.api();
        let post = async |path: &str, body: Value| {
            let answer = api.post(path).token(&tenant.token).json(&body).send().await?.expect(201)?;
            anyhow::Ok(answer.json())
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let base = text(&post("/v1/bases", json!({"name": "Orders"})).await?["id"]);
        let fields = json!([{"name": "Name", "type": "text"}, {"name": "Count", "type": "number"}]);
        let table = post("/v1/tables", json!({"base": base, "name": "Lines", "fields": fields})).await?;
        let (field, table) = (text(&table["fields"][1]["id"]), text(&table["id"]));
        let view = text(&post(&format!("/v1/tables/{table}/views"), json!({"name": "Second"})).await?["id"]);
        let record =
            post("/v1/records", json!({"table": table, "fields": {"Name": "kept secret", "Count": 7}}))
                .await?;
        let upload =
            api.post("/v1/imports").token(&tenant.token).upload(&base, "Name,Count\nfrom a file,1\n");
        let import = text(&upload.send().await?.expect(201)?.json()["id"]);
        let record = text(&record["id"]);
        let said = json!({"text": "kept secret as well"});
        let comment = text(&post(&format!("/v1/records/{record}/comments"), said).await?["id"]);
        let wanted = json!({"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}});
        let webhook = api.post(&format!("/v0/bases/{base}/webhooks")).token(&tenant.token).json(&wanted);
        let webhook = text(&webhook.send().await?.expect(200)?.json()["id"]);
        let share = text(&post(&format!("/v1/views/{view}/shares"), json!({})).await?["id"]);
        let upload = text(&post("/v1/uploads", json!({"size": 5})).await?["id"]);
        Ok(Self { base, table, field, view, record, import, comment, webhook, share, upload })
    }

    /// Everything that an outsider could have changed, as the owner sees it on one server.
    pub async fn state(&self, server: &Server, token: &str) -> anyhow::Result<String> {
        let mut out = String::new();
        for path in [
            format!("/v1/bases/{}", self.base),
            format!("/v1/records?table={}&keys=id", self.table),
            format!("/v1/records/{}/history", self.record),
            format!("/v1/records/{}/comments", self.record),
            format!("/v1/imports/{}", self.import),
            format!("/v1/views/{}/shares", self.view),
            "/v1/bases".to_owned(),
        ] {
            let answer = server.api().get(&path).token(token).send().await?.expect(200)?;
            out.push_str(&format!("{path} {} {}\n", answer.header("base-version"), answer.text));
        }
        let webhooks = server.api().get(&format!("/v0/bases/{}/webhooks", self.base)).token(token);
        out.push_str(&webhooks.send().await?.expect(200)?.text);
        Ok(out)
    }
}

/// A table with one text field `Name` in a base of its own: (base, table).
pub async fn small_table(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<(String, String)> {
    let api = system.api();
    let base = api
        .post("/v1/bases")
        .token(&tenant.token)
        .json(&json!({"name": "Small"}))
        .send()
        .await?
        .expect(201)?;
    let base = base.json()["id"].as_str().unwrap_or_default().to_owned();
    let body = json!({"base": base, "name": "Things", "fields": [{"name": "Name", "type": "text"}]});
    let table = api.post("/v1/tables").token(&tenant.token).json(&body).send().await?.expect(201)?;
    Ok((base, table.json()["id"].as_str().unwrap_or_default().to_owned()))
}

/// All records of a table by name → id, read in pages.
pub async fn names(server: &Server, token: &str, table: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/records?table={table}&limit=100{cursor}");
        let page = server.api().get(&path).token(token).send().await?.expect(200)?.json();
        for record in page["data"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            out.push((text(&record["fields"]["Name"]), text(&record["id"])));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(out),
        }
    }
}
