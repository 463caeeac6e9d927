//! The records API beyond reading and writing: conditions (`ETag`), upserts, expansion, long queries, search, values.

use crate::world::small_table;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use testkit::{Answer, TestSystem, run};

/// A tenant's token and a system to ask.
struct Asker<'a> {
    system: &'a TestSystem,
    token: String,
}

impl<'a> Asker<'a> {
    async fn new(system: &'a TestSystem) -> anyhow::Result<(Self, String, String)> {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        Ok((Self { system, token: tenant.token }, base, table))
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.with(method, path, body, &[]).await
    }

    async fn with(
        &self,
        method: &str,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let mut request = self.system.api().request(method.parse()?, path).token(&self.token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if body.is_null() { request.send().await } else { request.json(&body).send().await }
    }

    async fn create(&self, table: &str, fields: Value) -> anyhow::Result<String> {
        let made =
            self.ask("POST", "/v1/records", json!({"table": table, "fields": fields})).await?.expect(201)?;
        Ok(text(&made.json()["id"]))
    }

    async fn field(&self, table: &str, field: Value) -> anyhow::Result<String> {
        let made = self.ask("POST", &format!("/v1/tables/{table}/fields"), field).await?.expect(201)?;
        Ok(text(&made.json()["id"]))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_record_is_changed_only_as_it_was_read() {
    run(async |system| {
        let (at, _, table) = Asker::new(system).await?;
        let id = at.create(&table, json!({"Name": "one"})).await?;
        let path = format!("/v1/records/{id}");
        let read = at.ask("GET", &path, Value::Null).await?.expect(200)?;
        let tag = read.header("etag").to_owned();
        let kept = at.with("GET", &path, Value::Null, &[("if-none-match", &tag)]).await?.expect(304)?;
        assert_eq!((kept.text.as_str(), kept.header("etag")), ("", tag.as_str()));
        // The same record shown otherwise is another answer, but the same version.
        let by_id = at
            .with("GET", &format!("{path}?keys=id"), Value::Null, &[("if-none-match", &tag)])
            .await?
            .expect(200)?;
        let change = |name: &str| json!({"fields": {"Name": name}});
        let changed = at
            .with("PATCH", &path, change("two"), &[("if-match", by_id.header("etag"))])
            .await?
            .expect(200)?;
        assert_ne!(changed.header("etag"), tag);
        let late = at.with("PATCH", &path, change("three"), &[("if-match", &tag)]).await?;
        assert_eq!((late.status.as_u16(), late.code().as_str()), (412, "precondition_failed"));
        let late = at.with("DELETE", &path, Value::Null, &[("if-match", &tag)]).await?;
        assert_eq!((late.status.as_u16(), late.code().as_str()), (412, "precondition_failed"));
        let any = at.with("PATCH", &path, change("four"), &[("if-match", "*")]).await?.expect(200)?;
        // The answer of a change has the tag of the record as it is shown by a read.
        assert_eq!(at.ask("GET", &path, Value::Null).await?.header("etag"), any.header("etag"));
        // Of many who read the same version one changes it.
        let tag = any.header("etag").to_owned();
        let names: Vec<Value> = (0..12).map(|n| change(&format!("n{n}"))).collect();
        let headers = [("if-match", tag.as_str())];
        let answers =
            try_join_all(names.into_iter().map(|name| at.with("PATCH", &path, name, &headers))).await?;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((won, answers.iter().filter(|answer| answer.status == 412).count()), (1, 11));
        let many = json!({"records": [{"id": id, "fields": {"Name": "x"}}]});
        let refused = at.with("PATCH", "/v1/records", many, &headers).await?;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "invalid_value"));
        at.with(
            "DELETE",
            &path,
            Value::Null,
            &[("if-match", at.ask("GET", &path, Value::Null).await?.header("etag"))],
        )
        .await?
        .expect(204)?;
        let list = format!("/v1/records?table={table}");
        let tag = at.ask("GET", &list, Value::Null).await?.expect(200)?.header("etag").to_owned();
        at.with("GET", &list, Value::Null, &[("if-none-match", &tag)]).await?.expect(304)?;
        at.create(&table, json!({"Name": "new"})).await?;
        at.with("GET", &list, Value::Null, &[("if-none-match", &tag)]).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn an_upsert_is_one_change() {
    run(async |system| {
        let (at, _, table) = Asker::new(system).await?;
        at.field(&table, json!({"name": "Count", "type": "number"})).await?;
        let one = at.create(&table, json!({"Name": "one", "Count": 1})).await?;
        let two = at.create(&table, json!({"Name": "two", "Count": 2})).await?;
        let put = |key: Value, records: Value| json!({"table": table, "key": key, "records": records});
        let before = at.ask("GET", &format!("/v1/records/{one}"), Value::Null).await?.version()?;
        let records = json!([{"fields": {"Name": "two", "Count": 20}}, {"fields": {"Name": "three", "Count": 3}}, {"fields": {"Name": "one"}}]);
        let body = put(json!(["Name"]), records);
        let headers = [("idempotency-key", "upsert-1")];
        let done = at.with("PUT", "/v1/records", body.clone(), &headers).await?.expect(200)?;
        let shown = done.json();
        let three = text(&shown["data"][1]["id"]);
        assert_eq!(
            (done.version()?, &shown["created"], &shown["updated"]),
            (before + 1, &json!([three]), &json!([two, one]))
        );
        let counts: Vec<&Value> =
            shown["data"].as_array().into_iter().flatten().map(|one| &one["fields"]["Count"]).collect();
        assert_eq!(counts, [&json!(20), &json!(3), &json!(1)]);
        let again = at.with("PUT", "/v1/records", body, &headers).await?.expect(200)?;
        assert_eq!((again.json(), again.header("idempotent-replayed")), (shown, "true"));
        // Text for a number finds it with typecast, and is refused without.
        let typed = json!({"table": table, "key": ["Count"], "typecast": true, "records": [{"fields": {"Count": "3", "Name": "drei"}}]});
        let typed = at.ask("PUT", "/v1/records", typed).await?.expect(200)?.json();
        assert_eq!((&typed["data"][0]["id"], &typed["created"]), (&json!(three), &json!([])));
        at.create(&table, json!({"Name": "two"})).await?;
        for (key, records, code, place) in [
            (json!(["Name"]), json!([{"fields": {"Count": 5}}]), "required", "#/records/0/fields/Name"),
            (
                json!(["Name"]),
                json!([{"fields": {"Name": "new"}}, {"fields": {"Name": "new"}}]),
                "invalid_value",
                "#/records/1",
            ),
            (
                json!(["Name"]),
                json!([{"fields": {"Name": "fine"}}, {"fields": {"Name": "two"}}]),
                "invalid_value",
                "#/records/1",
            ),
            (
                json!(["Name"]),
                json!([{"fields": {"Name": "one"}}, {"fields": {"Name": "x", "Count": "y"}}]),
                "wrong_type",
                "#/records/1/fields/Count",
            ),
            (json!(["Nope"]), json!([{"fields": {"Name": "x"}}]), "unknown_field", "#/key/0"),
            (json!([]), json!([{"fields": {"Name": "x"}}]), "required", "#/key"),
            (json!(["Name"]), json!([]), "required", "#/records"),
        ] {
            let refused = at.ask("PUT", "/v1/records", put(key, records)).await?.expect(422)?;
            assert_eq!(
                (refused.code().as_str(), text(&refused.json()["errors"][0]["pointer"]).as_str()),
                (code, place),
                "{}",
                refused.text
            );
        }
        let all = at.ask("GET", &format!("/v1/records?table={table}&count=exact"), Value::Null).await?.json();
        assert_eq!(all["count"], json!(4), "what was refused did nothing: {all}");
        Ok(())
    });
}

#[test]
fn upserts_at_the_same_time_make_one_record_of_a_key() {
    run(async |system| {
        let (at, _, table) = Asker::new(system).await?;
        let other = system.another_server().await?;
        let puts = (0..40).map(|n| {
            let body = json!({"table": table, "key": ["Name"], "records": [{"fields": {"Name": format!("k{}", n % 4)}}]});
            let api = if n % 2 == 0 { system.api() } else { other.api() };
            api.request("PUT".parse().expect("a method"), "/v1/records").token(&at.token).json(&body).send()
        });
        let mut last = 0;
        for answer in try_join_all(puts).await? {
            last = last.max(answer.expect(200)?.version()?);
        }
        // This server may not have heard yet of what the other one wrote.
        let all = system.api().get(&format!("/v1/records?table={table}")).token(&at.token);
        let all = all.header("Min-Version", &last.to_string()).send().await?.json();
        assert_eq!(all["data"].as_array().map(Vec::len), Some(4), "{all}");
        Ok(())
    });
}

#[test]
fn links_are_answered_as_records_and_upserts_keep_both_sides() {
    run(async |system| {
        let (at, base, cities) = Asker::new(system).await?;
        let fields = json!([{"name": "Name", "type": "text"}, {"name": "City", "type": "link", "options": {"table": cities}}]);
        let people = at
            .ask("POST", "/v1/tables", json!({"base": base, "name": "People", "fields": fields}))
            .await?
            .expect(201)?;
        let people = text(&people.json()["id"]);
        let berlin = at.create(&cities, json!({"Name": "Berlin"})).await?;
        let ada = at.create(&people, json!({"Name": "Ada"})).await?;
        // One record is there and one is not; both link to the same city.
        let records = json!([{"fields": {"Name": "Ada", "City": [berlin]}}, {"fields": {"Name": "Bo", "City": [berlin]}}]);
        let done = at
            .ask("PUT", "/v1/records", json!({"table": people, "key": ["Name"], "records": records}))
            .await?
            .expect(200)?
            .json();
        let bo = text(&done["created"][0]);
        let city = at.ask("GET", &format!("/v1/records/{berlin}"), Value::Null).await?.json();
        assert_eq!(city["fields"]["People"], json!([ada, bo]), "{city}");
        let expanded = at
            .ask("GET", &format!("/v1/records/{ada}?expand=City&include=comment_count"), Value::Null)
            .await?
            .expect(200)?
            .json();
        assert_eq!(
            (&expanded["fields"]["City"][0]["fields"]["Name"], &expanded["comment_count"]),
            (&json!("Berlin"), &json!(0))
        );
        // One level deep: the links of a linked record are ids.
        assert_eq!(expanded["fields"]["City"][0]["fields"]["People"], json!([ada, bo]));
        at.ask("POST", &format!("/v1/records/{bo}/comments"), json!({"text": "hi"})).await?.expect(201)?;
        let query = json!({"table": people, "expand": ["City"], "include": ["comment_count"], "sort": [{"field": "Name", "desc": true}], "fields": ["Name", "City"], "count": true});
        let list = at.ask("POST", "/v1/records/query", query).await?.expect(200)?.json();
        assert_eq!(
            (&list["count"], &list["data"][0]["comment_count"], &list["data"][0]["fields"]["City"][0]["id"]),
            (&json!(2), &json!(1), &json!(berlin))
        );
        for (query, code) in [
            ("expand=Name", "invalid_value"),
            ("expand=Nope", "unknown_field"),
            ("include=everything", "invalid_value"),
        ] {
            let refused = at.ask("GET", &format!("/v1/records/{ada}?{query}"), Value::Null).await?;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, code), "{query}");
        }
        // A filter that no address could hold.
        let names: Vec<String> = (0..200).map(|n| format!("{{Name}} = 'n{n}'")).collect();
        let long = format!("OR({}, {{Name}} = 'Bo')", names.join(", "));
        let found = at
            .ask("POST", "/v1/records/query", json!({"table": people, "filter": long}))
            .await?
            .expect(200)?
            .json();
        assert_eq!(found["data"][0]["id"], json!(bo));
        Ok(())
    });
}

#[test]
fn texts_and_values_are_found() {
    run(async |system| {
        let (at, base, table) = Asker::new(system).await?;
        let choices = json!({"choices": [{"name": "Open"}, {"name": "Shut"}]});
        let state = at.field(&table, json!({"name": "State", "type": "select", "options": choices})).await?;
        for (name, state) in [("Berlin", "Open"), ("Bern", "Open"), ("Basel", "Shut"), ("Köln", "")] {
            let fields =
                if state.is_empty() { json!({"Name": name}) } else { json!({"Name": name, "State": state}) };
            at.create(&table, fields).await?;
        }
        let found = at
            .ask("GET", &format!("/v1/tables/{table}/search?q=BER&limit=1"), Value::Null)
            .await?
            .expect(200)?
            .json();
        assert_eq!(
            (&found["count"], &found["records"][0]["name"], &found["records"][0]["matches"][0]["name"]),
            (&json!(2), &json!("Berlin"), &json!("Name"))
        );
        let found =
            at.ask("GET", &format!("/v1/bases/{base}/search?q=shut"), Value::Null).await?.expect(200)?.json();
        assert_eq!(
            (&found["data"][0]["table"], &found["data"][0]["records"][0]["matches"][0]["text"]),
            (&json!(table), &json!("Shut"))
        );
        let none = at
            .ask("GET", &format!("/v1/bases/{base}/search?q=nowhere"), Value::Null)
            .await?
            .expect(200)?
            .json();
        assert_eq!(none["data"], json!([]));
        for (query, code) in [("q=", "required"), ("q=x&limit=0", "invalid_value"), ("", "invalid_fields")] {
            let refused = at.ask("GET", &format!("/v1/tables/{table}/search?{query}"), Value::Null).await?;
            assert!(refused.status.is_client_error(), "{query} {code}: {}", refused.text);
        }
        let values =
            at.ask("GET", &format!("/v1/fields/{state}/values"), Value::Null).await?.expect(200)?.json();
        assert_eq!(
            values,
            json!({"data": [{"value": "Open", "count": 2}, {"value": "Shut", "count": 1}], "distinct": 2, "empty": 1, "total": 4})
        );
        let path = format!("/v1/fields/{state}/values?search=bas");
        let values = at.ask("GET", &path, Value::Null).await?.expect(200)?.json();
        assert_eq!((&values["data"], &values["total"]), (&json!([{"value": "Shut", "count": 1}]), &json!(1)));
        Ok(())
    });
}
