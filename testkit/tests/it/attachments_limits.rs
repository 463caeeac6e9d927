//! Files of cells, where somebody tries more than there is: a field named twice, parts that come while an upload ends, more
//! uploads and bytes than the plan has, files of others, writes that are refused.

use crate::attachments::{Cabinet, png};
use kernel_core::Role;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Answer, run};

const FORGED: &str = "att_0000000000000000000000|1|text/plain||x (http://127.0.0.1:1/x)";

#[test]
fn a_field_that_is_named_twice_is_refused() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let file = at.upload("a.txt", b"x").await?;
        let good = json!([{"id": file["id"]}]);
        let refused = async |method: &str, path: &str, body: Value| -> anyhow::Result<()> {
            let request = at.system.api().request(method.parse()?, path).token(&at.tenant.token);
            let answer = request.json(&body).send().await?;
            assert_eq!(answer.status, 422, "{method} {path} {body}: {}", answer.text);
            assert!(answer.text.contains("twice"), "{method} {path}: {}", answer.text);
            Ok(())
        };
        for forged in [json!([FORGED]), json!(FORGED), good.clone()] {
            for fields in [
                json!({"Name": "a", "Files": good, (at.files.clone()): forged}),
                json!({"Name": "a", "Files": forged, (at.files.clone()): good}),
            ] {
                let record = json!({"fields": fields});
                for typecast in [true, false] {
                    let one = json!({"fields": fields, "typecast": typecast});
                    refused("PATCH", &format!("/v1/records/{}", at.first), one).await?;
                    let of = json!({"table": at.table, "records": [record], "typecast": typecast});
                    refused("POST", "/v1/records", of.clone()).await?;
                    let mut upsert = of;
                    upsert["key"] = json!(["Name"]);
                    refused("PUT", "/v1/records", upsert).await?;
                }
                // A base answers five such requests a second.
                tokio::time::sleep(Duration::from_millis(1_100)).await;
                let v0 = format!("/v0/{}/{}", at.base, at.table);
                let one = json!({"fields": fields, "typecast": true});
                refused("POST", &v0, one.clone()).await?;
                refused("PUT", &format!("{v0}/{}", at.first), one).await?;
                let merge = json!({"fieldsToMergeOn": ["Name"]});
                let many = json!({"performUpsert": merge, "records": [record], "typecast": true});
                refused("PATCH", &v0, many).await?;
                let many = json!({"records": [{"id": at.first, "fields": fields}], "typecast": true});
                refused("PATCH", &v0, many).await?;
            }
        }
        for record in [&at.first, &at.second] {
            assert_eq!(at.cell(record).await?, json!([]));
        }
        Ok(())
    });
}

#[test]
fn webhooks_show_a_signature_as_records_do() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let (api, token) = (system.api(), &at.tenant.token);
        let picture = at.upload("Ann.png", &png()).await?;
        let hook = json!({"notificationUrl": null, "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}});
        let hooks = format!("/v0/bases/{}/webhooks", at.base);
        let made = api.post(&hooks).token(token).json(&hook).send().await?.expect(200)?.json();
        at.write(&at.first, json!({"Signed": {"id": picture["id"]}})).await?.expect(200)?;
        let path = format!("/v0/{}/{}/{}", at.base, at.table, at.first);
        let record = api.get(&path).token(token).send().await?.expect(200)?.json();
        assert_eq!(record["fields"]["Signed"][0]["id"], picture["id"]);
        let path = format!("{hooks}/{}/payloads", made["id"].as_str().unwrap_or_default());
        let told = api.get(&path).token(token).send().await?.expect(200)?.json();
        let row = &told["payloads"][0]["changedTablesById"][&at.table]["changedRecordsById"][&at.first];
        let values = row["current"]["cellValuesByFieldId"].as_object().into_iter().flatten();
        let values: Vec<&Value> = values.map(|(_, value)| &value[0]["id"]).collect();
        assert_eq!(values, [&picture["id"]], "{told}");
        Ok(())
    });
}

struct Upload<'a> {
    at: &'a Cabinet<'a>,
    token: String,
    id: String,
}

impl<'a> Upload<'a> {
    async fn start(at: &'a Cabinet<'a>, token: &str, size: u64) -> anyhow::Result<Answer> {
        at.system.api().post("/v1/uploads").token(token).json(&json!({"size": size})).send().await
    }

    async fn new(at: &'a Cabinet<'a>, size: u64) -> anyhow::Result<Self> {
        let started = Self::start(at, &at.tenant.token, size).await?.expect(201)?.json();
        let id = started["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { at, token: at.tenant.token.clone(), id })
    }

    async fn part(&self, offset: u64, bytes: &[u8]) -> anyhow::Result<Answer> {
        let path = format!("/v1/uploads/{}?offset={offset}", self.id);
        self.at.system.api().request("PATCH".parse()?, &path).token(&self.token).file(bytes).send().await
    }

    async fn finish(&self) -> anyhow::Result<Answer> {
        let path = format!("/v1/uploads/{}/finish", self.id);
        let name = json!({"name": "parts.txt"});
        self.at.system.api().post(&path).token(&self.token).json(&name).send().await
    }
}

#[test]
fn an_upload_ends_once_and_only_whole() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let upload = Upload::new(&at, 11).await?;
        upload.part(0, b"hello").await?.expect(200)?;
        assert_eq!(upload.finish().await?.expect(409)?.code(), "conflict");
        assert_eq!(upload.part(5, b" world!").await?.expect(413)?.code(), "body_too_large");
        upload.part(5, b" world").await?.expect(200)?;
        // Of somebody else, though of the same organisation.
        let member = system.join(&at.tenant, Role::Editor).await?;
        let theirs = Upload { at: &at, token: member.token.clone(), id: upload.id.clone() };
        theirs.part(11, b"x").await?.expect(404)?;
        theirs.finish().await?.expect(404)?;
        let path = format!("/v1/uploads/{}", upload.id);
        system.api().get(&path).token(&member.token).send().await?.expect(404)?;

        let (one, two) = tokio::join!(upload.finish(), upload.finish());
        let mut ended = [one?.status.as_u16(), two?.status.as_u16()];
        ended.sort_unstable();
        assert!(ended[0] == 201 && [404, 409].contains(&ended[1]), "{ended:?}");
        upload.part(11, b"x").await?.expect(404)?;

        // The same content again, in parts and at once: one file each, and the bytes as they were.
        let again = Upload::new(&at, 11).await?;
        again.part(0, b"hello world").await?.expect(200)?;
        let (file, other) = tokio::join!(again.finish(), at.upload("b.txt", b"hello world"));
        for file in [file?.expect(201)?.json(), other?] {
            assert_eq!(at.download(&file["url"]).await?.expect(200)?.text, "hello world");
        }
        Ok(())
    });
}

#[test]
fn what_is_on_its_way_counts() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let token = &at.tenant.token;
        let full = "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at, used_at)
            values ($1, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), 1073741804, 'text/plain', 'large', 'x', now(), now())";
        let sql = system.sql("data", "nclc_platform").await?;
        sql.execute(full, &[&at.tenant.summary.id.uuid()]).await?;
        // Twenty bytes are left.
        let upload = Upload::new(&at, 11).await?;
        assert_eq!(Upload::start(&at, token, 10).await?.expect(422)?.code(), "storage_full");
        assert_eq!(at.upload_as(token, "b.txt", b"0123456789").await?.expect(422)?.code(), "storage_full");
        // Two that fit alone, and not together.
        let (one, two) =
            tokio::join!(at.upload_as(token, "c.txt", b"fivex"), at.upload_as(token, "d.txt", b"fivey"));
        let mut both = [one?.status.as_u16(), two?.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [201, 422]);
        upload.part(0, b"hello world").await?.expect(200)?;
        // Meanwhile the room is gone: it is asked again at the end.
        let more = "update data.files set size = size + 10 where tenant_id = $1 and name = 'large'";
        sql.execute(more, &[&at.tenant.summary.id.uuid()]).await?;
        assert_eq!(upload.finish().await?.expect(422)?.code(), "storage_full");
        let less = "update data.files set size = 5 where tenant_id = $1 and name = 'large'";
        sql.execute(less, &[&at.tenant.summary.id.uuid()]).await?;
        upload.finish().await?.expect(201)?;

        for _ in 0..20 {
            Upload::start(&at, token, 1).await?.expect(201)?;
        }
        assert_eq!(Upload::start(&at, token, 1).await?.expect(422)?.code(), "limit_reached");
        Ok(())
    });
}

#[test]
fn many_ids_are_one_question_and_have_a_limit() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let (api, token) = (system.api(), &at.tenant.token);
        let (one, two) = (at.upload("a.txt", b"a").await?, at.upload("b.txt", b"b").await?);
        at.write(&at.first, json!({"Files": [{"id": one["id"]}, {"id": two["id"]}]})).await?.expect(200)?;
        // Of somebody else, seen in a cell: one with a name of its own.
        let member = system.join(&at.tenant, Role::Editor).await?;
        let both = json!({"Files": [{"id": two["id"], "filename": "c.txt"}, {"id": one["id"]}]});
        let written = at.write_as(&member.token, &at.second, both).await?.expect(200)?.json();
        let names: Vec<&Value> = written["fields"]["Files"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|file| &file["filename"])
            .collect();
        assert_eq!(names, ["c.txt", "a.txt"]);
        let mixed = json!({"Files": [{"id": one["id"]}, {"id": "att_0000000000000000000000"}]});
        assert_eq!(
            at.write_as(&member.token, &at.second, mixed).await?.expect(422)?.code(),
            "unknown_record"
        );
        let cell = vec![json!({"id": one["id"]}); 100];
        let records = vec![json!({"fields": {"Files": cell}}); 21];
        let body = json!({"table": at.table, "records": records});
        let refused = api.post("/v1/records").token(token).json(&body).send().await?;
        assert_eq!(refused.expect(422)?.code(), "too_many");
        Ok(())
    });
}

#[test]
fn a_write_that_is_refused_uses_no_file() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let file = at.upload("a.png", &png()).await?;
        let used = async || -> anyhow::Result<bool> {
            let sql = system.sql("data", "nclc_platform").await?;
            let asked = "select used_at is not null from data.files where tenant_id = $1 and name = 'a.png'";
            Ok(sql.query_one(asked, &[&at.tenant.summary.id.uuid()]).await?.get(0))
        };
        let files = json!([{"id": file["id"]}]);
        at.write(&at.first, json!({"Files": files, "Count": "no number"})).await?.expect(422)?;
        assert!(!used().await?);
        let path = format!("/v1/records/{}", at.first);
        let body = json!({"fields": {"Files": files}});
        let late = system.api().patch(&path).token(&at.tenant.token).header("if-match", "\"1-1\"");
        assert!(late.json(&body).send().await?.status.is_client_error());
        assert!(!used().await?);
        at.write(&at.first, body["fields"].clone()).await?.expect(200)?;
        assert!(used().await?);
        // One that is used already stays so.
        at.write(&at.second, json!({"Files": files, "Count": "no number"})).await?.expect(422)?;
        assert!(used().await?);
        Ok(())
    });
}

#[test]
fn all_that_no_cell_named_go_at_once() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let sql = system.sql("data", "nclc_platform").await?;
        let many = "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at)
            select $1, gen_random_uuid(), decode(repeat('cd', 32), 'hex'), 1, 'text/plain', 'x', 'x', now() - interval '25 hours'
            from generate_series(1, 2500)";
        sql.execute(many, &[&at.tenant.summary.id.uuid()]).await?;
        system.system.bases.clean_files().await?;
        let left = "select count(*) from data.files where tenant_id = $1";
        let left: i64 = sql.query_one(left, &[&at.tenant.summary.id.uuid()]).await?.get(0);
        assert_eq!(left, 0);
        Ok(())
    });
}
