//! HTTP load by wrk: requests come from a Lua script, figures from its `done` hook.

use super::report::{Figure, number};
use crate::process::said;
use crate::rig::Server;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What a run gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Answers a second.
    pub per_second: f64,
    /// Median latency in milliseconds.
    pub p50: f64,
    /// 99th percentile in milliseconds.
    pub p99: f64,
    /// All answers.
    pub requests: f64,
    /// Processor time of an answer in microseconds, server and PostgreSQL; `None` where it is not the rig's server.
    pub processor: Option<f64>,
}

impl Load {
    /// For the results.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let shown = format!(
            "{}/s, p50 {} ms, p99 {} ms",
            number(self.per_second),
            number(self.p50),
            number(self.p99)
        );
        Figure { value: self.per_second, shown, processor: self.processor }
    }
}

/// Whom to ask.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// Bearer tokens, taken in turn; none for visitors.
    pub tokens: &'a [String],
    /// Folder for the script.
    pub folder: &'a Path,
    /// Whose processor time counts.
    pub server: Option<&'a Server>,
}

/// Connections, threads of wrk, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub clients: u32,
    pub threads: u32,
    pub time: Duration,
}

impl Target<'_> {
    /// Runs the load. `requests`: Lua that defines `request()`.
    ///
    /// # Errors
    /// When wrk fails, or an answer was not 2xx: the figure would mean nothing.
    pub fn run(&self, requests: &str, shape: Shape) -> Result<Load> {
        let mut script = String::new();
        let _ = writeln!(script, "wrk.headers[\"Host\"] = \"{}\"", self.host);
        let tokens: Vec<String> = self.tokens.iter().map(|token| lua(&format!("Bearer {token}"))).collect();
        let _ = writeln!(script, "local tokens, asked = {{ {} }}, 0", tokens.join(", "));
        script.push_str(FORMAT);
        script.push_str(requests);
        script.push_str(DONE);
        let path = self.folder.join("load.lua");
        std::fs::write(&path, script)?;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t", &shape.threads.to_string(), "-c", &shape.clients.to_string()])
            .args(["-d", &format!("{}s", shape.time.as_secs().max(1)), "--timeout", "20s", "-s"])
            .arg(&path)
            .arg(format!("http://{}/", self.address));
        let before = self.server.map(Server::processor_time);
        let load = parse(&said(&mut wrk).context("wrk failed")?)?;
        let taken =
            self.server.zip(before).map(|(server, before)| server.processor_time().saturating_sub(before));
        Ok(Load { processor: taken.map(|taken| taken.as_secs_f64() * 1e6 / load.requests), ..load })
    }
}

/// `format`: as `wrk.format`, each request with the next token.
const FORMAT: &str = r#"
local function format(method, path, body)
  asked = asked + 1
  wrk.headers["Authorization"] = tokens[asked % #tokens + 1]
  return wrk.format(method, path, nil, body)
end
"#;

const DONE: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\nFIGURES %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
"#;

fn parse(text: &str) -> Result<Load> {
    let line = text.lines().find_map(|line| line.strip_prefix("FIGURES "));
    let figures: Vec<f64> =
        line.context("wrk printed no figures")?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, microseconds, p50, p99, refused, broken] = figures[..] else { bail!("{text}") };
    if refused > 0.0 || broken > 0.0 || requests < 1.0 {
        bail!("of {requests} requests {refused} were refused and {broken} broke");
    }
    let per_second = requests / microseconds * 1e6;
    Ok(Load { per_second, p50: p50 / 1000.0, p99: p99 / 1000.0, requests, processor: None })
}

/// Lua that asks for these paths in turn.
#[must_use]
pub fn paths(paths: &[String]) -> String {
    let mut out = String::from("local paths = {\n");
    for path in paths {
        let _ = writeln!(out, "  {},", lua(path));
    }
    out.push_str(READY);
    out
}

/// Requests are made before the load begins; few paths are made with every token.
const READY: &str = r#"}
local ready, n = {}, 0
function init(args)
  local rounds = #paths < 100 and math.max(#tokens, 1) or 1
  for round = 1, rounds do
    asked = asked + 1
    for i, path in ipairs(paths) do ready[#ready + 1] = format("GET", path) end
  end
end
function request()
  n = n % #ready + 1
  return ready[n]
end
"#;

/// A text as a Lua literal.
#[must_use]
pub fn lua(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A text as part of a query string.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_refusals_are_errors() {
        let load = parse("Running 1s\n\nFIGURES 2000 1000000 500 4000 0 0\n").unwrap();
        assert_eq!(load, Load { per_second: 2000.0, p50: 0.5, p99: 4.0, requests: 2000.0, processor: None });
        for bad in
            ["", "FIGURES 2000 1000000 500 4000 3 0", "FIGURES 0 1000000 0 0 0 0", "FIGURES 5 1 1 1 0 1"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_quoted() {
        assert_eq!(lua("a\"b\\"), r#""a\"b\\""#);
        assert_eq!(encode("{A} = \"é\""), "%7BA%7D%20%3D%20%22%C3%A9%22");
    }
}
