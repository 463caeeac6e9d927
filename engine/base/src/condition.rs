//! Conditions: nested and/or over comparisons of one field each, as /v1 takes them in `where`.

use crate::ids::FieldNo;
use crate::query::QueryError;
use crate::schema::Table;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Deepest nesting of `and`/`or`.
pub const MAX_DEPTH: usize = 10;
/// Comparisons in one tree.
pub const MAX_TESTS: usize = 200;

/// A tree of conditions.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All hold; true without any.
    And(Vec<Condition>),
    /// At least one holds; true without any, so that an empty group filters nothing.
    Or(Vec<Condition>),
    /// One comparison.
    Test {
        /// The field.
        field: FieldNo,
        /// How it is compared.
        op: Op,
        /// With what; null for `is_empty` and `is_not_empty`.
        value: Value,
    },
}

/// Operators of comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal, text without regard to case.
    Is,
    /// Not equal; also true for empty cells.
    IsNot,
    /// Text within the text.
    Contains,
    /// No such text; also true for empty cells.
    DoesNotContain,
    /// Text at the start.
    StartsWith,
    /// No value.
    IsEmpty,
    /// Some value.
    IsNotEmpty,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// One of a list.
    IsAnyOf,
    /// None of a list.
    IsNoneOf,
    /// Every one of a list; for fields that hold several values.
    IsAllOf,
    /// Earlier.
    Before,
    /// Later.
    After,
    /// On that day.
    On,
    /// A file of a kind: `image`, `pdf`, a media type or the end of a name; or of one of a list.
    HasFileType,
}

impl Condition {
    /// Whether it asks for days relative to today.
    pub(crate) fn is_relative(&self) -> bool {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(Self::is_relative),
            Self::Test { value, .. } => value.get("relative").is_some(),
        }
    }

    /// Reads the JSON form; fields by id or name. All mistakes at once; whether an operator fits its field's type and the
    /// value fits both is said when the query runs.
    pub fn parse(json: &Value, table: &Table) -> Result<Self, Vec<QueryError>> {
        let mut reader = Reader { table, errors: Vec::new(), tests: 0 };
        let condition = reader.node(json, "", 0);
        match condition {
            Some(condition) if reader.errors.is_empty() => Ok(condition),
            _ => Err(reader.errors),
        }
    }
}

struct Reader<'a> {
    table: &'a Table,
    errors: Vec<QueryError>,
    tests: usize,
}

impl Reader<'_> {
    fn fail(&mut self, pointer: &str, code: &str, detail: impl Into<String>) -> Option<Condition> {
        self.errors.push(QueryError {
            member: "where",
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
            span: None,
        });
        None
    }

    fn node(&mut self, json: &Value, pointer: &str, depth: usize) -> Option<Condition> {
        if depth > MAX_DEPTH {
            return self.fail(pointer, "too_deep", format!("Groups may be {MAX_DEPTH} deep."));
        }
        let Some(object) = json.as_object() else {
            return self.fail(pointer, "invalid_value", "Expected an object with and, or, or field.");
        };
        for (name, make) in
            [("and", Condition::And as fn(Vec<Condition>) -> Condition), ("or", Condition::Or)]
        {
            if let Some(list) = object.get(name) {
                let Some(list) = list.as_array() else {
                    return self.fail(&format!("{pointer}/{name}"), "invalid_value", "Expected a list.");
                };
                if object.len() > 1 {
                    return self.fail(
                        pointer,
                        "invalid_value",
                        format!("{name} stands alone in its object."),
                    );
                }
                let nodes = list.iter().enumerate();
                let nodes: Vec<_> = nodes
                    .map(|(i, node)| self.node(node, &format!("{pointer}/{name}/{i}"), depth + 1))
                    .collect();
                return nodes.into_iter().collect::<Option<Vec<_>>>().map(make);
            }
        }
        self.test(object, pointer)
    }

    fn test(&mut self, object: &serde_json::Map<String, Value>, pointer: &str) -> Option<Condition> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            if self.tests == MAX_TESTS + 1 {
                return self.fail(pointer, "too_long", format!("At most {MAX_TESTS} comparisons."));
            }
            return None;
        }
        let Some(key) = object.get("field").and_then(Value::as_str) else {
            return self.fail(pointer, "invalid_value", "Expected field, op and value, or a group.");
        };
        let Some(field) = self.table.field_by_key(key).map(|field| field.no) else {
            let detail = format!("There is no field {key}.");
            return self.fail(&format!("{pointer}/field"), "unknown_field", detail);
        };
        let op = object.get("op").cloned().unwrap_or(Value::Null);
        let Ok(op) = serde_json::from_value::<Op>(op.clone()) else {
            return self.fail(&format!("{pointer}/op"), "unknown_op", format!("There is no operator {op}."));
        };
        if let Some(extra) = object.keys().find(|key| !matches!(key.as_str(), "field" | "op" | "value")) {
            return self.fail(
                &format!("{pointer}/{extra}"),
                "invalid_value",
                format!("{extra} is not known here."),
            );
        }
        Some(Condition::Test { field, op, value: object.get("value").cloned().unwrap_or(Value::Null) })
    }
}
