//! Angles and distances. Angles are in radians, as in every spreadsheet; latitudes and longitudes in degrees.

use super::number::NUMBERS;
use super::{FnDef, Kernel, NUMBER, Type, required, takes};
use crate::value::{ErrorKind, Value};

/// Mean radius of the earth in kilometres (IUGG).
const EARTH_KM: f64 = 6_371.008_8;

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: "PI",
        signature: takes(&[], Type::Number),
        kernel: Kernel::General(|_| Ok(Value::Number(std::f64::consts::PI))),
        doc: "The ratio of a circle's circumference to its diameter.",
        examples: &[("ROUND(PI(), 5)", "3.14159")],
        ..NUMBERS
    },
    FnDef {
        name: "RADIANS",
        kernel: Kernel::Number1(|a| Ok(a.to_radians())),
        doc: "Degrees as radians.",
        examples: &[("ROUND(RADIANS(180), 5)", "3.14159")],
        ..NUMBERS
    },
    FnDef {
        name: "DEGREES",
        kernel: Kernel::Number1(|a| Ok(a.to_degrees())),
        doc: "Radians as degrees.",
        examples: &[("DEGREES(PI())", "180")],
        ..NUMBERS
    },
    FnDef {
        name: "SIN",
        kernel: Kernel::Number1(|a| Ok(a.sin())),
        doc: "The sine of an angle.",
        examples: &[("SIN(0)", "0"), ("ROUND(SIN(RADIANS(30)), 6)", "0.5")],
        ..NUMBERS
    },
    FnDef {
        name: "COS",
        kernel: Kernel::Number1(|a| Ok(a.cos())),
        doc: "The cosine of an angle.",
        examples: &[("COS(0)", "1")],
        ..NUMBERS
    },
    FnDef {
        name: "TAN",
        kernel: Kernel::Number1(|a| Ok(a.tan())),
        doc: "The tangent of an angle.",
        examples: &[("TAN(0)", "0")],
        ..NUMBERS
    },
    FnDef {
        name: "ASIN",
        kernel: Kernel::Number1(|a| Ok(a.asin())),
        doc: "The angle with this sine.",
        examples: &[("ROUND(DEGREES(ASIN(1)), 6)", "90"), ("ASIN(2)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "ACOS",
        kernel: Kernel::Number1(|a| Ok(a.acos())),
        doc: "The angle with this cosine.",
        examples: &[("ACOS(1)", "0"), ("ACOS(-2)", "#out_of_range")],
        ..NUMBERS
    },
    FnDef {
        name: "ATAN",
        kernel: Kernel::Number1(|a| Ok(a.atan())),
        doc: "The angle with this tangent.",
        examples: &[("ROUND(DEGREES(ATAN(1)), 6)", "45")],
        ..NUMBERS
    },
    FnDef {
        name: "ATAN2",
        signature: takes(&[required("y", NUMBER), required("x", NUMBER)], Type::Number),
        kernel: Kernel::Number2(|y, x| Ok(y.atan2(x))),
        doc: "The angle of the point (x, y), between -PI() and PI().",
        examples: &[("ROUND(DEGREES(ATAN2(1, -1)), 6)", "135")],
        ..NUMBERS
    },
    FnDef {
        name: "GEO_DISTANCE",
        signature: takes(
            &[
                required("latitude", NUMBER),
                required("longitude", NUMBER),
                required("other latitude", NUMBER),
                required("other longitude", NUMBER),
            ],
            Type::Number,
        ),
        kernel: Kernel::General(|call| {
            let at = |at: usize| call.number(at);
            Ok(Value::Number(great_circle(at(0)?, at(1)?, at(2)?, at(3)?)?))
        }),
        doc: "Kilometres between two places on the earth, along the great circle; places in degrees.",
        examples: &[
            ("ROUND(GEO_DISTANCE(47.458, 8.548, 40.640, -73.779))", "6310"),
            ("GEO_DISTANCE(95, 0, 0, 0)", "#argument"),
        ],
        ..NUMBERS
    },
];

/// The haversine formula, which is exact also for places close together.
fn great_circle(lat: f64, lon: f64, lat2: f64, lon2: f64) -> Result<f64, ErrorKind> {
    if lat.abs() > 90.0 || lat2.abs() > 90.0 || lon.abs() > 360.0 || lon2.abs() > 360.0 {
        return Err(ErrorKind::Argument);
    }
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let inner = half(lat, lat2) + lat.to_radians().cos() * lat2.to_radians().cos() * half(lon, lon2);
    Ok(2.0 * EARTH_KM * inner.sqrt().min(1.0).asin())
}
