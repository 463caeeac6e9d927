//! What tests of the OAuth provider share: an app as its program knows it, and a person who answers.

use identity::Visit;
use kernel_core::Scope;
use kernel_core::secret::sha256;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tenancy::oauth::{AppText, NewApp};
use testkit::{Answer, Browser, Member, Server, Tenant, TestSystem};
use tokio::net::TcpListener;

pub const BACK: &str = "https://stock.example/back";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 204, 0, 1)),
        agent: "oauth".to_owned(),
        request_id: String::new(),
    }
}

pub fn challenge() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&sha256(VERIFIER.as_bytes()))
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// An app, as its program knows it.
pub struct App {
    pub id: String,
    pub client: String,
    pub secret: Option<String>,
}

pub async fn app(system: &TestSystem, ours: &Tenant, new: NewApp) -> anyhow::Result<App> {
    let made = system.system.tenancy.create_app(&ours.owner.caller, &new, &visit()).await?;
    let client = AppText { tenant: ours.summary.id, app: made.id }.compose();
    let secret = made.secret.map(|secret| secret.expose().to_owned());
    Ok(App { id: made.id.to_string(), client, secret })
}

pub fn stock() -> NewApp {
    NewApp {
        name: "Stock app".into(),
        confidential: true,
        redirects: BACK.into(),
        scopes: [Scope::Read, Scope::Write].into_iter().collect(),
        itself: None,
    }
}

pub fn request(app: &App, changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("client_id", app.client.as_str()),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "read write"),
        ("state", "what & ever"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    format!("/oauth/authorize?{}", form(&pairs))
}

pub fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The person's answer to a request: where the browser is sent.
pub async fn answered(
    browser: &mut Browser,
    to: &str,
    more: &[(&str, &str)],
) -> anyhow::Result<(Answer, String)> {
    let lead = browser.open(to).await?.expect(303)?;
    let page = lead.header("location").to_owned();
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(page.split_once('?').expect("a query").1.as_bytes()).into_owned().collect();
    fields.push(("decision".into(), "allow".into()));
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let post = page.split('?').next().expect("a path").to_owned();
    let answer = browser.submit(&page, &post, &fields).await?;
    let location = answer.header("location").to_owned();
    Ok((answer, location))
}

pub async fn code(system: &TestSystem, app: &App, person: &Member) -> anyhow::Result<String> {
    let mut browser = system.browser(person);
    let (answer, location) = answered(&mut browser, &request(app, &[]), &[]).await?;
    anyhow::ensure!(answer.status == 303, "{} {}", answer.status, answer.text);
    parameter(&location, "code").ok_or_else(|| anyhow::anyhow!("no code in {location}"))
}

pub async fn token(system: &TestSystem, app: &App, pairs: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let mut all = vec![("client_id", app.client.as_str())];
    if let Some(secret) = &app.secret {
        all.push(("client_secret", secret));
    }
    for (name, value) in pairs {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    system.api().post("/oauth/token").form(form(&all)).send().await
}

pub async fn exchange(system: &TestSystem, app: &App, code: &str) -> anyhow::Result<Answer> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    token(system, app, &pairs).await
}

pub async fn refresh(system: &TestSystem, app: &App, with: &str) -> anyhow::Result<Answer> {
    token(system, app, &[("grant_type", "refresh_token"), ("refresh_token", with)]).await
}

pub fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_default().to_owned()
}

pub fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), text(&answer.json(), "error"))
}

pub fn bad(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

/// Another process behind the same public address: what one issues the other takes.
pub async fn another(system: &TestSystem) -> anyhow::Result<Server> {
    let public = [("NCLC_SITE_PUBLIC_PORT", system.address.port().to_string())];
    Server::start_with(system.folder(), TcpListener::bind("127.0.0.1:0").await?, &public).await
}

/// Waits until a token is refused; fails after a second.
pub async fn ends(api: &testkit::Client, token: &str) -> anyhow::Result<()> {
    let since = Instant::now();
    while api.get("/v1/bases").token(token).send().await?.status != 401 {
        assert!(since.elapsed() < Duration::from_secs(1), "still let in after a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

pub async fn base(system: &TestSystem, ours: &Tenant, name: &str) -> anyhow::Result<String> {
    let body = serde_json::json!({ "name": name });
    let made = system.api().post("/v1/bases").token(&ours.token).json(&body).send().await?.expect(201)?;
    Ok(text(&made.json(), "id"))
}
