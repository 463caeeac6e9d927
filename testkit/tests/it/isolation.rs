//! Every operation of `/v1`, from its OpenAPI document, against the things of another organisation. A new operation without
//! a case fails.

use crate::cases::{self, Stranger};
use crate::world::World;
use kernel_core::Role;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::run;

#[test]
fn every_operation_has_a_case() {
    let document = serde_json::to_value(bases::document("http://api.test")).unwrap();
    let mut operations = BTreeSet::new();
    // The operations of /v0 have a table of cases of their own.
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/"));
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let nothing = || "x".to_owned();
    let world = World {
        base: nothing(),
        table: nothing(),
        field: nothing(),
        view: nothing(),
        record: nothing(),
        import: nothing(),
        comment: nothing(),
        webhook: nothing(),
        share: nothing(),
        upload: nothing(),
    };
    let mut cases: BTreeSet<String> =
        cases::all(&world).iter().map(|case| case.operation.to_owned()).collect();
    cases.extend(cases::PUBLIC.map(str::to_owned));
    let open = |operation: &str| {
        let (method, path) = operation.split_once(' ').unwrap_or_default();
        document["paths"][path][method.to_lowercase()]["security"] == json!([])
    };
    assert!(cases::PUBLIC.iter().all(|operation| open(operation)), "the document says that they are public");
    assert!(cases::all(&world).iter().all(|case| !open(case.operation)), "and nothing else is");
    assert_eq!(operations, cases, "operations of the document (left) and cases of this test (right)");
}

#[test]
fn a_stranger_finds_nothing_and_changes_nothing() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let (world, _) = (World::of(system, &ours).await?, World::of(system, &theirs).await?);
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let mut wrong = Vec::new();
        for case in cases::all(&world) {
            let answer = case.request(&api, &world).token(&theirs.token).send().await?;
            let hides = |text: &str| {
                ![&world.base, &world.table, &world.record, &world.import]
                    .iter()
                    .any(|id| text.contains(id.as_str()))
                    && !text.contains("kept secret")
            };
            let as_expected = match case.stranger {
                // What was asked for may be repeated in the error, what is in it may not.
                Stranger::Nothing => answer.status == 404 && !answer.text.contains("kept secret"),
                Stranger::Own => answer.status.is_success() && hides(&answer.text),
            };
            if !as_expected {
                wrong.push(format!("{}: {} {}", case.operation, answer.status, answer.text));
            }
        }
        assert!(wrong.is_empty(), "a stranger got more than nothing:\n{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}

#[test]
fn a_mixed_request_does_not_reach_across() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let (world, own) = (World::of(system, &ours).await?, World::of(system, &theirs).await?);
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let post = async |path: String, body: serde_json::Value| {
            api.post(&path).token(&theirs.token).json(&body).send().await
        };
        // Their own table, our ids inside.
        let restore =
            post(format!("/v1/tables/{}/restore", own.table), json!({"records": [world.record]})).await?;
        assert_eq!(restore.status, 404, "{}", restore.text);
        let start = post(format!("/v1/imports/{}/start", own.import), json!({"table": world.table})).await?;
        assert_eq!(start.status, 404, "{}", start.text);
        let link = json!({"name": "Ours", "type": "link", "options": {"table": world.table}});
        let link = post(format!("/v1/tables/{}/fields", own.table), link).await?;
        assert!(link.status.is_client_error(), "{} {}", link.status, link.text);
        let window = post(format!("/v1/tables/{}/window", own.table), json!({"view": world.view})).await?;
        assert!(window.status.is_client_error(), "{} {}", window.status, window.text);
        let both = json!({"records": [{"id": own.record, "fields": {"Name": "x"}}, {"id": world.record, "fields": {"Name": "x"}}]});
        let both = api.patch("/v1/records").token(&theirs.token).json(&both).send().await?;
        assert!(both.status.is_client_error(), "{} {}", both.status, both.text);
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}

#[test]
fn without_a_token_nothing_is_answered() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let world = World::of(system, &ours).await?;
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        for case in cases::all(&world) {
            let nobody = case.request(&api, &world).send().await?;
            assert_eq!(
                (nobody.status.as_u16(), nobody.code().as_str()),
                (401, "unauthenticated"),
                "{}",
                case.operation
            );
            let damaged = case.request(&api, &world).token(&format!("{}x", ours.token)).send().await?;
            assert_eq!(damaged.status, 401, "{} with a damaged token", case.operation);
        }
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}

#[test]
fn a_viewer_reads_and_writes_nothing() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let world = World::of(system, &ours).await?;
        let viewer = system.join(&ours, Role::Viewer).await?;
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let mut wrong = Vec::new();
        for case in cases::all(&world) {
            let answer = case.request(&api, &world).token(&viewer.token).send().await?;
            let as_expected = if case.writes { answer.status == 403 } else { answer.status == 200 };
            if !as_expected {
                wrong.push(format!("{}: {} {}", case.operation, answer.status, answer.text));
            }
        }
        assert!(wrong.is_empty(), "a viewer reads with 200 and writes with 403:\n{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}
