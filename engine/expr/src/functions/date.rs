//! Dates and times. Days, months and hours are those of the context's zone; a text beside a date has to be a literal
//! or to go through `DATETIME_PARSE`.

use super::{ANY, BASE, Call, Family, FnDef, Kernel, NUMBER, NullRule, SIGNATURE, TEXT, optional, required};
use crate::check::Volatility;
use crate::time;
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};
use jiff::civil;
use jiff::{Span, Timestamp, ToSpan as _, Unit};
use std::cmp::Ordering;

const UNITS: &[&str] = &["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
const UNIT: ParamType = ParamType::Word(UNITS);
const DATE: ParamType = ParamType::Is(Type::Date);
const DATE_TIME: ParamType = ParamType::Is(Type::DateTime);

const DATES: FnDef = FnDef {
    family: Family::Date,
    signature: Signature {
        params: &[required("date", DATE)],
        returns: Returns::Is(Type::Number),
        ..SIGNATURE
    },
    ..BASE
};

const TIMES: FnDef =
    FnDef { signature: Signature { params: &[required("date", DATE_TIME)], ..DATES.signature }, ..DATES };

const COMPARES: FnDef = FnDef {
    signature: Signature {
        params: &[required("date", DATE_TIME), required("other", DATE_TIME)],
        returns: Returns::Is(Type::Bool),
        ..SIGNATURE
    },
    nulls: NullRule::See,
    ..DATES
};

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "TODAY",
        signature: Signature { returns: Returns::Is(Type::Date), ..SIGNATURE },
        volatility: Volatility::Day,
        kernel: Kernel::General(|call| {
            time::local(call.ctx.now, &call.ctx.zone).map(|at| Value::Date(time::days(at.date())))
        }),
        doc: "Today's date.",
        examples: &[("TODAY()", "2026-11-21")],
        ..DATES
    },
    FnDef {
        name: "NOW",
        signature: Signature { returns: Returns::Is(Type::DateTime), ..SIGNATURE },
        volatility: Volatility::Instant,
        kernel: Kernel::General(|call| Ok(Value::DateTime(call.ctx.now))),
        doc: "The present moment.",
        examples: &[("NOW()", "2026-11-21T10:30:00Z")],
        ..DATES
    },
    FnDef {
        name: "DATE",
        signature: Signature {
            params: &[required("year", NUMBER), required("month", NUMBER), required("day", NUMBER)],
            returns: Returns::Is(Type::Date),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            let part = |at: usize| call.number(at).map(|number| number.trunc() as i16);
            let (year, month, day) = (part(0)?, i8::try_from(part(1)?), i8::try_from(part(2)?));
            let (Ok(month), Ok(day)) = (month, day) else { return Err(ErrorKind::Argument) };
            let date = civil::Date::new(year, month, day).map_err(|_| ErrorKind::Argument)?;
            Ok(Value::Date(time::days(date)))
        }),
        doc: "The date of a year, a month and a day.",
        examples: &[("DATE(2026, 2, 28)", "2026-02-28"), ("DATE(2026, 2, 30)", "#argument")],
        ..DATES
    },
    FnDef {
        name: "DATETIME_PARSE",
        signature: Signature {
            params: &[required("text", TEXT)],
            returns: Returns::Is(Type::DateTime),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            time::parse_date_time(call.text(0)?, &call.ctx.zone)
                .map(Value::DateTime)
                .ok_or(ErrorKind::Convert)
        }),
        doc: "The date and time that a text shows: RFC 3339, or a local date with or without time.",
        examples: &[
            (r#"DATETIME_PARSE("2026-11-21T12:00:00+02:00")"#, "2026-11-21T10:00:00Z"),
            (r#"DATETIME_PARSE("2026-11-21")"#, "2026-11-21T00:00:00Z"),
            (r#"DATETIME_PARSE("soon")"#, "#convert"),
        ],
        ..DATES
    },
    FnDef {
        name: "YEAR",
        kernel: Kernel::General(|call| part(call, |date| date.year().into())),
        doc: "The year.",
        examples: &[(r#"YEAR("2026-11-21")"#, "2026")],
        ..DATES
    },
    FnDef {
        name: "MONTH",
        kernel: Kernel::General(|call| part(call, |date| date.month().into())),
        doc: "The month, 1 to 12.",
        examples: &[(r#"MONTH("2026-11-21")"#, "11")],
        ..DATES
    },
    FnDef {
        name: "DAY",
        kernel: Kernel::General(|call| part(call, |date| date.day().into())),
        doc: "The day of the month, 1 to 31.",
        examples: &[(r#"DAY("2026-11-21")"#, "21"), ("DAY(NOW())", "21")],
        ..DATES
    },
    FnDef {
        name: "WEEKDAY",
        kernel: Kernel::General(|call| part(call, |date| date.weekday().to_sunday_zero_offset().into())),
        doc: "The day of the week: 0 is Sunday, 6 is Saturday.",
        examples: &[(r#"WEEKDAY("2026-11-21")"#, "6"), (r#"WEEKDAY("2026-11-22")"#, "0")],
        ..DATES
    },
    FnDef {
        name: "HOUR",
        kernel: Kernel::General(|call| clock(call, |at| at.hour().into())),
        doc: "The hour, 0 to 23.",
        examples: &[(r#"HOUR("2026-11-21T10:30:00Z")"#, "10")],
        ..TIMES
    },
    FnDef {
        name: "MINUTE",
        kernel: Kernel::General(|call| clock(call, |at| at.minute().into())),
        doc: "The minute, 0 to 59.",
        examples: &[(r#"MINUTE("2026-11-21T10:30:00Z")"#, "30")],
        ..TIMES
    },
    FnDef {
        name: "DATEADD",
        signature: Signature {
            params: &[required("date", ParamType::When), required("count", NUMBER), required("unit", UNIT)],
            returns: Returns::When,
            ..SIGNATURE
        },
        kernel: Kernel::General(date_add),
        doc: "The date so many units later, or earlier. A date without time takes days and longer units. \
              A day that the month does not have becomes its last.",
        examples: &[
            (r#"DATEADD("2026-01-31", 1, "month")"#, "2026-02-28"),
            (r#"DATEADD(TODAY(), -30, "days")"#, "2026-10-22"),
            (r#"DATEADD(NOW(), 90, "minutes")"#, "2026-11-21T12:00:00Z"),
            (r#"DATEADD(TODAY(), 1, "hour")"#, "#argument"),
        ],
        ..DATES
    },
    FnDef {
        name: "DATETIME_DIFF",
        signature: Signature {
            params: &[
                required("date", DATE_TIME),
                required("earlier", DATE_TIME),
                optional("unit", UNIT, Default::Text("second")),
            ],
            returns: Returns::Is(Type::Number),
            ..SIGNATURE
        },
        kernel: Kernel::General(date_time_diff),
        doc: "How many whole units lie between two dates; negative if the first is the earlier one. Days and longer \
              units are counted on the local calendar.",
        examples: &[
            (r#"DATETIME_DIFF("2026-11-21", "2026-11-01", "days")"#, "20"),
            (r#"DATETIME_DIFF("2026-01-31", "2026-03-01", "months")"#, "-1"),
            (r#"DATETIME_DIFF("2026-11-21T10:00:30Z", "2026-11-21T10:00:00Z")"#, "30"),
        ],
        ..DATES
    },
    FnDef {
        name: "IS_BEFORE",
        kernel: Kernel::Compare(Ordering::is_lt),
        doc: "TRUE if the first date is earlier.",
        examples: &[(r#"IS_BEFORE("2026-11-20", TODAY())"#, "TRUE"), ("IS_BEFORE(NOW(), NOW())", "FALSE")],
        ..COMPARES
    },
    FnDef {
        name: "IS_AFTER",
        kernel: Kernel::Compare(Ordering::is_gt),
        doc: "TRUE if the first date is later.",
        examples: &[("IS_AFTER(NOW(), TODAY())", "TRUE"), ("IS_AFTER(BLANK(), TODAY())", "FALSE")],
        ..COMPARES
    },
    FnDef {
        name: "IS_SAME",
        signature: Signature {
            params: &[
                required("date", DATE_TIME),
                required("other", DATE_TIME),
                optional("unit", UNIT, Default::Blank),
            ],
            ..COMPARES.signature
        },
        kernel: Kernel::General(is_same),
        doc: "TRUE if both dates lie in the same unit, in the local calendar; without a unit, if they are the same \
              moment. Weeks begin on Monday. Two blanks are the same.",
        examples: &[
            (r#"IS_SAME("2026-11-21", NOW(), "day")"#, "TRUE"),
            (r#"IS_SAME("2026-11-01", "2026-11-30", "month")"#, "TRUE"),
            (r#"IS_SAME("2026-11-22", "2026-11-23", "week")"#, "FALSE"),
        ],
        ..COMPARES
    },
    FnDef {
        name: "IS_DATE",
        signature: Signature {
            params: &[required("value", ANY)],
            returns: Returns::Is(Type::Bool),
            ..SIGNATURE
        },
        kernel: Kernel::General(|call| {
            Ok(Value::Bool(matches!(call.arg(0), Value::Date(_) | Value::DateTime(_))))
        }),
        nulls: NullRule::See,
        doc: "TRUE if the value is a date, or a date and time.",
        examples: &[("IS_DATE(TODAY())", "TRUE"), ("IS_DATE(1)", "FALSE")],
        ..DATES
    },
];

/// The word of `words` that `text` means: capitals or not, singular or plural.
pub(crate) fn word(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    words.iter().copied().find(|word| text == *word || text.strip_suffix('s') == Some(word))
}

fn unit(call: &Call<'_>, at: usize) -> Result<&'static str, ErrorKind> {
    word(call.text(at)?, UNITS).ok_or(ErrorKind::Argument)
}

fn part(call: &Call<'_>, part: fn(civil::Date) -> f64) -> Result<Value, ErrorKind> {
    Ok(Value::Number(part(time::date(call.date(0)?)?)))
}

fn clock(call: &Call<'_>, part: fn(civil::DateTime) -> f64) -> Result<Value, ErrorKind> {
    Ok(Value::Number(part(time::local(call.date_time(0)?, &call.ctx.zone)?)))
}

fn date_add(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let out = ErrorKind::OutOfRange;
    let unit = unit(call, 2)?;
    let count = call.number(1)?.trunc() as i64; // beyond i64 it saturates, and is out of every range below
    let span = match unit {
        "second" => Span::new().try_seconds(count),
        "minute" => Span::new().try_minutes(count),
        "hour" => Span::new().try_hours(count),
        "day" => Span::new().try_days(count),
        "week" => Span::new().try_weeks(count),
        "month" => Span::new().try_months(count),
        "quarter" => Span::new().try_months(count.saturating_mul(3)),
        _ => Span::new().try_years(count),
    }
    .map_err(|_| out)?;
    match call.arg(0) {
        Value::Date(_) if matches!(unit, "second" | "minute" | "hour") => Err(ErrorKind::Argument),
        Value::Date(days) => {
            time::date(*days)?.checked_add(span).map(|date| Value::Date(time::days(date))).map_err(|_| out)
        }
        Value::DateTime(micros) => {
            let at = Timestamp::from_microsecond(*micros).map_err(|_| out)?.to_zoned(call.ctx.zone.clone());
            at.checked_add(span).map(|at| Value::DateTime(at.timestamp().as_microsecond())).map_err(|_| out)
        }
        _ => Err(ErrorKind::Type),
    }
}

fn date_time_diff(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (to, from) = (call.date_time(0)?, call.date_time(1)?);
    let unit = unit(call, 2)?;
    let micros = match unit {
        "second" => Some(1_000_000),
        "minute" => Some(60_000_000),
        "hour" => Some(3_600_000_000),
        _ => None,
    };
    if let Some(micros) = micros {
        return Ok(Value::Number((to.saturating_sub(from) / micros) as f64));
    }
    let (to, from) = (time::local(to, &call.ctx.zone)?, time::local(from, &call.ctx.zone)?);
    let largest = if matches!(unit, "day" | "week") { Unit::Day } else { Unit::Month };
    let span = to.since((largest, from)).map_err(|_| ErrorKind::OutOfRange)?;
    let count = match unit {
        "day" => span.get_days(),
        "week" => span.get_days() / 7,
        "month" => span.get_months(),
        "quarter" => span.get_months() / 3,
        _ => span.get_months() / 12,
    };
    Ok(Value::Number(count.into()))
}

fn is_same(call: &Call<'_>) -> Result<Value, ErrorKind> {
    if matches!(call.arg(0), Value::Null) || matches!(call.arg(1), Value::Null) {
        return Ok(Value::Bool(call.arg(0) == call.arg(1)));
    }
    let (a, b) = (call.date_time(0)?, call.date_time(1)?);
    if *call.arg(2) == Value::Null {
        return Ok(Value::Bool(a == b));
    }
    let unit = unit(call, 2)?;
    let begin = |micros| time::local(micros, &call.ctx.zone).map(|at| begin(at, unit));
    Ok(Value::Bool(begin(a)? == begin(b)?))
}

/// The first moment of the unit that `at` lies in.
fn begin(at: civil::DateTime, unit: &str) -> civil::DateTime {
    let date = at.date();
    let day = |date: civil::Date| date.to_datetime(civil::Time::midnight());
    match unit {
        "second" => at.with().subsec_nanosecond(0).build().unwrap_or(at),
        "minute" => at.with().second(0).subsec_nanosecond(0).build().unwrap_or(at),
        "hour" => at.with().minute(0).second(0).subsec_nanosecond(0).build().unwrap_or(at),
        "day" => day(date),
        "week" => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            day(date.saturating_sub(since_monday.days()))
        }
        "month" => day(date.first_of_month()),
        "quarter" => {
            let month = (date.month() - 1) / 3 * 3 + 1;
            day(date.with().day(1).month(month).build().unwrap_or(date))
        }
        _ => day(date.first_of_year()),
    }
}
