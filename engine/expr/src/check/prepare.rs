//! Literal arguments that have a meaning of their own (a regular expression, a zone, a language, a unit): read once,
//! while the formula is checked, so that a mistake in them is an error at its place and not one in every cell.

use super::scope::nearest;
use super::{Checker, Made, Op};
use crate::diagnostic::{Code, Diagnostic};
use crate::functions::{Prepared, pattern, unit};
use crate::locale;
use crate::time;
use crate::types::ParamType;
use crate::value::Value;

impl Checker<'_> {
    /// What `arg` says for a parameter of this kind; `None` if it is no literal. `Err`: it is a wrong one.
    pub(super) fn prepare(&self, param: ParamType, arg: Made) -> Result<Option<Prepared>, Diagnostic> {
        let Op::Const(value) = &self.out.nodes[arg.node as usize].op else { return Ok(None) };
        let (Value::Text(text), span) = (value, arg.span) else { return Ok(None) };
        let wrong = |code, message: String| Diagnostic::error(code, span, message);
        Ok(Some(match param {
            ParamType::Pattern => {
                Prepared::Pattern(pattern::compile(text).map_err(|refused| match refused {
                    pattern::Refused::TooLarge => {
                        wrong(Code::PatternTooLarge, "This regular expression is too large.".to_owned())
                    }
                    pattern::Refused::Syntax(why) => {
                        wrong(Code::BadPattern, format!("This regular expression can't be read: {why}."))
                    }
                })?)
            }
            ParamType::Zone => match time::zone(text) {
                Some(zone) => Prepared::Zone(zone),
                None => {
                    let names = time::zone_names();
                    let hint = match nearest(text, names.iter().map(String::as_str)) {
                        Some(name) => format!("Did you mean {name}?"),
                        None => "Zones are named as in Europe/Zurich.".to_owned(),
                    };
                    return Err(wrong(Code::UnknownZone, format!("There is no time zone {text}.")).hint(hint));
                }
            },
            ParamType::Locale => match locale::find(text) {
                Some(locale) => Prepared::Locale(locale),
                None => {
                    let message = format!("There is no language {text}.");
                    return Err(wrong(Code::UnknownLocale, message).hint(locale::codes()));
                }
            },
            ParamType::Unit => match unit::unit(text) {
                Some(unit) => Prepared::Unit(unit),
                None => {
                    let message = format!("There is no unit of time {text}.");
                    return Err(wrong(Code::UnknownOption, message).hint(unit::names()));
                }
            },
            _ => return Ok(None),
        }))
    }
}
