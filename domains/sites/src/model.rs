//! Names, addresses and paths of sites. Pure.

use kernel_core::{Code, FieldError};

/// Pages that a site may have, trash not counted.
pub const MAX_PAGES: usize = 500;
/// Sites that a tenant may have, trash not counted.
pub const MAX_SITES: usize = 200;

/// Addresses that no site may take: they are or may become the product's own, or pretend to be.
const RESERVED: [&str; 20] = [
    "admin", "api", "app", "assets", "cdn", "dev", "docs", "ftp", "help", "login", "mail", "ns1", "ns2",
    "root", "smtp", "static", "status", "support", "test", "www",
];

/// A name of 1 to 100 characters, trimmed.
///
/// # Errors
/// One error at `field`.
pub fn check_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(FieldError::new(field, Code::Required, "is missing"));
    }
    if name.chars().count() > 100 {
        return Err(FieldError::new(field, Code::TooLong, "is longer than 100 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(FieldError::new(field, Code::InvalidValue, "has characters that can't be shown"));
    }
    Ok(name)
}

/// The first label of a site's host name: 3 to 40 of `a-z 0-9 -` (RFC 1035 label).
///
/// # Errors
/// One error at `address`.
pub fn check_slug(text: &str) -> Result<String, FieldError> {
    let wrong = |code: Code, detail: &'static str| Err(FieldError::new("address", code, detail));
    let slug = text.trim().to_ascii_lowercase();
    if slug.is_empty() {
        return wrong(Code::Required, "is missing");
    }
    if !slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return wrong(Code::InvalidValue, "may have the letters a to z, digits and hyphens only");
    }
    if slug.len() < 3 {
        return wrong(Code::InvalidValue, "is shorter than 3 characters");
    }
    if slug.len() > 40 {
        return wrong(Code::TooLong, "is longer than 40 characters");
    }
    // `--` at the third place is how encoded international names begin (RFC 5891).
    if slug.starts_with('-') || slug.ends_with('-') || slug.contains("--") {
        return wrong(Code::InvalidValue, "may not start or end with a hyphen, nor have two in a row");
    }
    if RESERVED.contains(&slug.as_str()) {
        return wrong(Code::AlreadyExists, "is reserved");
    }
    Ok(slug)
}

/// An address made of a name, as a proposal; may still be taken or too short.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ä' | 'à' | 'á' | 'â' | 'å' => slug.push('a'),
            'ö' | 'ò' | 'ó' | 'ô' | 'ø' => slug.push('o'),
            'ü' | 'ù' | 'ú' | 'û' => slug.push('u'),
            'é' | 'è' | 'ê' | 'ë' => slug.push('e'),
            'ç' => slug.push('c'),
            'ñ' => slug.push('n'),
            'ß' => slug.push_str("ss"),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(40);
    slug.trim_end_matches('-').to_owned()
}

/// A page's path: `/`, or up to 6 segments of `a-z 0-9 -` of at most 200 characters together.
///
/// # Errors
/// One error at `path`.
pub fn check_path(text: &str) -> Result<String, FieldError> {
    let wrong = |code: Code, detail: &'static str| Err(FieldError::new("path", code, detail));
    let text = text.trim().trim_matches('/').to_ascii_lowercase();
    if text.is_empty() {
        return Ok("/".to_owned());
    }
    if text.len() > 200 {
        return wrong(Code::TooLong, "is longer than 200 characters");
    }
    let segments: Vec<&str> = text.split('/').collect();
    if segments.len() > 6 {
        return wrong(Code::InvalidValue, "has more than 6 parts");
    }
    for segment in segments {
        let fine = !segment.is_empty()
            && !segment.starts_with('-')
            && !segment.ends_with('-')
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fine {
            return wrong(
                Code::InvalidValue,
                "may have the letters a to z, digits, hyphens and slashes only",
            );
        }
    }
    if text == "static" || text.starts_with("static/") {
        return wrong(Code::AlreadyExists, "is reserved");
    }
    Ok(format!("/{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        for (given, expected) in [
            ("tarwe", Ok("tarwe")),
            (" Tarwe-2 ", Ok("tarwe-2")),
            ("", Err("is missing")),
            ("ab", Err("is shorter than 3 characters")),
            ("a_b", Err("may have the letters a to z, digits and hyphens only")),
            ("ta.rwe", Err("may have the letters a to z, digits and hyphens only")),
            ("-abc", Err("may not start or end with a hyphen, nor have two in a row")),
            ("xn--abc", Err("may not start or end with a hyphen, nor have two in a row")),
            ("admin", Err("is reserved")),
        ] {
            let got = check_slug(given).map_err(|error| error.detail.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{given}");
        }
        assert!(check_slug(&"a".repeat(40)).is_ok() && check_slug(&"a".repeat(41)).is_err());
    }

    #[test]
    fn paths() {
        for (given, expected) in [
            ("", Ok("/")),
            ("/", Ok("/")),
            ("About", Ok("/about")),
            ("/news/2026/", Ok("/news/2026")),
            ("/a//b", Err("may have the letters a to z, digits, hyphens and slashes only")),
            ("/_theme/x", Err("may have the letters a to z, digits, hyphens and slashes only")),
            ("/sitemap.xml", Err("may have the letters a to z, digits, hyphens and slashes only")),
            ("/../x", Err("may have the letters a to z, digits, hyphens and slashes only")),
            ("/static/x", Err("is reserved")),
            ("/a/b/c/d/e/f/g", Err("has more than 6 parts")),
        ] {
            let got = check_path(given).map_err(|error| error.detail.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{given}");
        }
    }

    #[test]
    fn names_propose_addresses() {
        for (name, slug) in
            [("Lind Okafor", "lind-okafor"), ("Bäckerei Müß & Co.", "backerei-muss-co"), ("東京", "")]
        {
            assert_eq!(slug_of(name), slug);
        }
    }

    proptest! {
        #[test]
        fn a_checked_path_is_stable_and_a_proposed_address_well_formed(text in "\\PC{0,60}") {
            if let Ok(path) = check_path(&text) {
                prop_assert_eq!(check_path(&path).unwrap(), path);
            }
            let slug = slug_of(&text);
            prop_assert!(slug.len() < 3 || check_slug(&slug).is_ok() || RESERVED.contains(&slug.as_str()), "{slug}");
        }
    }
}
