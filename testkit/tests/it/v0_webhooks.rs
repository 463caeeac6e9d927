//! Webhooks of `/v0`: filters, cursors, signed notifications that are tried again.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::{Tenant, TestSystem, eventually, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A base with one table, and its webhooks.
struct Hooked<'a> {
    system: &'a TestSystem,
    tenant: &'a Tenant,
    base: String,
    table: String,
    name: String,
    count: String,
}

impl<'a> Hooked<'a> {
    async fn new(system: &'a TestSystem, tenant: &'a Tenant) -> anyhow::Result<Self> {
        let (api, text) = (system.api(), |value: &Value| value.as_str().unwrap_or_default().to_owned());
        let base = api.post("/v1/bases").token(&tenant.token).json(&json!({"name": "Hooked"}));
        let base = text(&base.send().await?.expect(201)?.json()["id"]);
        let fields = json!([{"name": "Name", "type": "text"}, {"name": "Count", "type": "number"}]);
        let table = json!({"base": base, "name": "Things", "fields": fields});
        let table =
            api.post("/v1/tables").token(&tenant.token).json(&table).send().await?.expect(201)?.json();
        let [name, count] = [0, 1].map(|n| text(&table["fields"][n]["id"]));
        Ok(Self { system, tenant, base, table: text(&table["id"]), name, count })
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let request = self.system.api().request(method.parse()?, path).token(&self.tenant.token);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await?;
        anyhow::ensure!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
        Ok(answer.json())
    }

    async fn hook(&self, url: Option<&str>, filters: Value) -> anyhow::Result<(String, String)> {
        let specification = json!({"options": {"filters": filters}});
        let body = json!({"notificationUrl": url, "specification": specification});
        let made = self.ask("POST", &format!("/v0/bases/{}/webhooks", self.base), body).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(&made["id"]), text(&made["macSecretBase64"])))
    }

    async fn payloads(&self, hook: &str, query: &str) -> anyhow::Result<Value> {
        self.ask("GET", &format!("/v0/bases/{}/webhooks/{hook}/payloads{query}", self.base), Value::Null)
            .await
    }

    async fn create(&self, fields: Value) -> anyhow::Result<String> {
        let made = self.ask("POST", "/v1/records", json!({"table": self.table, "fields": fields})).await?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn shown(&self, hook: &str) -> anyhow::Result<Value> {
        // It is asked again and again, and a base answers five requests a second.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let all = self.ask("GET", &format!("/v0/bases/{}/webhooks", self.base), Value::Null).await?;
        let found = all["webhooks"].as_array().into_iter().flatten().find(|one| one["id"] == *hook);
        Ok(found.cloned().unwrap_or_default())
    }
}

#[test]
fn a_cursor_counts_what_passes_the_filter() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Hooked::new(system, &tenant).await?;
        at.create(json!({"Name": "before"})).await?;
        let (all, _) =
            at.hook(None, json!({"dataTypes": ["tableData", "tableFields", "tableMetadata"]})).await?;
        let watched =
            json!({"dataTypes": ["tableData"], "changeTypes": ["update"], "watchDataInFieldIds": [at.count]});
        let (counts, _) = at.hook(None, watched).await?;
        let record = at.create(json!({"Name": "one", "Count": 1})).await?;
        let path = format!("/v1/records/{record}");
        // Far more changes than are read at once, of which every tenth is for the second webhook.
        for n in 0..200 {
            let fields =
                if n % 10 == 0 { json!({"Count": n + 100}) } else { json!({"Name": format!("n{n}")}) };
            at.ask("PATCH", &path, json!({"fields": fields})).await?;
        }
        at.ask("PATCH", &format!("/v1/tables/{}", at.table), json!({"name": "Renamed"})).await?;
        at.ask("PATCH", &format!("/v1/fields/{}", at.count), json!({"name": "Amount"})).await?;
        let page = at.payloads(&counts, "").await?;
        let values: Vec<Value> = page["payloads"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["changedTablesById"][&at.table]["changedRecordsById"][&record]["current"]["cellValuesByFieldId"][&at.count].clone())
            .collect();
        assert_eq!(json!(values), json!((0..20).map(|n| n * 10 + 100).collect::<Vec<_>>()), "{page}");
        assert_eq!((&page["cursor"], &page["mightHaveMore"]), (&json!(21), &json!(false)));
        // Each cursor gives the same payload, wherever reading begins.
        for cursor in [1, 7, 20] {
            let one = at.payloads(&counts, &format!("?cursor={cursor}&limit=1")).await?;
            assert_eq!(one["payloads"][0], page["payloads"][cursor - 1], "cursor {cursor}");
            assert_eq!(one["mightHaveMore"], json!(cursor < 20));
        }
        let mut cursor = 1;
        let mut read = Vec::new();
        loop {
            let page = at.payloads(&all, &format!("?cursor={cursor}")).await?;
            read.extend(page["payloads"].as_array().cloned().unwrap_or_default());
            cursor = page["cursor"].as_i64().unwrap_or_default();
            if page["mightHaveMore"] == json!(false) {
                break;
            }
        }
        assert_eq!(
            (read.len(), cursor),
            (203, 204),
            "one creation, 200 changes of the record, two of the schema"
        );
        let numbers: Vec<i64> = read.iter().filter_map(|one| one["baseTransactionNumber"].as_i64()).collect();
        assert!(numbers.is_sorted() && numbers.len() == read.len(), "{numbers:?}");
        let made = &read[0]["changedTablesById"][&at.table]["createdRecordsById"][&record];
        assert_eq!(made["cellValuesByFieldId"], json!({&at.name: "one", &at.count: 1}));
        let renamed = &read[201]["changedTablesById"][&at.table]["changedMetadata"];
        assert_eq!(
            (&renamed["current"]["name"], &renamed["previous"]["name"]),
            (&json!("Renamed"), &json!("Things"))
        );
        let field = &read[202]["changedTablesById"][&at.table]["changedFieldsById"][&at.count]["current"];
        assert_eq!(field, &json!({"name": "Amount", "type": "number"}));
        // A second process counts the same.
        let other = system.another_server().await?;
        let path = format!("/v0/bases/{}/webhooks/{counts}/payloads?cursor=20", at.base);
        let theirs = other.api().get(&path).token(&tenant.token).send().await?.expect(200)?.json();
        assert_eq!(theirs["payloads"][0], page["payloads"][19]);
        Ok(())
    });
}

/// A server of somebody else's: refuses while `broken`, keeps what it was sent.
struct Receiver {
    url: String,
    broken: Arc<AtomicBool>,
    got: mpsc::UnboundedReceiver<(String, String)>,
}

impl Receiver {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let (broken, (send, got)) = (Arc::new(AtomicBool::new(false)), mpsc::unbounded_channel());
        let refuses = Arc::clone(&broken);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (send, refuses) = (send.clone(), Arc::clone(&refuses));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut buffer = [0; 4096];
                    let (head, body) = loop {
                        let Ok(read) = stream.read(&mut buffer).await else { return };
                        request.extend_from_slice(&buffer[..read]);
                        let text = String::from_utf8_lossy(&request);
                        if read == 0 {
                            return;
                        }
                        if let Some((head, body)) = text.split_once("\r\n\r\n")
                            && body.len() >= length(head)
                        {
                            break (head.to_owned(), body.to_owned());
                        }
                    };
                    let broken = refuses.load(Ordering::SeqCst);
                    let status = if broken { "500 Broken" } else { "204 No Content" };
                    let answer =
                        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = send.send((head.to_ascii_lowercase(), body));
                });
            }
        });
        Ok(Self { url, broken, got })
    }

    async fn next(&mut self) -> anyhow::Result<(String, String)> {
        let got = tokio::time::timeout(Duration::from_secs(20), self.got.recv()).await?;
        got.ok_or_else(|| anyhow::anyhow!("the receiver is gone"))
    }
}

fn length(head: &str) -> usize {
    let head = head.to_ascii_lowercase();
    let value =
        head.lines().find_map(|line| line.strip_prefix("content-length:").map(str::trim).map(str::to_owned));
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

#[test]
fn receivers_are_told_with_a_signature_and_told_again() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Hooked::new(system, &tenant).await?;
        let mut receiver = Receiver::start().await?;
        let (hook, secret) =
            at.hook(Some(&receiver.url), json!({"dataTypes": ["tableData"], "changeTypes": ["add"]})).await?;
        let record = at.create(json!({"Name": "one"})).await?;
        let (head, body) = receiver.next().await?;
        let said: Value = serde_json::from_str(&body)?;
        assert_eq!((&said["base"]["id"], &said["webhook"]["id"]), (&json!(at.base), &json!(hook)));
        let key: [u8; 32] = data_encoding::BASE64.decode(secret.as_bytes())?.try_into().expect("32 bytes");
        let mac = kernel_core::secret::SigningKey::new(key).sign(body.as_bytes());
        let expected =
            format!("x-airtable-content-mac: hmac-sha256={}", data_encoding::HEXLOWER.encode(&mac));
        assert!(head.contains(&expected), "{head}");
        let patience = Duration::from_secs(10);
        eventually("the success is noted", patience, async || {
            let shown = at.shown(&hook).await?;
            Ok((shown["lastNotificationResult"]["success"] == json!(true)).then_some(()))
        })
        .await?;
        // What the filter leaves out is not told; what comes while the receiver is broken is told when it works again.
        at.ask("PATCH", &format!("/v1/records/{record}"), json!({"fields": {"Name": "two"}})).await?;
        receiver.broken.store(true, Ordering::SeqCst);
        at.create(json!({"Name": "three"})).await?;
        receiver.next().await?;
        eventually("the failure is noted", patience, async || {
            let result = at.shown(&hook).await?["lastNotificationResult"].clone();
            Ok((result["success"] == json!(false) && result["willBeRetried"] == json!(true)).then_some(()))
        })
        .await?;
        receiver.broken.store(false, Ordering::SeqCst);
        receiver.next().await?;
        eventually("the second try is noted", patience, async || {
            let result = at.shown(&hook).await?["lastNotificationResult"].clone();
            Ok((result["success"] == json!(true) && result["retryNumber"] == json!(1)).then_some(()))
        })
        .await?;
        assert_eq!(at.shown(&hook).await?["cursorForNextPayload"], json!(3));
        Ok(())
    });
}

#[test]
fn no_notification_goes_into_our_own_network() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Hooked::new(system, &tenant).await?;
        let (hook, _) =
            at.hook(Some("http://10.0.0.1/latest/meta-data"), json!({"dataTypes": ["tableData"]})).await?;
        at.create(json!({"Name": "one"})).await?;
        eventually("the refusal is noted", Duration::from_secs(10), async || {
            let result = at.shown(&hook).await?["lastNotificationResult"].clone();
            Ok((result["success"] == json!(false)).then_some(()))
        })
        .await?;
        Ok(())
    });
}

#[test]
fn what_goes_to_the_trash_is_told_as_removed_and_comes_back_as_added() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Hooked::new(system, &tenant).await?;
        let types = json!(["tableFields", "tableMetadata"]);
        let (gone, _) = at.hook(None, json!({"dataTypes": types, "changeTypes": ["remove"]})).await?;
        let (made, _) = at.hook(None, json!({"dataTypes": types, "changeTypes": ["add"]})).await?;
        let (changed, _) = at.hook(None, json!({"dataTypes": types, "changeTypes": ["update"]})).await?;
        for (kind, item) in [("fields", &at.count), ("tables", &at.table)] {
            let delete = system.api().request("DELETE".parse()?, &format!("/v1/{kind}/{item}"));
            delete.token(&tenant.token).send().await?.expect(204)?;
            at.ask("POST", &format!("/v1/bases/{}/trash/{item}/restore", at.base), Value::Null).await?;
        }
        let told = at.payloads(&gone, "").await?["payloads"].clone();
        assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
        assert_eq!(told[0]["changedTablesById"][&at.table]["destroyedFieldIds"], json!([at.count]), "{told}");
        assert_eq!(told[1]["destroyedTableIds"], json!([at.table]), "{told}");
        let told = at.payloads(&made, "").await?["payloads"].clone();
        assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
        let field = &told[0]["changedTablesById"][&at.table]["createdFieldsById"][&at.count];
        assert_eq!(field, &json!({"name": "Count", "type": "number"}), "{told}");
        let table = &told[1]["createdTablesById"][&at.table]["metadata"];
        assert_eq!(table["name"], "Things", "{told}");
        assert_eq!(at.payloads(&changed, "").await?["payloads"], json!([]));
        Ok(())
    });
}

#[test]
fn ten_webhooks_of_a_base_and_no_more() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let at = Hooked::new(system, &tenant).await?;
        for _ in 0..10 {
            at.hook(None, json!({"dataTypes": ["tableData"]})).await?;
        }
        let refused = at.hook(None, json!({"dataTypes": ["tableData"]})).await.unwrap_err().to_string();
        assert!(refused.contains("422") && refused.contains("at most 10"), "{refused}");
        Ok(())
    });
}
