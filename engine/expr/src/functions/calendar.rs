//! Weeks, working days, ages and other questions to the calendar.

use super::date::{DATES, UNIT, WHEN, units_between};
use super::unit::{Unit, word};
use super::{
    ANY, Call, FnDef, Kernel, NUMBER, NullRule, Param, SIGNATURE, ZONE, optional, required, takes, takes_many,
};
use crate::check::Volatility;
use crate::moment;
use crate::time;
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};
use jiff::civil::{self, Weekday};

const MONDAY_OR_SUNDAY: &[&str] = &["Sunday", "Monday"];
const FIRST_DAY: Param = optional("first day", ParamType::Word(MONDAY_OR_SUNDAY), Default::Text("Sunday"));
const HOLIDAYS: Param = optional("holidays", ANY, Default::Blank);
const SPANS: Signature = takes(&[required("date", ParamType::Is(Type::DateTime))], Type::Text);
const CHOICE: Signature = takes_many(&[required("date", ParamType::Dates)], Type::DateTime);

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "WEEKDAY",
        signature: takes(&[WHEN, FIRST_DAY, ZONE], Type::Number),
        kernel: Kernel::General(|call| {
            let day = call.day(0, 2)?.weekday();
            let monday = monday_first(call, 1)?;
            let number = if monday { day.to_monday_zero_offset() } else { day.to_sunday_zero_offset() };
            Ok(Value::Number(number.into()))
        }),
        doc: "The day of the week, from 0: Sunday, or Monday if weeks begin with it.",
        examples: &[
            (r#"WEEKDAY("2026-11-21")"#, "6"),
            (r#"WEEKDAY("2026-11-22")"#, "0"),
            (r#"WEEKDAY("2026-11-22", "Monday")"#, "6"),
        ],
        ..DATES
    },
    FnDef {
        name: "WEEKNUM",
        signature: takes(&[WHEN, FIRST_DAY, ZONE], Type::Number),
        kernel: Kernel::General(|call| {
            Ok(Value::Number(moment::week(call.day(0, 2)?, monday_first(call, 1)?).0.into()))
        }),
        doc: "The week of the year; week 1 is the one with January 1. ISO_WEEK counts as ISO 8601 does.",
        examples: &[(r#"WEEKNUM("2026-11-21")"#, "47"), (r#"WEEKNUM("2026-01-04", "Monday")"#, "1")],
        ..DATES
    },
    FnDef {
        name: "ISO_WEEK",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.iso_week_date().week().into()))),
        doc: "The week of the year by ISO 8601: from Monday, week 1 has the first Thursday.",
        examples: &[(r#"ISO_WEEK("2027-01-01")"#, "53"), (r#"ISO_WEEK("2026-11-21")"#, "47")],
        ..DATES
    },
    FnDef {
        name: "QUARTER",
        kernel: Kernel::General(|call| Ok(Value::Number(((call.day(0, 1)?.month() + 2) / 3).into()))),
        doc: "The quarter of the year, 1 to 4.",
        examples: &[(r#"QUARTER("2026-11-21")"#, "4")],
        ..DATES
    },
    FnDef {
        name: "DAY_OF_YEAR",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.day_of_year().into()))),
        doc: "The day of the year, 1 to 366.",
        examples: &[(r#"DAY_OF_YEAR("2026-11-21")"#, "325")],
        ..DATES
    },
    FnDef {
        name: "DAYS_IN_MONTH",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.days_in_month().into()))),
        doc: "How many days the month of a date has.",
        examples: &[(r#"DAYS_IN_MONTH("2028-02-10")"#, "29")],
        ..DATES
    },
    FnDef {
        name: "IS_WEEKEND",
        signature: takes(&[WHEN, ZONE], Type::Bool),
        kernel: Kernel::General(|call| {
            Ok(Value::Bool(matches!(call.day(0, 1)?.weekday(), Weekday::Saturday | Weekday::Sunday)))
        }),
        doc: "TRUE on Saturday and Sunday.",
        examples: &[("IS_WEEKEND(TODAY())", "TRUE")],
        ..DATES
    },
    FnDef {
        name: "END_OF_MONTH",
        aliases: &["EOMONTH"],
        signature: takes(&[WHEN, optional("months later", NUMBER, Default::Number(0.0)), ZONE], Type::Date),
        kernel: Kernel::General(|call| {
            let span = Unit::Month.span(call.number(1)?.trunc() as i64).ok_or(ErrorKind::OutOfRange)?;
            let month = call.day(0, 2)?.first_of_month().checked_add(span);
            Ok(Value::Date(time::days(month.map_err(|_| ErrorKind::OutOfRange)?.last_of_month())))
        }),
        doc: "The last day of the month, or of a month so many later.",
        examples: &[
            (r#"END_OF_MONTH("2026-11-21")"#, "2026-11-30"),
            (r#"END_OF_MONTH("2026-12-31", 2)"#, "2027-02-28"),
        ],
        ..DATES
    },
    FnDef {
        name: "TO_DATE",
        aliases: &["DATEVALUE"],
        signature: takes(&[WHEN, ZONE], Type::Date),
        kernel: Kernel::General(|call| Ok(Value::Date(time::days(call.day(0, 1)?)))),
        doc: "The day of a date and time.",
        examples: &[
            ("TO_DATE(NOW())", "2026-11-21"),
            (r#"TO_DATE("2026-11-21T23:00:00Z", "Asia/Tokyo")"#, "2026-11-22"),
        ],
        ..DATES
    },
    FnDef {
        name: "DATE_TRUNC",
        signature: Signature { params: &[WHEN, UNIT, ZONE], returns: Returns::When, ..SIGNATURE },
        kernel: Kernel::General(truncate),
        doc: "The first moment of the unit that a date lies in. Weeks begin on Monday.",
        examples: &[
            (r#"DATE_TRUNC("2026-11-21", "quarter")"#, "2026-10-01"),
            (r#"DATE_TRUNC(NOW(), "hour")"#, "2026-11-21T10:00:00Z"),
            (r#"DATE_TRUNC(NOW(), "day", "America/New_York")"#, "2026-11-21T05:00:00Z"),
        ],
        ..DATES
    },
    FnDef {
        name: "AGE",
        signature: takes(&[WHEN, optional("at", ParamType::When, Default::Blank), ZONE], Type::Number),
        volatility: Volatility::Day,
        kernel: Kernel::General(|call| {
            let at = if call.is_null(1) {
                time::local(call.ctx.now, call.zone(2)?.as_ref())?.date()
            } else {
                call.day(1, 2)?
            };
            let midnight = |date: civil::Date| date.to_datetime(civil::Time::midnight());
            units_between(midnight(at), midnight(call.day(0, 2)?), Unit::Year).map(Value::Number)
        }),
        doc: "Whole years from a date until today, or until another date.",
        examples: &[(r#"AGE("1990-11-22")"#, "35"), (r#"AGE("2000-02-29", "2026-02-28")"#, "25")],
        ..DATES
    },
    FnDef {
        name: "IS_WITHIN",
        signature: takes(
            &[WHEN, required("first", ParamType::When), required("last", ParamType::When), ZONE],
            Type::Bool,
        ),
        nulls: NullRule::See,
        kernel: Kernel::General(|call| {
            if (0..3).any(|at| call.is_null(at)) {
                return Ok(Value::Bool(false));
            }
            let after = order(call, 0, 1)?.is_ge();
            Ok(Value::Bool(after && order(call, 0, 2)?.is_le()))
        }),
        doc: "TRUE if a date lies between two others, both included; a last day counts until it ends.",
        examples: &[
            (r#"IS_WITHIN(NOW(), "2026-11-01", "2026-11-21")"#, "TRUE"),
            (r#"IS_WITHIN(TODAY(), "2026-11-22", "2026-11-30")"#, "FALSE"),
            ("IS_WITHIN(BLANK(), TODAY(), TODAY())", "FALSE"),
        ],
        ..DATES
    },
    FnDef {
        name: "WORKDAY",
        signature: takes(&[WHEN, required("days", NUMBER), HOLIDAYS, ZONE], Type::Date),
        kernel: Kernel::General(|call| {
            let days = call.number(1)?.trunc();
            if days.abs() > 4_000_000.0 {
                return Err(ErrorKind::OutOfRange); // beyond the calendar
            }
            let day = workday(time::days(call.day(0, 3)?), days as i32, &holidays(call, 2)?);
            time::date(day).map(|date| Value::Date(time::days(date)))
        }),
        doc: "The date so many working days later, or earlier. Saturdays, Sundays and holidays are none; holidays are a \
              text of dates with commas, or a list of dates.",
        examples: &[
            (r#"WORKDAY("2026-11-20", 1)"#, "2026-11-23"),
            (r#"WORKDAY("2026-12-23", 3, "2026-12-24, 2026-12-25")"#, "2026-12-30"),
            (r#"WORKDAY("2026-11-23", -1)"#, "2026-11-20"),
        ],
        ..DATES
    },
    FnDef {
        name: "WORKDAY_DIFF",
        signature: takes(&[WHEN, required("other", ParamType::When), HOLIDAYS, ZONE], Type::Number),
        kernel: Kernel::General(|call| {
            let (from, to) = (time::days(call.day(0, 3)?), time::days(call.day(1, 3)?));
            let off = holidays(call, 2)?;
            Ok(Value::Number(
                if from <= to { workdays(from, to, &off) } else { -workdays(to, from, &off) }.into(),
            ))
        }),
        doc: "How many working days lie between two dates, both included; negative if the first is the later one.",
        examples: &[
            (r#"WORKDAY_DIFF("2020-10-16", "2020-11-02", "2020-10-16, 2020-10-19")"#, "10"),
            (r#"WORKDAY_DIFF("2026-11-23", "2026-11-20")"#, "-2"),
        ],
        ..DATES
    },
    FnDef {
        name: "FROMNOW",
        signature: SPANS,
        volatility: Volatility::Instant,
        kernel: Kernel::General(|call| Ok(Value::text(distance(call.date_time(0)?, call.ctx.now)))),
        doc: "The time between now and a date, in words.",
        examples: &[(r#"FROMNOW("2026-11-24")"#, r#""3 days""#), ("FROMNOW(NOW())", r#""a few seconds""#)],
        ..DATES
    },
    FnDef {
        name: "TONOW",
        signature: SPANS,
        volatility: Volatility::Instant,
        kernel: Kernel::General(|call| Ok(Value::text(distance(call.date_time(0)?, call.ctx.now)))),
        doc: "The time between a date and now, in words; the same as FROMNOW.",
        examples: &[(r#"TONOW("2025-10-21")"#, r#""a year""#)],
        ..DATES
    },
    FnDef {
        name: "UNIX_TIME",
        signature: takes(&[required("date", ParamType::Is(Type::DateTime))], Type::Number),
        kernel: Kernel::General(|call| Ok(Value::Number(call.date_time(0)? as f64 / 1e6))),
        doc: "Seconds since 1970-01-01T00:00:00Z.",
        examples: &[("UNIX_TIME(NOW())", "1795257000")],
        ..DATES
    },
    FnDef {
        name: "FROM_UNIX",
        signature: takes(&[required("seconds", NUMBER)], Type::DateTime),
        kernel: Kernel::General(|call| {
            let micros = (call.number(0)? * 1e6).round();
            jiff::Timestamp::from_microsecond(micros as i64)
                .map(|at| Value::DateTime(at.as_microsecond()))
                .map_err(|_| ErrorKind::OutOfRange)
        }),
        doc: "The moment so many seconds after 1970-01-01T00:00:00Z.",
        examples: &[("FROM_UNIX(0)", "1970-01-01T00:00:00Z"), ("FROM_UNIX(1e300)", "#out_of_range")],
        ..DATES
    },
    FnDef {
        name: "EARLIEST",
        signature: CHOICE,
        nulls: NullRule::See,
        kernel: Kernel::General(|call| pick(call, i64::min)),
        doc: "The earliest of the dates that are not blank; lists give their dates.",
        examples: &[
            (r#"EARLIEST("2026-11-21", "2026-03-01")"#, "2026-03-01T00:00:00Z"),
            ("EARLIEST(ARRAY(NOW(), TODAY()), BLANK())", "2026-11-21T00:00:00Z"),
        ],
        ..DATES
    },
    FnDef {
        name: "LATEST",
        signature: CHOICE,
        nulls: NullRule::See,
        kernel: Kernel::General(|call| pick(call, i64::max)),
        doc: "The latest of the dates that are not blank; lists give their dates.",
        examples: &[("LATEST(NOW(), TODAY())", "2026-11-21T10:30:00Z"), ("LATEST(BLANK())", "BLANK()")],
        ..DATES
    },
    FnDef {
        name: "FORMAT_DURATION",
        signature: takes(&[required("seconds", NUMBER)], Type::Text),
        kernel: Kernel::General(|call| {
            let seconds = call.number(0)?.trunc();
            if seconds.abs() > 1e15 {
                return Err(ErrorKind::OutOfRange);
            }
            let (sign, all) = (if seconds < 0.0 { "-" } else { "" }, seconds.abs() as u64);
            Ok(Value::text(format!("{sign}{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60)))
        }),
        doc: "Seconds as hours, minutes and seconds.",
        examples: &[("FORMAT_DURATION(5025)", r#""1:23:45""#), ("FORMAT_DURATION(-60)", r#""-0:01:00""#)],
        ..DATES
    },
];

fn monday_first(call: &Call<'_>, at: usize) -> Result<bool, ErrorKind> {
    Ok(word(call.text(at)?, MONDAY_OR_SUNDAY).ok_or(ErrorKind::Argument)? == "Monday")
}

fn truncate(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let unit = call.unit(1)?;
    let begin = unit.begin(call.local(0, 2)?);
    match call.arg(0) {
        Value::Date(_) => Ok(Value::Date(time::days(begin.date()))),
        _ => time::instant(begin, call.zone(2)?.as_ref()).map(Value::DateTime),
    }
}

/// Order of two dates: by their days if one has no time, else by their moments.
fn order(call: &Call<'_>, a: usize, b: usize) -> Result<std::cmp::Ordering, ErrorKind> {
    match (call.arg(a), call.arg(b)) {
        (Value::DateTime(a), Value::DateTime(b)) => Ok(a.cmp(b)),
        _ => Ok(call.day(a, 3)?.cmp(&call.day(b, 3)?)),
    }
}

/// Working days that are none, sorted; from a text of dates with commas, a date or a list of both.
fn holidays(call: &Call<'_>, at: usize) -> Result<Vec<i32>, ErrorKind> {
    let items = match call.arg(at) {
        Value::List(items) => items,
        value => std::slice::from_ref(value),
    };
    let mut days = Vec::new();
    for item in items {
        match item {
            Value::Null => {}
            Value::Date(day) => days.push(*day),
            Value::DateTime(micros) => {
                days.push(time::days(time::local(*micros, call.zone(3)?.as_ref())?.date()))
            }
            Value::Text(text) => {
                for part in text.split(',').filter(|part| !part.trim().is_empty()) {
                    days.push(time::parse_date(part).ok_or(ErrorKind::Convert)?);
                }
            }
            _ => return Err(ErrorKind::Convert),
        }
    }
    days.retain(|day| !is_weekend(*day));
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// Monday is 0; 1970-01-01 was a Thursday.
fn weekday(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

fn is_weekend(day: i32) -> bool {
    weekday(day) > 4
}

/// Days of Monday to Friday from one day to another, both included, that are no holidays.
fn workdays(from: i32, to: i32, holidays: &[i32]) -> i32 {
    let days = to - from + 1;
    let rest = (from..=to).skip((days / 7 * 7) as usize).filter(|day| !is_weekend(*day)).count();
    let off = holidays.partition_point(|day| *day <= to) - holidays.partition_point(|day| *day < from);
    days / 7 * 5 + rest as i32 - off as i32
}

/// The day so many working days after (or before) another. Holidays on the way push it on until none are left.
fn workday(from: i32, days: i32, holidays: &[i32]) -> i32 {
    let (mut at, mut left) = (from, days);
    while left != 0 {
        let next = weekdays_later(at, left);
        let (low, high) = if left > 0 { (at + 1, next) } else { (next, at - 1) };
        let off = holidays.partition_point(|day| *day <= high) - holidays.partition_point(|day| *day < low);
        at = next;
        left = left.signum() * off as i32;
    }
    at
}

fn weekdays_later(from: i32, days: i32) -> i32 {
    let step = days.signum();
    // From a weekend on, the count begins at the working day that lies behind.
    let mut at = from;
    while is_weekend(at) {
        at -= step;
    }
    at += days / 5 * 7;
    for _ in 0..(days % 5).abs() {
        at += step;
        while is_weekend(at) {
            at += step;
        }
    }
    at
}

/// As moment.js says it: from "a few seconds" to "20 years".
fn distance(a: i64, b: i64) -> String {
    let seconds = (a.abs_diff(b) as f64 / 1e6).round();
    let (minutes, hours, days) =
        ((seconds / 60.0).round(), (seconds / 3_600.0).round(), (seconds / 86_400.0).round());
    let (months, years) = ((days / 30.436_875).round(), (days / 365.242_5).round());
    match () {
        () if seconds < 45.0 => "a few seconds".to_owned(),
        () if minutes <= 1.0 => "a minute".to_owned(),
        () if minutes < 45.0 => format!("{minutes} minutes"),
        () if hours <= 1.0 => "an hour".to_owned(),
        () if hours < 22.0 => format!("{hours} hours"),
        () if days <= 1.0 => "a day".to_owned(),
        () if days < 26.0 => format!("{days} days"),
        () if months <= 1.0 => "a month".to_owned(),
        () if months < 11.0 => format!("{months} months"),
        () if years <= 1.0 => "a year".to_owned(),
        () => format!("{years} years"),
    }
}

fn pick(call: &Call<'_>, choose: fn(i64, i64) -> i64) -> Result<Value, ErrorKind> {
    let mut best: Option<i64> = None;
    for value in super::list::flat(call, 0) {
        let micros = match value {
            Value::Null => continue,
            Value::DateTime(micros) => *micros,
            Value::Date(days) => time::midnight(*days, &call.ctx.zone)?,
            _ => return Err(ErrorKind::Convert),
        };
        best = Some(best.map_or(micros, |best| choose(best, micros)));
    }
    Ok(best.map_or(Value::Null, Value::DateTime))
}
