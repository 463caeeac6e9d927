//! Regular expressions, by an engine whose time is linear in the text: no look-around and no back-references. How
//! large a pattern may be is bounded twice: as a text and as a program.

use super::text::TEXTS;
use super::{FnDef, Kernel, NullRule, TEXT, Type, required, takes, text_value};
use crate::functions::{Call, Param, ParamType};
use crate::value::{ErrorKind, MAX_TEXT_BYTES, Value};
use regex::{Regex, RegexBuilder};

/// Longest regular expression, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1_000;
/// Most memory of a compiled regular expression, in bytes.
pub const MAX_PATTERN_MEMORY: usize = 1 << 20;
/// The first limit that is tried of one whose size is asked for; eight times as much follows, until it fits.
const LEAST_MEMORY: usize = MAX_PATTERN_MEMORY / 64;
/// What compiling a pattern that is not a literal costs for each row.
pub(crate) const COMPILE_STEPS: usize = 50_000;

/// Why a pattern can't be used.
#[derive(Debug)]
pub enum Refused {
    /// More than [`MAX_PATTERN_BYTES`] or [`MAX_PATTERN_MEMORY`] allow.
    TooLarge,
    /// What is wrong, in one line.
    Syntax(String),
}

/// Compiles a pattern within the limits.
pub(crate) fn compile(pattern: &str) -> Result<Regex, Refused> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(Refused::TooLarge);
    }
    built(pattern, MAX_PATTERN_MEMORY)
}

/// The same for one that has to match a whole text, by itself; with the bytes that it takes at most.
///
/// # Errors
/// Too large a pattern, or none.
pub fn compile_whole(pattern: &str) -> Result<(Regex, usize), Refused> {
    // By itself first: a bracket in it could close the one around it.
    compile(pattern)?;
    let whole = format!(r"\A(?:{pattern})\z");
    // The engine does not say how large a program is, but whether it is larger than a limit.
    let mut bytes = LEAST_MEMORY;
    loop {
        match built(&whole, bytes) {
            Err(Refused::TooLarge) if bytes < MAX_PATTERN_MEMORY => bytes *= 8,
            done => return done.map(|regex| (regex, bytes)),
        }
    }
}

fn built(pattern: &str, bytes: usize) -> Result<Regex, Refused> {
    let built = RegexBuilder::new(pattern)
        .size_limit(bytes)
        .dfa_size_limit(MAX_PATTERN_MEMORY)
        .nest_limit(50)
        .build();
    built.map_err(|error| match error {
        regex::Error::Syntax(text) => {
            let last = text.lines().last().unwrap_or_default().trim();
            Refused::Syntax(last.strip_prefix("error: ").unwrap_or(last).to_owned())
        }
        _ => Refused::TooLarge,
    })
}

const PATTERN: Param = required("pattern", ParamType::Pattern);

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "REGEX_MATCH",
        signature: takes(&[required("text", TEXT), PATTERN], Type::Bool),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| Ok(Value::Bool(call.pattern(1)?.is_match(call.text(0)?)))),
        doc: "TRUE if a part of the text matches the regular expression.",
        examples: &[
            (r#"REGEX_MATCH("LX 318", "^[A-Z]{2} \\d+$")"#, "TRUE"),
            (r#"REGEX_MATCH("abc", "(?i)B")"#, "TRUE"),
            (r#"REGEX_MATCH("abc", "d")"#, "FALSE"),
        ],
        ..TEXTS
    },
    FnDef {
        name: "REGEX_EXTRACT",
        signature: takes(&[required("text", TEXT), PATTERN], Type::Text),
        kernel: Kernel::General(|call| {
            let text = call.text(0)?;
            let Some(found) = call.pattern(1)?.captures(text) else { return Ok(Value::Null) };
            let part = found.get(1).or_else(|| found.get(0));
            Ok(part.map_or(Value::Null, |part| Value::text(part.as_str())))
        }),
        doc: "The first part of the text that matches the regular expression, or its first group if it has one; \
              blank if nothing matches.",
        examples: &[
            (r#"REGEX_EXTRACT("order 4711 of 12", "\\d+")"#, r#""4711""#),
            (r#"REGEX_EXTRACT("a=1; b=2", "b=(\\d)")"#, r#""2""#),
            (r#"REGEX_EXTRACT("abc", "\\d")"#, "BLANK()"),
        ],
        ..TEXTS
    },
    FnDef {
        name: "REGEX_EXTRACT_ALL",
        signature: takes(&[required("text", TEXT), PATTERN], Type::List),
        kernel: Kernel::General(|call| {
            let regex = call.pattern(1)?;
            let found = regex.find_iter(call.text(0)?).take(crate::value::MAX_LIST_ITEMS + 1);
            Ok(Value::list(found.map(|part| Value::text(part.as_str())).collect::<Vec<_>>()))
        }),
        doc: "All parts of the text that match the regular expression, as a list.",
        examples: &[(r#"REGEX_EXTRACT_ALL("a1b22", "\\d+")"#, r#"["1", "22"]"#)],
        ..TEXTS
    },
    FnDef {
        name: "REGEX_REPLACE",
        signature: takes(&[required("text", TEXT), PATTERN, required("replacement", TEXT)], Type::Text),
        nulls: NullRule::See,
        kernel: Kernel::General(replace),
        doc: "The text with each part that matches the regular expression replaced; `$1` in the replacement is what \
              the first group matched, `$$` a dollar sign.",
        examples: &[
            (r#"REGEX_REPLACE("a1b22", "\\d+", "-")"#, r#""a-b-""#),
            (r#"REGEX_REPLACE("Ada Lovelace", "(\\w+) (\\w+)", "$2, $1")"#, r#""Lovelace, Ada""#),
        ],
        ..TEXTS
    },
    FnDef {
        name: "REGEX_COUNT",
        signature: takes(&[required("text", TEXT), PATTERN], Type::Number),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            Ok(Value::Number(call.pattern(1)?.find_iter(call.text(0)?).count() as f64))
        }),
        doc: "How many parts of the text match the regular expression.",
        examples: &[(r#"REGEX_COUNT("a1b22", "\\d+")"#, "2")],
        ..TEXTS
    },
];

/// By hand, so that the result stops growing at its limit.
fn replace(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (text, regex, replacement) = (call.text(0)?, call.pattern(1)?, call.text(2)?);
    let (mut out, mut at) = (String::new(), 0);
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[at..whole.start()]);
        found.expand(replacement, &mut out);
        at = whole.end();
        if out.len() > MAX_TEXT_BYTES {
            return Err(ErrorKind::TooLong);
        }
    }
    out.push_str(&text[at..]);
    text_value(out)
}
