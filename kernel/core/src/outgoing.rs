//! Requests to other people's servers as data (webhooks, providers of log-ins); the transport is an adapter that refuses
//! whatever could reach into the machine's own network. Nothing else of the product makes outgoing requests.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// One request.
#[derive(Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// `https://…`; as a person may have typed it.
    pub url: String,
    /// Names in lower case. `host` and `content-length` are the transport's.
    pub headers: Vec<(&'static str, String)>,
    /// Sent with [`Method::Post`].
    pub body: Vec<u8>,
    /// Redirects that are followed, each checked like the first address; at most 3.
    pub redirects: u8,
    /// Bytes of the answer's body that are read; a longer one fails.
    pub limit: usize,
    /// For everything together: names, connection, redirects, answer.
    pub timeout: Duration,
}

impl Request {
    /// A request without redirects: 1 MiB, 15 seconds.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            redirects: 0,
            limit: 1 << 20,
            timeout: Duration::from_secs(15),
        }
    }

    /// Adds a header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("content-type", content_type) }
    }
}

impl fmt::Debug for Request {
    /// Without headers, body and query: they carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split(['?', '#']).next().unwrap_or_default();
        let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
        write!(f, "{:?} {address}", self.method)
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status, e.g. 200.
    pub status: u16,
    /// Names in lower case, in the order of the answer.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of a name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. The sentences are for the person who gave the address; they tell nothing about our network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address can't be used at all, or must not be: private networks, other ports, this system itself.
    #[error("{0}")]
    Refused(String),
    /// The name does not exist, or nobody knows it at the moment.
    #[error("the name {0} could not be looked up")]
    Name(String),
    /// Nobody answers, or the connection broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The certificate is not good for the name.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The answer is longer than the limit.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// More redirects than are followed, or one without an address.
    #[error("redirected too often")]
    Redirects,
}

/// Something that sends requests. At the process edge, so that its guard is the only way out.
pub trait Outgoing: Send + Sync {
    /// # Errors
    /// Why there is no answer; an answer of any status is none.
    fn send<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;
}

/// Something that reads TXT records of the name system, as proof that somebody owns a domain.
pub trait TxtRecords: Send + Sync {
    /// The texts at a name, each with its parts joined; none when the name has none.
    ///
    /// # Errors
    /// A sentence: the name servers do not answer.
    fn texts<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<String>, String>> + Send + 'a>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_does_not_print_credentials() {
        let request = Request::new(Method::Post, "https://user:hunter2@idp.example/token?code=hunter3")
            .header("authorization", "Bearer hunter4")
            .body("text/plain", "hunter5");
        assert_eq!(format!("{request:?}"), "Post idp.example/token");
    }
}
