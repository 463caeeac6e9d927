//! Reads settings of a view that somebody sends: every member that is unknown, missing or of the wrong form is named by its
//! place, all at once. Whether fields exist and fit is said later, by the table.

use super::{MAX_FORM_TEXT, MAX_GROUPS, ViewConfig};
use crate::command::{CellCode, CellError};
use crate::ids::FieldId;
use crate::schema::{MAX_FIELDS, MAX_NAME};
use serde_json::{Map, Value};

/// What a value must look like.
enum Shape {
    /// Anything: judged elsewhere.
    Any,
    /// Text of so many characters at most.
    Text(usize),
    /// An address that a browser may open.
    Address,
    Flag,
    /// An id of a field.
    Field,
    /// A number of CSS pixels.
    Pixels,
    /// One of these words.
    Word(&'static [&'static str]),
    /// So many at most.
    List(&'static Shape, usize),
    /// Values by id of a field.
    ByField(&'static Shape),
    Object(&'static [Member]),
    /// Null as well.
    Or(&'static Shape),
}

struct Member {
    name: &'static str,
    needed: bool,
    shape: Shape,
}

const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, needed: false, shape }
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, needed: true, shape }
}

/// Characters of a filter.
const MAX_FILTER: usize = 20_000;
/// Fields of a sort.
const MAX_SORTS: usize = 10;
/// Links below each other in a list.
const MAX_LEVELS: usize = 3;

/// Names of [`crate::Aggregate`].
const TOTALS: [&str; 8] = ["count", "filled", "empty", "unique", "sum", "avg", "min", "max"];

const FIELDS: Shape = Shape::List(&Shape::Field, MAX_FIELDS);
const FIELD_OR_NONE: Shape = Shape::Or(&Shape::Field);

const CONFIG: Shape = Shape::Object(&[
    may("filter", Shape::Or(&Shape::Text(MAX_FILTER))),
    may("where", Shape::Any),
    may(
        "sort",
        Shape::List(&Shape::Object(&[must("field", Shape::Field), may("desc", Shape::Flag)]), MAX_SORTS),
    ),
    may("hidden", FIELDS),
    may("widths", Shape::ByField(&Shape::Pixels)),
    may("order", FIELDS),
    may("row_height", Shape::Or(&Shape::Word(&["short", "medium", "tall", "extra"]))),
    may("totals", Shape::ByField(&Shape::Word(&TOTALS))),
    may(
        "group",
        Shape::List(
            &Shape::Object(&[
                must("field", Shape::Field),
                may("desc", Shape::Flag),
                may("hide_empty", Shape::Flag),
            ]),
            MAX_GROUPS,
        ),
    ),
    may("colour", Shape::Or(&Shape::Object(&[must("field", Shape::Field)]))),
    may(
        "kanban",
        Shape::Or(&Shape::Object(&[
            may("field", FIELD_OR_NONE),
            may("cover", FIELD_OR_NONE),
            may("hide_empty", Shape::Flag),
        ])),
    ),
    may("calendar", Shape::Or(&Shape::Object(&[may("field", FIELD_OR_NONE), may("end", FIELD_OR_NONE)]))),
    may(
        "gantt",
        Shape::Or(&Shape::Object(&[
            may("start", FIELD_OR_NONE),
            may("end", FIELD_OR_NONE),
            may("progress", FIELD_OR_NONE),
            may("dependencies", FIELD_OR_NONE),
        ])),
    ),
    may("gallery", Shape::Or(&Shape::Object(&[may("cover", FIELD_OR_NONE), may("fields", FIELDS)]))),
    may("list", Shape::Or(&Shape::Object(&[may("levels", Shape::List(&Shape::Field, MAX_LEVELS))]))),
    may(
        "form",
        Shape::Or(&Shape::Object(&[
            may("title", Shape::Text(MAX_NAME)),
            may("description", Shape::Text(MAX_FORM_TEXT)),
            may(
                "fields",
                Shape::List(
                    &Shape::Object(&[
                        must("field", Shape::Field),
                        may("required", Shape::Flag),
                        may("help", Shape::Text(MAX_FORM_TEXT)),
                        may("condition", Shape::Any),
                    ]),
                    MAX_FIELDS,
                ),
            ),
            may("submit", Shape::Text(MAX_NAME)),
            may("after_text", Shape::Text(MAX_FORM_TEXT)),
            may("after_url", Shape::Or(&Shape::Address)),
        ])),
    ),
]);

impl ViewConfig {
    /// Settings as they are sent. Errors name their place below `config`.
    pub fn read(json: &Value) -> Result<Self, Vec<CellError>> {
        let mut errors = Vec::new();
        CONFIG.check(json, "config", &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Self::deserialize_from(json)
            .map_err(|problem| vec![CellError::member("config", CellCode::InvalidValue, problem)])
    }

    fn deserialize_from(json: &Value) -> Result<Self, String> {
        serde_json::from_value(json.clone()).map_err(|error| error.to_string())
    }
}

impl Shape {
    fn check(&self, json: &Value, at: &str, errors: &mut Vec<CellError>) {
        let mut fail = |code, detail: String| errors.push(CellError::member(at.to_owned(), code, detail));
        let mut wrong = |expected: &str| fail(CellCode::WrongType, format!("Expected {expected}."));
        match (self, json) {
            (Self::Any, _) | (Self::Flag, Value::Bool(_)) | (Self::Or(_), Value::Null) => {}
            (Self::Or(shape), json) => shape.check(json, at, errors),
            (Self::Text(most), Value::String(text)) => {
                if text.chars().count() > *most {
                    fail(CellCode::TooLong, format!("At most {most} characters."));
                }
            }
            (Self::Address, Value::String(text)) => {
                let is_web = text.starts_with("https://") || text.starts_with("http://");
                if !is_web || text.len() > 2_000 || text.chars().any(|c| c.is_control() || c == ' ') {
                    fail(CellCode::InvalidValue, "Expected an address that begins with https://.".into());
                }
            }
            (Self::Field, Value::String(text)) => {
                if text.parse::<FieldId>().is_err() {
                    fail(CellCode::InvalidValue, format!("{text} is no id of a field."));
                }
            }
            (Self::Pixels, Value::Number(number)) => {
                if !number.as_u64().is_some_and(|px| (1..=10_000).contains(&px)) {
                    fail(CellCode::InvalidValue, "Expected 1 to 10000.".into());
                }
            }
            (Self::Word(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    fail(CellCode::InvalidValue, format!("Expected one of {}.", words.join(", ")));
                }
            }
            (Self::List(shape, most), Value::Array(list)) => {
                if list.len() > *most {
                    fail(CellCode::TooLong, format!("At most {most}."));
                }
                for (index, one) in list.iter().enumerate() {
                    shape.check(one, &format!("{at}/{index}"), errors);
                }
            }
            (Self::ByField(shape), Value::Object(map)) => {
                for (key, value) in map {
                    let at = format!("{at}/{}", escape(key));
                    Self::Field.check(&Value::from(key.as_str()), &at, errors);
                    shape.check(value, &at, errors);
                }
            }
            (Self::Object(members), Value::Object(map)) => Self::members(members, map, at, errors),
            (Self::Text(_) | Self::Address | Self::Field | Self::Word(_), _) => wrong("text"),
            (Self::Flag, _) => wrong("true or false"),
            (Self::Pixels, _) => wrong("a number"),
            (Self::List(..), _) => wrong("a list"),
            (Self::ByField(_) | Self::Object(_), _) => wrong("an object"),
        }
    }

    fn members(members: &[Member], map: &Map<String, Value>, at: &str, errors: &mut Vec<CellError>) {
        for (name, value) in map {
            let place = format!("{at}/{}", escape(name));
            match members.iter().find(|member| member.name == name) {
                Some(member) => member.shape.check(value, &place, errors),
                None => {
                    let known: Vec<&str> = members.iter().map(|member| member.name).collect();
                    let detail = format!("Is not known here; expected {}.", known.join(", "));
                    errors.push(CellError::member(place, CellCode::UnknownField, detail));
                }
            }
        }
        for member in members.iter().filter(|member| member.needed && !map.contains_key(member.name)) {
            errors.push(CellError::member(
                format!("{at}/{}", member.name),
                CellCode::Required,
                "Is missing.",
            ));
        }
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
