//! A small HTTP client: always to one server's address, with the name of a portal or site as Host.

use anyhow::Context as _;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, redirect};
use serde_json::Value;
use std::net::SocketAddr;

/// Asks one portal of one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    host: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, portal: &str) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap_or_default();
        Self { http, address, host: format!("{portal}.nclc.localhost:{}", address.port()) }
    }

    /// The origin as a browser names it.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    /// A request; send it with [`Request::send`].
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        let builder = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .header(header::HOST, self.host.as_str());
        Request { builder }
    }

    /// `GET path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }
    /// `POST path`.
    #[must_use]
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }
    /// `PATCH path`.
    #[must_use]
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }
}

/// A request in the making.
pub struct Request {
    builder: reqwest::RequestBuilder,
}

impl Request {
    /// With an API token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        Self { builder: self.builder.bearer_auth(token) }
    }
    /// With a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value) }
    }
    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { builder: self.builder.header(header::CONTENT_TYPE, "application/json").body(body.to_string()) }
    }
    /// With a JSON body, written already: what a JSON value can't hold.
    #[must_use]
    pub fn json_text(self, body: String) -> Self {
        Self { builder: self.builder.header(header::CONTENT_TYPE, "application/json").body(body) }
    }
    /// With an urlencoded form, encoded already.
    #[must_use]
    pub fn form(self, body: String) -> Self {
        Self {
            builder: self
                .builder
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body),
        }
    }
    /// With the bytes of a file as the body.
    #[must_use]
    pub fn file(self, bytes: &[u8]) -> Self {
        let kind = "application/octet-stream";
        Self { builder: self.builder.header(header::CONTENT_TYPE, kind).body(bytes.to_vec()) }
    }
    /// With a CSV file for `POST /v1/imports`.
    #[must_use]
    pub fn upload(self, base: &str, csv: &str) -> Self {
        self.upload_file(base, "rows.csv", csv.as_bytes())
    }
    /// With a file of any kind for `POST /v1/imports`.
    #[must_use]
    pub fn upload_file(self, base: &str, name: &str, file: &[u8]) -> Self {
        let edge = "testkit-7f1c2a";
        let head = format!(
            "--{edge}\r\ncontent-disposition: form-data; name=\"base\"\r\n\r\n{base}\r\n--{edge}\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        let tail = format!("\r\n--{edge}--\r\n");
        let kind = format!("multipart/form-data; boundary={edge}");
        let body = [head.as_bytes(), file, tail.as_bytes()].concat();
        Self { builder: self.builder.header(header::CONTENT_TYPE, kind).body(body) }
    }

    /// Sends it and reads the whole answer; of a stream of events only the head.
    ///
    /// # Errors
    /// No answer came.
    pub async fn send(self) -> anyhow::Result<Answer> {
        let response = self.builder.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let stream = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let bytes = if stream { Vec::new() } else { response.bytes().await?.to_vec() };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, headers, text, bytes })
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
    /// The body as it came, for files.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
    /// A header as text, empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or_default()
    }
    /// `Base-Version`.
    ///
    /// # Errors
    /// The answer has none.
    pub fn version(&self) -> anyhow::Result<u64> {
        self.header("base-version")
            .parse()
            .with_context(|| format!("no Base-Version: {} {}", self.status, self.text))
    }
    /// The error's code, empty when it is no problem document.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
    /// The answer, if its status is this one.
    ///
    /// # Errors
    /// With status and body, when it is another.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.status.as_u16() == status,
            "{status} expected, answered: {} {}",
            self.status,
            self.text
        );
        Ok(self)
    }
}
