//! A blocking HTTP/1.1 client over one kept connection. It never sends a request twice by itself, and tells apart what was
//! never sent from what was sent and not answered: the judge of faults needs that difference.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// e.g. 200.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All headers of a lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON; the message shows status and body.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).map_err(|error| anyhow::anyhow!("{error}: {self}"))
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(&self.body);
        let short: String = text.chars().take(400).collect();
        write!(f, "{} {short}", self.status)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// There was no connection: the server can't have seen the request.
    NotSent(io::Error),
    /// The request, or part of it, went out: the server may have done it.
    NoAnswer(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSent(error) => write!(f, "no connection: {error}"),
            Self::NoAnswer(error) => write!(f, "no answer: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

/// The client.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    head: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    /// `host`: what the `Host` header says. `token`: sent as bearer token.
    #[must_use]
    pub fn new(address: SocketAddr, host: &str, token: Option<&str>) -> Self {
        let authorization =
            token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        Self { address, head: format!("host: {host}\r\n{authorization}"), stream: None }
    }

    /// One request. `headers`: whole lines such as `idempotency-key: 1`.
    ///
    /// # Errors
    /// See [`Failure`]; afterwards the connection is gone and the next request makes another.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Option<&[u8]>,
    ) -> Result<Answer, Failure> {
        let mut request = format!("{method} {path} HTTP/1.1\r\n{}", self.head);
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        if let Some(body) = body {
            if !headers.iter().any(|header| header.starts_with("content-type")) {
                request.push_str("content-type: application/json\r\n");
            }
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body.unwrap_or_default());

        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address).map_err(Failure::NotSent)?),
        };
        stream.get_mut().write_all(&bytes).map_err(Failure::NoAnswer)?;
        let answer = read(&mut stream, method).map_err(Failure::NoAnswer)?;
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// `GET`, and an answer of 2xx.
    ///
    /// # Errors
    /// No answer, or another status.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        let answer = self.send("GET", path, &[], None)?;
        anyhow::ensure!(answer.is_success(), "GET {path}: {answer}");
        Ok(answer)
    }

    /// `POST` of JSON, and an answer of 2xx.
    ///
    /// # Errors
    /// No answer, or another status.
    pub fn post(&mut self, path: &str, body: &serde_json::Value) -> anyhow::Result<Answer> {
        let answer = self.send("POST", path, &[], Some(body.to_string().as_bytes()))?;
        anyhow::ensure!(answer.is_success(), "POST {path}: {answer}");
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn broken(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.to_owned())
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// Reads one answer (RFC 9112): by its length, or chunked, or none for `HEAD`, 204 and 304.
fn read(stream: &mut impl BufRead, method: &str) -> io::Result<Answer> {
    let first = line(stream)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken(&first))?;
    let mut headers = Vec::new();
    loop {
        let header = line(stream)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').ok_or_else(|| broken(&header))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if method == "HEAD" || status == 204 || status == 304 {
        return Ok(answer);
    }
    if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(stream)?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)
                .map_err(|_| broken("chunk size"))?;
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk)?;
            answer.body.extend_from_slice(&chunk);
            line(stream)?;
            if size == 0 {
                return Ok(answer);
            }
        }
    }
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    let length: usize = length.ok_or_else(|| broken("an answer without length"))?;
    answer.body = vec![0; length];
    stream.read_exact(&mut answer.body)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn answers_are_read() {
        let check = |text: &str, method: &str, expected: Option<(u16, &str)>| {
            let answer = read(&mut text.as_bytes(), method);
            let found = answer.ok().map(|a| (a.status, String::from_utf8(a.body).unwrap()));
            assert_eq!(found, expected.map(|(status, body)| (status, body.to_owned())), "{text:?}");
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", "GET", Some((200, "ok")));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
            "GET",
            Some((200, "ok!")),
        );
        check("HTTP/1.1 204 No Content\r\n\r\n", "DELETE", Some((204, "")));
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD", Some((200, "")));
        // Cut in the middle: no answer, whatever came before.
        check("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", "GET", None);
        check("HTTP/1.1 201 Crea", "POST", None);
        check("", "POST", None);
    }
}
