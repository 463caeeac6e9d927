//! Single sign-on of an organisation by SAML with npm's `samlp`, which signs by `xml-crypto`: somebody else's canonical form, digest
//! and signature.

use crate::name_server::NameServer;
use anyhow::{Context as _, bail};
use kernel_core::{Role, StaffId};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::{Browser, Server, run};
use tokio::net::TcpListener;

/// Ends with the test.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn start() -> anyhow::Result<Self> {
        let mut child = Command::new("node")
            .arg("saml_idp.mjs")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/clients"))
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

    /// Logs in there as `login`: what its page would post to us, and the state.
    async fn answer(&self, to: &str, login: &str) -> anyhow::Result<(String, String)> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
        let page = http.get(to).send().await?.text().await?;
        let mut body = vec![("login", login.to_owned())];
        for name in ["SAMLRequest", "RelayState"] {
            body.push((name, hidden(&page, name)?));
        }
        let body: Vec<String> =
            body.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let answer = http
            .post(format!("{}/sso", self.issuer))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
            .send()
            .await?
            .text()
            .await?;
        Ok((hidden(&answer, "SAMLResponse")?, hidden(&answer, "RelayState")?))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It ends by itself when its input does; this is for one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The value of a hidden field, wherever the page breaks its lines.
fn hidden(page: &str, name: &str) -> anyhow::Result<String> {
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\"")).with_context(|| format!("no {name} in {page}"))?;
    let (_, rest) = rest.split_once("value=\"").context("no value")?;
    let (value, _) = rest.split_once('"').context("no end")?;
    Ok(value.replace("&#43;", "+").replace("&#61;", "=").replace("&#38;", "&"))
}

#[test]
#[ignore = "needs node and npm's samlp: cargo xtask test external"]
fn people_of_a_proven_domain_come_by_a_provider_of_saml() {
    run(async |system| {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let tenant = system.fresh_tenant().await?;
        let provider = Provider::start()?;
        let (names, name_server) = NameServer::start().await?;
        let more = [("NCLC_SECURITY_DNS_SERVER", name_server.to_string())];
        let server = Server::start_with(system.folder(), listener, &more).await?;
        let now = kernel_core::Clock::System.now();
        server.system.billing.set_plan(tenant.summary.id, "business".parse()?, now, StaffId::new()).await?;
        let mut owner = Browser::signed_in(server.portal("app"), &tenant.owner.session);
        let path = format!("/o/{}/security/sso", tenant.slug);
        let metadata = format!("{}/metadata", provider.issuer);
        let fields = [
            ("protocol", "saml"),
            ("metadata_url", metadata.as_str()),
            ("default_role", "viewer"),
            ("role_claim", "groups"),
            ("role_map", "admins = admin"),
        ];
        owner.submit(&path, &path, &fields).await?.expect(303)?;
        owner.submit(&path, &format!("{path}/renew"), &[]).await?.expect(303)?;
        let domain = format!("{}.example", tenant.slug);
        owner.submit(&path, &format!("{path}/domains"), &[("domain", &domain)]).await?.expect(303)?;
        let page = owner.open(&path).await?.text;
        let (_, rest) = page.split_once("nclc-domain=").context("no proof on the page")?;
        let proof = rest.split('<').next().unwrap_or_default();
        names.set(&format!("_nclc.{domain}"), &format!("nclc-domain={proof}"));
        owner.submit(&path, &format!("{path}/domains/{domain}/check"), &[]).await?.expect(303)?;

        let start = format!("/login/sso/{}", tenant.slug);
        let acs = format!("{start}/acs");
        // From the provider's page, so without cookies.
        let post = async |(response, state): &(String, String)| {
            let body = format!("SAMLResponse={}&RelayState={}", encoded(response), encoded(state));
            server.portal("app").post(&acs).header("accept", "text/html").form(body).send().await
        };
        // A new member, with the role of a group.
        let mut browser = Browser::new(server.portal("app"));
        let email = format!("nina+admins@{domain}");
        let to = browser.open(&start).await?.expect(303)?.header("location").to_owned();
        let answer = provider.answer(&to, &email).await?;
        let back = post(&answer).await?.expect(303)?;
        let back = back.header("location").to_owned();
        let home = format!("/o/{}/", tenant.slug);
        assert_eq!(browser.open(&back).await?.expect(303)?.header("location"), home);
        browser.open(&home).await?.expect(200)?;
        let user = server.system.identity.user_by_email(&email).await?.context("no account")?;
        assert_eq!(server.system.tenancy.role(tenant.summary.id, user.id).await?, Some(Role::Admin));
        // The same again, then one that was changed after it was signed.
        let again = post(&answer).await?.expect(403)?;
        assert!(again.text.contains("was used before"), "{}", again.text);
        let mut other = Browser::new(server.portal("app"));
        let to = other.open(&start).await?.expect(303)?.header("location").to_owned();
        let tampered = provider.answer(&to, &format!("tampered@{domain}")).await?;
        let refused = post(&tampered).await?.expect(403)?;
        assert!(refused.text.contains("changed after it was signed"), "{}", refused.text);
        // Somebody of the provider whose address is of another domain.
        let answer = provider.answer(&to, "nina@elsewhere.example").await?;
        let back = post(&answer).await?.expect(303)?;
        let back = back.header("location").to_owned();
        other.open(&back).await?.expect(403)?;
        Ok(())
    });
}
