//! GitHub: OAuth 2 without id tokens. Who it is, is asked of its API; an address counts if GitHub calls it verified.

use super::protocol::Protocol;
use super::{Flow, Person, Provider, failed};
use kernel_core::Result;
use kernel_core::outgoing::{Method, Request};
use serde::Deserialize;
use serde_json::Map;

/// Where a person goes.
pub(super) fn authorization(web: &str) -> String {
    format!("{web}/login/oauth/authorize")
}

/// Where the API is: of its own host for the public one, below the host of an Enterprise Server.
fn api(web: &str) -> String {
    if web == "https://github.com" { "https://api.github.com".to_owned() } else { format!("{web}/api/v3") }
}

#[derive(Deserialize)]
struct Token {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    name: Option<String>,
    login: String,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

/// Whom GitHub has recognised.
pub(super) async fn person(
    protocol: &Protocol,
    provider: &Provider,
    web: &str,
    flow: &Flow,
    code: &str,
    back: &str,
) -> Result<Person> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &provider.client_id)
        .append_pair("client_secret", provider.client_secret.expose())
        .append_pair("code", code)
        .append_pair("redirect_uri", back)
        .append_pair("code_verifier", &flow.verifier)
        .finish();
    let request = Request::new(Method::Post, format!("{web}/login/oauth/access_token"))
        .header("accept", "application/json")
        .body("application/x-www-form-urlencoded", form);
    let token: Token =
        Protocol::json(&protocol.asked(&request, "to exchange the code").await?, "the code's exchange")?;
    // A refusal has status 200 here, and no token.
    let token = token.access_token.ok_or_else(|| failed("GitHub did not take the code."))?;
    let ask = |path: &str| {
        Request::new(Method::Get, format!("{}{path}", api(web)))
            .header("accept", "application/vnd.github+json")
            .header("authorization", format!("Bearer {token}"))
    };
    let account: Account =
        Protocol::json(&protocol.asked(&ask("/user"), "who the person is").await?, "the person")?;
    let addresses: Vec<Address> =
        Protocol::json(&protocol.asked(&ask("/user/emails"), "for the addresses").await?, "the addresses")?;
    let email =
        addresses.into_iter().find(|address| address.primary && address.verified).map(|found| found.email);
    Ok(Person {
        issuer: web.to_owned(),
        subject: account.id.to_string(),
        email_verified: email.is_some(),
        email_theirs: email.is_some(),
        email,
        name: account.name.filter(|name| !name.trim().is_empty()).or(Some(account.login)),
        subject_is_address: false,
        several_factors: false,
        claims: Map::new(),
    })
}
