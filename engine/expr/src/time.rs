//! Days, instants and local time, on jiff. Everything outside the calendar's years is `ErrorKind::OutOfRange`.

use crate::value::ErrorKind;
use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, Unit};
use std::sync::LazyLock;

const EPOCH: civil::Date = civil::date(1970, 1, 1);
const OUT: ErrorKind = ErrorKind::OutOfRange;

/// The zones that come with the program: the same on every machine, and no file is read.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone by its name in the IANA database, capitals or not.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name.trim()).ok()
}

/// The names of all zones.
pub(crate) fn zone_names() -> Vec<String> {
    ZONES.available().map(|name| name.to_string()).collect()
}

/// The day `days` after 1970-01-01.
pub(crate) fn date(days: i32) -> Result<civil::Date, ErrorKind> {
    let span = Span::new().try_days(days).map_err(|_| OUT)?;
    EPOCH.checked_add(span).map_err(|_| OUT)
}

/// Days since 1970-01-01.
pub(crate) fn days(date: civil::Date) -> i32 {
    date.since((Unit::Day, EPOCH)).map_or(0, |span| span.get_days())
}

/// Local date and time of an instant.
pub(crate) fn local(micros: i64, zone: &TimeZone) -> Result<civil::DateTime, ErrorKind> {
    let instant = Timestamp::from_microsecond(micros).map_err(|_| OUT)?;
    Ok(zone.to_datetime(instant))
}

/// The instant of a local date and time; in a gap the later, in a fold the earlier one (RFC 5545).
pub(crate) fn instant(at: civil::DateTime, zone: &TimeZone) -> Result<i64, ErrorKind> {
    zone.to_timestamp(at).map(|at| at.as_microsecond()).map_err(|_| OUT)
}

/// The first instant of a day.
pub(crate) fn midnight(days: i32, zone: &TimeZone) -> Result<i64, ErrorKind> {
    instant(date(days)?.to_datetime(civil::Time::midnight()), zone)
}

/// Reads `2026-11-21`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.len() != 10 {
        return None;
    }
    text.parse::<civil::Date>().ok().map(days)
}

/// Reads an RFC 3339 instant, a local date and time (`2026-11-21 10:30`), or a date (its first instant).
pub(crate) fn parse_date_time(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if let Some(days) = parse_date(text) {
        return midnight(days, zone).ok();
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    // A date and time without offset; an offset or zone name that jiff knows but RFC 3339 does not is refused.
    if text.contains('[') {
        return None;
    }
    text.parse::<civil::DateTime>().ok().and_then(|at| instant(at, zone).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_instants() {
        let zone = zone("Europe/Berlin").unwrap();
        assert_eq!(parse_date("1970-01-02"), Some(1));
        assert_eq!(parse_date("2026-02-30"), None);
        assert_eq!(parse_date("today"), None);
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(parse_date_time(text, &zone).map(|micros| micros / 1_000_000), expected, "{text}");
        };
        check("1970-01-01", Some(-3600));
        check("1970-01-01 02:00", Some(3600));
        check("1970-01-01T00:00:00Z", Some(0));
        check("1970-01-01T02:00:00+02:00", Some(0));
        check("soon", None);
    }
}
