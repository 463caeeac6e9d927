//! Rules of fields over HTTP: wherever a value is written, with the owner's message at the field; and nothing that is hidden is told.

use crate::permissions::{Office, field_key, grant, table_no};
use kernel_core::access::TableGrant;
use kernel_core::{FieldLevel, Grants, Role};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Answer, eventually, run};

/// Pointer, code and words of each error.
fn told(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |error: &Value| {
        format!(
            "{} {} {}",
            text(&error["pointer"]).trim_start_matches('#'),
            text(&error["code"]),
            text(&error["detail"])
        )
    };
    errors.iter().map(one).collect()
}

#[test]
fn a_rule_is_asked_wherever_values_are_written() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, people, first, .. } = &Office::of(system, &ours).await?;
        let api = system.api();
        let send = async |method: &str, path: &str, body: Value| -> anyhow::Result<Answer> {
            api.request(method.parse()?, path).token(&ours.token).json(&body).send().await
        };
        // A value from before the rule, which stays and is counted.
        let age = json!({"name": "Age", "type": "number"});
        let age = send("POST", &format!("/v1/tables/{people}/fields"), age).await?.expect(201)?.json();
        let age = age["id"].as_str().unwrap_or_default().to_owned();
        send("PATCH", &format!("/v1/records/{first}"), json!({"fields": {"Age": -5}})).await?.expect(200)?;
        let rule =
            json!({"min": 0, "formula": "OR({Name} != \"Kid\", {Age} < 18)", "message": "Look again."});
        let patch = json!({"options": {"validation": rule}});
        let preview =
            send("POST", &format!("/v1/fields/{age}/conversion"), patch.clone()).await?.expect(200)?;
        assert_eq!(preview.json()["broken"], 1);
        let field = send("PATCH", &format!("/v1/fields/{age}"), patch).await?.expect(200)?.json();
        assert_eq!(
            field["options"]["validation"],
            json!({"min": 0.0, "formula": rule["formula"], "message": "Look again."})
        );
        send("PATCH", &format!("/v1/records/{first}"), json!({"fields": {"Name": "Anna"}}))
            .await?
            .expect(200)?;

        let broken = |pointer: &str| vec![format!("{pointer} rule_broken Look again.")];
        let one = json!({"table": people, "fields": {"Name": "Kid", "Age": 18}});
        let answer = send("POST", "/v1/records", one).await?;
        assert_eq!((answer.status.as_u16(), told(&answer)), (422, broken("/fields/Age")));
        let many = json!({"table": people, "records": [
            {"fields": {"Name": "Bo", "Age": 3}}, {"fields": {"Name": "Cy", "Age": -3}}
        ]});
        assert_eq!(told(&send("POST", "/v1/records", many).await?), broken("/records/1/fields/Age"));
        // The other field of the formula may break it, too.
        let path = format!("/v1/records/{first}");
        assert_eq!(told(&send("PATCH", &path, json!({"fields": {"Age": 40}})).await?), [""; 0]);
        assert_eq!(
            told(&send("PATCH", &path, json!({"fields": {"Name": "Kid"}})).await?),
            broken("/fields/Age")
        );
        let upsert = json!({"table": people, "key": ["Name"], "records": [
            {"fields": {"Name": "Anna", "Age": 41}}, {"fields": {"Name": "New", "Age": -1}}
        ]});
        let answer = send("PUT", "/v1/records", upsert).await?;
        assert_eq!((answer.status.as_u16(), told(&answer)), (422, broken("/records/1/fields/Age")));
        let clients = send("POST", &format!("/v0/{base}/{people}"), json!({"fields": {"Age": -1}})).await?;
        assert_eq!(clients.json()["error"]["type"], "INVALID_VALUE_FOR_COLUMN", "{:?}", clients.json());

        // An import leaves the row out, says why, and writes the others.
        let upload =
            api.post("/v1/imports").token(&ours.token).upload(base, "Name,Age\nDee,5\nKid,30\nEve,-2\n");
        let import = upload.send().await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        send("POST", &format!("/v1/imports/{import}/start"), json!({"table": people})).await?.expect(202)?;
        let done = eventually("the end of the import", Duration::from_secs(60), async || {
            let state = api.get(&format!("/v1/imports/{import}")).token(&ours.token).send().await?.json();
            Ok((state["state"] != "running").then_some(state))
        })
        .await?;
        assert_eq!((&done["created"], &done["error_count"]), (&json!(1), &json!(2)), "{done}");
        assert!(done["errors"].to_string().contains("Look again."), "{done}");

        // A rule that can't be is refused at its place.
        for bad in [json!({"pattern": "a"}), json!({"min": "x"}), json!({"formula": "{Gone} > 1"}), json!(7)]
        {
            let patch = json!({"options": {"validation": bad}});
            let answer = send("PATCH", &format!("/v1/fields/{age}"), patch).await?;
            assert_eq!(answer.status, 422, "{bad}");
            assert!(told(&answer)[0].starts_with("/options "), "{bad} {:?}", told(&answer));
        }
        Ok(())
    });
}

#[test]
fn a_rule_tells_nothing_of_a_hidden_field() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, salary, first, .. } = &Office::of(system, &ours).await?;
        let api = system.api();
        let shape =
            api.get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.expect(200)?.json();
        let team = shape["tables"][0]["fields"][2]["id"].as_str().unwrap_or_default().to_owned();
        let rule = json!({"options": {"validation": {"formula": "{Team} != {Salary}", "message": "Equal."}}});
        let patch =
            api.request("PATCH".parse()?, &format!("/v1/fields/{team}")).token(&ours.token).json(&rule);
        patch.send().await?.expect(200)?;
        let member = system.join(&ours, Role::Editor).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let seen =
            api.get(&format!("/v1/bases/{base}")).token(&member.token).send().await?.expect(200)?.json();
        let field = &seen["tables"][0]["fields"][1];
        assert_eq!((&field["id"], &field["read_only"]), (&json!(team), &json!(true)), "{field}");
        assert!(
            !field.to_string().contains(salary.as_str()) && !field.to_string().contains("formula"),
            "{field}"
        );
        // Neither what is equal to the hidden value nor what is not is told apart.
        for value in ["topsecret", "North", "else"] {
            let edit = json!({"fields": {"Team": value}});
            let write = api
                .request("PATCH".parse()?, &format!("/v1/records/{first}"))
                .token(&member.token)
                .json(&edit);
            let answer = write.send().await?;
            assert_eq!(answer.status, 422, "{value}");
            assert!(told(&answer)[0].contains("read_only_field"), "{value} {:?}", told(&answer));
        }
        let name = json!({"fields": {"Name": "Anna"}});
        let write =
            api.request("PATCH".parse()?, &format!("/v1/records/{first}")).token(&member.token).json(&name);
        write.send().await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn who_does_not_see_a_field_learns_nothing_of_it_by_rules() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let Office { base, people, salary, .. } = &Office::of(system, &ours).await?;
        let api = system.api();
        let send = async |token: &str, method: &str, path: &str, body: Value| -> anyhow::Result<Answer> {
            api.request(method.parse()?, path).token(token).json(&body).send().await
        };
        let shape =
            api.get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.expect(200)?.json();
        let team = shape["tables"][0]["fields"][2]["id"].as_str().unwrap_or_default().to_owned();
        let (team, salary_field) = (format!("/v1/fields/{team}"), format!("/v1/fields/{salary}"));
        let conversion = format!("{team}/conversion");
        let member = system.join(&ours, Role::Admin).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let with = |rule: Value| json!({"options": {"validation": rule}});
        let asks = |formula: &str| with(json!({"formula": formula}));

        // A hidden field is as unknown as one that is not there, by name and by id.
        let (mine, fields) = (&member.token, format!("/v1/tables/{people}/fields"));
        for hidden in ["Salary", salary.as_str()] {
            let mut created = asks(&format!("{{{hidden}}} != \"x\""));
            created["name"] = json!("Extra");
            for (method, path, body) in [
                ("POST", &conversion, asks(&format!("{{{hidden}}} != \"topsecret\""))),
                ("PATCH", &team, asks(&format!("{{{hidden}}} != \"topsecret\""))),
                ("POST", &fields, created),
            ] {
                let unknown: Value = serde_json::from_str(&body.to_string().replace(hidden, "Nothing"))?;
                let (asked, other) =
                    (send(mine, method, path, body).await?, send(mine, method, path, unknown).await?);
                assert_eq!((asked.status.as_u16(), other.status.as_u16()), (422, 422), "{method} {path}");
                let words = |answer: &Answer, name: &str| {
                    let lines = told(answer).join(" ").replace(name, "?");
                    lines.split(" (at").next().unwrap_or_default().to_owned()
                };
                assert_eq!(words(&asked, hidden), words(&other, "Nothing"));
            }
        }
        let mut created = asks("{Extra} != {Team}");
        created["name"] = json!("Extra");
        send(mine, "POST", &fields, created).await?.expect(201)?;
        send(mine, "PATCH", &team, asks("{Team} != {Name}")).await?.expect(200)?;

        // A formula that is not told stays when something else of the field is changed, and is not counted.
        send(&ours.token, "PATCH", &team, asks("{Salary} = \"topsecret\"")).await?.expect(200)?;
        for body in [json!({"type": "long_text"}), with(json!({"max_length": 50}))] {
            let asked = send(mine, "POST", &conversion, body).await?.expect(200)?.json();
            assert_eq!(asked["broken"], 0, "{asked}");
        }
        assert_eq!(send(mine, "PATCH", &team, asks("{Salary} = \"topsecret\"")).await?.status, 422);
        send(mine, "PATCH", &team, with(json!({"max_length": 50}))).await?.expect(200)?;
        let seen = api.get(&format!("/v1/bases/{base}")).token(&ours.token).send().await?.expect(200)?.json();
        let kept = json!({"max_length": 50, "formula": "{Salary} = \"topsecret\""});
        assert_eq!(seen["tables"][0]["fields"][2]["options"]["validation"], kept);

        // What a hidden field asks of a new record is a refusal without its name and its owner's words.
        let owners = json!({"options": {
            "default": "too long", "validation": {"max_length": 3, "message": "Owner's words"}
        }});
        for rule in [json!({"options": {"required": true}}), owners] {
            send(&ours.token, "PATCH", &salary_field, rule).await?.expect(200)?;
            let new = json!({"fields": {"Name": "Cy"}});
            let one = json!({"table": people, "fields": {"Name": "Cy"}});
            let upsert = json!({"table": people, "key": ["Name"], "records": [new]});
            for (method, path, body) in [
                ("POST", "/v1/records".to_owned(), one.clone()),
                ("PUT", "/v1/records".to_owned(), upsert),
                ("POST", format!("/v0/{base}/{people}"), new),
            ] {
                let answer = send(mine, method, &path, body).await?;
                assert_eq!(answer.status, 403, "{method} {path} {}", answer.text);
                assert!(!answer.text.contains("Salary") && !answer.text.contains("Owner"), "{}", answer.text);
            }
            assert_eq!(send(&ours.token, "POST", "/v1/records", one).await?.status, 422);
        }

        // Nor is it told what would become of records that are not there for the caller.
        let north = TableGrant { rows: Some("{Team} = \"North\"".into()), ..TableGrant::default() };
        let grants = Grants { table: [(table_no(people), north)].into(), ..Grants::default() };
        grant(system, &ours, &member, &grants).await?;
        assert_eq!(send(mine, "POST", &conversion, json!({"type": "number"})).await?.status, 403);
        Ok(())
    });
}
