//! The document in memory: one inline tree.
//!
//! Invariants, held by [`crate::read`] and [`crate::apply`]: ids are unique and well formed, the tree is within
//! [`crate::limits`]. What this version does not know sits in `rest` and is written back unchanged.

use indexmap::IndexMap;
use serde_json::{Map, Value};

/// The address of the page itself in operations and issues; no node may have this id.
pub const ROOT: &str = "root";

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Settings of the page as a whole: `scheme` (`auto`, `light`, `dark`).
    pub props: Map<String, Value>,
    /// The outermost nodes, top to bottom.
    pub nodes: Vec<Node>,
    /// Unknown keys of the document's `root` object.
    pub root_rest: Map<String, Value>,
    /// Unknown keys of the document.
    pub rest: Map<String, Value>,
}

/// One component on the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Unique within the page, 1–32 characters of `[A-Za-z0-9_-]`; stable for the node's life.
    pub id: String,
    /// The component's name, written `type`.
    pub kind: String,
    /// The version of the component that the props were written for.
    pub cv: u32,
    /// Values for the component's schema.
    pub props: Map<String, Value>,
    /// Overrides by breakpoint: `{"phone": {"props": {…}}}`.
    pub at: Map<String, Value>,
    /// Breakpoints at which the node is not shown.
    pub hide: Vec<String>,
    /// `layout` or `all`: what may not be edited.
    pub lock: Option<String>,
    /// Repeats the node's repeating slot for every row of a view.
    pub each: Option<Each>,
    /// Children by slot.
    pub slots: IndexMap<String, Vec<Node>>,
    /// Unknown keys, and known ones whose value has the wrong shape.
    pub rest: Map<String, Value>,
}

/// The rows that a list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// A view of the attached base, `viw…`.
    pub view: String,
    /// At most so many rows, 1 to [`crate::limits::ROWS`].
    pub limit: u32,
    /// Unknown keys.
    pub rest: Map<String, Value>,
}

/// Where a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The parent's id; `None`: the page.
    pub parent: Option<String>,
    /// The parent's slot; empty on the page.
    pub slot: String,
    /// The sibling before it.
    pub after: Option<String>,
}

impl Node {
    /// A node without children.
    #[must_use]
    pub fn new(id: &str, kind: &str, props: Map<String, Value>) -> Self {
        Self { id: id.to_owned(), kind: kind.to_owned(), cv: 1, props, ..Self::default() }
    }

    /// The children, slot by slot.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.slots.values().flatten()
    }

    /// Calls `visit` for this node and everything in it, with the depth below the start (1 = itself).
    pub fn walk<'a>(&'a self, depth: usize, visit: &mut impl FnMut(&'a Node, usize)) {
        visit(self, depth);
        for child in self.children() {
            child.walk(depth + 1, visit);
        }
    }

    /// Nodes in this tree, itself included.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.children().map(Node::count).sum::<usize>()
    }

    /// Levels in this tree; 1 without children.
    #[must_use]
    pub fn height(&self) -> usize {
        1 + self.children().map(Node::height).max().unwrap_or(0)
    }

    /// Whether the node with this id is this one or in it.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: &str) -> Option<&Node> {
        if self.id == id { Some(self) } else { self.children().find_map(|child| child.find(id)) }
    }
}

impl Document {
    /// Calls `visit` for every node in page order, with its depth (outermost = 1).
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node, usize)) {
        for node in &self.nodes {
            node.walk(1, visit);
        }
    }

    /// The node with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find_map(|node| node.find(id))
    }

    /// The same, to change it.
    pub fn find_mut(&mut self, id: &str) -> Option<&mut Node> {
        find_mut(&mut self.nodes, id)
    }

    /// Where the node is, with its depth.
    #[must_use]
    pub fn place(&self, id: &str) -> Option<(Place, usize)> {
        place_in(&self.nodes, None, "", id, 1)
    }

    /// The siblings of a slot; the page's nodes for no parent. A slot that is not there is an empty list.
    #[must_use]
    pub fn siblings(&self, parent: Option<&str>, slot: &str) -> Option<&[Node]> {
        match parent {
            None => Some(&self.nodes),
            Some(id) => self.find(id).map(|node| node.slots.get(slot).map_or(&[][..], Vec::as_slice)),
        }
    }

    /// Nodes on the page.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.iter().map(Node::count).sum()
    }
}

fn find_mut<'a>(nodes: &'a mut [Node], id: &str) -> Option<&'a mut Node> {
    // Two passes over the ids on the way down, since a borrow can't be given back after a failed search.
    let position = nodes.iter().position(|node| node.has(id))?;
    let node = &mut nodes[position];
    if node.id == id {
        return Some(node);
    }
    node.slots.values_mut().find_map(|children| find_mut(children, id))
}

fn place_in(
    nodes: &[Node],
    parent: Option<&str>,
    slot: &str,
    id: &str,
    depth: usize,
) -> Option<(Place, usize)> {
    let mut before: Option<&Node> = None;
    for node in nodes {
        if node.id == id {
            let place = Place {
                parent: parent.map(str::to_owned),
                slot: slot.to_owned(),
                after: before.map(|node| node.id.clone()),
            };
            return Some((place, depth));
        }
        for (name, children) in &node.slots {
            if let Some(found) = place_in(children, Some(&node.id), name, id, depth + 1) {
                return Some(found);
            }
        }
        before = Some(node);
    }
    None
}

/// Whether `id` can be a node's id.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=32).contains(&id.len())
        && id != ROOT
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
