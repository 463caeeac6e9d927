//! The names that a formula may use. A formula field, a filter, a form rule and a page binding are different scopes
//! of the same language.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::types::Type;
use std::collections::HashMap;

/// The caller's number of a field (in a base: the field's number in its table).
pub type FieldKey = u32;

/// Fields by name and by id.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    fields: Vec<(String, FieldKey, Type)>,
    exact: HashMap<String, usize>,
    /// Lower case name → fields with it.
    folded: HashMap<String, Vec<usize>>,
    ids: HashMap<String, usize>,
    record: bool,
    field_times: bool,
}

impl Scope {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The rows are records: they have an id and tell when they were made and changed (see
    /// [`crate::Row::record`]).
    pub fn with_record(&mut self) -> &mut Self {
        self.record = true;
        self
    }

    /// The rows also tell when single fields were changed.
    pub fn with_field_times(&mut self) -> &mut Self {
        self.field_times = true;
        self
    }

    pub(super) fn has_field_times(&self) -> bool {
        self.field_times
    }

    pub(super) fn has_record(&self) -> bool {
        self.record
    }

    /// Adds a field; `id` (as in `fld…`) may be empty. A later field of the same name hides the earlier one.
    pub fn add(&mut self, name: &str, id: &str, key: FieldKey, ty: Type) -> &mut Self {
        let index = self.fields.len();
        self.fields.push((name.to_owned(), key, ty));
        self.exact.insert(name.to_owned(), index);
        self.folded.entry(name.to_lowercase()).or_default().push(index);
        if !id.is_empty() {
            self.ids.insert(id.to_owned(), index);
        }
        self
    }

    /// Builder form of [`Scope::add`], without id.
    #[must_use]
    pub fn with(mut self, name: &str, key: FieldKey, ty: Type) -> Self {
        self.add(name, "", key, ty);
        self
    }

    /// By exact name, by id, or by name without regard to capitals if that is unique. In this order, so that a field
    /// named like another's id still means itself. `Err`: these fields may be meant.
    fn index(&self, name: &str) -> Result<usize, &[usize]> {
        match self.exact.get(name).or_else(|| self.ids.get(name)) {
            Some(index) => Ok(*index),
            None => match self.folded.get(&name.to_lowercase()).map(Vec::as_slice) {
                Some([index]) => Ok(*index),
                found => Err(found.unwrap_or_default()),
            },
        }
    }

    pub(super) fn find(&self, name: &str, span: Span) -> Result<(FieldKey, Type), Diagnostic> {
        match self.index(name) {
            Ok(index) => {
                let (_, key, ty) = &self.fields[index];
                Ok((*key, *ty))
            }
            Err([]) => Err(self.unknown(name, span)),
            Err(found) => {
                let names: Vec<String> =
                    found.iter().map(|index| format!("{{{}}}", self.fields[*index].0)).collect();
                Err(Diagnostic::error(
                    Code::AmbiguousField,
                    span,
                    format!("{{{name}}} may be {}.", names.join(" or ")),
                )
                .hint("Write the field's name with its exact capitals."))
            }
        }
    }

    /// The id of the field that a formula means by a name; `None` if there is no such field or it has no id.
    pub(crate) fn id_of(&self, name: &str) -> Option<&str> {
        let index = self.index(name).ok()?;
        self.ids.iter().find(|(_, at)| **at == index).map(|(id, _)| id.as_str())
    }

    /// The name of the field with an id, if a formula can mean it by that name.
    pub(crate) fn name_of(&self, id: &str) -> Option<&str> {
        let index = *self.ids.get(id)?;
        let name = self.fields[index].0.as_str();
        // Names are trimmed between braces, and one that stands there twice means the later field.
        (self.index(name) == Ok(index) && name.trim() == name && !name.is_empty()).then_some(name)
    }

    /// The same fields, known by their ids alone.
    pub(crate) fn by_id(&self) -> Self {
        Self { exact: HashMap::new(), folded: HashMap::new(), ..self.clone() }
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Code::UnknownField, span, format!("There is no field {{{name}}}."));
        match nearest(name, self.fields.iter().map(|(name, ..)| name.as_str())) {
            Some(found) => diagnostic.hint(format!("Did you mean {{{found}}}?")),
            None => diagnostic,
        }
    }
}

/// The candidate that `name` most likely means: at most a third of its letters differ.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(64).collect();
    candidates
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= wanted.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, without regard to capitals.
fn distance(wanted: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (i, c) in candidate.to_lowercase().chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, w) in wanted.iter().enumerate() {
            let replaced = corner + usize::from(*w != c);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[wanted.len()]
}
