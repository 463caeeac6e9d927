//! The life of uploads: given up with their room, and once an `Idempotency-Key`.

use crate::attachments::Cabinet;
use kernel_core::Role;
use serde_json::{Value, json};
use testkit::{Answer, run};

struct At<'a>(Cabinet<'a>);

impl At<'_> {
    /// A request with a key, of the owner.
    async fn keyed(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Result<&[u8], Value>,
    ) -> anyhow::Result<Answer> {
        let request = self.0.system.api().request(method.parse()?, path).token(&self.0.tenant.token);
        let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
        match body {
            Ok(bytes) => request.file(bytes).send().await,
            Err(body) => request.json(&body).send().await,
        }
    }

    async fn start(&self, size: u64, key: &str) -> anyhow::Result<Answer> {
        self.keyed("POST", "/v1/uploads", key, Err(json!({"size": size}))).await
    }

    async fn part(&self, id: &str, offset: u64, bytes: &[u8]) -> anyhow::Result<Answer> {
        self.keyed("PATCH", &format!("/v1/uploads/{id}?offset={offset}"), "", Ok(bytes)).await
    }

    async fn finish(&self, id: &str, name: &str, key: &str) -> anyhow::Result<Answer> {
        self.keyed("POST", &format!("/v1/uploads/{id}/finish"), key, Err(json!({"name": name}))).await
    }

    async fn ask(&self, method: &str, id: &str, token: &str) -> anyhow::Result<Answer> {
        let path = format!("/v1/uploads/{id}");
        self.0.system.api().request(method.parse()?, &path).token(token).send().await
    }

    async fn count(&self) -> anyhow::Result<i64> {
        let sql = self.0.system.sql("data", "nclc_platform").await?;
        let count = "select count(*) from data.files where tenant_id = $1";
        Ok(sql.query_one(count, &[&self.0.tenant.summary.id.uuid()]).await?.get(0))
    }
}

fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_default().to_owned()
}

fn expect_replay(first: &Answer, again: &Answer) {
    assert_eq!((again.status, again.header("idempotent-replayed")), (first.status, "true"), "{}", again.text);
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(first.json()["id"], again.json()["id"]);
}

#[test]
fn an_upload_that_is_given_up_gives_its_room_back() {
    run(async |system| {
        let at = At(Cabinet::new(system).await?);
        let token = at.0.tenant.token.clone();
        // Ten bytes are left of the plan's room.
        let full = "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at, used_at)
            values ($1, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), 1073741814, 'text/plain', 'large', 'x', now(), now())";
        let sql = system.sql("data", "nclc_platform").await?;
        sql.execute(full, &[&at.0.tenant.summary.id.uuid()]).await?;
        let id = id_of(&at.start(10, "").await?.expect(201)?);
        at.part(&id, 0, b"01234").await?.expect(200)?;
        assert_eq!(at.start(10, "").await?.expect(422)?.code(), "storage_full");
        // Of nobody else, of no other method, and once.
        let member = system.join(&at.0.tenant, Role::Editor).await?;
        at.ask("DELETE", &id, &member.token).await?.expect(404)?;
        let stranger = system.fresh_tenant().await?;
        at.ask("DELETE", &id, &stranger.token).await?.expect(404)?;
        at.ask("DELETE", "no-id", &token).await?.expect(404)?;
        at.ask("DELETE", &id, &token).await?.expect(204)?;
        at.ask("DELETE", &id, &token).await?.expect(404)?;
        at.ask("GET", &id, &token).await?.expect(404)?;
        at.part(&id, 5, b"56789").await?.expect(404)?;
        at.finish(&id, "a.txt", "").await?.expect(404)?;
        let folder = system.folder().join("files").join(at.0.tenant.summary.id.uuid().to_string());
        assert_eq!(std::fs::read_dir(folder.join("incoming"))?.count(), 0, "nothing of it is left");
        let again = id_of(&at.start(10, "").await?.expect(201)?);

        // At once with a part and with its end: each happens or is refused, and nothing is left half.
        for round in 0..10 {
            let id = if round == 0 { again.clone() } else { id_of(&at.start(10, "").await?.expect(201)?) };
            at.part(&id, 0, b"01234").await?.expect(200)?;
            let (part, gone) = tokio::join!(at.part(&id, 5, b"56789"), at.ask("DELETE", &id, &token));
            let (part, gone) = (part?.status.as_u16(), gone?.status.as_u16());
            assert!([200, 404, 409].contains(&part) && [204, 409].contains(&gone), "{part} {gone}");
            if gone == 409 {
                at.ask("DELETE", &id, &token).await?.expect(204)?;
            }
        }
        let id = id_of(&at.start(10, "").await?.expect(201)?);
        at.part(&id, 0, b"0123456789").await?.expect(200)?;
        let (ended, gone) = tokio::join!(at.finish(&id, "a.txt", ""), at.ask("DELETE", &id, &token));
        let (ended, gone) = (ended?.status.as_u16(), gone?.status.as_u16());
        assert!(matches!((ended, gone), (201, 404 | 409) | (404 | 409, 204)), "{ended} {gone}");
        assert_eq!(at.count().await?, if ended == 201 { 2 } else { 1 });
        Ok(())
    });
}

#[test]
fn an_upload_with_a_key_happens_once() {
    run(async |system| {
        let at = At(Cabinet::new(system).await?);
        let file = async |key: &str, name: &str, bytes: &[u8]| {
            at.keyed("POST", &format!("/v1/files?name={name}"), key, Ok(bytes)).await
        };
        let reused = |answer: Answer| {
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                (422, "idempotency_key_reused"),
                "{}",
                answer.text
            );
        };
        let first = file("one", "a.txt", b"hello").await?.expect(201)?;
        let again = file("one", "a.txt", b"hello").await?;
        expect_replay(&first, &again);
        assert_eq!(again.json()["filename"], "a.txt");
        reused(file("one", "a.txt", b"other").await?);
        reused(file("one", "b.txt", b"hello").await?);
        assert_eq!(at.count().await?, 1);
        let other = file("two", "a.txt", b"hello").await?.expect(201)?;
        assert_ne!(other.json()["id"], first.json()["id"]);
        assert_eq!(file("", "a.txt", b"hello").await?.expect(201)?.header("idempotent-replayed"), "");
        // Another person has keys of their own.
        let member = system.join(&at.0.tenant, Role::Editor).await?;
        let api = system.api();
        let theirs = api.post("/v1/files?name=a.txt").token(&member.token).header("idempotency-key", "one");
        let theirs = theirs.file(b"theirs").send().await?.expect(201)?;
        assert_eq!(theirs.header("idempotent-replayed"), "");
        assert_eq!(at.count().await?, 4);

        // In parts: begun once, ended once, and both are answered when the upload is no upload any more.
        let begun = at.start(11, "begin").await?.expect(201)?;
        let id = id_of(&begun);
        at.part(&id, 0, b"hello").await?.expect(200)?;
        let again = at.start(11, "begin").await?;
        expect_replay(&begun, &again);
        assert_eq!(again.json()["offset"], 5, "where it is now");
        reused(at.start(12, "begin").await?);
        at.part(&id, 5, b" world").await?.expect(200)?;
        let ended = at.finish(&id, "parts.txt", "end").await?.expect(201)?;
        let again = at.finish(&id, "parts.txt", "end").await?;
        expect_replay(&ended, &again);
        assert_eq!(at.0.download(&again.json()["url"]).await?.expect(200)?.text, "hello world");
        reused(at.finish(&id, "other.txt", "end").await?);
        at.finish(&id, "parts.txt", "").await?.expect(404)?;
        at.start(11, "begin").await?.expect(404)?;
        // Given up: the key names nothing any more.
        let begun = at.start(3, "again").await?.expect(201)?;
        at.ask("DELETE", &id_of(&begun), &at.0.tenant.token).await?.expect(204)?;
        at.start(3, "again").await?.expect(404)?;
        Ok(())
    });
}

#[test]
fn a_file_goes_into_a_cell_once_a_key() {
    run(async |system| {
        let at = At(Cabinet::new(system).await?);
        let path = format!("/v1/records/{}/files?field=Files&name=a.txt", at.0.first);
        let add = async |key: &str, bytes: &[u8]| at.keyed("POST", &path, key, Ok(bytes)).await;
        let first = add("cell", b"hello").await?.expect(201)?;
        let again = add("cell", b"hello").await?;
        expect_replay(&first, &again);
        assert_eq!(first.version()?, again.version()?);
        assert_eq!(add("cell", b"other").await?.code(), "idempotency_key_reused");
        assert_eq!(at.0.cell(&at.0.first).await?.as_array().map(Vec::len), Some(1));
        // Eight at once: one does it, the others are told so or that it is being done.
        let sent = (0..8).map(|_| add("race", b"race"));
        for answer in futures_util::future::try_join_all(sent).await? {
            let code = answer.code();
            assert!(
                answer.status == 201 || ["idempotency_in_progress", "conflict"].contains(&code.as_str()),
                "{}",
                answer.text
            );
        }
        assert_eq!(at.0.cell(&at.0.first).await?.as_array().map(Vec::len), Some(2));
        expect_replay(&first, &add("cell", b"hello").await?);
        let refused = add(&"k".repeat(256), b"x").await?;
        assert_eq!(refused.code(), "invalid_value");

        // A repeated request needs no room.
        let full = "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at, used_at)
            values ($1, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), 1073741824, 'text/plain', 'large', 'x', now(), now())";
        let sql = system.sql("data", "nclc_platform").await?;
        sql.execute(full, &[&at.0.tenant.summary.id.uuid()]).await?;
        assert_eq!(add("new", b"x").await?.code(), "storage_full");
        expect_replay(&first, &add("cell", b"hello").await?);
        Ok(())
    });
}
