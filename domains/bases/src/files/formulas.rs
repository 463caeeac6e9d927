//! Texts that a spreadsheet would run as a formula when it opens a CSV file (OWASP "CSV injection"; ASVS 1.2.10).

use std::borrow::Cow;

fn risky(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0'])
}

/// A quote goes in front of a risky text, and in front of one that has quotes and then something risky, so that
/// [`unescape`] knows. Numbers stay numbers.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let rest = text.trim_start_matches('\'');
    let quoted = rest.len() < text.len();
    if risky(rest) && (quoted || text.parse::<f64>().is_err()) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// The text that was escaped; others as they are.
pub(crate) fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if risky(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_text_and_numbers_stay() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("-5", "-5"),
            ("-x", "'-x"),
            ("@a", "'@a"),
            ("a=b", "a=b"),
            ("", ""),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
        ] {
            assert_eq!(escape(text), expected);
            assert_eq!(unescape(expected), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_escaped_reads_back(text in "['=+@\\-x1\\t]{0,6}") {
            let escaped = escape(&text).into_owned();
            prop_assert_eq!(unescape(&escaped), text.as_str());
        }
    }
}
