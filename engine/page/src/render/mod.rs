//! The one renderer: document + kit + data → HTML.
//!
//! Children are rendered first and handed to the parent's template as finished HTML; a template never reaches data by
//! itself. In [`Mode::Canvas`] markers are added (see [`markers`](self::strip)); nothing else differs.

mod data;
mod page;
mod props;
mod strip;
pub(crate) mod template;

pub use data::{Collection, CollectionField, CollectionRow, Data, MenuItem, PageLink};
pub use page::{Head, page};
pub use strip::strip;

use crate::component::{Component, Kit, Region};
use crate::document::{Document, Node};
use crate::limits;
use crate::rich_text::escape;
use crate::validate::{Issue, IssueCode, prop_problems};
use minijinja::Value;
use std::collections::BTreeMap;

/// For whom the page is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode<'a> {
    /// For visitors.
    Public,
    /// For the editor: nodes and slots are marked, what is wrong is shown in its place.
    Canvas {
        /// The node that is being edited.
        selected: Option<&'a str>,
    },
}

/// A rendered page body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The HTML of `<body>` without the element itself.
    pub html: String,
    /// What went wrong while rendering; nodes concerned show nothing to visitors.
    pub issues: Vec<Issue>,
}

/// Renders the body of a page. Never fails: what can't be shown is left out and named in the issues.
#[must_use]
pub fn render(document: &Document, kit: &Kit, data: &Data, mode: Mode<'_>) -> Rendered {
    let mut run = Run { kit, data, mode, issues: Vec::new(), produced: 0 };
    let mut regions: [String; 3] = Default::default();
    for node in &document.nodes {
        let component = kit.get(&node.kind);
        let region = component.map_or(Region::Main, |component| component.region);
        if let Mode::Canvas { selected: Some(selected) } = mode
            && node.has(selected)
        {
            // Where the preview scrolls to: before the outermost node, where it changes no component's layout.
            regions[region as usize].push_str(&format!(
                "{}<a id=\"canvas-selected\"></a>{}",
                strip::OPEN,
                strip::CLOSE
            ));
        }
        let piece = if component.is_none_or(|component| component.outermost) {
            run.node(node, None, 1)
        } else {
            run.refuse(
                node,
                IssueCode::NotAdmitted,
                &format!("a {} can't stand on the page by itself", node.kind),
            )
        };
        regions[region as usize].push_str(&piece.html);
        regions[region as usize].push_str(&piece.notices);
    }
    let [header, main, footer] = regions;
    let html = format!("{header}<main id=\"content\" tabindex=\"-1\">{main}</main>{footer}");
    Rendered { html, issues: run.issues }
}

/// What a node makes. Notices are apart so that they change nothing for a template that asks whether a slot is empty.
#[derive(Default)]
struct Piece {
    html: String,
    notices: String,
}

struct Run<'a> {
    kit: &'a Kit,
    data: &'a Data,
    mode: Mode<'a>,
    issues: Vec<Issue>,
    /// Bytes made so far, counting what a list repeats.
    produced: usize,
}

impl<'a> Run<'a> {
    fn node(&mut self, node: &'a Node, item: Option<&'a CollectionRow>, depth: usize) -> Piece {
        let Some(component) = self.kit.get(&node.kind) else {
            let hint = format!("there is no component called {}", node.kind);
            return self.refuse(node, IssueCode::UnknownComponent, &hint);
        };
        if let Some(problem) = prop_problems(node, component).first() {
            return self.refuse(node, IssueCode::BadProp, &format!("{} {}", problem.path, problem.hint));
        }
        if depth > limits::DEPTH {
            return self.refuse(node, IssueCode::TooLong, "is nested too deep");
        }
        let mut slots = BTreeMap::new();
        let mut notices = String::new();
        for (name, slot) in &component.slots {
            let children = node.slots.get(name).map_or(&[][..], Vec::as_slice);
            let value = if slot.repeat {
                self.repeat(node, name, children, item, depth, &mut notices)
            } else {
                let piece = self.children(node, name, children, item, depth);
                notices.push_str(&piece.notices);
                Value::from_safe_string(piece.html)
            };
            slots.insert(name.as_str(), value);
        }
        let props = {
            let mut resolver = props::Resolver { data: self.data, item, node, issues: &mut self.issues };
            resolver.props(component)
        };
        let attrs = Value::from_safe_string(self.attrs(node, component));
        let context =
            minijinja::context! { props, slots, attrs, site => self.data.site(), page => self.data.here() };
        match template::render(component, context) {
            Ok(html) => {
                self.produced += html.len();
                if self.produced > limits::OUTPUT {
                    return self.refuse(node, IssueCode::TooLong, "does not fit: the page is over 4 MB");
                }
                Piece { html, notices }
            }
            Err(error) => self.refuse(node, IssueCode::Failed, &format!("can't be shown: {error}")),
        }
    }

    fn children(
        &mut self,
        parent: &'a Node,
        slot: &str,
        children: &'a [Node],
        item: Option<&'a CollectionRow>,
        depth: usize,
    ) -> Piece {
        let mut out = String::new();
        let mut shown = false;
        for child in children {
            let piece = if self.kit.get(&child.kind).is_some()
                && !self.kit.admits(Some(&parent.kind), slot, &child.kind)
            {
                let hint = format!("{slot} of {} does not take a {}", parent.kind, child.kind);
                self.refuse(child, IssueCode::NotAdmitted, &hint)
            } else {
                self.node(child, item, depth + 1)
            };
            shown |= !piece.html.is_empty();
            out.push_str(&piece.html);
            out.push_str(&piece.notices);
        }
        // A slot with notices alone is empty to the template; they then stand after the parent.
        if shown {
            Piece { html: out, notices: String::new() }
        } else {
            Piece { html: String::new(), notices: out }
        }
    }

    /// One piece of HTML for every row of the view.
    fn repeat(
        &mut self,
        node: &'a Node,
        slot: &str,
        children: &'a [Node],
        item: Option<&'a CollectionRow>,
        depth: usize,
        notices: &mut String,
    ) -> Value {
        let Some(each) = &node.each else { return Value::from(Vec::<Value>::new()) };
        if item.is_some() {
            self.issue(node, "each", IssueCode::BadEach, "a list inside a list item is not shown");
            return Value::from(Vec::<Value>::new());
        }
        let Some(collection) = self.data.collections.get(&each.view) else {
            self.issue(node, "each", IssueCode::MissingData, "the view is not there any more");
            return Value::from(Vec::<Value>::new());
        };
        let rows = collection.rows.iter().take(each.limit.min(limits::ROWS) as usize);
        rows.map(|row| {
            let piece = self.children(node, slot, children, Some(row), depth);
            // Every row has the same notice: one is enough.
            if notices.is_empty() {
                notices.push_str(&piece.notices);
            }
            Value::from_safe_string(piece.html)
        })
        .collect()
    }

    /// The attributes of the component's outermost element: classes from its choices, the anchor, the canvas' markers.
    fn attrs(&self, node: &Node, component: &Component) -> String {
        let mut out = format!(" class=\"c-{}", component.name);
        let mut class = |text: &str| {
            out.push(' ');
            out.push_str(text);
        };
        for (name, schema) in &component.props {
            let crate::schema::Kind::Choice(choices) = &schema.kind else { continue };
            let given = node.props.get(name).or(schema.default.as_ref()).and_then(serde_json::Value::as_str);
            let value = given.or_else(|| choices.first().map(|choice| choice.0.as_str()));
            if let Some(value) = value {
                class(&format!("is-{name}-{value}"));
            }
            if !schema.responsive {
                continue;
            }
            for breakpoint in crate::validate::BREAKPOINTS {
                let overrides = node.at.get(breakpoint).and_then(crate::validate::override_props);
                let value = overrides.and_then(|props| props.get(name)).and_then(serde_json::Value::as_str);
                if let Some(value) = value.filter(|value| choices.iter().any(|choice| choice.0 == *value)) {
                    class(&format!("at-{breakpoint}-{name}-{value}"));
                }
            }
        }
        for breakpoint in crate::validate::BREAKPOINTS {
            if node.hide.iter().any(|hidden| hidden == breakpoint) {
                class(&format!("hide-{breakpoint}"));
            }
        }
        out.push('"');
        let anchor = node.props.get("anchor").and_then(serde_json::Value::as_str);
        if let Some(anchor) = anchor.filter(|anchor| is_anchor(anchor)) {
            out.push_str(&format!(" id=\"{anchor}\""));
        }
        if let Mode::Canvas { selected } = self.mode {
            // Ids are of letters, digits, - and _, so they need no escaping.
            out.push_str(&format!(" data-canvas-node=\"{}\"", node.id));
            if selected == Some(node.id.as_str()) {
                out.push_str(" data-canvas-selected=\"true\"");
            }
        }
        out
    }

    fn issue(&mut self, node: &Node, path: &str, code: IssueCode, hint: &str) {
        self.issues.push(Issue::new(&node.id, path, code, hint));
    }

    /// Nothing for visitors, a notice for the editor.
    fn refuse(&mut self, node: &Node, code: IssueCode, hint: &str) -> Piece {
        self.issue(node, "", code, hint);
        let Mode::Canvas { .. } = self.mode else { return Piece::default() };
        let mut text = String::new();
        escape(&mut text, &format!("{}: {hint}", node.kind));
        let notices = format!(
            "{}<p class=\"canvas-notice\" data-canvas-node=\"{}\">{text}</p>{}",
            strip::OPEN,
            node.id,
            strip::CLOSE
        );
        Piece { html: String::new(), notices }
    }
}

fn is_anchor(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 60
        && text != "content"
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
