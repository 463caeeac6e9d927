//! How values are written in files: what exports write, imports read back. Pure.
//!
//! Invariant: reading gives what was written, for every text, list of names, day and number and in every locale.

pub(crate) mod formulas;
pub(crate) mod locale;
pub(crate) mod names;

/// Seconds of a part of a day, as a cell of Excel holds them: to the microsecond.
pub(crate) fn excel_seconds(part: f64) -> f64 {
    (part * 86_400.0 * 1e6).round() / 1e6
}
