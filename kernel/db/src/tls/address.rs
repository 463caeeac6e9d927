//! Takes `sslmode` and `sslrootcert` out of a database's address: the driver knows fewer modes and no file of roots.
//!
//! Both forms that PostgreSQL's clients know: `postgres://user@host/name?a=b&c=d` and `host=a user='b c'`.

/// An address and what it says of TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The address without them.
    pub rest: String,
    pub mode: Option<String>,
    pub roots: Option<String>,
}

/// Takes them out. What is no address stays whole, for the driver to refuse.
pub(super) fn split(url: &str) -> Parts {
    let mut parts = Parts { rest: String::new(), mode: None, roots: None };
    match url.split_once("://") {
        Some((_, after)) => {
            // A password may have a question mark; behind the last @ of the host there is none but the query's.
            let host = after.find('@').map_or(0, |at| at + 1);
            match after[host..].split_once('?') {
                Some((before, query)) => {
                    let kept: Vec<&str> = query.split('&').filter(|pair| !parts.take_pair(pair)).collect();
                    let start = url.len() - after.len() + host;
                    parts.rest = format!("{}{before}", &url[..start]);
                    if !kept.is_empty() {
                        parts.rest.push('?');
                        parts.rest.push_str(&kept.join("&"));
                    }
                }
                None => url.clone_into(&mut parts.rest),
            }
        }
        None => {
            let kept: Vec<&str> = words(url).into_iter().filter(|word| !parts.take_word(word)).collect();
            parts.rest = kept.join(" ");
        }
    }
    parts
}

impl Parts {
    fn take(&mut self, name: &str, value: impl FnOnce() -> String) -> bool {
        match name {
            "sslmode" => self.mode = Some(value()),
            "sslrootcert" => self.roots = Some(value()),
            _ => return false,
        }
        true
    }
    /// `name=value` of a query, with `%` before two hex digits.
    fn take_pair(&mut self, pair: &str) -> bool {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        self.take(name, || decoded(value))
    }
    /// `name = 'value'` of the other form.
    fn take_word(&mut self, word: &str) -> bool {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        self.take(name.trim(), || {
            let value = value.trim();
            let bare = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
            let mut out = String::new();
            let mut characters = bare.chars();
            while let Some(character) = characters.next() {
                out.extend(if character == '\\' { characters.next() } else { Some(character) });
            }
            out
        })
    }
}

/// The pairs of the second form, each from its name to the end of its value.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut quoted, mut escaped, mut valued) = (None, false, false, false);
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == '\'' {
            quoted = !quoted;
            valued = true;
        } else if character.is_whitespace() && !quoted {
            // Spaces around the sign of equality belong to the pair.
            if let Some(from) = start.filter(|_| valued) {
                out.push(&text[from..at]);
                start = None;
            }
            continue;
        } else if let Some(from) = start {
            let seen: &str = &text[from..at];
            // Behind the sign of equality stands the value.
            valued |= seen.contains('=') && character != '=';
        }
        if start.is_none() {
            start = Some(at);
            valued = false;
        }
    }
    out.extend(start.map(|from| &text[from..]));
    out
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_up_what_is_said_of_tls() {
        let parts = |rest: &str, mode: Option<&str>, roots: Option<&str>| Parts {
            rest: rest.into(),
            mode: mode.map(Into::into),
            roots: roots.map(Into::into),
        };
        for (url, expected) in [
            ("postgres://o@db/control", parts("postgres://o@db/control", None, None)),
            ("postgres://o@db/c?sslmode=require", parts("postgres://o@db/c", Some("require"), None)),
            (
                "postgres://o:a?b@db/c?application_name=x&sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem&options=-c%20a=b",
                parts(
                    "postgres://o:a?b@db/c?application_name=x&options=-c%20a=b",
                    Some("verify-ca"),
                    Some("/etc/ca.pem"),
                ),
            ),
            ("postgres:///c?host=/run/pg", parts("postgres:///c?host=/run/pg", None, None)),
            ("host=db user=o", parts("host=db user=o", None, None)),
            (
                "host=db password='a b\\'sslmode=x' sslmode = 'verify-full' sslrootcert=/a\\ b dbname=c",
                parts("host=db password='a b\\'sslmode=x' dbname=c", Some("verify-full"), Some("/a b")),
            ),
            ("host = db  sslmode=disable", parts("host = db", Some("disable"), None)),
        ] {
            assert_eq!(split(url), expected, "{url}");
        }
    }
}
