//! Days and instants: text ↔ numbers. The stored forms are read by hand (a load reads millions), all others by jiff.

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// Days since 1970-01-01 of a proleptic Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month, day of a day number.
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// `2026-11-21` → days since 1970-01-01. Only years 0000–9999.
pub(crate) fn parse_day(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_of(year, month, day);
    (date_of(days) == (year, month, day)).then_some(days as i32)
}

fn push_number(out: &mut Vec<u8>, value: i64, width: usize) {
    let mut buffer = [b'0'; 10];
    let mut rest = value;
    for place in buffer[..width].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&buffer[..width]);
}

/// Appends `2026-11-21`.
pub(crate) fn write_day(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = date_of(i64::from(days));
    push_number(out, year, 4);
    out.push(b'-');
    push_number(out, month, 2);
    out.push(b'-');
    push_number(out, day, 2);
}

/// `2026-11-21`.
pub(crate) fn day_text(days: i32) -> String {
    let mut out = Vec::with_capacity(10);
    write_day(days, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

const DAY_US: i64 = 86_400_000_000;

/// RFC 3339 in UTC (`2026-11-21T10:04:26Z`, up to six decimals) → microseconds since 1970.
pub(crate) fn parse_instant(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() >= 20
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes.ends_with(b"Z")
    {
        let day = parse_day(text.get(..10)?)?;
        let (hour, minute, second) =
            (digits(&bytes[11..13])?, digits(&bytes[14..16])?, digits(&bytes[17..19])?);
        let fraction = &bytes[19..bytes.len() - 1];
        let micros = match fraction {
            [] => 0,
            [b'.', rest @ ..] if (1..=6).contains(&rest.len()) => {
                digits(rest)? * 10i64.pow(6 - rest.len() as u32)
            }
            _ => return parse_any(text),
        };
        if hour < 24 && minute < 60 && second < 60 {
            return Some(i64::from(day) * DAY_US + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros);
        }
    }
    parse_any(text)
}

fn parse_any(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|at| at.as_microsecond())
}

/// Appends RFC 3339 with `Z`, with three or six decimals where there are any.
pub(crate) fn write_instant(micros: i64, out: &mut Vec<u8>) {
    let (days, rest) = (micros.div_euclid(DAY_US), micros.rem_euclid(DAY_US));
    write_day(days as i32, out);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    for (mark, value) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
        out.push(mark);
        push_number(out, value, 2);
    }
    if fraction != 0 {
        out.push(b'.');
        if fraction % 1000 == 0 {
            push_number(out, fraction / 1000, 3);
        } else {
            push_number(out, fraction, 6);
        }
    }
    out.push(b'Z');
}

/// RFC 3339 with `Z`.
pub(crate) fn instant_text(micros: i64) -> String {
    let mut out = Vec::with_capacity(27);
    write_instant(micros, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// `10:30`, `10:30:15`, `10:30:15.5`: seconds since midnight as a time of the day.
pub(crate) fn clock_text(seconds: f64) -> String {
    let text = duration_text(seconds);
    let text =
        if text.len() < 8 || text.as_bytes().get(1) == Some(&b':') { format!("0{text}") } else { text };
    match text.strip_suffix(":00") {
        Some(short) if short.len() == 5 => short.to_owned(),
        _ => text,
    }
}

/// Year and month (1–12) of a day.
pub(crate) fn year_month(day: i32) -> Option<(i32, i32)> {
    let text = day_text(day);
    let (year, rest) = text.split_once('-')?;
    Some((year.parse().ok()?, rest.split('-').next()?.parse().ok()?))
}

/// The first day of a month (1–12).
pub(crate) fn first_of_month(year: i32, month: i32) -> Option<i32> {
    parse_day(&format!("{year:04}-{month:02}-01"))
}

/// Seconds since midnight of `9:30`, `09:30:15`, `9:30 pm`; None for what is no time of the day.
pub(crate) fn parse_clock(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => (rest, Some(0.0)),
        (_, Some(rest)) => (rest, Some(12.0)),
        _ => (text.as_str(), None),
    };
    let digits = digits.trim_end();
    let mut seconds = if half.is_some() && !digits.contains(':') {
        digits.parse::<u32>().ok().map(|hours| f64::from(hours) * 3600.0)?
    } else {
        parse_duration(digits).filter(|_| digits.contains(':') && !digits.starts_with('-'))?
    };
    // `1:30` is an hour and a half, and so half past one.
    if let Some(half) = half {
        if !(3600.0..46_800.0).contains(&seconds) {
            return None;
        }
        seconds = seconds % 43_200.0 + half * 3600.0;
    }
    (0.0..86_400.0).contains(&seconds).then_some(seconds)
}

/// `1:30:00`, `0:00:07.25`, `-0:05:00`.
pub(crate) fn duration_text(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let size = seconds.abs();
    let whole = size.trunc();
    if whole > 9e15 {
        return format!("{seconds}");
    }
    let total = whole as u64;
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    let fraction = size - whole;
    let mut text = format!("{sign}{hours}:{minutes:02}:{rest:02}");
    if fraction > 0.0 {
        let digits = format!("{fraction:.6}");
        text.push_str(digits.trim_start_matches('0').trim_end_matches('0').trim_end_matches('.'));
    }
    text
}

/// Seconds of `1:30` (hours and minutes), `1:30:00`, `-0:05`, `90` (seconds).
pub(crate) fn parse_duration(text: &str) -> Option<f64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let mut parts = digits.split(':');
    let number = |text: &str, most: f64| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        text.parse::<f64>().ok().filter(|number| plain && *number < most)
    };
    let first = parts.next()?;
    let Some(minutes) = parts.next() else {
        return number(first, f64::INFINITY).map(|seconds| sign * seconds);
    };
    let seconds = parts.next().map_or(Some(0.0), |text| number(text, 60.0))?;
    if parts.next().is_some() || first.contains('.') || minutes.contains('.') {
        return None;
    }
    let total = number(first, 1e9)? * 3600.0 + number(minutes, 60.0)? * 60.0 + seconds;
    Some(sign * (total * 1e6).round() / 1e6)
}

/// The zone with this IANA name; UTC for none and for unknown ones.
pub(crate) fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// The day on which an instant falls in a zone.
pub(crate) fn day_in(micros: i64, zone: &TimeZone) -> Option<i32> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    let date = at.to_zoned(zone.clone()).date();
    Some(days_of(date.year().into(), date.month().into(), date.day().into()) as i32)
}

/// The instant at which a day begins in a zone.
pub(crate) fn day_start(days: i32, zone: &TimeZone) -> Option<i64> {
    let (year, month, day) = date_of(i64::from(days));
    let date = civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// A local date and time without an offset (`2026-11-21 10:04`, `2026-11-21T10:04:26`), read in a zone.
pub(crate) fn parse_local(text: &str, zone: &TimeZone) -> Option<i64> {
    let at = text.parse::<civil::DateTime>().ok()?.round(Unit::Microsecond).ok()?;
    Some(at.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// Whether an instant can be shown as RFC 3339 with four digits of year.
pub(crate) fn in_range(micros: i64) -> bool {
    (days_of(0, 1, 1)..days_of(10_000, 1, 1)).contains(&micros.div_euclid(DAY_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_back() {
        for (text, days) in
            [("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-21", 20_778)]
        {
            assert_eq!(parse_day(text), Some(days), "{text}");
            assert_eq!(day_text(days), text);
        }
        for text in ["", "2026-02-29", "2026-13-01", "2026-00-10", "26-11-21", "2026/11/21", "2026-11-2x"] {
            assert_eq!(parse_day(text), None, "{text}");
        }
        for days in (-719_528..2_932_896).step_by(97) {
            assert_eq!(parse_day(&day_text(days)), Some(days));
        }
    }

    #[test]
    fn instants_agree_with_jiff() {
        for text in [
            "2026-11-21T10:04:26Z",
            "1969-12-31T23:59:59.5Z",
            "0001-01-01T00:00:00.000001Z",
            "2026-11-21T10:04:26.123Z",
        ] {
            let micros = text.parse::<Timestamp>().unwrap().as_microsecond();
            assert_eq!(parse_instant(text), Some(micros), "{text}");
            assert_eq!(parse_instant(&instant_text(micros)), Some(micros));
        }
        assert_eq!(parse_instant("2026-11-21T10:04:26+01:00"), parse_instant("2026-11-21T09:04:26Z"));
        assert_eq!(parse_instant("2026-11-21"), None);
        let berlin = zone(Some("Europe/Berlin"));
        assert_eq!(day_start(20_778, &berlin).map(instant_text).as_deref(), Some("2026-11-20T23:00:00Z"));
        assert_eq!(day_in(day_start(20_778, &berlin).unwrap(), &berlin), Some(20_778));
    }
}
