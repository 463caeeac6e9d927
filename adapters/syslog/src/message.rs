//! Messages of RFC 5424, each in a frame of RFC 5425: its length in bytes, a space, the message.

use crate::Line;
use tracing::Level;

/// Facilities (RFC 5424 section 6.2.1): refusals are security's, everything else is local.
const AUTHPRIV: u8 = 10;
const LOCAL0: u8 = 16;

/// Bytes of a message: what every receiver has to take (RFC 5425 section 4.3.1). What one can't take whole it may cut where it
/// likes, and read the rest as a message of its own.
pub(crate) const MOST: usize = 8_192;

/// What every message of this process says of its origin.
#[derive(Debug)]
pub(crate) struct Origin {
    host: String,
    process: u32,
}

impl Origin {
    pub(crate) fn here() -> Self {
        let host = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
        Self { host: field(&host.unwrap_or_default(), 255), process: std::process::id() }
    }

    /// Adds a line's frame. The text is the line as it is on standard error: JSON in UTF-8.
    pub(crate) fn frame(&self, line: &Line, out: &mut Vec<u8>) {
        let severity = match line.level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        let facility = if line.security { AUTHPRIV } else { LOCAL0 };
        let head = format!(
            "<{}>1 {} {} nclc {} - - ",
            facility * 8 + severity,
            line.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
            self.host,
            self.process,
        );
        let text = cut(&line.text, MOST - head.len());
        out.extend_from_slice(format!("{} ", head.len() + text.len()).as_bytes());
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(text);
    }
}

/// The text up to so many bytes, without half a character at its end.
fn cut(text: &[u8], most: usize) -> &[u8] {
    let is_start = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let end = (0..=text.len().min(most)).rev().find(is_start);
    &text[..end.unwrap_or_default()]
}

/// A field of the head: printable ASCII without spaces, `-` where there is nothing to say.
fn field(text: &str, most: usize) -> String {
    let out: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if out.is_empty() { "-".into() } else { out }
}
