//! What the overview shows. Pure.

use jiff::civil::Date;

/// Totals over all tenants, counted at one moment. Nothing that is in a trash is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Organisations that are not suspended.
    pub active_tenants: i64,
    /// Suspended organisations.
    pub suspended_tenants: i64,
    /// People with a confirmed account.
    pub users: i64,
    /// Bases.
    pub bases: i64,
    /// Records in them.
    pub records: i64,
    /// Sites.
    pub sites: i64,
    /// Pages with a published version.
    pub published_pages: i64,
}

/// One day of the sign-up chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day, UTC.
    pub date: Date,
    /// Accounts confirmed on it.
    pub users: i64,
    /// Organisations made on it.
    pub tenants: i64,
}

/// Every day from `first` on, `count` of them, with zeros where nothing happened.
pub(super) fn fill(first: Date, count: usize, users: &[(Date, i64)], tenants: &[(Date, i64)]) -> Vec<Day> {
    let on = |rows: &[(Date, i64)], date| rows.iter().find(|(day, _)| *day == date).map_or(0, |(_, n)| *n);
    std::iter::successors(Some(first), |date| date.tomorrow().ok())
        .take(count)
        .map(|date| Day { date, users: on(users, date), tenants: on(tenants, date) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_without_sign_ups_are_zeros() {
        let days = fill(
            date(2026, 2, 27),
            4,
            &[(date(2026, 3, 1), 5), (date(2025, 3, 1), 9)],
            &[(date(2026, 2, 27), 1)],
        );
        let found: Vec<_> = days.iter().map(|day| (day.date.to_string(), day.users, day.tenants)).collect();
        assert_eq!(
            found,
            [
                ("2026-02-27".to_owned(), 0, 1),
                ("2026-02-28".to_owned(), 0, 0),
                ("2026-03-01".to_owned(), 5, 0),
                ("2026-03-02".to_owned(), 0, 0),
            ]
        );
    }
}
