//! Somebody who is logged in to `app.`, for judges that look at pages behind the log-in.

use crate::rig::{Answer, Client, Server};
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;

/// A browser without a screen.
pub struct Session {
    client: Client,
    origin: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

/// A form's body.
fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        let mut out = String::new();
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl Session {
    /// Logs in with a password.
    ///
    /// # Errors
    /// When that does not work.
    pub fn log_in(rig: &Server, email: &str, password: &str) -> Result<Self> {
        let mut session = Self {
            client: rig.visitor("app"),
            origin: format!("http://{}", rig.host("app")),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        };
        session.get("/login")?;
        let answer = session.post("/login", &[("email", email), ("password", password)])?;
        ensure!(answer.status == 303, "the log-in did not work: {answer}");
        Ok(session)
    }

    /// The cookies, as a header says them.
    #[must_use]
    pub fn cookies(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The token that forms carry.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// A page.
    ///
    /// # Errors
    /// No answer.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, None)
    }

    /// A form of the last page.
    ///
    /// # Errors
    /// No answer.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let csrf = self.csrf.clone();
        let mut all = vec![("_csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.send("POST", path, Some(form(&all)))
    }

    fn send(&mut self, method: &str, path: &str, body: Option<String>) -> Result<Answer> {
        let (cookie, origin) = (format!("cookie: {}", self.cookies()), format!("origin: {}", self.origin));
        let mut headers = vec!["accept: text/html", cookie.as_str()];
        if body.is_some() {
            headers.extend([origin.as_str(), "content-type: application/x-www-form-urlencoded"]);
        }
        let body = body.as_deref().map(str::as_bytes);
        let answer = self.client.send(method, path, &headers, body)?;
        for line in answer.all("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').with_context(|| format!("a cookie: {line}"))?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = String::from_utf8_lossy(&answer.body);
        if let Some((_, rest)) = text.split_once("name=\"_csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn forms_are_encoded() {
        assert_eq!(form(&[("a b", "x&y=z"), ("c", "ä")]), "a%20b=x%26y%3Dz&c=%C3%A4");
    }
}
