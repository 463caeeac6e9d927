//! PATCH (RFC 7644 section 3.5.2) of a document, with what Okta and Entra write: operations with a capital letter, "True" for
//! true, a `replace` without a path, paths as keys of its value, values to be removed beside the path. Pure.
//!
//! The document is one that was read by the schema, and stays one: no attribute has more values than it may after any
//! operation. What one request makes us do is bounded, too: each operation is charged for the values that it looks through. What the schema does not have but RFC 7643 does is left
//! alone; anything else is a mistake.

use super::Doc;
use super::filter::{Filter, Target};
use super::schema::{Attr, Mutability, find, one, one_primary, too_many, value_of};
use super::schemas::not_kept;
use kernel_core::{Code, Error, FieldError, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;

/// Operations of one request.
const MOST_OPERATIONS: usize = 1_000;
/// Values in all lists of all operations together.
const MOST_SENT: usize = 20_000;
/// Values that all operations together look through: a thousand in a group of a thousand, a hundred in one of ten thousand.
const MOST_WORK: usize = 1_000_000;

/// The body.
#[derive(Deserialize)]
pub(super) struct Body {
    #[serde(rename = "Operations", alias = "operations")]
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    op: String,
    path: Option<String>,
    #[serde(default)]
    value: Value,
}

/// What is asked of a user or a group.
pub(super) enum Change {
    /// Make it, with this document.
    Create(Doc),
    /// Put this document in the place of the present one.
    Replace(Doc),
    /// Change the present one.
    Patch(Body),
}

impl Change {
    /// The document afterwards. `before`: the present one; none for what is made.
    pub(super) fn document(self, attrs: &'static [Attr], before: Option<Doc>) -> Result<Doc> {
        match (self, before) {
            (Self::Create(document) | Self::Replace(document), _) => Ok(document),
            (Self::Patch(body), Some(before)) => apply(attrs, before, &body),
            (Self::Patch(_), None) => Err(Error::not_found()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

fn wrong(at: &str, code: Code, detail: impl Into<String>) -> Error {
    Error::fields(vec![FieldError::new(at.to_owned(), code, detail.into())])
}

/// The document after all operations, or the first mistake.
pub(super) fn apply(attrs: &'static [Attr], mut document: Doc, body: &Body) -> Result<Doc> {
    if body.operations.len() > MOST_OPERATIONS {
        return Err(wrong("Operations", Code::TooMany, format!("are more than {MOST_OPERATIONS}")));
    }
    if body.operations.iter().map(|operation| sent(&operation.value)).sum::<usize>() > MOST_SENT {
        let detail = format!("have more than {MOST_SENT} values together");
        return Err(wrong("Operations", Code::TooMany, detail));
    }
    let mut work = 0;
    for operation in &body.operations {
        let op = match operation.op.to_ascii_lowercase().as_str() {
            "add" => Op::Add,
            "replace" => Op::Replace,
            "remove" => Op::Remove,
            _ => return Err(wrong("op", Code::BadRequest, "is none of add, replace, remove")),
        };
        let path = operation.path.as_deref().map(str::trim).filter(|path| !path.is_empty());
        match (path, &operation.value) {
            (Some(path), value) => at_path(attrs, &mut document, (op, path), value, (false, &mut work))?,
            (None, Value::Object(values)) if op != Op::Remove => {
                for (path, value) in values {
                    at_path(attrs, &mut document, (op, path), value, (true, &mut work))?;
                }
            }
            (None, _) if op == Op::Remove => {
                return Err(Error::new(Code::UnknownRecord).detail("A remove needs a path."));
            }
            (None, _) => {
                return Err(wrong("value", Code::WrongType, "is not an object, and there is no path"));
            }
        }
    }
    Ok(document)
}

/// The values in all lists of a value.
fn sent(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len() + items.iter().map(sent).sum::<usize>(),
        Value::Object(parts) => parts.values().map(sent).sum(),
        _ => 0,
    }
}

fn at_path(
    attrs: &'static [Attr],
    document: &mut Doc,
    (op, path): (Op, &str),
    value: &Value,
    (is_key, work): (bool, &mut usize),
) -> Result<()> {
    let known = if not_kept(path) && !path.contains("core:2.0") { None } else { Target::parse(attrs, path)? };
    let Some(target) = known else {
        // A key of an object may be anything (`schemas`); a path has to mean something.
        return if is_key || not_kept(path) {
            Ok(())
        } else {
            Err(wrong(
                "path",
                Code::UnknownField,
                format!("names {path}, which users and groups do not have"),
            ))
        };
    };
    let attr = target.attr;
    if attr.mutability == Mutability::Read {
        return if is_key {
            Ok(())
        } else {
            Err(wrong("path", Code::ReadOnlyField, format!("names {}, which is read only", attr.name)))
        };
    }
    *work += document.get(attr.name).and_then(Value::as_array).map_or(1, Vec::len);
    if *work > MOST_WORK {
        let detail = "look through too many values together: send fewer at a time";
        return Err(wrong("Operations", Code::TooMany, detail));
    }
    match op {
        Op::Remove => remove(document, &target, value)?,
        Op::Add | Op::Replace if target.filter.is_some() => within(document, &target, op, value)?,
        Op::Add | Op::Replace => whole(document, &target, op, value)?,
    }
    if attr.required && !document.contains_key(attr.name) {
        return Err(wrong(attr.name, Code::Required, "can't be taken away"));
    }
    if let Some(Value::Array(items)) = document.get_mut(attr.name) {
        if items.len() > attr.most {
            return Err(too_many(attr));
        }
        one_primary(items);
    }
    Ok(())
}

fn set(document: &mut Doc, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            document.insert(name.to_owned(), value);
        }
        None => {
            document.remove(name);
        }
    }
}

/// Without a filter: the attribute, or a part of it.
fn whole(document: &mut Doc, target: &Target, op: Op, value: &Value) -> Result<()> {
    let attr = target.attr;
    if let Some(sub) = target.sub {
        let value = value_of(sub, value, sub.name)?;
        let start = || {
            if attr.many { Value::Array(vec![Value::Object(Doc::new())]) } else { Value::Object(Doc::new()) }
        };
        match document.entry(attr.name).or_insert_with(start) {
            Value::Array(items) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    set(item, sub.name, value.clone());
                }
            }
            Value::Object(parts) => set(parts, sub.name, value),
            _ => {}
        }
        tidy(document, attr);
        return Ok(());
    }
    let value = value_of(attr, value, attr.name)?;
    match (op, document.get_mut(attr.name), value) {
        (Op::Add, _, None) => {}
        (Op::Add, Some(Value::Array(items)), Some(Value::Array(more))) => {
            let mut known: HashSet<Value> = items.iter().map(|item| mark(attr, item).clone()).collect();
            items.extend(more.into_iter().filter(|item| known.insert(mark(attr, item).clone())));
        }
        // A replace leaves the parts that it does not name as they are (section 3.5.2.3).
        (_, Some(Value::Object(parts)), Some(Value::Object(more))) => parts.extend(more),
        (_, _, value) => set(document, attr.name, value),
    }
    Ok(())
}

/// What values are told apart by: members by their id, others by all of their parts.
fn mark<'a>(attr: &Attr, item: &'a Value) -> &'a Value {
    let by_id = find(attr.parts(), "value").is_some_and(|value| value.exact);
    if by_id { item.get("value").unwrap_or(&Value::Null) } else { item }
}

/// Values for which the filter holds. None: one that it describes is made, as Entra expects.
fn within(document: &mut Doc, target: &Target, op: Op, value: &Value) -> Result<()> {
    let (attr, Some(filter)) = (target.attr, &target.filter) else { return Ok(()) };
    let change = |item: &mut Doc| -> Result<()> {
        match target.sub {
            Some(sub) => set(item, sub.name, value_of(sub, value, sub.name)?),
            None => {
                let Some(Value::Object(parts)) = one(attr, value, attr.name)? else { return Ok(()) };
                if op == Op::Replace {
                    item.clear();
                }
                item.extend(parts);
            }
        }
        Ok(())
    };
    let items = document.entry(attr.name).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(items) = items else { return Ok(()) };
    let mut found = false;
    for item in items.iter_mut() {
        if filter.holds_for(item)
            && let Value::Object(item) = item
        {
            found = true;
            change(item)?;
        }
    }
    let mut made = Doc::new();
    if !found {
        if !filter.demands(&mut made) {
            tidy(document, attr);
            return Err(no_target());
        }
        change(&mut made)?;
        items.push(Value::Object(made));
    }
    tidy(document, attr);
    Ok(())
}

fn no_target() -> Error {
    Error::new(Code::UnknownRecord).detail("No value fits the filter of the path.")
}

fn remove(document: &mut Doc, target: &Target, value: &Value) -> Result<()> {
    let attr = target.attr;
    let listed = match (&target.filter, target.sub, value) {
        (None, None, Value::Array(_) | Value::Object(_)) if attr.many => value_of(attr, value, attr.name)?,
        _ => None,
    };
    let Some(present) = document.get_mut(attr.name) else { return Ok(()) };
    match (present, &target.filter, target.sub, listed) {
        (Value::Array(items), None, None, Some(Value::Array(listed))) => {
            let gone: HashSet<&Value> = listed.iter().map(|item| mark(attr, item)).collect();
            items.retain(|known| !gone.contains(mark(attr, known)));
        }
        (Value::Array(items), filter, sub, _) if filter.is_some() || sub.is_some() => {
            let fits = |item: &Value| filter.as_ref().is_none_or(|filter: &Filter| filter.holds_for(item));
            match sub {
                None => items.retain(|item| !fits(item)),
                Some(sub) => {
                    for item in items.iter_mut().filter(|item| fits(item)) {
                        item.as_object_mut().and_then(|item| item.remove(sub.name));
                    }
                }
            }
        }
        (Value::Object(parts), _, Some(sub), _) => {
            parts.remove(sub.name);
        }
        _ => {
            document.remove(attr.name);
        }
    }
    tidy(document, attr);
    Ok(())
}

/// What has nothing in it is not there (RFC 7643 section 2.5).
fn tidy(document: &mut Doc, attr: &Attr) {
    let empty = |value: &Value| value.as_object().is_some_and(Doc::is_empty);
    match document.get_mut(attr.name) {
        Some(Value::Array(items)) => {
            items.retain(|item| !empty(item));
            if items.is_empty() {
                document.remove(attr.name);
            }
        }
        Some(value) if empty(value) => {
            document.remove(attr.name);
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
