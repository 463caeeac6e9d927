//! Attributes (RFC 7643 section 2): what they are called, what they may hold, and reading a client's document by them. Pure.
//!
//! A document that was read has the schema's spelling of every name, values of the right kind, and nothing else: what the
//! schema does not have is left out, as is what clients may not write.

use super::Doc;
use super::schemas::without_urn;
use kernel_core::{Code, Error, FieldError, Result};
use serde_json::{Value, json};

/// Values that one attribute may have, unless it says otherwise.
const MOST_VALUES: usize = 20;
/// Characters of one text.
const MOST_CHARACTERS: usize = 1_000;

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    Time,
    Reference(&'static [&'static str]),
    Parts(&'static [Attr]),
}

/// Whether clients may write it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mutability {
    Write,
    Read,
    Once,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Attr {
    pub name: &'static str,
    pub kind: Kind,
    pub many: bool,
    /// Values that it may have.
    pub most: usize,
    pub required: bool,
    pub exact: bool,
    pub unique: bool,
    pub mutability: Mutability,
    pub canonical: &'static [&'static str],
    pub about: &'static str,
}

impl Attr {
    pub(super) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            many: false,
            most: MOST_VALUES,
            required: false,
            exact: false,
            unique: false,
            mutability: Mutability::Write,
            canonical: &[],
            about,
        }
    }
    pub(super) const fn many(self) -> Self {
        Self { many: true, ..self }
    }
    pub(super) const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    pub(super) const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }
    pub(super) const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
    pub(super) const fn with(self, mutability: Mutability) -> Self {
        Self { mutability, ..self }
    }
    pub(super) const fn one_of(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    /// Its parts, if it has any.
    pub(super) const fn parts(&self) -> &'static [Self] {
        match self.kind {
            Kind::Parts(parts) => parts,
            _ => &[],
        }
    }

    /// As `/Schemas` describes it (RFC 7643 section 7).
    pub(super) fn described(&self) -> Value {
        let (kind, references) = match self.kind {
            Kind::Text => ("string", None),
            Kind::Flag => ("boolean", None),
            Kind::Number => ("integer", None),
            Kind::Time => ("dateTime", None),
            Kind::Reference(types) => ("reference", Some(types)),
            Kind::Parts(_) => ("complex", None),
        };
        let mut out = json!({
            "name": self.name,
            "type": kind,
            "multiValued": self.many,
            "description": self.about,
            "required": self.required,
            "caseExact": self.exact,
            "mutability": match self.mutability {
                Mutability::Write => "readWrite",
                Mutability::Read => "readOnly",
                Mutability::Once => "immutable",
            },
            "returned": if self.name == "id" { "always" } else { "default" },
            "uniqueness": if self.unique { "server" } else { "none" },
        });
        if let Some(types) = references {
            out["referenceTypes"] = json!(types);
        }
        if !self.canonical.is_empty() {
            out["canonicalValues"] = json!(self.canonical);
        }
        if let Kind::Parts(parts) = self.kind {
            out["subAttributes"] = parts.iter().map(Self::described).collect();
        }
        out
    }
}

/// The attribute of a name, however its letters are written.
pub(super) fn find(attrs: &'static [Attr], name: &str) -> Option<&'static Attr> {
    attrs.iter().find(|attr| attr.name.eq_ignore_ascii_case(name))
}

fn wrong(at: &str, code: Code, detail: impl Into<String>) -> Error {
    Error::fields(vec![FieldError::new(at.to_owned(), code, detail.into())])
}

/// What is said of an attribute with more values than it may have.
pub(super) fn too_many(attr: &Attr) -> Error {
    wrong(attr.name, Code::TooMany, format!("has more than {} values", attr.most))
}

/// Reads a client's document by a schema. Common attributes that the product sets are left out.
pub(super) fn read(attrs: &'static [Attr], document: &Doc) -> Result<Doc> {
    let mut out = Doc::new();
    for (name, value) in document {
        // Of two spellings of one name the first counts.
        let known = find(attrs, without_urn(name)).filter(|attr| !out.contains_key(attr.name));
        let Some(attr) = known else { continue };
        if attr.mutability != Mutability::Read
            && let Some(value) = value_of(attr, value, attr.name)?
        {
            out.insert(attr.name.to_owned(), value);
        }
    }
    Ok(out)
}

/// A client's value of an attribute; `None`: it has none (RFC 7643 section 2.5).
pub(super) fn value_of(attr: &'static Attr, value: &Value, at: &str) -> Result<Option<Value>> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) if attr.many => {
            if items.len() > attr.most {
                return Err(too_many(attr));
            }
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                if let Some(item) = one(attr, item, at)? {
                    out.push(item);
                }
            }
            one_primary(&mut out);
            Ok((!out.is_empty()).then_some(Value::Array(out)))
        }
        Value::Array(_) => Err(wrong(at, Code::WrongType, "has one value, not a list")),
        value if attr.many => Ok(one(attr, value, at)?.map(|item| Value::Array(vec![item]))),
        value => one(attr, value, at),
    }
}

/// One value of an attribute that may have many.
pub(super) fn one(attr: &'static Attr, value: &Value, at: &str) -> Result<Option<Value>> {
    match (attr.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Text | Kind::Time | Kind::Reference(_), Value::String(text)) => {
            if text.chars().count() > MOST_CHARACTERS {
                let detail = format!("is longer than {MOST_CHARACTERS} characters");
                return Err(wrong(at, Code::TooLong, detail));
            }
            if text.chars().any(char::is_control) {
                return Err(wrong(at, Code::InvalidValue, "has control characters in it"));
            }
            Ok(Some(value.clone()))
        }
        (Kind::Flag, Value::Bool(_)) => Ok(Some(value.clone())),
        // Entra writes "True" and "False".
        (Kind::Flag, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(Value::Bool(true))),
            "false" => Ok(Some(Value::Bool(false))),
            _ => Err(wrong(at, Code::WrongType, "is neither true nor false")),
        },
        (Kind::Number, Value::Number(_)) => Ok(Some(value.clone())),
        (Kind::Parts(parts), Value::Object(object)) => {
            let object = read(parts, object)?;
            Ok((!object.is_empty()).then_some(Value::Object(object)))
        }
        // A value by itself means the part of that name, as in "members": ["usr_…"].
        (Kind::Parts(parts), Value::String(_)) if attr.many && find(parts, "value").is_some() => {
            let object = Doc::from_iter([("value".to_owned(), value.clone())]);
            Ok(Some(Value::Object(read(parts, &object)?)))
        }
        _ => Err(wrong(at, Code::WrongType, "has a value of the wrong type")),
    }
}

/// At most one value is the primary one: the last that says so (RFC 7643 section 2.4).
pub(super) fn one_primary(items: &mut [Value]) {
    let mut seen = false;
    for item in items.iter_mut().rev() {
        if item.get("primary") == Some(&Value::Bool(true)) {
            if seen {
                item["primary"] = Value::Bool(false);
            }
            seen = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schemas::USER;

    fn read_user(document: Value) -> Result<Value> {
        read(USER, document.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn documents_are_read_by_the_schema() {
        let document = json!({
            "schemas": ["x"], "ID": "usr_1", "USERNAME": "a@acme.example", "groups": [{"value": "grp_1"}],
            "active": "False", "displayName": null, "title": "Boss",
            "emails": [{"Value": "a@acme.example", "primary": true}, {"value": "b", "primary": "True", "shoe": 1}],
            "name": {"givenName": "Ada"},
        });
        let expected = json!({
            "userName": "a@acme.example", "active": false, "name": {"givenName": "Ada"},
            "emails": [{"value": "a@acme.example", "primary": false}, {"value": "b", "primary": true}],
        });
        assert_eq!(read_user(document).unwrap(), expected);
    }

    #[test]
    fn wrong_values_are_refused() {
        for (document, code) in [
            (json!({"userName": 5}), Code::WrongType),
            (json!({"userName": ["a"]}), Code::WrongType),
            (json!({"userName": "x".repeat(1_001)}), Code::TooLong),
            (json!({"userName": "a\u{0}b"}), Code::InvalidValue),
            (json!({"active": "yes"}), Code::WrongType),
            (json!({"emails": [5]}), Code::WrongType),
            (json!({"emails": vec!["a"; 21]}), Code::TooMany),
            (json!({"name": "Ada"}), Code::WrongType),
        ] {
            let shown: String = document.to_string().chars().take(60).collect();
            assert_eq!(read_user(document).unwrap_err().code(), code, "{shown}");
        }
    }
}
