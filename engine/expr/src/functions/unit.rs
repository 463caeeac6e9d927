//! Units of time, and words among which an argument chooses.

use jiff::civil;
use jiff::{Span, ToSpan as _};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

const UNITS: [(Unit, &str, &str); 9] = [
    (Unit::Millisecond, "millisecond", "ms"),
    (Unit::Second, "second", "s"),
    (Unit::Minute, "minute", "m"),
    (Unit::Hour, "hour", "h"),
    (Unit::Day, "day", "d"),
    (Unit::Week, "week", "w"),
    (Unit::Month, "month", "M"),
    (Unit::Quarter, "quarter", "Q"),
    (Unit::Year, "year", "y"),
];

/// The words for docs and hints.
pub(crate) fn names() -> String {
    UNITS.map(|(_, name, _)| name).join(", ")
}

/// The unit that a text means: a word in singular or plural, capitals or not; or its abbreviation, where `m` are
/// minutes and `M` months.
pub(crate) fn unit(text: &str) -> Option<Unit> {
    let text = text.trim();
    let short = UNITS.iter().find(|(_, _, short)| *short == text);
    short.or_else(|| UNITS.iter().find(|(_, name, _)| means(text, name))).map(|(unit, ..)| *unit)
}

/// The word of `words` that `text` means: capitals or not, singular or plural.
pub(crate) fn word(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let text = text.trim();
    words.iter().copied().find(|word| means(text, word))
}

fn means(text: &str, word: &str) -> bool {
    let singular = text.strip_suffix(['s', 'S']).unwrap_or(text);
    text.eq_ignore_ascii_case(word) || singular.eq_ignore_ascii_case(word)
}

impl Unit {
    /// Its length if it has always the same one.
    pub(super) fn micros(self) -> Option<i64> {
        match self {
            Self::Millisecond => Some(1_000),
            Self::Second => Some(1_000_000),
            Self::Minute => Some(60_000_000),
            Self::Hour => Some(3_600_000_000),
            Self::Day | Self::Week | Self::Month | Self::Quarter | Self::Year => None,
        }
    }

    /// `count` of it; `None` if that is beyond the calendar.
    pub(super) fn span(self, count: i64) -> Option<Span> {
        match self {
            Self::Millisecond => Span::new().try_milliseconds(count),
            Self::Second => Span::new().try_seconds(count),
            Self::Minute => Span::new().try_minutes(count),
            Self::Hour => Span::new().try_hours(count),
            Self::Day => Span::new().try_days(count),
            Self::Week => Span::new().try_weeks(count),
            Self::Month => Span::new().try_months(count),
            Self::Quarter => Span::new().try_months(count.saturating_mul(3)),
            Self::Year => Span::new().try_years(count),
        }
        .ok()
    }

    /// The first moment of the unit that `at` lies in. Weeks begin on Monday.
    pub(super) fn begin(self, at: civil::DateTime) -> civil::DateTime {
        let date = at.date();
        let day = |date: civil::Date| date.to_datetime(civil::Time::midnight());
        let with = at.with();
        match self {
            Self::Millisecond => {
                let nanos = at.subsec_nanosecond();
                with.subsec_nanosecond(nanos - nanos % 1_000_000).build().unwrap_or(at)
            }
            Self::Second => with.subsec_nanosecond(0).build().unwrap_or(at),
            Self::Minute => with.second(0).subsec_nanosecond(0).build().unwrap_or(at),
            Self::Hour => with.minute(0).second(0).subsec_nanosecond(0).build().unwrap_or(at),
            Self::Day => day(date),
            Self::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                day(date.saturating_sub(since_monday.days()))
            }
            Self::Month => day(date.first_of_month()),
            Self::Quarter => {
                let month = (date.month() - 1) / 3 * 3 + 1;
                day(date.with().day(1).month(month).build().unwrap_or(date))
            }
            Self::Year => day(date.first_of_year()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_words_and_abbreviations() {
        for (text, expected) in [
            ("days", Some(Unit::Day)),
            ("Day", Some(Unit::Day)),
            ("m", Some(Unit::Minute)),
            ("M", Some(Unit::Month)),
            ("ms", Some(Unit::Millisecond)),
            (" Years ", Some(Unit::Year)),
            ("fortnight", None),
            ("", None),
        ] {
            assert_eq!(unit(text), expected, "{text}");
        }
    }
}
