//! Imports that add, change and replace; rows that break a rule are told of and cost no other row; files that can't be read.

use crate::exchange::{Desk, lines};
use crate::permissions::{grant, table_no};
use kernel_core::access::TableGrant;
use kernel_core::{Grants, Role};
use serde_json::{Value, json};
use testkit::run;

/// Records with a code that must be given and is unique.
async fn stock(desk: &Desk<'_>) -> anyhow::Result<String> {
    let fields = json!([
        {"name": "Code", "type": "text", "options": {"required": true, "unique": true}},
        {"name": "Count", "type": "number"},
        {"name": "State", "type": "text", "options": {"default": "new"}},
    ]);
    let table = desk.table("Stock", &fields).await?;
    let records = json!([
        {"fields": {"Code": "A1", "Count": 1, "State": "old"}}, {"fields": {"Code": "B2", "Count": 2}},
    ]);
    desk.post("/v1/records", &json!({"table": table, "records": records})).await?.expect(201)?;
    Ok(table)
}

/// Code, count and state of every record.
async fn kept(desk: &Desk<'_>, table: &str) -> anyhow::Result<Vec<String>> {
    let records = desk.records(table).await?;
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(records
        .iter()
        .map(|record| [&record["Code"], &record["Count"], &record["State"]].map(cell).join(" "))
        .collect())
}

/// Rows and messages of an import's errors.
fn errors(state: &Value) -> Vec<(u64, String, bool)> {
    let errors = state["errors"].as_array().cloned().unwrap_or_default();
    let told = |error: Value| {
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        (error["row"].as_u64().unwrap_or_default(), message, error["left_out"] == true)
    };
    errors.into_iter().map(told).collect()
}

#[test]
fn a_row_that_breaks_a_rule_costs_no_other_row() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let table = stock(&desk).await?;
        let csv = "Code,Count\nC3,3\n,4\na1,5\nD4,x\nC3,6\nE5,7\n";
        let state = desk.import(csv.as_bytes(), &json!({"table": table})).await?;
        assert_eq!((&state["state"], &state["created"]), (&json!("done"), &json!(3)), "{state}");
        let told = errors(&state);
        let expected = [
            (5, "is not a number", false),
            (3, "must be given", true),
            (4, "unique", true),
            (6, "earlier row", true),
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for ((row, message, left_out), (at, words, left)) in told.iter().zip(expected) {
            assert!((*row, *left_out) == (at, left) && message.contains(words), "{told:?}");
        }
        // No column is about the state: new records have its default.
        let expected = ["A1 1 old", "B2 2 new", "C3 3 new", "D4 null new", "E5 7 new"];
        assert_eq!(kept(&desk, &table).await?, expected);
        Ok(())
    });
}

#[test]
fn rows_change_the_records_that_have_their_key() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let update = |table: &str, more: Value| {
            let mut plan = json!({"table": table, "mode": "update", "key": "Code"});
            if let (Some(plan), Some(more)) = (plan.as_object_mut(), more.as_object()) {
                plan.extend(more.clone());
            }
            plan
        };
        let csv = "Code,Count,State\nb2,20,\nC3,30,\nA1,10,sold\nc3,31,\n,1,x\n".as_bytes();
        for (more, created, expected) in [
            (json!({}), 1, vec!["A1 10 sold", "b2 20 new", "C3 30 null"]),
            (json!({"missing": "skip"}), 0, vec!["A1 10 sold", "b2 20 new"]),
            (json!({"blanks": "clear", "missing": "skip"}), 0, vec!["A1 10 sold", "b2 20 null"]),
        ] {
            let table = stock(&desk).await?;
            let state = desk.import(csv, &update(&table, more.clone())).await?;
            assert_eq!(
                (&state["state"], &state["created"], &state["updated"]),
                (&json!("done"), &json!(created), &json!(2)),
                "{state}"
            );
            assert_eq!(kept(&desk, &table).await?, expected, "{more}");
            let told = errors(&state);
            assert_eq!(told.iter().map(|(row, ..)| *row).collect::<Vec<_>>(), [5, 6], "{told:?}");
            // A second time changes nothing.
            let again = desk.import(csv, &update(&table, more)).await?;
            assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(0)), "{again}");
            assert_eq!(kept(&desk, &table).await?, expected);
            let path = format!("/v1/tables/{table}");
            desk.system
                .api()
                .request("DELETE".parse()?, &path)
                .token(&desk.tenant.token)
                .send()
                .await?
                .expect(204)?;
        }
        let table = stock(&desk).await?;
        for (plan, code, pointer) in [
            (json!({"table": table, "mode": "update"}), "required", "#/key"),
            (json!({"table": table, "mode": "update", "key": "Town"}), "unknown_field", "#/key"),
            (json!({"table": table, "key": "Code"}), "invalid_value", "#/key"),
            (json!({"name": "New", "mode": "replace"}), "invalid_value", "#/mode"),
        ] {
            let preview = desk.upload("a.csv", csv).await?.expect(201)?.json();
            let path = format!("/v1/imports/{}/start", preview["id"].as_str().unwrap_or_default());
            let refused = desk.post(&path, &plan).await?.expect(422)?.json();
            let error = &refused["errors"][0];
            assert_eq!((&error["code"], &error["pointer"]), (&json!(code), &json!(pointer)), "{plan}");
        }
        Ok(())
    });
}

#[test]
fn many_rows_are_found_by_a_key_that_is_not_unique_and_across_parts() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let table = desk
            .table("Many", &json!([{"name": "Nr", "type": "number"}, {"name": "Text", "type": "text"}]))
            .await?;
        let csv = |word: &str, rows: u32| {
            (0..rows).fold("Nr,Text".to_owned(), |csv, row| format!("{csv}\n{row},{word} {row}"))
        };
        let state = desk.import(csv("first", 5_000).as_bytes(), &json!({"table": table})).await?;
        assert_eq!(state["created"], 5_000);
        let plan = json!({"table": table, "mode": "update", "key": "Nr"});
        let state = desk.import(csv("second", 7_000).as_bytes(), &plan).await?;
        assert_eq!((&state["created"], &state["updated"]), (&json!(2_000), &json!(5_000)), "{state}");
        let records = lines(&desk, &table).await?;
        assert_eq!(records.len(), 7_000);
        assert!(records.iter().all(|record| record["Text"] == json!(format!("second {}", record["Nr"]))));
        // Two records with one key: the row is told of.
        desk.post("/v1/records", &json!({"table": table, "fields": {"Nr": 7}})).await?.expect(201)?;
        let state = desk.import(b"Nr,Text\n7,x\n8,y\n", &plan).await?;
        assert_eq!((&state["updated"], &state["error_count"]), (&json!(1), &json!(1)), "{state}");
        let state =
            desk.import(csv("third", 10).as_bytes(), &json!({"table": table, "mode": "replace"})).await?;
        assert_eq!((&state["created"], &state["deleted"]), (&json!(10), &json!(7_001)), "{state}");
        assert_eq!(desk.records(&table).await?.len(), 10);
        Ok(())
    });
}

#[test]
fn who_sees_some_rows_only_replaces_and_merges_nothing() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let table = stock(&desk).await?;
        let member = system.join(&desk.tenant, Role::Editor).await?;
        let rows = TableGrant { rows: Some("{Code} = \"A1\"".into()), ..TableGrant::default() };
        let grants = Grants { table: [(table_no(&table), rows)].into(), ..Grants::default() };
        grant(system, &desk.tenant, &member, &grants).await?;
        let api = system.api();
        for plan in [
            json!({"table": table, "mode": "replace"}),
            json!({"table": table, "mode": "update", "key": "Code"}),
            json!({"table": table, "columns": [{"column": "Extra", "name": "Extra", "type": "text"}]}),
        ] {
            let upload = api.post("/v1/imports").token(&member.token);
            let upload = upload.upload(&desk.base, "Code,Extra\nZ9,x\n").send().await?.expect(201)?.json();
            let path = format!("/v1/imports/{}/start", upload["id"].as_str().unwrap_or_default());
            let refused = api.post(&path).token(&member.token).json(&plan).send().await?;
            assert_eq!(refused.status, 403, "{plan}: {}", refused.text);
        }
        assert_eq!(kept(&desk, &table).await?, ["A1 1 old", "B2 2 new"]);
        Ok(())
    });
}

#[test]
fn a_column_becomes_a_field_of_the_table() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let table = stock(&desk).await?;
        let columns = json!([{"column": "Colour", "name": "Paint", "type": "select"}]);
        let csv = b"Code,Colour,Other\nC3,red,1\nD4,blue,2\n";
        let state = desk.import(csv, &json!({"table": table, "columns": columns})).await?;
        assert_eq!((&state["created"], &state["error_count"]), (&json!(2), &json!(0)), "{state}");
        let records = desk.records(&table).await?;
        assert_eq!((&records[2]["Paint"], &records[3]["Paint"]), (&json!("red"), &json!("blue")));
        assert!(records[2].get("Other").is_none());
        Ok(())
    });
}

#[test]
fn a_file_is_read_in_another_way_when_somebody_says_so() {
    run(async |system| {
        let desk = Desk::new(system).await?;
        let ask = async |id: &Value, body: Value| {
            let path = format!("/v1/imports/{}/preview", id.as_str().unwrap_or_default());
            desk.post(&path, &body).await
        };
        let file = b"Name;Day;Price\nM\xfcnchen;03.04.2026;1.234,50\nK\xf6ln;05.06.2026;2,5\n";
        let preview = desk.upload("rows.txt", file).await?.expect(201)?.json();
        assert_eq!(
            [
                &preview["format"],
                &preview["delimiter"],
                &preview["encoding"],
                &preview["dates"],
                &preview["numbers"]
            ],
            ["csv", ";", "windows-1252", "day_first", "comma"],
            "{preview}"
        );
        assert_eq!(
            (&preview["rows"][0][0], &preview["columns"][2]["type"]),
            (&json!("München"), &json!("number"))
        );
        let id = &preview["id"];
        let other = ask(id, json!({"dates": "month_first", "encoding": "koi8-r", "delimiter": ";"}))
            .await?
            .expect(200)?
            .json();
        assert_eq!((&other["dates"], &other["encoding"]), (&json!("month_first"), &json!("koi8-r")));
        assert_ne!(other["rows"], preview["rows"]);
        let whole = ask(id, json!({"delimiter": "|"})).await?.expect(200)?.json();
        assert_eq!(whole["columns"].as_array().map(Vec::len), Some(1));
        for body in [json!({"encoding": "morse"}), json!({"delimiter": "x"})] {
            assert_eq!(ask(id, body.clone()).await?.code(), "invalid_value", "{body}");
        }
        ask(id, json!({"dates": "day_first"})).await?.expect(200)?;
        let state = desk.start(id.as_str().unwrap_or_default(), &json!({"name": "Cities"})).await?;
        let records = desk.records(state["table"].as_str().unwrap_or_default()).await?;
        assert_eq!(records[0], json!({"Name": "München", "Day": "2026-04-03", "Price": 1234.5}));
        assert_eq!(ask(id, json!({})).await?.code(), "conflict", "it was started");
        for (file, code) in [
            (&b"GIF89a\0\0"[..], "bad_file"),
            (b"\xD0\xCF\x11\xE0\0\0", "bad_file"),
            (b"PK\x03\x04 and nothing", "bad_file"),
            (b"[{\"a\": 1}, {\"a\"", "bad_file"),
            (b"", "bad_csv"),
        ] {
            let refused = desk.upload("file", file).await?;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, code), "{file:?}");
        }
        let wide = desk.upload("wide.csv", "a,".repeat(300).as_bytes()).await?;
        assert_eq!(wide.code(), "too_many_columns");
        Ok(())
    });
}
