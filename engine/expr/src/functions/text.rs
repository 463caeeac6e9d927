//! Text functions. Positions and lengths count Unicode scalar values, from 1. Case is ignored by lower-casing both
//! sides (Unicode, no language rules).

use super::operators::join;
use super::{
    BASE, Call, Family, FnDef, Kernel, NUMBER, NullRule, SIGNATURE, TEXT, optional, required, text_value,
};
use crate::types::{Default, Returns, Signature, Type};
use crate::value::{ErrorKind, MAX_TEXT_BYTES, Value};

pub(super) const TEXTS: FnDef = FnDef {
    family: Family::Text,
    signature: Signature { params: &[required("text", TEXT)], returns: Returns::Is(Type::Text), ..SIGNATURE },
    ..BASE
};

const SEARCHING: Signature = Signature {
    params: &[
        required("search", TEXT),
        required("text", TEXT),
        optional("start", NUMBER, Default::Number(1.0)),
    ],
    returns: Returns::Is(Type::Number),
    ..SIGNATURE
};

const TESTING: FnDef = FnDef {
    signature: Signature {
        params: &[required("text", TEXT), required("search", TEXT)],
        returns: Returns::Is(Type::Bool),
        ..SIGNATURE
    },
    nulls: NullRule::See,
    ..TEXTS
};

pub(super) const PART: Signature = Signature {
    params: &[required("text", TEXT), optional("count", NUMBER, Default::Number(1.0))],
    returns: Returns::Is(Type::Text),
    ..SIGNATURE
};

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "CONCAT",
        aliases: &["CONCATENATE"],
        signature: Signature {
            group: &[required("value", TEXT)],
            group_min: 1,
            returns: Returns::Is(Type::Text),
            ..SIGNATURE
        },
        nulls: NullRule::See,
        kernel: Kernel::General(join),
        doc: "All values as one text, as with &. Blank adds nothing.",
        examples: &[(r#"CONCAT("a", 1, TRUE)"#, r#""a1TRUE""#), (r#""a" & BLANK() & "b""#, r#""ab""#)],
        ..TEXTS
    },
    FnDef {
        name: "LEN",
        signature: Signature { returns: Returns::Is(Type::Number), ..TEXTS.signature },
        nulls: NullRule::See,
        kernel: Kernel::General(|call| Ok(Value::Number(call.text(0)?.chars().count() as f64))),
        doc: "Number of characters; 0 for blank.",
        examples: &[(r#"LEN("Zürich")"#, "6"), ("LEN(BLANK())", "0")],
        ..TEXTS
    },
    FnDef {
        name: "LOWER",
        kernel: Kernel::Text1(str::to_lowercase),
        doc: "The text in small letters.",
        examples: &[(r#"LOWER("Zürich HB")"#, r#""zürich hb""#)],
        ..TEXTS
    },
    FnDef {
        name: "UPPER",
        kernel: Kernel::Text1(str::to_uppercase),
        doc: "The text in capitals.",
        examples: &[(r#"UPPER("zürich")"#, r#""ZÜRICH""#)],
        ..TEXTS
    },
    FnDef {
        name: "TRIM",
        kernel: Kernel::Text1(|text| text.trim().to_owned()),
        doc: "The text without white space at its ends.",
        examples: &[(r#"TRIM("  a b ")"#, r#""a b""#)],
        ..TEXTS
    },
    FnDef {
        name: "LEFT",
        signature: PART,
        kernel: Kernel::General(|call| Ok(Value::text(take(call.text(0)?, call.count(1)?)))),
        doc: "The first characters of a text.",
        examples: &[
            (r#"LEFT("abc", 2)"#, r#""ab""#),
            (r#"LEFT("abc")"#, r#""a""#),
            (r#"LEFT("a", 9)"#, r#""a""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "RIGHT",
        signature: PART,
        kernel: Kernel::General(|call| {
            let text = call.text(0)?;
            let skipped = text.chars().count().saturating_sub(call.count(1)?);
            Ok(Value::text(skip(text, skipped)))
        }),
        doc: "The last characters of a text.",
        examples: &[(r#"RIGHT("abc", 2)"#, r#""bc""#)],
        ..TEXTS
    },
    FnDef {
        name: "MID",
        signature: Signature {
            params: &[required("text", TEXT), required("start", NUMBER), required("count", NUMBER)],
            ..PART
        },
        kernel: Kernel::General(|call| {
            let rest = skip(call.text(0)?, start(call, 1)?);
            Ok(Value::text(take(rest, call.count(2)?)))
        }),
        doc: "So many characters of a text, from a position on.",
        examples: &[(r#"MID("abcdef", 2, 3)"#, r#""bcd""#), (r#"MID("abc", 0, 1)"#, "#argument")],
        ..TEXTS
    },
    FnDef {
        name: "FIND",
        signature: SEARCHING,
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            let from = from(call, 2)?;
            Ok(Value::Number(position(call.text(0)?, call.text(1)?, from, str::to_owned) as f64))
        }),
        doc: "Position of a text in another, capitals included; 0 if it is not there.",
        examples: &[
            (r#"FIND("c", "abc")"#, "3"),
            (r#"FIND("C", "abc")"#, "0"),
            (r#"FIND("a", "banana", 3)"#, "4"),
        ],
        ..TEXTS
    },
    FnDef {
        name: "SEARCH",
        signature: SEARCHING,
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            let from = from(call, 2)?;
            Ok(match position(call.text(0)?, call.text(1)?, from, str::to_lowercase) {
                0 => Value::Null,
                at => Value::Number(at as f64),
            })
        }),
        doc: "Position of a text in another, capitals or not; blank if it is not there.",
        examples: &[(r#"SEARCH("C", "abc")"#, "3"), (r#"SEARCH("x", "abc")"#, "BLANK()")],
        ..TEXTS
    },
    FnDef {
        name: "CONTAINS",
        kernel: Kernel::TextTest(contains_ignoring_case),
        doc: "TRUE if the text has the other in it, capitals or not.",
        examples: &[
            (r#"CONTAINS("Berlin Tegel", "berlin")"#, "TRUE"),
            (r#"CONTAINS("ÉTÉ", "été")"#, "TRUE"),
            (r#"CONTAINS(BLANK(), "x")"#, "FALSE"),
        ],
        ..TESTING
    },
    FnDef {
        name: "STARTS_WITH",
        aliases: &["STARTSWITH"],
        kernel: Kernel::TextTest(starts_ignoring_case),
        doc: "TRUE if the text begins with the other, capitals or not.",
        examples: &[
            (r#"STARTS_WITH("Berlin", "BER")"#, "TRUE"),
            (r#"STARTS_WITH("Berlin", "lin")"#, "FALSE"),
        ],
        ..TESTING
    },
    FnDef {
        name: "ENDS_WITH",
        aliases: &["ENDSWITH"],
        kernel: Kernel::TextTest(ends_ignoring_case),
        doc: "TRUE if the text ends with the other, capitals or not.",
        examples: &[(r#"ENDS_WITH("photo.JPG", ".jpg")"#, "TRUE"), (r#"ENDS_WITH("a", "ba")"#, "FALSE")],
        ..TESTING
    },
    FnDef {
        name: "SUBSTITUTE",
        signature: Signature {
            params: &[
                required("text", TEXT),
                required("old", TEXT),
                required("new", TEXT),
                optional("occurrence", NUMBER, Default::Number(0.0)),
            ],
            returns: Returns::Is(Type::Text),
            ..SIGNATURE
        },
        nulls: NullRule::See,
        kernel: Kernel::General(substitute),
        doc: "The text with each occurrence of another replaced, capitals included; with a number, only that one.",
        examples: &[
            (r#"SUBSTITUTE("a-b-c", "-", "+")"#, r#""a+b+c""#),
            (r#"SUBSTITUTE("a-b-c", "-", "", 2)"#, r#""a-bc""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "REPT",
        signature: Signature {
            params: &[required("text", TEXT), required("count", NUMBER)],
            returns: Returns::Is(Type::Text),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            let (text, count) = (call.text(0)?, call.count(1)?);
            if text.len().saturating_mul(count) > MAX_TEXT_BYTES {
                return Err(ErrorKind::TooLong);
            }
            Ok(Value::text(text.repeat(count)))
        }),
        doc: "The text so many times.",
        examples: &[(r#"REPT("ab", 3)"#, r#""ababab""#), (r#"REPT("x", 1e9)"#, "#too_long")],
        ..TEXTS
    },
    FnDef {
        name: "EXACT",
        kernel: Kernel::TextTest(|a, b| a == b),
        doc: "TRUE if both texts are the same, capitals included.",
        examples: &[(r#"EXACT("a", "a")"#, "TRUE"), (r#"EXACT("a", "A")"#, "FALSE")],
        ..TESTING
    },
];

pub(super) fn take(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

pub(super) fn skip(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((at, _)) => &text[at..],
        None => "",
    }
}

/// Argument `at`, a position from 1, as a number of characters to skip.
pub(super) fn start(call: &Call<'_>, at: usize) -> Result<usize, ErrorKind> {
    call.count(at)?.checked_sub(1).ok_or(ErrorKind::Argument)
}

/// Argument `at`, a position from 1 as a number of characters to skip; blank and 0 are the beginning.
pub(super) fn from(call: &Call<'_>, at: usize) -> Result<usize, ErrorKind> {
    if call.is_null(at) { Ok(0) } else { Ok(call.count(at)?.saturating_sub(1)) }
}

/// Position from 1 of `search` in `text` behind `from` characters, or 0.
fn position(search: &str, text: &str, from: usize, fold: fn(&str) -> String) -> usize {
    let (search, rest) = (fold(search), skip(text, from));
    if rest.is_empty() {
        return usize::from(search.is_empty() && from == 0);
    }
    // Character by character, so that a letter whose lower case is longer keeps its one position.
    let mut bytes = 0;
    let folded = fold(rest);
    let Some(found) = folded.find(&search) else { return 0 };
    for (index, c) in rest.chars().enumerate() {
        if bytes >= found {
            return from + index + 1;
        }
        bytes += fold(c.encode_utf8(&mut [0; 4])).len();
    }
    from + rest.chars().count()
}

fn starts_ignoring_case(text: &str, search: &str) -> bool {
    match (text.is_ascii() && search.is_ascii(), text.as_bytes().get(..search.len())) {
        (true, head) => head.is_some_and(|head| head.eq_ignore_ascii_case(search.as_bytes())),
        (false, _) => text.to_lowercase().starts_with(&search.to_lowercase()),
    }
}

fn ends_ignoring_case(text: &str, search: &str) -> bool {
    if text.is_ascii() && search.is_ascii() {
        let tail = text.len().checked_sub(search.len()).map(|at| &text.as_bytes()[at..]);
        return tail.is_some_and(|tail| tail.eq_ignore_ascii_case(search.as_bytes()));
    }
    text.to_lowercase().ends_with(&search.to_lowercase())
}

/// ASCII needs no copy: candidates are found by the first letter.
fn contains_ignoring_case(text: &str, search: &str) -> bool {
    let Some((first, rest)) = search.as_bytes().split_first() else { return true };
    if !(text.is_ascii() && search.is_ascii()) {
        return text.to_lowercase().contains(&search.to_lowercase());
    }
    let first = first.to_ascii_lowercase();
    let Some(last) = text.len().checked_sub(search.len()) else { return false };
    text.as_bytes()[..=last].iter().enumerate().any(|(at, byte)| {
        byte.to_ascii_lowercase() == first
            && text.as_bytes()[at + 1..at + search.len()].eq_ignore_ascii_case(rest)
    })
}

fn substitute(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (text, old, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let which = if *call.arg(3) == Value::Null { 0 } else { call.count(3)? };
    if old.is_empty() {
        return text_value(text.to_owned());
    }
    if which > 0 {
        return text_value(match text.match_indices(old).nth(which - 1) {
            Some((at, _)) => [&text[..at], new, &text[at + old.len()..]].concat(),
            None => text.to_owned(),
        });
    }
    let count = text.matches(old).count();
    if (text.len() - count * old.len()).saturating_add(count.saturating_mul(new.len())) > MAX_TEXT_BYTES {
        return Err(ErrorKind::TooLong);
    }
    text_value(text.replace(old, new))
}
