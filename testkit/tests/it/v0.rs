//! `/v0` as a client of Airtable meets it: shapes, statuses, words. Formulas are in `v0_formulas`, isolation is in
//! `v0_isolation`.

use crate::world::World;
use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::{Answer, Server, Tenant, TestSystem, run};

/// A base with one table that has a field of every type, made by `/v0` itself.
pub struct Place {
    pub token: String,
    pub base: String,
    pub table: String,
}

impl Place {
    pub async fn new(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<Self> {
        let fields = json!([
            {"name": "Name", "type": "singleLineText"},
            {"name": "Notes", "type": "multilineText", "description": "long"},
            {"name": "Count", "type": "number", "options": {"precision": 2}},
            {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
            {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
            {"name": "At", "type": "dateTime", "options": {"timeZone": "client", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}},
            {"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "Open", "color": "blueLight2"}, {"name": "Shut"}]}},
            {"name": "Mail", "type": "email"},
            {"name": "Page", "type": "url"}
        ]);
        let body = json!({"name": "Their base", "workspaceId": "wspAAAAAAAAAAAAAA", "tables": [{"name": "All / kinds", "fields": fields}]});
        let made =
            system.api().post("/v0/meta/bases").token(&tenant.token).json(&body).send().await?.expect(200)?;
        let made = made.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = Self {
            token: tenant.token.clone(),
            base: text(&made["id"]),
            table: text(&made["tables"][0]["id"]),
        };
        let link = json!({"name": "Links", "type": "multipleRecordLinks", "options": {"linkedTableId": place.table}});
        let path = format!("/v0/meta/bases/{}/tables/{}/fields", place.base, place.table);
        system.api().post(&path).token(&place.token).json(&link).send().await?.expect(200)?;
        Ok(place)
    }

    pub async fn call(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let path = format!("/v0/{}/{}{path}", self.base, self.table);
        let request = server.api().request(method.parse()?, &path).token(&self.token);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    pub async fn create(&self, server: &Server, fields: Value) -> anyhow::Result<Value> {
        Ok(self.call(server, "POST", "", Some(json!({"fields": fields}))).await?.expect(200)?.json())
    }
}

pub fn kind(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"]["type"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn cells_have_the_forms_of_airtable() {
    run(async |system| {
        let place = Place::new(system, &system.fresh_tenant().await?).await?;
        let first = place.create(system, json!({"Name": "first"})).await?;
        assert_eq!(first["fields"], json!({"Name": "first"}), "empty cells are left out");
        let created = first["createdTime"].as_str().context("createdTime")?;
        assert!(created.len() == 24 && created.ends_with('Z'), "{created}");
        let cells = json!({
            "Name": "second", "Notes": "a\nb", "Count": 2.5, "Done": true, "Day": "2026-11-21",
            "At": "2026-11-21T10:30:00.000Z", "State": "Open", "Mail": "a@b.de", "Page": "https://b.de",
            "Links": [first["id"]],
        });
        let second = place.create(system, cells.clone()).await?;
        assert_eq!(second["fields"], cells);
        let path = format!("/{}", second["id"].as_str().context("id")?);
        let found = place.call(system, "GET", &format!("{path}?"), None).await?.expect(200)?.json();
        assert_eq!(found, second);
        let texts = format!("{path}?cellFormat=string&timeZone=Europe%2FBerlin&userLocale=en-gb");
        let texts = place.call(system, "GET", &texts, None).await?.expect(200)?.json();
        assert_eq!(texts["fields"]["Count"], "2.50");
        assert_eq!(texts["fields"]["Done"], "checked");
        assert_eq!(texts["fields"]["At"], "2026-11-21 11:30");
        assert_eq!(texts["fields"]["Links"], "first");
        let kept = json!({"fields": {"Done": false, "Count": null}});
        let patched = place.call(system, "PATCH", &path, Some(kept)).await?.expect(200)?.json();
        assert!(
            patched["fields"].get("Done").is_none() && patched["fields"].get("Count").is_none(),
            "{patched}"
        );
        assert_eq!(patched["fields"]["Mail"], "a@b.de", "PATCH keeps what is not named");
        let replaced = json!({"fields": {"Name": "replaced"}});
        let replaced = place.call(system, "PUT", &path, Some(replaced)).await?.expect(200)?.json();
        assert_eq!(replaced["fields"], json!({"Name": "replaced"}), "PUT empties the rest");
        let by_id =
            place.call(system, "GET", &format!("{path}?returnFieldsByFieldId=1"), None).await?.expect(200)?;
        let fields = by_id.json()["fields"].as_object().cloned().unwrap_or_default();
        assert!(fields.len() == 1 && fields.keys().all(|key| key.starts_with("fld")), "{fields:?}");
        Ok(())
    });
}

#[test]
fn lists_are_paged_sorted_and_narrowed() {
    run(async |system| {
        let place = Place::new(system, &system.fresh_tenant().await?).await?;
        for from in [0, 10, 20] {
            let records: Vec<Value> = (from..from + 10)
                .map(|n| json!({"fields": {"Name": format!("n{n:02}"), "Count": n % 7}}))
                .collect();
            place.call(system, "POST", "/?", Some(json!({"records": records}))).await?.expect(200)?;
        }
        let mut names = Vec::new();
        let mut offset = String::new();
        for page in 0..4 {
            let query = format!(
                "?pageSize=7&maxRecords=25&sort%5B0%5D%5Bfield%5D=Count&sort[0][direction]=desc&sort[1][field]=Name&fields[]=Name{offset}"
            );
            let answer = place.call(system, "GET", &query, None).await?.expect(200)?.json();
            let records = answer["records"].as_array().context("records")?;
            assert_eq!(records.len(), if page == 3 { 4 } else { 7 }, "page {page}");
            for record in records {
                assert_eq!(record["fields"].as_object().map(serde_json::Map::len), Some(1));
                names.push(record["fields"]["Name"].as_str().unwrap_or_default().to_owned());
            }
            match answer["offset"].as_str() {
                Some(next) => offset = format!("&offset={}", next.replace('/', "%2F")),
                None => assert_eq!(page, 3, "the offset ends with maxRecords"),
            }
        }
        let mut expected: Vec<(i32, String)> = (0..30).map(|n| (-(n % 7), format!("n{n:02}"))).collect();
        expected.sort();
        let expected: Vec<String> = expected.into_iter().take(25).map(|(_, name)| name).collect();
        assert_eq!(names, expected);
        let body = json!({"pageSize": 2, "filterByFormula": "AND({Count} = 3, FIND('n1', {Name}))", "recordMetadata": ["commentCount"], "method": "post", "timeZone": "UTC"});
        let answer = place
            .call(system, "POST", "/listRecords?timeZone=UTC&userLocale=en", Some(body))
            .await?
            .expect(200)?;
        let answer = answer.json();
        assert_eq!(answer["records"].as_array().map(Vec::len), Some(2));
        assert_eq!(answer["records"][0]["fields"]["Name"], "n10");
        assert_eq!(answer["records"][0]["commentCount"], 0);
        let stolen = answer["offset"].as_str().unwrap_or("itr2/none").replace('/', "%2F");
        let other = place.call(system, "GET", &format!("?offset={stolen}"), None).await?;
        assert_eq!(kind(&other), (422, "INVALID_OFFSET_VALUE".into()), "an offset of another list");
        Ok(())
    });
}

#[test]
fn upserts_find_by_values() {
    run(async |system| {
        let place = Place::new(system, &system.fresh_tenant().await?).await?;
        let one = place.create(system, json!({"Name": "one", "Count": 1, "Notes": "kept"})).await?;
        let upsert = async |method: &str, merge_on: Value, records: Value| {
            let body =
                json!({"performUpsert": {"fieldsToMergeOn": merge_on}, "records": records, "typecast": true});
            place.call(system, method, "", Some(body)).await
        };
        let records = json!([{"fields": {"Name": "two", "Count": "2"}}, {"fields": {"Name": "one", "Count": "1", "State": "New choice"}}]);
        let done = upsert("PATCH", json!(["Name", "Count"]), records.clone()).await?.expect(200)?.json();
        assert_eq!(done["updatedRecords"], json!([one["id"]]));
        assert_eq!(
            done["createdRecords"],
            json!([done["records"][0]["id"]]),
            "records stand in the request's order"
        );
        assert_eq!(
            done["records"][1]["fields"],
            json!({"Name": "one", "Count": 1, "Notes": "kept", "State": "New choice"})
        );
        let again = upsert("PATCH", json!(["Name", "Count"]), records).await?.expect(200)?.json();
        assert_eq!(
            (again["createdRecords"].clone(), again["updatedRecords"].as_array().map(Vec::len)),
            (json!([]), Some(2))
        );
        let put =
            upsert("PUT", json!(["Name"]), json!([{"fields": {"Name": "one"}}])).await?.expect(200)?.json();
        assert_eq!(put["records"][0]["fields"], json!({"Name": "one"}));
        let by_id =
            upsert("PATCH", json!(["Name"]), json!([{"id": one["id"], "fields": {"Name": "renamed"}}]))
                .await?;
        assert_eq!(by_id.expect(200)?.json()["updatedRecords"], json!([one["id"]]));
        // Refused, and nothing of it is done.
        let before = place.call(system, "GET", "", None).await?.text;
        place.create(system, json!({"Name": "two"})).await?;
        let twice = upsert("PATCH", json!(["Name"]), json!([{"fields": {"Name": "two"}}])).await?;
        assert_eq!(kind(&twice), (422, "INVALID_REQUEST_UNKNOWN".into()), "two records match");
        for (merge_on, records) in [
            (json!(["Name"]), json!([{"fields": {"Count": 1}}])),
            (json!([]), json!([{"fields": {"Name": "x"}}])),
            (json!(["Name"]), json!([{"fields": {"Name": "x"}}, {"fields": {"Name": "x"}}])),
            (
                json!(["Name"]),
                json!([{"fields": {"Name": "renamed", "Count": 9}}, {"fields": {"Name": "new", "Count": "many"}}]),
            ),
            (json!(["Nope"]), json!([{"fields": {"Nope": "x"}}])),
        ] {
            let refused = upsert("PATCH", merge_on, records.clone()).await?;
            assert_eq!(refused.status, 422, "{records}: {}", refused.text);
        }
        let after = place.call(system, "GET", "", None).await?.json();
        let records = after["records"].as_array().context("records")?;
        assert_eq!(records.len(), 3, "{before} {after}");
        assert!(records.iter().all(|record| record["fields"]["Count"] != 9), "{after}");
        Ok(())
    });
}

#[test]
fn records_are_destroyed_one_and_many() {
    run(async |system| {
        let place = Place::new(system, &system.fresh_tenant().await?).await?;
        let mut ids = Vec::new();
        for n in 0..3 {
            let made = place.create(system, json!({"Name": format!("r{n}")})).await?;
            ids.push(made["id"].as_str().context("id")?.to_owned());
        }
        let one = place.call(system, "DELETE", &format!("/{}?", ids[0]), None).await?.expect(200)?.json();
        assert_eq!(one, json!({"id": ids[0], "deleted": true}));
        let mixed = format!("?records[]={}&records[]={}", ids[1], ids[0]);
        assert_eq!(kind(&place.call(system, "DELETE", &mixed, None).await?), (404, "NOT_FOUND".into()));
        let many = format!("?records%5B%5D={}&records%5B%5D={}", ids[1], ids[2]);
        let many = place.call(system, "DELETE", &many, None).await?.expect(200)?.json();
        assert_eq!(
            many["records"],
            json!([{"id": ids[1], "deleted": true}, {"id": ids[2], "deleted": true}])
        );
        assert_eq!(place.call(system, "GET", "", None).await?.expect(200)?.json(), json!({"records": []}));
        Ok(())
    });
}

#[test]
fn the_schema_is_read_and_changed() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let place = Place::new(system, &tenant).await?;
        let api = system.api();
        let send = async |method: &str, path: &str, body: Value| {
            let request = api.request(method.parse()?, &format!("/v0/meta{path}")).token(&tenant.token);
            if body.is_null() { request.send().await } else { request.json(&body).send().await }
        };
        let who = send("GET", "/whoami", Value::Null).await?.expect(200)?.json();
        assert!(
            who["id"].is_string() && who["scopes"].as_array().is_some_and(|scopes| scopes.len() == 7),
            "{who}"
        );
        let bases = send("GET", "/bases", Value::Null).await?.expect(200)?.json();
        assert_eq!(
            bases["bases"],
            json!([{"id": place.base, "name": "Their base", "permissionLevel": "create"}])
        );
        let at = format!("/bases/{}/tables", place.base);
        let tables =
            send("GET", &format!("{at}?include=visibleFieldIds"), Value::Null).await?.expect(200)?.json();
        let table = &tables["tables"][0];
        let kinds: Vec<&str> = table["fields"]
            .as_array()
            .context("fields")?
            .iter()
            .filter_map(|field| field["type"].as_str())
            .collect();
        let expected = [
            "singleLineText",
            "multilineText",
            "number",
            "checkbox",
            "date",
            "dateTime",
            "singleSelect",
            "email",
            "url",
            "multipleRecordLinks",
        ];
        assert_eq!(kinds[..expected.len()], expected);
        assert_eq!(table["primaryFieldId"], table["fields"][0]["id"]);
        assert_eq!(table["fields"][6]["options"]["choices"][0]["color"], "blueLight2");
        assert_eq!(
            table["views"][0]["visibleFieldIds"].as_array().map(Vec::len),
            table["fields"].as_array().map(Vec::len)
        );
        let made = json!({"name": "More", "description": "d", "fields": [{"name": "Key", "type": "number", "options": {"precision": 0}}]});
        let made = send("POST", &at, made.clone()).await?.expect(200)?.json();
        assert_eq!(
            (&made["name"], &made["description"], &made["fields"][0]["type"]),
            (&json!("More"), &json!("d"), &json!("number"))
        );
        let more = format!("{at}/{}", made["id"].as_str().context("id")?);
        let renamed =
            send("PATCH", &more, json!({"name": "Less", "description": null})).await?.expect(200)?.json();
        assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Less"), &json!("d")));
        let select = json!({"name": "S", "type": "singleSelect", "description": "s", "options": {"choices": [{"name": "A"}]}});
        let select = send("POST", &format!("{more}/fields"), select).await?.expect(200)?.json();
        assert_eq!((&select["type"], &select["description"]), (&json!("singleSelect"), &json!("s")));
        let field = format!("{more}/fields/{}", select["id"].as_str().context("id")?);
        let changed =
            json!({"name": "T", "options": {"choices": [select["options"]["choices"][0], {"name": "B"}]}});
        let changed = send("PATCH", &field, changed).await?.expect(200)?.json();
        assert_eq!(
            (&changed["name"], changed["options"]["choices"].as_array().map(Vec::len)),
            (&json!("T"), Some(2))
        );
        assert_eq!(changed["options"]["choices"][0]["id"], select["options"]["choices"][0]["id"]);
        for (path, body, expected) in [
            (at.clone(), json!({"name": "Less", "fields": []}), "DUPLICATE_OR_EMPTY_FIELD_NAME"),
            (
                format!("{more}/fields"),
                json!({"name": "T", "type": "email"}),
                "DUPLICATE_OR_EMPTY_FIELD_NAME",
            ),
            (format!("{more}/fields"), json!({"name": "U", "type": "aiText"}), "INVALID_REQUEST_UNKNOWN"),
            (
                format!("{more}/fields"),
                json!({"name": "U", "type": "multipleRecordLinks"}),
                "INVALID_REQUEST_UNKNOWN",
            ),
        ] {
            assert_eq!(kind(&send("POST", &path, body).await?), (422, expected.into()), "{path}");
        }
        // A base whose second table can't be made is not made at all.
        let tables = json!([{"name": "A", "fields": []}, {"name": "a", "fields": []}]);
        let refused =
            send("POST", "/bases", json!({"name": "Half", "workspaceId": "wsp", "tables": tables})).await?;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let bases = send("GET", "/bases", Value::Null).await?.expect(200)?.json();
        assert_eq!(bases["bases"].as_array().map(Vec::len), Some(1), "{bases}");
        let gone = send("DELETE", &format!("/bases/{}", place.base), Value::Null).await?.expect(200)?.json();
        assert_eq!(gone, json!({"id": place.base, "deleted": true}));
        Ok(())
    });
}

#[test]
fn mistakes_have_their_statuses_and_types() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let place = Place::new(system, &tenant).await?;
        let world = World::of(system, &tenant).await?;
        let record = place.create(system, json!({"Name": "one"})).await?;
        let id = record["id"].as_str().context("id")?;
        let fields = |fields: Value| Some(json!({"fields": fields}));
        let eleven: Vec<Value> = (0..11).map(|_| json!({"fields": {}})).collect();
        for (method, path, body, status, expected) in [
            ("POST", "", fields(json!({"Nope": 1})), 422, "UNKNOWN_FIELD_NAME"),
            ("POST", "", fields(json!({"Count": "many"})), 422, "INVALID_VALUE_FOR_COLUMN"),
            ("POST", "", fields(json!({"State": "Absent"})), 422, "INVALID_VALUE_FOR_COLUMN"),
            ("POST", "", fields(json!({"Links": [world.record]})), 422, "ROW_DOES_NOT_EXIST"),
            ("POST", "", Some(json!({"records": eleven})), 422, "INVALID_REQUEST_UNKNOWN"),
            ("POST", "", Some(json!({"records": []})), 422, "INVALID_REQUEST_UNKNOWN"),
            ("POST", "", Some(json!({})), 422, "INVALID_REQUEST_UNKNOWN"),
            ("POST", "", Some(json!({"fields": "x"})), 422, "INVALID_REQUEST_UNKNOWN"),
            ("PATCH", "", Some(json!({"records": [{"fields": {}}]})), 422, "INVALID_REQUEST_UNKNOWN"),
            ("PATCH", "", Some(json!({"records": [{"id": world.record, "fields": {}}]})), 404, "NOT_FOUND"),
            ("PATCH", "/recAAAAAAAAAAAAAA", fields(json!({})), 404, "NOT_FOUND"),
            ("GET", "/recAAAAAAAAAAAAAA", None, 404, "NOT_FOUND"),
            ("GET", &format!("/{}", world.record), None, 404, "NOT_FOUND"),
            ("GET", "?view=Absent", None, 422, "VIEW_NAME_NOT_FOUND"),
            ("GET", "?pageSize=101", None, 422, "INVALID_REQUEST_UNKNOWN"),
            ("GET", "?fields[]=Absent", None, 422, "UNKNOWN_FIELD_NAME"),
            ("GET", "?sort[0][field]=Absent", None, 422, "UNKNOWN_FIELD_NAME"),
            ("GET", "?cellFormat=string", None, 422, "INVALID_REQUEST_UNKNOWN"),
            ("GET", "?offset=abc", None, 422, "INVALID_OFFSET_VALUE"),
            ("DELETE", "", None, 422, "INVALID_REQUEST_UNKNOWN"),
            ("POST", &format!("/{id}/more/and/more"), None, 404, "NOT_FOUND"),
            ("OPTIONS", &format!("/{id}"), None, 405, "METHOD_NOT_ALLOWED"),
        ] {
            let answer = place.call(system, method, path, body.clone()).await?;
            assert_eq!(kind(&answer), (status, expected.into()), "{method} {path} {body:?}: {}", answer.text);
            assert!(answer.header("content-type").starts_with("application/json"), "{method} {path}");
        }
        let api = system.api();
        let broken = api.post(&format!("/v0/{}/{}", place.base, place.table)).token(&tenant.token);
        let broken = broken.header("content-type", "application/json").send().await?;
        assert_eq!(kind(&broken), (400, "INVALID_REQUEST_BODY".into()));
        for path in [
            format!("/v0/{}/Absent", place.base),
            format!("/v0/appAAAAAAAAAAAAAA/{}", place.table),
            "/v0/x/y".into(),
        ] {
            let answer = api.get(&path).token(&tenant.token).send().await?;
            assert_eq!(kind(&answer), (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND".into()), "{path}");
        }
        // By names, percent-encoded, as both clients send them.
        let named = format!("/v0/{}/{}", place.base, "All%20%2F%20kinds");
        let named = api.get(&named).token(&tenant.token).send().await?.expect(200)?;
        assert_eq!(named.json()["records"][0]["id"], id);
        Ok(())
    });
}

#[test]
fn a_base_takes_a_burst_and_then_says_when_to_come_back() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (world, other) = (World::of(system, &tenant).await?, World::of(system, &tenant).await?);
        let path = format!("/v0/{}/{}?maxRecords=1", world.base, world.table);
        // More at once than the burst and than what comes back meanwhile.
        let api = system.api();
        let calls = (0..400).map(|_| api.get(&path).token(&tenant.token).send());
        let mut refused = None;
        for answer in futures_util::future::join_all(calls).await {
            let answer = answer?;
            if answer.status == 429 {
                refused = Some(answer);
            } else {
                answer.expect(200)?;
            }
        }
        let refused = refused.context("400 calls at once were all answered")?;
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.json()["errors"][0]["error"], "RATE_LIMIT_REACHED");
        // Another base has its own bucket.
        let path = format!("/v0/{}/{}?maxRecords=1", other.base, other.table);
        api.get(&path).token(&tenant.token).send().await?.expect(200)?;
        Ok(())
    });
}
