//! Days and numbers as a country writes them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The order of a day's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// `2026-11-21`.
    #[default]
    Iso,
    /// `21.11.2026`; read with dots, slashes or hyphens.
    DayFirst,
    /// `11/21/2026`; read with dots, slashes or hyphens.
    MonthFirst,
}

/// What stands before the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// `1,234.5`.
    #[default]
    Point,
    /// `1.234,5`.
    Comma,
}

impl Dates {
    /// A day (`2026-11-21`) in this order.
    pub(crate) fn write(self, day: &str) -> String {
        let (Some(year), Some(month), Some(date)) = (day.get(..4), day.get(5..7), day.get(8..10)) else {
            return day.to_owned();
        };
        match self {
            Self::Iso => day.to_owned(),
            Self::DayFirst => format!("{date}.{month}.{year}"),
            Self::MonthFirst => format!("{month}/{date}/{year}"),
        }
    }

    /// A day of a file, with what may stand behind it (a time), as `2026-11-21…`. ISO days are read in every order; two
    /// digits of a year are of 1970 to 2069. None if it is no day.
    pub(crate) fn read(self, text: &str) -> Option<String> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/' | '-'));
        let (date, rest) = text.split_at(end.unwrap_or(text.len()));
        let mark = date.chars().find(|c| !c.is_ascii_digit())?;
        let parts: Vec<&str> = date.split(mark).collect();
        let [a, b, c] = parts[..] else { return None };
        let number = |part: &str| (1..=4).contains(&part.len()).then(|| part.parse::<i16>().ok()).flatten();
        let (first, second, third) = (number(a)?, number(b)?, number(c)?);
        let (year, month, day) = match self {
            _ if a.len() == 4 && (mark == '-' || mark == '/') => (first, second, third),
            Self::Iso => return None,
            Self::DayFirst => (full_year(c, third)?, second, first),
            Self::MonthFirst => (full_year(c, third)?, first, second),
        };
        let good = jiff::civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).is_ok();
        good.then(|| format!("{year:04}-{month:02}-{day:02}{rest}"))
    }
}

fn full_year(digits: &str, year: i16) -> Option<i16> {
    match digits.len() {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

impl Numbers {
    /// A number as written with a point, in this form; without groups, so that every reader takes it.
    pub(crate) fn write(self, number: &str) -> String {
        match self {
            Self::Point => number.to_owned(),
            Self::Comma => number.replace('.', ","),
        }
    }

    /// A number of a file as one with a decimal point; groups may be marked by the other mark, spaces or apostrophes.
    /// What is no number comes back as something that is none.
    pub(crate) fn read(self, text: &str) -> String {
        let swapped: String = match self {
            Self::Point => text.to_owned(),
            Self::Comma => text
                .chars()
                .map(|c| match c {
                    '.' => ',',
                    ',' => '.',
                    c => c,
                })
                .collect(),
        };
        without_spaces(&swapped)
    }

    /// Whether a text is a number, and how many decimals it has: no leading zeros (a code), no words.
    pub(crate) fn decimals(self, text: &str) -> Option<usize> {
        let text = self.read(text);
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(whole, rest)| (whole, rest));
        let plain = ungrouped(whole)?;
        let is_code = plain.len() > 1 && plain.starts_with('0');
        let (fraction, _) = fraction.split_once(['e', 'E']).unwrap_or((fraction, ""));
        let number = format!("{plain}{}", &digits[whole.len()..]);
        let finite = number.parse::<f64>().is_ok_and(f64::is_finite);
        (!is_code && finite && digits.starts_with(|c: char| c.is_ascii_digit())).then_some(fraction.len())
    }
}

/// Digits without commas, if those stand where groups of three begin.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let three = |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    ((1..=3).contains(&first.len()) && groups.all(three)).then(|| whole.replace(',', ""))
}

/// Without the spaces and apostrophes that group digits.
fn without_spaces(text: &str) -> String {
    let marks: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| marks.get(at)).is_some_and(char::is_ascii_digit);
    let groups = |at: usize| {
        matches!(marks[at], ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')
            && digit(at.checked_sub(1))
            && digit(Some(at + 1))
            && digit(Some(at + 3))
    };
    (0..marks.len()).filter(|at| !groups(*at)).map(|at| marks[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_of_countries() {
        use Dates::{DayFirst, Iso, MonthFirst};
        for (dates, text, expected) in [
            (Iso, "2026-11-21", Some("2026-11-21")),
            (Iso, "21.11.2026", None),
            (DayFirst, "2026-11-21", Some("2026-11-21")),
            (DayFirst, "21.11.2026", Some("2026-11-21")),
            (DayFirst, "3/4/2026 10:30", Some("2026-04-03 10:30")),
            (MonthFirst, "3/4/2026", Some("2026-03-04")),
            (MonthFirst, "21/4/2026", None),
            (DayFirst, "1.2.69", Some("2069-02-01")),
            (DayFirst, "31.2.2026", None),
            (DayFirst, "1.2", None),
            (MonthFirst, "soon", None),
        ] {
            assert_eq!(dates.read(text).as_deref(), expected, "{dates:?} {text}");
        }
    }

    #[test]
    fn numbers_of_countries() {
        use Numbers::{Comma, Point};
        for (numbers, text, expected) in [
            (Point, "1234.5", Some(1)),
            (Point, "1,234.50", Some(2)),
            (Point, "1,23", None),
            (Point, "007", None),
            (Point, "0.5", Some(1)),
            (Point, "1 234", Some(0)),
            (Point, "12x", None),
            (Point, "inf", None),
            (Comma, "1.234,5", Some(1)),
            (Comma, "-0,25", Some(2)),
            (Comma, "1.5", None),
            (Comma, "1'234,5", Some(1)),
            (Point, "+49", None),
        ] {
            assert_eq!(numbers.decimals(text), expected, "{numbers:?} {text}");
        }
        assert_eq!(Comma.read("1.234,5"), "1,234.5");
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(year in 1000i16..9999, month in 1i8..13, day in 1i8..29, number in proptest::num::f64::NORMAL) {
            let iso = format!("{year:04}-{month:02}-{day:02}");
            for dates in [Dates::Iso, Dates::DayFirst, Dates::MonthFirst] {
                prop_assert_eq!(dates.read(&dates.write(&iso)), Some(iso.clone()));
            }
            let text = number.to_string();
            for numbers in [Numbers::Point, Numbers::Comma] {
                prop_assert_eq!(numbers.read(&numbers.write(&text)), text.clone());
            }
        }
    }
}
