//! What a field asks of its cells besides their type (spec row D2): required, unique, a default, a rule.

use super::Validation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Rules of a field. Its options carry them as `required`, `unique`, `default`, `validation` beside the type's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRules {
    /// A record can't be without a value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// No two records have the same value (text without regard to case).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// What a new record gets where nothing is given, in the form of /v1. `now` for days and instants, `me` for people,
    /// `new` for UUIDs.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub default: Value,
    /// What its values must be besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Box<Validation>>,
}

impl FieldRules {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes the rules out of a field's options. The error is a sentence for people.
    pub fn split(options: &Value) -> Result<(Self, Value), String> {
        let Value::Object(options) = options else { return Ok((Self::default(), options.clone())) };
        let mut own = options.clone();
        let mut rules = Map::new();
        for name in ["required", "unique", "default", "validation"] {
            if let Some(mut value) = own.remove(name) {
                // Said of a rule that is not asked; nothing that could be written.
                if let Some(rule) = value.as_object_mut().filter(|_| name == "validation") {
                    rule.remove("problem");
                }
                rules.insert(name.to_owned(), value);
            }
        }
        let rules = serde_json::from_value(Value::Object(rules))
            .map_err(|error| format!("The options can't be read: {error}."))?;
        Ok((rules, Value::Object(own)))
    }

    /// The type's options with the rules among them.
    pub fn join(&self, options: Value) -> Value {
        let Value::Object(mut options) = options else { return options };
        if let Ok(Value::Object(rules)) = serde_json::to_value(self) {
            options.extend(rules);
        }
        Value::Object(options)
    }
}
