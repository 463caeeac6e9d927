//! Dates as text by the patterns of moment.js, which Airtable's formulas use: `YYYY-MM-DD`, `D MMMM`, `[at] HH:mm`.

use crate::locale::Locale;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

/// Every token; among those with the same beginning the longest first.
const TOKENS: &[&str] = &[
    "YYYY", "YY", "GGGG", "gggg", "DDDD", "DDDo", "DDD", "DD", "Do", "D", "MMMM", "MMM", "MM", "Mo", "M",
    "Qo", "Q", "dddd", "ddd", "dd", "do", "d", "e", "E", "wo", "ww", "w", "Wo", "WW", "W", "HH", "H", "hh",
    "h", "kk", "k", "mm", "m", "ss", "s", "A", "a", "ZZ", "Z", "zz", "z", "X", "x", "LTS", "LT", "LLLL",
    "LLL", "LL", "L", "llll", "lll", "ll", "l",
];

enum Part<'a> {
    Token(&'a str),
    /// So many digits of a second.
    Fraction(usize),
    Literal(&'a str),
}

/// The next part of a pattern and what follows it.
fn next(pattern: &str) -> Option<(Part<'_>, &str)> {
    let first = pattern.chars().next()?;
    if let Some((literal, rest)) = pattern.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some((Part::Literal(literal), rest));
    }
    if first == 'S' {
        let digits = pattern.bytes().take_while(|byte| *byte == b'S').count();
        return Some((Part::Fraction(digits), &pattern[digits..]));
    }
    let token = TOKENS.iter().find(|token| pattern.starts_with(**token));
    let length = token.map_or(first.len_utf8(), |token| token.len());
    let (head, rest) = pattern.split_at(length);
    Some((if token.is_some() { Part::Token(head) } else { Part::Literal(head) }, rest))
}

/// What a language's own token stands for.
fn expand(token: &str, locale: &Locale) -> Option<String> {
    let time = if locale.half_days { "h:mm A" } else { "HH:mm" };
    let long = |token: &str| match token {
        "LTS" => Some(time.replace("mm", "mm:ss")),
        "LT" => Some(time.to_owned()),
        "L" => Some(locale.date.to_owned()),
        "LL" => Some(locale.long_date.to_owned()),
        "LLL" => Some(format!("{} {time}", locale.long_date)),
        "LLLL" => Some(format!("dddd, {} {time}", locale.long_date)),
        _ => None,
    };
    if token.starts_with('l') {
        let short = long(&token.to_uppercase())?;
        let short = short.replace("MMMM", "MMM").replace("dddd", "ddd");
        return Some(if token == "l" { short.replace("MM", "M").replace("DD", "D") } else { short });
    }
    long(token)
}

fn name(names: &'static str, at: i8) -> &'static str {
    names.split(' ').nth(usize::try_from(at).unwrap_or_default()).unwrap_or_default()
}

/// Week of the year and the year that the week belongs to; week 1 has January 1 (Sunday or Monday first).
pub(crate) fn week(date: civil::Date, monday_first: bool) -> (i32, i16) {
    let offset = |date: civil::Date| {
        let day = date.weekday();
        i32::from(if monday_first { day.to_monday_zero_offset() } else { day.to_sunday_zero_offset() })
    };
    let days_left = i32::from(date.days_in_year()) - i32::from(date.day_of_year());
    if days_left < 7 && days_left + offset(date) < 6 {
        return (1, date.year().saturating_add(1)); // the week of the next January 1
    }
    ((i32::from(date.day_of_year()) - 1 + offset(date.first_of_year())) / 7 + 1, date.year())
}

/// The date and time as text; at most `limit` bytes and one part more.
pub(crate) fn format(
    at: civil::DateTime,
    zone: &TimeZone,
    pattern: &str,
    locale: &Locale,
    limit: usize,
) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((part, after)) = next(rest) {
        rest = after;
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Fraction(digits) => {
                let nanos = std::format!("{:09}", at.subsec_nanosecond());
                out.extend(nanos.chars().chain(std::iter::repeat('0')).take(digits.min(9)));
            }
            Part::Token(token) => match expand(token, locale) {
                Some(pattern) => out += &format(at, zone, &pattern, locale, limit),
                None => out += &token_text(at, zone, token, locale),
            },
        }
        if out.len() > limit {
            break;
        }
    }
    out
}

fn token_text(at: civil::DateTime, zone: &TimeZone, token: &str, locale: &Locale) -> String {
    let date = at.date();
    let hour12 = (at.hour() + 11) % 12 + 1;
    let weekday = date.weekday().to_sunday_zero_offset();
    let iso = date.iso_week_date();
    let ordinal = |number: i32| locale.ordinal.write(number.unsigned_abs());
    match token {
        "YYYY" => std::format!("{:04}", at.year()),
        "YY" => std::format!("{:02}", at.year().rem_euclid(100)),
        "GGGG" => std::format!("{:04}", iso.year()),
        "gggg" => std::format!("{:04}", week(date, locale.monday_first).1),
        "M" => at.month().to_string(),
        "Mo" => ordinal(at.month().into()),
        "MM" => std::format!("{:02}", at.month()),
        "MMM" => name(locale.months_short, at.month() - 1).to_owned(),
        "MMMM" => name(locale.months, at.month() - 1).to_owned(),
        "Q" => ((at.month() + 2) / 3).to_string(),
        "Qo" => ordinal(((at.month() + 2) / 3).into()),
        "D" => at.day().to_string(),
        "Do" => ordinal(at.day().into()),
        "DD" => std::format!("{:02}", at.day()),
        "DDD" => date.day_of_year().to_string(),
        "DDDo" => ordinal(date.day_of_year().into()),
        "DDDD" => std::format!("{:03}", date.day_of_year()),
        "d" => weekday.to_string(),
        "do" => ordinal(weekday.into()),
        "dd" => name(locale.days, weekday).chars().take(2).collect(),
        "ddd" => name(locale.days_short, weekday).to_owned(),
        "dddd" => name(locale.days, weekday).to_owned(),
        "e" if locale.monday_first => date.weekday().to_monday_zero_offset().to_string(),
        "e" => weekday.to_string(),
        "E" => date.weekday().to_monday_one_offset().to_string(),
        "w" => week(date, locale.monday_first).0.to_string(),
        "wo" => ordinal(week(date, locale.monday_first).0),
        "ww" => std::format!("{:02}", week(date, locale.monday_first).0),
        "W" => iso.week().to_string(),
        "Wo" => ordinal(iso.week().into()),
        "WW" => std::format!("{:02}", iso.week()),
        "H" => at.hour().to_string(),
        "HH" => std::format!("{:02}", at.hour()),
        "h" => hour12.to_string(),
        "hh" => std::format!("{hour12:02}"),
        "k" => (if at.hour() == 0 { 24 } else { at.hour() }).to_string(),
        "kk" => std::format!("{:02}", if at.hour() == 0 { 24 } else { at.hour() }),
        "m" => at.minute().to_string(),
        "mm" => std::format!("{:02}", at.minute()),
        "s" => at.second().to_string(),
        "ss" => std::format!("{:02}", at.second()),
        "A" => (if at.hour() < 12 { "AM" } else { "PM" }).to_owned(),
        "a" => (if at.hour() < 12 { "am" } else { "pm" }).to_owned(),
        _ => zone_text(at, zone, token),
    }
}

fn zone_text(at: civil::DateTime, zone: &TimeZone, token: &str) -> String {
    let instant = zone.to_timestamp(at).unwrap_or(Timestamp::UNIX_EPOCH);
    match token {
        "X" => instant.as_second().to_string(),
        "x" => instant.as_millisecond().to_string(),
        "Z" | "ZZ" => {
            let minutes = zone.to_offset(instant).seconds() / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            let colon = if token == "Z" { ":" } else { "" };
            std::format!("{sign}{:02}{colon}{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
        _ => zone.to_offset_info(instant).abbreviation().to_owned(),
    }
}

/// What a text says by a pattern: a local date and time, and its offset if it has one; or an instant.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    Local(civil::DateTime),
    Offset(civil::DateTime, Offset),
    Instant(i64),
}

/// Reads a text by a pattern. `None`: it does not fit, or has no year.
pub(crate) fn parse(text: &str, pattern: &str, locale: &'static Locale) -> Option<Read> {
    let mut reader = Reader { rest: text.trim(), locale, found: Found::default() };
    reader.pattern(pattern.trim())?;
    reader.rest.trim().is_empty().then_some(())?;
    let Found { year, month, day, hour, minute, second, nanos, afternoon, offset, instant } = reader.found;
    if let Some(micros) = instant {
        return Some(Read::Instant(micros));
    }
    let hour = match afternoon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    let small = |number: i32| i8::try_from(number).ok();
    let date = civil::Date::new(i16::try_from(year?).ok()?, small(month)?, small(day)?).ok()?;
    let time = civil::Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
    let at = date.to_datetime(time);
    Some(offset.map_or(Read::Local(at), |offset| Read::Offset(at, offset)))
}

struct Found {
    year: Option<i32>,
    month: i32,
    day: i32,
    hour: i32,
    minute: i32,
    second: i32,
    nanos: i32,
    afternoon: Option<bool>,
    offset: Option<Offset>,
    instant: Option<i64>,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            year: None,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanos: 0,
            afternoon: None,
            offset: None,
            instant: None,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    locale: &'static Locale,
    found: Found,
}

impl Reader<'_> {
    fn pattern(&mut self, pattern: &str) -> Option<()> {
        let mut rest = pattern;
        while let Some((part, after)) = next(rest) {
            rest = after;
            match part {
                Part::Literal(text) if text.trim().is_empty() => self.rest = self.rest.trim_start(),
                Part::Literal(text) => self.rest = self.rest.strip_prefix(text)?,
                Part::Fraction(_) => {
                    let digits = self.digits(9)?;
                    self.found.nanos = std::format!("{digits:0<9}").parse().ok()?;
                }
                Part::Token(token) => match expand(token, self.locale) {
                    Some(pattern) => self.pattern(&pattern)?,
                    None => self.token(token)?,
                },
            }
        }
        Some(())
    }

    fn digits(&mut self, most: usize) -> Option<String> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        (count > 0).then(|| digits.to_owned())
    }

    fn number(&mut self, most: usize) -> Option<i32> {
        self.digits(most)?.parse().ok()
    }

    /// The place of the name that the text goes on with; the longest of those that fit.
    fn name(&mut self, names: &'static str) -> Option<i32> {
        let fits = |name: &&str| {
            let head: String = self.rest.chars().take(name.chars().count()).collect();
            head.to_lowercase() == name.to_lowercase()
        };
        let found = names.split(' ').enumerate().filter(|(_, name)| fits(name));
        let (at, name) = found.max_by_key(|(_, name)| name.len())?;
        self.skip_chars(name.chars().count());
        i32::try_from(at).ok()
    }

    fn skip_chars(&mut self, count: usize) {
        self.rest = self.rest.char_indices().nth(count).map_or("", |(at, _)| &self.rest[at..]);
    }

    fn token(&mut self, token: &str) -> Option<()> {
        match token {
            "YYYY" | "GGGG" | "gggg" => self.found.year = Some(self.number(4)?),
            "YY" => {
                let short = self.number(2)?;
                self.found.year = Some(if short > 68 { 1900 + short } else { 2000 + short });
            }
            "MMMM" | "MMM" => {
                let month = self.name(self.locale.months).or_else(|| self.name(self.locale.months_short))?;
                self.found.month = month + 1;
                self.rest = self.rest.strip_prefix('.').unwrap_or(self.rest);
            }
            "MM" | "M" => self.found.month = self.number(2)?,
            "DD" | "D" => self.found.day = self.number(2)?,
            "Do" => {
                self.found.day = self.number(2)?;
                let letters =
                    self.rest.chars().take_while(|c| c.is_alphabetic() || "º.:".contains(*c)).count();
                self.skip_chars(letters);
            }
            "dddd" | "ddd" | "dd" => {
                self.name(self.locale.days).or_else(|| self.name(self.locale.days_short))?;
            }
            "HH" | "H" | "hh" | "h" | "kk" | "k" => self.found.hour = self.number(2)?,
            "mm" | "m" => self.found.minute = self.number(2)?,
            "ss" | "s" => self.found.second = self.number(2)?,
            "A" | "a" => {
                let half = self.name("am pm")?;
                self.found.afternoon = Some(half == 1);
            }
            "Z" | "ZZ" => self.found.offset = Some(self.offset()?),
            "X" | "x" => {
                let number: i64 = self.digits(15)?.parse().ok()?;
                self.found.instant = number.checked_mul(if token == "X" { 1_000_000 } else { 1_000 });
            }
            _ => return None, // weeks and quarters name no day
        }
        Some(())
    }

    fn offset(&mut self) -> Option<Offset> {
        if let Some(rest) = self.rest.strip_prefix(['Z', 'z']) {
            self.rest = rest;
            return Some(Offset::UTC);
        }
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.rest = self.rest.strip_prefix(['+', '-', '−'])?;
        let hours = self.number(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.number(2)?;
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::find;

    #[test]
    fn writes_and_reads_patterns() {
        let zone = crate::time::zone("Europe/Zurich").unwrap();
        let at: civil::DateTime = "2026-11-01T09:05:07.250".parse().unwrap();
        for (pattern, language, text) in [
            ("YYYY-MM-DDTHH:mm:ssZ", "en", "2026-11-01T09:05:07+01:00"),
            ("dddd, MMMM Do YYYY, h:mm a", "en", "Sunday, November 1st 2026, 9:05 am"),
            ("D. MMMM YYYY [um] HH:mm [Uhr]", "de", "1. November 2026 um 09:05 Uhr"),
            ("L LTS", "en", "11/01/2026 9:05:07 AM"),
            ("LLLL", "fr", "dimanche, 1 novembre 2026 09:05"),
            ("l", "en", "11/1/2026"),
            ("ss.SSS ZZ", "en", "07.250 +0100"),
            ("[Q]Q [W]W w DDDD E d", "en", "Q4 W44 45 305 7 0"),
            ("x", "en", "1793520307250"),
        ] {
            let locale = find(language).unwrap();
            assert_eq!(format(at, &zone, pattern, locale, 1_000), text, "{pattern}");
        }
        let read = |text: &str, pattern: &str| parse(text, pattern, find("en").unwrap());
        let local = |text: &str| Some(Read::Local(text.parse().unwrap()));
        assert_eq!(read("21/11/2026 4:05 pm", "D/M/YYYY h:mm A"), local("2026-11-21T16:05"));
        assert_eq!(read("Nov 3rd, 98", "MMM Do, YY"), local("1998-11-03T00:00"));
        assert_eq!(read("12:00 AM 2026-01-01", "h:mm A YYYY-MM-DD"), local("2026-01-01T00:00"));
        assert_eq!(read("31/02/2026", "DD/MM/YYYY"), None);
        assert_eq!(read("2026-01-01x", "YYYY-MM-DD"), None);
        assert_eq!(read("1700000000", "X"), Some(Read::Instant(1_700_000_000_000_000)));
        assert!(matches!(read("2026-01-01T00:00+02:00", "YYYY-MM-DDTHH:mmZ"), Some(Read::Offset(..))));
    }
}
