//! Our OAuth provider and a published client: `openid-client` of npm, as a program of an organisation.

use anyhow::{Context as _, bail};
use identity::Visit;
use kernel_core::Scope;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use tenancy::oauth::{AppText, NewApp};
use testkit::run;

const BACK: &str = "https://stock.example/back";

#[test]
#[ignore = "needs node and npm's openid-client: cargo xtask test external"]
fn a_certified_client_does_all_that_programs_do() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let new = NewApp {
            name: "Stock app".into(),
            confidential: true,
            redirects: BACK.into(),
            scopes: [Scope::Read, Scope::Write].into_iter().collect(),
            itself: Some(None),
        };
        let visit = Visit {
            address: IpAddr::V4(Ipv4Addr::new(10, 206, 0, 1)),
            agent: "external".to_owned(),
            request_id: String::new(),
        };
        let app = system.system.tenancy.create_app(&ours.owner.caller, &new, &visit).await?;
        let client = AppText { tenant: ours.summary.id, app: app.id }.compose();
        let mut child = Command::new("node")
            .arg("openid_client.mjs")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/clients"))
            .env("OAUTH_ISSUER", system.api().origin())
            .env("OAUTH_CLIENT", client)
            .env("OAUTH_SECRET", app.secret.context("a secret")?.expose())
            .env("OAUTH_REDIRECT", BACK)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node is needed, and `npm ci` in testkit/clients")?;
        let (mut input, output) = child.stdin.take().zip(child.stdout.take()).context("no pipes")?;
        let mut lines = BufReader::new(output).lines();
        // The program waits for the server, which runs on other threads of this process.
        let asked = lines.next().context("the program ended")??;
        let asked = asked.strip_prefix("authorize ").context("no address")?.to_owned();
        let app = system.portal("app").origin();
        let path = asked.strip_prefix(&app).with_context(|| format!("{asked} is not below {app}"))?;
        let mut browser = system.browser(&ours.owner);
        let lead = browser.open(path).await?.expect(303)?.header("location").to_owned();
        let (post, query) = lead.split_once('?').context("no query")?;
        let mut fields: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        fields.push(("decision".to_owned(), "allow".to_owned()));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let back = browser.submit(&lead, post, &fields).await?.expect(303)?.header("location").to_owned();
        writeln!(input, "{back}")?;
        let told: Vec<String> = lines.map_while(Result::ok).collect();
        let status = child.wait()?;
        if !status.success() || told.last().map(String::as_str) != Some("done") {
            bail!("the program ended with {status}: {told:?}");
        }
        Ok(())
    });
}
