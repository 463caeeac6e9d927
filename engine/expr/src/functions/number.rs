//! Number functions. Numbers are doubles; rounding works on what the number prints as, so `ROUND(2.675, 2)` is 2.68.

use super::operators::{divide, remainder};
use super::{BASE, Call, Family, FnDef, Kernel, NUMBER, NullRule, SIGNATURE, TEXT, optional, required};
use crate::types::{Default, Returns, Signature, Type};
use crate::value::{ErrorKind, Value};

const NUMBERS: FnDef = FnDef {
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

const MANY: FnDef = FnDef {
    signature: Signature {
        group: &[required("number", NUMBER)],
        group_min: 1,
        returns: Returns::Is(Type::Number),
        ..SIGNATURE
    },
    nulls: NullRule::See,
    ..NUMBERS
};

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
        signature: Signature {
            params: &[required("number", NUMBER), required("divisor", NUMBER)],
            ..NUMBERS.signature
        },
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
        name: "SUM",
        kernel: Kernel::General(|call| Ok(Value::Number(sum(call)?.0))),
        doc: "All numbers added; blanks count as nothing.",
        examples: &[("SUM(1, 2, 3.5)", "6.5"), ("SUM(1, BLANK())", "1"), ("SUM(0.1, 0.2, 0.3)", "0.6")],
        ..MANY
    },
    FnDef {
        name: "AVERAGE",
        kernel: Kernel::General(|call| {
            let (sum, count) = sum(call)?;
            Ok(if count == 0.0 { Value::Null } else { Value::Number(sum / count) })
        }),
        doc: "The mean of the numbers that are not blank; blank if all are.",
        examples: &[("AVERAGE(1, 2, BLANK())", "1.5"), ("AVERAGE(BLANK())", "BLANK()")],
        ..MANY
    },
    FnDef {
        name: "MIN",
        kernel: Kernel::General(|call| pick(call, f64::min)),
        doc: "The smallest number that is not blank.",
        examples: &[("MIN(3, 1, 2)", "1"), ("MIN(BLANK(), 2)", "2"), ("MIN(BLANK())", "BLANK()")],
        ..MANY
    },
    FnDef {
        name: "MAX",
        kernel: Kernel::General(|call| pick(call, f64::max)),
        doc: "The largest number that is not blank.",
        examples: &[("MAX(3, 1, 2)", "3")],
        ..MANY
    },
    FnDef {
        name: "VALUE",
        signature: Signature { params: &[required("text", TEXT)], ..NUMBERS.signature },
        kernel: Kernel::General(|call| parse(call.text(0)?).map(Value::Number).ok_or(ErrorKind::Convert)),
        doc: "The number that a text shows, with a point before decimals.",
        examples: &[(r#"VALUE(" 2.50 ")"#, "2.5"), (r#"VALUE("two")"#, "#convert")],
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

/// Neumaier's compensated sum of the numbers that are not blank, and how many they are.
fn sum(call: &Call<'_>) -> Result<(f64, f64), ErrorKind> {
    let (mut sum, mut lost, mut count) = (0.0_f64, 0.0, 0.0);
    for at in 0..call.len() {
        if *call.arg(at) == Value::Null {
            continue;
        }
        let number = call.number(at)?;
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        sum = next;
        count += 1.0;
    }
    Ok((sum + lost, count))
}

fn pick(call: &Call<'_>, choose: fn(f64, f64) -> f64) -> Result<Value, ErrorKind> {
    let mut best: Option<f64> = None;
    for at in 0..call.len() {
        if *call.arg(at) != Value::Null {
            let number = call.number(at)?;
            best = Some(best.map_or(number, |best| choose(best, number)));
        }
    }
    Ok(best.map_or(Value::Null, Value::Number))
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
