//! Edits as operations by id, each with its inverse.
//!
//! A place is "after this sibling in this slot", never an index, so that an operation means the same after others. All of
//! a list is applied to a copy or nothing is: there is no rollback. `revert(apply(d, ops), inverse) == d`, also for a page
//! that does not keep to its components' rules: what was there may come back.

use crate::component::Kit;
use crate::document::{Document, Node, ROOT, is_id};
use crate::json::{self, ReadError};
use crate::limits;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// One edit. Its JSON form is `{"op": "insert", …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// Puts a new tree somewhere.
    Insert {
        /// The parent's id; none: the page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// The parent's slot; empty on the page.
        #[serde(default)]
        slot: String,
        /// The sibling before it; none: first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// The node with all that is in it.
        tree: Value,
    },
    /// Takes a node elsewhere.
    Move {
        /// The node.
        id: String,
        /// As for `Insert`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// As for `Insert`.
        #[serde(default)]
        slot: String,
        /// As for `Insert`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Takes a node away with all that is in it.
    Remove {
        /// The node.
        id: String,
    },
    /// Sets or, without a value, clears one value of a node.
    Set {
        /// The node, or `root`.
        id: String,
        /// Within the node: `props/heading`, `at/phone`, `hide`, `lock`, `each`; of `root`: `props/…`.
        path: String,
        /// The new value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
}

/// Why an operation was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedCode {
    /// No node of that id.
    UnknownNode,
    /// The sibling is not in that slot.
    UnknownSibling,
    /// The parent has no such slot, or it does not take this component.
    NotAdmitted,
    /// The slot has as many children as it takes.
    SlotFull,
    /// Into itself.
    IntoItself,
    /// An id that the page has already.
    DuplicateId,
    /// The node may not be moved, removed or edited.
    Locked,
    /// Deeper than [`limits::DEPTH`].
    TooDeep,
    /// More than [`limits::NODES`].
    TooManyNodes,
    /// More than [`limits::BYTES`].
    TooLarge,
    /// The tree is not a node.
    BadTree,
    /// The path is none that can be set, or the value has the wrong shape for it.
    BadValue,
}

/// An operation that could not be applied; nothing was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {op}: {hint}")]
pub struct Refused {
    /// Its index in the list.
    pub op: usize,
    /// For programs.
    pub code: RefusedCode,
    /// For people.
    pub hint: String,
}

type Step<T> = Result<T, (RefusedCode, String)>;

/// Applies all operations to a copy, or none.
///
/// # Errors
/// The first operation that can't be applied.
pub fn apply(document: &Document, kit: &Kit, ops: &[Op]) -> Result<(Document, Vec<Op>), Refused> {
    run(document, Some(kit), ops)
}

/// Applies the inverse that [`apply`] gave: all of it or nothing. Slots' rules and locks do not hold here, limits do.
///
/// # Errors
/// The first operation that can't be applied, when the page has changed since.
pub fn revert(document: &Document, inverse: &[Op]) -> Result<(Document, Vec<Op>), Refused> {
    run(document, None, inverse)
}

/// Without a kit nothing but the structure is checked.
fn run(document: &Document, kit: Option<&Kit>, ops: &[Op]) -> Result<(Document, Vec<Op>), Refused> {
    let mut next = document.clone();
    let mut inverse = Vec::with_capacity(ops.len());
    for (index, op) in ops.iter().enumerate() {
        match step(&mut next, kit, op) {
            Ok(undo) => inverse.push(undo),
            Err((code, hint)) => return Err(Refused { op: index, code, hint }),
        }
    }
    if json::write(&next).len() > limits::BYTES {
        let hint = "the page would have more than 1 MB".to_owned();
        return Err(Refused { op: ops.len().saturating_sub(1), code: RefusedCode::TooLarge, hint });
    }
    inverse.reverse();
    Ok((next, inverse))
}

fn step(document: &mut Document, kit: Option<&Kit>, op: &Op) -> Step<Op> {
    match op {
        Op::Insert { parent, slot, after, tree } => {
            let node = json::read_node(tree.clone()).map_err(|error| match error {
                ReadError::TooDeep { .. } => (RefusedCode::TooDeep, error.to_string()),
                ReadError::TooManyNodes => (RefusedCode::TooManyNodes, error.to_string()),
                ReadError::DuplicateId { .. } => (RefusedCode::DuplicateId, error.to_string()),
                error => (RefusedCode::BadTree, error.to_string()),
            })?;
            let mut ids = HashSet::new();
            document.walk(&mut |node, _| {
                ids.insert(node.id.clone());
            });
            if ids.len() + node.count() > limits::NODES {
                return Err((RefusedCode::TooManyNodes, ReadError::TooManyNodes.to_string()));
            }
            let mut twice = None;
            node.walk(1, &mut |node, _| {
                if ids.contains(&node.id) {
                    twice = Some(node.id.clone());
                }
            });
            if let Some(id) = twice {
                return Err((RefusedCode::DuplicateId, format!("the page has a component {id} already")));
            }
            let id = node.id.clone();
            place(document, kit, node, parent.as_deref(), slot, after.as_deref())?;
            Ok(Op::Remove { id })
        }
        Op::Remove { id } => {
            let (place, _) = document.place(id).ok_or_else(|| unknown(id))?;
            if kit.is_some() {
                unlocked(document, id)?;
            }
            let node = detach(document, id).ok_or_else(|| unknown(id))?;
            Ok(Op::Insert {
                parent: place.parent,
                slot: place.slot,
                after: place.after,
                tree: json::write_node(&node),
            })
        }
        Op::Move { id, parent, slot, after } => {
            let (old, _) = document.place(id).ok_or_else(|| unknown(id))?;
            if kit.is_some() {
                unlocked(document, id)?;
            }
            if let Some(parent) = parent {
                let inside = document.find(id).is_some_and(|node| contains(node, parent));
                if inside {
                    return Err((RefusedCode::IntoItself, format!("{id} can't be moved into itself")));
                }
            }
            if after.as_deref() == Some(id) {
                return Err((RefusedCode::UnknownSibling, format!("{id} can't stand after itself")));
            }
            // The whole list works on a copy, so a failed second half leaves nothing behind.
            let node = detach(document, id).ok_or_else(|| unknown(id))?;
            place_moved(document, kit, node, &old, parent.as_deref(), slot, after.as_deref())?;
            Ok(Op::Move { id: id.clone(), parent: old.parent, slot: old.slot, after: old.after })
        }
        Op::Set { id, path, value } => {
            let before = if id == ROOT {
                let name = path.strip_prefix("props/").filter(|name| !name.is_empty());
                let name = name.ok_or_else(|| bad_value(path))?;
                set_key(&mut document.props, name, value.clone())
            } else {
                if kit.is_some() && path != "lock" {
                    unlocked_for_edit(document, id)?;
                }
                let node = document.find_mut(id).ok_or_else(|| unknown(id))?;
                set(node, path, value.clone(), kit.is_some())?
            };
            Ok(Op::Set { id: id.clone(), path: path.clone(), value: before })
        }
    }
}

/// Sets a value of a node; gives the one before. `strict`: a value of the wrong shape is refused, not kept.
fn set(node: &mut Node, path: &str, value: Option<Value>, strict: bool) -> Step<Option<Value>> {
    if let Some(name) = path.strip_prefix("props/") {
        return Ok(set_key(&mut node.props, name, value));
    }
    if let Some(name) = path.strip_prefix("at/") {
        return Ok(set_key(&mut node.at, name, value));
    }
    // What a key held in the wrong shape is kept in `rest`; the inverse must bring exactly that back.
    let kept = node.rest.shift_remove(path);
    match path {
        "hide" => {
            let before = (!node.hide.is_empty()).then(|| node.hide.clone().into()).or(kept);
            node.hide = Vec::new();
            match value {
                None => {}
                Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                    node.hide = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                }
                Some(_) if strict => return Err(bad_value(path)),
                Some(other) => drop(node.rest.insert(path.to_owned(), other)),
            }
            Ok(before)
        }
        "lock" => {
            let before = node.lock.take().map(Value::String).or(kept);
            match value {
                None => {}
                Some(Value::String(lock)) => node.lock = Some(lock),
                Some(_) if strict => return Err(bad_value(path)),
                Some(other) => drop(node.rest.insert(path.to_owned(), other)),
            }
            Ok(before)
        }
        "each" => {
            let before = node.each.take().map(|each| json::write_each(&each)).or(kept);
            match value.map(json::read_each) {
                None => {}
                Some(Ok(each)) => node.each = Some(each),
                Some(Err(_)) if strict => return Err(bad_value(path)),
                Some(Err(other)) => drop(node.rest.insert(path.to_owned(), other)),
            }
            Ok(before)
        }
        _ => {
            if let Some(kept) = kept {
                node.rest.insert(path.to_owned(), kept);
            }
            Err(bad_value(path))
        }
    }
}

/// Sets a key in its place, so that the order of the others stays.
fn set_key(map: &mut Map<String, Value>, name: &str, value: Option<Value>) -> Option<Value> {
    match value {
        Some(value) => map.insert(name.to_owned(), value),
        None => map.shift_remove(name),
    }
}

fn place_moved(
    document: &mut Document,
    kit: Option<&Kit>,
    node: Node,
    old: &crate::document::Place,
    parent: Option<&str>,
    slot: &str,
    after: Option<&str>,
) -> Step<()> {
    // Reordering within a slot is always allowed, also for a component that this kit does not know.
    if old.parent.as_deref() == parent && old.slot == slot {
        return attach(document, node, parent, slot, after);
    }
    place(document, kit, node, parent, slot, after)
}

fn place(
    document: &mut Document,
    kit: Option<&Kit>,
    node: Node,
    parent: Option<&str>,
    slot: &str,
    after: Option<&str>,
) -> Step<()> {
    let parent_kind = match parent {
        None => None,
        Some(id) => Some(document.find(id).ok_or_else(|| unknown(id))?.kind.clone()),
    };
    if let Some(kit) = kit {
        admitted(document, kit, &node, parent, parent_kind.as_deref(), slot)?;
    }
    attach(document, node, parent, slot, after)
}

fn admitted(
    document: &Document,
    kit: &Kit,
    node: &Node,
    parent: Option<&str>,
    parent_kind: Option<&str>,
    slot: &str,
) -> Step<()> {
    if let Some(definition) = parent_kind.and_then(|kind| kit.get(kind)) {
        let Some(definition) = definition.slots.get(slot) else {
            return Err((RefusedCode::NotAdmitted, format!("{} has no slot {slot}", definition.name)));
        };
        if document.siblings(parent, slot).is_some_and(|siblings| siblings.len() >= definition.max) {
            return Err((
                RefusedCode::SlotFull,
                format!("{} takes at most {}", definition.title, definition.max),
            ));
        }
    }
    // What this kit does not know may stand anywhere: nothing says that it may not.
    if kit.get(&node.kind).is_some() && !kit.admits(parent_kind, slot, &node.kind) {
        let place = parent_kind.map_or("the page".to_owned(), |kind| format!("{slot} of {kind}"));
        return Err((RefusedCode::NotAdmitted, format!("{place} does not take a {}", node.kind)));
    }
    Ok(())
}

fn attach(
    document: &mut Document,
    node: Node,
    parent: Option<&str>,
    slot: &str,
    after: Option<&str>,
) -> Step<()> {
    let depth = match parent {
        None => 0,
        Some(id) => document.place(id).ok_or_else(|| unknown(id))?.1,
    };
    if depth + node.height() > limits::DEPTH {
        return Err((RefusedCode::TooDeep, ReadError::TooDeep { id: node.id }.to_string()));
    }
    let siblings = match parent {
        None => &mut document.nodes,
        Some(id) => {
            let parent = document.find_mut(id).ok_or_else(|| unknown(id))?;
            parent.slots.entry(slot.to_owned()).or_default()
        }
    };
    let index = match after {
        None => 0,
        Some(after) => {
            let found = siblings.iter().position(|sibling| sibling.id == after);
            1 + found.ok_or_else(|| (RefusedCode::UnknownSibling, format!("{after} is not in that place")))?
        }
    };
    debug_assert!(is_id(&node.id));
    siblings.insert(index, node);
    Ok(())
}

/// Takes a node out. A slot that becomes empty goes with it, as if it had never been used.
fn detach(document: &mut Document, id: &str) -> Option<Node> {
    fn from(nodes: &mut Vec<Node>, id: &str) -> Option<Node> {
        if let Some(index) = nodes.iter().position(|node| node.id == id) {
            return Some(nodes.remove(index));
        }
        nodes.iter_mut().find_map(|node| from_slots(&mut node.slots, id))
    }
    fn from_slots(slots: &mut IndexMap<String, Vec<Node>>, id: &str) -> Option<Node> {
        let found = slots.values_mut().find_map(|children| from(children, id));
        if found.is_some() {
            slots.retain(|_, children| !children.is_empty());
        }
        found
    }
    from(&mut document.nodes, id)
}

fn contains(node: &Node, id: &str) -> bool {
    node.id == id || node.children().any(|child| contains(child, id))
}

fn unknown(id: &str) -> (RefusedCode, String) {
    (RefusedCode::UnknownNode, format!("there is no component {id}"))
}

fn bad_value(path: &str) -> (RefusedCode, String) {
    (RefusedCode::BadValue, format!("{path} can't be set"))
}

fn unlocked(document: &Document, id: &str) -> Step<()> {
    match document.find(id).and_then(|node| node.lock.as_deref()) {
        Some("layout" | "all") => Err((RefusedCode::Locked, format!("{id} is locked"))),
        _ => Ok(()),
    }
}

fn unlocked_for_edit(document: &Document, id: &str) -> Step<()> {
    match document.find(id).and_then(|node| node.lock.as_deref()) {
        Some("all") => Err((RefusedCode::Locked, format!("{id} is locked"))),
        _ => Ok(()),
    }
}
