//! Files of cells over HTTP: upload, cells, queries, undo, parts, room, what is cleaned away. What is refused is in
//! `attachments_safety`.

use crate::world::small_table;
use serde_json::{Value, json};
use testkit::{Answer, Tenant, TestSystem, run};

/// A red PNG picture, three pixels wide and two high.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGP4z8AAQQxwFgBB0gX7h/C5SAAAAABJRU5ErkJggg==";

pub fn png() -> Vec<u8> {
    data_encoding::BASE64.decode(PNG.as_bytes()).expect("base64")
}

/// A table with fields for files, and two records.
pub struct Cabinet<'a> {
    pub system: &'a TestSystem,
    pub tenant: Tenant,
    pub base: String,
    pub table: String,
    pub files: String,
    pub first: String,
    pub second: String,
}

impl<'a> Cabinet<'a> {
    pub async fn new(system: &'a TestSystem) -> anyhow::Result<Self> {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let mut ids = Vec::new();
        for (name, kind) in [("Files", "attachment"), ("Signed", "signature")] {
            let body = json!({"name": name, "type": kind, "options": {}});
            let path = format!("/v1/tables/{table}/fields");
            let made = system.api().post(&path).token(&tenant.token).json(&body).send().await?.expect(201)?;
            ids.push(made.json()["id"].as_str().unwrap_or_default().to_owned());
        }
        let records =
            json!({"table": table, "records": [{"fields": {"Name": "a"}}, {"fields": {"Name": "b"}}]});
        let made =
            system.api().post("/v1/records").token(&tenant.token).json(&records).send().await?.expect(201)?;
        let id = |at: usize| made.json()["data"][at]["id"].as_str().unwrap_or_default().to_owned();
        let (first, second) = (id(0), id(1));
        Ok(Self { system, base, table, files: ids.remove(0), first, second, tenant })
    }

    pub async fn upload_as(&self, token: &str, name: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
        let path = format!("/v1/files?name={name}");
        self.system.api().post(&path).token(token).file(bytes).send().await
    }

    pub async fn upload(&self, name: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        Ok(self.upload_as(&self.tenant.token, name, bytes).await?.expect(201)?.json())
    }

    pub async fn write_as(&self, token: &str, record: &str, fields: Value) -> anyhow::Result<Answer> {
        let body = json!({"fields": fields});
        self.system.api().patch(&format!("/v1/records/{record}")).token(token).json(&body).send().await
    }

    pub async fn write(&self, record: &str, fields: Value) -> anyhow::Result<Answer> {
        self.write_as(&self.tenant.token, record, fields).await
    }

    pub async fn cell_as(&self, token: &str, record: &str, field: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/records/{record}");
        let answer = self.system.api().get(&path).token(token).send().await?.expect(200)?;
        Ok(answer.json()["fields"][field].clone())
    }

    pub async fn cell(&self, record: &str) -> anyhow::Result<Value> {
        self.cell_as(&self.tenant.token, record, "Files").await
    }

    /// Asks an address without any token.
    pub async fn download(&self, url: &Value) -> anyhow::Result<Answer> {
        let api = self.system.api();
        let path =
            url.as_str().unwrap_or_default().strip_prefix(&api.origin()).unwrap_or("/files/elsewhere/x");
        api.get(path).send().await
    }
}

#[test]
fn a_file_goes_into_a_cell_and_comes_out_as_it_was() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let picture = at.upload("red%20dot.png", &png()).await?;
        assert_eq!((&picture["type"], &picture["filename"]), (&json!("image/png"), &json!("red dot.png")));
        assert_eq!(
            (&picture["width"], &picture["height"], &picture["size"]),
            (&json!(3), &json!(2), &json!(png().len()))
        );
        let text = at.upload("notes.csv", b"a,b\n1,2\n").await?;
        assert_eq!((&text["type"], &text["thumbnails"]), (&json!("text/csv"), &Value::Null));

        let both =
            json!({"Files": [{"id": picture["id"]}, {"id": text["id"], "filename": "../renamed.csv"}]});
        let written = at.write(&at.first, both).await?.expect(200)?.json();
        assert_eq!(written["fields"]["Files"][1]["filename"], "renamed.csv");
        let cell = at.cell(&at.first).await?;
        assert_eq!(cell[0]["id"], picture["id"]);
        assert_eq!(cell[0]["thumbnails"]["full"]["url"], cell[0]["url"]);

        let answer = at.download(&cell[0]["url"]).await?.expect(200)?;
        assert_eq!(answer.bytes, png());
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-disposition", "inline"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, max-age=7200, immutable"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        let path = cell[0]["url"].as_str().unwrap_or_default();
        let path = path.strip_prefix(&system.api().origin()).unwrap_or_default().to_owned();
        let again = system.api().get(&path).header("if-none-match", answer.header("etag")).send().await?;
        assert_eq!(again.status, 304);
        let saved = at
            .download(&json!(format!("{}?download=1", cell[0]["url"].as_str().unwrap_or_default())))
            .await?;
        assert!(saved.header("content-disposition").starts_with("attachment;"), "{:?}", saved.headers);
        for size in ["small", "large"] {
            let small = at.download(&cell[0]["thumbnails"][size]["url"]).await?.expect(200)?;
            assert_eq!(small.header("content-type"), "image/jpeg", "{size}");
        }
        let answer = at.download(&cell[1]["url"]).await?.expect(200)?;
        assert_eq!((answer.text.as_str(), answer.header("content-type")), ("a,b\n1,2\n", "text/csv"));
        let saved = "attachment; filename=\"renamed.csv\"; filename*=UTF-8''renamed.csv";
        assert_eq!(answer.header("content-disposition"), saved);

        // Order, removal and emptying; the window has the same.
        let order = json!({"Files": [{"id": text["id"]}, {"id": picture["id"]}]});
        at.write(&at.first, order).await?.expect(200)?;
        let path = format!("/v1/tables/{}/window", at.table);
        let asked = json!({"offset": 0, "limit": 1, "fields": [at.files]});
        let window =
            system.api().post(&path).token(&at.tenant.token).json(&asked).send().await?.expect(200)?;
        let names: Vec<Value> = window.json()["rows"][0][1]
            .as_array()
            .into_iter()
            .flatten()
            .map(|file| file["filename"].clone())
            .collect();
        assert_eq!(names, ["renamed.csv", "red dot.png"]);
        at.write(&at.first, json!({"Files": [{"id": text["id"]}]})).await?.expect(200)?;
        assert_eq!(at.cell(&at.first).await?.as_array().map(Vec::len), Some(1));
        at.write(&at.first, json!({"Files": null})).await?.expect(200)?;
        assert_eq!(at.cell(&at.first).await?, json!([]));
        // The history still has them, with addresses.
        let path = format!("/v1/records/{}/history", at.first);
        let history = system.api().get(&path).token(&at.tenant.token).send().await?.expect(200)?;
        let before = &history.json()["data"][0]["cells"][0]["before"][0];
        assert_eq!(before["filename"], "renamed.csv");
        at.download(&before["url"]).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn files_are_added_found_sorted_counted_undone_and_brought_back() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let api = system.api();
        let token = &at.tenant.token;
        let add = async |record: &str, name: &str, bytes: &[u8]| {
            let path = format!("/v1/records/{record}/files?field=Files&name={name}");
            api.post(&path).token(token).file(bytes).send().await
        };
        let path = |name: &str| format!("/v1/records/{}/files?field=Files&name={name}", at.first);
        let (one, two) = (path("one.png"), path("two.txt"));
        // At once: both are there.
        let (one, two) = tokio::join!(
            api.post(&one).token(token).file(&png()).send(),
            api.post(&two).token(token).file(b"two").send()
        );
        one?.expect(201)?;
        two?.expect(201)?;
        assert_eq!(at.cell(&at.first).await?.as_array().map(Vec::len), Some(2));
        add(&at.second, "about.pdf", b"%PDF-1.7 ...").await?.expect(201)?;

        let count = async |condition: Value| -> anyhow::Result<Vec<Value>> {
            let body = json!({"table": at.table, "where": condition});
            let found =
                api.post("/v1/records/query").token(token).json(&body).send().await?.expect(200)?.json();
            Ok(found["data"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| one["fields"]["Name"].clone())
                .collect())
        };
        for (op, value, found) in [
            ("is_empty", Value::Null, vec![]),
            ("is_not_empty", Value::Null, vec!["a", "b"]),
            ("contains", json!("TWO"), vec!["a"]),
            ("does_not_contain", json!("two"), vec!["b"]),
            ("starts_with", json!("about"), vec!["b"]),
            ("is", json!("one.png"), vec!["a"]),
            ("has_file_type", json!("image"), vec!["a"]),
            ("has_file_type", json!(["pdf", "png"]), vec!["a", "b"]),
            ("has_file_type", json!("video"), vec![]),
        ] {
            let condition = json!({"field": at.files, "op": op, "value": value});
            assert_eq!(count(condition).await?, found, "{op} {value}");
        }
        let body = json!({"table": at.table, "where": {"field": at.files, "op": "gt", "value": 5}});
        let refused = api.post("/v1/records/query").token(token).json(&body).send().await?;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let listed =
            api.get(&format!("/v1/records?table={}&sort=Files", at.table)).token(token).send().await?;
        let names = listed.expect(200)?.json();
        assert_eq!(
            (&names["data"][0]["fields"]["Name"], &names["data"][1]["fields"]["Name"]),
            (&json!("b"), &json!("a"))
        );
        let asked = json!({"fields": {(at.files.clone()): "filled"}});
        let totals =
            api.post(&format!("/v1/tables/{}/aggregates", at.table)).token(token).json(&asked).send().await?;
        assert_eq!(totals.expect(200)?.json()["values"][&at.files], 2);

        // Formulas see names.
        let field =
            json!({"name": "Names", "type": "formula", "options": {"formula": "JOIN(\"+\", {Files})"}});
        let made =
            api.post(&format!("/v1/tables/{}/fields", at.table)).token(token).json(&field).send().await?;
        made.expect(201)?;
        let names = at.cell_as(token, &at.second, "Names").await?;
        assert_eq!(names, "about.pdf");
        let export =
            api.get(&format!("/v1/tables/{}/export.csv", at.table)).token(token).send().await?.expect(200)?;
        assert!(export.text.contains("about.pdf (http://api."), "{}", export.text);

        // A deleted record comes back with its files.
        let path = format!("/v1/records/{}", at.second);
        api.request("DELETE".parse()?, &path).token(token).send().await?.expect(204)?;
        let path = format!("/v1/tables/{}/restore", at.table);
        api.post(&path).token(token).json(&json!({"records": [at.second]})).send().await?.expect(200)?;
        let back = at.cell(&at.second).await?;
        assert_eq!(back[0]["filename"], "about.pdf");
        at.download(&back[0]["url"]).await?.expect(200)?;
        let emptied = at.write(&at.second, json!({"Files": []})).await?.expect(200)?;
        let undo = format!("/v1/bases/{}/changes/{}/undo", at.base, emptied.version()?);
        api.post(&undo).token(token).send().await?.expect(200)?;
        assert_eq!(at.cell(&at.second).await?[0]["filename"], "about.pdf");

        // To text: the names. Back: refused, and said before.
        let field = format!("/v1/fields/{}", at.files);
        api.patch(&field).token(token).json(&json!({"type": "text"})).send().await?.expect(200)?;
        assert_eq!(at.cell(&at.second).await?, "about.pdf");
        let refused =
            api.patch(&field).token(token).json(&json!({"type": "attachment", "options": {}})).send().await?;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (422, "invalid_value"),
            "{}",
            refused.text
        );
        Ok(())
    });
}

#[test]
fn files_that_no_cell_named_are_removed() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let (kept, loose) = (at.upload("kept.txt", b"kept").await?, at.upload("loose.txt", b"loose").await?);
        at.write(&at.first, json!({"Files": [{"id": kept["id"]}]})).await?.expect(200)?;
        at.write(&at.first, json!({"Files": []})).await?.expect(200)?;
        system.system.bases.clean_files().await?;
        at.download(&loose["url"]).await?.expect(200)?;
        let day = "update data.files set created_at = created_at - interval '25 hours' where tenant_id = $1";
        let sql = system.sql("data", "nclc_platform").await?;
        let changed = sql.execute(day, &[&at.tenant.summary.id.uuid()]).await?;
        assert_eq!(changed, 2);
        system.system.bases.clean_files().await?;
        at.download(&loose["url"]).await?.expect(404)?;
        at.download(&kept["url"]).await?.expect(200)?;
        let refused = at.write(&at.first, json!({"Files": [{"id": loose["id"]}]})).await?;
        assert_eq!(refused.code(), "unknown_record");
        Ok(())
    });
}

#[test]
fn an_organisation_has_the_room_of_its_plan() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let full = "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at, used_at)
            values ($1, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), 1073741820, 'text/plain', 'large', 'x', now(), now())";
        let sql = system.sql("data", "nclc_platform").await?;
        sql.execute(full, &[&at.tenant.summary.id.uuid()]).await?;
        at.upload("small.txt", b"abcd").await?;
        let refused = at.upload_as(&at.tenant.token, "b.txt", b"more").await?;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (422, "storage_full"),
            "{}",
            refused.text
        );
        Ok(())
    });
}

#[test]
fn a_large_file_comes_in_parts_and_goes_on_where_it_broke_off() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let (api, token) = (system.api(), &at.tenant.token);
        let start =
            async |size: u64| api.post("/v1/uploads").token(token).json(&json!({"size": size})).send().await;
        let refused = start(600 << 20).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (413, "file_too_large"),
            "{}",
            refused.text
        );
        let id = start(11).await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let part = async |offset: u64, bytes: &[u8]| {
            let path = format!("/v1/uploads/{id}?offset={offset}");
            api.request("PATCH".parse()?, &path).token(token).file(bytes).send().await
        };
        assert_eq!(part(0, b"hello").await?.expect(200)?.json()["offset"], 5);
        for wrong in [0, 4, 6] {
            let refused = part(wrong, b"again").await?;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "conflict"), "{wrong}");
        }
        let so_far = api.get(&format!("/v1/uploads/{id}")).token(token).send().await?.expect(200)?;
        assert_eq!(so_far.json()["offset"], 5, "a part that was refused left nothing");
        assert_eq!(part(5, b" world").await?.expect(200)?.json()["offset"], 11);
        let path = format!("/v1/uploads/{id}/finish");
        let made =
            api.post(&path).token(token).json(&json!({"name": "both.txt"})).send().await?.expect(201)?.json();
        assert_eq!((&made["size"], &made["type"]), (&json!(11), &json!("text/plain")));
        assert_eq!(at.download(&made["url"]).await?.expect(200)?.text, "hello world");
        api.post(&path).token(token).json(&json!({"name": "again.txt"})).send().await?.expect(404)?;
        at.write(&at.first, json!({"Files": [{"id": made["id"]}]})).await?.expect(200)?;
        Ok(())
    });
}
