//! The OpenAPI document: spectral lints it, schemathesis asks the server everything that it promises. First with the ids of
//! things that exist and nothing that takes them away, then with ids that schemathesis makes up and with every method.

use super::{Court, FOLDER};
use crate::ci::Tally;
use crate::process::{command, root, run as run_command};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Judges it.
pub fn judge(tally: &mut Tally, court: &Court) -> Result<()> {
    let document = root().join("target/openapi.json");
    std::fs::write(&document, court.rig.run(&["openapi"])?)?;
    let document = document.to_string_lossy();
    let spectral = ["spectral", "lint", "--fail-severity", "hint", "--ruleset", "spectral.yaml", &document];
    tally.check("spectral: openapi.json", || run_command(command(FOLDER, "npx", &spectral)));
    let things = things(court)?;
    let asked = |settings: &str, more: &[&str]| {
        let mut run = command(FOLDER, &court.program("schemathesis"), &["--config-file", settings, "run"]);
        run.args([&*document, "--url", &court.address(), "--checks", "all", "--mode", "all"]);
        run.args(["--max-examples", "20", "--workers", "2", "--seed", "1", "--request-timeout", "30"]);
        run.args(more);
        run.arg("--header").arg(format!("Host: {}", court.rig.host("api")));
        run.arg("--header").arg(format!("Authorization: Bearer {}", court.seeded.token));
        run.envs(things.iter().map(|(name, id)| (*name, id.as_str())));
        run_command(run)
    };
    // What was undone or deleted is not there for the operations that come after it.
    let kept = ["--exclude-method", "DELETE", "--exclude-path-regex", "/undo$"];
    tally.check("schemathesis: /v1 and /v0, what exists", || asked("schemathesis-existing.toml", &kept));
    tally.check("schemathesis: /v1 and /v0, anything", || asked("schemathesis.toml", &[]));
    Ok(())
}

/// Ids of one thing of each kind, by the names of the variables in `schemathesis-existing.toml`.
fn things(court: &Court) -> Result<Vec<(&'static str, String)>> {
    let mut api = court.rig.api(&court.seeded.token);
    let (base, table) = (court.seeded.base.clone(), court.seeded.table.clone());
    let text = |value: &Value| value.as_str().map(str::to_owned).context("no id in an answer");
    let fields = api.get(&format!("/v1/tables/{table}"))?.json()?;
    let field = text(&fields["fields"][5]["id"])?;
    let records = api.get(&format!("/v1/records?table={table}&limit=1"))?.json()?;
    let record = text(&records["data"][0]["id"])?;
    let mut made = |path: String, body: Value| text(&api.post(&path, &body)?.json()?["id"]);
    let view = made(format!("/v1/tables/{table}/views"), json!({"name": "Judged"}))?;
    let comment = made(format!("/v1/records/{record}/comments"), json!({"text": "Is it right?"}))?;
    let share = made(format!("/v1/views/{view}/shares"), json!({}))?;
    let wanted = json!({"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}});
    let webhook = made(format!("/v0/bases/{base}/webhooks"), wanted)?;
    Ok(vec![
        ("JUDGED_BASE", base),
        ("JUDGED_TABLE", table),
        ("JUDGED_FIELD", field),
        ("JUDGED_RECORD", record),
        ("JUDGED_VIEW", view),
        ("JUDGED_COMMENT", comment),
        ("JUDGED_SHARE", share),
        ("JUDGED_WEBHOOK", webhook),
    ])
}
