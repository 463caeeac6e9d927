//! SCIM: `scim2 test` (scim2-cli with scim2-tester) asks the server what RFC 7643 and RFC 7644 demand.
//!
//! The judge makes values up. A user has to have an address in a proven domain, so it is told some: the server's own schemas,
//! with addresses as the usual values of `userName`. It takes any of them at random; there are so many that it takes no two
//! alike.

use super::{Court, FOLDER};
use crate::ci::Tally;
use crate::process::{command, root, watched};
use crate::rig::sql::quote;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

const DOMAIN: &str = "judged.example";
const ADDRESSES: usize = 200_000;

/// Judges it.
pub fn judge(tally: &mut Tally, court: &Court) -> Result<()> {
    let token = prepare(court)?;
    let mut client = court.rig.api(&token);
    let list = client.get("/scim/v2/Schemas")?.json()?;
    let mut schemas = list["Resources"].as_array().cloned().context("no schemas")?;
    for schema in &mut schemas {
        let attributes = schema["attributes"].as_array_mut().into_iter().flatten();
        for attribute in attributes.filter(|attribute| attribute["name"] == "userName") {
            let addresses = (0..ADDRESSES).map(|number| format!("person{number}@{DOMAIN}"));
            attribute["canonicalValues"] = json!(addresses.collect::<Vec<_>>());
        }
        // It would take `active` away from users whom it made inactive at random. They are shown as inactive whatever is said of
        // them: unsaid means active to a directory, and they have no way in. So it is asked not to.
        let attributes = schema["attributes"].as_array_mut().into_iter().flatten();
        for attribute in attributes.filter(|attribute| attribute["name"] == "active") {
            attribute["required"] = json!(true);
        }
    }
    let types = client.get("/scim/v2/ResourceTypes")?.json()?;
    let config = client.get("/scim/v2/ServiceProviderConfig")?.json()?;
    let write = |name: &str, value: &Value| -> Result<String> {
        let path = root().join(format!("target/scim-{name}.json"));
        std::fs::write(&path, value.to_string())?;
        Ok(path.to_string_lossy().into_owned())
    };
    let (schemas, types) = (write("schemas", &json!(schemas))?, write("types", &types["Resources"])?);
    let config = write("config", &config)?;
    let mut run = command(FOLDER, &court.program("scim2"), &["--url"]);
    run.arg(format!("{}/scim/v2", court.address()));
    run.args(["--schemas", &schemas, "--resource-types", &types, "--service-provider-config", &config]);
    run.arg("--header").arg(format!("Host: {}", court.rig.host("api")));
    run.arg("--header").arg(format!("Authorization: Bearer {token}"));
    run.arg("test");
    tally.check("scim2-tester: /scim/v2", || {
        let (fine, text) = watched(run)?;
        let passed = text.lines().filter(|line| line.starts_with("SUCCESS")).count();
        println!("{passed} passed");
        // Every line of another kind (SKIPPED too) makes the judge say that it failed.
        if !fine || passed < 30 {
            bail!("not every check passed");
        }
        Ok(())
    });
    Ok(())
}

/// The Business plan, a proven domain, a token of the page.
fn prepare(court: &Court) -> Result<String> {
    let (sql, tenant) = (court.rig.sql(), quote(&court.seeded.tenant));
    sql.execute_in(
        "billing",
        &[format!(
            "insert into billing.subscriptions (tenant_id, plan, since, changed_by) values ({tenant}, 'business', now(), 'judge')
                on conflict (tenant_id) do update set plan = excluded.plan"
        )],
    )?;
    sql.execute_in(
        "control",
        &[
            format!(
                "insert into control.sso_domains (tenant_id, domain, proof, created_at, proven_at) values ({tenant}, '{DOMAIN}', 'judge', now(), now())"
            ),
            format!("insert into control.captured_domains (domain, organisation) values ('{DOMAIN}', {tenant})"),
        ],
    )?;
    let mut owner = court.owner()?;
    let page = format!("/o/{}/security/sso", court.seeded.slug);
    let shown = owner.get(&page)?;
    ensure!(shown.is_success(), "{page}: {shown}");
    let made = owner.post(&format!("{page}/scim"), &[])?;
    let text = String::from_utf8_lossy(&made.body).into_owned();
    let start = text.find("nclcscim_").with_context(|| format!("no token on the page: {made}"))?;
    let is_of_token = |letter: &char| letter.is_ascii_alphanumeric() || "_-".contains(*letter);
    Ok(text[start..].chars().take_while(is_of_token).collect())
}
