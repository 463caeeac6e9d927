//! Guesses a field type for each column of a file from a sample of its values, and in which order its days are written and
//! what stands before decimals (spec D8).
//!
//! A guess is made only when every non-empty value of the sample fits: a wrong guess costs the person more than plain text.

use super::source::Given;
use crate::files::locale::{Dates, Numbers};
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use std::hash::BuildHasher as _;

/// A guessed column type; names as in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// One line of text.
    Text,
    /// Text with line breaks, or long.
    LongText,
    /// A number.
    Number,
    /// Yes or no.
    Checkbox,
    /// A day.
    Date,
    /// A moment.
    Datetime,
    /// A time of the day.
    Time,
    /// A length of time.
    Duration,
    /// One of a few values.
    Select,
    /// Any of a few values.
    MultiSelect,
    /// Any JSON.
    Json,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
}

/// More distinct values than this are no select field.
const MAX_CHOICES: usize = 24;
/// A select field needs at least this many values before repetition means anything.
const MIN_VALUES_FOR_SELECT: usize = 20;

/// What has been seen of one column.
#[derive(Debug, Default)]
pub(super) struct Column {
    values: usize,
    /// Numbers, by what stands before decimals: point, comma.
    numbers: [usize; 2],
    decimals: [usize; 2],
    /// Days and moments, by order: year, day, month first.
    days: [usize; 3],
    moments: [usize; 3],
    /// Days with dots, which only countries write that write the day first.
    dots: usize,
    booleans: usize,
    clocks: usize,
    durations: usize,
    emails: usize,
    urls: usize,
    lists: usize,
    json: usize,
    long: bool,
    distinct: HashSet<String>,
    many_distinct: bool,
    /// Hashes of the values, until one comes again.
    hashes: FxHashSet<u64>,
    empty_or_again: bool,
}

const NUMBERS: [Numbers; 2] = [Numbers::Point, Numbers::Comma];
const DATES: [Dates; 3] = [Dates::Iso, Dates::DayFirst, Dates::MonthFirst];

impl Column {
    /// Takes one value of the sample into account.
    pub(super) fn see(&mut self, given: &Given) {
        let text = given.text();
        let value = text.trim();
        if value.is_empty() {
            self.empty_or_again = true;
            return;
        }
        self.values += 1;
        // Two values with one hash would make a name column look like any other: a guess may be that wrong.
        if !self.empty_or_again && !self.hashes.insert(FxBuildHasher.hash_one(value)) {
            self.empty_or_again = true;
            self.hashes = FxHashSet::default();
        }
        match given {
            Given::Number(_) | Given::Json(Value::Number(_)) => self.number(value, &[Numbers::Point; 2]),
            Given::Bool(_) | Given::Json(Value::Bool(_)) => self.booleans += 1,
            Given::Day(_) => self.days.iter_mut().for_each(|count| *count += 1),
            Given::Moment(_) => self.moments.iter_mut().for_each(|count| *count += 1),
            Given::Seconds(seconds) => {
                self.clocks += usize::from(*seconds < 86_400.0);
                self.durations += 1;
            }
            Given::Json(Value::Array(list)) if list.iter().all(Value::is_string) => self.lists += 1,
            Given::Json(Value::Array(_) | Value::Object(_)) => self.json += 1,
            _ => self.text(value),
        }
        let parts: Vec<&str> = match given {
            Given::Json(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => vec![value],
        };
        for part in parts {
            if !self.many_distinct {
                self.distinct.insert(part.to_owned());
                if self.distinct.len() > MAX_CHOICES {
                    self.many_distinct = true;
                    self.distinct.clear();
                }
            }
        }
    }

    fn number(&mut self, value: &str, forms: &[Numbers; 2]) {
        for (at, form) in forms.iter().enumerate() {
            if let Some(decimals) = form.decimals(value) {
                self.numbers[at] += 1;
                self.decimals[at] = self.decimals[at].max(decimals);
            }
        }
    }

    fn text(&mut self, value: &str) {
        self.number(value, &NUMBERS);
        self.booleans += usize::from(boolean(value).is_some());
        for (at, order) in DATES.iter().enumerate() {
            let day = order.read(value);
            let is_day = day.as_ref().is_some_and(|day| day.len() == 10);
            let moment = || moment(value) || day.as_ref().is_some_and(|day| moment(&day.replace(' ', "T")));
            self.moments[at] += usize::from(!is_day && moment());
            self.days[at] += usize::from(is_day);
        }
        self.dots += usize::from(self.days[1] > 0 && value.contains('.'));
        self.emails += usize::from(is_email(value));
        self.urls += usize::from(value.starts_with("https://") || value.starts_with("http://"));
        self.long |= value.len() > 200 || value.contains('\n');
    }

    fn all(&self, count: usize) -> bool {
        self.values > 0 && count == self.values
    }

    fn is_dated(&self, order: usize) -> bool {
        self.all(self.days[order]) || self.all(self.moments[order])
    }

    /// The best guess.
    pub(super) fn guess(&self, dates: Dates, numbers: Numbers) -> ColumnType {
        let all = |count: usize| self.all(count);
        let (dates, numbers) = (place(&DATES, dates), place(&NUMBERS, numbers));
        if all(self.booleans)
            && self.distinct.len() <= 2
            && (self.distinct.len() == 2 || !self.is_text_like())
        {
            ColumnType::Checkbox
        } else if all(self.numbers[numbers]) {
            ColumnType::Number
        } else if all(self.days[dates]) {
            ColumnType::Date
        } else if all(self.days[dates] + self.moments[dates]) {
            ColumnType::Datetime
        } else if all(self.clocks) {
            ColumnType::Time
        } else if all(self.durations) {
            ColumnType::Duration
        } else if all(self.emails) {
            ColumnType::Email
        } else if all(self.urls) {
            ColumnType::Url
        } else if all(self.lists) && !self.many_distinct {
            ColumnType::MultiSelect
        } else if self.json > 0 && all(self.lists + self.json) {
            ColumnType::Json
        } else if self.long {
            ColumnType::LongText
        } else if self.repeats() {
            ColumnType::Select
        } else {
            ColumnType::Text
        }
    }

    /// Whether the only value could be something else than yes or no: a file of text with ones alone says little.
    fn is_text_like(&self) -> bool {
        self.distinct.iter().all(|value| !matches!(value.as_str(), "true" | "false"))
    }

    /// Decimal places to show for a number column; `None`: as many as there are.
    pub(super) fn precision(&self, numbers: Numbers) -> Option<u8> {
        u8::try_from(self.decimals[place(&NUMBERS, numbers)]).ok().filter(|decimals| *decimals <= 4)
    }

    /// Whether every row had a value, and no two the same.
    pub(super) fn unique(&self) -> bool {
        self.values > 0 && !self.empty_or_again
    }

    fn repeats(&self) -> bool {
        !self.many_distinct
            && self.values >= MIN_VALUES_FOR_SELECT
            && self.distinct.len() * 8 <= self.values
            && self.distinct.iter().all(|value| value.len() <= 40)
    }
}

fn place<T: PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|other| *other == one).unwrap_or(0)
}

/// How the file's days and numbers are written: so that most columns are days and numbers from their first value to their
/// last. Of equals: ISO and a point, unless dots or semicolons speak for a country that writes otherwise.
pub(super) fn guess_locale(columns: &[Column], delimiter: u8) -> (Dates, Numbers) {
    let dated = |order: usize| columns.iter().filter(|column| column.is_dated(order)).count();
    let counted = |form: usize| columns.iter().filter(|column| column.all(column.numbers[form])).count();
    let (iso, day, month) = (dated(0), dated(1), dated(2));
    let numbers = match (counted(0), counted(1)) {
        (point, comma) if comma > point || comma == point && comma > 0 && delimiter == b';' => Numbers::Comma,
        _ => Numbers::Point,
    };
    let has_dots = columns.iter().any(|column| column.dots > 0);
    let dates = if iso >= day && iso >= month {
        Dates::Iso
    } else if day > month || day == month && (has_dots || numbers == Numbers::Comma) {
        Dates::DayFirst
    } else {
        Dates::MonthFirst
    };
    (dates, numbers)
}

/// Reads yes/no as files write it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "checked" | "1" => Some(true),
        "false" | "no" | "n" | "unchecked" | "0" => Some(false),
        _ => None,
    }
}

fn moment(text: &str) -> bool {
    text.len() > 10
        && (text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok())
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.ends_with('.') && !text.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> ColumnType {
        seen(values).guess(Dates::Iso, Numbers::Point)
    }

    fn seen(values: &[&str]) -> Column {
        let mut column = Column::default();
        values.iter().for_each(|value| column.see(&Given::Text((*value).to_owned())));
        column
    }

    #[test]
    fn guesses() {
        let few: Vec<&str> = (0..40).map(|n| if n % 3 == 0 { "Operating" } else { "Closed" }).collect();
        for (values, expected) in [
            (&["1", "-2.5", "", "3e2"][..], ColumnType::Number),
            (&["01", "02"], ColumnType::Text),
            (&["Y", "N", "Y"], ColumnType::Checkbox),
            (&["1", "0", "1"], ColumnType::Checkbox),
            (&["1", "1"], ColumnType::Number),
            (&["2026-11-21", "2025-01-02"], ColumnType::Date),
            (&["2026-11-21T10:00:00Z"], ColumnType::Datetime),
            (&["2026-11-21 10:00"], ColumnType::Datetime),
            (&["a@b.example"], ColumnType::Email),
            (&["https://a.example/x"], ColumnType::Url),
            (&["a\nb"], ColumnType::LongText),
            (&["a", "1"], ColumnType::Text),
            (&["", ""], ColumnType::Text),
            (&few, ColumnType::Select),
        ] {
            assert_eq!(guess(values), expected, "{values:?}");
        }
    }

    #[test]
    fn unique_is_filled_and_without_repetition() {
        for (values, expected) in
            [(&["a", "b"][..], true), (&["a", "b", " a "], false), (&["a", ""], false), (&[], false)]
        {
            assert_eq!(seen(values).unique(), expected, "{values:?}");
        }
    }

    #[test]
    fn precision_is_kept_for_prices_and_not_for_coordinates() {
        assert_eq!(seen(&["1.50", "2"]).precision(Numbers::Point), Some(2));
        assert_eq!(seen(&["-6.081689834590001"]).precision(Numbers::Point), None);
        assert_eq!(seen(&["1,50", "2"]).precision(Numbers::Comma), Some(2));
    }

    #[test]
    fn countries_are_known_by_their_days_and_numbers() {
        use Dates::{DayFirst, Iso, MonthFirst};
        use Numbers::{Comma, Point};
        for (columns, delimiter, expected) in [
            (&[&["1.5", "2"][..], &["2026-11-21"]][..], b',', (Iso, Point)),
            (&[&["1,5", "2"], &["21.11.2026", "1.2.2026"]], b';', (DayFirst, Comma)),
            (&[&["21/11/2026", "1/2/2026"]], b',', (DayFirst, Point)),
            (&[&["11/21/2026", "1/2/2026"]], b',', (MonthFirst, Point)),
            (&[&["1/2/2026"]], b',', (MonthFirst, Point)),
            (&[&["1.2.2026"]], b',', (DayFirst, Point)),
            (&[&["1/2/2026 10:30"], &["0,5"]], b';', (DayFirst, Comma)),
            (&[&["12"]], b';', (Iso, Comma)),
            (&[&["a"]], b';', (Iso, Point)),
        ] {
            let columns: Vec<Column> = columns.iter().map(|values| seen(values)).collect();
            assert_eq!(guess_locale(&columns, delimiter), expected);
        }
        let german = seen(&["21.11.2026 10:30"]);
        assert_eq!(german.guess(DayFirst, Comma), ColumnType::Datetime);
        assert_eq!(seen(&["1.234,5"]).guess(Iso, Comma), ColumnType::Number);
    }

    #[test]
    fn typed_values_say_what_they_are() {
        for (given, expected) in [
            (Given::Number(1.0), ColumnType::Number),
            (Given::Bool(true), ColumnType::Checkbox),
            (Given::Day("2026-11-21".into()), ColumnType::Date),
            (Given::Moment("2026-11-21T10:30:00.000".into()), ColumnType::Datetime),
            (Given::Seconds(3600.0), ColumnType::Time),
            (Given::Seconds(100_000.0), ColumnType::Duration),
            (Given::Json(serde_json::json!(["a", "b"])), ColumnType::MultiSelect),
            (Given::Json(serde_json::json!({"a": 1})), ColumnType::Json),
            (Given::Json(serde_json::json!(5)), ColumnType::Number),
        ] {
            let mut column = Column::default();
            column.see(&given);
            assert_eq!(column.guess(Dates::Iso, Numbers::Point), expected, "{given:?}");
        }
    }
}
