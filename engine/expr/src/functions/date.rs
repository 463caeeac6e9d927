//! Dates and times. Days, months and hours are those of the zone that is given, else of the context's; a text beside a
//! date has to be a literal or to go through `DATETIME_PARSE`.

use super::unit::Unit;
use super::{
    ANY, BASE, Call, Family, FnDef, Kernel, LOCALE, Mark, NUMBER, NullRule, Param, SIGNATURE, TEXT, ZONE,
    optional, required, takes,
};
use crate::check::Volatility;
use crate::moment::{self, Read};
use crate::time;
use crate::types::{Default, ParamType, Returns, Signature, Type};
use crate::value::{ErrorKind, MAX_TEXT_BYTES, Value};
use jiff::civil;
use jiff::{Timestamp, Unit as Largest};
use std::cmp::Ordering;

const DATE_TIME: ParamType = ParamType::Is(Type::DateTime);
pub(super) const WHEN: Param = required("date", ParamType::When);
pub(super) const UNIT: Param = required("unit", ParamType::Unit);
const FORMAT: Param = optional("format", TEXT, Default::Blank);

/// A number out of a date.
pub(super) const DATES: FnDef =
    FnDef { family: Family::Date, signature: takes(&[WHEN, ZONE], Type::Number), ..BASE };

const COMPARES: FnDef = FnDef {
    signature: takes(&[required("date", DATE_TIME), required("other", DATE_TIME)], Type::Bool),
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
        signature: takes(&[required("text", TEXT), FORMAT, LOCALE, ZONE], Type::DateTime),
        kernel: Kernel::General(parse),
        doc: "The date and time that a text shows: RFC 3339, or a local date with or without time; or what a format \
              says (the signs of DATETIME_FORMAT).",
        examples: &[
            (r#"DATETIME_PARSE("2026-11-21T12:00:00+02:00")"#, "2026-11-21T10:00:00Z"),
            (r#"DATETIME_PARSE("2026-11-21")"#, "2026-11-21T00:00:00Z"),
            (r#"DATETIME_PARSE("21.11.2026 4:30 pm", "D.M.YYYY h:mm a")"#, "2026-11-21T16:30:00Z"),
            (r#"DATETIME_PARSE("3 März 2026", "D MMMM YYYY", "de")"#, "2026-03-03T00:00:00Z"),
            (r#"DATETIME_PARSE("soon")"#, "#convert"),
        ],
        ..DATES
    },
    FnDef {
        name: "DATETIME_FORMAT",
        signature: takes(&[WHEN, FORMAT, ZONE, LOCALE], Type::Text),
        kernel: Kernel::General(format),
        doc: "The date as text. Signs of the format: `YYYY YY` year, `Q` quarter, `MMMM MMM MM M` month, `DD D Do` day, \
              `DDD` day of the year, `dddd ddd d` day of the week, `W w` week, `HH H hh h` hour, `mm m` minute, \
              `ss s` second, `SSS` fraction, `A a` half of the day, `Z ZZ` offset, `z` zone, `X x` seconds and \
              milliseconds since 1970, `L LL LLL LLLL LT LTS` as the language has it; `[text]` stands for itself.",
        examples: &[
            (r#"DATETIME_FORMAT("2026-11-21", "D MMMM YYYY")"#, r#""21 November 2026""#),
            (r#"DATETIME_FORMAT(NOW(), "HH:mm", "Asia/Tokyo")"#, r#""19:30""#),
            (r#"DATETIME_FORMAT(NOW(), "dddd [at] h a", BLANK(), "de")"#, r#""Samstag at 10 am""#),
            ("DATETIME_FORMAT(NOW())", r#""2026-11-21T10:30:00+00:00""#),
        ],
        ..DATES
    },
    FnDef {
        name: "SET_TIMEZONE",
        signature: Signature {
            params: &[WHEN, required("zone", ParamType::Zone)],
            returns: Returns::When,
            ..SIGNATURE
        },
        mark: Mark::Zone,
        doc: "The date, with a zone for the function around it: SET_TIMEZONE in DATETIME_FORMAT, HOUR and their like \
              is the same as their own argument `zone`.",
        examples: &[
            (r#"DATETIME_FORMAT(SET_TIMEZONE(NOW(), "Asia/Tokyo"), "HH:mm")"#, r#""19:30""#),
            (r#"HOUR(SET_TIMEZONE(NOW(), "America/New_York"))"#, "5"),
        ],
        ..DATES
    },
    FnDef {
        name: "SET_LOCALE",
        signature: Signature {
            params: &[WHEN, required("language", ParamType::Locale)],
            returns: Returns::When,
            ..SIGNATURE
        },
        mark: Mark::Locale,
        doc: "The date, with a language for the function around it, as DATETIME_FORMAT.",
        examples: &[(
            r#"DATETIME_FORMAT(SET_LOCALE("2026-11-21", "fr"), "dddd LL")"#,
            r#""samedi 21 novembre 2026""#,
        )],
        ..DATES
    },
    FnDef {
        name: "DATESTR",
        signature: takes(&[WHEN, ZONE], Type::Text),
        kernel: Kernel::General(|call| Ok(Value::text(call.day(0, 1)?.to_string()))),
        doc: "The day as YYYY-MM-DD.",
        examples: &[("DATESTR(NOW())", r#""2026-11-21""#)],
        ..DATES
    },
    FnDef {
        name: "TIMESTR",
        signature: takes(&[WHEN, ZONE], Type::Text),
        kernel: Kernel::General(|call| Ok(Value::text(call.local(0, 1)?.strftime("%H:%M:%S").to_string()))),
        doc: "The time of the day as HH:mm:ss.",
        examples: &[("TIMESTR(NOW())", r#""10:30:00""#)],
        ..DATES
    },
    FnDef {
        name: "YEAR",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.year().into()))),
        doc: "The year.",
        examples: &[(r#"YEAR("2026-11-21")"#, "2026")],
        ..DATES
    },
    FnDef {
        name: "MONTH",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.month().into()))),
        doc: "The month, 1 to 12.",
        examples: &[(r#"MONTH("2026-11-21")"#, "11")],
        ..DATES
    },
    FnDef {
        name: "DAY",
        kernel: Kernel::General(|call| Ok(Value::Number(call.day(0, 1)?.day().into()))),
        doc: "The day of the month, 1 to 31.",
        examples: &[
            (r#"DAY("2026-11-21")"#, "21"),
            ("DAY(NOW())", "21"),
            (r#"DAY("2026-11-21T23:00:00Z", "Asia/Tokyo")"#, "22"),
        ],
        ..DATES
    },
    FnDef {
        name: "HOUR",
        kernel: Kernel::General(|call| Ok(Value::Number(call.local(0, 1)?.hour().into()))),
        doc: "The hour, 0 to 23.",
        examples: &[(r#"HOUR("2026-11-21T10:30:00Z")"#, "10"), (r#"HOUR(NOW(), "Europe/Zurich")"#, "11")],
        ..DATES
    },
    FnDef {
        name: "MINUTE",
        kernel: Kernel::General(|call| Ok(Value::Number(call.local(0, 1)?.minute().into()))),
        doc: "The minute, 0 to 59.",
        examples: &[(r#"MINUTE("2026-11-21T10:30:00Z")"#, "30")],
        ..DATES
    },
    FnDef {
        name: "SECOND",
        kernel: Kernel::General(|call| Ok(Value::Number(call.local(0, 1)?.second().into()))),
        doc: "The second, 0 to 59.",
        examples: &[(r#"SECOND("2026-11-21T10:30:15Z")"#, "15")],
        ..DATES
    },
    FnDef {
        name: "DATEADD",
        signature: Signature {
            params: &[WHEN, required("count", NUMBER), UNIT, ZONE],
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
                optional("unit", ParamType::Unit, Default::Text("second")),
                ZONE,
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
                optional("unit", ParamType::Unit, Default::Blank),
                ZONE,
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

fn parse(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (text, zone) = (call.text(0)?, call.zone(3)?);
    let micros = if call.is_null(1) {
        time::parse_date_time(text, zone.as_ref()).ok_or(ErrorKind::Convert)?
    } else {
        match moment::parse(text, call.text(1)?, call.locale(2)?).ok_or(ErrorKind::Convert)? {
            Read::Local(at) => time::instant(at, zone.as_ref())?,
            Read::Offset(at, offset) => time::instant(at, &offset.to_time_zone())?,
            Read::Instant(micros) => micros,
        }
    };
    time::local(micros, zone.as_ref())?; // inside the calendar
    Ok(Value::DateTime(micros))
}

fn format(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (at, zone) = (call.local(0, 2)?, call.zone(2)?);
    let pattern = if call.is_null(1) { "YYYY-MM-DDTHH:mm:ssZ" } else { call.text(1)? };
    Ok(Value::text(moment::format(at, zone.as_ref(), pattern, call.locale(3)?, MAX_TEXT_BYTES)))
}

fn date_add(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let out = ErrorKind::OutOfRange;
    let unit = call.unit(2)?;
    // Beyond i64 it saturates, and is out of every range.
    let span = unit.span(call.number(1)?.trunc() as i64).ok_or(out)?;
    match call.arg(0) {
        Value::Date(_) if unit.micros().is_some() => Err(ErrorKind::Argument),
        Value::Date(days) => {
            time::date(*days)?.checked_add(span).map(|date| Value::Date(time::days(date))).map_err(|_| out)
        }
        Value::DateTime(micros) => {
            let zone = call.zone(3)?.into_owned();
            let at = Timestamp::from_microsecond(*micros).map_err(|_| out)?.to_zoned(zone);
            at.checked_add(span).map(|at| Value::DateTime(at.timestamp().as_microsecond())).map_err(|_| out)
        }
        _ => Err(ErrorKind::Type),
    }
}

fn date_time_diff(call: &Call<'_>) -> Result<Value, ErrorKind> {
    let (to, from, unit) = (call.date_time(0)?, call.date_time(1)?, call.unit(2)?);
    if let Some(micros) = unit.micros() {
        return Ok(Value::Number((to.saturating_sub(from) / micros) as f64));
    }
    let zone = call.zone(3)?;
    units_between(time::local(to, zone.as_ref())?, time::local(from, zone.as_ref())?, unit).map(Value::Number)
}

/// How many whole days or longer units lie between two local times.
pub(super) fn units_between(
    to: civil::DateTime,
    from: civil::DateTime,
    unit: Unit,
) -> Result<f64, ErrorKind> {
    let largest = if matches!(unit, Unit::Day | Unit::Week) { Largest::Day } else { Largest::Month };
    let span = to.since((largest, from)).map_err(|_| ErrorKind::OutOfRange)?;
    Ok(f64::from(match unit {
        Unit::Week => span.get_days() / 7,
        Unit::Month => span.get_months(),
        Unit::Quarter => span.get_months() / 3,
        Unit::Year => span.get_months() / 12,
        _ => span.get_days(),
    }))
}

fn is_same(call: &Call<'_>) -> Result<Value, ErrorKind> {
    if call.is_null(0) || call.is_null(1) {
        return Ok(Value::Bool(call.is_null(0) && call.is_null(1)));
    }
    let (a, b) = (call.date_time(0)?, call.date_time(1)?);
    if call.is_null(2) {
        return Ok(Value::Bool(a == b));
    }
    let (unit, zone) = (call.unit(2)?, call.zone(3)?);
    let begin = |micros| time::local(micros, zone.as_ref()).map(|at| unit.begin(at));
    Ok(Value::Bool(begin(a)? == begin(b)?))
}
