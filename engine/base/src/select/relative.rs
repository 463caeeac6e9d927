//! Days relative to today in conditions: `{"relative": "last_days", "n": 7}` (spec row D4, filters).

use super::Moment;
use crate::time;
use serde_json::Value;

/// Furthest that `n` may reach, in days or weeks.
const MAX_N: i64 = 100_000;

/// First day and the day after the last; `None`: the value is not relative, `Some(None)`: it is, but not one that there is.
/// Weeks begin on Monday (ISO 8601). "Last 7 days" are today and the six before it; "next 7 days" today and the six after.
pub(super) fn days(value: &Value, moment: &Moment) -> Option<Option<(i32, i32)>> {
    let name = value.get("relative")?;
    let n = match value.get("n") {
        None => 1,
        Some(n) => n.as_i64().filter(|n| (0..=MAX_N).contains(n)).unwrap_or(-1),
    };
    Some(name.as_str().filter(|_| n >= 0).and_then(|name| range(name, n as i32, moment)))
}

fn range(name: &str, n: i32, moment: &Moment) -> Option<(i32, i32)> {
    let today = time::day_in(moment.now_us, &moment.zone)?;
    // 1970-01-01 was a Thursday.
    let monday = today - (today + 3).rem_euclid(7);
    let (year, month) = time::year_month(today)?;
    let first = |year: i32, month: i32| {
        // Months count on from January of year 0.
        let total = year * 12 + month - 1;
        time::first_of_month(total.div_euclid(12), total.rem_euclid(12) + 1)
    };
    let months = |from: i32, count: i32| Some((first(year, from)?, first(year, from + count)?));
    let quarter = (month - 1) / 3 * 3 + 1;
    Some(match name {
        "today" => (today, today + 1),
        "yesterday" => (today - 1, today),
        "tomorrow" => (today + 1, today + 2),
        "this_week" => (monday, monday + 7),
        "last_week" => (monday - 7, monday),
        "next_week" => (monday + 7, monday + 14),
        "this_month" => months(month, 1)?,
        "last_month" => months(month - 1, 1)?,
        "next_month" => months(month + 1, 1)?,
        "this_quarter" => months(quarter, 3)?,
        "last_quarter" => months(quarter - 3, 3)?,
        "next_quarter" => months(quarter + 3, 3)?,
        "this_year" => months(1, 12)?,
        "last_year" => months(-11, 12)?,
        "next_year" => months(13, 12)?,
        "year_to_date" => (first(year, 1)?, today + 1),
        "last_days" => (today + 1 - n, today + 1),
        "next_days" => (today, today + n),
        "days_ago" => (today - n, today - n + 1),
        "days_ahead" => (today + n, today + n + 1),
        "last_weeks" => (monday - 7 * n, monday),
        "next_weeks" => (monday + 7, monday + 7 + 7 * n),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_around_a_day() {
        // Saturday.
        let at = time::parse_instant("2026-11-21T23:30:00Z").unwrap();
        let check = |zone: &str, value: Value, expected: Option<(&str, &str)>| {
            let moment = Moment { now_us: at, zone: time::zone(Some(zone)) };
            let got = days(&value, &moment).unwrap();
            let got = got.map(|(from, to)| (time::day_text(from), time::day_text(to - 1)));
            assert_eq!(got, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{value} {zone}");
        };
        for (name, n, expected) in [
            ("today", 1, ("2026-11-21", "2026-11-21")),
            ("this_week", 1, ("2026-11-16", "2026-11-22")),
            ("next_week", 1, ("2026-11-23", "2026-11-29")),
            ("last_month", 1, ("2026-10-01", "2026-10-31")),
            ("next_month", 1, ("2026-12-01", "2026-12-31")),
            ("next_quarter", 1, ("2027-01-01", "2027-03-31")),
            ("last_year", 1, ("2025-01-01", "2025-12-31")),
            ("next_year", 1, ("2027-01-01", "2027-12-31")),
            ("year_to_date", 1, ("2026-01-01", "2026-11-21")),
            ("last_days", 7, ("2026-11-15", "2026-11-21")),
            ("next_days", 7, ("2026-11-21", "2026-11-27")),
            ("days_ago", 3, ("2026-11-18", "2026-11-18")),
            ("last_weeks", 2, ("2026-11-02", "2026-11-15")),
        ] {
            check("UTC", serde_json::json!({"relative": name, "n": n}), Some(expected));
        }
        check("Europe/Berlin", serde_json::json!({"relative": "today"}), Some(("2026-11-22", "2026-11-22")));
        for bad in
            [serde_json::json!({"relative": "soon"}), serde_json::json!({"relative": "last_days", "n": -1})]
        {
            check("UTC", bad, None);
        }
        let moment = Moment { now_us: at, zone: time::zone(None) };
        assert!(days(&serde_json::json!("2026-11-21"), &moment).is_none());
    }
}
