//! A subset of JSON Schema for the props of components, compiled once.
//!
//! Taken: `type`, `enum`, `properties`, `required`, `items`, `minimum`, `maximum`, `minLength`, `maxLength`, `maxItems`,
//! `default`, `format`, `additionalProperties: false`, and the annotations `title`, `description`, `x-labels`,
//! `x-responsive`, `x-multiline`. Any other keyword is refused when the component is compiled, so no schema says more
//! than is checked. Formats of our own on `"type": "object"`: `link`, `image`, `rich-text`, `rich-text-blocks`.

use crate::{link, rich_text};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// One prop or part of a prop.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// What the value is.
    pub kind: Kind,
    /// The label in the editor.
    pub title: String,
    /// The help under it.
    pub description: String,
    /// The value when none is given.
    pub default: Option<Value>,
    /// Whether breakpoints may override it.
    pub responsive: bool,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Plain text.
    Text {
        /// In characters.
        min: usize,
        /// In characters.
        max: usize,
        /// Edited in more than one line.
        multiline: bool,
    },
    /// Runs with marks.
    RichText {
        /// In characters.
        max: usize,
        /// Paragraphs.
        blocks: bool,
    },
    /// One of a list; value and label.
    Choice(Vec<(String, String)>),
    /// A number.
    Number {
        /// Inclusive.
        min: f64,
        /// Inclusive.
        max: f64,
        /// Without fraction.
        whole: bool,
    },
    /// Yes or no.
    Bool,
    /// `{"page": "pag_…", "anchor"?}` or `{"url": "…"}`.
    Link,
    /// `{"asset"|"url"|"theme": "…", "alt": "…", "focal"?: [x, y]}`.
    Image,
    /// A list of one kind.
    List {
        /// Each item.
        items: Box<Schema>,
        /// At most.
        max: usize,
    },
    /// Named parts.
    Object {
        /// In the order of the schema.
        fields: IndexMap<String, Schema>,
        /// Names that must be there.
        required: Vec<String>,
    },
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Slash-separated, from the props: `items/2/label`.
    pub path: String,
    /// A sentence without its subject: "must be at most 80 characters".
    pub hint: String,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// A sentence with the place of what is not understood.
    pub fn compile(value: &Value) -> Result<Self, String> {
        compile(value, "")
    }

    /// Appends what is wrong with `value`.
    pub fn check(&self, value: &Value, path: &str, problems: &mut Vec<Problem>) {
        if self.is_bindable() && bind_path(value).is_some() {
            return;
        }
        let mut bad = |hint: String| problems.push(Problem { path: path.to_owned(), hint });
        match &self.kind {
            Kind::Text { min, max, .. } => match value.as_str().map(|text| text.chars().count()) {
                None => bad("must be a text".to_owned()),
                Some(length) if length > *max => {
                    bad(format!("must be at most {max} characters, has {length}"))
                }
                Some(length) if length < *min => bad(format!("must be at least {min} characters")),
                Some(_) => {}
            },
            Kind::RichText { max, .. } => match rich_text::runs(value) {
                None => bad("must be rich text, {\"rt\": [{\"t\": …}]}".to_owned()),
                Some(runs) => {
                    let length: usize = runs.iter().map(|run| run.text.chars().count()).sum();
                    if length > *max {
                        bad(format!("must be at most {max} characters, has {length}"));
                    }
                    for run in &runs {
                        if let Some(link) = &run.link
                            && let Some(hint) = link_problem(link)
                        {
                            bad(format!("has a link that {hint}"));
                        }
                    }
                }
            },
            Kind::Choice(choices) => {
                if !value.as_str().is_some_and(|text| choices.iter().any(|(choice, _)| choice == text)) {
                    let names: Vec<&str> = choices.iter().map(|(choice, _)| choice.as_str()).collect();
                    bad(format!("must be one of {}", names.join(", ")));
                }
            }
            Kind::Number { min, max, whole } => match value.as_f64() {
                Some(number) if number < *min || number > *max => bad(format!("must be from {min} to {max}")),
                Some(number) if *whole && number.fract() != 0.0 => bad("must be a whole number".to_owned()),
                Some(_) => {}
                None => bad("must be a number".to_owned()),
            },
            Kind::Bool => {
                if !value.is_boolean() {
                    bad("must be true or false".to_owned());
                }
            }
            Kind::Link => {
                if let Some(hint) = link_problem(value) {
                    bad(hint.to_owned());
                }
            }
            Kind::Image => {
                if let Some(hint) = image_problem(value) {
                    bad(hint.to_owned());
                }
            }
            Kind::List { items, max } => match value.as_array() {
                None => bad("must be a list".to_owned()),
                Some(list) => {
                    if list.len() > *max {
                        bad(format!("must have at most {max} entries, has {}", list.len()));
                    }
                    for (index, item) in list.iter().enumerate() {
                        items.check(item, &join(path, &index.to_string()), problems);
                    }
                }
            },
            Kind::Object { fields, required } => match value.as_object() {
                None => bad("must be an object".to_owned()),
                Some(map) => check_fields(fields, required, map, path, problems),
            },
        }
    }

    /// Whether `{"bind": "item.fld…"}` may stand for the value.
    #[must_use]
    pub fn is_bindable(&self) -> bool {
        matches!(self.kind, Kind::Text { .. } | Kind::RichText { .. } | Kind::Link | Kind::Image)
    }
}

/// Checks named parts; also used for the overrides at a breakpoint (with no required names).
pub(crate) fn check_fields(
    fields: &IndexMap<String, Schema>,
    required: &[String],
    map: &Map<String, Value>,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    for name in required {
        if !map.contains_key(name) {
            problems.push(Problem { path: join(path, name), hint: "is missing".to_owned() });
        }
    }
    for (name, value) in map {
        match fields.get(name) {
            Some(schema) => schema.check(value, &join(path, name), problems),
            None => problems.push(Problem { path: join(path, name), hint: "is not known".to_owned() }),
        }
    }
}

/// The path of a binding: `item.fld…` for a field of the row, `item.id` for its id.
#[must_use]
pub fn bind_path(value: &Value) -> Option<&str> {
    let path = value.as_object().filter(|map| map.len() == 1)?.get("bind")?.as_str()?;
    path.strip_prefix("item.").filter(|field| !field.is_empty())
}

fn link_problem(value: &Value) -> Option<&'static str> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    match (text("page"), text("url")) {
        (Some(page), None) if page.starts_with("pag_") => None,
        (Some(_), None) => Some("must name a page by its id, pag_…"),
        (None, Some(url)) if link::is_safe_href(url) => None,
        (None, Some(_)) => Some("must start with https://, mailto:, tel:, / or #"),
        _ => Some("must be {\"page\": …} or {\"url\": …}"),
    }
}

fn image_problem(value: &Value) -> Option<&'static str> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if !value.get("alt").is_none_or(Value::is_string) {
        return Some("must have a text as alternative");
    }
    match (text("asset"), text("theme"), text("url")) {
        (Some(asset), None, None) if asset.starts_with("ast_") => None,
        (None, Some(name), None) if is_file_name(name) => None,
        (None, None, Some(url)) if link::is_safe_src(url) => None,
        (None, None, Some(_)) => Some("must be an address that starts with https:// or /"),
        _ => Some("must name an asset, a picture of the theme, or an address"),
    }
}

/// A file of a theme: no folders.
pub(crate) fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

const KEYWORDS: [&str; 18] = [
    "type",
    "enum",
    "properties",
    "required",
    "items",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "maxItems",
    "default",
    "format",
    "additionalProperties",
    "title",
    "description",
    "x-labels",
    "x-responsive",
    "x-multiline",
];

fn compile(value: &Value, path: &str) -> Result<Schema, String> {
    let at = |hint: &str| format!("{}: {hint}", if path.is_empty() { "the schema" } else { path });
    let map = value.as_object().ok_or_else(|| at("must be an object"))?;
    if let Some(unknown) = map.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
        return Err(at(&format!("the keyword {unknown} is not supported")));
    }
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let flag = |key: &str| map.get(key) == Some(&Value::Bool(true));
    let size = |key: &str, otherwise: usize| match map.get(key) {
        None => Ok(otherwise),
        Some(value) => value
            .as_u64()
            .and_then(|value| usize::try_from(value).ok())
            .ok_or_else(|| at(&format!("{key} must be a whole number"))),
    };
    let kind = match (text("type"), text("format")) {
        (Some("string"), None) => match map.get("enum") {
            Some(list) => Kind::Choice(
                choices(list, map.get("x-labels"))
                    .ok_or_else(|| at("enum must list names of lower-case letters, digits and -"))?,
            ),
            None => Kind::Text {
                min: size("minLength", 0)?,
                max: size("maxLength", 500)?,
                multiline: flag("x-multiline"),
            },
        },
        (Some("number" | "integer"), None) => Kind::Number {
            min: map.get("minimum").and_then(Value::as_f64).unwrap_or(f64::MIN),
            max: map.get("maximum").and_then(Value::as_f64).unwrap_or(f64::MAX),
            whole: text("type") == Some("integer"),
        },
        (Some("boolean"), None) => Kind::Bool,
        (Some("object"), Some("link")) => Kind::Link,
        (Some("object"), Some("image")) => Kind::Image,
        (Some("object"), Some(format @ ("rich-text" | "rich-text-blocks"))) => {
            Kind::RichText { max: size("maxLength", 20_000)?, blocks: format == "rich-text-blocks" }
        }
        (Some("array"), None) => {
            let items = map.get("items").ok_or_else(|| at("items is missing"))?;
            Kind::List { items: Box::new(compile(items, &join(path, "items"))?), max: size("maxItems", 100)? }
        }
        (Some("object"), None) => {
            let fields = map
                .get("properties")
                .and_then(Value::as_object)
                .ok_or_else(|| at("properties is missing"))?;
            if map.get("additionalProperties") != Some(&Value::Bool(false)) {
                return Err(at("additionalProperties must be false"));
            }
            let fields = fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), compile(field, &join(path, name))?)))
                .collect::<Result<IndexMap<_, _>, String>>()?;
            let required: Vec<String> = match map.get("required") {
                None => Vec::new(),
                Some(list) => {
                    serde_json::from_value(list.clone()).map_err(|_| at("required must list names"))?
                }
            };
            if let Some(unknown) = required.iter().find(|name| !fields.contains_key(*name)) {
                return Err(at(&format!("required names {unknown}, which is not a property")));
            }
            Kind::Object { fields, required }
        }
        (kind, format) => return Err(at(&format!("type {kind:?} with format {format:?} is not supported"))),
    };
    let schema = Schema {
        responsive: flag("x-responsive"),
        title: text("title").unwrap_or_default().to_owned(),
        description: text("description").unwrap_or_default().to_owned(),
        default: map.get("default").cloned(),
        kind,
    };
    if schema.responsive && !matches!(schema.kind, Kind::Choice(_)) {
        return Err(at("only a choice can differ by breakpoint"));
    }
    if let Some(default) = &schema.default {
        let mut problems = Vec::new();
        schema.check(default, "", &mut problems);
        if let Some(problem) = problems.first() {
            return Err(at(&format!("the default {}", problem.hint)));
        }
    }
    Ok(schema)
}

fn choices(list: &Value, labels: Option<&Value>) -> Option<Vec<(String, String)>> {
    let is_name = |name: &&str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let names = list.as_array().filter(|list| !list.is_empty())?;
    names
        .iter()
        .map(|name| {
            let name = name.as_str().filter(is_name)?;
            let label = labels.and_then(|labels| labels.get(name)).and_then(Value::as_str).unwrap_or(name);
            Some((name.to_owned(), label.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: &Value, value: &Value) -> String {
        let schema = Schema::compile(schema).unwrap();
        let mut problems = Vec::new();
        schema.check(value, "", &mut problems);
        problems
            .iter()
            .map(|p| format!("{} {}", p.path, p.hint).trim().to_owned())
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn values_are_checked() {
        let text = json!({"type": "string", "maxLength": 3});
        let choice = json!({"type": "string", "enum": ["a", "b"]});
        let link = json!({"type": "object", "format": "link"});
        let image = json!({"type": "object", "format": "image"});
        let rich = json!({"type": "object", "format": "rich-text", "maxLength": 3});
        let whole = json!({"type": "integer", "minimum": 1, "maximum": 4});
        let list = json!({"type": "array", "maxItems": 1, "items": text});
        let object = json!({"type": "object", "properties": {"a": text}, "required": ["a"], "additionalProperties": false});
        let cases = [
            (&text, json!("abc"), ""),
            (&text, json!("abcd"), "must be at most 3 characters, has 4"),
            (&text, json!("äöü"), ""),
            (&text, json!(1), "must be a text"),
            (&text, json!({"bind": "item.fld1"}), ""),
            (&text, json!({"bind": "page.title"}), "must be a text"),
            (&choice, json!("c"), "must be one of a, b"),
            (&choice, json!({"bind": "item.x"}), "must be one of a, b"),
            (&whole, json!(5), "must be from 1 to 4"),
            (&whole, json!(1.5), "must be a whole number"),
            (&link, json!({"page": "pag_1"}), ""),
            (&link, json!({"url": "javascript:x"}), "must start with https://, mailto:, tel:, / or #"),
            (&link, json!({"page": "pag_1", "url": "/x"}), "must be {\"page\": …} or {\"url\": …}"),
            (&image, json!({"theme": "a.svg", "alt": ""}), ""),
            (
                &image,
                json!({"theme": "../a.svg"}),
                "must name an asset, a picture of the theme, or an address",
            ),
            (&rich, json!({"rt": [{"t": "abc", "m": ["b"]}]}), ""),
            (&rich, json!({"rt": [{"t": "a", "m": ["blink"]}]}), "must be rich text, {\"rt\": [{\"t\": …}]}"),
            (
                &rich,
                json!({"rt": [{"t": "a", "link": {"url": "data:x"}}]}),
                "has a link that must start with https://, mailto:, tel:, / or #",
            ),
            (&list, json!(["a", 1]), "must have at most 1 entries, has 2; 1 must be a text"),
            (&object, json!({"b": 1}), "a is missing; b is not known"),
        ];
        for (schema, value, expected) in cases {
            assert_eq!(check(schema, &value), expected, "{value}");
        }
    }

    #[test]
    fn a_schema_that_says_more_than_is_checked_is_refused() {
        let cases = [
            (json!({"type": "string", "pattern": "x"}), "the schema: the keyword pattern is not supported"),
            (json!({"type": "object", "properties": {}}), "the schema: additionalProperties must be false"),
            (
                json!({"type": "string", "enum": ["A b"]}),
                "the schema: enum must list names of lower-case letters, digits and -",
            ),
            (json!({"type": "string", "default": 3}), "the schema: the default must be a text"),
            (
                json!({"type": "string", "x-responsive": true}),
                "the schema: only a choice can differ by breakpoint",
            ),
        ];
        for (schema, message) in cases {
            assert_eq!(Schema::compile(&schema).unwrap_err(), message);
        }
    }
}
