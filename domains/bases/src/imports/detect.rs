//! Guesses a field type for each column of a CSV file from a sample of its values (spec D8).
//!
//! A guess is made only when every non-empty value of the sample fits: a wrong guess costs the person more than plain text.

use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::{Deserialize, Serialize};
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
    /// One of a few values.
    Select,
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
pub struct Column {
    values: usize,
    numbers: usize,
    booleans: usize,
    dates: usize,
    moments: usize,
    emails: usize,
    urls: usize,
    long: bool,
    distinct: HashSet<String>,
    many_distinct: bool,
    decimals: usize,
    /// Hashes of the values, until one comes again.
    hashes: FxHashSet<u64>,
    empty_or_again: bool,
}

impl Column {
    /// Takes one value of the sample into account.
    pub fn see(&mut self, value: &str) {
        let value = value.trim();
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
        if is_number(value) {
            self.numbers += 1;
            let decimals = value.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            self.decimals = self.decimals.max(decimals);
        }
        self.booleans += usize::from(boolean(value).is_some());
        self.dates += usize::from(value.parse::<jiff::civil::Date>().is_ok() && value.len() == 10);
        self.moments += usize::from(moment(value));
        self.emails += usize::from(is_email(value));
        self.urls += usize::from(value.starts_with("https://") || value.starts_with("http://"));
        self.long |= value.len() > 200 || value.contains('\n');
        if !self.many_distinct {
            self.distinct.insert(value.to_owned());
            if self.distinct.len() > MAX_CHOICES {
                self.many_distinct = true;
                self.distinct.clear();
            }
        }
    }

    /// The best guess.
    #[must_use]
    pub fn guess(&self) -> ColumnType {
        let all = |count: usize| self.values > 0 && count == self.values;
        if all(self.booleans) && self.distinct.len() == 2 {
            ColumnType::Checkbox
        } else if all(self.numbers) {
            ColumnType::Number
        } else if all(self.dates) {
            ColumnType::Date
        } else if all(self.moments) {
            ColumnType::Datetime
        } else if all(self.emails) {
            ColumnType::Email
        } else if all(self.urls) {
            ColumnType::Url
        } else if self.long {
            ColumnType::LongText
        } else if self.repeats() {
            ColumnType::Select
        } else {
            ColumnType::Text
        }
    }

    /// Decimal places to show for a number column; `None`: as many as there are.
    #[must_use]
    pub fn precision(&self) -> Option<u8> {
        u8::try_from(self.decimals).ok().filter(|decimals| *decimals <= 4)
    }

    /// Whether every row had a value, and no two the same.
    #[must_use]
    pub fn unique(&self) -> bool {
        self.values > 0 && !self.empty_or_again
    }

    fn repeats(&self) -> bool {
        !self.many_distinct
            && self.values >= MIN_VALUES_FOR_SELECT
            && self.distinct.len() * 8 <= self.values
            && self.distinct.iter().all(|value| value.len() <= 40)
    }
}

/// A number as people write it in files: no leading zeros (a code), no exponent words, within f64.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    !code
        && digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Reads yes/no as files write it.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
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
        let mut column = Column::default();
        values.iter().for_each(|value| column.see(value));
        column.guess()
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
            let mut column = Column::default();
            values.iter().for_each(|value| column.see(value));
            assert_eq!(column.unique(), expected, "{values:?}");
        }
    }

    #[test]
    fn precision_is_kept_for_prices_and_not_for_coordinates() {
        let mut prices = Column::default();
        ["1.50", "2"].iter().for_each(|value| prices.see(value));
        assert_eq!(prices.precision(), Some(2));
        let mut coordinates = Column::default();
        coordinates.see("-6.081689834590001");
        assert_eq!(coordinates.precision(), None);
    }
}
