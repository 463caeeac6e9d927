//! The stream of a base's changes: what happens while one listens, what was missed, and what is too much to tell.

use crate::world::small_table;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::{TestSystem, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that reads events as they come.
pub struct Stream {
    connection: TcpStream,
    text: String,
}

impl Stream {
    pub async fn open(
        system: &TestSystem,
        token: &str,
        base: &str,
        last: Option<u64>,
    ) -> anyhow::Result<Self> {
        Self::at(system.address, token, base, last).await
    }

    /// As [`Stream::open`], at any server.
    pub async fn at(address: SocketAddr, token: &str, base: &str, last: Option<u64>) -> anyhow::Result<Self> {
        let mut connection = TcpStream::connect(address).await?;
        let last = last.map_or_else(String::new, |last| format!("last-event-id: {last}\r\n"));
        let host = format!("api.nclc.localhost:{}", address.port());
        let head = format!(
            "GET /v1/bases/{base}/events HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        connection.write_all(head.as_bytes()).await?;
        Ok(Self { connection, text: String::new() })
    }

    /// The next event: its name, its id and its data.
    pub async fn next(&mut self) -> anyhow::Result<(String, u64, Value)> {
        loop {
            // Lines of chunks and of comments are neither of the three.
            if let Some((at, end)) =
                self.text.find("event: ").and_then(|at| Some((at, at + self.text[at..].find("\n\n")?)))
            {
                let event = self.text[at..end].to_owned();
                self.text.drain(..end + 2);
                let line = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                };
                return Ok((line("event:"), line("id:").parse()?, serde_json::from_str(&line("data:"))?));
            }
            let mut buffer = [0; 4096];
            let read =
                tokio::time::timeout(Duration::from_secs(10), self.connection.read(&mut buffer)).await??;
            anyhow::ensure!(read > 0, "the stream ended: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&buffer[..read]).replace('\r', ""));
        }
    }
}

#[test]
fn who_comes_back_is_told_what_was_missed() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let create = async |count: usize| {
            let records: Vec<Value> =
                (0..count).map(|n| json!({"fields": {"Name": format!("n{n}")}})).collect();
            let body = json!({"table": table, "records": records});
            system.api().post("/v1/records").token(&tenant.token).json(&body).send().await?.expect(201)
        };
        let seen = create(1).await?.version()?;
        let mut stream = Stream::open(system, &tenant.token, &base, None).await?;
        let (name, id, _) = stream.next().await?;
        assert_eq!((name.as_str(), id), ("ready", seen));
        let live = create(2).await?;
        let (name, id, data) = stream.next().await?;
        let ids: Vec<Value> =
            live.json()["data"].as_array().into_iter().flatten().map(|one| one["id"].clone()).collect();
        assert_eq!(
            (name.as_str(), id, &data["tables"][&table]["records"]),
            ("change", seen + 1, &json!(ids))
        );
        drop(stream);
        create(1).await?;
        let rename = json!({"name": "Other things"});
        system
            .api()
            .patch(&format!("/v1/tables/{table}"))
            .token(&tenant.token)
            .json(&rename)
            .send()
            .await?
            .expect(200)?;
        let mut stream = Stream::open(system, &tenant.token, &base, Some(seen)).await?;
        let (name, id, _) = stream.next().await?;
        assert_eq!((name.as_str(), id), ("ready", seen));
        // What was heard live is told in the same words.
        assert_eq!(stream.next().await?, ("change".to_owned(), seen + 1, data));
        let (_, id, data) = stream.next().await?;
        assert_eq!((id, &data["schema"]), (seen + 2, &json!(false)));
        let (_, id, data) = stream.next().await?;
        assert_eq!((id, &data["schema"]), (seen + 3, &json!(true)));
        let live = create(1).await?.version()?;
        assert_eq!(stream.next().await?.1, live);
        // From before the beginning of 500 changes: too much.
        for _ in 0..500 {
            create(1).await?;
        }
        let mut stream = Stream::open(system, &tenant.token, &base, Some(seen)).await?;
        assert_eq!(stream.next().await?.0, "ready");
        let (name, id, data) = stream.next().await?;
        assert_eq!((name.as_str(), id, &data["tables"]), ("reset", live + 500, &Value::Null));
        Ok(())
    });
}
