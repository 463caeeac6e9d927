//! Every operation of `/v0` against the things of another organisation, without a token, as a viewer, and with a token
//! that is limited to another base. A new operation without a case fails.

use crate::world::World;
use kernel_core::{Role, Scopes};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tenancy::NewToken;
use testkit::{Answer, Client, Request, run};

struct Case {
    /// As in [`bases::v0::operations`].
    operation: &'static str,
    path: String,
    body: Value,
    /// Whether a viewer is refused.
    writes: bool,
    /// Whether it names nothing of anybody: a stranger gets their own.
    own: bool,
}

impl Case {
    fn request(&self, api: &Client) -> Request {
        let method = self.operation.split(' ').next().unwrap_or_default();
        let request = api.request(method.parse().expect("a method"), &self.path);
        if self.body.is_null() { request } else { request.json(&self.body) }
    }
}

fn all(w: &World) -> Vec<Case> {
    let World { base, table, field, view, record, comment, webhook, .. } = w;
    let case = |operation, path: String, body, writes| Case { operation, path, body, writes, own: false };
    let read = |operation, path| case(operation, path, Value::Null, false);
    let write = |operation, path, body| case(operation, path, body, true);
    let own = |case: Case| Case { own: true, ..case };
    let (at, meta) = (format!("/v0/{base}/{table}"), format!("/v0/meta/bases/{base}"));
    let (comments, hooks) = (format!("{at}/{record}/comments"), format!("/v0/bases/{base}/webhooks"));
    let wanted = json!({"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}});
    let fields = json!({"fields": {"Name": "by a stranger"}});
    let records = json!({"records": [{"id": record, "fields": {"Name": "by a stranger"}}]});
    vec![
        own(read("GET /v0/meta/whoami", "/v0/meta/whoami".into())),
        own(read("GET /v0/meta/bases", "/v0/meta/bases".into())),
        own(write("POST /v0/meta/bases", "/v0/meta/bases".into(), json!({"name": "Own", "tables": []}))),
        write("DELETE /v0/meta/bases/{base}", meta.clone(), Value::Null),
        read("GET /v0/meta/bases/{base}/tables", format!("{meta}/tables")),
        write(
            "POST /v0/meta/bases/{base}/tables",
            format!("{meta}/tables"),
            json!({"name": "Planted", "fields": []}),
        ),
        write(
            "PATCH /v0/meta/bases/{base}/tables/{table}",
            format!("{meta}/tables/{table}"),
            json!({"name": "Taken"}),
        ),
        write(
            "POST /v0/meta/bases/{base}/tables/{table}/fields",
            format!("{meta}/tables/{table}/fields"),
            json!({"name": "Planted", "type": "email"}),
        ),
        write(
            "PATCH /v0/meta/bases/{base}/tables/{table}/fields/{field}",
            format!("{meta}/tables/{table}/fields/{field}"),
            json!({"name": "Taken"}),
        ),
        write("DELETE /v0/meta/bases/{base}/views/{view}", format!("{meta}/views/{view}"), Value::Null),
        read("GET /v0/{base}/{table}", at.clone()),
        case(
            "POST /v0/{base}/{table}/listRecords",
            format!("{at}/listRecords"),
            json!({"pageSize": 5}),
            false,
        ),
        write("POST /v0/{base}/{table}", at.clone(), fields.clone()),
        write("PATCH /v0/{base}/{table}", at.clone(), records.clone()),
        write("PUT /v0/{base}/{table}", at.clone(), records),
        write("DELETE /v0/{base}/{table}", format!("{at}?records[]={record}"), Value::Null),
        read("GET /v0/{base}/{table}/{record}", format!("{at}/{record}")),
        write("PATCH /v0/{base}/{table}/{record}", format!("{at}/{record}"), fields.clone()),
        write("PUT /v0/{base}/{table}/{record}", format!("{at}/{record}"), fields),
        write("DELETE /v0/{base}/{table}/{record}", format!("{at}/{record}"), Value::Null),
        read("GET /v0/{base}/{table}/{record}/comments", comments.clone()),
        write(
            "POST /v0/{base}/{table}/{record}/comments",
            comments.clone(),
            json!({"text": "by a stranger"}),
        ),
        write(
            "PATCH /v0/{base}/{table}/{record}/comments/{comment}",
            format!("{comments}/{comment}"),
            json!({"text": "by a stranger"}),
        ),
        write(
            "DELETE /v0/{base}/{table}/{record}/comments/{comment}",
            format!("{comments}/{comment}"),
            Value::Null,
        ),
        write(
            "POST /v0/{base}/{table}/{record}/uploadAttachment",
            format!("/v0/{base}/{record}/{field}/uploadAttachment"),
            json!({"contentType": "text/plain", "filename": "a.txt", "file": "aGk="}),
        ),
        // Webhooks are no business of viewers, not even to look at.
        write("GET /v0/bases/{base}/webhooks", hooks.clone(), Value::Null),
        write("POST /v0/bases/{base}/webhooks", hooks.clone(), wanted),
        write("DELETE /v0/bases/{base}/webhooks/{webhook}", format!("{hooks}/{webhook}"), Value::Null),
        write(
            "POST /v0/bases/{base}/webhooks/{webhook}/enableNotifications",
            format!("{hooks}/{webhook}/enableNotifications"),
            json!({"enable": false}),
        ),
        write(
            "POST /v0/bases/{base}/webhooks/{webhook}/refresh",
            format!("{hooks}/{webhook}/refresh"),
            Value::Null,
        ),
        write(
            "GET /v0/bases/{base}/webhooks/{webhook}/payloads",
            format!("{hooks}/{webhook}/payloads"),
            Value::Null,
        ),
    ]
}

/// Ids that have the right shape and stand for nothing.
fn nobodys() -> World {
    let id = |prefix: &str| format!("{prefix}AAAAAAAAAAAAAA");
    World {
        base: id("app"),
        table: id("tbl"),
        field: id("fld"),
        view: id("viw"),
        record: id("rec"),
        import: String::new(),
        comment: id("com"),
        webhook: id("ach"),
        share: id("shr"),
        upload: String::new(),
    }
}

#[test]
fn every_operation_has_a_case() {
    let operations: BTreeSet<String> = bases::v0::operations().into_iter().collect();
    let cases: BTreeSet<String> = all(&nobodys()).iter().map(|case| case.operation.to_owned()).collect();
    assert_eq!(operations, cases, "operations (left) and cases of this test (right)");
}

#[test]
fn a_stranger_is_told_what_is_told_of_nothing() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let (world, own) = (World::of(system, &ours).await?, World::of(system, &theirs).await?);
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let (of_ours, of_nothing) = (all(&world), all(&nobodys()));
        for (case, nothing) in of_ours.iter().zip(&of_nothing) {
            let answer = case.request(&api).token(&theirs.token).send().await?;
            let shown =
                [&world.base, &world.table, &world.record].iter().any(|id| answer.text.contains(id.as_str()));
            assert!(!shown && !answer.text.contains("kept secret"), "{}: {}", case.operation, answer.text);
            if case.own {
                assert_eq!(answer.status, 200, "{}: {}", case.operation, answer.text);
                continue;
            }
            let nothing = nothing.request(&api).token(&theirs.token).send().await?;
            assert_eq!(
                (answer.status.as_u16(), &answer.text),
                (403, &nothing.text),
                "{}: ours (left) and what is not there (right)",
                case.operation
            );
        }
        // Their own base, our table, record, field and view in it.
        for path in [
            format!("/v0/{}/{}", own.base, world.table),
            format!("/v0/{}/{}/{}", own.base, own.table, world.record),
            format!("/v0/{}/{}?view={}", own.base, own.table, world.view),
        ] {
            let answer = api.get(&path).token(&theirs.token).send().await?;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.text);
        }
        let view =
            api.request("DELETE".parse()?, &format!("/v0/meta/bases/{}/views/{}", own.base, world.view));
        assert_eq!(view.token(&theirs.token).send().await?.status, 403);
        let link =
            json!({"name": "Ours", "type": "multipleRecordLinks", "options": {"linkedTableId": world.table}});
        let link = api.post(&format!("/v0/meta/bases/{}/tables/{}/fields", own.base, own.table)).json(&link);
        let link = link.token(&theirs.token).send().await?;
        assert!(link.status.is_client_error(), "{}", link.text);
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}

#[test]
fn nobody_a_viewer_and_a_limited_token() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (world, other) = (World::of(system, &ours).await?, World::of(system, &ours).await?);
        let viewer = system.join(&ours, Role::Viewer).await?;
        let number = other.base.parse::<engine_base::BaseId>()?.0;
        let limited = NewToken {
            label: "other base".into(),
            scopes: Scopes::all(),
            bases: Some(vec![number]),
            ..NewToken::default()
        };
        let visit = identity::Visit {
            address: [10, 0, 0, 1].into(),
            agent: String::new(),
            request_id: String::new(),
        };
        let limited = system.system.tenancy.create_token(&ours.owner.caller, &limited, &visit).await?;
        let limited = limited.text.expose().to_owned();
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let kind = |answer: &Answer| answer.json()["error"]["type"].as_str().unwrap_or_default().to_owned();
        for case in all(&world) {
            let nobody = case.request(&api).send().await?;
            assert_eq!(
                (nobody.status.as_u16(), kind(&nobody).as_str()),
                (401, "AUTHENTICATION_REQUIRED"),
                "{}",
                case.operation
            );
            let damaged = case.request(&api).token(&format!("{}x", ours.token)).send().await?;
            assert_eq!(damaged.status, 401, "{} with a damaged token", case.operation);
            let viewed = case.request(&api).token(&viewer.token).send().await?;
            assert_eq!(
                viewed.status.as_u16(),
                if case.writes { 403 } else { 200 },
                "{} as a viewer: {}",
                case.operation,
                viewed.text
            );
            if !case.own {
                let answer = case.request(&api).token(&limited).send().await?;
                assert_eq!(
                    answer.status, 403,
                    "{} with a token of another base: {}",
                    case.operation, answer.text
                );
            }
        }
        let seen = api.get("/v0/meta/bases").token(&limited).send().await?.expect(200)?;
        assert!(seen.text.contains(&other.base) && !seen.text.contains(&world.base), "{}", seen.text);
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}
