//! Many numbers into one. Each argument is a number or a list of numbers (a lookup, a rollup); blanks count as nothing.

use super::number::NUMBERS;
use super::{
    ANY, Call, FnDef, Kernel, NUMBER, NullRule, Param, ParamType, Signature, Type, required, takes,
    takes_many,
};
use crate::value::{ErrorKind, Value};

const MANY: FnDef = FnDef {
    signature: takes_many(&[required("number", ParamType::Numbers)], Type::Number),
    nulls: NullRule::See,
    ..NUMBERS
};

const COUNTING: Signature = takes_many(&[required("value", ANY)], Type::Number);
const NUMBERS_OF: Param = required("numbers", ParamType::Numbers);

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "SUM",
        kernel: Kernel::General(|call| Ok(Value::Number(sum(&numbers(call, 0)?)))),
        doc: "All numbers added; blanks count as nothing.",
        examples: &[
            ("SUM(1, 2, 3.5)", "6.5"),
            ("SUM(1, BLANK())", "1"),
            ("SUM(0.1, 0.2, 0.3)", "0.6"),
            ("SUM(ARRAY(1, 2), 3)", "6"),
        ],
        ..MANY
    },
    FnDef {
        name: "AVERAGE",
        aliases: &["MEAN"],
        kernel: Kernel::General(|call| {
            let numbers = numbers(call, 0)?;
            Ok(mean(&numbers).map_or(Value::Null, Value::Number))
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
        examples: &[("MAX(3, 1, 2)", "3"), ("MAX(ARRAY(1, 5), 2)", "5")],
        ..MANY
    },
    FnDef {
        name: "PRODUCT",
        kernel: Kernel::General(|call| {
            let numbers = numbers(call, 0)?;
            Ok(if numbers.is_empty() { Value::Null } else { Value::Number(numbers.iter().product()) })
        }),
        doc: "All numbers multiplied; blank if all are.",
        examples: &[("PRODUCT(2, 3, BLANK())", "6")],
        ..MANY
    },
    FnDef {
        name: "MEDIAN",
        kernel: Kernel::General(|call| quantile(numbers(call, 0)?, 0.5)),
        doc: "The number in the middle; of an even count the mean of the two in the middle.",
        examples: &[("MEDIAN(1, 9, 2)", "2"), ("MEDIAN(1, 2, 3, 10)", "2.5")],
        ..MANY
    },
    FnDef {
        name: "PERCENTILE",
        signature: takes(&[NUMBERS_OF, required("share", NUMBER)], Type::Number),
        nulls: NullRule::Propagate,
        kernel: Kernel::General(|call| {
            let share = call.number(1)?;
            if !(0.0..=1.0).contains(&share) {
                return Err(ErrorKind::Argument);
            }
            let mut numbers = Vec::new();
            collect(call.arg(0), &mut numbers)?;
            quantile(numbers, share)
        }),
        doc: "The number below which this share (0 to 1) of a list lies, interpolated.",
        examples: &[
            ("PERCENTILE(ARRAY(1, 2, 3, 4, 5), 0.5)", "3"),
            ("PERCENTILE(ARRAY(1, 2), 0.25)", "1.25"),
            ("PERCENTILE(ARRAY(1, 2), 2)", "#argument"),
        ],
        ..MANY
    },
    FnDef {
        name: "VARIANCE",
        kernel: Kernel::General(|call| Ok(variance(&numbers(call, 0)?).map_or(Value::Null, Value::Number))),
        doc: "The variance of a sample; blank for fewer than two numbers.",
        examples: &[("VARIANCE(1, 2, 3, 4)", "1.6666666666666667"), ("VARIANCE(1)", "BLANK()")],
        ..MANY
    },
    FnDef {
        name: "STDEV",
        kernel: Kernel::General(|call| {
            Ok(variance(&numbers(call, 0)?).map_or(Value::Null, |variance| Value::Number(variance.sqrt())))
        }),
        doc: "The standard deviation of a sample; blank for fewer than two numbers.",
        examples: &[("STDEV(2, 4, 6)", "2")],
        ..MANY
    },
    FnDef {
        name: "COUNT",
        signature: COUNTING,
        kernel: Kernel::General(|call| count(call, |value| matches!(value, Value::Number(_)))),
        doc: "How many of the values are numbers; lists count value by value. COUNTA counts what is not blank.",
        examples: &[(r#"COUNT(1, "a", 2.5, BLANK())"#, "2"), ("COUNT(ARRAY(1, 2), 3)", "3")],
        ..MANY
    },
    FnDef {
        name: "COUNTA",
        signature: COUNTING,
        kernel: Kernel::General(|call| count(call, |value| !value.is_blank())),
        doc: "How many of the values are not blank; lists, linked records among them, count value by value.",
        examples: &[(r#"COUNTA(1, "a", BLANK(), "")"#, "2"), (r#"COUNTA(SPLIT("a,b"))"#, "2")],
        ..MANY
    },
    FnDef {
        name: "COUNTALL",
        signature: COUNTING,
        kernel: Kernel::General(|call| count(call, |_| true)),
        doc: "How many values there are, blanks included; lists count value by value.",
        examples: &[(r#"COUNTALL(1, "a", BLANK())"#, "3")],
        ..MANY
    },
];

/// All numbers of the arguments from `first` on.
fn numbers(call: &Call<'_>, first: usize) -> Result<Vec<f64>, ErrorKind> {
    let mut out = Vec::with_capacity(call.len());
    for at in first..call.len() {
        collect(call.arg(at), &mut out)?;
    }
    Ok(out)
}

fn collect(value: &Value, out: &mut Vec<f64>) -> Result<(), ErrorKind> {
    match value {
        Value::Null => Ok(()),
        Value::Number(number) => {
            out.push(*number);
            Ok(())
        }
        Value::Bool(value) => {
            out.push(f64::from(u8::from(*value)));
            Ok(())
        }
        Value::List(items) => items.iter().try_for_each(|item| match item {
            Value::List(_) => Err(ErrorKind::Convert), // ARRAYFLATTEN makes one list of it
            item => collect(item, out),
        }),
        _ => Err(ErrorKind::Convert),
    }
}

/// Neumaier's compensated sum.
pub(super) fn sum(numbers: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for number in numbers {
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        sum = next;
    }
    // An infinite sum has lost everything: adding NaN would hide that it is out of range.
    if sum.is_finite() { sum + lost } else { sum }
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| sum(numbers) / numbers.len() as f64)
}

fn variance(numbers: &[f64]) -> Option<f64> {
    let mean = mean(numbers).filter(|_| numbers.len() > 1)?;
    let squares: Vec<f64> = numbers.iter().map(|number| (number - mean).powi(2)).collect();
    Some(sum(&squares) / (numbers.len() - 1) as f64)
}

/// The value at a share of the way through the sorted numbers.
fn quantile(mut numbers: Vec<f64>, share: f64) -> Result<Value, ErrorKind> {
    numbers.sort_unstable_by(f64::total_cmp);
    let Some(last) = numbers.len().checked_sub(1) else { return Ok(Value::Null) };
    let place = share * last as f64;
    let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
    Ok(Value::Number(low + (high - low) * place.fract()))
}

fn pick(call: &Call<'_>, choose: fn(f64, f64) -> f64) -> Result<Value, ErrorKind> {
    Ok(numbers(call, 0)?.into_iter().reduce(choose).map_or(Value::Null, Value::Number))
}

fn count(call: &Call<'_>, counted: fn(&Value) -> bool) -> Result<Value, ErrorKind> {
    Ok(Value::Number(super::list::flat(call, 0).filter(|value| counted(value)).count() as f64))
}
