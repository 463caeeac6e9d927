//! Room of files comes back when nothing needs them: no cell, no trash, no history, no snapshot. A day passes by SQL.

use crate::attachments::Cabinet;
use kernel_core::{Clock, TenantId};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use testkit::{Answer, run};
use tokio::time::Instant;

/// A plan that keeps history for a month.
struct Month;

impl bases::HistoryPlans for Month {
    fn history_days(&self, _: TenantId) -> tenancy::Later<'_, Option<i64>> {
        Box::pin(async { Ok(Some(30)) })
    }
}

struct Room<'a> {
    at: Cabinet<'a>,
    sql: tokio_postgres::Client,
}

impl<'a> Room<'a> {
    async fn new(system: &'a testkit::TestSystem) -> anyhow::Result<Self> {
        Ok(Self { at: Cabinet::new(system).await?, sql: system.sql("data", "nclc_platform").await? })
    }

    async fn run(&self, text: &str) -> anyhow::Result<u64> {
        Ok(self.sql.execute(text, &[&self.at.tenant.summary.id.uuid()]).await?)
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Answer> {
        let request = self.at.system.api().request(method.parse()?, path).token(&self.at.tenant.token);
        if body.is_null() { request.send().await } else { request.json(&body).send().await }
    }

    /// A file in a cell of the first record, which had none.
    async fn hold(&self, name: &str, fields: &[&str]) -> anyhow::Result<Value> {
        let file = self.at.upload(name, format!("the contents of {name}").as_bytes()).await?;
        for field in fields {
            self.at.write(&self.at.first, json!({(*field): [{"id": file["id"]}]})).await?.expect(200)?;
        }
        Ok(file)
    }

    /// A day later: everything that was used, and every mark, is a day older; contents on disk too.
    async fn a_day_passes(&self) -> anyhow::Result<()> {
        self.run(
            "update data.files set created_at = created_at - interval '25 hours', used_at = used_at - interval '25 hours',
                unneeded_at = unneeded_at - interval '25 hours' where tenant_id = $1",
        )
        .await?;
        let mut folders = vec![self.folder()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let old = SystemTime::from(Clock::System.now()) - Duration::from_secs(25 * 3_600);
                    std::fs::File::open(path)?.set_modified(old)?;
                }
            }
        }
        Ok(())
    }

    fn folder(&self) -> std::path::PathBuf {
        self.at.system.folder().join("files").join(self.at.tenant.summary.id.uuid().to_string())
    }

    /// Names of the files that are kept, what they take by the rows, and by the disk.
    async fn kept(&self) -> anyhow::Result<(Vec<String>, i64, i64)> {
        let text = "select name, size from data.files where tenant_id = $1 order by name";
        let rows = self.sql.query(text, &[&self.at.tenant.summary.id.uuid()]).await?;
        let (mut disk, mut folders) = (0, vec![self.folder()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if entry.path().is_dir() {
                    folders.push(entry.path())
                } else {
                    disk += entry.metadata()?.len()
                }
            }
        }
        let size = rows.iter().map(|row| row.get::<_, i64>(1)).sum();
        Ok((rows.iter().map(|row| row.get(0)).collect(), size, i64::try_from(disk)?))
    }

    async fn clean(&self) -> anyhow::Result<()> {
        Ok(self.at.system.system.bases.clean_files().await?)
    }
}

#[test]
fn what_nothing_needs_any_more_gives_its_room_back() {
    run(async |system| {
        let room = Room::new(system).await?;
        let at = &room.at;
        // Left behind in every way that there is.
        room.hold("history.txt", &["Files"]).await?;
        at.write(&at.first, json!({"Files": []})).await?.expect(200)?;
        room.hold("trash.txt", &["Files"]).await?;
        room.send("DELETE", &format!("/v1/records/{}", at.first), Value::Null).await?.expect(204)?;
        let restored = json!({"records": [at.first]});
        room.send("POST", &format!("/v1/tables/{}/restore", at.table), restored).await?.expect(200)?;
        room.send("DELETE", &format!("/v1/records/{}", at.first), Value::Null).await?.expect(204)?;
        let body = json!({"table": at.table, "fields": {"Name": "new"}});
        let record = room.send("POST", "/v1/records", body).await?.expect(201)?.json();
        let first = record["id"].as_str().unwrap_or_default().to_owned();
        let room = Room { at: Cabinet { first, ..room.at }, sql: room.sql };
        let at = &room.at;
        let fields = format!("/v1/tables/{}/fields", at.table);
        let body = json!({"name": "Second", "type": "attachment", "options": {}});
        let second = room.send("POST", &fields, body).await?.expect(201)?.json();
        room.hold("field.txt", &["Second"]).await?;
        let path = format!("/v1/fields/{}", second["id"].as_str().unwrap_or_default());
        room.send("DELETE", &path, Value::Null).await?.expect(204)?;
        // Kept: by a snapshot alone, and by a cell.
        room.hold("snapshot.txt", &["Files"]).await?;
        let path = format!("/v1/bases/{}/snapshots", at.base);
        let snapshot = room.send("POST", &path, json!({"name": "Kept"})).await?.expect(201)?.json();
        let cell = room.hold("cell.txt", &["Files"]).await?;
        let all = ["cell.txt", "field.txt", "history.txt", "snapshot.txt", "trash.txt"];

        // Everything is needed by something: days pass, nothing goes and nothing is in doubt.
        for _ in 0..3 {
            room.a_day_passes().await?;
            room.clean().await?;
        }
        let (names, before, disk) = room.kept().await?;
        assert!(names == all && before == disk, "{names:?} {before} {disk}");
        let marks = "select count(*) from data.files where tenant_id = $1 and unneeded_at is not null";
        let marks = async || -> anyhow::Result<i64> {
            Ok(room.sql.query_one(marks, &[&at.tenant.summary.id.uuid()]).await?.get(0))
        };
        assert_eq!(marks().await?, 0);

        // Forty days later the history goes as far as the snapshot lets it, and what is in the trash ends. (The field's values
        // are in its records until they are written again: its number counts.)
        room.run("update data.changes set at = at - interval '40 days' where tenant_id = $1").await?;
        room.run("update data.files set created_at = created_at - interval '40 days' where tenant_id = $1")
            .await?;
        let due = "update data.fields set deleted_at = deleted_at - interval '40 days' where tenant_id = $1 and deleted_at is not null";
        assert_eq!(room.run(due).await?, 1);
        let other = system.another_server().await?;
        other.system.bases.prune_history(&Month).await?;
        other.system.bases.empty_trash().await?;
        room.clean().await?;
        assert_eq!(
            (room.kept().await?.0, marks().await?),
            (all.map(str::to_owned).to_vec(), 3),
            "one look is not enough"
        );
        room.clean().await?;
        assert_eq!(room.kept().await?.0, all, "two looks at once are one");
        room.a_day_passes().await?;
        room.clean().await?;
        let (names, after, disk) = room.kept().await?;
        assert_eq!(names, ["cell.txt", "snapshot.txt"]);
        assert!(after == disk && after < before, "{before} {after} {disk}");
        at.download(&cell["url"]).await?.expect(200)?;

        // The snapshot's file goes with the snapshot and its history; the cell's stays whatever happens.
        let path = format!("{path}/{}", snapshot["id"].as_str().unwrap_or_default());
        room.send("DELETE", &path, Value::Null).await?.expect(204)?;
        for _ in 0..3 {
            room.run("update data.changes set at = at - interval '40 days' where tenant_id = $1").await?;
            other.system.bases.prune_history(&Month).await?;
            room.clean().await?;
            room.a_day_passes().await?;
        }
        let (names, size, disk) = room.kept().await?;
        assert!(names == ["cell.txt"] && size == disk, "{names:?} {size} {disk}");
        at.download(&at.cell(&at.first).await?[0]["url"]).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn room_that_came_back_is_room() {
    run(async |system| {
        let room = Room::new(system).await?;
        let at = &room.at;
        // The plan is full with one that nothing names.
        room.run(
            "insert into data.files (tenant_id, id, hash, size, type, name, created_by, created_at, used_at)
            values ($1, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), 1073741820, 'text/plain', 'large', 'x', now(), now())",
        )
        .await?;
        let upload = async || at.upload_as(&at.tenant.token, "a.txt", b"five!").await;
        assert_eq!(upload().await?.expect(422)?.code(), "storage_full");
        // In doubt, then used again: the doubt begins anew.
        std::fs::create_dir_all(room.folder())?;
        room.a_day_passes().await?;
        room.clean().await?;
        room.a_day_passes().await?;
        room.run("update data.files set used_at = now() where tenant_id = $1").await?;
        room.clean().await?;
        room.a_day_passes().await?;
        room.clean().await?;
        assert_eq!(upload().await?.expect(422)?.code(), "storage_full");
        room.a_day_passes().await?;
        room.clean().await?;
        upload().await?.expect(201)?;
        Ok(())
    });
}

/// A day is two seconds here: whoever was given a file has written it by then.
#[test]
fn nothing_that_is_being_written_loses_its_file() {
    run(async |system| {
        let room = Room::new(system).await?;
        let at = &room.at;
        let end = Instant::now() + Duration::from_secs(12);
        let days = async || -> anyhow::Result<u32> {
            let mut rounds = 0;
            while Instant::now() < end {
                room.run(
                    "update data.files set used_at = used_at - interval '25 hours', created_at = created_at - interval '25 hours'
                    where tenant_id = $1 and used_at between now() - interval '1 hour' and now() - interval '2 seconds'",
                )
                .await?;
                room.run(
                    "update data.files set unneeded_at = unneeded_at - interval '21 hours'
                    where tenant_id = $1 and unneeded_at between now() - interval '1 hour' and now() - interval '2 seconds'",
                )
                .await?;
                // Killed wherever it is, every other time.
                let bases = system.system.bases.clone();
                let job = tokio::spawn(async move { bases.clean_files().await });
                rounds += 1;
                if rounds % 2 == 0 {
                    tokio::time::sleep(Duration::from_millis(u64::from(rounds % 40))).await;
                    job.abort();
                    let _ = job.await;
                } else {
                    job.await??;
                }
            }
            Ok(rounds)
        };
        // What was removed comes back by undo, however old; files go from cell to cell; new ones come.
        let people = async || -> anyhow::Result<u32> {
            let kept = at.upload("kept.txt", b"kept").await?;
            at.write(&at.first, json!({"Files": [{"id": kept["id"]}]})).await?.expect(200)?;
            let mut rounds = 0;
            while Instant::now() < end {
                rounds += 1;
                let emptied = at.write(&at.first, json!({"Files": []})).await?.expect(200)?;
                tokio::time::sleep(Duration::from_millis(u64::from(rounds % 7) * 100)).await;
                let undo = format!("/v1/bases/{}/changes/{}/undo", at.base, emptied.version()?);
                room.send("POST", &undo, Value::Null).await?.expect(200)?;
                let cell = at.cell(&at.first).await?;
                assert_eq!(at.download(&cell[0]["url"]).await?.expect(200)?.text, "kept");
                let name = format!("{rounds}.txt");
                let new = at.upload(&name, name.as_bytes()).await?;
                let both = json!({"Files": [{"id": kept["id"]}, {"id": new["id"]}]});
                at.write(&at.second, both).await?.expect(200)?;
                let cell = at.cell(&at.second).await?;
                assert_eq!(at.download(&cell[0]["url"]).await?.expect(200)?.text, "kept");
                assert_eq!(at.download(&cell[1]["url"]).await?.expect(200)?.text, name);
                let alone = json!({"Files": [{"id": new["id"]}]});
                at.write(&at.second, alone).await?.expect(200)?;
            }
            Ok(rounds)
        };
        let (days, people) = tokio::join!(days(), people());
        let (days, people) = (days?, people?);
        assert!(days > 10 && people > 5, "{days} {people}");
        // All of them are still named by a change.
        let uploads = "select count(*) from data.files where tenant_id = $1";
        let uploads: i64 = room.sql.query_one(uploads, &[&at.tenant.summary.id.uuid()]).await?.get(0);
        assert_eq!(uploads, i64::from(people) + 1);
        Ok(())
    });
}
