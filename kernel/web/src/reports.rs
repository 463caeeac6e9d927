//! `POST /csp-report`: what browsers say the Content-Security-Policy kept out (ASVS 3.4.7), in both of their languages
//! (`application/csp-report`, `application/reports+json`).
//!
//! Anybody can send anything here, so: small bodies, few from one address, known fields only, each cut to a length, and no
//! query strings (they can hold secrets). Reports wait in memory for the one task that keeps them; what does not fit is
//! dropped and counted.

use crate::{Exchange, Policy, Web, WebError, body};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::routing::post;
use http::{StatusCode, header};
use kernel_core::{Code, Error};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// The largest body.
const LIMIT: usize = 16 << 10;
/// Reports of one body.
const AT_ONCE: usize = 20;
/// Reports that wait.
const WAITING: usize = 512;

/// One report, cut to size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CspReport {
    /// The portal that was looked at, e.g. `app`.
    pub portal: &'static str,
    /// Its host name.
    pub host: String,
    /// The page: path without query.
    pub page: String,
    /// The directive that kept something out, e.g. `script-src-elem`.
    pub directive: String,
    /// What was kept out: an address without query, or `inline`, `eval`, `data`.
    pub blocked: String,
    /// The file that wanted it, without query; empty when unknown.
    pub source: String,
    /// Its line; 0 when unknown.
    pub line: i32,
}

/// What waits to be kept.
pub(crate) struct Reports {
    sender: mpsc::Sender<CspReport>,
    receiver: Mutex<mpsc::Receiver<CspReport>>,
}

impl Reports {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, receiver: Mutex::new(receiver) }
    }

    pub(crate) async fn take(&self, most: usize) -> Vec<CspReport> {
        let mut taken = Vec::new();
        self.receiver.lock().await.recv_many(&mut taken, most).await;
        taken
    }
}

pub(crate) fn routes(web: &Web) -> Router {
    Router::new()
        .route(crate::security_headers::REPORTS, post(take).layer(DefaultBodyLimit::max(LIMIT)))
        .with_state(web.clone())
}

async fn take(State(web): State<Web>, request: Request) -> Result<StatusCode, WebError> {
    let (mut parts, body) = request.into_parts();
    let exchange = Exchange::of(&mut parts);
    let client = crate::client_addr::limit_key(exchange.client());
    web.limits().check(Policy::REPORTS, &client)?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_owned();
    if !["application/csp-report", "application/reports+json", "application/json"].contains(&kind.as_str()) {
        return Err(Error::new(Code::UnsupportedMediaType).into());
    }
    let body = body::read(Request::from_parts(parts, body), &web).await?;
    let sent: Value = serde_json::from_slice(&body).map_err(|_| Error::new(Code::MalformedJson))?;
    for report in read(exchange.portal().name(), exchange.host(), &sent) {
        if web.0.reports.sender.try_send(report).is_err() {
            ::metrics::counter!("csp_reports_dropped_total").increment(1);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The reports of a body; what is none is left out.
fn read(portal: &'static str, host: &str, sent: &Value) -> Vec<CspReport> {
    let one = |body: &Value| -> Option<CspReport> {
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| body.get(*name).and_then(Value::as_str));
            found.map(plain).unwrap_or_default()
        };
        let directive = text(["effectiveDirective", "effective-directive"]);
        let directive =
            if directive.is_empty() { text(["violatedDirective", "violated-directive"]) } else { directive };
        let page = text(["documentURL", "document-uri"]);
        // Only what happened on the host that is asked: a page of another one has nothing to report here.
        let page = page.split_once("://").map_or(page.as_str(), |(_, rest)| rest);
        let path = page.strip_prefix(host)?;
        let line =
            ["lineNumber", "line-number"].iter().find_map(|name| body.get(*name).and_then(Value::as_i64));
        (!directive.is_empty()).then(|| CspReport {
            portal,
            host: cut(host, 255),
            page: cut(if path.is_empty() { "/" } else { crate::log::shown(path) }, 300),
            directive: cut(directive.split(' ').next().unwrap_or(""), 60),
            blocked: cut(&text(["blockedURL", "blocked-uri"]), 300),
            source: cut(&text(["sourceFile", "source-file"]), 300),
            line: line.and_then(|line| i32::try_from(line).ok()).unwrap_or(0).max(0),
        })
    };
    match sent {
        Value::Object(_) => sent.get("csp-report").and_then(one).into_iter().collect(),
        Value::Array(reports) => reports
            .iter()
            .take(AT_ONCE)
            .filter(|report| report.get("type").and_then(Value::as_str) == Some("csp-violation"))
            .filter_map(|report| report.get("body").and_then(one))
            .collect(),
        _ => Vec::new(),
    }
}

/// Without query, fragment and what can't be seen.
fn plain(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or("").chars().filter(|character| !character.is_control()).collect()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HOST: &str = "app.nclc.localhost:8080";

    #[test]
    fn both_languages_say_the_same() {
        let expected = CspReport {
            portal: "app",
            host: HOST.into(),
            page: "/o/acme/".into(),
            directive: "script-src-elem".into(),
            blocked: "https://evil.example/x.js".into(),
            source: "http://app.nclc.localhost:8080/static/small.js".into(),
            line: 7,
        };
        let old = json!({"csp-report": {
            "document-uri": "http://app.nclc.localhost:8080/o/acme/?token=secret",
            "effective-directive": "script-src-elem",
            "violated-directive": "script-src 'self'",
            "blocked-uri": "https://evil.example/x.js?cookie=secret",
            "source-file": "http://app.nclc.localhost:8080/static/small.js",
            "line-number": 7,
        }});
        let new = json!([
            {"type": "deprecation", "body": {"id": "x"}},
            {"type": "csp-violation", "body": {
                "documentURL": "http://app.nclc.localhost:8080/o/acme/#secret",
                "effectiveDirective": "script-src-elem",
                "blockedURL": "https://evil.example/x.js",
                "sourceFile": "http://app.nclc.localhost:8080/static/small.js",
                "lineNumber": 7,
            }},
        ]);
        assert_eq!(read("app", HOST, &old), std::slice::from_ref(&expected));
        assert_eq!(read("app", HOST, &new), [expected]);
    }

    #[test]
    fn what_is_no_report_of_this_host_is_left_out() {
        let at = |page: &str, directive: &str| json!({"csp-report": {"document-uri": page, "effective-directive": directive}});
        for (sent, kept) in [
            (at("http://app.nclc.localhost:8080/", "img-src"), 1),
            (at("http://other.example/", "img-src"), 0),
            (at("http://app.nclc.localhost:8080/", ""), 0),
            (json!({"csp-report": "x"}), 0),
            (json!({}), 0),
            (json!(null), 0),
            (json!(["x", {"type": "csp-violation"}]), 0),
        ] {
            assert_eq!(read("app", HOST, &sent).len(), kept, "{sent}");
        }
        let long = at(&format!("http://{HOST}/{}\n", "é".repeat(1_000)), "img-src");
        assert_eq!(read("app", HOST, &long)[0].page.chars().count(), 300);
        let many = json!(vec![
            json!({"type": "csp-violation", "body": {"documentURL": format!("http://{HOST}/"), "effectiveDirective": "img-src"}});
            50
        ]);
        assert_eq!(read("app", HOST, &many).len(), AT_ONCE);
    }
}
