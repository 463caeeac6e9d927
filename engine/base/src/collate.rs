//! Order and comparison of text as people expect it: Unicode collation (UCA, CLDR root), accents count, case does not.
//!
//! Most text is ASCII, for which a table of ranks, taken from the collator itself when it is first used, gives the same
//! order without a call. Invariant (property test): [`compare`] = the collator's own comparison, for every pair of texts.

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use std::cmp::Ordering;
use std::sync::OnceLock;

/// Bits of one character in [`digits`].
const DIGIT: u32 = 7;
/// Letters with accents that are known: Latin-1, Latin Extended-A and -B.
const LETTERS: std::ops::Range<u32> = 0xc0..0x250;
/// The text ends here.
const END: u8 = 1;

struct Collation {
    collator: Option<CollatorBorrowed<'static>>,
    /// 2… for printable ASCII, equal for letters that differ in case only; 0 for what only the collator can judge.
    rank: [u8; 256],
    /// For [`LETTERS`] the ranks of the one or two ASCII letters from which they differ by accents only; 0 for none.
    letters: Vec<[u8; 2]>,
}

fn collation() -> &'static Collation {
    static COLLATION: OnceLock<Collation> = OnceLock::new();
    COLLATION.get_or_init(|| {
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Secondary);
        // The data is compiled in; without it, code point order still gives a stable order.
        let collator = Collator::try_new(CollatorPreferences::default(), options).ok();
        let mut made = Collation { collator, rank: [0; 256], letters: Vec::new() };
        let mut printable: Vec<u8> = (b' '..=b'~').collect();
        let order = |a: &u8, b: &u8| {
            made.full(char::from(*a).encode_utf8(&mut [0; 4]), char::from(*b).encode_utf8(&mut [0; 4]))
        };
        printable.sort_by(order);
        let mut rank = [0u8; 256];
        let mut next = END;
        for (i, byte) in printable.iter().enumerate() {
            if i == 0 || order(&printable[i - 1], byte) != Ordering::Equal {
                next += 1;
            }
            rank[usize::from(*byte)] = next;
        }
        made.rank = rank;
        made.letters = letters(&rank);
        made
    })
}

/// See [`Collation::letters`].
fn letters(rank: &[u8; 256]) -> Vec<[u8; 2]> {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Primary);
    let Ok(collator) = Collator::try_new(CollatorPreferences::default(), options) else { return Vec::new() };
    let single = ('a'..='z').map(String::from);
    let plain: Vec<String> = single.chain(["ss", "ae", "oe", "ij"].map(String::from)).collect();
    let find = |c: u32| {
        let letter = char::from_u32(c)?.to_string();
        let found = plain.iter().find(|plain| collator.compare(&letter, plain).is_eq())?;
        let mut ranks = found.bytes().map(|byte| rank[usize::from(byte)]);
        Some([ranks.next()?, ranks.next().unwrap_or(0)])
    };
    LETTERS.map(|c| find(c).unwrap_or_default()).collect()
}

impl Collation {
    fn letter(&self, c: char) -> [u8; 2] {
        let place = u32::from(c).checked_sub(LETTERS.start);
        place.and_then(|place| self.letters.get(place as usize)).copied().unwrap_or_default()
    }

    fn full(&self, a: &str, b: &str) -> Ordering {
        self.collator.as_ref().map_or_else(|| a.cmp(b), |collator| collator.compare(a, b))
    }

    /// Rank of the character at `i`, or 0 where it may combine with what follows.
    fn safe(&self, text: &[u8], i: usize) -> u8 {
        if text.get(i + 1).is_some_and(|next| !next.is_ascii()) { 0 } else { self.rank[usize::from(text[i])] }
    }
}

/// Order of two texts.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let collation = collation();
    let (x, y) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    loop {
        let decided = match (i < x.len(), i < y.len()) {
            (false, false) => return Ordering::Equal,
            (false, true) => (END, collation.safe(y, i)),
            (true, false) => (collation.safe(x, i), END),
            (true, true) => {
                let (p, q) = (collation.rank[usize::from(x[i])], collation.rank[usize::from(y[i])]);
                if p == q && p != 0 {
                    i += 1;
                    continue;
                }
                (collation.safe(x, i), collation.safe(y, i))
            }
        };
        return if decided.0 == 0 || decided.1 == 0 {
            collation.full(a, b)
        } else {
            decided.0.cmp(&decided.1)
        };
    }
}

/// How many leading characters the two texts share, as far as ranks can tell.
pub(crate) fn shared(a: &str, b: &str) -> usize {
    let rank = &collation().rank;
    let pairs = a.bytes().zip(b.bytes());
    pairs
        .take_while(|(p, q)| rank[usize::from(*p)] == rank[usize::from(*q)] && rank[usize::from(*p)] != 0)
        .count()
}

/// What the first characters of a text say about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digits {
    /// Everything: texts with equal digits are equal.
    Whole(u128),
    /// Texts with other digits stand before or after; those with equal ones must be compared.
    Open(u128),
    /// Nothing: only the collator can judge.
    Cut,
}

/// `count` characters (at most 18) from byte `skip` on as a number that compares as the texts do, 7 bits each. `skip` must be
/// within what all texts of the sort share. Accented letters count as their letters, so they leave the text open.
pub(crate) fn digits(text: &str, skip: usize, count: u32) -> Digits {
    let collation = collation();
    let (mut code, mut made, mut is_plain) = (0u128, 0, true);
    let push = |code: u128, digit: u8| code << DIGIT | u128::from(digit);
    let bytes = text.as_bytes();
    let mut at = skip.min(bytes.len());
    // One character more than asked for is looked at: it might combine with the last one.
    while at < bytes.len() {
        let [mut first, mut second] = [collation.rank[usize::from(bytes[at])], 0];
        at += 1;
        if first == 0 {
            // No text starts within a character: what texts share is ASCII.
            let Some(c) = text.get(at - 1..).and_then(|rest| rest.chars().next()) else { return Digits::Cut };
            at += c.len_utf8() - 1;
            [first, second] = collation.letter(c);
            if first == 0 {
                return Digits::Cut;
            }
            is_plain = false;
        }
        if made == count {
            return Digits::Open(code);
        }
        (code, made) = (push(code, first), made + 1);
        if second != 0 && made < count {
            (code, made) = (push(code, second), made + 1);
        } else if second != 0 {
            is_plain = false;
        }
    }
    if made == count {
        return Digits::Open(code);
    }
    code = push(code, END) << (DIGIT * (count - made - 1));
    if is_plain { Digits::Whole(code) } else { Digits::Open(code) }
}

/// Appends the collator's sort key: bytes that compare as the texts do. False if there is no collator.
pub(crate) fn sort_key(text: &str, out: &mut Vec<u8>) -> bool {
    match &collation().collator {
        Some(collator) => collator.write_sort_key_to(text, out).is_ok(),
        None => false,
    }
}

/// The form in which texts are searched: lower case.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Whether `text` contains `needle`, which is folded.
pub(crate) fn contains(text: &str, needle: &str) -> bool {
    let Some(&first) = needle.as_bytes().first() else { return true };
    if !text.is_ascii() {
        return text.to_lowercase().contains(needle);
    }
    let (bytes, wanted) = (text.as_bytes(), needle.as_bytes());
    if wanted.len() > bytes.len() {
        return false;
    }
    let last = bytes.len() - wanted.len();
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), &bytes[..=last])
        .any(|at| bytes[at..at + wanted.len()].eq_ignore_ascii_case(wanted))
}

/// Whether `text` begins with `needle`, which is folded.
pub(crate) fn starts_with(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        let (bytes, wanted) = (text.as_bytes(), needle.as_bytes());
        return bytes.len() >= wanted.len() && bytes[..wanted.len()].eq_ignore_ascii_case(wanted);
    }
    text.to_lowercase().starts_with(needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sign(a: &str, b: &str) {
        let full = collation().full(a, b);
        assert_eq!(compare(a, b), full, "{a:?} {b:?}");
        let skip = shared(a, b);
        for (skip, count) in [(0, 18), (skip / 2, 5), (skip, 3), (skip, 1)] {
            match (digits(a, skip, count), digits(b, skip, count)) {
                (Digits::Cut, _) | (_, Digits::Cut) => {}
                (Digits::Whole(x), Digits::Whole(y)) => {
                    assert_eq!(x.cmp(&y), full, "{a:?} {b:?} from {skip}")
                }
                (Digits::Whole(x) | Digits::Open(x), Digits::Whole(y) | Digits::Open(y)) => {
                    assert!(x == y || x.cmp(&y) == full, "{a:?} {b:?} from {skip}")
                }
            }
        }
        let (mut x, mut y) = (Vec::new(), Vec::new());
        assert!(sort_key(a, &mut x) && sort_key(b, &mut y));
        assert_eq!(x.cmp(&y), full, "{a:?} {b:?} by sort keys");
    }

    #[test]
    fn as_people_expect() {
        let mut words =
            ["zebra", "Äpfel", "apple", "Apple pie", "résumé", "resume", "10", "9", "_x", "Zoo", "", "ﬁn"];
        words.sort_by(|a, b| compare(a, b));
        let expected =
            ["", "_x", "10", "9", "Äpfel", "apple", "Apple pie", "ﬁn", "resume", "résumé", "zebra", "Zoo"];
        assert_eq!(words, expected);
        assert!(compare("Abc", "aBC").is_eq());
    }

    #[test]
    fn search() {
        for (text, needle, expected) in [
            ("Frankfurt am Main", "AM m", true),
            ("Frankfurt", "furtx", false),
            ("ÄPFEL", "äpf", true),
            ("x", "", true),
            ("", "x", false),
        ] {
            assert_eq!(contains(text, &fold(needle)), expected, "{text} {needle}");
        }
        assert!(starts_with("Übung", &fold("ÜB")) && !starts_with("ab", "abc"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn same_as_the_collator(a in "[ -~]{0,24}", b in "[ -~]{0,24}", c in "[a-cA-C .\u{e9}\u{301}\u{b7}lL\t]{0,6}", d in "[a-cA-C .\u{e9}\u{301}\u{b7}lL\t]{0,6}") {
            sign(&a, &b);
            sign(&c, &d);
            sign(&format!("{a}{c}"), &format!("{a}{d}"));
            sign(&format!("{a}{c}"), &a);
        }

        #[test]
        fn latin(a in "[a-zA-Z \u{c0}-\u{24f}\u{301}]{0,6}", b in "[a-zA-Z \u{c0}-\u{24f}\u{301}]{0,6}", c in "[aouA\u{e4}\u{f6}\u{df}\u{e6}s]{0,5}", d in "[aouA\u{e4}\u{f6}\u{df}\u{e6}s]{0,5}") {
            sign(&a, &b);
            sign(&c, &d);
        }

        #[test]
        fn any_text(a in "\\PC{0,8}", b in "\\PC{0,8}") {
            sign(&a, &b);
        }
    }
}
