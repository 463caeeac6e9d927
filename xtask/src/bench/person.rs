//! The person whom `nclc seed --demo` makes, at work in the app: signs in and sends forms as a browser does.

use super::Bench;
use super::load::encode;
use crate::rig::{Answer, Client};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The organisation and the account of the demo.
const ORGANISATION: &str = "demo";
const ACCOUNT: (&str, &str) = ("demo@example.com", "airports and airlines");
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// A browser with its cookies.
#[derive(Debug)]
pub struct Person {
    app: Client,
    cookies: Vec<(String, String)>,
}

impl Person {
    /// Signs in.
    ///
    /// # Errors
    /// When the app refuses.
    pub fn sign_in(bench: &Bench) -> Result<Self> {
        let mut person = Self { app: bench.server.visitor("app"), cookies: Vec::new() };
        person.submit("/login", "/login", &[("email", ACCOUNT.0), ("password", ACCOUNT.1)])?;
        Ok(person)
    }

    /// A token for the API, as the workspace takes one.
    ///
    /// # Errors
    /// When there is none.
    pub fn api_token(&mut self) -> Result<String> {
        let home = format!("/o/{ORGANISATION}/");
        let answer = self.submit(&home, &format!("{home}api-token"), &[])?;
        answer.json()?.get("token").and_then(Value::as_str).map(str::to_owned).context("no token")
    }

    /// A new site without a base; gives its page's path.
    ///
    /// # Errors
    /// When the app refuses.
    pub fn create_site(&mut self, address: &str) -> Result<String> {
        let sites = format!("/o/{ORGANISATION}/sites");
        let fields = [("name", "Twelve"), ("address", address), ("theme", "crust"), ("base", "")];
        let answer = self.submit(&format!("{sites}/new"), &sites, &fields)?;
        answer.header("location").map(str::to_owned).context("a new site has no page")
    }

    /// A new page of a site.
    ///
    /// # Errors
    /// When the app refuses.
    pub fn create_page(&mut self, site: &str, title: &str, path: &str) -> Result<()> {
        self.submit(site, &format!("{site}/pages"), &[("title", title), ("path", path)])?;
        Ok(())
    }

    /// Publishes all that waits.
    ///
    /// # Errors
    /// When the app refuses.
    pub fn publish(&mut self, site: &str) -> Result<()> {
        let at = format!("{site}/publish");
        let page = self.open(&at)?;
        let drafts = value_of(&page, "drafts")?;
        self.submit(&at, &at, &[("drafts", &drafts)])?;
        Ok(())
    }

    fn open(&mut self, path: &str) -> Result<Answer> {
        let cookie = self.cookie();
        let page = self.app.send("GET", path, &[&cookie], None)?;
        ensure!(page.is_success(), "GET {path}: {page}");
        self.keep_cookies(&page);
        Ok(page)
    }

    /// Sends a form with the token of the page `from`.
    fn submit(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let page = self.open(from)?;
        let mut form = format!("_csrf={}", value_of(&page, "_csrf")?);
        for (name, value) in fields {
            form.push_str(&format!("&{name}={}", encode(value)));
        }
        let cookie = self.cookie();
        let answer = self.app.send("POST", to, &[FORM, &cookie], Some(form.as_bytes()))?;
        ensure!((200..400).contains(&answer.status), "POST {to}: {answer}");
        self.keep_cookies(&answer);
        Ok(answer)
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.all("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}", pairs.join("; "))
    }
}

/// The value of a hidden field.
///
/// # Errors
/// The page has none of this name.
pub fn value_of(page: &Answer, name: &str) -> Result<String> {
    let html = String::from_utf8_lossy(&page.body);
    let (_, rest) = html
        .split_once(&format!("name=\"{name}\" value=\""))
        .with_context(|| format!("a page without a field {name}"))?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
