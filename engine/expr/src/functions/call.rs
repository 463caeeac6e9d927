//! The arguments of one call, as its kernel reads them.

use super::pattern;
use super::unit::{self, Unit};
use crate::eval::EvalContext;
use crate::locale::{self, Locale};
use crate::time;
use crate::value::{ErrorKind, Value};
use jiff::civil;
use jiff::tz::TimeZone;
use regex::Regex;
use std::borrow::Cow;

/// What the checker made of a literal argument, once for all rows.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    Pattern(Regex),
    Zone(TimeZone),
    Locale(&'static Locale),
    Unit(Unit),
}

/// The arguments of one call, converted to the types of its signature.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    values: &'a [Value],
    index: &'a [u32],
    prepared: &'a [Option<Prepared>],
    pub(crate) ctx: &'a EvalContext,
}

impl<'a> Call<'a> {
    /// Argument `i` is `values[index[i]]`; `prepared` has one for each argument.
    pub(crate) fn new(
        values: &'a [Value],
        index: &'a [u32],
        prepared: &'a [Option<Prepared>],
        ctx: &'a EvalContext,
    ) -> Self {
        Self { values, index, prepared, ctx }
    }
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
    pub(crate) fn arg(&self, at: usize) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.index.get(at).and_then(|index| self.values.get(*index as usize)).unwrap_or(NULL)
    }
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &'a Value> + '_ {
        (0..self.len()).map(|at| self.arg(at))
    }
    fn prepared(&self, at: usize) -> Option<&'a Prepared> {
        self.prepared.get(at).and_then(Option::as_ref)
    }
    pub(super) fn is_null(&self, at: usize) -> bool {
        matches!(self.arg(at), Value::Null)
    }
    /// Blank is an empty text.
    pub(super) fn text(&self, at: usize) -> Result<&'a str, ErrorKind> {
        match self.arg(at) {
            Value::Text(text) => Ok(text),
            Value::Null => Ok(""),
            _ => Err(ErrorKind::Type),
        }
    }
    pub(super) fn number(&self, at: usize) -> Result<f64, ErrorKind> {
        match self.arg(at) {
            Value::Number(number) => Ok(*number),
            _ => Err(ErrorKind::Type),
        }
    }
    /// A number as a count: its whole part, 0 at least.
    pub(super) fn count(&self, at: usize) -> Result<usize, ErrorKind> {
        let number = self.number(at)?;
        if number < 0.0 {
            return Err(ErrorKind::Argument);
        }
        Ok(number.min(f64::from(u32::MAX)) as usize)
    }
    /// Blank is an empty list.
    pub(super) fn list(&self, at: usize) -> Result<&'a [Value], ErrorKind> {
        match self.arg(at) {
            Value::List(items) => Ok(items),
            Value::Null => Ok(&[]),
            _ => Err(ErrorKind::Type),
        }
    }
    pub(super) fn date_time(&self, at: usize) -> Result<i64, ErrorKind> {
        match self.arg(at) {
            Value::DateTime(micros) => Ok(*micros),
            _ => Err(ErrorKind::Type),
        }
    }
    pub(super) fn unit(&self, at: usize) -> Result<Unit, ErrorKind> {
        match self.prepared(at) {
            Some(Prepared::Unit(unit)) => Ok(*unit),
            _ => unit::unit(self.text(at)?).ok_or(ErrorKind::Argument),
        }
    }
    /// The zone in argument `at`; the context's if it is blank.
    pub(super) fn zone(&self, at: usize) -> Result<Cow<'a, TimeZone>, ErrorKind> {
        match (self.prepared(at), self.arg(at)) {
            (Some(Prepared::Zone(zone)), _) => Ok(Cow::Borrowed(zone)),
            (_, Value::Null) => Ok(Cow::Borrowed(&self.ctx.zone)),
            (_, Value::Text(name)) => time::zone(name).map(Cow::Owned).ok_or(ErrorKind::Argument),
            _ => Err(ErrorKind::Type),
        }
    }
    /// The language in argument `at`; English if it is blank.
    pub(super) fn locale(&self, at: usize) -> Result<&'static Locale, ErrorKind> {
        match (self.prepared(at), self.arg(at)) {
            (Some(Prepared::Locale(locale)), _) => Ok(locale),
            (_, Value::Null) => Ok(self.ctx.locale()),
            (_, Value::Text(name)) => locale::find(name).ok_or(ErrorKind::Argument),
            _ => Err(ErrorKind::Type),
        }
    }
    /// The regular expression in argument `at`. One that is not a literal is compiled each time, and paid for.
    pub(super) fn pattern(&self, at: usize) -> Result<Cow<'a, Regex>, ErrorKind> {
        if let Some(Prepared::Pattern(regex)) = self.prepared(at) {
            return Ok(Cow::Borrowed(regex));
        }
        if !self.ctx.budget.spend(pattern::COMPILE_STEPS) {
            return Err(ErrorKind::Budget);
        }
        pattern::compile(self.text(at)?).map(Cow::Owned).map_err(|_| ErrorKind::Pattern)
    }
    /// Local date and time of the date in argument `at`, in the zone of argument `zone`; a date without time is its
    /// midnight in every zone.
    pub(super) fn local(&self, at: usize, zone: usize) -> Result<civil::DateTime, ErrorKind> {
        match self.arg(at) {
            Value::Date(days) => Ok(time::date(*days)?.to_datetime(civil::Time::midnight())),
            Value::DateTime(micros) => time::local(*micros, self.zone(zone)?.as_ref()),
            _ => Err(ErrorKind::Type),
        }
    }
    /// The day of argument `at`, in the zone of argument `zone`.
    pub(super) fn day(&self, at: usize, zone: usize) -> Result<civil::Date, ErrorKind> {
        self.local(at, zone).map(civil::DateTime::date)
    }
}
