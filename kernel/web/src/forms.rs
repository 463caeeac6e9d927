//! The state of a form between two renderings: what was typed, and what is wrong with it.

use kernel_core::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `form` in templates: the macros of `partials/forms.html` take it.
///
/// Passwords and codes are never kept: a field whose name contains `password`, `secret`, `token` or is `code` comes back
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormState {
    values: Map<String, Value>,
    errors: BTreeMap<String, String>,
    message: Option<String>,
}

impl FormState {
    /// An empty form.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A form filled with `input`, by its field names.
    #[must_use]
    pub fn of<T: Serialize>(input: &T) -> Self {
        let values = match serde_json::to_value(input) {
            Ok(Value::Object(mut values)) => {
                values.retain(|name, value| !is_secret(name) && !value.is_null());
                values
            }
            _ => Map::new(),
        };
        Self { values, ..Self::default() }
    }

    /// Adds what the error says: at its fields, or as a message above the form.
    #[must_use]
    pub fn with(mut self, error: &Error) -> Self {
        for field in error.field_errors() {
            let name = field.field.trim_start_matches('/').to_owned();
            self.errors.entry(name).or_insert_with(|| field.detail.to_string());
        }
        if error.field_errors().is_empty() {
            self.message = Some(error.message().to_owned());
        }
        self
    }

    /// Sets one value.
    #[must_use]
    pub fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the message above the form.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds an error at one field: a sentence without its subject, "is not a date".
    #[must_use]
    pub fn error(mut self, name: &str, detail: impl Into<String>) -> Self {
        self.errors.insert(name.to_owned(), detail.into());
        self
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.message.is_some() || !self.errors.is_empty()
    }
}

fn is_secret(name: &str) -> bool {
    name == "code"
        || name == "_csrf"
        || ["password", "secret", "token"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::{Code, FieldError};

    #[test]
    fn typed_values_stay_and_secrets_do_not() {
        #[derive(Serialize)]
        struct Input {
            email: &'static str,
            password: &'static str,
            new_password: &'static str,
            code: &'static str,
            age: u8,
            note: Option<&'static str>,
        }
        let form = FormState::of(&Input {
            email: "a@b",
            password: "hunter2",
            new_password: "hunter3",
            code: "123456",
            age: 3,
            note: None,
        });
        assert_eq!(
            serde_json::to_value(&form.values).unwrap(),
            serde_json::json!({"email": "a@b", "age": 3})
        );
        assert!(!form.failed());
    }

    #[test]
    fn errors_go_to_their_fields_or_above_the_form() {
        let at_field = FormState::empty().with(&Error::fields(vec![
            FieldError::new("/email", Code::InvalidValue, "is not an address"),
            FieldError::new("email", Code::TooLong, "is too long"),
            FieldError::new("name", Code::Required, "is missing"),
        ]));
        assert_eq!(at_field.errors["email"], "is not an address");
        assert_eq!(at_field.errors["name"], "is missing");
        assert_eq!(at_field.message, None);
        let above = FormState::empty().with(&Error::new(Code::BadCredentials));
        assert!(above.message.is_some() && above.errors.is_empty());
    }
}
