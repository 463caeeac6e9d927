//! A browser without a screen: keeps cookies and sends forms with their CSRF field, as a page would.

use crate::{Answer, Client};
use anyhow::Context as _;
use reqwest::Method;
use reqwest::header;
use std::collections::BTreeMap;

/// One person's browser on one portal.
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// With an empty cookie jar.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, cookies: BTreeMap::new() }
    }

    /// With a session.
    #[must_use]
    pub fn signed_in(client: Client, session: &str) -> Self {
        Self { client, cookies: BTreeMap::from([("__Host-session".to_owned(), session.to_owned())]) }
    }

    /// Opens a page.
    ///
    /// # Errors
    /// No answer came.
    pub async fn open(&mut self, path: &str) -> anyhow::Result<Answer> {
        let request = self.client.get(path).header("accept", "text/html").header("cookie", &self.jar());
        let answer = request.send().await?;
        self.keep(&answer);
        Ok(answer)
    }

    /// Sends a form with the CSRF field of the page `from`.
    ///
    /// # Errors
    /// No answer came, or the page has no form.
    pub async fn submit(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let page = self.open(from).await?;
        let (_, rest) =
            page.text.split_once("name=\"_csrf\" value=\"").with_context(|| format!("no form on {from}"))?;
        let (csrf, _) = rest.split_once('"').context("the CSRF field does not end")?;
        let mut body = format!("_csrf={csrf}");
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", encode(value)));
        }
        let request = self
            .client
            .request(Method::POST, to)
            .header("accept", "text/html")
            .header("origin", &self.client.origin())
            .header("cookie", &self.jar())
            .form(body);
        let answer = request.send().await?;
        self.keep(&answer);
        Ok(answer)
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
