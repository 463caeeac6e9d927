//! Password rules (NIST SP 800-63B-4, OWASP ASVS 6.2): length, no common or leaked password, nothing that others know
//! about the person. No rules about kinds of characters, no expiry. Pure; hashing is in [`hasher`].

pub mod hasher;

use kernel_core::{Code, FieldError};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Fewest characters.
pub const SHORTEST: usize = 12;
/// Most characters: a bound on the work of hashing, far beyond any pass phrase.
pub const LONGEST: usize = 256;
/// Characters that must be left when known words are taken out.
const OWN_CHARACTERS: usize = 8;
/// Different characters that a password must have.
const DIFFERENT: usize = 5;

/// See `data/common-passwords.txt` for source and licence.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/common-passwords.txt").lines().filter(|line| !line.starts_with("# ")).collect()
});

/// Checks a new password. `known` are words that others know: brand, name, e-mail address.
///
/// # Errors
/// One error at `field`, with a sentence that says what to change.
pub fn check(field: &'static str, password: &str, known: &[&str]) -> Result<(), FieldError> {
    let weak = |detail: &'static str| Err(FieldError::new(field, Code::WeakPassword, detail));
    let length = password.chars().count();
    if length == 0 {
        return Err(FieldError::new(field, Code::Required, "is missing"));
    }
    if length < SHORTEST {
        return Err(FieldError::new(
            field,
            Code::WeakPassword,
            format!("has {length} of at least {SHORTEST} characters; three or four words are easy to keep"),
        ));
    }
    if length > LONGEST {
        return Err(FieldError::new(field, Code::TooLong, "is longer than 256 characters"));
    }
    let lower = password.to_lowercase();
    if lower.chars().collect::<HashSet<_>>().len() < DIFFERENT || is_run(&lower) {
        return weak("repeats or counts; choose something less regular");
    }
    if is_common(&lower) {
        return weak("is on the lists of leaked passwords; choose another");
    }
    if only_known(&lower, known) {
        return weak(
            "is mostly your name, your e-mail address or ours; choose something that others can't guess",
        );
    }
    Ok(())
}

/// A common password, also with digits and signs around it, written with look-alike characters, or repeated.
fn is_common(lower: &str) -> bool {
    let plain: String = lower
        .chars()
        .map(|character| match character {
            '@' | '4' => 'a',
            '3' => 'e',
            '0' => 'o',
            '1' | '!' => 'i',
            '$' | '5' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    [lower, plain.as_str()].into_iter().any(|text| {
        let core = text.trim_matches(|character: char| !character.is_alphabetic());
        let letters = lower.trim_matches(|character: char| !character.is_alphabetic());
        [text, core, letters].into_iter().any(|word| listed(word) || listed(period(word)))
            || text
                .split_at_checked(text.len() / 2)
                .is_some_and(|(left, right)| listed(left) && listed(right))
    })
}

fn listed(word: &str) -> bool {
    word.len() >= 4 && COMMON.contains(word)
}

/// The shortest piece that the text repeats; the text itself if none.
fn period(text: &str) -> &str {
    (1..=text.len() / 2)
        .filter(|length| text.len().is_multiple_of(*length) && text.is_char_boundary(*length))
        .map(|length| &text[..length])
        .find(|piece| piece.repeat(text.len() / piece.len()) == text)
        .unwrap_or(text)
}

/// Whether every character follows the one before it: `abcdefghijkl`, `210987654321`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|character| i64::from(u32::from(character))).collect();
    let steps: Vec<i64> = codes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The digits wrap: 9 is followed by 0.
    let near = |step: i64, wanted: i64| step == wanted || step == wanted - 10 * wanted.signum();
    steps.iter().all(|step| near(*step, 1)) || steps.iter().all(|step| near(*step, -1))
}

/// Whether too little is left when words that others know are taken out.
fn only_known(lower: &str, known: &[&str]) -> bool {
    let mut rest = lower.to_owned();
    let mut words: Vec<String> = known
        .iter()
        .flat_map(|text| text.split(|character: char| !character.is_alphanumeric()))
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= 3)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        rest = rest.replace(&word, "");
    }
    rest.len() < lower.len()
        && rest.chars().filter(|character| character.is_alphanumeric()).count() < OWN_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for (password, expected) in [
            ("", Some(Code::Required)),
            ("seven kettl", Some(Code::WeakPassword)),
            ("seven copper kettles", None),
            ("correct horse battery staple", None),
            ("Tr0ub4dor & 3 cats", None),
            ("日本語のとても長い合言葉です", None),
            ("passwordpassword", Some(Code::WeakPassword)),
            ("Password123456!", Some(Code::WeakPassword)),
            ("P@ssw0rd!!!!!!", Some(Code::WeakPassword)),
            ("123456qwerty", Some(Code::WeakPassword)),
            ("aaaaaaaaaaaaaaa", Some(Code::WeakPassword)),
            ("abcdefghijklmn", Some(Code::WeakPassword)),
            ("12345678901234", Some(Code::WeakPassword)),
            ("nclc-alex-doe-1", Some(Code::WeakPassword)),
            ("alex.doe@acme.example", Some(Code::WeakPassword)),
            ("alex keeps bees in march", None),
        ] {
            let known = ["NCLC", "Alex Doe", "alex.doe@acme.example"];
            let found = check("password", password, &known).err().map(|error| error.code);
            assert_eq!(found, expected, "{password}");
        }
    }

    #[test]
    fn long_pass_phrases_are_accepted_up_to_the_bound() {
        let words = "seven copper kettles on a stove ";
        assert!(check("password", &words.repeat(4), &[]).is_ok(), "128 characters");
        assert_eq!(check("password", &words.repeat(9), &[]).unwrap_err().code, Code::TooLong);
    }

    #[test]
    fn the_bundled_list_is_whole() {
        assert!(COMMON.len() >= 9_900, "{}", COMMON.len());
        assert!(COMMON.contains("password") && COMMON.contains("letmein"));
    }
}
