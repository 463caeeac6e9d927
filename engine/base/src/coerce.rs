//! From input to stored values, for everything that needs no look at other records: strict JSON forms and, for
//! `typecast` and imports, texts that a person would write.

use crate::cell::Cell;
use crate::command::CellCode;
use crate::schema::{Choice, FieldKind, same_name};
use crate::time;
use serde_json::Value;

/// What is wrong with a value: the code and a sentence for people.
pub type Refusal = (CellCode, String);

fn wrong(expected: &str, got: &Value) -> Refusal {
    let got = match got {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    (CellCode::WrongType, format!("Expected {expected}, got {got}."))
}

fn invalid(detail: impl Into<String>) -> Refusal {
    (CellCode::InvalidValue, detail.into())
}

/// A value in its strict JSON form. Not for links and (unless they exist) choices: those need the base.
pub(crate) fn strict(kind: &FieldKind, value: &Value) -> Result<Cell, Refusal> {
    if value.is_null() {
        return Ok(Cell::Empty);
    }
    match kind {
        FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Url => match value {
            Value::String(text) => free_text(kind, text),
            other => Err(wrong("a text", other)),
        },
        FieldKind::Number { .. } => match value {
            Value::Number(number) => number_cell(number.as_f64().unwrap_or(f64::NAN)),
            other => Err(wrong("a number", other)),
        },
        FieldKind::Checkbox => match value {
            Value::Bool(ticked) => Ok(if *ticked { Cell::True } else { Cell::Empty }),
            other => Err(wrong("true or false", other)),
        },
        FieldKind::Date => match value {
            Value::String(text) if text.is_empty() => Ok(Cell::Empty),
            Value::String(text) => match time::parse_day(text).or_else(|| day_of_instant(text)) {
                Some(day) => Ok(Cell::text(time::day_text(day))),
                None => Err(invalid(format!("{} is not a day; write 2026-11-21.", shown(text)))),
            },
            other => Err(wrong("a day as text, such as \"2026-11-21\"", other)),
        },
        FieldKind::DateTime { .. } => match value {
            Value::String(text) if text.is_empty() => Ok(Cell::Empty),
            Value::String(text) => match time::parse_instant(text).filter(|at| time::in_range(*at)) {
                Some(at) => Ok(Cell::text(time::instant_text(at))),
                None => {
                    Err(invalid(format!("{} is not an instant; write 2026-11-21T10:30:00Z.", shown(text))))
                }
            },
            other => Err(wrong("an instant as text, such as \"2026-11-21T10:30:00Z\"", other)),
        },
        FieldKind::Select { choices } => match value {
            Value::String(text) if text.is_empty() => Ok(Cell::Empty),
            Value::String(text) => match find_choice(choices, text) {
                Some(choice) => Ok(Cell::text(choice.id.as_str())),
                None => Err((CellCode::UnknownChoice, format!("There is no choice {}.", shown(text)))),
            },
            other => Err(wrong("the name of a choice", other)),
        },
        FieldKind::Link { .. } => Err(wrong("a list of records", value)),
    }
}

/// What a text means to a field of this kind, as people write it. For selects only existing choices; links are refused
/// (they need the base). An empty text empties the cell.
pub fn coerce(kind: &FieldKind, text: &str) -> Result<Cell, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Cell::Empty);
    }
    match kind {
        FieldKind::Text | FieldKind::LongText => free_text(kind, text),
        FieldKind::Email | FieldKind::Url => free_text(kind, trimmed),
        FieldKind::Number { .. } => match number_of_text(trimmed) {
            Some(number) => number_cell(number),
            None => Err(invalid(format!("{} is not a number.", shown(trimmed)))),
        },
        FieldKind::Checkbox => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "x" | "✓" | "checked" | "on" => Ok(Cell::True),
            "false" | "no" | "n" | "0" | "unchecked" | "off" | "-" => Ok(Cell::Empty),
            _ => Err(invalid(format!("{} is neither yes nor no.", shown(trimmed)))),
        },
        FieldKind::Date => match day_of_text(trimmed) {
            Some(day) => Ok(Cell::text(time::day_text(day))),
            None => Err(invalid(format!("{} is not a day; write 2026-11-21.", shown(trimmed)))),
        },
        FieldKind::DateTime { zone } => {
            let at = time::parse_instant(trimmed).or_else(|| {
                let zone = time::zone(zone.as_deref());
                time::parse_local(trimmed, &zone).or_else(|| time::day_start(day_of_text(trimmed)?, &zone))
            });
            match at.filter(|at| time::in_range(*at)) {
                Some(at) => Ok(Cell::text(time::instant_text(at))),
                None => {
                    Err(invalid(format!("{} is not an instant; write 2026-11-21 10:30.", shown(trimmed))))
                }
            }
        }
        FieldKind::Select { .. } => strict(kind, &Value::String(trimmed.to_owned())),
        FieldKind::Link { .. } => {
            Err((CellCode::WrongType, "Expected a list of records, got a text.".into()))
        }
    }
}

/// A text for an error message: quoted, cut after 40 characters.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("\"{}…\"", &text[..at]),
        None => format!("\"{text}\""),
    }
}

/// The choice that a text means: its id, its exact name, or its name without regard to case.
pub(crate) fn find_choice<'a>(choices: &'a [Choice], text: &str) -> Option<&'a Choice> {
    let text = text.trim();
    choices
        .iter()
        .find(|choice| choice.id == text || choice.name == text)
        .or_else(|| choices.iter().find(|choice| same_name(&choice.name, text)))
}

fn free_text(kind: &FieldKind, text: &str) -> Result<Cell, Refusal> {
    let limit = kind.max_chars();
    if text.len() > limit && text.chars().count() > limit {
        return Err((CellCode::TooLong, format!("At most {limit} characters.")));
    }
    // Postgres can't read U+0000 out of JSON.
    if text.contains('\0') {
        return Err(invalid("A text can't contain the character U+0000."));
    }
    match kind {
        FieldKind::Email if !text.is_empty() && !is_email(text) => {
            Err(invalid(format!("{} is not an e-mail address.", shown(text))))
        }
        FieldKind::Url if !text.is_empty() && text.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err(invalid(format!("{} is not a web address.", shown(text))))
        }
        _ => Ok(Cell::text(text)),
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn number_cell(number: f64) -> Result<Cell, Refusal> {
    if !number.is_finite() {
        return Err(invalid("The number is too large."));
    }
    // One zero: -0 would be told apart by "different values" only.
    Ok(Cell::Number(if number == 0.0 { 0.0 } else { number }))
}

/// `1234.5`, `1,234.5`, `-12`, `€ 5`, `12 %` (→ 0.12). A comma groups thousands; nothing is guessed about decimal commas.
fn number_of_text(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| matches!(c, '$' | '€' | '£' | '¥') || c.is_whitespace());
    let (text, scale) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), 0.01),
        None => (text, 1.0),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let plain = if text.contains(',') { ungroup(text)? } else { text.to_owned() };
    let number: f64 = plain.parse().ok()?;
    Some(if scale == 1.0 { number } else { number * scale })
}

fn ungroup(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut groups = whole.split(',');
    let first = groups.next()?.trim_start_matches(['-', '+']);
    let good = |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    if first.is_empty() || first.len() > 3 || !groups.all(good) {
        return None;
    }
    let whole = whole.replace(',', "");
    Some(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

fn day_of_instant(text: &str) -> Option<i32> {
    // A client that sends an instant for a day means the day that is written there.
    text.get(10..11).filter(|mark| *mark == "T")?;
    time::parse_instant(text).and_then(|_| time::parse_day(text.get(..10)?))
}

/// `2026-11-21`, `2026/11/21`, `21.11.2026`, `11/21/2026` (month first, unless the first number is over 12), with a time
/// behind it that is ignored.
fn day_of_text(text: &str) -> Option<i32> {
    if let Some(day) = time::parse_day(text).or_else(|| day_of_instant(text)) {
        return Some(day);
    }
    let date = text.split([' ', 'T']).next()?;
    let mark = date.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = date.split(mark).collect();
    let [a, b, c] = parts[..] else { return None };
    let number = |text: &str| (1..=4).contains(&text.len()).then(|| text.parse::<u32>().ok()).flatten();
    let (first, second, third) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match mark {
        '-' | '/' if a.len() == 4 => (first, second, third),
        '.' if c.len() == 4 => (third, second, first),
        '/' if c.len() == 4 && first > 12 => (third, second, first),
        '/' if c.len() == 4 => (third, first, second),
        _ => return None,
    };
    time::parse_day(&format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: FieldKind, text: &str, expected: Option<&str>) {
        let got = coerce(&kind, text).ok().map(|cell| serde_json::to_string(&cell).unwrap());
        assert_eq!(got.as_deref(), expected, "{text:?} as {}", kind.type_name());
    }

    #[test]
    fn texts_of_people() {
        let number = || FieldKind::Number { precision: None };
        for (text, expected) in [
            ("12", Some("12")),
            ("-1,234.50", Some("-1234.5")),
            ("€ 5", Some("5")),
            ("12 %", Some("0.12")),
            ("1e3", Some("1000")),
            ("", Some("null")),
            ("1,23", None),
            ("abc", None),
            ("inf", None),
            ("NaN", None),
            ("1e999", None),
            ("12x", None),
        ] {
            check(number(), text, expected);
        }
        for (text, expected) in [
            ("2026-11-21", Some("\"2026-11-21\"")),
            ("21.11.2026", Some("\"2026-11-21\"")),
            ("11/21/2026", Some("\"2026-11-21\"")),
            ("21/11/2026", Some("\"2026-11-21\"")),
            ("2026-11-21T23:00:00Z", Some("\"2026-11-21\"")),
            ("2026-2-3", Some("\"2026-02-03\"")),
            ("31.02.2026", None),
            ("soon", None),
            ("é", None),
        ] {
            check(FieldKind::Date, text, expected);
        }
        let berlin = || FieldKind::DateTime { zone: Some("Europe/Berlin".into()) };
        for (text, expected) in [
            ("2026-11-21 10:30", Some("\"2026-11-21T09:30:00Z\"")),
            ("2026-11-21", Some("\"2026-11-20T23:00:00Z\"")),
            ("2026-11-21T10:30:00+02:00", Some("\"2026-11-21T08:30:00Z\"")),
            ("noon", None),
        ] {
            check(berlin(), text, expected);
        }
        check(FieldKind::Checkbox, "Yes", Some("true"));
        check(FieldKind::Checkbox, "maybe", None);
        check(FieldKind::Email, " a@b.de ", Some("\"a@b.de\""));
        check(FieldKind::Email, "a@b", None);
        check(FieldKind::Url, "https://x.de/a b", None);
        check(FieldKind::Text, &"x".repeat(10_001), None);
        let choices = vec![Choice { id: "sel1".into(), name: "Done".into(), colour: String::new() }];
        check(FieldKind::Select { choices: choices.clone() }, "done ", Some("\"sel1\""));
        check(FieldKind::Select { choices }, "open", None);
    }
}
