//! Template filters: dates, numbers and sizes by the person's locale, plurals.
//!
//! The pages are English; the locale decides how numbers are grouped and how a date is ordered, taken from
//! `Accept-Language` and a short list.

use http::{HeaderMap, header};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, State};

struct Locale {
    name: &'static str,
    group: char,
    decimal: char,
    month_first: bool,
    /// A day in the language's own order, without words that would have to be translated (English has them).
    day: &'static str,
    yes_no: [&'static str; 2],
}

const fn locale(
    name: &'static str,
    (group, decimal): (char, char),
    month_first: bool,
    day: &'static str,
    yes_no: [&'static str; 2],
) -> Locale {
    Locale { name, group, decimal, month_first, day, yes_no }
}

/// Group and decimal separators and short dates after CLDR 46; the first is the default.
const LOCALES: [Locale; 12] = [
    locale("en-US", (',', '.'), true, "%b %-d, %Y", ["Yes", "No"]),
    locale("en-GB", (',', '.'), false, "%-d %b %Y", ["Yes", "No"]),
    locale("de-CH", ('’', '.'), false, "%-d.%-m.%Y", ["Ja", "Nein"]),
    locale("de", ('.', ','), false, "%-d.%-m.%Y", ["Ja", "Nein"]),
    locale("fr", ('\u{202f}', ','), false, "%d/%m/%Y", ["Oui", "Non"]),
    locale("es", ('.', ','), false, "%-d/%-m/%Y", ["Sí", "No"]),
    locale("it", ('.', ','), false, "%-d/%-m/%Y", ["Sì", "No"]),
    locale("nl", ('.', ','), false, "%-d-%-m-%Y", ["Ja", "Nee"]),
    locale("pt", ('.', ','), false, "%d/%m/%Y", ["Sim", "Não"]),
    locale("pl", ('\u{a0}', ','), false, "%-d.%m.%Y", ["Tak", "Nie"]),
    locale("sv", ('\u{a0}', ','), false, "%Y-%m-%d", ["Ja", "Nej"]),
    locale("ja", (',', '.'), true, "%Y/%m/%d", ["はい", "いいえ"]),
];

/// The best known locale for the request: the first of `Accept-Language` that is known.
#[must_use]
pub fn locale_of(headers: &HeaderMap) -> &'static str {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    wanted
        .split(',')
        .map(|item| item.split(';').next().unwrap_or("").trim())
        .find_map(known)
        .map_or(LOCALES[0].name, |found| found.name)
}

/// The best known locale for a language (BCP 47), e.g. a site's.
#[must_use]
pub fn locale_for(language: &str) -> &'static str {
    known(language).map_or(LOCALES[0].name, |found| found.name)
}

fn known(tag: &str) -> Option<&'static Locale> {
    let language = tag.split('-').next().unwrap_or("");
    let known = |name: &str| LOCALES.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    known(tag).or_else(|| known(language)).or_else(|| {
        // Other kinds of English (en-AU, en-IE …) write the day first.
        (language.eq_ignore_ascii_case("en") && tag.len() > 2).then(|| known("en-GB")).flatten()
    })
}

fn find(name: &str) -> &'static Locale {
    LOCALES.iter().find(|known| known.name == name).unwrap_or(&LOCALES[0])
}

/// A number with at most `places` decimals, grouped.
#[must_use]
pub fn number(locale: &str, value: f64, places: usize) -> String {
    let locale = find(locale);
    let text = format!("{value:.places$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let mut out = sign.to_owned();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(locale.group);
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push(locale.decimal);
        out.push_str(fraction);
    }
    out
}

/// `21 Nov 2026` or `Nov 21, 2026`.
#[must_use]
pub fn date(locale: &str, date: Date) -> String {
    let pattern = if find(locale).month_first { "%b %-d, %Y" } else { "%-d %b %Y" };
    date.strftime(pattern).to_string()
}

/// A day as the locale's language writes it: `Nov 21, 2026`, `21.11.2026`, `2026-11-21`.
#[must_use]
pub fn day(locale: &str, date: Date) -> String {
    date.strftime(find(locale).day).to_string()
}

/// Yes or no in the locale's language.
#[must_use]
pub fn yes_no(locale: &str, yes: bool) -> &'static str {
    find(locale).yes_no[usize::from(!yes)]
}

/// `21 Nov 2026, 10:16 UTC`.
#[must_use]
pub fn datetime(locale: &str, at: Timestamp) -> String {
    datetime_in(locale, &TimeZone::UTC, at)
}

/// `21 Nov 2026, 11:16 CET`: the moment in a time zone.
#[must_use]
pub fn datetime_in(locale: &str, zone: &TimeZone, at: Timestamp) -> String {
    let zoned = at.to_zoned(zone.clone());
    format!("{}, {}", date(locale, zoned.date()), zoned.strftime("%H:%M %Z"))
}

/// Names of the known locales, the default first, for a person's choice.
pub fn locales() -> impl Iterator<Item = &'static str> {
    LOCALES.iter().map(|locale| locale.name)
}

/// `just now`, `5 min ago`, `2 h ago`, `3 days ago`, then the date.
#[must_use]
pub fn ago(locale: &str, zone: &TimeZone, at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    match seconds {
        ..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..172_800 => "yesterday".to_owned(),
        172_800..604_800 => format!("{} days ago", seconds / 86_400),
        _ => date(locale, at.to_zoned(zone.clone()).date()),
    }
}

/// `31.4 GB` (powers of 1,000).
#[must_use]
pub fn bytes(locale: &str, value: f64) -> String {
    let mut value = value;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1_000.0 {
            let places = usize::from(unit != "B" && value < 100.0);
            return format!("{} {unit}", number(locale, value, places));
        }
        value /= 1_000.0;
    }
    format!("{} TB", number(locale, value, 1))
}

fn locale_in(state: &State) -> String {
    state
        .lookup("page")
        .and_then(|page| page.get_attr("locale").ok())
        .and_then(|locale| locale.as_str().map(str::to_owned))
        .unwrap_or_else(|| "en-US".to_owned())
}

/// The zone of the person who looks at the page.
fn zone_in(state: &State) -> TimeZone {
    let name = state.lookup("page").and_then(|page| page.get_attr("time_zone").ok());
    name.and_then(|name| name.as_str().and_then(|name| TimeZone::get(name).ok())).unwrap_or(TimeZone::UTC)
}

fn bad(what: &str, value: &Value) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{value} is not {what}"))
}

fn timestamp(value: &Value) -> Result<Timestamp, Error> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| bad("a timestamp", value))
}

fn float(value: &Value) -> Result<f64, Error> {
    f64::try_from(value.clone()).map_err(|_| bad("a number", value))
}

pub(crate) fn register(env: &mut Environment<'static>) {
    env.add_filter("number", |state: &State, value: Value, places: Option<usize>| {
        float(&value).map(|value| number(&locale_in(state), value, places.unwrap_or(0)))
    });
    env.add_filter("bytes", |state: &State, value: Value| {
        float(&value).map(|value| bytes(&locale_in(state), value))
    });
    env.add_filter("date", |state: &State, value: Value| {
        let text = value.as_str().ok_or_else(|| bad("a date", &value))?;
        let day = text
            .parse::<Timestamp>()
            .map(|at| at.to_zoned(zone_in(state)).date())
            .or_else(|_| text.parse::<Date>());
        day.map(|day| date(&locale_in(state), day)).map_err(|_| bad("a date", &value))
    });
    env.add_filter("datetime", |state: &State, value: Value| {
        timestamp(&value).map(|at| datetime_in(&locale_in(state), &zone_in(state), at))
    });
    env.add_filter("ago", |state: &State, value: Value| {
        let now = state
            .lookup("page")
            .and_then(|page| page.get_attr("now").ok())
            .ok_or_else(|| Error::new(ErrorKind::UndefinedError, "page.now"))?;
        Ok::<_, Error>(ago(&locale_in(state), &zone_in(state), timestamp(&value)?, timestamp(&now)?))
    });
    // Errors of fields are sentences, or sentences without their subject: "is missing".
    env.add_filter("sentence", |text: String| {
        let text = if text.starts_with(char::is_lowercase) { format!("This {text}") } else { text };
        if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
    });
    env.add_filter("plural", |state: &State, value: Value, one: String, many: Option<String>| {
        let count = float(&value)?;
        let many = many.unwrap_or_else(|| format!("{one}s"));
        let noun = if (count - 1.0).abs() < f64::EPSILON { one } else { many };
        Ok::<_, Error>(format!("{} {noun}", number(&locale_in(state), count, 0)))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_locale() {
        for (locale, value, places, expected) in [
            ("en-US", 1_234_567.0, 0, "1,234,567"),
            ("de", 1_234.5, 2, "1.234,50"),
            ("en-GB", -999.0, 0, "−999"),
            ("en-GB", -1000.0, 0, "−1,000"),
            ("fr", 1_000.0, 0, "1\u{202f}000"),
            ("xx", 0.0, 0, "0"),
        ] {
            assert_eq!(number(locale, value, places), expected);
        }
        assert_eq!(bytes("en-US", 31_400_000_000.0), "31.4 GB");
        assert_eq!(bytes("en-US", 12.0), "12 B");
        assert_eq!(bytes("de", 5e15), "5.000,0 TB");
    }

    #[test]
    fn dates_follow_the_locale() {
        let at: Timestamp = "2026-11-21T10:16:09Z".parse().unwrap();
        assert_eq!(datetime("en-GB", at), "21 Nov 2026, 10:16 UTC");
        assert_eq!(datetime("en-US", at), "Nov 21, 2026, 10:16 UTC");
        for (seconds, expected) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (7_200, "2 h ago"),
            (90_000, "yesterday"),
            (300_000, "3 days ago"),
            (700_000, "21 Nov 2026"),
        ] {
            let now = at + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(ago("en-GB", &TimeZone::UTC, at, now), expected);
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(datetime_in("en-GB", &berlin, at), "21 Nov 2026, 11:16 CET");
    }

    #[test]
    fn the_locale_is_the_first_known_one() {
        for (wanted, expected) in [
            ("", "en-US"),
            ("de-AT,en;q=0.8", "de"),
            ("xx, fr-FR;q=0.9", "fr"),
            ("en-AU", "en-GB"),
            ("en", "en-US"),
            ("de-CH", "de-CH"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, wanted.parse().unwrap());
            assert_eq!(locale_of(&headers), expected, "{wanted}");
        }
    }
}
