//! A record's history has what happened to it, also from the other side of a link, and nothing of its neighbours.

use serde_json::{Value, json};
use testkit::{Tenant, TestSystem, run};

struct Linked<'a> {
    system: &'a TestSystem,
    tenant: &'a Tenant,
}

impl Linked<'_> {
    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let request = self.system.api().post(path).token(&self.tenant.token).json(&body);
        Ok(request.send().await?.expect(201)?.json())
    }

    /// Kind and, for each changed cell, its field's name with the names linked before and after; newest first.
    async fn history(&self, record: &str) -> anyhow::Result<Vec<String>> {
        let path = format!("/v1/records/{record}/history");
        let answer = self.system.api().get(&path).token(&self.tenant.token).send().await?.expect(200)?.json();
        let names = |value: &Value| match value {
            Value::Array(links) => {
                links.iter().map(|link| link["name"].as_str().unwrap_or("?")).collect::<Vec<_>>().join("+")
            }
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let entry = |entry: &Value| {
            let cells = entry["cells"].as_array().into_iter().flatten().map(|cell| {
                let name = cell["name"].as_str().unwrap_or_default();
                format!(" {name}:{}>{}", names(&cell["before"]), names(&cell["after"]))
            });
            format!("{}{}", entry["kind"].as_str().unwrap_or_default(), cells.collect::<String>())
        };
        Ok(answer["data"].as_array().into_iter().flatten().map(entry).collect())
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_other_side_of_a_link_has_the_change_too() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Linked { system, tenant: &tenant };
        let base = id(&at.post("/v1/bases", json!({"name": "Library"})).await?);
        let text = json!({"name": "Name", "type": "text"});
        let authors =
            id(&at.post("/v1/tables", json!({"base": base, "name": "Authors", "fields": [text]})).await?);
        let link = json!({"name": "Authors", "type": "link", "options": {"table": authors}});
        let books =
            at.post("/v1/tables", json!({"base": base, "name": "Books", "fields": [text, link]})).await?;
        let books = id(&books);
        let people = json!({"table": authors, "records": [
            {"fields": {"Name": "Ada"}}, {"fields": {"Name": "Bo"}}, {"fields": {"Name": "Cy"}}]});
        let people = at.post("/v1/records", people).await?;
        let [ada, bo, cy] = [0, 1, 2].map(|n| id(&people["data"][n]));
        // One change whose span of authors is Ada to Cy, with Bo in the middle untouched.
        let book = json!({"table": books, "fields": {"Name": "Notes", "Authors": [ada.clone(), cy.clone()]}});
        let book = id(&at.post("/v1/records", book).await?);
        let path = format!("/v1/records/{book}");
        let patch = json!({"fields": {"Authors": [cy.clone()]}});
        system.api().patch(&path).token(&tenant.token).json(&patch).send().await?.expect(200)?;

        assert_eq!(at.history(&bo).await?, ["create Name:>Bo"]);
        let seen = at.history(&ada).await?;
        assert_eq!(seen, ["update Books:Notes>", "update Books:>Notes", "create Name:>Ada"]);
        assert_eq!(at.history(&cy).await?, ["update Books:>Notes", "create Name:>Cy"]);
        assert_eq!(
            at.history(&book).await?,
            ["update Authors:Ada+Cy>Cy", "create Name:>Notes Authors:>Ada+Cy"]
        );

        let gone = system.api().request(reqwest::Method::DELETE, &path).token(&tenant.token).send().await?;
        assert!(gone.status.is_success(), "{}", gone.text);
        assert_eq!(at.history(&cy).await?.len(), 3, "the link went with the book");
        assert_eq!(at.history(&ada).await?.len(), 3, "and this author had none any more");
        Ok(())
    });
}
