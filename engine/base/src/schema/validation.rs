//! Rules that the owner of a field writes (spec row D2): bounds, lengths, a pattern, a formula over the record, and what people are
//! told when a value breaks one.

use super::{Field, FieldKind, Storage, Table};
use crate::coerce::strict;
use crate::ids::FieldNo;
use crate::select::scope;
use crate::time;
use engine_expr::{
    MAX_PATTERN_BYTES, PatternRefused, Program, ProgramNode, Severity, compile_filter, compile_stored_filter,
    compile_whole, shown, stored,
};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters of the message.
const MAX_MESSAGE: usize = 500;

/// What is asked of the values of a field. An empty cell breaks none of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Validation {
    /// The least number, day or moment, in the form of /v1.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub min: Value,
    /// The greatest.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub max: Value,
    /// Characters of a text at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Characters of a text at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// A regular expression that the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A formula over the record that must not be false; fields by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// What people are told; empty: a sentence made of the rule.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// A number, day or moment as a number to compare.
pub(crate) fn measure(storage: Storage, value: &Value) -> Option<f64> {
    match storage {
        Storage::Number => value.as_f64(),
        Storage::Day => value.as_str().and_then(time::parse_day).map(f64::from),
        // Microseconds of four thousand years are exact in a double.
        Storage::Instant => value.as_str().and_then(time::parse_instant).map(|at| at as f64),
        _ => None,
    }
}

/// The pattern, compiled so that it has to match the whole text, and its bytes; the error is a sentence for people.
pub(crate) fn pattern(text: &str) -> Result<(Regex, usize), String> {
    compile_whole(text).map_err(|refused| match refused {
        PatternRefused::TooLarge => {
            format!("The pattern has at most {MAX_PATTERN_BYTES} bytes, 1 MiB compiled.")
        }
        PatternRefused::Syntax(why) => format!("The pattern can't be read: {why}."),
    })
}

impl Validation {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self { message: self.message.clone(), ..Self::default() }
    }

    /// Without the formula, in canonical form; the error is a sentence for people.
    pub(crate) fn clean(&self, kind: &FieldKind) -> Result<Self, String> {
        let storage = kind.storage();
        let mut clean = self.clone();
        let (mut low, mut high) = (None, None);
        for (name, value, bound) in [("min", &mut clean.min, &mut low), ("max", &mut clean.max, &mut high)] {
            if value.is_null() {
                continue;
            }
            if !matches!(storage, Storage::Number | Storage::Day | Storage::Instant) {
                return Err(format!("{name} is for numbers, days and moments."));
            }
            let cell = strict(kind, value).map_err(|(_, detail)| format!("{name} does not fit: {detail}"))?;
            *value = match cell {
                crate::cell::Cell::Number(number) => Value::from(number),
                crate::cell::Cell::Text(text) => Value::from(text.as_ref()),
                _ => return Err(format!("{name} is no value.")),
            };
            *bound = measure(storage, value);
        }
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            return Err("min is above max.".into());
        }
        let asks_text = self.min_length.is_some() || self.max_length.is_some() || self.pattern.is_some();
        if asks_text && storage != Storage::Text {
            return Err("min_length, max_length and pattern are for texts.".into());
        }
        if self.max_length.is_some_and(|max| self.min_length.is_some_and(|min| min > max)) {
            return Err("min_length is above max_length.".into());
        }
        if let Some(text) = &self.pattern {
            pattern(text)?;
        }
        if self.message.chars().count() > MAX_MESSAGE {
            return Err(format!("The message has at most {MAX_MESSAGE} characters."));
        }
        clean.message = self.message.trim().to_owned();
        Ok(clean)
    }
}

/// How a formula names fields.
#[derive(Clone, Copy)]
enum Form {
    /// As a person writes it: by name, or by id.
    Written,
    /// By id alone, whatever a field may be called.
    Kept,
}

/// The formula's program. Calculated fields are no part of it: they follow only after a record is written.
fn program(text: &str, form: Form, table: &Table) -> Result<Program, String> {
    let wrong = |diagnostics: Vec<engine_expr::Diagnostic>| {
        let first = diagnostics.into_iter().find(|one| one.severity == Severity::Error);
        first.map_or_else(
            || "The rule can't be read.".to_owned(),
            |one| {
                let start = (one.span.start as usize).min(text.len());
                let place = text.get(..start).map_or(1, |before| before.chars().count() + 1);
                format!("{} (at character {place})", one.message)
            },
        )
    };
    let compile = match form {
        Form::Written => compile_filter,
        Form::Kept => compile_stored_filter,
    };
    let program = compile(text, &scope(table)).map_err(wrong)?;
    let read = |field: &&Field| program.reads_all() || program.reads().contains(&field.no.0);
    match table.fields.iter().filter(read).find(|field| field.kind.is_computed()) {
        Some(field) => Err(format!("{} is calculated; a rule reads only what is written.", field.name)),
        None => Ok(program),
    }
}

/// The formula by ids of fields. The field itself may be in it.
pub(crate) fn clean_formula(text: &str, table: &Table) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("Enter a formula.".into());
    }
    program(text, Form::Written, table)?;
    stored(text, &scope(table)).map_err(|_| "The rule can't be read.".into())
}

/// Whether a written formula is the one that is kept, under the names of today; also if that can't be asked any more.
pub(crate) fn is_kept(text: &str, kept: &str, table: &Table) -> bool {
    let scope = scope(table);
    let as_shown = || shown(kept, &scope).is_ok_and(|shown| shown == text);
    text == kept || as_shown() || stored(text, &scope).is_ok_and(|stored| stored == kept)
}

/// A field's rule as it is asked.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) field: FieldNo,
    pub(crate) storage: Storage,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) lengths: (usize, usize),
    pub(crate) pattern: Option<Regex>,
    pub(crate) program: Option<Program>,
    /// What people are told.
    pub(crate) message: String,
    /// What it takes in memory.
    pub(crate) bytes: usize,
}

impl Rule {
    /// None for a field of which nothing is asked.
    pub(crate) fn of(table: &Table, field: &Field) -> Option<Self> {
        let asked = field.rules.validation.as_deref()?;
        let storage = field.kind.storage();
        let compiled = asked.formula.as_deref().and_then(|text| program(text, Form::Kept, table).ok());
        let pattern = asked.pattern.as_deref().and_then(|text| pattern(text).ok());
        let message = if asked.message.is_empty() { told(field, asked) } else { asked.message.clone() };
        let nodes = compiled.as_ref().map_or(0, |program| program.nodes().len());
        let bytes = size_of::<Self>()
            + message.len()
            + nodes * size_of::<ProgramNode>()
            + pattern.as_ref().map_or(0, |(_, bytes)| *bytes);
        let number = |length: Option<u32>, other| length.map_or(other, |length| length as usize);
        Some(Self {
            field: field.no,
            storage,
            min: measure(storage, &asked.min),
            max: measure(storage, &asked.max),
            lengths: (number(asked.min_length, 0), number(asked.max_length, usize::MAX)),
            pattern: pattern.map(|(pattern, _)| pattern),
            program: compiled,
            message,
            bytes,
        })
    }

    /// Whether another value of this field is a reason to ask.
    pub(crate) fn reads(&self, field: FieldNo) -> bool {
        let of_program = |program: &Program| program.reads_all() || program.reads().contains(&field.0);
        self.field == field || self.program.as_ref().is_some_and(of_program)
    }
}

/// Why a rule with a formula is not asked: a field of it is gone, or calculated by now.
pub(crate) fn problem(table: &Table, field: &Field) -> Option<String> {
    let formula = field.rules.validation.as_deref()?.formula.as_deref()?;
    program(formula, Form::Kept, table).err()
}

fn told(field: &Field, asked: &Validation) -> String {
    let plain = |value: &Value| match (value.as_f64(), value.as_str()) {
        (Some(number), _) => number.to_string(),
        (None, Some(text)) => text.to_owned(),
        (None, None) => value.to_string(),
    };
    let mut said = Vec::new();
    if !asked.min.is_null() {
        said.push(format!("at least {}", plain(&asked.min)));
    }
    if !asked.max.is_null() {
        said.push(format!("at most {}", plain(&asked.max)));
    }
    if let Some(length) = asked.min_length {
        said.push(format!("at least {length} characters long"));
    }
    if let Some(length) = asked.max_length {
        said.push(format!("at most {length} characters long"));
    }
    if said.is_empty() || asked.pattern.is_some() || asked.formula.is_some() {
        return format!("{} does not follow the rule of this field.", field.name);
    }
    format!("{} must be {}.", field.name, said.join(" and "))
}

impl Table {
    /// Why the formula of a field's rule, as a person writes it, can't be asked of records of this table; `None` also without one.
    pub fn rule_problem(&self, field: &Field) -> Option<String> {
        let formula = field.rules.validation.as_deref()?.formula.as_deref()?;
        program(formula, Form::Written, self).err()
    }
}
