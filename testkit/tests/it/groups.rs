//! Groups over `/v1`: lines of windows, groups alone, folding, totals; what the caller does not see divides nothing.

use crate::permissions::{Office, grant, table_no};
use crate::views::{ask, text};
use crate::world::small_table;
use kernel_core::access::TableGrant;
use kernel_core::{Grants, Role};
use serde_json::{Value, json};
use testkit::{Tenant, TestSystem, run};

/// Shops with a state and a town: 4 open (2 in Oslo, 1 in Rome, 1 nowhere), 1 shut in Oslo, 1 without a state.
struct Shops {
    table: String,
    state: String,
    town: String,
    sales: String,
    records: Vec<String>,
    choices: Vec<String>,
}

impl Shops {
    async fn of(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<Self> {
        let (base, _) = small_table(system, tenant).await?;
        let fields = json!([
            {"name": "Name", "type": "text"}, {"name": "Town", "type": "text"}, {"name": "Sales", "type": "number"},
            {"name": "State", "type": "select", "options": {"choices": [{"name": "Open"}, {"name": "Shut"}]}},
            {"name": "Open", "type": "checkbox"}
        ]);
        let body = json!({"base": base, "name": "Shops", "fields": fields});
        let table = ask(system, &tenant.token, "POST", "/v1/tables", body).await?.expect(201)?.json();
        let id = |index: usize| text(&table["fields"][index]["id"]);
        let shop = |name: &str, town: Value, sales: u32, state: Value| json!({"fields": {"Name": name, "Town": town, "Sales": sales, "State": state, "Open": sales > 2}});
        let records = json!({"table": table["id"], "records": [
            shop("a", json!("oslo"), 1, json!("Open")), shop("b", json!("Rome"), 2, json!("Open")),
            shop("c", json!("Oslo"), 3, json!("Shut")), shop("d", json!("Oslo"), 4, json!("Open")),
            shop("e", Value::Null, 5, json!("Open")), shop("f", json!("Rome"), 6, Value::Null),
        ]});
        let made = ask(system, &tenant.token, "POST", "/v1/records", records).await?.expect(201)?.json();
        let ids = |list: &Value| list.as_array().into_iter().flatten().map(|one| text(&one["id"])).collect();
        Ok(Self {
            table: text(&table["id"]),
            state: id(3),
            town: id(1),
            sales: id(2),
            records: ids(&made["data"]),
            choices: ids(&table["fields"][3]["options"]["choices"]),
        })
    }

    async fn window(&self, system: &TestSystem, token: &str, body: Value) -> anyhow::Result<Value> {
        let path = format!("/v1/tables/{}/window", self.table);
        Ok(ask(system, token, "POST", &path, body).await?.expect(200)?.json())
    }

    fn groups(&self) -> Value {
        json!([{"field": self.state}, {"field": "Town", "desc": true}])
    }
}

/// `+Open 4`, `-Open 4` if folded, `a` for the record of that name.
fn told(shops: &Shops, answer: &Value) -> Vec<String> {
    let name = |value: &Value| match shops.choices.iter().position(|id| value == id.as_str()) {
        Some(place) => ["Open", "Shut"][place].to_owned(),
        None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    };
    let line = |line: &Value| match line {
        Value::Array(cells) => text(&cells[1]),
        heading => {
            let sign = if heading["collapsed"] == true { '-' } else { '+' };
            let last = heading["values"].as_array().and_then(|values| values.last());
            format!("{sign}{} {}", last.map(name).unwrap_or_default(), heading["count"])
        }
    };
    let lines = answer.get("lines").or_else(|| answer.get("groups")).and_then(Value::as_array);
    lines.into_iter().flatten().map(line).collect()
}

#[test]
fn a_grouped_window_has_headings_and_records() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let shops = Shops::of(system, &tenant).await?;
        let ask_window = async |more: Value| {
            let mut body = json!({"group": shops.groups(), "lines": true, "fields": ["Name"]});
            body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            shops.window(system, &tenant.token, body).await
        };
        let all = ask_window(json!({"totals": {"Sales": "sum", (shops.town.clone()): "unique"}})).await?;
        let expected = [
            "+Open 4", "+Rome 1", "b", "+oslo 2", "a", "d", "+null 1", "e", "+Shut 1", "+Oslo 1", "c",
            "+null 1", "+Rome 1", "f",
        ];
        assert_eq!(told(&shops, &all), expected);
        assert_eq!((&all["total"], &all["records"], &all["place"]), (&json!(14), &json!(6), &json!(0)));
        assert_eq!(all["group"], json!([shops.state, shops.town]));
        let open = &all["lines"][0];
        assert_eq!(
            (&open["level"], &open["first"], &open["values"]),
            (&json!(0), &json!(0), &json!([shops.choices[0]]))
        );
        assert_eq!(open["totals"], json!({(shops.sales.clone()): 12.0, (shops.town.clone()): 3}));
        assert_eq!(all["lines"][9]["values"], json!([shops.choices[1], "Oslo"]));
        // Folded: by name, and all but those named.
        let key = |line: usize| text(&all["lines"][line]["key"]);
        let folded = ask_window(json!({"collapsed": [key(0), key(12)]})).await?;
        assert_eq!(told(&shops, &folded), ["-Open 4", "+Shut 1", "+Oslo 1", "c", "+null 1", "-Rome 1"]);
        let slice = ask_window(json!({"collapsed": [key(3)], "offset": 2, "limit": 3})).await?;
        assert_eq!(told(&shops, &slice), ["b", "-oslo 2", "+null 1"]);
        assert_eq!((&slice["total"], &slice["place"]), (&json!(12), &json!(0)));
        let unfolded = ask_window(json!({"expanded": [key(0), key(3)]})).await?;
        assert_eq!(
            told(&shops, &unfolded),
            ["+Open 4", "-Rome 1", "+oslo 2", "a", "d", "-null 1", "-Shut 1", "-null 1"]
        );
        // Where a record is among the lines.
        let position = async |record: &str, more: Value| -> anyhow::Result<Value> {
            let mut body = json!({"group": shops.groups(), "lines": true, "record": record});
            body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            let path = format!("/v1/tables/{}/position", shops.table);
            Ok(ask(system, &tenant.token, "POST", &path, body).await?.expect(200)?.json())
        };
        let place = |found: Value| (found["position"].clone(), found["collapsed"].clone());
        assert_eq!(place(position(&shops.records[3], json!({})).await?), (json!(5), json!(false)));
        assert_eq!(
            place(position(&shops.records[3], json!({"collapsed": [key(0)]})).await?),
            (json!(0), json!(true))
        );
        assert_eq!(
            place(position(&shops.records[2], json!({"filter": "{Sales} > 3"})).await?),
            (Value::Null, json!(false))
        );
        // A change moves a record, and what is folded stays so.
        let patch = json!({"fields": {"State": "Shut", "Town": "OSLO"}});
        ask(system, &tenant.token, "PATCH", &format!("/v1/records/{}", shops.records[1]), patch)
            .await?
            .expect(200)?;
        let moved = ask_window(json!({"collapsed": [key(9)], "filter": "{State} != \"\""})).await?;
        assert_eq!(
            told(&shops, &moved),
            ["+Open 3", "+oslo 2", "a", "d", "+null 1", "e", "+Shut 2", "-OSLO 2"]
        );
        // Left out: records without a value.
        let filled = json!([{"field": "State", "hide_empty": true}, {"field": "Open", "desc": true}]);
        let filled = ask_window(json!({"group": filled})).await?;
        assert_eq!(
            told(&shops, &filled),
            ["+Open 3", "+true 2", "d", "e", "+false 1", "a", "+Shut 2", "+true 1", "c", "+false 1", "b"]
        );
        Ok(())
    });
}

/// What a view's groups leave out is left out of its lines, groups, totals, plain windows and lists alike; other groups leave it in.
#[test]
fn what_groups_leave_out_is_nowhere_in_the_view() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let shops = Shops::of(system, &tenant).await?;
        let (table, token) = (&shops.table, &tenant.token);
        let post = async |path: &str, body: Value| -> anyhow::Result<Value> {
            Ok(ask(system, token, "POST", &format!("/v1/tables/{table}/{path}"), body)
                .await?
                .expect(200)?
                .json())
        };
        // One of six has no state, two have no town: of the others there are three.
        let group =
            json!([{"field": shops.state, "hide_empty": true}, {"field": shops.town, "hide_empty": true}]);
        let view = json!({"name": "Filled", "config": {"group": group, "sort": [{"field": shops.town}]}});
        let made = ask(system, token, "POST", &format!("/v1/tables/{table}/views"), view).await?;
        let view = made.expect(201)?.json()["id"].clone();
        let lines = post("window", json!({"view": view, "lines": true})).await?;
        let kept = lines["records"].as_u64().unwrap_or_default();
        let whole = post("window", json!({"fields": [shops.state, shops.town]})).await?;
        let filled = |row: &&Value| !row[1].is_null() && !row[2].is_null();
        let expected = whole["rows"].as_array().into_iter().flatten().filter(filled).count() as u64;
        assert!(kept == expected && kept < whole["total"].as_u64().unwrap_or_default(), "{lines} {whole}");
        assert_eq!(post("groups", json!({"view": view})).await?["records"], kept);
        assert_eq!(post("window", json!({"view": view})).await?["total"], kept);
        assert_eq!(post("aggregates", json!({"view": view})).await?["total"], kept);
        let list = format!("/v1/records?table={table}&view={}&count=true", text(&view));
        let list = system.api().get(&list).token(token).send().await?.expect(200)?.json();
        assert_eq!(list["count"], kept, "{list}");
        for other in [json!([]), json!([{"field": shops.state}])] {
            let all = post("window", json!({"view": view, "group": other, "lines": true})).await?;
            assert_eq!(all["records"], whole["total"], "{other}");
            assert_eq!(post("window", json!({"view": view, "group": other})).await?["total"], whole["total"]);
            assert_eq!(
                post("aggregates", json!({"view": view, "group": other})).await?["total"],
                whole["total"]
            );
        }
        Ok(())
    });
}

#[test]
fn groups_come_from_the_view_or_the_request_and_mistakes_have_codes() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let shops = Shops::of(system, &tenant).await?;
        let (table, token) = (&shops.table, &tenant.token);
        let post = async |path: &str, body: Value| {
            ask(system, token, "POST", &format!("/v1/tables/{table}/{path}"), body).await
        };
        let config = json!({"group": [{"field": shops.state, "desc": true}], "sort": [{"field": shops.sales, "desc": true}]});
        let view = post("views", json!({"name": "By state", "config": config})).await?.expect(201)?.json();
        let view = text(&view["id"]);
        let lines = json!({"view": view, "lines": true, "fields": ["Name"]});
        let answer = post("window", lines).await?.expect(200)?.json();
        assert_eq!(told(&shops, &answer), ["+Shut 1", "c", "+Open 4", "e", "d", "b", "a", "+null 1", "f"]);
        // As rows it is what it always was; other groups, or none, leave its sort.
        let rows = post("window", json!({"view": view, "fields": ["Name"]})).await?.expect(200)?.json();
        let names = |answer: &Value| -> String {
            answer["rows"].as_array().into_iter().flatten().map(|row| text(&row[1])).collect()
        };
        assert_eq!((names(&rows), rows.get("lines")), ("cedbaf".to_owned(), None));
        let none =
            post("window", json!({"view": view, "group": [], "fields": ["Name"]})).await?.expect(200)?.json();
        assert_eq!(names(&none), "fedcba");
        let path = format!("/v1/records?table={table}&view={view}&group=-Town");
        let list = ask(system, token, "GET", &path, Value::Null).await?.expect(200)?.json();
        let listed: String = list["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|record| text(&record["fields"]["Name"]))
            .collect();
        assert_eq!(listed, "fbdcae");
        // The groups alone, in pages.
        let groups = json!({"view": view, "group": shops.groups(), "totals": {"Sales": "max"}, "offset": 1, "limit": 3});
        let page = post("groups", groups).await?.expect(200)?.json();
        assert_eq!(told(&shops, &page), ["+Rome 1", "+Oslo 2", "+null 1"]);
        assert_eq!((&page["total"], &page["records"]), (&json!(8), &json!(6)));
        assert_eq!(page["groups"][1]["totals"], json!({(shops.sales.clone()): 4.0}));
        let five: Vec<Value> =
            ["Name", "Town", "Sales", "State", "Open"].map(|field| json!({"field": field})).to_vec();
        for (path, body, at, code) in [
            ("window", json!({"lines": true, "group": [{"field": "Nope"}]}), "group", "bad_sort"),
            ("groups", json!({"group": five}), "group", "too_many"),
            (
                "groups",
                json!({"group": [{"field": "Town"}, {"field": shops.town}]}),
                "group",
                "invalid_value",
            ),
            ("groups", json!({}), "/group", "required"),
            ("groups", json!({"group": shops.groups(), "limit": 501}), "/limit", "invalid_value"),
            (
                "groups",
                json!({"group": shops.groups(), "totals": {"Nope": "sum"}}),
                "/totals/Nope",
                "unknown_field",
            ),
            ("window", json!({"lines": true, "collapsed": ["x"]}), "/collapsed/0", "invalid_value"),
            ("window", json!({"lines": true, "collapsed": [], "expanded": []}), "/expanded", "invalid_value"),
            (
                "window",
                json!({"lines": true, "expanded": vec!["0123456789abcdef"; 1001]}),
                "/expanded",
                "too_many",
            ),
        ] {
            let refused = post(path, body.clone()).await?;
            let told = refused.json();
            assert!(refused.status.is_client_error(), "{path} {body}: {}", refused.text);
            let error = &told["errors"][0];
            let pointer = text(&error["pointer"]);
            assert!(pointer.ends_with(at) && error["code"] == code, "{path} {body}: {}", refused.text);
        }
        Ok(())
    });
}

#[test]
fn groups_are_of_the_rows_and_fields_that_are_there() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let people = &office.people;
        let member = system.join(&ours, Role::Editor).await?;
        let north = TableGrant { rows: Some("{Team} = \"North\"".into()), ..TableGrant::default() };
        let grants = Grants { table: [(table_no(people), north)].into(), ..Grants::default() };
        let groups = async |token: &str| {
            let body = json!({"group": [{"field": "Team"}], "totals": {"Name": "filled"}});
            let path = format!("/v1/tables/{people}/groups");
            ask(system, token, "POST", &path, body).await?.expect(200)
        };
        assert_eq!(groups(&member.token).await?.json()["total"], 2);
        grant(system, &ours, &member, &grants).await?;
        let seen = groups(&member.token).await?;
        assert!(seen.text.contains("North") && !seen.text.contains("South"), "{}", seen.text);
        assert_eq!((&seen.json()["total"], &seen.json()["records"]), (&json!(1), &json!(1)));
        // The keys of groups that are not there tell nothing.
        let all = groups(&ours.token).await?.json();
        let south =
            all["groups"].as_array().into_iter().flatten().find(|group| group["values"] == json!(["South"]));
        let key = south.map(|group| text(&group["key"])).unwrap_or_default();
        let lines =
            |named: Vec<&str>| json!({"group": [{"field": "Team"}], "lines": true, "collapsed": named});
        let path = format!("/v1/tables/{people}/window");
        let with = ask(system, &member.token, "POST", &path, lines(vec![&key])).await?.expect(200)?;
        let without = ask(system, &member.token, "POST", &path, lines(Vec::new())).await?.expect(200)?;
        assert_eq!(with.text, without.text);
        Ok(())
    });
}
