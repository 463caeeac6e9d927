//! Reading and writing the document.
//!
//! [`read`] refuses only what has no meaning as a tree, and what is over a limit. Everything else is kept: unknown keys,
//! and known keys with a value of the wrong shape, go to `rest` and come back on [`write`]. `write` has one order of
//! keys, so `write(read(text)) == text` for every text that `write` made.

use crate::document::{Document, Each, Node, is_id};
use crate::limits;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The version of the format that [`write`] makes.
pub const VERSION: u64 = 1;

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not JSON.
    #[error("line {line}, column {column}: {message}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the JSON reader says.
        message: String,
    },
    /// JSON of another shape.
    #[error("{pointer} must be {expected}")]
    Shape {
        /// RFC 6901.
        pointer: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A format that this program does not know.
    #[error("the page format {found} is newer than {VERSION}, the newest known here")]
    Version {
        /// The document's `v`.
        found: u64,
    },
    /// Two nodes with one id.
    #[error("the id {id} is used twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// More than [`limits::BYTES`].
    #[error("the page has {bytes} bytes, at most {} are allowed", limits::BYTES)]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// More than [`limits::NODES`].
    #[error("the page has more than {} components", limits::NODES)]
    TooManyNodes,
    /// Deeper than [`limits::DEPTH`].
    #[error("{id} is nested deeper than {} levels", limits::DEPTH)]
    TooDeep {
        /// The first node that is too deep.
        id: String,
    },
}

/// Reads a document.
///
/// # Errors
/// See [`ReadError`].
pub fn read(text: &str) -> Result<Document, ReadError> {
    if text.len() > limits::BYTES {
        return Err(ReadError::TooLarge { bytes: text.len() });
    }
    let value = parse(text)?;
    let mut rest = object(value, "")?;
    match rest.shift_remove("v") {
        Some(Value::Number(number)) => match number.as_u64() {
            Some(1..=VERSION) => {}
            Some(found) => return Err(ReadError::Version { found }),
            None => return Err(shape("/v", "a positive whole number")),
        },
        _ => return Err(shape("/v", "the version of the format, 1")),
    }
    let mut document = Document::default();
    if let Some(root) = rest.shift_remove("root") {
        let mut root = object(root, "/root")?;
        if let Some(props) = take(&mut root, "props", Value::is_object) {
            document.props = object(props, "/root/props")?;
        }
        document.root_rest = root;
    }
    let mut reader = Reader::default();
    if let Some(nodes) = rest.shift_remove("nodes") {
        document.nodes = reader.nodes(nodes, "/nodes", 1)?;
    }
    document.rest = rest;
    Ok(document)
}

/// Reads one node with what is in it (a pasted or inserted tree).
///
/// # Errors
/// See [`ReadError`].
pub fn read_node(value: Value) -> Result<Node, ReadError> {
    Reader::default().node(value, "", 1)
}

/// Writes a document as compact JSON.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut out = Map::new();
    out.insert("v".to_owned(), VERSION.into());
    let mut root = Map::new();
    if !document.props.is_empty() {
        root.insert("props".to_owned(), Value::Object(document.props.clone()));
    }
    root.extend(document.root_rest.clone());
    if !root.is_empty() {
        out.insert("root".to_owned(), Value::Object(root));
    }
    out.insert("nodes".to_owned(), document.nodes.iter().map(write_node).collect());
    out.extend(document.rest.clone());
    Value::Object(out).to_string()
}

/// One node as JSON.
#[must_use]
pub fn write_node(node: &Node) -> Value {
    let mut out = Map::new();
    out.insert("id".to_owned(), node.id.clone().into());
    out.insert("type".to_owned(), node.kind.clone().into());
    if node.cv != 1 {
        out.insert("cv".to_owned(), node.cv.into());
    }
    if !node.props.is_empty() {
        out.insert("props".to_owned(), Value::Object(node.props.clone()));
    }
    if !node.at.is_empty() {
        out.insert("at".to_owned(), Value::Object(node.at.clone()));
    }
    if !node.hide.is_empty() {
        out.insert("hide".to_owned(), node.hide.clone().into());
    }
    if let Some(lock) = &node.lock {
        out.insert("lock".to_owned(), lock.clone().into());
    }
    if let Some(each) = &node.each {
        out.insert("each".to_owned(), write_each(each));
    }
    if !node.slots.is_empty() {
        let slots = node.slots.iter().map(|(name, children)| {
            (name.clone(), children.iter().map(write_node).collect::<Vec<_>>().into())
        });
        out.insert("slots".to_owned(), Value::Object(slots.collect()));
    }
    out.extend(node.rest.clone());
    Value::Object(out)
}

pub(crate) fn write_each(each: &Each) -> Value {
    let mut out = Map::new();
    out.insert("view".to_owned(), each.view.clone().into());
    out.insert("limit".to_owned(), each.limit.into());
    out.extend(each.rest.clone());
    Value::Object(out)
}

pub(crate) fn read_each(value: Value) -> Result<Each, Value> {
    let Value::Object(mut map) = value else { return Err(value) };
    let view = map.get("view").and_then(Value::as_str).map(str::to_owned);
    let limit = match map.get("limit") {
        None => Some(12),
        Some(limit) => limit.as_u64().and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0),
    };
    let (Some(view), Some(limit)) = (view, limit) else { return Err(Value::Object(map)) };
    map.shift_remove("view");
    map.shift_remove("limit");
    Ok(Each { view, limit, rest: map })
}

/// What one reading has seen so far.
#[derive(Default)]
struct Reader {
    ids: HashSet<String>,
}

impl Reader {
    fn nodes(&mut self, value: Value, pointer: &str, depth: usize) -> Result<Vec<Node>, ReadError> {
        let Value::Array(items) = value else { return Err(shape(pointer, "a list of components")) };
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.node(item, &format!("{pointer}/{index}"), depth))
            .collect()
    }

    fn node(&mut self, value: Value, pointer: &str, depth: usize) -> Result<Node, ReadError> {
        let mut rest = object(value, pointer)?;
        let id = text(&mut rest, "id", pointer, "an id of 1 to 32 letters, digits, - and _")?;
        if !is_id(&id) {
            return Err(shape(&format!("{pointer}/id"), "an id of 1 to 32 letters, digits, - and _"));
        }
        if depth > limits::DEPTH {
            return Err(ReadError::TooDeep { id });
        }
        if !self.ids.insert(id.clone()) {
            return Err(ReadError::DuplicateId { id });
        }
        if self.ids.len() > limits::NODES {
            return Err(ReadError::TooManyNodes);
        }
        let kind = text(&mut rest, "type", pointer, "the name of a component")?;
        let mut node = Node { id, kind, cv: 1, ..Node::default() };
        if let Some(cv) = take(&mut rest, "cv", |cv| cv.as_u64().is_some_and(|cv| u32::try_from(cv).is_ok()))
        {
            node.cv = cv.as_u64().and_then(|cv| u32::try_from(cv).ok()).unwrap_or(1);
        }
        if let Some(Value::Object(props)) = take(&mut rest, "props", Value::is_object) {
            node.props = props;
        }
        if let Some(Value::Object(at)) = take(&mut rest, "at", Value::is_object) {
            node.at = at;
        }
        let is_texts =
            |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        if let Some(Value::Array(hide)) = take(&mut rest, "hide", is_texts) {
            node.hide = hide.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        if let Some(Value::String(lock)) = take(&mut rest, "lock", Value::is_string) {
            node.lock = Some(lock);
        }
        if let Some(each) = rest.shift_remove("each") {
            match read_each(each) {
                Ok(each) => node.each = Some(each),
                Err(kept) => drop(rest.insert("each".to_owned(), kept)),
            }
        }
        if let Some(slots) = rest.shift_remove("slots") {
            let pointer = format!("{pointer}/slots");
            let mut children = IndexMap::new();
            for (name, nodes) in object(slots, &pointer)? {
                let nodes = self.nodes(nodes, &format!("{pointer}/{name}"), depth + 1)?;
                // A slot with nothing in it is the same as no slot; one form of the two is kept.
                if !nodes.is_empty() {
                    children.insert(name, nodes);
                }
            }
            node.slots = children;
        }
        node.rest = rest;
        Ok(node)
    }
}

fn parse(text: &str) -> Result<Value, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError::Malformed {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })
}

fn object(value: Value, pointer: &str) -> Result<Map<String, Value>, ReadError> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(shape(pointer, "an object")),
    }
}

fn text(
    map: &mut Map<String, Value>,
    key: &str,
    pointer: &str,
    expected: &'static str,
) -> Result<String, ReadError> {
    match map.shift_remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(shape(&format!("{pointer}/{key}"), expected)),
    }
}

/// Takes a key out when its value has the right shape; else it stays among the unknown.
fn take(map: &mut Map<String, Value>, key: &str, right: impl Fn(&Value) -> bool) -> Option<Value> {
    if map.get(key).is_some_and(right) { map.shift_remove(key) } else { None }
}

fn shape(pointer: &str, expected: &'static str) -> ReadError {
    let pointer = if pointer.is_empty() { "the document" } else { pointer };
    ReadError::Shape { pointer: pointer.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(text: &str) -> String {
        read(text).expect_err(text).to_string()
    }

    #[test]
    fn what_is_unknown_comes_back_as_it_was() {
        let text = r#"{"v":1,"root":{"props":{"width":"wide"},"seo":[1]},"nodes":[{"id":"a","type":"from-the-future","cv":7,"props":{"x":{"y":[null,1.5]}},"at":{"watch":3},"hide":["phone"],"lock":"layout","each":{"view":"viw1","limit":3,"where":"Price > 3"},"slots":{"main":[{"id":"b","type":"text","pin":"latest"}]},"set":{"q":1}}],"sections":{}}"#;
        assert_eq!(write(&read(text).unwrap()), text);
    }

    #[test]
    fn known_keys_of_the_wrong_shape_are_kept() {
        let text =
            r#"{"v":1,"nodes":[{"id":"a","type":"t","props":"no","each":{"view":3},"hide":[1],"cv":"x"}]}"#;
        let document = read(text).unwrap();
        assert!(document.nodes[0].props.is_empty() && document.nodes[0].each.is_none());
        assert_eq!(document.nodes[0].rest.len(), 4);
        let again = write(&document);
        assert_eq!(read(&again).unwrap(), document);
        assert!(again.contains(r#""props":"no""#) && again.contains(r#""hide":[1]"#), "{again}");
    }

    #[test]
    fn broken_structure_is_named() {
        let cases = [
            ("{", "line 1, column 1: EOF while parsing an object at line 1 column 1"),
            ("[]", "the document must be an object"),
            (r#"{"nodes":[]}"#, "/v must be the version of the format, 1"),
            (r#"{"v":9}"#, "the page format 9 is newer than 1, the newest known here"),
            (r#"{"v":1,"nodes":{}}"#, "/nodes must be a list of components"),
            (
                r#"{"v":1,"nodes":[{"type":"t"}]}"#,
                "/nodes/0/id must be an id of 1 to 32 letters, digits, - and _",
            ),
            (r#"{"v":1,"nodes":[{"id":"a"}]}"#, "/nodes/0/type must be the name of a component"),
            (
                r#"{"v":1,"nodes":[{"id":"root","type":"t"}]}"#,
                "/nodes/0/id must be an id of 1 to 32 letters, digits, - and _",
            ),
            (
                r#"{"v":1,"nodes":[{"id":"a","type":"t","slots":{"x":1}}]}"#,
                "/nodes/0/slots/x must be a list of components",
            ),
            (r#"{"v":1,"nodes":[{"id":"a","type":"t"},{"id":"a","type":"t"}]}"#, "the id a is used twice"),
        ];
        for (text, message) in cases {
            assert_eq!(refused(text), message, "{text}");
        }
    }

    fn nested(depth: usize) -> Value {
        let node = |level: usize| json!({"id": format!("n{level}"), "type": "section"});
        (1..depth).rev().fold(node(depth), |inner, level| {
            let mut outer = node(level);
            outer["slots"] = json!({"content": [inner]});
            outer
        })
    }

    #[test]
    fn limits_are_exact() {
        let page = |nodes: Value| json!({"v": 1, "nodes": nodes}).to_string();
        assert!(read(&page(json!([nested(limits::DEPTH)]))).is_ok());
        assert_eq!(refused(&page(json!([nested(limits::DEPTH + 1)]))), "n13 is nested deeper than 12 levels");

        let many =
            |count: usize| (0..count).map(|n| json!({"id": format!("n{n}"), "type": "t"})).collect::<Value>();
        assert!(read(&page(many(limits::NODES))).is_ok());
        assert_eq!(refused(&page(many(limits::NODES + 1))), "the page has more than 2000 components");

        let large = format!(r#"{{"v":1,"x":"{}"}}"#, "a".repeat(limits::BYTES));
        assert!(matches!(read(&large), Err(ReadError::TooLarge { .. })));
    }
}
