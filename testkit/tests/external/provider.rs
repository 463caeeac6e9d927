//! The provider of `testkit/clients/oidc_provider.mjs`, and a browser that goes through its pages.

use anyhow::{Context as _, bail};
use reqwest::header;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub const CLIENT: &str = "our client";
pub const SECRET: &str = "a secret: of/ours+";

/// Ends with the test.
pub struct Provider {
    child: Child,
    pub issuer: String,
}

impl Provider {
    /// Starts it; it sends people back to these addresses alone.
    pub fn start(redirects: &[String]) -> anyhow::Result<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");
        let mut child = Command::new("node")
            .arg("oidc_provider.mjs")
            .current_dir(folder)
            .env("OIDC_CLIENT", CLIENT)
            .env("OIDC_SECRET", SECRET)
            .env("OIDC_REDIRECTS", redirects.join(" "))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node is needed, and `npm ci` in testkit/clients")?;
        let out = child.stdout.take().context("no output")?;
        for line in BufReader::new(out).lines() {
            if let Some(issuer) = line?.strip_prefix("ready ") {
                return Ok(Self { child, issuer: issuer.to_owned() });
            }
        }
        bail!("the provider did not start")
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It ends by itself when its input does; this is for one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Goes through the provider's pages as this person; gives the path of the app that it ends at.
pub async fn through(provider: &Provider, to: &str, login: &str, app: &str) -> anyhow::Result<String> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()?;
    let mut cookies = BTreeMap::new();
    let mut request = http.get(to);
    for _ in 0..20 {
        let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, jar.join("; ")).send().await?;
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let base = answer.url().clone();
        if let Some(location) = answer.headers().get(header::LOCATION) {
            let next = base.join(location.to_str()?)?;
            if let Some(path) = next.as_str().strip_prefix(app) {
                return Ok(path.to_owned());
            }
            anyhow::ensure!(next.as_str().starts_with(&provider.issuer), "sent to {next}");
            request = http.get(next);
            continue;
        }
        let page = answer.text().await?;
        let between = |from: &str, to: &str| {
            page.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(found, _)| found.to_owned())
        };
        let action = between("action=\"", "\"").with_context(|| format!("no form in {page}"))?;
        let prompt = between("name=\"prompt\" value=\"", "\"").context("no prompt")?;
        let login: String = login.bytes().map(|byte| format!("%{byte:02X}")).collect();
        request = http
            .post(base.join(&action)?)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("prompt={prompt}&login={login}&password=any"));
    }
    bail!("the provider goes round in circles")
}
