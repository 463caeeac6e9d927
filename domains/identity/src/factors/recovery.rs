//! Recovery codes: 120 random bits each (ASVS 6.5.2 asks for 112), in groups that people can read. Pure.

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// Codes of a set.
pub const COUNT: usize = 10;
/// Random bytes of a code.
pub const BYTES: usize = 15;

/// Crockford's digits in lower case: none looks like another.
const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";

static ENCODING: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(DIGITS);
    specification.encoding().ok()
});

/// A code as it is shown: `h5k2-…`, six groups of four.
#[must_use]
pub fn shown(bytes: [u8; BYTES]) -> String {
    let text = ENCODING.as_ref().map(|encoding| encoding.encode(&bytes)).unwrap_or_default();
    let groups: Vec<&str> =
        text.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("-")
}

/// What is hashed of a typed code: without spaces and hyphens, and with letters that were read as others put right.
/// `None`: it can't be a code.
#[must_use]
pub fn normal(typed: &str) -> Option<String> {
    let text: String = typed
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .map(|character| match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    (text.len() == BYTES * 8 / 5 && text.chars().all(|character| DIGITS.contains(character))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_typed() {
        let code = shown([0xA5; BYTES]);
        assert_eq!((code.len(), code.matches('-').count()), (29, 5), "{code}");
        let plain = code.replace('-', "");
        for typed in
            [code.clone(), code.to_uppercase(), plain.clone(), code.replace('-', " "), format!(" {code}\n")]
        {
            assert_eq!(normal(&typed).as_deref(), Some(plain.as_str()), "{typed:?}");
        }
        assert_eq!(normal("oil0-0000-0000-0000-0000-0000").as_deref(), Some("011000000000000000000000"));
        for typed in ["", "123456", &plain[1..], &format!("{plain}0"), "uuuu-uuuu-uuuu-uuuu-uuuu-uuuu"] {
            assert_eq!(normal(typed), None, "{typed:?}");
        }
    }
}
