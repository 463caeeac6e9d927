//! Cookies: `__Host-` names, never readable by scripts, never shared between hosts (RFC 6265bis 4.1.3.2).

use http::{HeaderMap, HeaderValue, header};

/// Reads a cookie's value. With several of one name, the first.
#[must_use]
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.trim_matches('"'))
}

/// `Set-Cookie` for `__Host-{name}`: `Path=/; Secure; HttpOnly; SameSite=Lax`. `max_age` in seconds; `None`: until the
/// browser closes. Values are our own tokens (base64url), so a value that can't be a header is a fault: it gives an empty
/// cookie, which signs nobody in.
#[must_use]
pub fn set(name: &str, value: &str, max_age: Option<u64>) -> HeaderValue {
    let mut text = format!("__Host-{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    if let Some(seconds) = max_age {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("__Host-invalid=; Path=/; Secure"))
}

/// `Set-Cookie` that removes `__Host-{name}`.
#[must_use]
pub fn remove(name: &str) -> HeaderValue {
    set(name, "", Some(0))
}

/// Reads `__Host-{name}`.
#[must_use]
pub fn read_host<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let full = format!("__Host-{name}");
    read(headers, &full).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_host_only_and_hidden_from_scripts() {
        let text = set("session", "abc", Some(60));
        assert_eq!(
            text.to_str().unwrap(),
            "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert!(remove("session").to_str().unwrap().contains("Max-Age=0"));
        assert!(!set("s", "a\r\nSet-Cookie: b=c", None).to_str().unwrap().contains("b=c"));
    }

    #[test]
    fn reading_finds_the_exact_name_in_any_line() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-session2=no; theme=dark"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-session=yes"));
        for (name, expected) in [("a", Some("1")), ("theme", Some("dark")), ("session", None), ("them", None)]
        {
            assert_eq!(read(&headers, name), expected);
        }
        assert_eq!(read_host(&headers, "session"), Some("yes"));
    }
}
