//! Addresses that may stand in `href` and `src`.
//!
//! A scheme allow list, applied after what browsers do before they look at the scheme: leading control characters and
//! blanks, and tabs and line ends anywhere, are ignored by the WHATWG URL parser, so `java\nscript:` is refused here too.

/// Whether a link may lead there: `https:`, `http:`, `mailto:`, `tel:`, a path of this site or an anchor.
#[must_use]
pub fn is_safe_href(url: &str) -> bool {
    is_clean(url) && (is_local(url) || has_scheme(url, &["https", "http", "mailto", "tel"]))
}

/// Whether a picture may come from there: `https:` or a path of this site.
#[must_use]
pub fn is_safe_src(url: &str) -> bool {
    is_clean(url) && (is_path(url) || has_scheme(url, &["https"]))
}

/// `https:` or `http:` to another host.
#[must_use]
pub fn is_external(url: &str) -> bool {
    has_scheme(url, &["https", "http"])
}

fn is_clean(url: &str) -> bool {
    !url.is_empty()
        && url.len() <= 2_048
        && !url.starts_with(char::is_whitespace)
        && !url.chars().any(|c| c.is_control() || c == '\\')
}

fn is_path(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//")
}

fn is_local(url: &str) -> bool {
    is_path(url) || url.starts_with('#') || url.starts_with('?')
}

fn has_scheme(url: &str, allowed: &[&str]) -> bool {
    url.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && allowed.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_schemes_pass() {
        for good in [
            "https://a.example/x?y#z",
            "HTTP://a.example",
            "mailto:a@b.example",
            "tel:+32",
            "/about",
            "#top",
            "?page=2",
        ] {
            assert!(is_safe_href(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "//evil.example",
            "/\\evil.example",
            "about",
            "https:",
            "",
        ] {
            assert!(!is_safe_href(bad), "{bad:?}");
        }
        assert!(is_safe_src("/_theme/crust/a.svg") && is_safe_src("https://a.example/b.jpg"));
        assert!(!is_safe_src("http://a.example/b.jpg") && !is_safe_src("data:image/svg+xml,x"));
    }
}
