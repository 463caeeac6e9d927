//! What is exported is what an import makes of it again: every format, every field type, awkward values; and real data.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{Answer, Tenant, TestSystem, eventually, run};

/// A tenant with a base, and short ways to ask.
pub struct Desk<'a> {
    pub system: &'a TestSystem,
    pub tenant: Tenant,
    pub base: String,
}

impl<'a> Desk<'a> {
    pub async fn new(system: &'a TestSystem) -> anyhow::Result<Self> {
        let tenant = system.fresh_tenant().await?;
        let made = system.api().post("/v1/bases").token(&tenant.token).json(&json!({"name": "Exchange"}));
        let made = made.send().await?.expect(201)?;
        let base = made.json()["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { system, tenant, base })
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.system.api().post(path).token(&self.tenant.token).json(body).send().await
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.system.api().get(path).token(&self.tenant.token).send().await
    }

    pub async fn table(&self, name: &str, fields: &Value) -> anyhow::Result<String> {
        let made =
            self.post("/v1/tables", &json!({"base": self.base, "name": name, "fields": fields})).await?;
        Ok(made.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn upload(&self, name: &str, file: &[u8]) -> anyhow::Result<Answer> {
        let api = self.system.api();
        api.post("/v1/imports").token(&self.tenant.token).upload_file(&self.base, name, file).send().await
    }

    /// Uploads, starts, waits for the end.
    pub async fn import(&self, file: &[u8], plan: &Value) -> anyhow::Result<Value> {
        let preview = self.upload("file", file).await?.expect(201)?.json();
        self.start(preview["id"].as_str().unwrap_or_default(), plan).await
    }

    pub async fn start(&self, import: &str, plan: &Value) -> anyhow::Result<Value> {
        self.post(&format!("/v1/imports/{import}/start"), plan).await?.expect(202)?;
        let path = format!("/v1/imports/{import}");
        eventually("the end of the import", Duration::from_secs(60), async || {
            let state = self.get(&path).await?.expect(200)?.json();
            Ok((state["state"] != "running").then_some(state))
        })
        .await
    }

    /// The values of all records by field name, in order of creation.
    pub async fn records(&self, table: &str) -> anyhow::Result<Vec<Value>> {
        let mut out = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/records?table={table}&limit=100{cursor}");
            let page = self.get(&path).await?.expect(200)?.json();
            for record in page["data"].as_array().into_iter().flatten() {
                out.push(record["fields"].clone());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(out),
            }
        }
    }
}

/// All records of a big table, as lines of JSON.
pub async fn lines(desk: &Desk<'_>, table: &str) -> anyhow::Result<Vec<Value>> {
    let file = desk.get(&format!("/v1/tables/{table}/export.ndjson")).await?.expect(200)?;
    Ok(file.text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// SplitMix64, as the engine's tests have it.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[(self.next() % list.len() as u64) as usize]
    }
    fn some<T: Clone>(&mut self, list: &[T], most: u64) -> Vec<T> {
        let start = self.below(list.len() as u64) as usize;
        let count = self.below(most + 1) as usize;
        list.iter().cycle().skip(start).take(count.min(list.len())).cloned().collect()
    }
}

const TEXTS: [&str; 22] = [
    "plain",
    " spaces around ",
    "a, b",
    "semi;colon",
    "say \"hi\"",
    "=1+1",
    "'=1+1",
    "''-x",
    "-5",
    "'-5",
    "+41 44",
    "@home",
    "tab\there",
    "007",
    "1.234,5",
    "2026-11-21",
    "true",
    "Ünïcödé 🙂 日本",
    "_x000D_ is no escape",
    "\"",
    "null",
    "[{}]",
];
const LINES: [&str; 4] = ["one\ntwo", "one\r\ntwo", "\n\n", "=1\n,\"\t"];
const CHOICES: [&str; 6] = ["Open", "Done", "a, b", "\"quoted\"", "x \"y\" z", "=sum"];
const NAMES: [&str; 7] = ["Ann", "Smith, John", "\"Q\"", "a; b", "Øre", "=name", "-1"];
const FORMATS: [(&str, &str); 9] = [
    ("csv", "export.csv"),
    ("csv for Germany", "export.csv?delimiter=semicolon&dates=day_first&numbers=comma&bom=false"),
    ("csv for America", "export.csv?delimiter=bar&dates=month_first"),
    ("csv with tabs", "export.csv?delimiter=tab&numbers=comma"),
    ("tsv", "export.tsv"),
    ("json", "export.json"),
    ("ndjson", "export.ndjson"),
    ("xlsx", "export.xlsx"),
    ("tsv for Germany", "export.tsv?dates=day_first&numbers=comma"),
];

/// Every type that can be written, but links.
fn fields() -> Value {
    let choices: Vec<Value> = CHOICES.iter().map(|name| json!({"name": name})).collect();
    let plain = |kind: &str| json!({"name": kind, "type": kind, "options": {}});
    let with =
        |name: &str, kind: &str, options: Value| json!({"name": name, "type": kind, "options": options});
    let mut all = vec![plain("text")];
    all.extend(["long_text", "rich_text", "number", "percent", "duration", "checkbox"].map(plain));
    all.extend(["date", "datetime", "time", "year", "email", "url", "phone", "barcode"].map(plain));
    all.extend(["json", "uuid", "colour", "geo"].map(plain));
    all.push(with("-price", "number", json!({"precision": 2})));
    all.push(with("currency", "currency", json!({"currency": "EUR"})));
    all.push(with("rating", "rating", json!({"max": 5})));
    all.push(with("Berlin", "datetime", json!({"zone": "Europe/Berlin"})));
    all.push(with("select", "select", json!({"choices": choices})));
    all.push(with("many", "multi_select", json!({"choices": choices})));
    all.push(with("person", "user", json!({})));
    all.push(with("people", "user", json!({"many": true})));
    Value::Array(all)
}

/// A record; every field is empty at times, the first one never: a row of a sheet without any value is none.
fn record(rng: &mut Rng, row: u64, links: &[String]) -> Value {
    let number = |rng: &mut Rng| match rng.below(5) {
        0 => 0.0,
        1 => rng.below(1_000_000) as f64,
        2 => -(rng.below(1_000_000) as f64) / 64.0,
        3 => f64::from_bits(0x3ff0_0000_0000_0000 | rng.next() >> 12) * 1e-7,
        _ => rng.below(1 << 50) as f64 * 1e12,
    };
    let day = |rng: &mut Rng| {
        let year = *rng.pick(&[1, 1066, 1899, 1900, 1999, 2026, 9999]);
        format!("{year:04}-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28))
    };
    let moment = |rng: &mut Rng| {
        if rng.below(6) == 0 {
            // Both sides of the hour that Berlin has twice.
            return (*rng.pick(&["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:00:00Z"]))
                .to_owned();
        }
        let fraction = *rng.pick(&["", "", ".500", ".123456"]);
        format!("{}T{:02}:{:02}:{:02}{fraction}Z", day(rng), rng.below(24), rng.below(60), rng.below(60))
    };
    let mut values: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, value) in [
        ("long_text", json!(*rng.pick(&[&TEXTS[..], &LINES[..]].concat()))),
        ("rich_text", json!(*rng.pick(&[&LINES[..], &TEXTS[..]].concat()))),
        ("number", json!(number(rng))),
        ("-price", json!(number(rng))),
        ("currency", json!(number(rng))),
        ("percent", json!(number(rng) / 100.0)),
        ("duration", json!((rng.below(1 << 34) as f64 - 1e9) / 1000.0)),
        ("rating", json!(1 + rng.below(5))),
        ("checkbox", json!(rng.below(2) == 0)),
        ("date", json!(day(rng))),
        ("datetime", json!(moment(rng))),
        ("Berlin", json!(moment(rng))),
        ("time", json!(format!("{:02}:{:02}:{:02}", rng.below(24), rng.below(60), rng.below(60)))),
        ("year", json!(1 + rng.below(9999))),
        ("select", json!(*rng.pick(&CHOICES))),
        ("many", json!(rng.some(&CHOICES, 4))),
        ("person", json!("usr_1")),
        ("people", json!(rng.some(&["usr_1", "usr_2", "usr_3"], 3))),
        ("email", json!(*rng.pick(&["a@example.com", "=b@example.com", "-c@example.com"]))),
        ("url", json!("https://example.com/?a=1,2;3&b=%22")),
        ("phone", json!(*rng.pick(&["+41 44 668 18 00", "044/1", "-1"]))),
        ("barcode", json!(*rng.pick(&["0012", " 12 ", "=1", "x"]))),
        (
            "json",
            rng.pick(&[json!({"b": [1, null, "x,\n"], "a": 0.1}), json!("text"), json!(-5), json!([])])
                .clone(),
        ),
        ("uuid", json!(format!("{:08x}-0000-4000-8000-{row:012x}", rng.next() as u32))),
        ("colour", json!(format!("#{:06x}", rng.below(1 << 24)))),
        ("geo", json!(*rng.pick(&["47.37, 8.54", "-90, -180", "0.1, 0"]))),
        ("to", json!(rng.some(links, 3))),
        ("one", json!(rng.some(links, 1))),
    ] {
        if rng.below(5) > 0 {
            values.insert(name, value);
        }
    }
    values.insert("text", json!(format!("{row}{}", rng.pick(&TEXTS))));
    json!({"fields": values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()})
}

#[test]
fn an_import_of_an_export_gives_the_same_records() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let others = desk.table("Others", &json!([{"name": "Name", "type": "text"}])).await?;
        let named: Vec<Value> = NAMES.iter().map(|name| json!({"fields": {"Name": name}})).collect();
        // A record without a name is named by its id.
        let named = [named, vec![json!({"fields": {}})]].concat();
        let made =
            desk.post("/v1/records", &json!({"table": others, "records": named})).await?.expect(201)?;
        let ids = made.json()["data"].as_array().cloned().unwrap_or_default();
        let links: Vec<String> =
            ids.iter().map(|record| record["id"].as_str().unwrap_or_default().to_owned()).collect();
        let mut fields = fields();
        if let Some(list) = fields.as_array_mut() {
            list.push(json!({"name": "to", "type": "link", "options": {"table": others}}));
            list.push(json!({"name": "one", "type": "link", "options": {"table": others, "many": false}}));
        }
        let from = desk.table("From", &fields).await?;
        let into = desk.table("Into", &fields).await?;
        let mut rng = Rng(20_261_121);
        let records: Vec<Value> = (0..300).map(|row| record(&mut rng, row, &links)).collect();
        desk.post("/v1/records", &json!({"table": from, "records": records})).await?.expect(201)?;
        let before = desk.records(&from).await?;
        assert_eq!(before.len(), records.len());
        for (count, (what, path)) in FORMATS.iter().enumerate() {
            let file = desk.get(&format!("/v1/tables/{from}/{path}")).await?.expect(200)?;
            // Every round takes away what the one before made.
            let plan = json!({"table": into, "mode": "replace"});
            // What a machine can't know from such values a person says: which country wrote them.
            let plan =
                match (path.contains("day_first"), path.contains("month_first"), path.contains("comma")) {
                    (true, _, true) => with(&plan, json!({"dates": "day_first", "numbers": "comma"})),
                    (_, true, _) => with(&plan, json!({"dates": "month_first", "numbers": "point"})),
                    (_, _, true) => with(&plan, json!({"dates": "iso", "numbers": "comma"})),
                    _ => with(&plan, json!({"dates": "iso", "numbers": "point"})),
                };
            let state = desk.import(&file.bytes, &plan).await?;
            let deleted = if count == 0 { 0 } else { records.len() };
            assert_eq!(
                (&state["state"], &state["created"], &state["deleted"], &state["error_count"]),
                (&json!("done"), &json!(records.len()), &json!(deleted), &json!(0)),
                "{what}: {state}"
            );
            let after = desk.records(&into).await?;
            for (row, (before, after)) in before.iter().zip(&after).enumerate() {
                for (name, value) in before.as_object().into_iter().flatten() {
                    assert_eq!(&after[name], value, "{what}: {name} of row {row}");
                }
            }
            assert_eq!(after.len(), before.len(), "{what}");
        }
        Ok(())
    });
}

fn with(plan: &Value, more: Value) -> Value {
    let mut plan = plan.clone();
    if let (Some(plan), Some(more)) = (plan.as_object_mut(), more.as_object()) {
        plan.extend(more.clone());
    }
    plan
}

#[test]
fn real_data_goes_out_and_comes_back_as_a_new_table() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let airports = concat!(env!("CARGO_MANIFEST_DIR"), "/../content/demo/openflights/airports.csv");
        let state = desk.import(&std::fs::read(airports)?, &json!({"name": "Airports"})).await?;
        assert_eq!((&state["state"], &state["error_count"]), (&json!("done"), &json!(0)), "{state}");
        let table = state["table"].as_str().unwrap_or_default().to_owned();
        let before = lines(&desk, &table).await?;
        assert!(before.len() > 7_000);
        for format in ["xlsx", "ndjson", "json", "tsv"] {
            let file = desk.get(&format!("/v1/tables/{table}/export.{format}")).await?.expect(200)?;
            let state = desk.import(&file.bytes, &json!({"name": format!("From {format}")})).await?;
            assert_eq!((&state["state"], &state["error_count"]), (&json!("done"), &json!(0)), "{state}");
            let after = lines(&desk, state["table"].as_str().unwrap_or_default()).await?;
            assert_eq!(after.len(), before.len(), "{format}");
            for (after, before) in after.iter().zip(&before) {
                assert_eq!(after, before, "{format}");
            }
        }
        // The whole base: every table is in the file.
        let whole = desk.get(&format!("/v1/bases/{}/export.json", desk.base)).await?.expect(200)?.json();
        let tables = whole["tables"].as_array().cloned().unwrap_or_default();
        assert_eq!(tables.len(), 5);
        let counts = tables.iter().map(|table| table["records"].as_array().map_or(0, Vec::len));
        assert!(counts.into_iter().all(|count| count == before.len()));
        assert_eq!(tables[0]["records"][17]["Name"], before[17]["Name"]);
        let book = desk.get(&format!("/v1/bases/{}/export.xlsx", desk.base)).await?.expect(200)?;
        let preview = desk.upload("book.xlsx", &book.bytes).await?.expect(201)?.json();
        assert_eq!(
            preview["sheets"],
            json!(["Airports", "From xlsx", "From ndjson", "From json", "From tsv"])
        );
        assert_eq!((&preview["format"], &preview["total"]), (&json!("xlsx"), &json!(before.len())));
        Ok(())
    });
}

#[test]
fn a_view_says_what_is_exported_and_limits_are_answered_before_anything_is_sent() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let fields = json!([{"name": "Name", "type": "text"}, {"name": "Long", "type": "long_text"},
            {"name": "Count", "type": "number"}]);
        let table = desk.table("Things", &fields).await?;
        let schema = desk.get(&format!("/v1/tables/{table}")).await?.json();
        let (long, count) = (&schema["fields"][1]["id"], &schema["fields"][2]["id"]);
        let records = json!([{"fields": {"Name": "a", "Count": 1}}, {"fields": {"Name": "b", "Count": 3}},
            {"fields": {"Name": "c", "Count": 2, "Long": "x".repeat(40_000)}}]);
        desk.post("/v1/records", &json!({"table": table, "records": records})).await?.expect(201)?;
        let config =
            json!({"filter": "{Count} > 1", "sort": [{"field": count, "desc": true}], "hidden": [long]});
        let view = json!({"name": "Few", "config": config});
        let view = desk.post(&format!("/v1/tables/{table}/views"), &view).await?;
        let view = view.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let get = async |path: String| desk.get(&format!("/v1/tables/{table}/{path}")).await;
        let csv = get(format!("export.csv?view={view}&bom=false&delimiter=semicolon")).await?.expect(200)?;
        assert_eq!(csv.text, "Name;Count\nb;3\nc;2\n");
        assert!(csv.header("content-disposition").contains("Things.csv"));
        let json = get(format!("export.json?view={view}")).await?.expect(200)?;
        assert_eq!(json.json(), json!([{"Name": "b", "Count": 3}, {"Name": "c", "Count": 2}]));
        let lines = get(format!("export.ndjson?view={view}")).await?.expect(200)?;
        assert_eq!(lines.text, "{\"Name\":\"b\",\"Count\":3}\n{\"Name\":\"c\",\"Count\":2}\n");
        let book = get(format!("export.xlsx?view={view}")).await?.expect(200)?;
        let preview = desk.upload("book", &book.bytes).await?.expect(201)?.json();
        assert_eq!(preview["rows"], json!([["b", "3"], ["c", "2"]]));
        for (path, status, code) in [
            ("export.xlsx", 422, "cell_too_long"),
            ("export.csv?delimiter=x", 422, "invalid_value"),
            ("export.csv?view=Nothing", 404, "not_found"),
        ] {
            let refused = get(path.to_owned()).await?;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code), "{path}");
        }
        let empty = desk.table("Empty", &json!([{"name": "Name", "type": "text"}])).await?;
        for (ending, expected) in [("json", "[\n]\n"), ("ndjson", ""), ("tsv", "\u{feff}Name\n")] {
            let file = desk.get(&format!("/v1/tables/{empty}/export.{ending}")).await?.expect(200)?;
            assert_eq!(file.text, expected, "{ending}");
        }
        Ok(())
    });
}
