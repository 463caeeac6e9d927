//! Text functions that build a new text: padding, splitting, joining, encoding, hashing.

use super::number::separated;
use super::text::{PART, TEXTS, from, skip, start, take};
use super::{
    ANY, Call, Default, FnDef, Kernel, NUMBER, NullRule, Signature, TEXT, Type, optional, required, takes,
    takes_many, text_value,
};
use crate::value::{ErrorKind, MAX_LIST_ITEMS, MAX_TEXT_BYTES, Value};
use data_encoding::{BASE64, HEXLOWER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What RFC 3986 does not call unreserved.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const PADDING: Signature = takes(
    &[required("text", TEXT), required("length", NUMBER), optional("filler", TEXT, Default::Text(" "))],
    Type::Text,
);

const CUTTING: Signature = takes(&[required("text", TEXT), required("search", TEXT)], Type::Text);

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "T",
        signature: takes(&[required("value", ANY)], Type::Text),
        kernel: Kernel::General(|call| {
            Ok(if matches!(call.arg(0), Value::Text(_)) { call.arg(0).clone() } else { Value::Null })
        }),
        doc: "The value if it is a text, else blank.",
        examples: &[(r#"T("a")"#, r#""a""#), ("T(1)", "BLANK()")],
        ..TEXTS
    },
    FnDef {
        name: "REPLACE",
        signature: takes(
            &[
                required("text", TEXT),
                required("start", NUMBER),
                required("count", NUMBER),
                required("new", TEXT),
            ],
            Type::Text,
        ),
        nulls: NullRule::See,
        kernel: Kernel::General(replace),
        doc: "The text with so many characters, from a position on, replaced by another text.",
        examples: &[
            (r#"REPLACE("abcdef", 2, 3, "-")"#, r#""a-ef""#),
            (r#"REPLACE("abc", 9, 1, "!")"#, r#""abc!""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "TITLE",
        aliases: &["PROPER"],
        kernel: Kernel::Text1(title),
        doc: "The text with a capital at the beginning of each word, and small letters behind it.",
        examples: &[(r#"TITLE("van der BERG")"#, r#""Van Der Berg""#), (r#"TITLE("o'neil")"#, r#""O'neil""#)],
        ..TEXTS
    },
    FnDef {
        name: "SENTENCE",
        kernel: Kernel::Text1(|text| {
            let first = take(text, 1);
            first.to_uppercase() + &text[first.len()..].to_lowercase()
        }),
        doc: "The text in small letters, with a capital at its beginning.",
        examples: &[(r#"SENTENCE("HELLO World")"#, r#""Hello world""#)],
        ..TEXTS
    },
    FnDef {
        name: "CLEAN",
        kernel: Kernel::Text1(|text| {
            let kept: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            kept.split_whitespace().collect::<Vec<_>>().join(" ")
        }),
        doc: "The text on one line: line breaks and every run of white space become one space, none at the ends.",
        examples: &[(r#"CLEAN("  a \n  b ")"#, r#""a b""#)],
        ..TEXTS
    },
    FnDef {
        name: "PAD_START",
        aliases: &["LPAD"],
        signature: PADDING,
        kernel: Kernel::General(|call| Ok(Value::text(padding(call)? + call.text(0)?))),
        doc: "The text with a filler before it, so that it has at least this many characters.",
        examples: &[(r#"PAD_START(7, 3, "0")"#, r#""007""#), (r#"PAD_START("abcd", 3)"#, r#""abcd""#)],
        ..TEXTS
    },
    FnDef {
        name: "PAD_END",
        aliases: &["RPAD"],
        signature: PADDING,
        kernel: Kernel::General(|call| Ok(Value::text(call.text(0)?.to_owned() + &padding(call)?))),
        doc: "The text with a filler behind it, so that it has at least this many characters.",
        examples: &[(r#"PAD_END("ab", 5, ".-")"#, r#""ab.-.""#)],
        ..TEXTS
    },
    FnDef {
        name: "REVERSE",
        kernel: Kernel::Text1(|text| text.chars().rev().collect()),
        doc: "The characters in opposite order.",
        examples: &[(r#"REVERSE("abc")"#, r#""cba""#)],
        ..TEXTS
    },
    FnDef {
        name: "SPLIT",
        signature: takes(
            &[required("text", TEXT), optional("separator", TEXT, Default::Text(","))],
            Type::List,
        ),
        kernel: Kernel::General(split),
        doc: "The parts of a text between separators, as a list; with an empty separator its characters.",
        examples: &[
            (r#"SPLIT("a,b,,c")"#, r#"["a", "b", "", "c"]"#),
            (r#"SPLIT("a - b", " - ")"#, r#"["a", "b"]"#),
            (r#"SPLIT("abc", "")"#, r#"["a", "b", "c"]"#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "JOIN",
        aliases: &["TEXTJOIN"],
        signature: Signature {
            params: &[required("separator", TEXT)],
            ..takes_many(&[required("value", ANY)], Type::Text)
        },
        nulls: NullRule::See,
        kernel: Kernel::General(join_filled),
        doc: "All values that are not blank as one text, with a separator between them; lists value by value.",
        examples: &[
            (r#"JOIN(", ", "a", BLANK(), 3)"#, r#""a, 3""#),
            (r#"JOIN("-", SPLIT("x,y"), "z")"#, r#""x-y-z""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "TEXT_BEFORE",
        signature: CUTTING,
        kernel: Kernel::General(|call| {
            let (text, search) = (call.text(0)?, call.text(1)?);
            Ok(Value::text(text.split_once(search).map_or(text, |(before, _)| before)))
        }),
        doc: "The part of a text before another, capitals included; all of it if that is not there.",
        examples: &[(r#"TEXT_BEFORE("ana@example.org", "@")"#, r#""ana""#)],
        ..TEXTS
    },
    FnDef {
        name: "TEXT_AFTER",
        signature: CUTTING,
        kernel: Kernel::General(|call| {
            Ok(Value::text(call.text(0)?.split_once(call.text(1)?).map_or("", |(_, after)| after)))
        }),
        doc: "The part of a text behind another, capitals included; an empty text if that is not there.",
        examples: &[(r#"TEXT_AFTER("ana@example.org", "@")"#, r#""example.org""#)],
        ..TEXTS
    },
    FnDef {
        name: "OCCURRENCES",
        signature: takes(&[required("text", TEXT), required("search", TEXT)], Type::Number),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            let search = call.text(1)?;
            let count = if search.is_empty() { 0 } else { call.text(0)?.matches(search).count() };
            Ok(Value::Number(count as f64))
        }),
        doc: "How often a text stands in another, capitals included, without overlaps.",
        examples: &[(r#"OCCURRENCES("banana", "an")"#, "2"), (r#"OCCURRENCES("a", "")"#, "0")],
        ..TEXTS
    },
    FnDef {
        name: "WORDS",
        signature: takes(&[required("text", TEXT)], Type::Number),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| Ok(Value::Number(call.text(0)?.split_whitespace().count() as f64))),
        doc: "Number of words; 0 for blank.",
        examples: &[(r#"WORDS("two  words")"#, "2")],
        ..TEXTS
    },
    FnDef {
        name: "SLUG",
        kernel: Kernel::Text1(slug),
        doc: "The text as part of an address: small letters and digits, everything else a hyphen.",
        examples: &[(r#"SLUG("Bread & Butter, 2nd")"#, r#""bread-butter-2nd""#)],
        ..TEXTS
    },
    FnDef {
        name: "CHAR",
        signature: takes(&[required("code", NUMBER)], Type::Text),
        kernel: Kernel::General(|call| {
            let code = u32::try_from(call.count(0)?).ok().and_then(char::from_u32);
            code.map(|c| Value::text(c.to_string())).ok_or(ErrorKind::Argument)
        }),
        doc: "The character with this Unicode number.",
        examples: &[("CHAR(65)", r#""A""#), ("CHAR(55296)", "#argument")],
        ..TEXTS
    },
    FnDef {
        name: "CODE",
        signature: takes(&[required("text", TEXT)], Type::Number),
        kernel: Kernel::General(|call| {
            let first = call.text(0)?.chars().next();
            Ok(first.map_or(Value::Null, |c| Value::Number(u32::from(c).into())))
        }),
        doc: "The Unicode number of the first character; blank for an empty text.",
        examples: &[(r#"CODE("A")"#, "65"), (r#"CODE("")"#, "BLANK()")],
        ..TEXTS
    },
    FnDef {
        name: "ENCODE_URL_COMPONENT",
        kernel: Kernel::Text1(|text| utf8_percent_encode(text, COMPONENT).to_string()),
        doc: "The text as part of an address: all but letters, digits and - _ . ~ as %XX.",
        examples: &[(r#"ENCODE_URL_COMPONENT("a b/ü~")"#, r#""a%20b%2F%C3%BC~""#)],
        ..TEXTS
    },
    FnDef {
        name: "DECODE_URL_COMPONENT",
        kernel: Kernel::General(|call| match percent_decode_str(call.text(0)?).decode_utf8() {
            Ok(text) => Ok(Value::text(text.as_ref())),
            Err(_) => Err(ErrorKind::Convert),
        }),
        doc: "The text with every %XX turned back.",
        examples: &[
            (r#"DECODE_URL_COMPONENT("a%20b")"#, r#""a b""#),
            (r#"DECODE_URL_COMPONENT("%FF")"#, "#convert"),
        ],
        ..TEXTS
    },
    FnDef {
        name: "BASE64_ENCODE",
        kernel: Kernel::Text1(|text| BASE64.encode(text.as_bytes())),
        doc: "The text's UTF-8 bytes in base 64.",
        examples: &[(r#"BASE64_ENCODE("añb")"#, r#""YcOxYg==""#)],
        ..TEXTS
    },
    FnDef {
        name: "BASE64_DECODE",
        kernel: Kernel::General(|call| {
            let bytes = BASE64.decode(call.text(0)?.trim().as_bytes()).map_err(|_| ErrorKind::Convert)?;
            String::from_utf8(bytes).map(Value::text).map_err(|_| ErrorKind::Convert)
        }),
        doc: "The text whose UTF-8 bytes are given in base 64.",
        examples: &[(r#"BASE64_DECODE("YcOxYg==")"#, r#""añb""#), (r#"BASE64_DECODE("?")"#, "#convert")],
        ..TEXTS
    },
    FnDef {
        name: "HASH",
        kernel: Kernel::Text1(|text| HEXLOWER.encode(&Sha256::digest(text.as_bytes()))),
        doc: "The SHA-256 of the text's UTF-8 bytes, in hexadecimal.",
        examples: &[(
            r#"HASH("a")"#,
            r#""ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb""#,
        )],
        ..TEXTS
    },
    FnDef {
        name: "FORMAT_NUMBER",
        aliases: &["FIXED"],
        signature: takes(
            &[
                required("number", NUMBER),
                optional("digits", NUMBER, Default::Number(0.0)),
                optional("thousands", TEXT, Default::Text(",")),
                optional("point", TEXT, Default::Text(".")),
            ],
            Type::Text,
        ),
        kernel: Kernel::General(|call| {
            let digits = call.number(1)?.trunc().clamp(0.0, 20.0);
            Ok(Value::text(separated(call.number(0)?, digits, call.text(2)?, call.text(3)?)))
        }),
        doc: "The number rounded, with so many digits after the point and a separator between thousands.",
        examples: &[
            ("FORMAT_NUMBER(1234567.891, 2)", r#""1,234,567.89""#),
            (r#"FORMAT_NUMBER(1234.5, 2, "'", ",")"#, r#""1'234,50""#),
            ("FORMAT_NUMBER(-0.4)", r#""0""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "STRIP",
        signature: takes(&[required("text", TEXT), required("characters", TEXT)], Type::Text),
        kernel: Kernel::General(|call| {
            let characters = call.text(1)?;
            let kept = call.text(0)?.chars().filter(|c| !characters.contains(*c));
            Ok(Value::text(kept.collect::<String>()))
        }),
        doc: "The text without any of these characters.",
        examples: &[(r#"STRIP("+41 (0)44", " ()+")"#, r#""41044""#)],
        ..TEXTS
    },
    FnDef {
        name: "TRUNCATE",
        signature: Signature {
            params: &[
                required("text", TEXT),
                required("length", NUMBER),
                optional("ending", TEXT, Default::Text("…")),
            ],
            ..PART
        },
        kernel: Kernel::General(|call| {
            let (text, length, ending) = (call.text(0)?, call.count(1)?, call.text(2)?);
            if skip(text, length).is_empty() {
                return Ok(Value::text(text));
            }
            let kept = length.saturating_sub(ending.chars().count());
            Ok(Value::text(take(text, kept).trim_end().to_owned() + take(ending, length)))
        }),
        doc: "The text cut to this many characters, an ending included, if it is longer.",
        examples: &[(r#"TRUNCATE("a long text", 7)"#, r#""a long…""#), (r#"TRUNCATE("abc", 3)"#, r#""abc""#)],
        ..TEXTS
    },
    FnDef {
        name: "TEXT_BETWEEN",
        signature: takes(
            &[
                required("text", TEXT),
                required("opening", TEXT),
                required("closing", TEXT),
                optional("start", NUMBER, Default::Number(1.0)),
            ],
            Type::Text,
        ),
        kernel: Kernel::General(|call| {
            let rest = skip(call.text(0)?, from(call, 3)?);
            let inner = rest.split_once(call.text(1)?).map(|(_, rest)| rest);
            let inner = inner.and_then(|rest| rest.split_once(call.text(2).unwrap_or("")));
            Ok(inner.map_or(Value::Null, |(inner, _)| Value::text(inner)))
        }),
        doc: "The first part of a text between an opening and a closing text; blank if there is none.",
        examples: &[
            (r#"TEXT_BETWEEN("Oslo (OSL) 10:30", "(", ")")"#, r#""OSL""#),
            (r#"TEXT_BETWEEN("a", "(", ")")"#, "BLANK()"),
        ],
        ..TEXTS
    },
    FnDef {
        name: "LINES",
        signature: takes(&[required("text", TEXT)], Type::List),
        kernel: Kernel::General(|call| {
            let lines = call.text(0)?.lines().take(MAX_LIST_ITEMS + 1);
            Ok(Value::list(lines.map(Value::text).collect::<Vec<_>>()))
        }),
        doc: "The lines of a text, as a list.",
        examples: &[(r#"LINES("a\nb")"#, r#"["a", "b"]"#)],
        ..TEXTS
    },
    FnDef {
        name: "TO_TEXT",
        signature: takes(&[required("value", TEXT)], Type::Text),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| Ok(Value::text(call.text(0)?))),
        doc: "Any value as a text, as & writes it; an empty text for blank.",
        examples: &[("TO_TEXT(1.50)", r#""1.5""#), ("TO_TEXT(BLANK())", r#""""#)],
        ..TEXTS
    },
];

fn replace(call: &Call<'_>) -> Result<Value, ErrorKind> {
    if call.is_null(1) || call.is_null(2) {
        return Ok(Value::Null);
    }
    let text = call.text(0)?;
    let head = take(text, start(call, 1)?);
    let tail = skip(&text[head.len()..], call.count(2)?);
    text_value([head, call.text(3)?, tail].concat())
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match (c.is_alphanumeric() || (inside && c == '\''), inside) {
            (true, true) => out.extend(c.to_lowercase()),
            (true, false) => out.extend(c.to_uppercase()),
            (false, _) => out.push(c),
        }
        inside = c.is_alphanumeric() || (inside && c == '\'');
    }
    out
}

/// What stands before or behind a text that is too short.
fn padding(call: &Call<'_>) -> Result<String, ErrorKind> {
    let missing = call.count(1)?.saturating_sub(call.text(0)?.chars().count());
    let filler = call.text(2)?;
    if missing > MAX_TEXT_BYTES {
        return Err(ErrorKind::TooLong);
    }
    Ok(if filler.is_empty() { String::new() } else { filler.chars().cycle().take(missing).collect() })
}

fn split(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (text, separator) = (call.text(0)?, call.text(1)?);
    let most = MAX_LIST_ITEMS + 1; // one more than fits says that it is too long
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().take(most).map(|c| Value::text(c.to_string())).collect()
    } else {
        text.split(separator).take(most).map(Value::text).collect()
    };
    Ok(Value::list(parts))
}

fn join_filled(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let separator = call.text(0)?;
    let mut out = String::new();
    for (index, value) in super::list::flat(call, 1).filter(|value| !value.is_blank()).enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        write!(out, "{value}").map_err(|_| ErrorKind::TooLong)?;
        if out.len() > MAX_TEXT_BYTES {
            return Err(ErrorKind::TooLong);
        }
    }
    Ok(Value::text(out))
}

fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
