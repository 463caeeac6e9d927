//! A calendar (RFC 5545). Pure: events in, text out.
//!
//! Lines end in CRLF and are folded at 75 bytes, never within a character; texts are escaped; control characters that no
//! text may have are left out. `DTEND` is what comes after the last day, as the standard has it.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// A day or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Day(Date),
    At(Timestamp),
}

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Unique in the world, and the same each time.
    pub(super) uid: String,
    /// When the record changed last.
    pub(super) stamp: Timestamp,
    pub(super) start: When,
    /// The last day, or the moment at which it is over. One before the start is left out.
    pub(super) end: Option<When>,
    pub(super) summary: String,
    pub(super) description: String,
}

/// The calendar's text.
pub(super) fn write(brand: &str, name: &str, events: &[Event]) -> String {
    let mut out = String::with_capacity(256 + events.len() * 256);
    line(&mut out, "BEGIN:VCALENDAR");
    line(&mut out, "VERSION:2.0");
    line(&mut out, &format!("PRODID:-//{}//Views//EN", escaped(brand)));
    line(&mut out, "CALSCALE:GREGORIAN");
    line(&mut out, "METHOD:PUBLISH");
    line(&mut out, &format!("X-WR-CALNAME:{}", escaped(name)));
    line(&mut out, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    for event in events {
        line(&mut out, "BEGIN:VEVENT");
        line(&mut out, &format!("UID:{}", escaped(&event.uid)));
        line(&mut out, &format!("DTSTAMP:{}", moment(event.stamp)));
        line(&mut out, &time("DTSTART", event.start));
        if let Some(end) = event.end.and_then(|end| end_of(event.start, end)) {
            line(&mut out, &time("DTEND", end));
        }
        line(&mut out, &format!("SUMMARY:{}", escaped(&event.summary)));
        if !event.description.is_empty() {
            line(&mut out, &format!("DESCRIPTION:{}", escaped(&event.description)));
        }
        line(&mut out, "END:VEVENT");
    }
    line(&mut out, "END:VCALENDAR");
    out
}

/// An end of the same kind as its start, after it.
fn end_of(start: When, end: When) -> Option<When> {
    match (start, end) {
        (When::Day(from), When::Day(to)) if to >= from => to.checked_add(1.day()).ok().map(When::Day),
        (When::At(from), When::At(to)) if to > from => Some(When::At(to)),
        (When::Day(_), When::At(to)) => end_of(start, When::Day(to.to_zoned(jiff::tz::TimeZone::UTC).date())),
        _ => None,
    }
}

fn time(name: &str, when: When) -> String {
    match when {
        When::Day(day) => format!("{name};VALUE=DATE:{}", day.strftime("%Y%m%d")),
        When::At(at) => format!("{name}:{}", moment(at)),
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line, folded: 75 bytes, then 74 and a space in front. No piece but the last ends in a space, which some readers
/// would take away.
fn line(out: &mut String, text: &str) {
    let (mut left, mut spaces) = (75, 0);
    for c in text.chars() {
        if c.len_utf8() > left {
            // Hardly anything but spaces: such a piece stays as it is.
            spaces = if spaces < 60 { spaces } else { 0 };
            out.truncate(out.len() - spaces);
            out.push_str("\r\n ");
            out.extend(std::iter::repeat_n(' ', spaces));
            left = 74 - spaces;
        }
        out.push(c);
        left -= c.len_utf8();
        spaces = if c == ' ' { spaces + 1 } else { 0 };
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use ical::IcalParser;

    fn event(start: When, end: Option<When>, summary: &str) -> Event {
        Event {
            uid: "rec1@example".into(),
            stamp: "2026-11-21T09:08:07.5Z".parse().unwrap(),
            start,
            end,
            summary: summary.into(),
            description: String::new(),
        }
    }

    fn day(text: &str) -> When {
        When::Day(text.parse().unwrap())
    }

    fn at(text: &str) -> When {
        When::At(text.parse().unwrap())
    }

    #[test]
    fn starts_and_ends() {
        let check = |start, end, expected: &str| {
            let text = write("NCLC", "Plan", &[event(start, end, "x")]);
            let lines: Vec<&str> = text.split("\r\n").filter(|line| line.starts_with("DT")).skip(1).collect();
            assert_eq!(lines.join(" "), expected);
        };
        check(day("2026-11-21"), None, "DTSTART;VALUE=DATE:20261121");
        check(
            day("2026-11-21"),
            Some(day("2026-11-21")),
            "DTSTART;VALUE=DATE:20261121 DTEND;VALUE=DATE:20261122",
        );
        check(
            day("2026-12-31"),
            Some(day("2027-01-01")),
            "DTSTART;VALUE=DATE:20261231 DTEND;VALUE=DATE:20270102",
        );
        check(day("2026-11-21"), Some(day("2026-11-20")), "DTSTART;VALUE=DATE:20261121");
        check(
            at("2026-11-21T23:30:00+02:00"),
            Some(at("2026-11-22T00:00:00Z")),
            "DTSTART:20261121T213000Z DTEND:20261122T000000Z",
        );
        check(at("2026-11-21T10:00:00Z"), Some(at("2026-11-21T10:00:00Z")), "DTSTART:20261121T100000Z");
        check(at("2026-11-21T10:00:00Z"), Some(day("2026-11-22")), "DTSTART:20261121T100000Z");
        check(
            day("2026-11-21"),
            Some(at("2026-11-22T10:00:00Z")),
            "DTSTART;VALUE=DATE:20261121 DTEND;VALUE=DATE:20261123",
        );
    }

    #[test]
    fn lines_are_short_and_unfold() {
        for text in [
            format!("a{}b", " ".repeat(300)),
            "🥖 ".repeat(99),
            format!("{}🥖{}", " ".repeat(59), " 🥖".repeat(50)),
            "x".repeat(1000),
        ] {
            let mut out = String::new();
            line(&mut out, &text);
            assert!(out.split("\r\n").all(|piece| piece.len() <= 75), "{out:?}");
            assert_eq!(out.replace("\r\n ", ""), format!("{text}\r\n"));
        }
    }

    /// Another program's reader finds the same.
    #[test]
    fn an_independent_parser_reads_it() {
        let long = "Brötchen 🥖 und ".repeat(40);
        let texts = [
            "Rye; wheat, and \\ more\nsecond line",
            long.trim_end(),
            "BEGIN:VEVENT\r\nSUMMARY:not one of ours",
            "",
        ];
        let events: Vec<Event> = texts
            .iter()
            .map(|text| Event { description: (*text).to_owned(), ..event(day("2026-11-21"), None, text) })
            .collect();
        let written = write("NCLC", "Plan, 2026", &events);
        for line in written.split("\r\n") {
            assert!(line.len() <= 75 && !line.contains(['\n', '\r']), "{line:?}");
        }
        let calendars: Vec<_> =
            IcalParser::new(written.as_bytes()).collect::<Result<_, _>>().expect("a calendar");
        let [calendar] = calendars.as_slice() else { panic!("{} calendars", calendars.len()) };
        assert_eq!(calendar.events.len(), texts.len());
        for (found, text) in calendar.events.iter().zip(texts) {
            let value = |name: &str| {
                let found = found.properties.iter().find(|property| property.name == name);
                found.and_then(|property| property.value.clone()).unwrap_or_default()
            };
            let plain = text.replace("\r\n", "\n");
            let read = value("SUMMARY")
                .replace("\\n", "\n")
                .replace("\\,", ",")
                .replace("\\;", ";")
                .replace("\\\\", "\\");
            assert_eq!(read, plain);
            assert_eq!((value("DTSTART").as_str(), value("UID").as_str()), ("20261121", "rec1@example"));
        }
    }
}
