//! Field types over HTTP: a cell of each, rules, formulas that follow, conversion with its preview.

use crate::world::small_table;
use serde_json::{Value, json};
use testkit::{Tenant, TestSystem, run};

/// Type, options, a value that is written, the same as it is read, one that is refused.
fn types() -> Vec<(&'static str, Value, Value, Value, Value)> {
    let choices = json!({"choices": [{"name": "a"}, {"name": "b"}]});
    let same = |kind: &'static str, value: Value, bad: Value| (kind, json!({}), value.clone(), value, bad);
    vec![
        same("text", json!("one line"), json!(5)),
        same("long_text", json!("two\nlines"), json!(5)),
        same("rich_text", json!("**bold**"), json!([])),
        same("number", json!(-1.5), json!("1")),
        ("currency", json!({"currency": "EUR"}), json!(9.99), json!(9.99), json!("9.99")),
        same("percent", json!(0.25), json!("25 %")),
        ("duration", json!({}), json!("1:30"), json!(5400), json!("soon")),
        ("rating", json!({"max": 3}), json!(3), json!(3), json!(4)),
        same("checkbox", json!(true), json!("yes")),
        same("date", json!("2026-11-21"), json!("21st")),
        same("datetime", json!("2026-11-21T10:30:00Z"), json!("now")),
        ("time", json!({}), json!("9:30 pm"), json!("21:30"), json!("25:00")),
        same("year", json!(2026), json!(20.26)),
        ("select", choices.clone(), json!("A"), json!("a"), json!("c")),
        ("multi_select", choices, json!(["b", "a", "b"]), json!(["b", "a"]), json!(["c"])),
        ("user", json!({}), json!("usr_1"), json!("usr_1"), json!("Ann")),
        (
            "user",
            json!({"many": true}),
            json!([{"id": "usr_1"}, "usr_2"]),
            json!(["usr_1", "usr_2"]),
            json!(7),
        ),
        same("email", json!("a@example.com"), json!("a@")),
        same("url", json!("https://example.com/a?b=c"), json!("a b")),
        same("phone", json!("+41 44 668 18 00"), json!("call me")),
        same("barcode", json!("4006381333931"), json!("a\nb")),
        same("json", json!({"a": [1, null, "x"]}), Value::Null),
        (
            "uuid",
            json!({}),
            json!("0F8FAD5B-D9CB-469F-A165-70867728950E"),
            json!("0f8fad5b-d9cb-469f-a165-70867728950e"),
            json!("0f8f"),
        ),
        ("colour", json!({}), json!("#ABC"), json!("#aabbcc"), json!("red")),
        ("geo", json!({}), json!("47.370,8.54"), json!("47.37, 8.54"), json!("91, 0")),
    ]
}

struct Table<'a> {
    system: &'a TestSystem,
    tenant: Tenant,
    base: String,
    table: String,
}

impl<'a> Table<'a> {
    async fn new(system: &'a TestSystem) -> anyhow::Result<Self> {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        Ok(Self { system, tenant, base, table })
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<testkit::Answer> {
        self.system.api().post(path).token(&self.tenant.token).json(&body).send().await
    }

    async fn patch(&self, path: &str, body: Value) -> anyhow::Result<testkit::Answer> {
        self.system.api().patch(path).token(&self.tenant.token).json(&body).send().await
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.system.api().get(path).token(&self.tenant.token).send().await?.expect(200)?.json())
    }

    async fn field(&self, name: &str, kind: &str, options: Value) -> anyhow::Result<String> {
        let path = format!("/v1/tables/{}/fields", self.table);
        let made =
            self.post(&path, json!({"name": name, "type": kind, "options": options})).await?.expect(201)?;
        Ok(made.json()["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn record(&self, fields: Value) -> anyhow::Result<String> {
        let made =
            self.post("/v1/records", json!({"table": self.table, "fields": fields})).await?.expect(201)?;
        Ok(made.json()["id"].as_str().unwrap_or_default().to_owned())
    }
}

#[test]
fn a_cell_of_every_type() {
    run(async |system| {
        let t = Table::new(system).await?;
        let types = types();
        for (n, (kind, options, ..)) in types.iter().enumerate() {
            t.field(&format!("F{n}"), kind, options.clone()).await?;
        }
        let given: serde_json::Map<String, Value> = types
            .iter()
            .enumerate()
            .map(|(n, (_, _, written, ..))| (format!("F{n}"), written.clone()))
            .collect();
        let record = t.record(Value::Object(given)).await?;
        let path = format!("/v1/records/{record}");
        let read = t.get(&path).await?;
        for (n, (kind, _, _, expected, bad)) in types.iter().enumerate() {
            let name = format!("F{n}");
            assert_eq!(&read["fields"][&name], expected, "{kind}");
            if !bad.is_null() {
                let refused = t.patch(&path, json!({"fields": {(name.as_str()): bad}})).await?;
                assert_eq!(refused.status.as_u16(), 422, "{kind} {}", refused.text);
                assert_eq!(
                    refused.json()["errors"][0]["pointer"],
                    format!("#/fields/{name}"),
                    "{}",
                    refused.text
                );
            }
            let filter =
                t.get(&format!("/v1/records?table={}&filter=NOT(IS_BLANK({{{name}}}))", t.table)).await?;
            assert_eq!(filter["data"].as_array().map(Vec::len), Some(1), "{kind}");
            let sorted = t.get(&format!("/v1/records?table={}&sort=-{name}", t.table)).await?;
            assert_eq!(sorted["data"][0]["id"], record, "{kind}");
            t.patch(&path, json!({"fields": {(name.as_str()): null}})).await?.expect(200)?;
        }
        let empty = t.get(&path).await?;
        for (n, (kind, _, _, expected, _)) in types.iter().enumerate() {
            let none = match expected {
                Value::Bool(_) => json!(false),
                Value::Array(_) => json!([]),
                _ => Value::Null,
            };
            assert_eq!(empty["fields"][format!("F{n}")], none, "{kind}");
        }
        // All of it is there after a load from Postgres as well.
        let other = system.another_server().await?;
        let there = other.api().get(&path).token(&t.tenant.token).send().await?.expect(200)?.json();
        assert_eq!(there["fields"], empty["fields"]);
        Ok(())
    });
}

#[test]
fn rules_and_formulas() {
    run(async |system| {
        let t = Table::new(system).await?;
        t.field("Mail", "email", json!({"required": true, "unique": true})).await?;
        t.field("Price", "currency", json!({"currency": "CHF", "default": 10})).await?;
        let total = t.field("With tax", "formula", json!({"formula": "{Price} * 1.5", "format": {"type": "currency", "options": {"currency": "CHF"}}})).await?;
        let record = t.record(json!({"Mail": "a@example.com"})).await?;
        let path = format!("/v1/records/{record}");
        assert_eq!(t.get(&path).await?["fields"]["With tax"], 15);
        let missing = t.post("/v1/records", json!({"table": t.table, "fields": {}})).await?;
        assert_eq!(missing.json()["errors"][0]["code"], "required", "{}", missing.text);
        let twice =
            t.post("/v1/records", json!({"table": t.table, "fields": {"Mail": "A@example.com"}})).await?;
        assert_eq!(twice.json()["errors"][0]["code"], "already_exists", "{}", twice.text);
        let computed = t.patch(&path, json!({"fields": {"With tax": 1}})).await?;
        assert_eq!(computed.json()["errors"][0]["code"], "read_only_field", "{}", computed.text);
        let answer = t.patch(&path, json!({"fields": {"Price": 20}})).await?.expect(200)?;
        assert_eq!(answer.json()["fields"]["With tax"], 30);
        // A rename is followed; a mistake is said with its place; so is a cycle.
        let schema = t.get(&format!("/v1/tables/{}", t.table)).await?;
        let price = schema["fields"].as_array().into_iter().flatten().find(|field| field["name"] == "Price");
        let price = price.and_then(|field| field["id"].as_str()).unwrap_or_default().to_owned();
        t.patch(&format!("/v1/fields/{price}"), json!({"name": "Net"})).await?.expect(200)?;
        let schema = t.get(&format!("/v1/tables/{}", t.table)).await?;
        let shown = schema["fields"].as_array().into_iter().flatten().find(|field| field["id"] == total);
        assert_eq!(
            shown.map(|field| (
                &field["options"]["formula"],
                &field["options"]["result"]["type"],
                &field["read_only"]
            )),
            Some((&json!("{Net} * 1.5"), &json!("currency"), &json!(true)))
        );
        let wrong =
            t.patch(&format!("/v1/fields/{total}"), json!({"options": {"formula": "{Nett} * 2"}})).await?;
        assert!(
            wrong.status.as_u16() == 422 && wrong.text.contains("Did you mean")
                || wrong.text.contains("character"),
            "{}",
            wrong.text
        );
        let own = t
            .patch(&format!("/v1/fields/{total}"), json!({"options": {"formula": "{With tax} + 1"}}))
            .await?;
        assert!(own.status.as_u16() == 422 && own.text.contains("depend on itself"), "{}", own.text);
        Ok(())
    });
}

#[test]
fn a_conversion_says_what_it_loses_and_then_does_it() {
    run(async |system| {
        let t = Table::new(system).await?;
        let field = t.field("Size", "text", json!({})).await?;
        for size in ["12", "1,200", "large", ""] {
            t.record(json!({"Name": "x", "Size": size})).await?;
        }
        let path = format!("/v1/fields/{field}");
        let preview =
            t.post(&format!("{path}/conversion"), json!({"type": "number"})).await?.expect(200)?.json();
        assert_eq!((&preview["filled"], &preview["lost"]), (&json!(3), &json!(1)));
        assert_eq!(
            (&preview["samples"][0]["before"], &preview["samples"][0]["after"]),
            (&json!("large"), &Value::Null)
        );
        t.patch(&path, json!({"type": "number"})).await?.expect(200)?;
        let list = t.get(&format!("/v1/records?table={}", t.table)).await?;
        let sizes: Vec<&Value> =
            list["data"].as_array().into_iter().flatten().map(|one| &one["fields"]["Size"]).collect();
        assert_eq!(sizes, [&json!(12), &json!(1200), &Value::Null, &Value::Null]);
        let unknown = t.patch(&path, json!({"type": "telepathy"})).await?;
        assert_eq!(unknown.json()["errors"][0]["pointer"], "#/type", "{}", unknown.text);
        // The other process has it too.
        let other = system.another_server().await?;
        let base = t.get(&format!("/v1/bases/{}", t.base)).await?;
        let there = other
            .api()
            .get(&format!("/v1/bases/{}", t.base))
            .token(&t.tenant.token)
            .send()
            .await?
            .expect(200)?;
        assert_eq!(there.json()["tables"], base["tables"]);
        Ok(())
    });
}
