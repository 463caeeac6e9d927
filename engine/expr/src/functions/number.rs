//! Number functions. Numbers are doubles; rounding works on what the number prints as, so `ROUND(2.675, 2)` is 2.68.

use super::operators::{divide, remainder};
use super::{BASE, Family, FnDef, Kernel, NUMBER, SIGNATURE, TEXT, optional, required, takes};
use crate::types::{Default, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};

pub(super) const NUMBERS: FnDef = FnDef {
    family: Family::Number,
    signature: Signature {
        params: &[required("number", NUMBER)],
        returns: Returns::Is(Type::Number),
        ..SIGNATURE
    },
    ..BASE
};

const DIGITS: Signature = Signature {
    params: &[required("number", NUMBER), optional("digits", NUMBER, Default::Number(0.0))],
    ..NUMBERS.signature
};

const STEPS: Signature = Signature {
    params: &[required("number", NUMBER), optional("step", NUMBER, Default::Number(1.0))],
    ..NUMBERS.signature
};

const TWO: Signature =
    Signature { params: &[required("number", NUMBER), required("divisor", NUMBER)], ..NUMBERS.signature };

const PAIR: Signature =
    Signature { params: &[required("number", NUMBER), required("other", NUMBER)], ..NUMBERS.signature };

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "ABS",
        kernel: Kernel::Number1(|a| Ok(a.abs())),
        doc: "The number without its sign.",
        examples: &[("ABS(-2.5)", "2.5")],
        ..NUMBERS
    },
    FnDef {
        name: "ROUND",
        signature: DIGITS,
        kernel: Kernel::Number2(|a, digits| Ok(at_digits(a, digits, f64::round))),
        doc: "The number rounded to so many digits after the point; halves away from zero. Negative digits round tens.",
        examples: &[
            ("ROUND(2.46, 1)", "2.5"),
            ("ROUND(2.675, 2)", "2.68"),
            ("ROUND(-2.5)", "-3"),
            ("ROUND(1234, -2)", "1200"),
        ],
        ..NUMBERS
    },
    FnDef {
        name: "ROUNDUP",
        signature: DIGITS,
        kernel: Kernel::Number2(|a, digits| Ok(at_digits(a, digits, |x| x.abs().ceil().copysign(x)))),
        doc: "The number rounded away from zero.",
        examples: &[("ROUNDUP(2.41, 1)", "2.5"), ("ROUNDUP(-1.1)", "-2")],
        ..NUMBERS
    },
    FnDef {
        name: "ROUNDDOWN",
        signature: DIGITS,
        kernel: Kernel::Number2(|a, digits| Ok(at_digits(a, digits, f64::trunc))),
        doc: "The number rounded towards zero.",
        examples: &[("ROUNDDOWN(2.49, 1)", "2.4"), ("ROUNDDOWN(0.29, 2)", "0.29"), ("ROUNDDOWN(-1.9)", "-1")],
        ..NUMBERS
    },
    FnDef {
        name: "FLOOR",
        signature: STEPS,
        kernel: Kernel::Number2(|a, step| to_step(a, step, f64::floor)),
        doc: "The nearest multiple of the step that is not larger.",
        examples: &[("FLOOR(7.8)", "7"), ("FLOOR(17, 5)", "15"), ("FLOOR(0.37, 0.1)", "0.3")],
        ..NUMBERS
    },
    FnDef {
        name: "CEILING",
        signature: STEPS,
        kernel: Kernel::Number2(|a, step| to_step(a, step, f64::ceil)),
        doc: "The nearest multiple of the step that is not smaller.",
        examples: &[("CEILING(7.2)", "8"), ("CEILING(17, 5)", "20"), ("CEILING(-7.2)", "-7")],
        ..NUMBERS
    },
    FnDef {
        name: "INT",
        kernel: Kernel::Number1(|a| Ok(a.floor())),
        doc: "The largest whole number that is not larger.",
        examples: &[("INT(7.8)", "7"), ("INT(-7.2)", "-8")],
        ..NUMBERS
    },
    FnDef {
        name: "SIGN",
        kernel: Kernel::Number1(|a| Ok(if a == 0.0 { 0.0 } else { a.signum() })),
        doc: "-1, 0 or 1.",
        examples: &[("SIGN(-3)", "-1"), ("SIGN(0)", "0")],
        ..NUMBERS
    },
    FnDef {
        name: "MOD",
        signature: TWO,
        kernel: Kernel::Number2(remainder),
        doc: "The remainder, as with %; it has the divisor's sign.",
        examples: &[("MOD(7, 3)", "1"), ("MOD(-7, 3)", "2"), ("7 % 0", "#divide_by_zero")],
        ..NUMBERS
    },
    FnDef {
        name: "SQRT",
        kernel: Kernel::Number1(|a| Ok(a.sqrt())),
        doc: "The square root.",
        examples: &[("SQRT(9)", "3"), ("SQRT(-1)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "POWER",
        signature: Signature {
            params: &[required("base", NUMBER), required("exponent", NUMBER)],
            ..NUMBERS.signature
        },
        kernel: Kernel::Number2(|a, b| Ok(a.powf(b))),
        doc: "The base raised to the exponent, as with ^.",
        examples: &[("POWER(2, 10)", "1024"), ("-2 ^ 2", "-4"), ("POWER(10, 999)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "EXP",
        kernel: Kernel::Number1(|a| Ok(a.exp())),
        doc: "e raised to the number.",
        examples: &[("EXP(0)", "1")],
        ..NUMBERS
    },
    FnDef {
        name: "LN",
        kernel: Kernel::Number1(|a| Ok(a.ln())),
        doc: "The natural logarithm.",
        examples: &[("LN(1)", "0"), ("LN(0)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "LOG",
        signature: Signature {
            params: &[required("number", NUMBER), optional("base", NUMBER, Default::Number(10.0))],
            ..NUMBERS.signature
        },
        kernel: Kernel::Number2(
            |a, base| if base == 10.0 { Ok(a.log10()) } else { divide(a.ln(), base.ln()) },
        ),
        doc: "The logarithm to a base.",
        examples: &[("LOG(1000)", "3"), ("LOG(8, 2)", "3"), ("LOG(8, 1)", "#divide_by_zero")],
        ..NUMBERS
    },
    FnDef {
        name: "LOG10",
        kernel: Kernel::Number1(|a| Ok(a.log10())),
        doc: "The logarithm to base 10.",
        examples: &[("LOG10(1000)", "3")],
        ..NUMBERS
    },
    FnDef {
        name: "EVEN",
        kernel: Kernel::Number1(|a| Ok((a / 2.0).ceil() * 2.0)),
        doc: "The smallest even number that is not smaller.",
        examples: &[("EVEN(2.2)", "4"), ("EVEN(-2.2)", "-2"), ("EVEN(4)", "4")],
        ..NUMBERS
    },
    FnDef {
        name: "ODD",
        kernel: Kernel::Number1(|a| {
            let size = (((a.abs() - 1.0) / 2.0).ceil() * 2.0 + 1.0).max(1.0);
            Ok(if a < 0.0 { -size } else { size })
        }),
        doc: "The nearest odd number that is not nearer to zero.",
        examples: &[("ODD(1.9)", "3"), ("ODD(-1.9)", "-3"), ("ODD(3)", "3"), ("ODD(0)", "1")],
        ..NUMBERS
    },
    FnDef {
        name: "TRUNC",
        signature: DIGITS,
        kernel: Kernel::Number2(|a, digits| Ok(at_digits(a, digits, f64::trunc))),
        doc: "The number without what stands behind so many digits, as ROUNDDOWN.",
        examples: &[("TRUNC(-7.8)", "-7")],
        ..NUMBERS
    },
    FnDef {
        name: "MROUND",
        signature: Signature { params: &[required("number", NUMBER), required("step", NUMBER)], ..STEPS },
        kernel: Kernel::Number2(|a, step| to_step(a, step, f64::round)),
        doc: "The nearest multiple of the step.",
        examples: &[
            ("MROUND(17, 5)", "15"),
            ("MROUND(1.13, 0.05)", "1.15"),
            ("MROUND(1, 0)", "#divide_by_zero"),
        ],
        ..NUMBERS
    },
    FnDef {
        name: "QUOTIENT",
        signature: TWO,
        kernel: Kernel::Number2(|a, b| divide(a, b).map(f64::trunc)),
        doc: "How often the divisor goes into the number, without the rest.",
        examples: &[("QUOTIENT(7, 2)", "3"), ("QUOTIENT(-7, 2)", "-3")],
        ..NUMBERS
    },
    FnDef {
        name: "GCD",
        signature: PAIR,
        kernel: Kernel::Number2(|a, b| Ok(gcd(whole(a)?, whole(b)?))),
        doc: "The greatest common divisor of two whole numbers.",
        examples: &[("GCD(12, 18)", "6"), ("GCD(1.5, 2)", "#argument")],
        ..NUMBERS
    },
    FnDef {
        name: "LCM",
        signature: PAIR,
        kernel: Kernel::Number2(|a, b| {
            let (a, b) = (whole(a)?, whole(b)?);
            Ok(if a == 0.0 || b == 0.0 { 0.0 } else { a / gcd(a, b) * b })
        }),
        doc: "The least common multiple of two whole numbers.",
        examples: &[("LCM(4, 6)", "12"), ("LCM(0, 6)", "0")],
        ..NUMBERS
    },
    FnDef {
        name: "FACTORIAL",
        kernel: Kernel::Number1(|a| {
            let count = whole(a)?;
            if a < 0.0 {
                return Err(ErrorKind::Argument);
            }
            // 171! is no double any more.
            Ok((1..=(count.min(171.0) as u32)).map(f64::from).product())
        }),
        doc: "The product of all whole numbers from 1 to this one.",
        examples: &[("FACTORIAL(5)", "120"), ("FACTORIAL(0)", "1"), ("FACTORIAL(171)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "CLAMP",
        signature: takes(
            &[required("number", NUMBER), required("least", NUMBER), required("most", NUMBER)],
            Type::Number,
        ),
        kernel: Kernel::General(|call| {
            let (least, most) = (call.number(1)?, call.number(2)?);
            if least > most {
                return Err(ErrorKind::Argument);
            }
            Ok(Value::Number(call.number(0)?.clamp(least, most)))
        }),
        doc: "The number, but not less than the least and not more than the most.",
        examples: &[("CLAMP(12, 0, 10)", "10"), ("CLAMP(-1, 0, 10)", "0"), ("CLAMP(1, 2, 0)", "#argument")],
        ..NUMBERS
    },
    FnDef {
        name: "VALUE",
        signature: Signature { params: &[required("text", TEXT)], ..NUMBERS.signature },
        kernel: Kernel::General(|call| {
            parse_written(call.text(0)?).map(Value::Number).ok_or(ErrorKind::Convert)
        }),
        doc: "The number that a text shows, with a point before decimals; a currency sign, commas between thousands \
              and a percent sign are understood.",
        examples: &[
            (r#"VALUE(" 2.50 ")"#, "2.5"),
            (r#"VALUE("$1,234.50")"#, "1234.5"),
            (r#"VALUE("-12%")"#, "-0.12"),
            (r#"VALUE("two")"#, "#convert"),
        ],
        ..NUMBERS
    },
];

/// Reads a number; nothing that is not finite.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None; // `inf`, `nan`
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Reads a number as people write it: with a currency sign at an end, commas between thousands, a percent sign.
fn parse_written(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(number) = parse(text) {
        return Some(number);
    }
    let (text, sign) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (rest.trim_start(), -1.0),
        None => (text, 1.0),
    };
    let (text, scale) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let text = text.trim_matches(|c: char| "$€£¥₣₹".contains(c) || c.is_whitespace());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = first.len() <= 3 && groups.clone().all(|group| group.len() == 3 && digits(group));
    let plain = digits(first) && digits(fraction) && !first.is_empty();
    if !plain || (whole.contains(',') && !grouped) {
        return None;
    }
    let number: f64 = [&whole.replace(',', ""), ".", fraction].concat().parse().ok()?;
    number.is_finite().then_some(sign * number / scale)
}

/// Rounded to `digits`, with a separator between thousands.
pub(super) fn separated(number: f64, digits: f64, thousands: &str, point: &str) -> String {
    let rounded = at_digits(number, digits, f64::round) + 0.0;
    let plain = format!("{:.*}", digits as usize, rounded.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::from(if rounded < 0.0 { "-" } else { "" });
    for (index, digit) in whole.char_indices() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push_str(thousands);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push_str(point);
        out.push_str(fraction);
    }
    out
}

/// A whole number that a double holds exactly.
fn whole(number: f64) -> Result<f64, ErrorKind> {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        Ok(number.abs())
    } else {
        Err(ErrorKind::Argument)
    }
}

fn gcd(mut a: f64, mut b: f64) -> f64 {
    while b != 0.0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The nearest half if the number is one but for its last bits: 2.675 * 100 is 267.49999999999994.
fn snap(number: f64) -> f64 {
    let doubled = number * 2.0;
    let nearest = doubled.round();
    if (doubled - nearest).abs() <= doubled.abs() * 4.0 * f64::EPSILON { nearest / 2.0 } else { number }
}

fn at_digits(number: f64, digits: f64, round: fn(f64) -> f64) -> f64 {
    let digits = digits.trunc().clamp(-308.0, 308.0);
    let power = 10f64.powi(digits.abs() as i32);
    if digits >= 0.0 {
        let scaled = number * power;
        // Beyond 2^52 a double has no digits after the point.
        if scaled.abs() < 4_503_599_627_370_496.0 { round(snap(scaled)) / power } else { number }
    } else {
        round(snap(number / power)) * power
    }
}

fn to_step(number: f64, step: f64, round: fn(f64) -> f64) -> Result<f64, ErrorKind> {
    let count = round(snap(divide(number, step)?));
    // A step such as 0.1 is a quotient that a double holds exactly only the other way round.
    let inverse = (1.0 / step).round();
    let exact = step.abs() < 1.0 && (inverse * step - 1.0).abs() < 1e-12;
    Ok(if exact { count / inverse } else { count * step })
}
