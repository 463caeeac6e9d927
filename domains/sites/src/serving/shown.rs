//! A base's values as visitors read them: by the format of their field, in the language of the site.

use bases::FieldFormat;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_web::format;
use serde_json::Value;

/// Decimals that a number without a precision shows at most.
const DECIMALS: usize = 8;

/// The value as text; what is no value of its field's kind stays as it is.
pub(crate) fn shown(format: &FieldFormat, language: &str, value: Value) -> Value {
    let locale = format::locale_for(language);
    let text = match (format, &value) {
        (FieldFormat::Number(precision), Value::Number(number)) => {
            number.as_f64().map(|number| shown_number(locale, number, *precision))
        }
        (FieldFormat::Checkbox, Value::Bool(yes)) => Some(format::yes_no(locale, *yes).to_owned()),
        (FieldFormat::Date, Value::String(text)) => {
            text.parse::<Date>().ok().map(|date| format::day(locale, date))
        }
        (FieldFormat::DateTime(zone), Value::String(text)) => {
            text.parse::<Timestamp>().ok().map(|at| moment(locale, at, zone.as_deref()))
        }
        _ => None,
    };
    text.map_or(value, Value::from)
}

/// Whole numbers below 10,000 stand without a separator: many are years.
fn shown_number(locale: &str, number: f64, precision: Option<u8>) -> String {
    let places = precision.map_or_else(|| decimals_of(number), usize::from);
    if places == 0 && number.abs() < 9_999.5 {
        let text = format!("{:.0}", number.abs());
        return if number < 0.0 && text != "0" { format!("−{text}") } else { text };
    }
    format::number(locale, number, places)
}

/// As many decimals as the shortest way to write the number has.
fn decimals_of(number: f64) -> usize {
    let text = format!("{number}");
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len().min(DECIMALS))
}

fn moment(locale: &str, at: Timestamp, zone: Option<&str>) -> String {
    // A zone that is not known here was checked when the field was made: UTC then, and said so.
    let known = zone.and_then(|name| TimeZone::get(name).ok());
    let utc = known.is_none();
    let zoned = at.to_zoned(known.unwrap_or(TimeZone::UTC));
    let time = zoned.strftime("%H:%M");
    format!("{}, {time}{}", format::day(locale, zoned.date()), if utc { " UTC" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_follow_their_field_and_the_language() {
        let berlin = FieldFormat::DateTime(Some("Europe/Berlin".to_owned()));
        let price = FieldFormat::Number(Some(2));
        let plain = FieldFormat::Number(None);
        for (format, language, value, expected) in [
            (&price, "en", json!(19.9), json!("19.90")),
            (&price, "en", json!(1234.9), json!("1,234.90")),
            (&price, "de", json!(1234.9), json!("1.234,90")),
            (&price, "de-CH", json!(1234.9), json!("1’234.90")),
            (&price, "fr", json!(-1234567.0), json!("−1\u{202f}234\u{202f}567,00")),
            (&plain, "en", json!(19.9), json!("19.9")),
            (&plain, "de", json!(0.125), json!("0,125")),
            (&plain, "en", json!(2026), json!("2026")),
            (&plain, "en", json!(-7), json!("−7")),
            (&plain, "en", json!(1000000), json!("1,000,000")),
            (&FieldFormat::Number(Some(0)), "en", json!(12345.6), json!("12,346")),
            (&FieldFormat::Number(Some(0)), "en", json!(-0.2), json!("0")),
            (&FieldFormat::Date, "en", json!("2026-11-05"), json!("Nov 5, 2026")),
            (&FieldFormat::Date, "en-GB", json!("2026-11-05"), json!("5 Nov 2026")),
            (&FieldFormat::Date, "de", json!("2026-11-05"), json!("5.11.2026")),
            (&FieldFormat::Date, "sv", json!("2026-11-05"), json!("2026-11-05")),
            (&berlin, "de", json!("2026-11-21T10:16:00Z"), json!("21.11.2026, 11:16")),
            (&berlin, "en", json!("2026-07-21T22:16:00Z"), json!("Jul 22, 2026, 00:16")),
            (
                &FieldFormat::DateTime(None),
                "en",
                json!("2026-11-21T10:16:00Z"),
                json!("Nov 21, 2026, 10:16 UTC"),
            ),
            (&FieldFormat::Checkbox, "nl", json!(true), json!("Ja")),
            (&FieldFormat::Checkbox, "xx", json!(false), json!("No")),
            (&FieldFormat::Text, "de", json!("https://example.com/1.5"), json!("https://example.com/1.5")),
            (&price, "en", json!(null), json!(null)),
            (&FieldFormat::Date, "en", json!(""), json!("")),
        ] {
            assert_eq!(shown(format, language, value.clone()), expected, "{format:?} {language} {value}");
        }
    }
}
