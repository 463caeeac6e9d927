//! From input to stored values, for everything that needs no look at other records: strict JSON forms and, for
//! `typecast` and imports, texts that a person would write.

use crate::cell::Cell;
use crate::command::CellCode;
use crate::files;
use crate::schema::{Choice, FieldKind, MAX_LINKS, same_name};
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
pub fn strict(kind: &FieldKind, value: &Value) -> Result<Cell, Refusal> {
    if value.is_null() {
        return Ok(Cell::Empty);
    }
    match kind {
        FieldKind::Json => {
            let text = value.to_string();
            free_text(kind, &text)
        }
        FieldKind::Time | FieldKind::Duration if value.is_string() => {
            coerce(kind, value.as_str().unwrap_or_default())
        }
        FieldKind::Barcode if value.get("text").is_some_and(Value::is_string) => {
            free_text(kind, value["text"].as_str().unwrap_or_default())
        }
        kind if kind.is_text() => match value {
            Value::String(text) => free_text(kind, text),
            other => Err(wrong("a text", other)),
        },
        FieldKind::Number { .. }
        | FieldKind::Currency { .. }
        | FieldKind::Percent { .. }
        | FieldKind::Duration
        | FieldKind::Rating { .. }
        | FieldKind::Year
        | FieldKind::Time => match value {
            Value::Number(number) => number_cell(kind, number.as_f64().unwrap_or(f64::NAN)),
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
        FieldKind::MultiSelect { choices } => {
            let names = match value {
                Value::Array(list) => list.iter(),
                other => return Err(wrong("a list of names of choices", other)),
            };
            let ids = names.map(|name| match name {
                Value::String(text) => find_choice(choices, text)
                    .map(|choice| choice.id.as_str().into())
                    .ok_or_else(|| (CellCode::UnknownChoice, format!("There is no choice {}.", shown(text)))),
                other => Err(wrong("the name of a choice", other)),
            });
            Ok(Cell::texts(distinct(ids.collect::<Result<_, _>>()?)))
        }
        FieldKind::User { many } => {
            let single = [value.clone()];
            let people = if let Value::Array(list) = value { list.as_slice() } else { &single };
            if people.len() > if *many { MAX_LINKS } else { 1 } {
                return Err((CellCode::TooLong, "At most one person.".into()));
            }
            let ids = people.iter().map(|one| match one.get("id").unwrap_or(one) {
                Value::String(id) if is_person(id) => Ok(id.as_str().into()),
                Value::String(id) => Err(invalid(format!("{} is not the id of a person.", shown(id)))),
                other => Err(wrong("the id of a person", other)),
            });
            Ok(Cell::texts(distinct(ids.collect::<Result<_, _>>()?)))
        }
        FieldKind::Attachment | FieldKind::Signature => Ok(Cell::texts(files::strict(kind, value)?)),
        FieldKind::Link { .. } => Err(wrong("a list of records", value)),
        _ => Err((CellCode::ReadOnly, "The field is calculated and can't be written.".into())),
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
        FieldKind::Text | FieldKind::LongText | FieldKind::RichText => free_text(kind, text),
        kind if kind.is_text() => free_text(kind, trimmed),
        FieldKind::Time => match time::parse_clock(trimmed) {
            Some(seconds) => Ok(Cell::Number(seconds)),
            None => Err(invalid(format!("{} is not a time of the day; write 10:30.", shown(trimmed)))),
        },
        FieldKind::Duration => match time::parse_duration(trimmed) {
            Some(seconds) => number_cell(kind, seconds),
            None => Err(invalid(format!("{} is not a duration; write 1:30:00.", shown(trimmed)))),
        },
        FieldKind::Rating { .. } if trimmed.chars().all(|c| c == '★') => {
            number_cell(kind, trimmed.chars().count() as f64)
        }
        FieldKind::Number { .. }
        | FieldKind::Currency { .. }
        | FieldKind::Percent { .. }
        | FieldKind::Rating { .. }
        | FieldKind::Year => match number_of_text(trimmed) {
            Some(number) => number_cell(kind, number),
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
        // Whole names first: a choice may have a comma in its name.
        FieldKind::MultiSelect { choices } => match find_choice(choices, trimmed) {
            Some(choice) => Ok(Cell::texts(vec![choice.id.as_str().into()])),
            None => {
                let names = split_names(trimmed).into_iter().map(Value::from).collect();
                strict(kind, &Value::Array(names))
            }
        },
        FieldKind::User { .. } => {
            let ids = split_names(trimmed).into_iter().map(Value::from).collect();
            strict(kind, &Value::Array(ids))
        }
        FieldKind::Link { .. } => {
            Err((CellCode::WrongType, "Expected a list of records, got a text.".into()))
        }
        FieldKind::Attachment | FieldKind::Signature => {
            Err((CellCode::WrongType, "Expected a list of files, got a text.".into()))
        }
        _ => Err((CellCode::ReadOnly, "The field is calculated and can't be written.".into())),
    }
}

/// Names in a text, separated by commas or line breaks.
pub(crate) fn split_names(text: &str) -> Vec<&str> {
    text.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn distinct(ids: Vec<Box<str>>) -> Vec<Box<str>> {
    let mut seen = rustc_hash::FxHashSet::default();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

/// Whether a text may be the id of a person; who is a member is the tenant's to say.
fn is_person(id: &str) -> bool {
    id.len() <= 64
        && id.strip_prefix("usr_").is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
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
    if text.is_empty() {
        return Ok(Cell::Empty);
    }
    let has_controls = || text.chars().any(char::is_control);
    match kind {
        FieldKind::Email if !is_email(text) => {
            Err(invalid(format!("{} is not an e-mail address.", shown(text))))
        }
        FieldKind::Url if text.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err(invalid(format!("{} is not a web address.", shown(text))))
        }
        FieldKind::Phone if !text.chars().any(|c| c.is_ascii_digit()) || has_controls() => {
            Err(invalid(format!("{} is not a telephone number.", shown(text))))
        }
        FieldKind::Barcode if has_controls() => {
            Err(invalid("What a barcode says can't have line breaks or other control characters."))
        }
        FieldKind::Json => match serde_json::from_str::<Value>(text) {
            Ok(Value::Null) => Ok(Cell::Empty),
            Ok(value) => Ok(Cell::text(value.to_string())),
            Err(error) => Err(invalid(format!("The text is not JSON: {error}."))),
        },
        FieldKind::Uuid => match uuid(text) {
            Some(uuid) => Ok(Cell::text(uuid)),
            None => Err(invalid(format!("{} is not a UUID.", shown(text)))),
        },
        FieldKind::Colour => match colour(text) {
            Some(colour) => Ok(Cell::text(colour)),
            None => Err(invalid(format!("{} is not a colour; write #1a2b3c.", shown(text)))),
        },
        FieldKind::Geo => match geo(text) {
            Some(point) => Ok(Cell::text(point)),
            None => Err(invalid(format!("{} is not a point; write 47.37, 8.54.", shown(text)))),
        },
        _ => Ok(Cell::text(text)),
    }
}

/// 32 hexadecimal digits, with or without hyphens and braces, as RFC 9562 writes them.
fn uuid(text: &str) -> Option<String> {
    let text = text.trim_start_matches("urn:uuid:").trim_start_matches('{').trim_end_matches('}');
    let digits: String = text.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    let good = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| {
        let part = |from: usize, to: usize| &digits[from..to];
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    })
}

/// `#1a2b3c` from `#1A2B3C`, `1a2b3c` or `#abc`.
fn colour(text: &str) -> Option<String> {
    let digits = text.trim().trim_start_matches('#').to_ascii_lowercase();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        6 => Some(format!("#{digits}")),
        3 => Some(digits.chars().fold("#".to_owned(), |text, c| format!("{text}{c}{c}"))),
        _ => None,
    }
}

/// `47.37, 8.54`: latitude and longitude in degrees.
fn geo(text: &str) -> Option<String> {
    let (latitude, longitude) = text.split_once([',', ';'])?;
    let degrees = |text: &str, most: f64| {
        text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() <= most)
    };
    // + 0.0: one zero.
    Some(format!("{}, {}", degrees(latitude, 90.0)? + 0.0, degrees(longitude, 180.0)? + 0.0))
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn number_cell(kind: &FieldKind, number: f64) -> Result<Cell, Refusal> {
    if !number.is_finite() {
        return Err(invalid("The number is too large."));
    }
    let whole_to = |low: f64, high: f64| number.fract() == 0.0 && (low..=high).contains(&number);
    match kind {
        FieldKind::Rating { .. } if number == 0.0 => return Ok(Cell::Empty),
        FieldKind::Rating { max } if !whole_to(1.0, f64::from(*max)) => {
            return Err(invalid(format!("A rating is a whole number from 1 to {max}.")));
        }
        FieldKind::Year if !whole_to(1.0, 9999.0) => {
            return Err(invalid("A year is a whole number from 1 to 9999."));
        }
        FieldKind::Time if !(0.0..86_400.0).contains(&number) => {
            return Err(invalid("A time of the day has from 0 to 86,399 seconds."));
        }
        _ => {}
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
        for (kind, text, expected) in [
            (FieldKind::Time, "9:30 pm", Some("77400")),
            (FieldKind::Time, "24:00", None),
            (FieldKind::Time, "12:15 am", Some("900")),
            (FieldKind::Time, "930", None),
            (FieldKind::Duration, "1:30", Some("5400")),
            (FieldKind::Duration, "-0:00:07.25", Some("-7.25")),
            (FieldKind::Duration, "90", Some("90")),
            (FieldKind::Duration, "1:75", None),
            (FieldKind::Rating { max: 5 }, "★★★", Some("3")),
            (FieldKind::Rating { max: 5 }, "6", None),
            (FieldKind::Rating { max: 5 }, "0", Some("null")),
            (FieldKind::Year, "2026", Some("2026")),
            (FieldKind::Year, "2026.5", None),
            (FieldKind::Percent { precision: None }, "25 %", Some("0.25")),
            (FieldKind::Currency { precision: None, currency: "EUR".into() }, "€ 1,200.50", Some("1200.5")),
            (FieldKind::Phone, "+41 44 668 18 00", Some("\"+41 44 668 18 00\"")),
            (FieldKind::Phone, "call me", None),
            (FieldKind::Json, "{\"a\": [1, 2]}", Some("\"{\\\"a\\\":[1,2]}\"")),
            (FieldKind::Json, "{a", None),
            (
                FieldKind::Uuid,
                "{0F8FAD5B-D9CB-469F-A165-70867728950E}",
                Some("\"0f8fad5b-d9cb-469f-a165-70867728950e\""),
            ),
            (FieldKind::Uuid, "0f8f", None),
            (FieldKind::Colour, "#ABC", Some("\"#aabbcc\"")),
            (FieldKind::Colour, "red", None),
            (FieldKind::Geo, "47.370,8.54", Some("\"47.37, 8.54\"")),
            (FieldKind::Geo, "91, 0", None),
            (FieldKind::User { many: false }, "usr_a", Some("[\"usr_a\"]")),
            (FieldKind::User { many: false }, "usr_a, usr_b", None),
            (FieldKind::User { many: true }, "usr_a, usr_b, usr_a", Some("[\"usr_a\",\"usr_b\"]")),
            (FieldKind::User { many: true }, "Ann", None),
            (FieldKind::Autonumber, "1", None),
        ] {
            check(kind, text, expected);
        }
        let choices = vec![Choice { id: "sel1".into(), name: "Done".into(), colour: String::new() }];
        check(FieldKind::Select { choices: choices.clone() }, "done ", Some("\"sel1\""));
        check(FieldKind::Select { choices: choices.clone() }, "open", None);
        check(FieldKind::MultiSelect { choices: choices.clone() }, "done, DONE", Some("[\"sel1\"]"));
        check(FieldKind::MultiSelect { choices }, "done, open", None);
    }
}
